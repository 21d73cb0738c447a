//! What expressions are evaluated on and to.

use super::model::{self, System};
use super::value::{Decimal, Quantity, Temporal, Text, TypeInfo, Unit, Value, parse_decimal};
use crate::definitions::{NameId, ResourceType, TypeId, TypeKind, names};
use crate::fhirpath::ast::CalendarUnit;
use crate::json::{Kind, Node};

/// One item of a collection.
#[derive(Clone, Debug)]
pub enum Item<'d> {
    /// An element of a document.
    Element(Element<'d>),
    /// A literal, or something computed.
    Value(Value<'d>),
}

/// A resource, complex or primitive element where it stands in its document, with its FHIR type.
#[derive(Clone, Copy, Debug)]
pub struct Element<'d> {
    /// Absent for a primitive that has only an id or extensions.
    node: Option<Node<'d>>,
    /// The `_x` of a primitive `x`.
    companion: Option<Node<'d>>,
    type_id: Option<TypeId>,
}

pub(super) const RESOURCE_TYPE: NameId = names::lookup(b"resourceType");
const UCUM: &str = "http://unitsofmeasure.org";

impl<'d> Element<'d> {
    /// A resource; its type is what its `resourceType` says.
    pub fn resource(node: Node<'d>) -> Self {
        Element { node: Some(node), companion: None, type_id: resource_type(node) }
    }

    /// An element that is known to be of that type.
    pub fn of_type(node: Node<'d>, type_id: TypeId) -> Self {
        Element { node: Some(node), companion: None, type_id: Some(type_id) }
    }

    /// A primitive: its value and its `_` companion, as far as they are there.
    pub fn primitive(node: Option<Node<'d>>, companion: Option<Node<'d>>, type_id: TypeId) -> Self {
        Element { node: node.filter(|node| node.kind() != Kind::Null), companion, type_id: Some(type_id) }
    }

    /// An element a document holds where the model has none.
    pub(super) fn untyped(node: Node<'d>) -> Self {
        Element { node: Some(node), companion: None, type_id: None }
    }

    /// The JSON value; `None` for a primitive that has only an id or extensions.
    pub fn node(&self) -> Option<Node<'d>> {
        self.node
    }

    /// The companion of a primitive, with its id and extensions.
    pub fn companion(&self) -> Option<Node<'d>> {
        self.companion
    }

    /// The FHIR type; `None` only below what R4 does not define.
    pub fn type_id(&self) -> Option<TypeId> {
        self.type_id
    }

    /// The object that holds the child elements: of a primitive, its companion.
    #[inline]
    pub fn object(&self) -> Option<Node<'d>> {
        self.node.filter(|node| node.kind() == Kind::Object).or(self.companion)
    }

    /// Where it stands: `Patient.name[0].given[1]`. Walks down from the root: for messages.
    pub fn path(&self) -> String {
        match (self.node, self.companion) {
            (Some(node), _) => node.path(),
            (None, Some(companion)) => {
                let path = companion.path();
                match path.rfind("._") {
                    Some(at) => format!("{}.{}", &path[..at], &path[at + 2..]),
                    None => path,
                }
            }
            (None, None) => String::new(),
        }
    }

    /// Whether it is a primitive with a value.
    pub fn has_value(&self) -> bool {
        self.node.is_some_and(|node| !matches!(node.kind(), Kind::Object | Kind::Array | Kind::Null))
    }

    /// The FHIRPath value of a primitive, or of a Quantity. A date that is none is a string.
    pub fn value(&self) -> Option<Value<'d>> {
        let node = self.node?;
        let system = self.type_id.and_then(|id| model::of(id).system);
        match node.kind() {
            Kind::Bool => node.as_bool().map(Value::Boolean),
            Kind::Number => number(node.number_text()?, system),
            Kind::String => {
                let text = Text::from(node.as_str()?);
                let temporal = match system {
                    Some(System::Date) => Temporal::parse_date(&text),
                    Some(System::DateTime) => Temporal::parse_date_time(&text),
                    Some(System::Time) => Temporal::parse_time(&text),
                    _ => None,
                };
                Some(temporal.map_or(Value::String(text), Value::Temporal))
            }
            Kind::Object if system == Some(System::Quantity) => quantity(node),
            Kind::Object | Kind::Array | Kind::Null => None,
        }
    }

    /// What `type()` answers.
    pub fn type_info(&self) -> TypeInfo {
        let name = match self.type_id {
            Some(id) if id.definition().kind == TypeKind::Backbone => {
                id.definition().base.map_or("BackboneElement", TypeId::path)
            }
            Some(id) => id.path(),
            None => "Element",
        };
        TypeInfo { namespace: "FHIR", name }
    }
}

impl<'d> Item<'d> {
    /// The element; `None` for a computed value.
    pub fn element(&self) -> Option<&Element<'d>> {
        match self {
            Item::Element(element) => Some(element),
            Item::Value(_) => None,
        }
    }

    /// The JSON value, of an element that has one.
    pub fn node(&self) -> Option<Node<'d>> {
        self.element().and_then(Element::node)
    }

    /// The FHIR type of an element.
    pub fn type_id(&self) -> Option<TypeId> {
        self.element().and_then(Element::type_id)
    }

    /// The value: of a primitive element, its FHIRPath value.
    pub fn value(&self) -> Option<Value<'d>> {
        match self {
            Item::Element(element) => element.value(),
            Item::Value(value) => Some(value.clone()),
        }
    }

    /// What `type()` answers.
    pub fn type_info(&self) -> TypeInfo {
        match self {
            Item::Element(element) => element.type_info(),
            Item::Value(value) => TypeInfo { namespace: "System", name: value.system().name() },
        }
    }
}

impl<'d> From<Element<'d>> for Item<'d> {
    fn from(element: Element<'d>) -> Self {
        Item::Element(element)
    }
}

impl<'d> From<Value<'d>> for Item<'d> {
    fn from(value: Value<'d>) -> Self {
        Item::Value(value)
    }
}

/// The type a resource says it is.
fn resource_type(node: Node<'_>) -> Option<TypeId> {
    let name = node.get_name(RESOURCE_TYPE)?.as_str()?;
    // Only names of resources: a backbone path is no type of its own.
    ResourceType::from_name(&name).and_then(|_| TypeId::from_path(&name))
}

fn number(text: &str, system: Option<System>) -> Option<Value<'static>> {
    let whole = match system {
        Some(System::Decimal) => None,
        _ => text.parse::<i64>().ok(),
    };
    match whole {
        Some(whole) => Some(Value::Integer(whole)),
        None => parse_decimal(text).map(Value::Decimal),
    }
}

/// A FHIR Quantity as FHIRPath's (<https://hl7.org/fhir/R4/fhirpath.html#quantity>): not if it has a comparator or a code of
/// another system than UCUM.
fn quantity(node: Node<'_>) -> Option<Value<'static>> {
    const NAMES: [NameId; 5] = [
        names::lookup(b"value"),
        names::lookup(b"comparator"),
        names::lookup(b"unit"),
        names::lookup(b"system"),
        names::lookup(b"code"),
    ];
    let [value, comparator, unit, system, code] = NAMES.map(|name| node.get_name(name));
    if comparator.is_some() {
        return None;
    }
    let value: Decimal = parse_decimal(value?.number_text()?)?;
    let unit = match (system.and_then(Node::as_str), code.and_then(Node::as_str), unit.and_then(Node::as_str))
    {
        (Some(system), Some(code), _) if system == UCUM => ucum_unit(&code),
        (None, None, None) => Unit::one(),
        (None, None, Some(unit)) => ucum_unit(&unit),
        _ => return None,
    };
    Some(Value::Quantity(Box::new(Quantity { value, unit })))
}

/// UCUM's units of time are calendar units in FHIR, `a` a year and `mo` a month.
fn ucum_unit(code: &str) -> Unit {
    match code {
        "a" => Unit::Calendar(CalendarUnit::Year),
        "mo" => Unit::Calendar(CalendarUnit::Month),
        _ => Unit::Ucum(code.into()),
    }
}
