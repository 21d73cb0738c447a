//! `$everything` of a patient: <https://hl7.org/fhir/R4/patient-operation-everything.html>
//!
//! A search of the patient's compartment, page by page where `_count` asks for that, with what its resources refer to and no patient owns:
//! practitioners, organizations, locations, medications. What belongs to another patient never comes along.

use super::{
    Invocation, Scope,
    definition::{Definition, Kind, Parameter, Types},
};
use crate::{
    draft,
    interaction::search,
    link::{self, Cursors, Links},
    pages,
};
use bytes::Bytes;
use fhir::{
    compartment::patient_params,
    definitions::{ParamKind, ResourceType, compartment_members, search_parameter},
    index::{Value, Values, query::date_range},
};
use futures::FutureExt;
use proto::{
    Code, Error,
    api::v1::{SearchEntry, SearchMode, SearchParameter, SearchRequest, SearchResponse},
};
use rustc_hash::FxHashSet;
use std::borrow::Cow;

pub(super) const DEFINITIONS: &[Definition] = &[DEFINITION];

const DEFINITION: Definition = Definition {
    name: "everything",
    url: "http://hl7.org/fhir/OperationDefinition/Patient-everything",
    system: false,
    types: Types::Only(&["Patient"]),
    on_type: false,
    on_instance: true,
    affects_state: false,
    parameters: &[
        Parameter::one("start", Kind::Text("valueDate")),
        Parameter::one("end", Kind::Text("valueDate")),
        Parameter::one("_since", Kind::Text("valueInstant")),
        Parameter::many("_type", Kind::CODE),
        Parameter::one("_count", Kind::Integer),
        Parameter::one("_cursor", Kind::STRING),
    ],
    unsupported: &[],
    bare: None,
    run: |invocation| run(invocation).boxed(),
};

/// The first of these that a type has tells when its care took place: the dates that `start` and `end` are about.
const CARE: [&str; 19] = [
    "date", "onset-date", "effective-time", "effective", "period", "started", "whenhandedover", "authoredon", "authored",
    "authored-on", "occurrence", "sent", "collected", "identified", "start-date", "datetime", "datewritten", "created",
    "recorded",
];
/// Of the pages of the search that an answer without `_count` is made of.
const PAGE: &str = "1000";
/// What is followed on from what was included: nothing of it leads to a patient.
const FOLLOWED: [&str; 4] = ["PractitionerRole", "Location", "Medication", "HealthcareService"];

async fn run(invocation: Invocation) -> Result<Bytes, Error> {
    let asked = Asked::read(&invocation)?;
    // As a read answers where there is no such patient.
    invocation.stored().await?;
    let session = invocation.caller.session();
    let mut answer = SearchResponse::default();
    let (mut included, mut seen) = (vec![], FxHashSet::default());
    let mut cursor = asked.cursor.clone();
    loop {
        let mut page = search(session, asked.request(cursor)).await?;
        for entry in page.entries.drain(..) {
            let is_match = entry.mode() == SearchMode::Match;
            if !asked.wants(&entry, &invocation)? {
                continue;
            }
            if is_match {
                answer.entries.push(entry);
            } else if seen.insert((entry.resource_type.clone(), entry.id.clone())) {
                included.push(entry);
            }
        }
        cursor = page.next_cursor;
        if cursor.is_empty() || asked.count.is_some() {
            break;
        }
    }
    let is_all = cursor.is_empty() && asked.cursor.is_empty();
    answer.total = is_all.then_some(answer.entries.len() as u64);
    // The patient first, where that is known to be on this page.
    answer.entries.sort_by_key(|entry| entry.resource_type != "Patient" || entry.id != asked.id);
    answer.entries.append(&mut included);
    let base = session.base();
    let path = link::path(base, &["Patient", &asked.id, "$everything"]);
    let used = asked.used.iter().map(|(name, value)| (*name, value.as_str()));
    let links = Links::new(&path, used, Cursors { own: &asked.cursor, next: &cursor, previous: "" })?;
    Ok(pages::searchset(base, &links, &answer))
}

/// What was asked for.
struct Asked {
    id: String,
    /// None: all.
    types: Vec<ResourceType>,
    /// Milliseconds; care at that time is wanted.
    care: Option<(i64, i64)>,
    since: Option<String>,
    count: Option<String>,
    cursor: String,
    /// For links.
    used: Vec<(&'static str, String)>,
}

impl Asked {
    fn read(invocation: &Invocation) -> Result<Asked, Error> {
        let Scope::Instance { id, version_id, .. } = &invocation.scope else {
            return Err(Error::new(Code::BadRequest, "$everything is asked of one patient"));
        };
        if !version_id.is_empty() {
            return Err(Error::new(Code::BadRequest, "$everything is of the patient as it is now, not of a version"));
        }
        let input = &invocation.input;
        let mut used = vec![];
        let mut text = |name: &'static str| {
            let text = input.text(name).map(Cow::into_owned);
            used.extend(text.iter().map(|text| (name, text.clone())));
            text
        };
        let (start, end) = (text("start"), text("end"));
        let care = match (&start, &end) {
            (None, None) => None,
            _ => {
                let start = start.map_or(Ok(i64::MIN), |text| range("start", &text).map(|(low, _)| low))?;
                let end = end.map_or(Ok(i64::MAX), |text| range("end", &text).map(|(_, high)| high))?;
                Some((start, end))
            }
        };
        let (since, count) = (text("_since"), text("_count"));
        let mut types = vec![];
        for list in input.texts("_type") {
            used.push(("_type", list.clone().into_owned()));
            for name in list.split(',') {
                types.push(draft::known_type(name)?);
            }
        }
        let cursor = input.text("_cursor").map(Cow::into_owned).unwrap_or_default();
        Ok(Asked { id: id.clone(), types, care, since, count, cursor, used })
    }

    /// The search for a page.
    fn request(&self, cursor: String) -> SearchRequest {
        let pair = |name: &str, value: String| SearchParameter { name: name.to_owned(), value };
        let mut parameters = vec![pair("_include", "*".to_owned())];
        parameters.extend(FOLLOWED.map(|name| pair("_include:iterate", format!("{name}:*"))));
        parameters.push(pair("_count", self.count.clone().unwrap_or_else(|| PAGE.to_owned())));
        parameters.extend(self.since.iter().map(|since| pair("_lastUpdated", format!("ge{since}"))));
        let members: Vec<_> = compartment_members("Patient").collect();
        // Other types are referred to by any of them.
        if !self.types.is_empty() && self.types.iter().all(|t| members.contains(t)) {
            let names: Vec<_> = self.types.iter().map(|t| t.name()).collect();
            parameters.push(pair("_type", names.join(",")));
        }
        SearchRequest {
            parameters,
            cursor,
            strict: true,
            compartment_type: "Patient".to_owned(),
            compartment_id: self.id.clone(),
            ..Default::default()
        }
    }

    fn wants(&self, entry: &SearchEntry, invocation: &Invocation) -> Result<bool, Error> {
        let resource_type = draft::known_type(&entry.resource_type)?;
        if !self.types.is_empty() && !self.types.contains(&resource_type) {
            return Ok(false);
        }
        if entry.mode() == SearchMode::Include {
            return Ok(resource_type != ResourceType::PATIENT && patient_params(resource_type).is_empty());
        }
        let Some((start, end)) = self.care else { return Ok(true) };
        let parameter = CARE.iter().find_map(|code| search_parameter(resource_type, code));
        let Some(parameter) = parameter.filter(|parameter| parameter.kind == ParamKind::Date) else {
            return Ok(true);
        };
        let session = invocation.caller.session();
        let document = draft::document(entry.body.clone(), &session.options().json)?;
        let values = session.index_values(document.root())?;
        let mut dates = Values::trusted(&values).of(parameter.id).filter_map(|value| match value {
            Value::Date { low_ms, high_ms } => Some(low_ms < end && high_ms > start),
            _ => None,
        });
        // Of what has no date nobody knows that it was at another time.
        Ok(dates.next().is_none_or(|first| first || dates.any(|is_within| is_within)))
    }
}

fn range(name: &str, text: &str) -> Result<(i64, i64), Error> {
    date_range(text).map_err(|error| {
        Error::new(Code::BadParameter, format!("'{text}' is no date for {name}: {error}")).as_issue("value")
    })
}
