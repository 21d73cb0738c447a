//! What a bundle asks for, and what is refused.

use fhir::{
    bundle::{Bundle, Error, Kind, Limits, Method},
    json::{self, Document},
};

fn parse(text: impl Into<String>) -> Document {
    Document::parse(text.into(), &json::Limits::default()).unwrap()
}

fn bundle(kind: &str, entries: &[&str]) -> Document {
    parse(format!(r#"{{"resourceType":"Bundle","type":"{kind}","entry":[{}]}}"#, entries.join(",")))
}

fn error(document: &Document) -> Error {
    Bundle::read(document, &Limits::default()).expect_err("must be refused")
}

const DELETE: &str = r#"{"request":{"method":"DELETE","url":"Patient/a"}}"#;

#[test]
fn reads_every_field() {
    let document = bundle(
        "transaction",
        &[
            r#"{"fullUrl":"urn:uuid:1","resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient","ifNoneExist":"identifier=a|b"}}"#,
            r#"{"resource":{"resourceType":"Patient","id":"x"},"request":{"url":"Patient/x","method":"PUT","ifMatch":"W/\"2\"","ifNoneMatch":"*","ifModifiedSince":"2026-01-01T00:00:00Z"}}"#,
        ],
    );
    let bundle = Bundle::read(&document, &Limits::default()).unwrap();
    assert_eq!(bundle.kind, Kind::Transaction);
    let [create, update] = &bundle.entries[..] else { panic!("two entries") };
    assert_eq!((create.method, &*create.url), (Method::Post, "Patient"));
    assert_eq!(create.full_url.as_deref(), Some("urn:uuid:1"));
    assert_eq!(create.if_none_exist.as_deref(), Some("identifier=a|b"));
    assert_eq!(create.resource.unwrap().raw(), br#"{"resourceType":"Patient"}"#);
    assert_eq!((update.method, &*update.url), (Method::Put, "Patient/x"));
    assert_eq!(update.if_match.as_deref(), Some("W/\"2\""));
    assert_eq!(update.if_none_match.as_deref(), Some("*"));
    assert_eq!(update.if_modified_since.as_deref(), Some("2026-01-01T00:00:00Z"));
}

#[test]
fn a_bundle_may_be_empty() {
    for text in [
        r#"{"resourceType":"Bundle","type":"batch"}"#,
        r#"{"resourceType":"Bundle","type":"batch","entry":[]}"#,
    ] {
        let document = parse(text);
        let bundle = Bundle::read(&document, &Limits::default()).unwrap();
        assert_eq!((bundle.kind, bundle.entries.len()), (Kind::Batch, 0));
    }
}

#[test]
fn the_order_is_that_of_the_transaction_rules() {
    let asks =
        |method: &str, id: usize| format!(r#"{{"request":{{"method":"{method}","url":"Patient/{id}"}}}}"#);
    let methods = ["GET", "PUT", "POST", "DELETE", "HEAD", "PATCH", "DELETE", "POST", "PUT"];
    let entries = methods.iter().enumerate().map(|(id, method)| asks(method, id)).collect::<Vec<_>>();
    let document = bundle("transaction", &entries.iter().map(String::as_str).collect::<Vec<_>>());
    let bundle = Bundle::read(&document, &Limits::default()).unwrap();
    assert_eq!(bundle.processing_order().collect::<Vec<_>>(), [3, 6, 2, 7, 1, 5, 8, 0, 4]);
}

#[test]
fn errors_name_the_element() {
    let cases = [
        (parse("[]"), "$"),
        (parse(r#"{"resourceType":"Patient","type":"batch"}"#), "Patient"),
        (parse(r#"{"resourceType":"Bundle"}"#), "Bundle.type"),
        (bundle("searchset", &[]), "Bundle.type"),
        (parse(r#"{"resourceType":"Bundle","type":"batch","entry":{}}"#), "Bundle.entry"),
        (bundle("batch", &["1"]), "Bundle.entry[0]"),
        (bundle("batch", &[DELETE, DELETE, DELETE, "{}"]), "Bundle.entry[3].request"),
        (bundle("batch", &[r#"{"request":[]}"#]), "Bundle.entry[0].request"),
        (bundle("batch", &[r#"{"request":{"url":"Patient"}}"#]), "Bundle.entry[0].request"),
        (bundle("batch", &[r#"{"request":{"method":"GET"}}"#]), "Bundle.entry[0].request"),
        (bundle("batch", &[r#"{"request":{"method":"get","url":"x"}}"#]), "Bundle.entry[0].request.method"),
        (bundle("batch", &[r#"{"request":{"method":"GET","url":7}}"#]), "Bundle.entry[0].request.url"),
        (
            bundle("batch", &[r#"{"resource":7,"request":{"method":"GET","url":"x"}}"#]),
            "Bundle.entry[0].resource",
        ),
    ];
    for (document, path) in cases {
        let error = error(&document);
        assert_eq!(error.path(), path, "{error}");
        assert!(error.to_string().starts_with(path), "{error}");
    }
}

#[test]
fn the_number_of_entries_is_limited() {
    let document = bundle("batch", &[DELETE, DELETE]);
    assert!(Bundle::read(&document, &Limits { entries_max: 2 }).is_ok());
    let error = Bundle::read(&document, &Limits { entries_max: 1 }).unwrap_err();
    assert_eq!(error, Error::TooManyEntries { entries: 2, max: 1 });
}

#[test]
fn a_transaction_may_not_name_the_same_thing_twice() {
    let put =
        r#"{"resource":{"resourceType":"Patient","id":"a"},"request":{"method":"PUT","url":"/Patient/a"}}"#;
    let document = bundle("transaction", &[put, r#"{"request":{"method":"GET","url":"Patient/a"}}"#, DELETE]);
    assert_eq!(error(&document), Error::SameResource { identity: "Patient/a".into(), first: 0, second: 2 });
    let create = r#"{"fullUrl":"urn:uuid:1","resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}}"#;
    let document = bundle("transaction", &[DELETE, create, create]);
    let repeated = error(&document);
    assert_eq!(repeated, Error::SameFullUrl { full_url: "urn:uuid:1".into(), first: 1, second: 2 });
    assert_eq!(repeated.path(), "Bundle.entry[2].fullUrl");
    assert!(Bundle::read(&bundle("batch", &[put, DELETE, create, create]), &Limits::default()).is_ok());
}

#[test]
fn a_reference_to_no_entry_is_dangling() {
    let refers = |to: &str| {
        format!(
            r#"{{"fullUrl":"urn:uuid:1","resource":{{"resourceType":"Basic","identifier":[{{"system":"urn:oid:9"}}],"subject":{{"reference" : "{to}"}}}},"request":{{"method":"POST","url":"Basic"}}}}"#
        )
    };
    for good in ["urn:uuid:1", "urn:uuid:1#x", "Patient/7", "http://x/Patient/7"] {
        let document = bundle("transaction", &[&refers(good)]);
        Bundle::read(&document, &Limits::default()).unwrap().refuse_dangling().unwrap();
    }
    let document = bundle("transaction", &[DELETE, &refers("urn:uuid:2")]);
    let error = Bundle::read(&document, &Limits::default()).unwrap().refuse_dangling().unwrap_err();
    assert_eq!(error.path(), "Bundle.entry[1].resource");
    assert!(error.to_string().contains("'urn:uuid:2'"), "{error}");
}
