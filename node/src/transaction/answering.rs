//! How the entries of one bundle are answered.

use super::room::Room;
use crate::{
    interaction, outcome,
    session::{Patience, Session},
};
use fhir::{
    bundle::{Method, ResponseEntry},
    resource::instant,
};
use proto::api::v1::{EntryReturn, Outcome, VReadRequest, WriteResponse};

/// What the answers of a bundle have in common.
pub struct Answering {
    pub room: Room,
    /// That of the bundle.
    pub patience: Patience,
    /// What those that write hold.
    pub returns: EntryReturn,
}

impl Answering {
    pub fn new(session: Session<'_>, returns: EntryReturn) -> Self {
        let room = Room::new(session.options().bundle_answer_bytes_max, session.context().share.clone());
        Answering { room, patience: Patience::of(session), returns }
    }

    /// The answer to an entry that wrote, not yet counted. Whatever becomes of its resource, it is written: where there is no room
    /// for it, the entry says so.
    pub async fn written(
        &self,
        session: Session<'_>,
        method: Method,
        answer: &WriteResponse,
    ) -> ResponseEntry {
        let mut entry = written(method, answer);
        match self.returns {
            EntryReturn::Unspecified | EntryReturn::Minimal => {}
            EntryReturn::OperationOutcome => entry.outcome = Some(outcome::written(answer)),
            EntryReturn::Representation if is_there(method, answer) => {
                match self.room.admit(Method::Get, false) {
                    Ok(()) if !answer.body.is_empty() => entry.resource = Some(answer.body.clone()),
                    // A repeat, whose answer was kept without the body.
                    Ok(()) => match interaction::vread(session, version_of(answer)).await {
                        Ok(read) => entry.resource = Some(read.body),
                        Err(error) => entry.outcome = Some(outcome::of(&error)),
                    },
                    Err(full) => entry.outcome = Some(outcome::of(&full)),
                }
            }
            EntryReturn::Representation => {}
        }
        entry
    }
}

/// Whether it left one version, which can be shown.
fn is_there(method: Method, answer: &WriteResponse) -> bool {
    method != Method::Delete && answer.outcome() != Outcome::Deleted && !answer.version_id.is_empty()
}

fn version_of(answer: &WriteResponse) -> VReadRequest {
    let WriteResponse { resource_type, id, version_id, .. } = answer.clone();
    VReadRequest { resource_type, id, version_id, ..Default::default() }
}

/// The response part of a write.
fn written(method: Method, answer: &WriteResponse) -> ResponseEntry {
    let status = match Outcome::try_from(answer.outcome) {
        Ok(Outcome::Created) => "201 Created",
        Ok(Outcome::Deleted) => "204 No Content",
        Ok(Outcome::Unchanged) if method == Method::Delete => "204 No Content",
        _ => "200 OK",
    };
    if answer.version_id.is_empty() {
        return ResponseEntry { status: status.to_owned(), ..Default::default() };
    }
    let WriteResponse { resource_type, id, version_id, .. } = answer;
    let location = status != "204 No Content";
    ResponseEntry {
        status: status.to_owned(),
        location: location.then(|| format!("{resource_type}/{id}/_history/{version_id}")),
        etag: Some(format!("W/\"{version_id}\"")),
        last_modified: Some(instant(answer.last_updated_ms)),
        ..Default::default()
    }
}
