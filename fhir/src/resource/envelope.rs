//! What every resource carries: type, id, meta.

use super::parse_instant;
use crate::{
    definitions::{
        ResourceType,
        names::{NameId, lookup},
    },
    json::{Kind, Node},
};
use std::borrow::Cow;

pub(super) const RESOURCE_TYPE: NameId = lookup(b"resourceType");
pub(super) const ID: NameId = lookup(b"id");
pub(super) const META: NameId = lookup(b"meta");
pub(super) const VERSION_ID: NameId = lookup(b"versionId");
pub(super) const LAST_UPDATED: NameId = lookup(b"lastUpdated");

/// Why a JSON value is no resource this server can take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    #[error("{path}: a resource is a JSON object")]
    NotAnObject { path: String },
    #[error("{path}: resourceType is missing; name the type of the resource, such as \"Patient\"")]
    MissingType { path: String },
    #[error("{path}: FHIR R4 has no resource type {name:?}")]
    UnknownType { path: String, name: String },
    #[error("{path}: {id} is not a valid id: a string of 1 to 64 characters of A-Z, a-z, 0-9, '-' and '.'")]
    InvalidId { path: String, id: String },
    #[error("{path}: meta is a JSON object")]
    InvalidMeta { path: String },
}

impl Error {
    /// The element the error is about.
    pub fn path(&self) -> &str {
        match self {
            Error::NotAnObject { path }
            | Error::MissingType { path }
            | Error::UnknownType { path, .. }
            | Error::InvalidId { path, .. }
            | Error::InvalidMeta { path } => path,
        }
    }
}

/// Type and id of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope<'d> {
    pub resource_type: ResourceType,
    /// Valid by FHIR's rule, if there is one.
    pub id: Option<Cow<'d, str>>,
}

impl<'d> Envelope<'d> {
    /// Reads and checks `resourceType`, `id` and the shape of `meta`: <https://hl7.org/fhir/R4/resource.html>.
    pub fn read(resource: Node<'d>) -> Result<Self, Error> {
        if resource.kind() != Kind::Object {
            return Err(Error::NotAnObject { path: resource.path() });
        }
        let (mut resource_type, mut id) = (None, None);
        for (key, value) in resource.members() {
            match key.name_id() {
                RESOURCE_TYPE => resource_type = Some(read_type(value)?),
                ID => id = Some(read_id(value)?),
                META if value.kind() != Kind::Object => {
                    return Err(Error::InvalidMeta { path: value.path() });
                }
                _ => {}
            }
        }
        match resource_type {
            Some(resource_type) => Ok(Envelope { resource_type, id }),
            None => Err(Error::MissingType { path: resource.path() }),
        }
    }
}

fn read_type(value: Node<'_>) -> Result<ResourceType, Error> {
    let Some(name) = value.as_str() else {
        return Err(Error::MissingType { path: value.path() });
    };
    ResourceType::from_name(&name)
        .ok_or_else(|| Error::UnknownType { path: value.path(), name: name.chars().take(80).collect() })
}

fn read_id(value: Node<'_>) -> Result<Cow<'_, str>, Error> {
    match value.as_str() {
        Some(id) if is_id(&id) => Ok(id),
        _ => {
            let id = String::from_utf8_lossy(value.raw()).chars().take(80).collect();
            Err(Error::InvalidId { path: value.path(), id })
        }
    }
}

/// Whether `text` follows FHIR's rule for ids: <https://hl7.org/fhir/R4/datatypes.html#id>.
pub fn is_id(text: &str) -> bool {
    let valid = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
    (1..=64).contains(&text.len()) && text.bytes().all(valid)
}

/// `meta.versionId` of a stored resource.
pub fn version_id_of(resource: Node<'_>) -> Option<u64> {
    resource.get_name(META)?.get_name(VERSION_ID)?.as_str()?.parse().ok()
}

/// `meta.lastUpdated` of a stored resource, in milliseconds since 1970.
pub fn last_updated_of(resource: Node<'_>) -> Option<u64> {
    parse_instant(&resource.get_name(META)?.get_name(LAST_UPDATED)?.as_str()?)
}
