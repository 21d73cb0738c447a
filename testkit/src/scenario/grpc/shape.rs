//! Answers of gRPC in REST's shape: status, the headers that say something, body.

use super::{
    super::{Got, Sent, raw::Raw},
    target::CURSOR,
};
use bytes::Bytes;
use client::{Error, api};
use proto::Code;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// An error as REST shows it; `None` for one that no server made.
pub(super) fn error(error: &Error) -> Option<Got> {
    let detail = error.detail()?;
    let code = Code::from_name(&detail.code)?;
    let issues: Vec<Value> = detail.issues.iter().map(issue).collect();
    let body = json!({"resourceType": "OperationOutcome", "issue": issues});
    Some(Got { status: code.http(), headers: BTreeMap::new(), body, raw: Raw::default() })
}

fn issue(issue: &api::Issue) -> Value {
    let mut shown = json!({"severity": issue.severity, "code": issue.code, "diagnostics": issue.diagnostics});
    if !issue.expression.is_empty() {
        shown["expression"] = json!(issue.expression);
    }
    shown
}

fn value(body: &[u8]) -> Value {
    match body.is_empty() {
        true => Value::Null,
        // Shown as text, so that an expectation fails with what came.
        false => serde_json::from_slice(body).unwrap_or_else(|_| String::from_utf8_lossy(body).into()),
    }
}

pub(super) fn json(status: u16, body: Bytes) -> Got {
    Got { status, headers: BTreeMap::new(), body: value(&body), raw: Raw::whole(body) }
}

pub(super) fn written(answer: api::WriteResponse) -> Got {
    let status = match answer.outcome() {
        api::Outcome::Created => 201,
        api::Outcome::Deleted => 204,
        // A conditional delete that found nothing.
        api::Outcome::Unchanged if answer.id.is_empty() => 204,
        api::Outcome::Updated | api::Outcome::Unchanged | api::Outcome::Unspecified => 200,
    };
    let mut headers = versioned(&answer.version_id);
    let (kind, id, version) = (&answer.resource_type, &answer.id, &answer.version_id);
    headers.insert("location".into(), format!("{kind}/{id}/_history/{version}"));
    // REST's 204 has no body.
    let body = if status == 204 { Bytes::new() } else { answer.body };
    Got { headers, ..json(status, body) }
}

pub(super) fn read(answer: api::ReadResponse) -> Got {
    Got { headers: versioned(&answer.version_id), ..json(200, answer.body) }
}

pub(super) fn transaction(answer: api::TransactionResponse) -> Got {
    json(200, answer.bundle)
}

pub(super) fn searchset(answer: api::SearchResponse, sent: &Sent) -> Got {
    let found = answer.entries.iter().map(|entry| {
        let mode = match entry.mode() {
            api::SearchMode::Match => "match",
            api::SearchMode::Include => "include",
        };
        let mut search = json!({"mode": mode});
        if let Some(score) = entry.score {
            search["score"] = json!(score);
        }
        json!({"resource": value(&entry.body), "search": search})
    });
    let mut entries: Vec<Value> = vec![];
    if !answer.issues.is_empty() {
        let issues: Vec<Value> = answer.issues.iter().map(issue).collect();
        let outcome = json!({"resourceType": "OperationOutcome", "issue": issues});
        entries.push(json!({"resource": outcome, "search": {"mode": "outcome"}}));
    }
    entries.extend(found);
    // The outcome, where there is one, comes first.
    let nothing = Bytes::new();
    let outcome = (!answer.issues.is_empty()).then_some(&nothing);
    let raw = Raw::entries(outcome.into_iter().chain(answer.entries.iter().map(|entry| &entry.body)));
    let cursors = [("previous", &answer.previous_cursor), ("next", &answer.next_cursor)];
    Got { raw, ..bundle("searchset", entries, answer.total, &cursors, sent) }
}

pub(super) fn history(answer: api::HistoryResponse, sent: &Sent) -> Got {
    let entries = answer.entries.iter().map(|entry| {
        let place = format!("{}/{}", entry.resource_type, entry.id);
        let (method, url, status) = match entry.outcome() {
            api::Outcome::Created => ("POST", entry.resource_type.clone(), "201"),
            api::Outcome::Deleted => ("DELETE", place, "204"),
            _ => ("PUT", place, "200"),
        };
        let etag = format!("W/\"{}\"", entry.version_id);
        let mut shown = json!({
            "request": {"method": method, "url": url},
            "response": {"status": status, "etag": etag},
        });
        if !entry.body.is_empty() {
            shown["resource"] = value(&entry.body);
        }
        shown
    });
    let raw = Raw::entries(answer.entries.iter().map(|entry| &entry.body));
    Got { raw, ..bundle("history", entries.collect(), answer.total, &[("next", &answer.next_cursor)], sent) }
}

fn bundle(
    kind: &str,
    entries: Vec<Value>,
    total: Option<u64>,
    cursors: &[(&str, &String)],
    sent: &Sent,
) -> Got {
    let mut body = json!({"resourceType": "Bundle", "type": kind});
    if !entries.is_empty() {
        body["entry"] = entries.into();
    }
    if let Some(total) = total {
        body["total"] = total.into();
    }
    let link = |(relation, cursor): &(&str, &String)| {
        (!cursor.is_empty()).then(|| json!({"relation": relation, "url": page_url(&sent.path, cursor)}))
    };
    let links: Vec<Value> = cursors.iter().filter_map(link).collect();
    if !links.is_empty() {
        body["link"] = links.into();
    }
    Got { status: 200, headers: BTreeMap::new(), body, raw: Raw::default() }
}

/// The request's own path with the cursor in the place of the one it had.
fn page_url(path: &str, cursor: &str) -> String {
    let (place, query) = path.split_once('?').unwrap_or((path, ""));
    let kept = query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with(&format!("{CURSOR}=")));
    let mut pairs: Vec<String> = kept.map(str::to_owned).collect();
    let encoded: String = cursor.bytes().map(|byte| format!("%{byte:02X}")).collect();
    pairs.push(format!("{CURSOR}={encoded}"));
    format!("{place}?{}", pairs.join("&"))
}

fn versioned(version: &str) -> BTreeMap<String, String> {
    BTreeMap::from([("etag".to_owned(), format!("W/\"{version}\""))])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_page_keeps_the_parameters() {
        assert_eq!(page_url("Patient?a=1&_cursor=x", "+/"), "Patient?a=1&_cursor=%2B%2F");
        assert_eq!(page_url("Patient", "c"), "Patient?_cursor=%63");
    }

    #[test]
    fn errors_have_rests_status_and_issues() {
        let detail = proto::Error::new(Code::Gone, "it was deleted").to_detail();
        let got = error(&Error::Rejected { detail: Box::new(detail) }).unwrap();
        assert_eq!(got.status, 410);
        assert_eq!(got.body["issue"][0]["code"], "deleted");
        assert!(error(&Error::Protocol("x".into())).is_none());
    }
}
