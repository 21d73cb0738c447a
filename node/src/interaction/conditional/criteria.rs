//! What a conditional interaction asks for: <https://hl7.org/fhir/R4/http.html#ccreate>.

use crate::{
    compartment::IfMatch,
    draft,
    engine::Turn,
    interaction::search::compile_criteria,
    query::parameters,
    session::{Reservation, Search, Session},
};
use fhir::{definitions::ResourceType, index::Values};
use proto::{Code, Error, ResourceId, ResourceKey, Slot, TenantId, TypeCode, api::v1::WriteResponse};
use search::{Facts, Hit, Tell};
use std::{fmt, sync::Arc};

/// Criteria as they were understood. Two spellings of one thing have one key, which is what locks, orders, caches and
/// logs know them by; nothing else takes criteria as they were sent.
#[derive(Clone, Debug)]
pub struct Criteria {
    resource_type: ResourceType,
    text: String,
    key: Arc<str>,
    search: Search,
}

/// What matched. What is written rests on this version: where it is not the current one any more, the search is made again.
pub struct Match {
    pub id: ResourceId,
    pub version: IfMatch,
    pub found: WriteResponse,
}

/// As many bytes as the log takes.
const KEY_BYTES_MAX: usize = 16 << 10;
/// Two matches are as many as a hundred: one too many.
const MATCHES_WANTED: usize = 2;

impl Criteria {
    /// Reads `text`, the query part of a search URL, still encoded.
    ///
    /// # Errors
    /// `BadParameter` for what a strict search refuses, for criteria that everything matches, and for conditions that mean
    /// something else at every moment, and over [`KEY_BYTES_MAX`]; `BadRequest` for what is no text; `TooCostly` over a
    /// limit of searches.
    pub async fn read(
        session: Session<'_>,
        resource_type: ResourceType,
        text: &str,
    ) -> Result<Criteria, Error> {
        let mut search = compile_criteria(session, resource_type, parameters(text)?).await?;
        (search.query.count, search.query.tell) = (MATCHES_WANTED, Tell::Nothing);
        let conditions = search.query.canonical()?;
        if conditions.is_empty() {
            let text = format!("the criteria '{text}' say nothing of the {resource_type} to match");
            return Err(
                Error::new(Code::BadParameter, text + "; name what it must have").as_issue("required")
            );
        }
        let key = format!("{resource_type}?{conditions}");
        if key.len() > KEY_BYTES_MAX {
            let text = format!(
                "the conditional criteria have {} bytes as they are understood; at most {KEY_BYTES_MAX} are allowed",
                key.len()
            );
            return Err(Error::new(Code::BadParameter, text).as_issue("too-long"));
        }
        Ok(Criteria { resource_type, text: text.to_owned(), key: key.into(), search })
    }

    /// The tenant they were read for.
    pub fn tenant(&self) -> TenantId {
        self.search.query.tenant
    }

    /// The type of what they match.
    pub fn resource_type(&self) -> ResourceType {
        self.resource_type
    }

    /// The same for all spellings.
    pub fn key(&self) -> &Arc<str> {
        &self.key
    }

    /// Where they are decided on, and where what they do not find is created if it belongs to no patient.
    pub fn slot(&self) -> Slot {
        proto::id::key_slot(self.tenant(), self.key.as_bytes())
    }

    /// The right to decide on them.
    ///
    /// # Errors
    /// `Overloaded` where others had it all the time.
    pub async fn reserve(&self, session: Session<'_>) -> Result<Reservation, Error> {
        Reservation::take(session, &self.key, self.slot(), &self.text).await
    }

    /// Their turn among the callers of this node.
    ///
    /// # Errors
    /// `Overloaded` where it does not come in time.
    pub async fn turn(&self, session: Session<'_>) -> Result<Turn, Error> {
        session.turn(&self.key, &self.text).await
    }

    /// The one resource that matches now, at the version that is written then; `None`: none does. `if_match` is the caller's.
    ///
    /// # Errors
    /// As [`Criteria::only_match`]; `VersionConflict` for a version that the caller did not mean.
    pub async fn matched(
        self: &Criteria,
        session: Session<'_>,
        if_match: &IfMatch,
    ) -> Result<Option<Match>, Error> {
        let Some(key) = self.only_match(session).await? else {
            if_match.check(format_args!("what matches '{self}'"), 0, false)?;
            return Ok(None);
        };
        let found = super::found(session, self.resource_type, &key).await?;
        let version = draft::version_id(&found.version_id).unwrap_or(0);
        if_match.check(format_args!("{}/{}", found.resource_type, found.id), version, true)?;
        Ok(Some(Match { id: key.id, version: IfMatch::version(version), found }))
    }

    /// The error of what needs a match.
    pub fn no_match(&self) -> Error {
        Error::new(Code::NotFound, format!("no {} matches '{self}'", self.resource_type))
    }

    /// All that match now, one more than `max` at most.
    ///
    /// # Errors
    /// Those of searches.
    pub async fn matches(&self, session: Session<'_>, max: usize) -> Result<Vec<Hit>, Error> {
        let mut search = self.search.clone();
        search.query.count = max.saturating_add(1);
        Ok(session.search(&search, None).await?.hits)
    }

    /// Whether a resource of these index values, about to be stored under that id, matches.
    pub fn fit(&self, session: Session<'_>, id: &ResourceId, values: &[u8]) -> bool {
        let type_code = TypeCode(self.resource_type.code());
        let facts = Facts { type_code, id, last_updated_ms: session.clock().now_ms() };
        search::matches(&Values::trusted(values), &facts, &self.search.query)
    }

    /// What every match has among its [`search::traces`]; `None`: nothing is sure.
    pub fn trace(&self) -> Option<u64> {
        search::trace_of(&self.search.query.expr)
    }

    /// The one resource that matches now; `None`: none does.
    ///
    /// # Errors
    /// `MultipleMatches` where more than one does.
    pub async fn only_match(&self, session: Session<'_>) -> Result<Option<ResourceKey>, Error> {
        match session.search(&self.search, None).await?.hits.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(one.key)),
            _ => Err(Error::new(
                Code::MultipleMatches,
                format!(
                    "more than one {} matches '{self}'; make the criteria name exactly one",
                    self.resource_type
                ),
            )),
        }
    }
}

/// As they were sent.
impl fmt::Display for Criteria {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
