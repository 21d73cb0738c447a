//! From a body on the wire to something an actor can decide on: parsed, placed in its compartment, indexed. All of
//! it happens before the actor, on the caller's task.

use bytes::Bytes;
use fhir::{
    compartment,
    definitions::ResourceType,
    index,
    json::{self, Document},
    resource::Envelope,
};
use proto::{Code, CompartmentKey, Error, ResourceId, TenantId, TypeCode};
use std::sync::Arc;

pub use crate::compartment::Draft;

/// A body that is well-formed JSON and a resource of a known type.
#[derive(Clone, Debug)]
pub struct Parsed {
    pub document: Arc<Document>,
    pub resource_type: ResourceType,
    /// As in the body, checked against FHIR's rule.
    pub id: Option<ResourceId>,
}

/// Parses `body` as one resource.
pub fn parse(body: Bytes, limits: &json::Limits) -> Result<Parsed, Error> {
    let document = Document::parse(body, limits).map_err(malformed)?;
    let envelope = Envelope::read(document.root()).map_err(|error| invalid(&error))?;
    let id = match envelope.id {
        Some(id) => Some(resource_id(&id)?),
        None => None,
    };
    Ok(Parsed { resource_type: envelope.resource_type, id, document: Arc::new(document) })
}

/// Parses `body` as one resource of the type the request names.
pub fn parse_as(body: Bytes, resource_type: &str, limits: &json::Limits) -> Result<Parsed, Error> {
    let expected = known_type(resource_type)?;
    let parsed = parse(body, limits)?;
    if parsed.resource_type != expected {
        let found = parsed.resource_type.name();
        return Err(Error::new(
            Code::BadRequest,
            format!("the body is a {found}, but the request is for {resource_type}: send it to {found}"),
        )
        .at(found));
    }
    Ok(parsed)
}

impl Parsed {
    /// The compartment of this body as `id`: its patient's, or its own.
    pub fn compartment(&self, tenant: TenantId, id: ResourceId) -> CompartmentKey {
        match self.patient() {
            Some(patient) => CompartmentKey::of(tenant, patient_type(), patient),
            None => CompartmentKey::of(tenant, self.type_code(), id),
        }
    }

    /// The patient whose compartment the body belongs to; `None`: it stands by itself (a Patient does too).
    pub fn patient(&self) -> Option<ResourceId> {
        let patient = compartment::patient_of(self.document.root(), self.resource_type)?;
        ResourceId::parse(&patient).ok()
    }

    /// The type's number.
    pub fn type_code(&self) -> TypeCode {
        TypeCode(self.resource_type.code())
    }

    /// Extracts the index values: the one evaluation of the search parameters, at the leader.
    pub fn draft(&self) -> Result<Draft, Error> {
        let mut values = Vec::with_capacity(256);
        index::extract(self.document.root(), &index::ExtractOptions::default(), &mut values)
            .map_err(|error| Error::new(Code::Invalid, error.to_string()))?;
        Ok(Draft { document: self.document.clone(), index_values: values.into() })
    }
}

/// The number of `Patient`, the one compartment owner.
pub fn patient_type() -> TypeCode {
    TypeCode(compartment::owner().code())
}

/// The type of that name, or the error that says what a name looks like.
pub fn known_type(name: &str) -> Result<ResourceType, Error> {
    ResourceType::from_name(name).ok_or_else(|| {
        Error::new(
            Code::UnknownType,
            format!("'{name}' is not a resource type of FHIR R4; names are case-sensitive, such as 'Patient'"),
        )
    })
}

/// The id, or the error that states the rule.
pub fn resource_id(text: &str) -> Result<ResourceId, Error> {
    ResourceId::parse(text).map_err(|error| Error::new(Code::BadRequest, error.to_string()))
}

/// A version id as this server gives them: a positive decimal number.
pub fn version_id(text: &str) -> Option<u64> {
    let plain = text.trim();
    let plain = plain.strip_prefix("W/").unwrap_or(plain).trim_matches('"');
    plain.parse().ok().filter(|version| *version > 0)
}

fn malformed(error: json::Error) -> Error {
    let code = match error.kind() {
        json::ErrorKind::TooLarge { .. } => Code::TooLarge,
        _ => Code::Malformed,
    };
    Error::new(code, error.to_string())
}

fn invalid(error: &fhir::resource::Error) -> Error {
    Error::new(Code::Malformed, error.to_string())
}
