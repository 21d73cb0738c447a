//! What the server knows of an operation before it runs.

use super::{Invocation, Scope};
use bytes::Bytes;
use fhir::definitions::ResourceType;
use futures::future::BoxFuture;
use proto::Error;

/// An operation as its file declares it: an OperationDefinition
/// (<https://hl7.org/fhir/R4/operationdefinition.html>) in Rust.
pub(super) struct Definition {
    /// Without the `$`.
    pub name: &'static str,
    /// The canonical URL of its OperationDefinition.
    pub url: &'static str,
    /// Offered on the system.
    pub system: bool,
    /// The types it is offered on, as a type and as an instance.
    pub types: Types,
    pub on_type: bool,
    pub on_instance: bool,
    /// It may change something: never by GET.
    pub affects_state: bool,
    /// Those it takes; all others are refused.
    pub parameters: &'static [Parameter],
    /// Those that the specification, or a later version of it, has and this server does not: an error of their own.
    pub unsupported: &'static [&'static str],
    /// The parameter that a body which is no Parameters resource stands for: another resource, or where the parameter is a simple one,
    /// JSON that is no resource.
    pub bare: Option<&'static str>,
    pub run: fn(Invocation) -> BoxFuture<'static, Result<Bytes, Error>>,
}

/// A set of resource types.
pub(super) enum Types {
    None,
    All,
    Only(&'static [&'static str]),
}

/// A parameter of an operation.
pub(super) struct Parameter {
    pub name: &'static str,
    pub kind: Kind,
    /// It may be given several times.
    pub many: bool,
}

/// What a parameter's value is. The simple ones may stand in a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A simple value whose text is JSON's string too, under that member: `valueUri`.
    Text(&'static str),
    Boolean,
    Integer,
    Decimal,
    /// `valueCoding` and its like, a resource, parts.
    Complex,
}

impl Parameter {
    /// It may be given once.
    pub(super) const fn one(name: &'static str, kind: Kind) -> Parameter {
        Parameter { name, kind, many: false }
    }

    /// It may be repeated.
    pub(super) const fn many(name: &'static str, kind: Kind) -> Parameter {
        Parameter { name, kind, many: true }
    }
}

impl Kind {
    pub(super) const CANONICAL: Kind = Kind::Text("valueCanonical");
    pub(super) const CODE: Kind = Kind::Text("valueCode");
    pub(super) const DATE_TIME: Kind = Kind::Text("valueDateTime");
    pub(super) const STRING: Kind = Kind::Text("valueString");
    pub(super) const URI: Kind = Kind::Text("valueUri");
}

impl Definition {
    /// Whether it is offered there.
    pub(super) fn is_offered_on(&self, scope: &Scope) -> bool {
        match scope {
            Scope::System => self.system,
            Scope::Type(resource_type) => self.on_type && self.types.has(*resource_type),
            Scope::Instance { resource_type, .. } => self.on_instance && self.types.has(*resource_type),
        }
    }

    /// The parameter of that name.
    pub(super) fn parameter(&self, name: &str) -> Option<&'static Parameter> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }
}

impl Types {
    pub(super) fn has(&self, resource_type: ResourceType) -> bool {
        match self {
            Types::None => false,
            Types::All => true,
            Types::Only(names) => names.contains(&resource_type.name()),
        }
    }
}
