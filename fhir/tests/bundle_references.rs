//! References between the entries of a transaction.

use fhir::{
    bundle::{Bundle, Limits, Place, conditional_references, references},
    json::{self, Document},
};
use std::collections::HashMap;
use testkit::outside;

fn parse(text: impl Into<String>) -> Document {
    Document::parse(text.into(), &json::Limits::default()).unwrap()
}

/// The resource after a rewrite with what `known` says, as an entry with `full_url`.
fn rewritten(full_url: &str, resource: &str, known: &[(&str, &str)]) -> Option<String> {
    let document = parse(format!(
        r#"{{"resourceType":"Bundle","type":"transaction","entry":[{{"fullUrl":"{full_url}", "resource": {resource} , "request":{{"method":"POST","url":"Basic"}}}}]}}"#
    ));
    let known: HashMap<&str, &str> = known.iter().copied().collect();
    let bundle = Bundle::read(&document, &Limits::default()).unwrap();
    let entry = &bundle.entries[0];
    let bytes =
        bundle.rewrite(entry, entry.resource.unwrap(), &|text| known.get(text).map(|to| to.to_string()));
    bytes.map(|bytes| String::from_utf8(bytes).unwrap())
}

const KNOWN: &[(&str, &str)] = &[
    ("urn:uuid:1", "Patient/p1"),
    ("urn:oid:1.2", "Group/g1"),
    ("http://x/fhir/Patient/1", "Patient/p2"),
    ("Practitioner?identifier=a|b", "Practitioner/d1"),
];

#[test]
fn references_become_what_the_entries_turned_into() {
    let cases = [
        ("urn:uuid:1", "Patient/p1"),
        ("urn:uuid:1#x", "Patient/p1#x"),
        ("http://x/fhir/Patient/1", "Patient/p2"),
        ("http://x/fhir/Patient/1/_history/3", "Patient/p2/_history/3"),
        ("Patient/1", "Patient/p2"),
        ("Patient/1#c", "Patient/p2#c"),
        ("Practitioner?identifier=a|b", "Practitioner/d1"),
        ("\\u0075rn:uuid:1", "Patient/p1"),
    ];
    for (from, to) in cases {
        let resource = |reference: &str| {
            format!(r#"{{ "resourceType":"Basic","subject":{{"reference" :"{reference}" }}, "x":1.50 }}"#)
        };
        assert_eq!(rewritten("http://x/fhir/Basic/9", &resource(from), KNOWN), Some(resource(to)), "{from}");
    }
}

#[test]
fn what_names_no_entry_is_left_alone() {
    for text in [
        "urn:uuid:2",
        "urn:uuid:11",
        "#urn:uuid:1",
        "Patient/12",
        "Group/1",
        "Practitioner?identifier=a|c",
        "",
        "#",
        "#a",
        "/",
    ] {
        let resource = format!(r#"{{"resourceType":"Basic","subject":{{"reference":"{text}"}}}}"#);
        assert_eq!(rewritten("http://x/fhir/Basic/9", &resource, KNOWN), None, "{text}");
    }
    let relative = r#"{"resourceType":"Basic","subject":{"reference":"Patient/1"}}"#;
    for other_base in ["urn:uuid:7", "http://y/fhir/Basic/9", "Basic/9", "x"] {
        assert_eq!(rewritten(other_base, relative, KNOWN), None, "{other_base}");
    }
}

#[test]
fn uris_and_links_are_rewritten_and_business_identifiers_are_not() {
    let resource = r##"{"resourceType":"Basic","text":{"status":"generated","div":"<div title=\"urn:uuid:1\"><a href=\"urn:uuid:1\">urn:uuid:1<\/a><img src='urn:oid:1.2'/><a href=\"#a\"/></div>"},"identifier":[{"system":"urn:oid:1.2","value":"urn:uuid:1"}],"extension":[{"url":"urn:uuid:1","valueUri":"urn:uuid:1","x":"urn:uuid:1"},{"url":"a","valueString":"urn:uuid:1"},{"url":"b","valueUuid":"urn:uuid:1"}],"contained":[{"resourceType":"Basic","subject":{"reference":"urn:uuid:1"}}]}"##;
    let expected = r##"{"resourceType":"Basic","text":{"status":"generated","div":"<div title=\"urn:uuid:1\"><a href=\"Patient/p1\">urn:uuid:1<\/a><img src='Group/g1'/><a href=\"#a\"/></div>"},"identifier":[{"system":"Group/g1","value":"urn:uuid:1"}],"extension":[{"url":"Patient/p1","valueUri":"Patient/p1","x":"urn:uuid:1"},{"url":"a","valueString":"urn:uuid:1"},{"url":"b","valueUuid":"Patient/p1"}],"contained":[{"resourceType":"Basic","subject":{"reference":"Patient/p1"}}]}"##;
    assert_eq!(rewritten("urn:uuid:9", resource, KNOWN).as_deref(), Some(expected));
}

#[test]
fn references_tell_their_place() {
    let text = r#"{"resourceType":"Basic","author":{"reference":"Practitioner?identifier=a|b"},"extension":[{"url":"u","valueReference":{"reference":"Practitioner?identifier=a|b"}},{"url":"u","valueUri":"urn:uuid:5"}],"subject":{"reference":"Nonsense?x"},"text":{"div":"<a href='Patient?x'/>"}}"#;
    let document = parse(text);
    let found = references(document.root());
    assert_eq!(
        found.iter().map(|reference| reference.place).collect::<Vec<_>>(),
        [Place::Reference, Place::Reference, Place::Uri, Place::Reference, Place::Narrative]
    );
    for reference in &found {
        assert_eq!(&text[reference.span.clone()], reference.text);
    }
    assert_eq!(
        conditional_references(document.root()),
        ["Practitioner?identifier=a|b", "Practitioner?identifier=a|b"]
    );
}

#[test]
fn replacements_are_escaped() {
    let resource = r#"{"resourceType":"Basic","subject":{"reference":"urn:uuid:1"}}"#;
    let out = rewritten("urn:uuid:9", resource, &[("urn:uuid:1", "a\"b\\")]).unwrap();
    assert_eq!(
        parse(out).root().get("subject").unwrap().get("reference").unwrap().as_str().unwrap(),
        "a\"b\\"
    );
}

/// Every Synthea bundle reads, refers only to its own entries, and refers to none of them after the rewrite.
#[test]
fn synthea_bundles_are_self_contained() {
    let Some(folder) = outside::shared("data/synthea") else { return };
    let mut read = 0;
    for file in std::fs::read_dir(folder).unwrap().flatten().take(12) {
        read += 1;
        let document = parse(std::fs::read_to_string(file.path()).unwrap());
        let bundle = Bundle::read(&document, &Limits::default()).unwrap();
        bundle.refuse_dangling().unwrap();
        let known: HashMap<String, String> = bundle
            .entries
            .iter()
            .enumerate()
            .map(|(at, entry)| {
                (entry.full_url.as_deref().unwrap().to_owned(), format!("{}/n{at}", entry.url))
            })
            .collect();
        for entry in &bundle.entries {
            let resource = entry.resource.unwrap();
            let Some(bytes) = bundle.rewrite(entry, resource, &|text| known.get(text).cloned()) else {
                continue;
            };
            let document = parse(String::from_utf8(bytes).unwrap());
            assert!(
                references(document.root()).iter().all(|reference| !known.contains_key(&*reference.text))
            );
        }
    }
    assert_eq!(read, 12);
}
