//! One operation of a FHIRPath Patch: <https://hl7.org/fhir/R4/fhirpatch.html>.

use super::{
    super::error::{ErrorKind, shown},
    part::{Content, Part, parts, unknown},
};
use crate::json::Node;
use std::borrow::Cow;

/// What to do, and where.
#[derive(Debug)]
pub struct Operation<'d> {
    pub path: Cow<'d, str>,
    pub action: Action<'d>,
}

#[derive(Debug)]
pub enum Action<'d> {
    /// Put a new element called `name` into the one at the path, at the end of the list if it repeats.
    Add { name: Cow<'d, str>, value: Part<'d> },
    /// Put a new element into the list at the path.
    Insert { index: u64, value: Part<'d> },
    /// Take the element at the path away, if it is there.
    Delete,
    /// Put another value in the place of the element at the path.
    Replace { value: Part<'d> },
    /// Move an element within the list at the path.
    Move { source: u64, destination: u64 },
}

const KNOWN: &str = "add, insert, delete, replace and move";

/// The parts as they were given, before it is clear which of them the operation wants.
#[derive(Default)]
struct Given<'d> {
    kind: Option<Part<'d>>,
    path: Option<Part<'d>>,
    name: Option<Part<'d>>,
    value: Option<Part<'d>>,
    index: Option<Part<'d>>,
    source: Option<Part<'d>>,
    destination: Option<Part<'d>>,
}

impl<'d> Operation<'d> {
    /// Reads one `parameter`. All its parts are checked but for how `value` fits its element.
    pub fn read(node: Node<'d>) -> Result<Self, ErrorKind> {
        let parameter = Part::read(node)?;
        let Content::Parts(array) = parameter.content else {
            return Err(ErrorKind::NotAPatch("an operation is a parameter with parts"));
        };
        if parameter.name != "operation" {
            return Err(ErrorKind::UnknownPart(shown(&parameter.name)));
        }
        let mut given = Given::read(array)?;
        let kind = wanted(given.kind.take(), "type")?.text("type")?;
        let path = wanted(given.path.take(), "path")?.text("path")?;
        let action = match &*kind {
            "add" => Action::Add {
                name: wanted(given.name.take(), "name")?.text("name")?,
                value: wanted(given.value.take(), "value")?,
            },
            "insert" => Action::Insert {
                index: wanted(given.index.take(), "index")?.number("index")?,
                value: wanted(given.value.take(), "value")?,
            },
            "delete" => Action::Delete,
            "replace" => Action::Replace { value: wanted(given.value.take(), "value")? },
            "move" => Action::Move {
                source: wanted(given.source.take(), "source")?.number("source")?,
                destination: wanted(given.destination.take(), "destination")?.number("destination")?,
            },
            other => return Err(ErrorKind::UnknownOperation { found: shown(other), known: KNOWN }),
        };
        given.refuse_rest()?;
        Ok(Operation { path, action })
    }

    /// For messages: `replace Patient.birthDate`.
    pub fn label(&self) -> String {
        let name = match &self.action {
            Action::Add { name, .. } => return format!("add {} to {}", shown(name), self.path),
            Action::Insert { .. } => "insert into",
            Action::Delete => "delete",
            Action::Replace { .. } => "replace",
            Action::Move { .. } => "move within",
        };
        format!("{name} {}", self.path)
    }
}

impl<'d> Given<'d> {
    fn read(array: Node<'d>) -> Result<Self, ErrorKind> {
        let mut given = Given::default();
        for part in parts(array) {
            let part = part?;
            let place = match &*part.name {
                "type" => &mut given.kind,
                "path" => &mut given.path,
                "name" => &mut given.name,
                "value" => &mut given.value,
                "index" => &mut given.index,
                "source" => &mut given.source,
                "destination" => &mut given.destination,
                _ => return Err(unknown(&part)),
            };
            if place.is_some() {
                return Err(ErrorKind::Twice(part.name.into_owned()));
            }
            *place = Some(part);
        }
        Ok(given)
    }

    /// A part that the operation does not look at would be a mistake nobody sees.
    fn refuse_rest(self) -> Result<(), ErrorKind> {
        let rest = [self.name, self.value, self.index, self.source, self.destination];
        match rest.into_iter().flatten().next() {
            Some(part) => Err(unknown(&part)),
            None => Ok(()),
        }
    }
}

fn wanted<'d>(part: Option<Part<'d>>, name: &'static str) -> Result<Part<'d>, ErrorKind> {
    part.ok_or(ErrorKind::Missing(name))
}
