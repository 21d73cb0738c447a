//! From a body on the wire to something an actor can decide on: parsed, placed in its compartment, indexed. All of
//! it happens before the actor, on the caller's task.

use bytes::Bytes;
use fhir::{
    compartment,
    definitions::ResourceType,
    index::{self, Bases, ExtractOptions},
    json::{self, Document, Node},
    resource::Envelope,
};
use proto::{Code, CompartmentKey, Error, ResourceId, TenantId, TypeCode};
use std::sync::Arc;

use crate::{
    engine::{Engine, Options},
    host,
    observe::steps::{Step, timed},
};

mod parameter;
mod validation;

pub use crate::compartment::Draft;
pub use parameter::PARAMETERS_MAX;

/// A body that is well-formed JSON and a resource of a known type.
#[derive(Clone, Debug)]
pub struct Parsed {
    pub document: Arc<Document>,
    pub resource_type: ResourceType,
    /// As in the body, checked against FHIR's rule.
    pub id: Option<ResourceId>,
    /// The patient whose compartment the body belongs to; `None`: it stands by itself (a Patient does too).
    pub patient: Option<ResourceId>,
}

/// Parses `body` as one resource. `bases`: what stands below is of the same tenant.
pub fn parse(body: Bytes, options: &Options, bases: Bases<'_>) -> Result<Parsed, Error> {
    aside(body.len(), || timed(Step::Parse, || parse_untimed(body, options, bases)))
}

/// Work on more bytes than this takes longer than the other tasks of a thread should wait.
const LARGE_BYTES: usize = 64 << 10;

/// Does the work on something of `bytes`: where that is large, with the other tasks of the thread handed to another one.
pub fn aside<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    if bytes > LARGE_BYTES { host::aside(work) } else { work() }
}

fn parse_untimed(body: Bytes, options: &Options, bases: Bases<'_>) -> Result<Parsed, Error> {
    let document = document(body, &options.json)?;
    let envelope = Envelope::read(document.root()).map_err(|error| invalid(&error))?;
    let id = match envelope.id {
        Some(id) => Some(resource_id(&id)?),
        None => None,
    };
    let resource_type = envelope.resource_type;
    let patient = patient_of(document.root(), resource_type, &options.extract(bases));
    Ok(Parsed { resource_type, id, patient, document: Arc::new(document) })
}

/// Parses `body` as JSON, whatever it is.
pub fn document(body: Bytes, limits: &json::Limits) -> Result<Document, Error> {
    aside(body.len(), || Document::parse(body, limits)).map_err(malformed)
}

/// Parses `body` as one resource of the type the request names.
pub fn parse_as(
    body: Bytes,
    resource_type: &str,
    options: &Options,
    bases: Bases<'_>,
) -> Result<Parsed, Error> {
    let expected = known_type(resource_type)?;
    let parsed = parse(body, options, bases)?;
    check_type(parsed.resource_type, expected)?;
    Ok(parsed)
}

/// The type of a body must be the one that the request names.
pub fn check_type(found: ResourceType, expected: ResourceType) -> Result<(), Error> {
    if found == expected {
        return Ok(());
    }
    let text = format!("the body is a {found}, but the request is for {expected}: send it to {found}");
    Err(Error::new(Code::BadRequest, text).at(found.name()))
}

impl Parsed {
    /// The compartment of this body as `id`: its patient's, or its own.
    pub fn compartment(&self, tenant: TenantId, id: ResourceId) -> CompartmentKey {
        match self.patient {
            Some(patient) => CompartmentKey::of(tenant, patient_type(), patient),
            None => CompartmentKey::of(tenant, self.type_code(), id),
        }
    }

    /// The type's number.
    pub fn type_code(&self) -> TypeCode {
        TypeCode(self.resource_type.code())
    }

    /// What every write passes, before any actor: checks the body as the configuration asks, and extracts the index
    /// values, the one evaluation of the search parameters, at the leader.
    pub fn draft(&self, node: &Engine, tenant: TenantId) -> Result<Draft, Error> {
        aside(self.document.source().len(), || self.draft_here(node, tenant))
    }

    fn draft_here(&self, node: &Engine, tenant: TenantId) -> Result<Draft, Error> {
        timed(Step::Validate, || validation::written(node, tenant, self))?;
        timed(Step::Extract, || of(node, tenant, self.document.clone()))
    }
}

/// A document with its index values, by all search parameters that are known now.
///
/// # Errors
/// `Invalid` where it is no resource.
pub fn of(node: &Engine, tenant: TenantId, document: Arc<Document>) -> Result<Draft, Error> {
    let (index_values, generation) = values(node, tenant, document.root())?;
    Ok(Draft { document, index_values, generation })
}

/// The index values of a resource, and the generation of the search parameters that they were made with.
///
/// # Errors
/// `Invalid` where it is no resource.
pub fn values(node: &Engine, tenant: TenantId, resource: Node<'_>) -> Result<(Bytes, u32), Error> {
    let set = node.parameters(tenant);
    let bases = node.bases_of(tenant);
    let options = ExtractOptions { custom: set.as_deref(), ..node.options.extract(bases.bases()) };
    let mut values = Vec::with_capacity(512);
    index::extract(resource, &options, &mut values)
        .map_err(|error| Error::new(Code::Invalid, error.to_string()))?;
    let generation = set.as_ref().map_or(0, |set| set.generation());
    Ok((values.into(), generation))
}

/// The number of `Patient`, the one compartment owner.
pub fn patient_type() -> TypeCode {
    TypeCode(ResourceType::PATIENT.code())
}

/// The patient whose compartment a body belongs to. For a Patient this is `None`: under which id it will live is not
/// the body's to say.
pub fn patient_of(
    resource: Node<'_>,
    resource_type: ResourceType,
    options: &ExtractOptions<'_>,
) -> Option<ResourceId> {
    if resource_type == ResourceType::PATIENT {
        return None;
    }
    let patient = compartment::patient_of(resource, resource_type, options)?;
    ResourceId::parse(&patient).ok()
}

/// The type of that name, or the error that says what a name looks like.
pub fn known_type(name: &str) -> Result<ResourceType, Error> {
    ResourceType::from_name(name).ok_or_else(|| {
        Error::new(
            Code::UnknownType,
            format!(
                "'{name}' is not a resource type of FHIR R4; names are case-sensitive, such as 'Patient'"
            ),
        )
    })
}

/// The id, or the error that states the rule.
pub fn resource_id(text: &str) -> Result<ResourceId, Error> {
    ResourceId::parse(text).map_err(|error| Error::new(Code::BadRequest, error.to_string()))
}

/// A version id as this server gives them: a positive decimal number, in its one spelling.
pub fn version_id(text: &str) -> Option<u64> {
    let digits = !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

pub(crate) fn malformed(error: json::Error) -> Error {
    let code = match error.kind() {
        json::ErrorKind::TooLarge { .. } => Code::TooLarge,
        _ => Code::Malformed,
    };
    Error::new(code, error.to_string())
}

pub(crate) fn invalid(error: &fhir::resource::Error) -> Error {
    Error::new(Code::Malformed, error.to_string())
}
