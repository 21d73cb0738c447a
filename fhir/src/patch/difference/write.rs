//! Writing operations as parameters.

use super::{
    super::{
        error::ErrorKind,
        fhirpath_patch::{is_abstract, is_primitive},
    },
    field::{Field, Item},
};
use crate::{
    definitions::TypeId,
    json::{Node, write_string},
};
use std::fmt::Write;

/// The operations so far.
#[derive(Default)]
pub struct Writer {
    operations: String,
}

impl Writer {
    /// A new element at the end of the object at `path`.
    pub fn add(&mut self, path: &str, field: &Field<'_>, item: &Item<'_>) -> Result<(), ErrorKind> {
        self.begin("add", path);
        self.part("name", "valueString", &quoted(field.definition.name));
        self.value("value", field, item)?;
        self.end();
        Ok(())
    }

    /// A new element in the list at `path`.
    pub fn insert(
        &mut self,
        path: &str,
        index: usize,
        field: &Field<'_>,
        item: &Item<'_>,
    ) -> Result<(), ErrorKind> {
        self.begin("insert", path);
        self.part("index", "valueInteger", &index.to_string());
        self.value("value", field, item)?;
        self.end();
        Ok(())
    }

    /// The element at `path` goes.
    pub fn delete(&mut self, path: &str) {
        self.begin("delete", path);
        self.end();
    }

    /// Another value for the element at `path`.
    pub fn replace(&mut self, path: &str, field: &Field<'_>, item: &Item<'_>) -> Result<(), ErrorKind> {
        self.begin("replace", path);
        self.value("value", field, item)?;
        self.end();
        Ok(())
    }

    /// An element of the list at `path` comes to stand elsewhere.
    pub fn move_within(&mut self, path: &str, source: usize, destination: usize) {
        self.begin("move", path);
        self.part("source", "valueInteger", &source.to_string());
        self.part("destination", "valueInteger", &destination.to_string());
        self.end();
    }

    /// The Parameters resource.
    pub fn finish(self) -> Vec<u8> {
        match self.operations.is_empty() {
            true => br#"{"resourceType":"Parameters"}"#.to_vec(),
            false => {
                format!(r#"{{"resourceType":"Parameters","parameter":[{}]}}"#, self.operations).into_bytes()
            }
        }
    }

    fn begin(&mut self, kind: &str, path: &str) {
        let comma = if self.operations.is_empty() { "" } else { "," };
        write!(
            self.operations,
            r#"{comma}{{"name":"operation","part":[{{"name":"type","valueCode":"{kind}"}}"#
        )
        .expect("a String takes all");
        self.part("path", "valueString", &quoted(path));
    }

    fn end(&mut self) {
        self.operations.push_str("]}");
    }

    fn part(&mut self, name: &str, member: &str, json: &str) {
        write!(self.operations, r#",{{"name":"{name}","{member}":{json}}}"#).expect("a String takes all");
    }

    /// The element as a part called `name`. As deep as the element, which is bounded.
    fn value(&mut self, name: &str, field: &Field<'_>, item: &Item<'_>) -> Result<(), ErrorKind> {
        write!(self.operations, r#",{{"name":"{name}""#).expect("a String takes all");
        match (member_name(field.own_type), item.object()) {
            (_, Some(resource)) if is_abstract(field.own_type) => self.member("resource", resource),
            (Some(member), _) => {
                if let Some(value) = item.value {
                    self.member(member, value);
                }
                if let Some(companion) = item.companion {
                    self.member(&format!("_{member}"), companion);
                }
            }
            (None, Some(object)) => self.parts(field.own_type, object)?,
            (None, None) => return Err(ErrorKind::BadResource(format!("{} is no object", field.name))),
        }
        self.operations.push('}');
        Ok(())
    }

    fn member(&mut self, name: &str, value: Node<'_>) {
        let json = String::from_utf8_lossy(value.raw());
        write!(self.operations, r#","{name}":{json}"#).expect("a String takes all");
    }

    /// A type that Parameters has no `value[x]` for is taken apart.
    fn parts(&mut self, own_type: TypeId, object: Node<'_>) -> Result<(), ErrorKind> {
        self.operations.push_str(r#","part":["#);
        let start = self.operations.len();
        for field in Field::all(object, own_type)? {
            for item in field.items() {
                self.value(field.definition.name, &field, item)?;
            }
        }
        // The first part came with a comma.
        if self.operations.len() > start {
            self.operations.remove(start);
        }
        self.operations.push(']');
        Ok(())
    }
}

/// The member of a parameter that holds a value of that type; a primitive that Parameters does not know (the narrative's
/// xhtml) goes as a string.
fn member_name(own_type: TypeId) -> Option<&'static str> {
    let value = TypeId::from_path("Parameters.parameter")?.element("value")?;
    let choice = value.types.iter().position(|one| one.id == own_type);
    match choice {
        Some(choice) => value.json_name(choice).name(),
        None if is_primitive(own_type) => Some("valueString"),
        None => None,
    }
}

fn quoted(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len() + 2);
    write_string(&mut out, text);
    String::from_utf8_lossy(&out).into_owned()
}
