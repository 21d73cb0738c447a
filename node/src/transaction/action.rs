//! What one entry of a transaction comes to.

use super::{identity::Identity, request::unsupported, target};
use crate::{
    compartment::IfMatch,
    draft::{self, Draft, Parsed},
    interaction::{patch::Patch, preconditions, update},
    session::Session,
};
use bytes::Bytes;
use fhir::{
    bundle::{Bundle, Entry, Method, Target},
    definitions::ResourceType,
    json,
    resource::Envelope,
};
use proto::{Code, Error, ResourceId, api::v1::WriteResponse};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// What one entry does.
pub enum Action {
    Create {
        parsed: Parsed,
        draft: Draft,
        id: ResourceId,
    },
    Update {
        parsed: Parsed,
        draft: Draft,
        id: ResourceId,
        if_match: IfMatch,
        must_be_new: bool,
    },
    Patch {
        patch: Arc<Patch>,
        id: ResourceId,
        if_match: IfMatch,
    },
    Delete {
        resource_type: ResourceType,
        id: ResourceId,
        if_match: IfMatch,
    },
    /// A conditional create that found its match, or a conditional delete that found none: nothing.
    Found(WriteResponse),
    /// After all writes.
    Read,
}

/// What the entries have in common.
pub struct Setting<'b> {
    pub session: Session<'b>,
    pub bundle: &'b Bundle<'b>,
    /// `Type/id` by fullUrl and by conditional reference.
    pub resolved: &'b FxHashMap<String, String>,
}

impl Setting<'_> {
    /// What the entry does, with its body parsed, placed and indexed as it will be stored.
    pub fn action(&self, entry: &Entry<'_>, identity: Identity) -> Result<Action, Error> {
        match (entry.method, identity) {
            (Method::Delete, Identity::Found(answer)) => Ok(Action::Found(answer)),
            (_, Identity::Found(answer)) => found(entry, answer),
            (Method::Post | Method::Put, Identity::Assigned(resource_type, id)) => {
                let parsed = self.parsed(entry, resource_type)?;
                let draft = self.session.draft(&parsed)?;
                Ok(Action::Create { parsed, draft, id })
            }
            (Method::Put, Identity::Named(resource_type, id)) => {
                let parsed = self.parsed(entry, resource_type)?;
                update::check_id(&parsed, id)?;
                self.update(entry, parsed, id, if_match(entry)?)
            }
            (Method::Put, Identity::New(resource_type, id)) => {
                let parsed = self.parsed(entry, resource_type)?;
                let draft = self.session.draft(&parsed)?;
                Ok(Action::Update { parsed, draft, id, if_match: IfMatch::Anything, must_be_new: true })
            }
            (Method::Put, Identity::Matched(resource_type, found)) => {
                let parsed = self.parsed(entry, resource_type)?;
                update::conditional::check_id(&parsed, &found)?;
                self.update(entry, parsed, found.id, found.version)
            }
            (Method::Patch, Identity::Named(resource_type, id)) => {
                self.patch(entry, resource_type, id, if_match(entry)?)
            }
            (Method::Patch, Identity::Matched(resource_type, found)) => {
                self.patch(entry, resource_type, found.id, found.version)
            }
            (Method::Delete, Identity::Matched(resource_type, found)) => {
                Ok(Action::Delete { resource_type, id: found.id, if_match: found.version })
            }
            (Method::Delete, _) => delete(entry),
            (Method::Get | Method::Head, _) => Ok(Action::Read),
            (method, _) => Err(unsupported(method, &entry.url)),
        }
    }

    fn update(
        &self,
        entry: &Entry<'_>,
        parsed: Parsed,
        id: ResourceId,
        if_match: IfMatch,
    ) -> Result<Action, Error> {
        let must_be_new = preconditions::must_be_new(entry.if_none_match.as_deref().unwrap_or_default())?;
        let draft = self.session.draft(&parsed)?;
        Ok(Action::Update { parsed, draft, id, if_match, must_be_new })
    }

    fn patch(
        &self,
        entry: &Entry<'_>,
        resource_type: ResourceType,
        id: ResourceId,
        if_match: IfMatch,
    ) -> Result<Action, Error> {
        let (kind, held) = super::patch::of_resource(resource_of(entry)?)?;
        let body = match held {
            Some(body) => body,
            None => self.body(entry)?,
        };
        let patch = Patch::read(self.session, resource_type, kind, body)?;
        Ok(Action::Patch { patch, id, if_match })
    }

    /// The entry's resource, which must be of the type its url names, parsed as it is written: once, with its references
    /// resolved.
    fn parsed(&self, entry: &Entry<'_>, resource_type: ResourceType) -> Result<Parsed, Error> {
        let parsed = self.session.parse(self.body(entry)?)?;
        draft::check_type(parsed.resource_type, resource_type)?;
        Ok(parsed)
    }

    /// The entry's resource with all references to entries and criteria replaced.
    fn body(&self, entry: &Entry<'_>) -> Result<Bytes, Error> {
        let resource = resource_of(entry)?;
        let resolve = |reference: &str| self.resolved.get(reference).cloned();
        Ok(match self.bundle.rewrite(entry, resource, &resolve) {
            Some(bytes) => Bytes::from(bytes),
            None => resource.document().source().slice(resource.span()),
        })
    }
}

/// A conditional create writes nothing then, and its body must be one that could have been written there all the same.
fn found(entry: &Entry<'_>, answer: WriteResponse) -> Result<Action, Error> {
    let envelope = Envelope::read(resource_of(entry)?).map_err(|error| draft::invalid(&error))?;
    draft::check_type(envelope.resource_type, draft::known_type(&answer.resource_type)?)?;
    Ok(Action::Found(answer))
}

fn delete(entry: &Entry<'_>) -> Result<Action, Error> {
    match target(entry)? {
        Target::Instance { resource_type, id } => Ok(Action::Delete {
            resource_type: draft::known_type(&resource_type)?,
            id: draft::resource_id(&id)?,
            if_match: if_match(entry)?,
        }),
        _ => Err(unsupported(entry.method, &entry.url)),
    }
}

/// The entry's `ifMatch`.
pub fn if_match(entry: &Entry<'_>) -> Result<IfMatch, Error> {
    preconditions::if_match(entry.if_match.as_deref().unwrap_or_default())
}

fn resource_of<'d>(entry: &Entry<'d>) -> Result<json::Node<'d>, Error> {
    entry.resource.ok_or_else(|| {
        Error::new(Code::Invalid, format!("{} {} needs a resource", entry.method.as_str(), entry.url))
    })
}
