//! The bundles a server answers.

use bytes::Bytes;
use fhir::bundle::{HistoryEntry, Kind, Link, Method, ResponseEntry, SearchMode, Writer, write_response};
use serde_json::{Value, json};

fn value(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes)
        .unwrap_or_else(|error| panic!("{}: {error}", String::from_utf8_lossy(bytes)))
}

#[test]
fn a_response_has_an_entry_for_each_asked() {
    let entries = [
        ResponseEntry {
            status: "201 Created".into(),
            location: Some("Patient/1/_history/1".into()),
            etag: Some("W/\"1\"".into()),
            last_modified: Some("2026-11-21T01:35:32.123Z".into()),
            ..Default::default()
        },
        ResponseEntry {
            status: "200 OK".into(),
            resource: Some(Bytes::from_static(b"{ \"resourceType\":\"Basic\",\"x\":1.50}")),
            outcome: Some(Bytes::from_static(b"{\"resourceType\":\"OperationOutcome\"}")),
            ..Default::default()
        },
        ResponseEntry { status: "204 No Content".into(), ..Default::default() },
    ];
    let bytes = write_response(Kind::Transaction, &entries);
    assert!(String::from_utf8_lossy(&bytes).contains("{ \"resourceType\":\"Basic\",\"x\":1.50}"));
    assert_eq!(
        value(&bytes),
        json!({"resourceType":"Bundle","type":"transaction-response","entry":[
            {"response":{"status":"201 Created","location":"Patient/1/_history/1","etag":"W/\"1\"","lastModified":"2026-11-21T01:35:32.123Z"}},
            {"resource":{"resourceType":"Basic","x":1.5},"response":{"status":"200 OK","outcome":{"resourceType":"OperationOutcome"}}},
            {"response":{"status":"204 No Content"}}
        ]})
    );
    assert_eq!(
        value(&write_response(Kind::Batch, &[])),
        json!({"resourceType":"Bundle","type":"batch-response"})
    );
}

#[test]
fn a_searchset() {
    let links = [
        Link { relation: "self", url: "http://x/Basic?a=\"b\"" },
        Link { relation: "next", url: "http://x/n" },
    ];
    let mut writer = Writer::new("searchset", Some(2), &links, 0);
    writer.search_entry(Some("http://x/Basic/1"), b"{\"id\":\"1\"}", SearchMode::Match, None);
    writer.search_entry(None, b"{}", SearchMode::Outcome, None);
    assert_eq!(
        value(&writer.finish()),
        json!({"resourceType":"Bundle","type":"searchset","total":2,
            "link":[{"relation":"self","url":"http://x/Basic?a=\"b\""},{"relation":"next","url":"http://x/n"}],
            "entry":[{"fullUrl":"http://x/Basic/1","resource":{"id":"1"},"search":{"mode":"match"}},
                {"resource":{},"search":{"mode":"outcome"}}]})
    );
}

#[test]
fn a_history() {
    let mut writer = Writer::new("history", None, &[], 0);
    let deletion = HistoryEntry {
        full_url: "http://x/Basic/1",
        resource: None,
        method: Method::Delete,
        url: "Basic/1",
        status: "204",
        version: 2,
        last_modified_ms: 0,
    };
    writer.history_entry(&deletion);
    writer.history_entry(&HistoryEntry {
        resource: Some(b"{}"),
        method: Method::Put,
        version: 1,
        ..deletion
    });
    let written = value(&writer.finish());
    assert_eq!(
        written["entry"][0],
        json!({"fullUrl":"http://x/Basic/1","request":{"method":"DELETE","url":"Basic/1"},
            "response":{"status":"204","etag":"W/\"2\"","lastModified":"1970-01-01T00:00:00.000Z"}})
    );
    assert_eq!(written["entry"][1]["resource"], json!({}));
}

#[test]
fn a_document_and_a_page_of_likely_matches() {
    let mut writer = Writer::document("urn:uuid:\"1\"", 1_795_000_000_123, 0);
    writer.entry("http://x/Composition/1", b"{\"id\":\"1\"}");
    assert_eq!(
        value(&writer.finish()),
        json!({"resourceType":"Bundle","type":"document",
            "identifier":{"system":"urn:ietf:rfc:3986","value":"urn:uuid:\"1\""},"timestamp":"2026-11-18T11:06:40.123Z",
            "entry":[{"fullUrl":"http://x/Composition/1","resource":{"id":"1"}}]})
    );
    let mut writer = Writer::new("searchset", Some(1), &[], 0);
    writer.match_entry("http://x/Patient/1", b"{\"id\":\"1\"}", 0.982, "probable");
    let grade = "http://hl7.org/fhir/StructureDefinition/match-grade";
    assert_eq!(
        value(&writer.finish()),
        json!({"resourceType":"Bundle","type":"searchset","total":1,"entry":[{"fullUrl":"http://x/Patient/1","resource":{"id":"1"},
            "search":{"extension":[{"url":grade,"valueCode":"probable"}],"mode":"match","score":0.982}}]})
    );
}
