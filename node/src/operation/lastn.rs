//! `$lastn`: <https://hl7.org/fhir/R4/observation-operation-lastn.html>. The newest observations of each code: a search of one patient's, newest first,
//! of which those that are not among the first of their code are left out.

use super::{
    Invocation,
    definition::{Definition, Kind, Parameter, Types},
};
use crate::{
    interaction::search,
    link::{self, Cursors, Links},
    pages,
};
use bytes::Bytes;
use futures::FutureExt;
use proto::{
    Code, Error,
    api::v1::{SearchParameter, SearchRequest, SearchResponse},
};
use rustc_hash::FxHashMap;
use serde_json::Value;
use std::borrow::Cow;

pub(super) const DEFINITIONS: &[Definition] = &[DEFINITION];

const DEFINITION: Definition = Definition {
    name: "lastn",
    url: "http://hl7.org/fhir/OperationDefinition/Observation-lastn",
    system: false,
    types: Types::Only(&["Observation"]),
    on_type: true,
    on_instance: false,
    affects_state: false,
    parameters: &[
        Parameter::one("max", Kind::Integer),
        Parameter::one("patient", Kind::STRING),
        Parameter::one("subject", Kind::STRING),
        Parameter::many("category", Kind::STRING),
        Parameter::many("code", Kind::STRING),
        Parameter::many("date", Kind::STRING),
        Parameter::many("status", Kind::STRING),
    ],
    unsupported: &[],
    bare: None,
    run: |invocation| lastn(invocation).boxed(),
};

const SEARCHED: [&str; 6] = ["patient", "subject", "category", "code", "date", "status"];
const PAGE: &str = "1000";

async fn lastn(invocation: Invocation) -> Result<Bytes, Error> {
    let input = &invocation.input;
    let max = input.text("max").unwrap_or(Cow::Borrowed("1"));
    let number = max.parse::<usize>().ok().filter(|max| *max > 0).ok_or_else(|| {
        Error::new(Code::BadParameter, format!("max is '{max}'; it takes a number from 1")).as_issue("value")
    })?;
    let mut used: Vec<(&str, String)> = vec![("max", max.into_owned())];
    for name in SEARCHED {
        used.extend(input.texts(name).map(|text| (name, text.into_owned())));
    }
    if !used.iter().any(|(name, _)| matches!(*name, "patient" | "subject")) {
        let text = "name whose observations are meant, by 'patient' or 'subject'";
        return Err(Error::new(Code::BadParameter, text).as_issue("required"));
    }
    let session = invocation.caller.session();
    let (mut answer, mut groups, mut cursor) = (SearchResponse::default(), Groups::default(), String::new());
    loop {
        let page = search(session, request(&used[1..], cursor)).await?;
        for entry in page.entries {
            let body: Value = serde_json::from_slice(&entry.body)
                .map_err(|error| Error::new(Code::Internal, error.to_string()))?;
            if groups.count(&body["code"]) <= number {
                answer.entries.push(entry);
            }
        }
        cursor = page.next_cursor;
        if cursor.is_empty() {
            break;
        }
    }
    answer.total = Some(answer.entries.len() as u64);
    let path = link::path(session.base(), &["Observation", "$lastn"]);
    let links = Links::new(&path, used.iter().map(|(name, text)| (*name, text.as_str())), Cursors::default())?;
    Ok(pages::searchset(session.base(), &links, &answer))
}

fn request(used: &[(&str, String)], cursor: String) -> SearchRequest {
    let given = used.iter().map(|(name, text)| (*name, text.as_str()));
    let parameters = given.chain([("_sort", "-date"), ("_count", PAGE)]);
    let pair = |(name, value): (&str, &str)| SearchParameter { name: name.to_owned(), value: value.to_owned() };
    SearchRequest {
        resource_type: "Observation".to_owned(),
        parameters: parameters.map(pair).collect(),
        cursor,
        strict: true,
        ..Default::default()
    }
}

/// Observations that have a coding in common are of one code; one without codings is of its text.
#[derive(Default)]
struct Groups {
    /// The group of a coding or text.
    of: FxHashMap<String, usize>,
    counts: Vec<usize>,
}

impl Groups {
    /// How many of its code there are, with this one.
    fn count(&mut self, code: &Value) -> usize {
        let codings = code["coding"].as_array().into_iter().flatten();
        let mut names: Vec<String> = codings
            .filter_map(|coding| {
                Some(format!("{}|{}", coding["system"].as_str().unwrap_or_default(), coding["code"].as_str()?))
            })
            .collect();
        if names.is_empty() {
            names.push(code["text"].as_str().unwrap_or_default().to_owned());
        }
        let known = names.iter().find_map(|name| self.of.get(name).copied());
        let group = known.unwrap_or_else(|| {
            self.counts.push(0);
            self.counts.len() - 1
        });
        for name in names {
            self.of.entry(name).or_insert(group);
        }
        self.counts[group] += 1;
        self.counts[group]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn codes_are_one_where_they_share_a_coding() {
        let mut groups = Groups::default();
        let both = json!({ "coding": [{ "system": "a", "code": "1" }, { "system": "b", "code": "2" }] });
        assert_eq!(groups.count(&both), 1);
        assert_eq!(groups.count(&json!({ "coding": [{ "system": "b", "code": "2" }], "text": "x" })), 2);
        assert_eq!(groups.count(&json!({ "coding": [{ "code": "2" }] })), 1);
        assert_eq!(groups.count(&json!({ "text": "x" })), 1);
        assert_eq!(groups.count(&json!({ "text": "x" })), 2);
    }
}
