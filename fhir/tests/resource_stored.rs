//! The bytes a resource is stored as.

use bytes::Bytes;
use fhir::{
    definitions::ResourceType,
    json::{Document, Limits},
    resource::{Envelope, Error, instant, last_updated_of, parse_instant, stored, unchanged, version_id_of},
};
use proptest::prelude::*;

const MS: u64 = 1_795_224_932_123; // 2026-11-21T01:35:32.123Z
const META: &str = r#""versionId":"7","lastUpdated":"2026-11-21T01:35:32.123Z""#;

fn parse(text: impl Into<String>) -> Document {
    Document::parse(text.into(), &Limits::default()).unwrap()
}

fn store(text: &str) -> String {
    String::from_utf8(stored(parse(text).root(), "new-1", 7, MS)).unwrap()
}

#[test]
fn id_and_meta_are_set_and_the_rest_is_kept() {
    let m = META;
    let cases = [
        (r#"{"resourceType":"Patient"}"#, format!(r#"{{"resourceType":"Patient","id":"new-1","meta":{{{m}}}}}"#)),
        (
            "{\n  \"resourceType\" : \"Patient\" ,\n  \"active\" :  true\n}\n",
            format!("{{\n  \"resourceType\" : \"Patient\",\"id\":\"new-1\",\"meta\":{{{m}}} ,\n  \"active\" :  true\n}}"),
        ),
        (
            r#"{"id":"old","resourceType":"Patient","x":1.50}"#,
            format!(r#"{{"id":"new-1","meta":{{{m}}},"resourceType":"Patient","x":1.50}}"#),
        ),
        (
            r#"{"resourceType":"Patient","id" : "new-1" ,"meta":{}}"#,
            format!(r#"{{"resourceType":"Patient","id" : "new-1" ,"meta":{{{m}}}}}"#),
        ),
        (
            r#"{"meta":{ "tag":[{"code":"a"}] },"id":"x","resourceType":"Patient"}"#,
            format!(r#"{{"meta":{{{m}, "tag":[{{"code":"a"}}] }},"id":"new-1","resourceType":"Patient"}}"#),
        ),
        (
            r#"{"resourceType":"Patient","meta":{"tag":[],"versionId":"12345","source":"s","lastUpdated":"x"},"id":"y"}"#,
            r#"{"resourceType":"Patient","meta":{"tag":[],"versionId":"7","source":"s","lastUpdated":"2026-11-21T01:35:32.123Z"},"id":"new-1"}"#.into(),
        ),
        (
            r#"{"resourceType":"Patient","meta":{"lastUpdated":"x","tag":[]}}"#,
            r#"{"resourceType":"Patient","id":"new-1","meta":{"versionId":"7","lastUpdated":"2026-11-21T01:35:32.123Z","tag":[]}}"#.into(),
        ),
        (
            r#"{"resourceType":"Patient","meta":{"versionId":"x"}}"#,
            r#"{"resourceType":"Patient","id":"new-1","meta":{"lastUpdated":"2026-11-21T01:35:32.123Z","versionId":"7"}}"#.into(),
        ),
        (
            r#"{"resourceType":"Patient","contained":[{"resourceType":"Group","id":"g","meta":{"versionId":"1"}}],"meta":null}"#,
            format!(r#"{{"resourceType":"Patient","id":"new-1","contained":[{{"resourceType":"Group","id":"g","meta":{{"versionId":"1"}}}}],"meta":{{{m}}}}}"#),
        ),
        (
            "\u{feff} {\"resourceType\":\"Patient\"} ",
            format!(r#"{{"resourceType":"Patient","id":"new-1","meta":{{{m}}}}}"#),
        ),
    ];
    for (input, output) in cases {
        assert_eq!(store(input), output, "{input}");
    }
}

#[test]
fn a_resource_inside_a_bundle_is_stored_alone() {
    let document =
        parse(r#"{"resourceType":"Bundle","entry":[{"resource": {"resourceType":"Basic", "id":"a"} }]}"#);
    let resource = document.root().get("entry").unwrap().items().next().unwrap().get("resource").unwrap();
    let bytes = stored(resource, "b", 7, MS);
    assert_eq!(
        String::from_utf8(bytes).unwrap(),
        format!(r#"{{"resourceType":"Basic", "id":"b","meta":{{{META}}}}}"#)
    );
}

#[test]
fn what_is_stored_says_who_it_is() {
    let document = parse(store(r#"{"resourceType":"Observation","meta":{"tag":[]}}"#));
    let envelope = Envelope::read(document.root()).unwrap();
    assert_eq!(envelope.resource_type, ResourceType::from_name("Observation").unwrap());
    assert_eq!(envelope.id.as_deref(), Some("new-1"));
    assert_eq!(version_id_of(document.root()), Some(7));
    assert_eq!(last_updated_of(document.root()), Some(MS));
}

#[test]
fn what_is_no_resource_is_refused() {
    let error = |text: &str| Envelope::read(parse(text).root()).unwrap_err();
    assert!(matches!(error("[]"), Error::NotAnObject { .. }));
    assert!(matches!(error("{}"), Error::MissingType { .. }));
    assert!(matches!(error(r#"{"resourceType":1}"#), Error::MissingType { .. }));
    assert!(
        matches!(error(r#"{"resourceType":"Patients"}"#), Error::UnknownType { name, .. } if name == "Patients")
    );
    assert!(matches!(error(r#"{"resourceType":"Resource"}"#), Error::UnknownType { .. }));
    for id in [r#""""#, r#""a b""#, r#""a/b""#, "5", "null", &format!("\"{}\"", "x".repeat(65))] {
        let wrong = error(&format!(r#"{{"resourceType":"Patient","id":{id}}}"#));
        assert!(matches!(wrong, Error::InvalidId { .. }), "{id}");
        assert_eq!(wrong.path(), "Patient.id");
    }
    assert_eq!(error(r#"{"resourceType":"Patient","meta":[]}"#).path(), "Patient.meta");
}

#[test]
fn an_update_that_says_the_same_is_unchanged() {
    let original = r#"{"resourceType":"Patient","meta":{"tag":[{"code":"a"}]},"multipleBirthInteger":1,"name":[{"family":"é"}]}"#;
    let old = Bytes::from(store(original));
    let same = |text: &str| unchanged(&old, parse(text).root(), "new-1");
    assert!(same(original));
    assert!(same(std::str::from_utf8(&old).unwrap()));
    assert!(same(&store(original).replace("\"7\"", "\"6\"")));
    assert!(same(
        r#"{ "id":"new-1", "name":[{"family":"\u00e9"}], "multipleBirthInteger":1, "meta":{"tag":[{"code":"a"}]}, "resourceType":"Patient" }"#
    ));
    assert!(!unchanged(&old, parse(original).root(), "other"));
    for (from, to) in [(":1", ":1.0"), ("é", "e"), (r#""code":"a""#, r#""code":"b""#), ("Patient", "Person")]
    {
        assert!(!same(&original.replace(from, to)), "{from} to {to}");
    }
    assert!(!same(r#"{"resourceType":"Patient","multipleBirthInteger":1,"name":[{"family":"é"}]}"#));
    assert!(!unchanged(&Bytes::from_static(b"{"), parse(original).root(), "new-1"));
}

#[test]
fn meta_of_the_server_alone_does_not_count() {
    let old = Bytes::from(store(r#"{"resourceType":"Basic"}"#));
    for text in [r#"{"resourceType":"Basic"}"#, r#"{"resourceType":"Basic","meta":{}}"#] {
        assert!(unchanged(&old, parse(text).root(), "new-1"), "{text}");
    }
    let tagged = r#"{"resourceType":"Basic","meta":{"tag":[{"code":"a"}]}}"#;
    assert!(!unchanged(&old, parse(tagged).root(), "new-1"));
}

#[test]
fn instants() {
    assert_eq!(instant(0), "1970-01-01T00:00:00.000Z");
    assert_eq!(instant(MS), "2026-11-21T01:35:32.123Z");
    assert_eq!(instant(951_782_400_000), "2000-02-29T00:00:00.000Z");
    assert_eq!(instant(u64::MAX), "9999-12-31T23:59:59.999Z");
    assert_eq!(parse_instant("2026-11-21T03:35:32.1239+02:00"), Some(MS));
    assert_eq!(parse_instant("1970-01-01T00:00:00Z"), Some(0));
    assert_eq!(parse_instant("1969-12-31T23:59:59-00:01"), Some(59_000));
    for bad in [
        "",
        "2026",
        "2026-11-21",
        "2026-11-21T01:35Z",
        "2026-11-21T01:35:32",
        "2026-11-21T01:35:32.Z",
        "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01 00:00:00Z",
        "2026-01-01T00:00:00+15:00",
        "2026-01-01T00:00:00+1:00",
        "2026-01-01T00:00:00ZZ",
        "1960-01-01T00:00:00Z",
        "２０２６-01-01T00:00:00Z",
        "2026-01-01T00:00:0é",
    ] {
        assert_eq!(parse_instant(bad), None, "{bad}");
    }
}

/// Members of a resource in any order, some of them missing.
fn any_resource() -> impl Strategy<Value = String> {
    let meta_member = prop::sample::select(vec![
        r#""versionId" : "99""#,
        r#""lastUpdated":"2001-01-01T00:00:00Z""#,
        r#" "tag":[{"code":"a"}]"#,
        r#""source":"urn:x""#,
        r#""_versionId":{"id":"i"}"#,
    ]);
    let meta = prop::collection::btree_set(meta_member, 0..5)
        .prop_shuffle_members()
        .prop_map(|members| format!("\"meta\": {{{} }}", members.join(" ,")));
    let others = vec![
        r#""active":true"#,
        r#""x":1.50"#,
        "\n\"name\":[ {\"id\":\"inner\"} ]\n",
        r#""contained":[{"id":"c","meta":{}}]"#,
    ];
    let id = prop::sample::select(vec!["", r#""id":"old""#, r#""id" : "new-1""#, r#""id":"n\u0065w-1""#]);
    (prop::option::of(meta), id, prop::sample::subsequence(others, 0..=4))
        .prop_flat_map(|(meta, id, others)| {
            let mut members = others.into_iter().map(str::to_owned).collect::<Vec<_>>();
            members.push(r#""resourceType":"Patient""#.to_owned());
            members.extend(meta);
            members.extend((!id.is_empty()).then(|| id.to_owned()));
            Just(members).prop_shuffle()
        })
        .prop_map(|members| format!("{{ {} }}", members.join(" , ")))
}

/// A set of texts in any order.
trait ShuffleMembers: Strategy<Value = std::collections::BTreeSet<&'static str>> + Sized {
    fn prop_shuffle_members(self) -> impl Strategy<Value = Vec<&'static str>> {
        self.prop_flat_map(|members| Just(members.into_iter().collect::<Vec<_>>()).prop_shuffle())
    }
}

impl<S: Strategy<Value = std::collections::BTreeSet<&'static str>>> ShuffleMembers for S {}

proptest! {
    #[test]
    fn only_identity_and_version_change(text in any_resource()) {
        let bytes = store(&text);
        let mut expected: serde_json::Value = serde_json::from_str(&text).unwrap();
        expected["id"] = "new-1".into();
        expected["meta"]["versionId"] = "7".into();
        expected["meta"]["lastUpdated"] = "2026-11-21T01:35:32.123Z".into();
        prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&bytes).unwrap(), expected);
        // Stored again the same way, nothing moves any more.
        prop_assert_eq!(store(&bytes), bytes.clone());
        prop_assert!(unchanged(&Bytes::from(bytes), parse(text).root(), "new-1"));
    }

    #[test]
    fn instants_agree_with_jiff(ms in 0u64..253_402_207_200_000) {
        let text = instant(ms);
        prop_assert_eq!(parse_instant(&text), Some(ms));
        let theirs: jiff::Timestamp = text.parse().unwrap();
        prop_assert_eq!(theirs.as_millisecond(), ms as i64);
    }

    #[test]
    fn parse_instant_never_panics(text in "\\PC{0,30}|[0-9TZ:.+-]{0,30}") {
        parse_instant(&text);
    }
}
