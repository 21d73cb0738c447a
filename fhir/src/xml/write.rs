//! Writes a resource: JSON to XML.

use super::error::{Error, ErrorKind, shown};
use super::input::refuse_characters;
use super::layout::Layout;
use super::namespace::FHIR;
use super::value::Form;
use super::xhtml;
use crate::definitions::names::{self, NameId};
use crate::definitions::{Element, ResourceType, TypeId};
use crate::json::{Kind, Node};
use smallvec::SmallVec;
use std::iter;
use std::sync::LazyLock;

const RESOURCE_TYPE: NameId = names::lookup(b"resourceType");

static ELEMENT: LazyLock<TypeId> = LazyLock::new(|| TypeId::from_path("Element").expect("R4 has it"));
static EXTENSION: LazyLock<TypeId> = LazyLock::new(|| TypeId::from_path("Extension").expect("R4 has it"));

/// The XML of a resource, without white space between elements, with an XML declaration.
///
/// Elements come in the order of their definition; `id` and an extension's `url` are attributes. Types of values are not checked:
/// a number written as a string becomes the same text.
///
/// Errors, as nothing may be lost: members R4 does not have there, an array where one value is allowed and the reverse, two
/// choices of one element, characters XML cannot hold, a narrative that is not well-formed.
pub fn from_json(resource: Node<'_>) -> Result<Vec<u8>, Error> {
    write(resource, Layout::compact())
}

/// [`from_json`] with every element on a line of its own, indented by two spaces a level. The narrative stays as it is.
pub fn from_json_pretty(resource: Node<'_>) -> Result<Vec<u8>, Error> {
    write(resource, Layout::pretty())
}

fn write(resource: Node<'_>, layout: Layout) -> Result<Vec<u8>, Error> {
    let mut writer = Writer { layout };
    match writer.resource(resource, true) {
        Ok(()) => Ok(writer.layout.finish()),
        Err(unwritable) => {
            let Unwritable { kind, node } = *unwritable;
            Err(Error::new(kind, node.span().start, node.document().source(), node.path()))
        }
    }
}

/// What cannot be written, and why.
struct Unwritable<'d> {
    kind: ErrorKind,
    node: Node<'d>,
}

impl<'d> Unwritable<'d> {
    #[cold]
    fn new(kind: ErrorKind, node: Node<'d>) -> Box<Self> {
        Box::new(Unwritable { kind, node })
    }
}

type Written<'d> = Result<(), Box<Unwritable<'d>>>;

struct Writer {
    layout: Layout,
}

/// A member to write as elements, with its companion.
struct Member<'d> {
    element: &'static Element,
    id: TypeId,
    form: Form,
    /// Of the element in XML, with the type for a choice.
    name: &'static str,
    value: Option<Node<'d>>,
    companion: Option<Node<'d>>,
}

impl Writer {
    fn resource<'d>(&mut self, node: Node<'d>, root: bool) -> Written<'d> {
        let name = node.get_name(RESOURCE_TYPE).and_then(Node::as_str).unwrap_or_default();
        let known = ResourceType::from_name(&name).map(ResourceType::name);
        let Some((name, id)) = known.and_then(|name| Some((name, TypeId::from_path(name)?))) else {
            return Err(Unwritable::new(ErrorKind::UnknownResource(shown(&name)), node));
        };
        self.layout.begin(name);
        if root {
            self.layout.attribute("xmlns", FHIR);
        }
        let members = self.members(id, node)?;
        self.elements(members)?;
        self.layout.end(name);
        Ok(())
    }

    /// The members of an object of type `id` in the order of XML. Those that are attributes are written.
    fn members<'d>(&mut self, id: TypeId, object: Node<'d>) -> Result<Members<'d>, Box<Unwritable<'d>>> {
        if object.kind() != Kind::Object {
            return Err(Unwritable::new(ErrorKind::Expected { expected: "an object" }, object));
        }
        let mut members = Members::new();
        let is_element = id.lineage().any(|id| id == *ELEMENT);
        for (key, value) in object.members() {
            let name = key.name_id();
            if (name == RESOURCE_TYPE && !is_element) || key.is("fhir_comments") {
                continue;
            }
            let Some((element, element_type)) = id.member(name.element()) else {
                return Err(Unwritable::new(ErrorKind::UnknownElement, value));
            };
            let attribute =
                (element.name == "id" && is_element) || (element.name == "url" && id == *EXTENSION);
            let form = Form::of(element_type.id.definition());
            match name.is_companion() {
                true if attribute || !form.is_primitive() => {
                    return Err(Unwritable::new(ErrorKind::UnknownElement, value));
                }
                false if attribute => {
                    self.attribute(element.name, value)?;
                    continue;
                }
                _ => {}
            }
            let name_text = name.name().unwrap_or_default();
            let at = members.iter().position(|member| member.name == name_text).unwrap_or_else(|| {
                let (value, companion) = (None, None);
                members.push(Member {
                    element,
                    id: element_type.id,
                    form,
                    name: name_text,
                    value,
                    companion,
                });
                members.len() - 1
            });
            match name.is_companion() {
                true => members[at].companion = Some(value),
                false => members[at].value = Some(value),
            }
        }
        in_order(members)
    }

    fn elements<'d>(&mut self, members: Members<'d>) -> Written<'d> {
        for member in members {
            match member.element.repeats() {
                true => self.repeated(&member)?,
                false => self.one(&member, member.value, member.companion)?,
            }
        }
        Ok(())
    }

    fn repeated<'d>(&mut self, member: &Member<'d>) -> Written<'d> {
        for array in [member.value, member.companion].into_iter().flatten() {
            if array.kind() != Kind::Array {
                return Err(Unwritable::new(ErrorKind::Expected { expected: "an array" }, array));
            }
        }
        let items = |array: Option<Node<'d>>| array.into_iter().flat_map(Node::items);
        let (mut values, mut companions) = (items(member.value), items(member.companion));
        let pairs = iter::from_fn(|| match (values.next(), companions.next()) {
            (None, None) => None,
            pair => Some(pair),
        });
        for (value, companion) in pairs {
            self.one(member, value, companion)?;
        }
        Ok(())
    }

    /// One element.
    fn one<'d>(
        &mut self,
        member: &Member<'d>,
        value: Option<Node<'d>>,
        companion: Option<Node<'d>>,
    ) -> Written<'d> {
        if member.form.is_primitive() {
            return self.primitive(member, value, companion);
        }
        let Some(value) = value else { return Ok(()) };
        match member.form {
            Form::Xhtml => self.narrative(value),
            Form::Resource => {
                self.layout.begin(member.name);
                self.resource(value, false)?;
                self.layout.end(member.name);
                Ok(())
            }
            _ => {
                self.layout.begin(member.name);
                let members = self.members(member.id, value)?;
                self.elements(members)?;
                self.layout.end(member.name);
                Ok(())
            }
        }
    }

    fn primitive<'d>(
        &mut self,
        member: &Member<'d>,
        value: Option<Node<'d>>,
        companion: Option<Node<'d>>,
    ) -> Written<'d> {
        let present = |node: &Node<'d>| node.kind() != Kind::Null;
        let filled = companion.filter(|node| present(node) && !node.is_empty());
        let given = value.filter(present);
        if let (None, None, Some(nothing)) = (given, filled, value.or(companion)) {
            return Err(Unwritable::new(ErrorKind::NoValue, nothing));
        }
        self.layout.begin(member.name);
        let extensions = filled.map(|companion| self.members(*ELEMENT, companion)).transpose()?;
        if let Some(value) = given {
            self.attribute("value", value)?;
        }
        self.elements(extensions.unwrap_or_default())?;
        self.layout.end(member.name);
        Ok(())
    }

    fn attribute<'d>(&mut self, name: &str, value: Node<'d>) -> Written<'d> {
        match value.kind() {
            Kind::String => {
                let text = value.as_str().unwrap_or_default();
                refuse_characters(&text).map_err(|fault| Unwritable::new(fault.kind, value))?;
                self.layout.attribute(name, &text);
            }
            Kind::Number => self.layout.attribute(name, value.number_text().unwrap_or_default()),
            Kind::Bool if value.as_bool() == Some(true) => self.layout.attribute(name, "true"),
            Kind::Bool => self.layout.attribute(name, "false"),
            Kind::Null | Kind::Array | Kind::Object => {
                let expected = "a string, number or boolean";
                return Err(Unwritable::new(ErrorKind::Expected { expected }, value));
            }
        }
        Ok(())
    }

    fn narrative<'d>(&mut self, value: Node<'d>) -> Written<'d> {
        let Some(text) = value.as_str() else {
            return Err(Unwritable::new(ErrorKind::Expected { expected: "a string with XHTML" }, value));
        };
        let out = self.layout.raw();
        xhtml::write(&text, |text| out.extend_from_slice(text.as_bytes()))
            .map_err(|fault| Unwritable::new(fault.kind, value))
    }
}

type Members<'d> = SmallVec<[Member<'d>; 8]>;

/// Members sorted as XML has them; an element that is there under two types is refused.
fn in_order(mut members: Members<'_>) -> Result<Members<'_>, Box<Unwritable<'_>>> {
    members.sort_by_key(|member| member.element.order);
    let twice = members.windows(2).find(|pair| pair[0].element.order == pair[1].element.order);
    if let Some(second) = twice.and_then(|pair| pair[1].value.or(pair[1].companion)) {
        return Err(Unwritable::new(ErrorKind::Duplicate, second));
    }
    Ok(members)
}
