//! What was read for a query so far.

use crate::{
    interaction::{
        part, search,
        several::{self, Place},
    },
    session::Session,
};
use fhir::{definitions::ResourceType, index::Bases, json::Document};
use futures::{StreamExt, stream};
use proto::{
    Code, Error,
    api::v1::{SearchMode, SearchParameter, SearchRequest, SearchResponse},
};
use std::collections::{BTreeMap, BTreeSet};

/// Searches that one query makes.
const SEARCHES_MAX: usize = 500;
/// Of them, under way at once.
const AT_ONCE: usize = 8;

/// A search that a query makes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Question {
    pub resource_type: ResourceType,
    /// Names and values.
    pub parameters: Vec<(String, String)>,
    pub cursor: String,
    /// Matches passed over at the start of the page.
    pub offset: usize,
    /// Matches answered.
    pub count: usize,
    /// Whether all matches are counted.
    pub total: bool,
}

/// A page of one.
pub struct Found {
    pub entries: Vec<Entry>,
    pub total: Option<u64>,
    pub next: String,
    pub previous: String,
}

/// A resource of a page.
pub struct Entry {
    pub document: Document,
    pub is_match: bool,
}

/// What is to be read.
#[derive(Debug, Default)]
pub struct Wanted {
    pub places: BTreeSet<Place>,
    pub questions: BTreeSet<Question>,
}

impl Wanted {
    /// Whether it is nothing.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty() && self.questions.is_empty()
    }
}

/// What one query may ask for.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Matches of a search that says no number.
    pub count_default: usize,
    pub count_max: usize,
    pub resources_max: usize,
}

/// Resources and pages, by how they were asked for.
pub struct Store<'s> {
    /// What local references stand below.
    pub bases: Bases<'s>,
    pub limits: Limits,
    resources: BTreeMap<Place, Option<Document>>,
    found: BTreeMap<Question, Result<Found, Error>>,
    bytes: usize,
}

impl<'s> Store<'s> {
    /// Empty.
    pub fn new(bases: Bases<'s>, limits: Limits) -> Store<'s> {
        Store { bases, limits, resources: BTreeMap::new(), found: BTreeMap::new(), bytes: 0 }
    }

    /// Of all that was read.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// A resource: not read yet, not there, or there.
    pub fn resource(&self, place: &Place) -> Option<Option<&Document>> {
        self.resources.get(place).map(Option::as_ref)
    }

    /// What a search found; `None`: it was not made yet.
    pub fn found(&self, question: &Question) -> Option<Result<&Found, &Error>> {
        self.found.get(question).map(Result::as_ref)
    }

    /// Keeps a resource.
    pub fn keep(&mut self, place: Place, document: Document) {
        self.bytes += document.source().len();
        self.resources.insert(place, Some(document));
    }

    /// Reads what is wanted. A search that is refused is an answer, too.
    ///
    /// # Errors
    /// `TooCostly` over `limits.search_includes_max` resources and [`SEARCHES_MAX`]; those of reads, and of searches those that pass by themselves.
    pub async fn fetch(&mut self, session: Session<'_>, wanted: Wanted) -> Result<(), Error> {
        let max = self.limits.resources_max;
        if self.resources.len() + wanted.places.len() > max {
            return Err(costly(format!("resolves more than {max} references (limits.search_includes_max)")));
        }
        if self.found.len() + wanted.questions.len() > SEARCHES_MAX {
            return Err(costly(format!("makes more than {SEARCHES_MAX} searches")));
        }
        let places: Vec<Place> = wanted.places.into_iter().collect();
        self.resources.extend(places.iter().map(|place| (*place, None)));
        several::each(session, &places, |place, row| {
            let document = part::document(row.body)?;
            session.context().share.take(document.memory_bytes())?;
            self.keep(*place, document);
            Ok(())
        })
        .await?;
        let mut answers = stream::iter(wanted.questions)
            .map(|question| async move { (page(session, &question).await, question) })
            .buffered(AT_ONCE);
        while let Some((found, question)) = answers.next().await {
            if let Err(error) = &found
                && error.code.retryable()
            {
                return Err(error.clone());
            }
            self.found.insert(question, found);
        }
        Ok(())
    }
}

async fn page(session: Session<'_>, question: &Question) -> Result<Found, Error> {
    let pair = |name: &str, value: String| SearchParameter { name: name.to_owned(), value };
    let given = question.parameters.iter().map(|(name, value)| pair(name, value.clone()));
    let count = pair("_count", (question.offset + question.count).to_string());
    let total = question.total.then(|| pair("_total", "accurate".to_owned()));
    let request = SearchRequest {
        resource_type: question.resource_type.name().to_owned(),
        parameters: given.chain([count]).chain(total).collect(),
        cursor: question.cursor.clone(),
        strict: true,
        ..Default::default()
    };
    let SearchResponse { entries, total, next_cursor, previous_cursor, .. } =
        search(session, request).await?;
    let mut found = Found { entries: vec![], total, next: next_cursor, previous: previous_cursor };
    let mut passed = 0;
    for entry in entries {
        let is_match = entry.mode() == SearchMode::Match;
        if is_match && passed < question.offset {
            passed += 1;
            continue;
        }
        // The body was counted when it was read.
        let document = part::document(entry.body)?;
        session.context().share.take(document.memory_bytes())?;
        found.entries.push(Entry { document, is_match });
    }
    Ok(found)
}

fn costly(what: String) -> Error {
    Error::new(Code::TooCostly, format!("the query {what}: ask for less"))
}
