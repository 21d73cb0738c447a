//! The fast level: one walk over the document against tables of the base types.
//!
//! Nothing is allocated for a resource without faults, except for escaped texts and the attributes of a narrative.

mod companion;
mod hint;
mod moment;
mod primitive;
mod shape;
mod text;

pub(super) use hint::nearest;
pub(super) use primitive::Primitive;

use super::{Code, Issues};
use crate::definitions::{NameId, TypeId, TypeKind, names};
use crate::json::{Key, Kind, Node};
use crate::outcome::Severity;
use shape::{Content, Member, Shape};
use std::borrow::Cow;

const RESOURCE_TYPE: NameId = names::lookup(b"resourceType");
const ID: NameId = names::lookup(b"id");

/// Checks `resource` with all it holds; what is contained only if `contained`.
pub(super) fn check(resource: Node<'_>, contained: bool, issues: &mut Issues) {
    Walk { issues, contained }.resource(resource, false);
}

/// Why a value is not of its type: what it should be.
pub(super) type Expected = Cow<'static, str>;

/// Checks a URI that names itself a UUID or OID.
pub(super) fn check_urn(text: &str) -> Result<(), Expected> {
    match text {
        // RFC 4122 reads capitals, too; only the type uuid is stricter.
        _ if text.starts_with("urn:uuid:") => text::uuid(&text.to_ascii_lowercase()),
        _ if text.starts_with("urn:oid:") => text::oid(text),
        _ => Ok(()),
    }
}

struct Walk<'i> {
    issues: &'i mut Issues,
    /// Whether contained resources are looked into.
    contained: bool,
}

impl Walk<'_> {
    fn resource(&mut self, node: Node<'_>, contained: bool) {
        match resource_type(node) {
            Ok(id) => drop(self.object(node, shape::of(id), contained)),
            Err(text) => self.issues.error(node, Code::Structure, text),
        }
    }

    /// An object of that shape; tells whether it says anything beside its id.
    fn object(&mut self, node: Node<'_>, shape: &Shape, contained: bool) -> bool {
        let mut seen = 0u128;
        let mut only_id = true;
        for (key, value) in node.members() {
            let name = key.name_id();
            let Some(member) = shape.member(name.element()) else {
                self.unknown(value, shape, key);
                only_id = false;
                continue;
            };
            only_id &= name.element() == ID;
            let bit = 1u128 << member.element;
            if seen & bit != 0 && member.choice {
                self.one_choice(node, value, shape, member);
            }
            seen |= bit;
            match name.is_companion() {
                true => self.companion(node, member, value),
                false => self.member(node, member, value, contained),
            }
            if self.issues.is_full() {
                return true;
            }
        }
        if shape.required & !seen != 0 {
            self.missing(node, shape, shape.required & !seen);
        }
        !only_id
    }

    #[inline]
    fn member(&mut self, parent: Node<'_>, member: &Member, value: Node<'_>, contained: bool) {
        if matches!(member.content, Content::Contained) && contained {
            let text = "a contained resource may not contain others; move them to the outer resource".into();
            self.issues.error(value, Code::Structure, text);
        }
        if !member.array {
            return self.value(member, value);
        }
        if value.kind() != Kind::Array || value.is_empty() {
            return self.no_list(member, value);
        }
        let mut companions = None;
        for (at, item) in value.items().enumerate() {
            if self.issues.is_full() {
                return;
            }
            if let Some(companions) = &mut companions {
                self.maybe_null(item, Iterator::next(companions));
            } else if item.kind() == Kind::Null && matches!(member.content, Content::Primitive(_)) {
                let mut rest = companion::items(parent, member.name, at);
                self.maybe_null(item, rest.next());
                companions = Some(rest);
            }
            if item.kind() != Kind::Null || !matches!(member.content, Content::Primitive(_)) {
                self.value(member, item);
            }
        }
    }

    #[inline]
    fn value(&mut self, member: &Member, value: Node<'_>) {
        match (member.content, value.kind()) {
            (Content::Primitive(primitive), kind) if kind == primitive.kind() => {
                if let Err(expected) = primitive.check(value) {
                    self.bad_value(primitive, value, &expected);
                }
            }
            (Content::Complex(number), Kind::Object) if !value.is_empty() => {
                if !self.object(value, shape::numbered(number), false) {
                    self.says_nothing(value);
                }
            }
            (Content::Resource, Kind::Object) => self.resource(value, false),
            (Content::Contained, Kind::Object) if !self.contained => {}
            (Content::Contained, Kind::Object) => self.resource(value, true),
            _ => self.wrong_kind(member, value),
        }
    }

    #[cold]
    fn says_nothing(&mut self, node: Node<'_>) {
        self.issues.error(node, Code::Structure, "an element needs a value or children beside its id".into());
    }

    #[cold]
    fn unknown(&mut self, value: Node<'_>, shape: &Shape, key: Key<'_>) {
        let name = key.as_str();
        let is_resource = shape.id.definition().kind == TypeKind::Resource;
        if key.name_id() == RESOURCE_TYPE && is_resource || !self.issues.takes(Severity::Error) {
            return;
        }
        let shown: String = name.chars().take(64).collect();
        let mut text = format!("{} has no element '{shown}'", shape.id.path());
        match hint::nearest(&name, shape.names()) {
            Some(near) => text += &format!("; did you mean '{near}'?"),
            None => match choice_of(shape.id, &name) {
                Some(names) => text += &format!("; it may be {names}"),
                None => text += "; take it out, or use an extension",
            },
        }
        self.issues.error(value, Code::Structure, text);
    }

    /// A second member of a choice element: the companion of the first, or a fault.
    #[cold]
    fn one_choice(&mut self, node: Node<'_>, value: Node<'_>, shape: &Shape, member: &Member) {
        let of_it = |name: NameId| shape.member(name).is_some_and(|other| other.element == member.element);
        let names = node.members().map(|(key, _)| key.name_id().element()).filter(|name| of_it(*name));
        if names.clone().all(|name| name == member.name) {
            return;
        }
        let element = shape.element(usize::from(member.element)).name;
        let text = format!("{element}[x] may be given once only; keep one type of it");
        self.issues.error(value, Code::Structure, text);
    }

    #[cold]
    fn missing(&mut self, node: Node<'_>, shape: &Shape, missing: u128) {
        for bit in (0..128).filter(|bit| missing >> bit & 1 == 1) {
            let element = shape.element(bit);
            let choice = if element.choice { "[x]" } else { "" };
            let text = format!("{}{choice} is missing; it must be given", element.name);
            self.issues.error(node, Code::Required, text);
        }
    }

    #[cold]
    fn no_list(&mut self, member: &Member, value: Node<'_>) {
        let name = member.name.name().unwrap_or_default();
        let text = match value.kind() {
            Kind::Array => format!("the array of {name} is empty; leave it out"),
            Kind::Null => format!("{name} is null; leave it out"),
            _ => format!("{name} may repeat, so its value must be an array"),
        };
        self.issues.error(value, Code::Structure, text);
    }

    #[cold]
    fn bad_value(&mut self, primitive: Primitive, value: Node<'_>, expected: &str) {
        let shown: String = String::from_utf8_lossy(value.raw()).chars().take(80).collect();
        let text = match primitive {
            Primitive::Xhtml => format!("not a narrative: {expected}"),
            _ => format!("{shown} is no {}; expected {expected}", primitive.name()),
        };
        self.issues.error(value, Code::Value, text);
    }

    #[cold]
    fn wrong_kind(&mut self, member: &Member, value: Node<'_>) {
        let name = member.name.name().unwrap_or_default();
        let expected = match member.content {
            Content::Primitive(primitive) => match primitive.kind() {
                Kind::Bool => "true or false",
                Kind::Number => "a number",
                _ => "a string",
            },
            Content::Complex(_) => "an object with members",
            Content::Resource | Content::Contained => "a resource",
        };
        let found = match value.kind() {
            Kind::Null => "null; leave the element out",
            Kind::Bool => "true or false",
            Kind::Number => "a number",
            Kind::String => "a string",
            Kind::Array => "an array, but the element does not repeat",
            Kind::Object => "an object",
        };
        let found = if value.kind() == Kind::Object && value.is_empty() { "an empty object" } else { found };
        self.issues.error(value, Code::Structure, format!("{name} must be {expected}, found {found}"));
    }
}

/// The type a resource says it is.
fn resource_type(node: Node<'_>) -> Result<TypeId, String> {
    if node.kind() != Kind::Object {
        return Err("a resource is a JSON object".into());
    }
    let name =
        node.get_name(RESOURCE_TYPE).ok_or("resourceType is missing; say which type of resource this is")?;
    let name = name.as_str().ok_or("resourceType must be a string")?;
    let concrete = crate::definitions::ResourceType::from_name(&name).is_some();
    TypeId::from_path(&name).filter(|_| concrete).ok_or_else(|| no_resource_type(&name))
}

/// What to say of a name that is no resource type.
#[cold]
pub(super) fn no_resource_type(name: &str) -> String {
    let near = hint::nearest(name, crate::definitions::ResourceType::all().map(|known| known.name()));
    let hint = near.map_or_else(String::new, |near| format!("; did you mean '{near}'?"));
    format!("R4 has no resource type '{}'{hint}", name.chars().take(64).collect::<String>())
}

/// The names of the choice element that `name` would be if it had a type that is allowed: `deceasedString`.
#[cold]
fn choice_of(id: TypeId, name: &str) -> Option<String> {
    let is_type = |at: &usize| name[*at..].starts_with(|first: char| first.is_ascii_uppercase());
    let places = name.char_indices().map(|(at, _)| at).filter(is_type);
    let element = places.filter_map(|at| id.element(&name[..at])).find(|element| element.choice)?;
    let names = (0..element.types.len()).filter_map(|choice| element.json_name(choice).name());
    Some(names.collect::<Vec<_>>().join(" or "))
}
