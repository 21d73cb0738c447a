//! Reads a resource: XML to JSON.

use super::attributes::Attributes;
use super::error::{Error, ErrorKind, Fault, shown};
use super::input::{Input, Markup, Result, Tag};
use super::namespace::{self, FHIR, XHTML};
use super::run::{Run, begin_member};
use super::value::{self, Form};
use super::xhtml;
use crate::definitions::names;
use crate::definitions::{Element, ResourceType, TypeId};
use crate::json::{Limits, write_escaped, write_string};
use std::borrow::Cow;
use std::fmt::Write;
use std::sync::LazyLock;

/// Each level is a call or two; never more than this, whatever is configured.
const DEPTH_MAX: usize = 512;

/// The JSON of a resource written in XML. Well-formed JSON, but only as valid as the XML was: bindings, cardinality and the like
/// are left to validation.
///
/// `limits` bound the body's bytes and the nesting of the JSON.
///
/// Errors: XML that is not well-formed, not UTF-8, not in FHIR's namespace or has a DOCTYPE; a root that is no resource;
/// elements and attributes R4 does not have there, or more than once where one is allowed; values that are
/// no number or boolean where the type is one.
pub fn to_json(source: &[u8], limits: &Limits) -> std::result::Result<Vec<u8>, Error> {
    let whole = |kind, offset| Error::new(kind, offset, source, String::new());
    if source.len() > limits.bytes_max {
        return Err(whole(ErrorKind::TooLarge { bytes: source.len(), max: limits.bytes_max }, 0));
    }
    let text = std::str::from_utf8(source).map_err(|error| whole(ErrorKind::NotUtf8, error.valid_up_to()))?;
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    if body.trim_ascii().is_empty() {
        return Err(whole(ErrorKind::Empty, 0));
    }
    let located = |fault: Box<Fault>, path| {
        Error::new(fault.kind, fault.offset + (text.len() - body.len()), source, path)
    };
    let input = Input::new(body).map_err(|fault| located(fault, String::new()))?;
    let mut reader = Reader {
        input,
        out: Vec::with_capacity(body.len()),
        path: Vec::new(),
        arrays: 0,
        depth_max: limits.depth_max.min(DEPTH_MAX),
    };
    match reader.document() {
        Ok(()) => Ok(reader.out),
        Err(fault) => {
            let path = reader.path();
            Err(located(fault, path))
        }
    }
}

struct Reader<'x> {
    input: Input<'x>,
    out: Vec<u8>,
    path: Vec<Step<'x>>,
    /// How many levels of the path repeat, and so are items of an array in JSON.
    arrays: usize,
    depth_max: usize,
}

/// A level of the path to the element being read.
struct Step<'x> {
    name: &'x str,
    position: Option<usize>,
}

static ELEMENT: LazyLock<TypeId> = LazyLock::new(|| TypeId::from_path("Element").expect("R4 has it"));
static EXTENSION: LazyLock<TypeId> = LazyLock::new(|| TypeId::from_path("Extension").expect("R4 has it"));

impl<'x> Reader<'x> {
    fn document(&mut self) -> Result<()> {
        match self.input.markup()? {
            Markup::Open(root) => self.resource(root)?,
            Markup::Close | Markup::End => return Err(Fault::new(ErrorKind::OneResource, self.input.at())),
        }
        match self.input.markup()? {
            Markup::Open(tag) => Err(Fault::new(ErrorKind::OneResource, tag.at)),
            Markup::Close | Markup::End => Ok(()),
        }
    }

    /// A resource from its start tag to its end.
    fn resource(&mut self, tag: Tag<'x>) -> Result<()> {
        if self.path.is_empty() {
            let (_, name) = namespace::split(tag.name);
            self.path.push(Step { name, position: None });
        }
        let name = self.input.local_name(&tag, FHIR)?;
        let unknown = || Fault::new(ErrorKind::UnknownResource(shown(name)), tag.at);
        let resource_type = ResourceType::from_name(name).ok_or_else(unknown)?;
        let id = TypeId::from_path(resource_type.name()).ok_or_else(unknown)?;
        self.out.extend_from_slice(b"{\"resourceType\":\"");
        self.out.extend_from_slice(name.as_bytes());
        self.out.push(b'"');
        Attributes::read(&self.input, &tag, &[])?;
        self.elements(id)?;
        self.out.push(b'}');
        Ok(())
    }

    /// The elements of an element or resource of type `id`, to its end tag.
    fn elements(&mut self, id: TypeId) -> Result<()> {
        let mut run: Option<Run> = None;
        let mut last = u16::MAX;
        // The elements met so far, by their number; R4's largest type has 54.
        let mut seen = 0_u128;
        while let Markup::Open(tag) = self.input.markup()? {
            let (element, member, form) = self.element(id, &tag)?;
            let bit = 1_u128 << (element.order % 128);
            match last == element.order {
                true if element.repeats() => {}
                _ if seen & bit == 0 => run.take().into_iter().for_each(|run| run.finish(&mut self.out)),
                _ if element.repeats() => return Err(Fault::new(ErrorKind::Apart, tag.at)),
                _ => return Err(Fault::new(ErrorKind::Duplicate, tag.at)),
            }
            seen |= bit;
            last = element.order;
            match element.repeats() {
                false => self.single(&tag, member, form)?,
                true => {
                    let open = run.get_or_insert_with(|| Run::begin(element, form, &mut self.out));
                    self.arrays += 1;
                    self.repeated(&tag, open, member, form)?;
                    self.arrays -= 1;
                }
            }
            self.path.pop();
        }
        run.into_iter().for_each(|run| run.finish(&mut self.out));
        Ok(())
    }

    /// What the start tag begins: the element, the type of this instance and how that is written. Puts it on the path.
    fn element(&mut self, parent: TypeId, tag: &Tag<'x>) -> Result<(&'static Element, Member, Form)> {
        let (_, local) = namespace::split(tag.name);
        self.path.push(Step { name: local, position: None });
        let name = names::lookup(local.as_bytes());
        let found = parent.member(name).filter(|_| !name.is_companion());
        let Some((element, element_type)) = found else {
            // A wrong namespace explains more than an unknown name.
            self.input.local_name(tag, FHIR)?;
            return Err(Fault::new(ErrorKind::UnknownElement, tag.at));
        };
        let form = Form::of(element_type.id.definition());
        self.input.local_name(tag, if form == Form::Xhtml { XHTML } else { FHIR })?;
        let attribute = match element.name {
            "id" => parent.lineage().any(|id| id == *ELEMENT),
            "url" => parent == *EXTENSION,
            _ => false,
        };
        match attribute {
            true => Err(Fault::new(ErrorKind::IsAttribute, tag.at)),
            false => {
                Ok((element, Member { id: element_type.id, name: name.name().unwrap_or_default() }, form))
            }
        }
    }

    /// An element that does not repeat, as a member.
    fn single(&mut self, tag: &Tag<'x>, member: Member, form: Form) -> Result<()> {
        match form {
            Form::Elements | Form::Resource | Form::Xhtml => {
                begin_member(&mut self.out, "", member.name);
                self.content(tag, member.id, form)
            }
            primitive => {
                let attributes = Attributes::read(&self.input, tag, &["id", "value"])?;
                if let Some(text) = &attributes.value {
                    begin_member(&mut self.out, "", member.name);
                    self.value(tag, primitive, text)?;
                }
                let start = self.out.len();
                begin_member(&mut self.out, "_", member.name);
                match self.companion(tag, attributes.id)? {
                    true => {}
                    false if attributes.value.is_some() => self.out.truncate(start),
                    false => return Err(Fault::new(ErrorKind::NoValue, tag.at)),
                }
                Ok(())
            }
        }
    }

    /// One of the repetitions of an element, as an item of the member begun in `run`.
    fn repeated(&mut self, tag: &Tag<'x>, run: &mut Run, member: Member, form: Form) -> Result<()> {
        if let Some(step) = self.path.last_mut() {
            step.position = Some(run.count);
        }
        if run.count > 0 {
            self.out.push(b',');
        }
        run.count += 1;
        if !run.primitive {
            return self.content(tag, member.id, form);
        }
        let attributes = Attributes::read(&self.input, tag, &["id", "value"])?;
        match &attributes.value {
            Some(text) => self.value(tag, form, text)?,
            None => self.out.extend_from_slice(b"null"),
        }
        if run.count > 1 {
            run.companions.push(b',');
        }
        std::mem::swap(&mut self.out, &mut run.companions);
        let companion = self.companion(tag, attributes.id);
        std::mem::swap(&mut self.out, &mut run.companions);
        let companion = companion?;
        if !companion {
            run.companions.extend_from_slice(b"null");
        }
        run.any_value |= attributes.value.is_some();
        run.any_companion |= companion;
        match companion || attributes.value.is_some() {
            true => Ok(()),
            false => Err(Fault::new(ErrorKind::NoValue, tag.at)),
        }
    }

    /// What is not primitive: an object, a resource or the narrative, from its start tag to its end.
    fn content(&mut self, tag: &Tag<'x>, id: TypeId, form: Form) -> Result<()> {
        match form {
            Form::Resource => {
                self.check_depth(tag)?;
                self.nested_resource(tag)
            }
            Form::Xhtml => {
                self.out.push(b'"');
                let out = &mut self.out;
                xhtml::read(&mut self.input, tag, |text| write_escaped(out, text))?;
                self.out.push(b'"');
                Ok(())
            }
            _ => {
                self.check_depth(tag)?;
                let allowed: &[&str] = if id == *EXTENSION { &["id", "url"] } else { &["id"] };
                let attributes = Attributes::read(&self.input, tag, allowed)?;
                self.out.push(b'{');
                for (name, value) in [("id", attributes.id), ("url", attributes.url)] {
                    if let Some(value) = value {
                        begin_member(&mut self.out, "", name);
                        write_string(&mut self.out, &value);
                    }
                }
                self.elements(id)?;
                self.out.push(b'}');
                Ok(())
            }
        }
    }

    /// An element that holds one resource.
    fn nested_resource(&mut self, tag: &Tag<'x>) -> Result<()> {
        Attributes::read(&self.input, tag, &[])?;
        let Markup::Open(resource) = self.input.markup()? else {
            return Err(Fault::new(ErrorKind::OneResource, tag.at));
        };
        self.resource(resource)?;
        match self.input.markup()? {
            Markup::Open(another) => Err(Fault::new(ErrorKind::OneResource, another.at)),
            Markup::Close | Markup::End => Ok(()),
        }
    }

    /// The object of a primitive's id and extensions, from its start tag to its end. Whether it has any; if not, nothing
    /// is written.
    fn companion(&mut self, tag: &Tag<'x>, id: Option<Cow<'x, str>>) -> Result<bool> {
        let start = self.out.len();
        self.out.push(b'{');
        if let Some(id) = &id {
            begin_member(&mut self.out, "", "id");
            write_string(&mut self.out, id);
        }
        self.elements(*ELEMENT)?;
        if self.out.len() == start + 1 {
            self.out.truncate(start);
            return Ok(false);
        }
        self.out.push(b'}');
        self.check_depth(tag)?;
        Ok(true)
    }

    /// Refuses an object in more objects and arrays than the reader of JSON would accept.
    fn check_depth(&self, tag: &Tag<'x>) -> Result<()> {
        match self.path.len() + self.arrays > self.depth_max {
            true => Err(Fault::new(ErrorKind::TooDeep { max: self.depth_max }, tag.at)),
            false => Ok(()),
        }
    }

    fn value(&mut self, tag: &Tag<'x>, form: Form, text: &str) -> Result<()> {
        value::write(&mut self.out, form, text).map_err(|kind| Fault::new(kind, tag.at))
    }

    fn path(&self) -> String {
        let mut path = String::new();
        for step in &self.path {
            if !path.is_empty() {
                path.push('.');
            }
            path.extend(step.name.chars().take(64));
            if let Some(position) = step.position {
                write!(path, "[{position}]").expect("a String takes all");
            }
        }
        path
    }
}

/// An instance's member and type.
#[derive(Clone, Copy)]
struct Member {
    id: TypeId,
    name: &'static str,
}
