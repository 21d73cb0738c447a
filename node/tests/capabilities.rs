//! What the CapabilityStatement lists answers on a real node, over both wires; what it does not list is refused.

use client::api;
use fhir::definitions::{ResourceType, search_parameters};
use futures::{StreamExt, stream};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use testkit::{
    node::NodeProcess,
    probe::{Answer, Probe},
};

/// Requests under way at a time.
const AT_ONCE: usize = 16;

const STRICT: &[(&str, &str)] = &[("prefer", "handling=strict")];

struct Fixture {
    node: NodeProcess,
    probe: Probe,
    statement: Value,
}

impl Fixture {
    /// Validation is off, so that a bare resource of each type can be written.
    async fn start() -> Fixture {
        let node = NodeProcess::new(env!("CARGO_BIN_EXE_salamander")).unwrap();
        let node = node.set("validation.level", "off").begin().unwrap();
        let probe = Probe::new(&node.rest, &node.grpc).unwrap();
        let statement = probe.get("metadata").await.unwrap();
        assert_eq!(statement.status, 200);
        assert_eq!(probe.grpc.capabilities().await.unwrap().body, statement.text, "the wires differ");
        Fixture { node, probe, statement: statement.body }
    }

    fn rest(&self) -> &Value {
        &self.statement["rest"][0]
    }

    fn resources(&self) -> &[Value] {
        list(&self.rest()["resource"])
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The texts of that member of each.
fn each<'v>(values: &'v Value, member: &str) -> Vec<&'v str> {
    list(values).iter().map(|value| value[member].as_str().unwrap()).collect()
}

/// Runs one check for each item, some at a time.
async fn for_each<T, F: Future<Output = ()>>(items: impl IntoIterator<Item = T>, check: impl Fn(T) -> F) {
    stream::iter(items.into_iter().map(check)).buffer_unordered(AT_ONCE).collect::<()>().await;
}

fn bare(resource_type: &str, id: &str, language: &str) -> String {
    json!({"resourceType": resource_type, "id": id, "language": language}).to_string()
}

/// A value that a parameter of that type takes, and that nothing here has.
fn absent(kind: &str) -> &'static str {
    match kind {
        "number" | "quantity" => "77",
        "date" => "1066",
        "uri" => "urn:absent",
        // R4 has one: a place.
        "special" => "77|77|1|m",
        "string" | "token" | "reference" => "absent",
        other => panic!("a parameter of type {other} is listed"),
    }
}

/// The same of a parameter, which may have components.
fn absent_of(name: &str, code: &str, kind: &str) -> String {
    if kind != "composite" {
        return absent(kind).to_owned();
    }
    let of_type = ResourceType::from_name(name).unwrap();
    let parameter = search_parameters(of_type).find(|parameter| parameter.code == code).unwrap();
    let each: Vec<&str> =
        parameter.components.iter().map(|component| absent(component.kind.code())).collect();
    each.join("$")
}

#[tokio::test(flavor = "multi_thread")]
async fn search_parameters_are_those_listed() {
    let fixture = Fixture::start().await;
    let probe = &fixture.probe;
    assert_eq!(fixture.resources().len(), ResourceType::all().len());
    for_each(fixture.resources(), async |resource| {
        let name = resource["type"].as_str().unwrap();
        assert_eq!(probe.put(&format!("{name}/there"), bare(name, "there", "en")).await.unwrap().status, 201);
    })
    .await;
    let mut listed = BTreeMap::new();
    for resource in fixture.resources() {
        let name = resource["type"].as_str().unwrap();
        let kinds: BTreeMap<&str, &str> = list(&resource["searchParam"])
            .iter()
            .map(|parameter| (parameter["name"].as_str().unwrap(), parameter["type"].as_str().unwrap()))
            .collect();
        for common in ["_id", "_lastUpdated", "_profile", "_security", "_source", "_tag"] {
            assert!(kinds.contains_key(common), "{name} has no {common}");
        }
        listed.insert(name, kinds);
    }
    assert!(listed["Patient"].len() > 20 && listed["Observation"].len() > 25, "{listed:?}");
    let pairs =
        listed.iter().flat_map(|(name, kinds)| kinds.iter().map(move |(code, kind)| (name, code, kind)));
    for_each(pairs, async |(name, code, kind)| answers_nothing(probe, name, code, kind).await).await;
    let unlisted = unlisted(&listed);
    assert!(unlisted.len() > 1000, "{}", unlisted.len());
    for_each(unlisted, async |(name, code)| is_refused(probe, &name, &code).await).await;
}

/// A search by it is no error, and is a search: nothing has the value, so nothing comes.
async fn answers_nothing(probe: &Probe, name: &str, code: &str, kind: &str) {
    let path = format!("{name}?{code}={}", absent_of(name, code, kind));
    let answer = probe.call("GET", &path, STRICT, "").await.unwrap();
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    assert_eq!(list(&answer.body["entry"]).len(), 0, "{path}: {}", answer.text);
    let self_link = answer.body["link"][0]["url"].as_str().unwrap();
    assert!(self_link.contains(&format!("{code}=")), "{path}: {self_link}");
}

#[tokio::test(flavor = "multi_thread")]
async fn includes_are_those_listed() {
    let fixture = Fixture::start().await;
    let probe = &fixture.probe;
    for_each(fixture.resources(), async |resource| {
        let name = resource["type"].as_str().unwrap();
        assert_eq!(probe.put(&format!("{name}/there"), bare(name, "there", "en")).await.unwrap().status, 201);
    })
    .await;
    let (mut forth, mut back) = (0, 0);
    for resource in fixture.resources() {
        forth += list(&resource["searchInclude"]).len();
        back += list(&resource["searchRevInclude"]).len();
    }
    assert!(forth > 700 && back > 10_000, "{forth}, {back}");
    for_each(fixture.resources(), async |resource| {
        let name = resource["type"].as_str().unwrap();
        for (parameter, member) in [("_include", "searchInclude"), ("_revinclude", "searchRevInclude")] {
            let all: Vec<String> = list(&resource[member])
                .iter()
                .map(|one| format!("{parameter}={}", one.as_str().unwrap()))
                .collect();
            for some in all.chunks(60) {
                let path = format!("{name}?_id=there&{}", some.join("&"));
                let answer = probe.call("GET", &path, STRICT, "").await.unwrap();
                assert_eq!(answer.status, 200, "{path}: {}", answer.text);
                assert_eq!(list(&answer.body["entry"]).len(), 1, "{path}: {}", answer.text);
            }
        }
        let references: BTreeSet<String> =
            list(&resource["searchInclude"]).iter().map(|one| one.as_str().unwrap().to_owned()).collect();
        for parameter in search_parameters(ResourceType::from_name(name).unwrap()) {
            let one = format!("{name}:{}", parameter.code);
            if !references.contains(&one) {
                let path = format!("{name}?_include={one}");
                let answer = probe.call("GET", &path, &[], "").await.unwrap();
                assert_eq!(answer.status, 400, "{path} is not listed: {}", answer.text);
            }
        }
    })
    .await;
}

/// What FHIR defines for the type and is not listed, and what the next type has and this one has not.
fn unlisted(listed: &BTreeMap<&str, BTreeMap<&str, &str>>) -> BTreeSet<(String, String)> {
    let names: Vec<&str> = listed.keys().copied().collect();
    let mut all = BTreeSet::new();
    for (number, name) in names.iter().enumerate() {
        let resource_type = ResourceType::from_name(name).unwrap();
        let defined = search_parameters(resource_type).map(|parameter| &*parameter.code);
        let of_next = listed[names[(number + 1) % names.len()]].keys().copied();
        let later = ["_text", "_content", "_has", "_query", "no-such-parameter"];
        let codes = defined.chain(of_next).chain(later).filter(|code| !listed[name].contains_key(code));
        all.extend(codes.map(|code| ((*name).to_owned(), code.to_owned())));
    }
    all
}

async fn is_refused(probe: &Probe, name: &str, code: &str) {
    for value in ["absent", "77"] {
        let path = format!("{name}?{code}={value}");
        let answer = probe.call("GET", &path, STRICT, "").await.unwrap();
        assert_eq!(answer.status, 400, "{path} is not listed: {}", answer.text);
        assert!(answer.diagnostics().contains(code), "{path}: {}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn interactions_are_those_listed() {
    let fixture = Fixture::start().await;
    let probe = &fixture.probe;
    let system: BTreeSet<&str> = each(&fixture.rest()["interaction"], "code").into_iter().collect();
    assert_eq!(system, BTreeSet::from(["batch", "history-system", "search-system", "transaction"]));
    for kind in ["batch", "transaction"] {
        let bundle = json!({"resourceType": "Bundle", "type": kind}).to_string();
        let answer = probe.call("POST", "", &[], bundle).await.unwrap();
        assert_eq!(answer.body["type"], format!("{kind}-response"), "{}", answer.text);
    }
    assert_eq!(probe.get("_history").await.unwrap().body["type"], "history");
    assert_eq!(probe.get("?_count=1").await.unwrap().body["type"], "searchset");
    let expected = BTreeSet::from([
        "create",
        "read",
        "vread",
        "update",
        "patch",
        "delete",
        "history-instance",
        "history-type",
        "search-type",
    ]);
    for resource in fixture.resources() {
        let listed: BTreeSet<&str> = each(&resource["interaction"], "code").into_iter().collect();
        assert_eq!(listed, expected, "{}", resource["type"]);
    }
    for_each(fixture.resources(), async |resource| interact(probe, resource).await).await;
}

/// Each interaction of a type, and what its entry says beside them.
async fn interact(probe: &Probe, resource: &Value) {
    let name = resource["type"].as_str().unwrap();
    let status =
        |answer: Answer, expected: u16| assert_eq!(answer.status, expected, "{name}: {}", answer.text);
    let place = format!("{name}/one");
    status(probe.call("POST", name, &[], bare(name, "other", "en")).await.unwrap(), 201);
    assert_eq!(resource["updateCreate"], true);
    status(probe.put(&place, bare(name, "one", "en")).await.unwrap(), 201);
    status(probe.put(&place, bare(name, "one", "de")).await.unwrap(), 200);
    assert_eq!(resource["versioning"], "versioned-update");
    let stale = [("if-match", "W/\"1\"")];
    status(probe.call("PUT", &place, &stale, bare(name, "one", "fr")).await.unwrap(), 412);
    status(probe.get(&place).await.unwrap(), 200);
    assert_eq!(resource["readHistory"], true);
    let first = probe.get(&format!("{place}/_history/1")).await.unwrap();
    assert_eq!(first.body["language"], "en", "{}", first.text);
    let merge = [("content-type", "application/merge-patch+json")];
    status(probe.call("PATCH", &place, &merge, r#"{"language":"it"}"#).await.unwrap(), 200);
    let history = probe.get(&format!("{place}/_history")).await.unwrap();
    assert_eq!(list(&history.body["entry"]).len(), 3, "{}", history.text);
    let of_type = probe.get(&format!("{name}/_history")).await.unwrap();
    assert_eq!(list(&of_type.body["entry"]).len(), 4, "{}", of_type.text);
    let found = probe.get(&format!("{name}?_total=accurate")).await.unwrap();
    assert_eq!(found.body["total"], 2, "{}", found.text);
    conditions(probe, resource, &place).await;
    status(probe.call("DELETE", &place, &[], "").await.unwrap(), 204);
    status(probe.get(&place).await.unwrap(), 410);
}

/// What the entry says of conditional interactions.
async fn conditions(probe: &Probe, resource: &Value, place: &str) {
    let name = resource["type"].as_str().unwrap();
    let status =
        |answer: Answer, expected: u16| assert_eq!(answer.status, expected, "{name}: {}", answer.text);
    assert_eq!(resource["conditionalCreate"], true);
    let exists = [("if-none-exist", "_id=one")];
    status(probe.call("POST", name, &exists, bare(name, "x", "en")).await.unwrap(), 200);
    assert_eq!(resource["conditionalRead"], "full-support");
    status(probe.call("GET", place, &[("if-none-match", "W/\"3\"")], "").await.unwrap(), 304);
    status(probe.call("GET", place, &[("if-none-match", "W/\"2\"")], "").await.unwrap(), 200);
    let later = [("if-modified-since", "Fri, 01 Jan 2100 00:00:00 GMT")];
    status(probe.call("GET", place, &later, "").await.unwrap(), 304);
    assert_eq!(resource["conditionalUpdate"], true);
    let by_criteria = format!("{name}?_id=one");
    let updated = probe.call("PUT", &by_criteria, &[], bare(name, "one", "pt")).await.unwrap();
    assert_eq!((updated.status, &updated.body["language"]), (200, &"pt".into()), "{}", updated.text);
    assert_eq!(resource["conditionalDelete"], "single");
    status(probe.call("DELETE", &format!("{name}?_lastUpdated=gt2000"), &[], "").await.unwrap(), 412);
    status(probe.get(place).await.unwrap(), 200);
    status(probe.call("DELETE", &by_criteria, &[], "").await.unwrap(), 204);
    status(probe.get(place).await.unwrap(), 410);
}

#[tokio::test(flavor = "multi_thread")]
async fn operations_are_those_listed() {
    let fixture = Fixture::start().await;
    let probe = &fixture.probe;
    let of_system: BTreeSet<&str> = each(&fixture.rest()["operation"], "name").into_iter().collect();
    let mut all: BTreeSet<&str> = of_system.clone();
    for resource in fixture.resources() {
        all.extend(each(&resource["operation"], "name"));
    }
    let some = [
        "validate",
        "expand",
        "lookup",
        "everything",
        "lastn",
        "meta-add",
        "convert",
        "reindex",
        "versions",
        "document",
        "stats",
        "graphql",
        "match",
        "diff",
    ];
    for expected in some {
        assert!(all.contains(expected), "{expected} is not listed");
    }
    all.extend(["apply", "no-such-operation"]);
    let all = Arc::new(all);
    for name in &*all {
        assert_eq!(is_offered(probe, "", name).await, of_system.contains(name), "the system, ${name}");
    }
    for_each(fixture.resources(), async |resource| {
        let resource_type = resource["type"].as_str().unwrap();
        let listed: BTreeSet<&str> = each(&resource["operation"], "name").into_iter().collect();
        let body = bare(resource_type, "one", "en");
        assert_eq!(probe.put(&format!("{resource_type}/one"), body).await.unwrap().status, 201);
        for name in &*all {
            let on_type = is_offered(probe, &format!("{resource_type}/"), name).await;
            let on_instance = is_offered(probe, &format!("{resource_type}/one/"), name).await;
            assert_eq!(on_type || on_instance, listed.contains(name), "{resource_type}, ${name}");
        }
    })
    .await;
}

/// Whether the operation is there: what it makes of an empty question is its own matter. Both wires say the same.
async fn is_offered(probe: &Probe, place: &str, name: &str) -> bool {
    let body = r#"{"resourceType":"Parameters"}"#;
    let rest = probe.call("POST", &format!("{place}${name}"), &[], body).await.unwrap();
    let says_not = |text: &str| text.contains("is not offered on") || text.contains("there is no operation");
    let mut target = place.split('/');
    let request = api::OperationRequest {
        name: name.to_owned(),
        resource_type: target.next().unwrap_or_default().to_owned(),
        id: target.next().unwrap_or_default().to_owned(),
        body: body.into(),
        ..Default::default()
    };
    let grpc = match probe.grpc.operation(request).await {
        Ok(_) => false,
        Err(error) => says_not(&error.to_string()),
    };
    let refused = says_not(rest.diagnostics());
    assert_eq!(refused, grpc, "{place}${name}: the wires differ: {}", rest.text);
    assert!(!refused || matches!(rest.status, 400 | 404), "{}", rest.text);
    !refused
}

#[tokio::test(flavor = "multi_thread")]
async fn formats_are_those_listed() {
    let fixture = Fixture::start().await;
    let probe = &fixture.probe;
    let base = format!("{}/metadata", fixture.node.rest);
    let http = reqwest::Client::new();
    let formats: Vec<&str> =
        list(&fixture.statement["format"]).iter().map(|format| format.as_str().unwrap()).collect();
    assert!(formats.contains(&"application/fhir+json") && formats.contains(&"application/fhir+xml"));
    for format in formats.iter().copied().chain(["text/turtle", "application/fhir+turtle", "yaml", "ttl"]) {
        let listed = formats.contains(&format);
        let by_parameter = http.get(format!("{base}?_format={}", format.replace('+', "%2B"))).send();
        let by_header = http.get(&base).header("accept", format).send();
        for answer in [by_parameter.await.unwrap(), by_header.await.unwrap()] {
            assert_eq!(answer.status(), if listed { 200 } else { 406 }, "{format}");
            let syntax = if format.ends_with("xml") { "xml" } else { "json" };
            let given = answer.headers()["content-type"].to_str().unwrap().to_owned();
            assert!(given.contains(syntax), "{format}: {given}");
        }
    }
    assert_eq!(probe.put("Patient/p", bare("Patient", "p", "en")).await.unwrap().status, 201);
    let patches = [
        ("application/json-patch+json", r#"[{"op":"replace","path":"/language","value":"a"}]"#),
        ("application/merge-patch+json", r#"{"language":"b"}"#),
        (
            "application/fhir+json",
            r#"{"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":"replace"},{"name":"path","valueString":"Patient.language"},{"name":"value","valueCode":"c"}]}]}"#,
        ),
        (
            "application/fhir+xml",
            r#"<Parameters xmlns="http://hl7.org/fhir"><parameter><name value="operation"/><part><name value="type"/><valueCode value="replace"/></part><part><name value="path"/><valueString value="Patient.language"/></part><part><name value="value"/><valueCode value="d"/></part></parameter></Parameters>"#,
        ),
    ];
    let listed: BTreeSet<&str> =
        list(&fixture.statement["patchFormat"]).iter().map(|format| format.as_str().unwrap()).collect();
    assert_eq!(listed, patches.iter().map(|(format, _)| *format).collect());
    for (number, (format, patch)) in patches.into_iter().enumerate() {
        let answer = probe.call("PATCH", "Patient/p", &[("content-type", format)], patch).await.unwrap();
        assert_eq!(answer.version, Some(number as u64 + 2), "{format}: {}", answer.text);
    }
    for format in ["application/xml-patch+xml", "text/plain", "application/fhir+turtle"] {
        let answer = probe.call("PATCH", "Patient/p", &[("content-type", format)], "{}").await.unwrap();
        assert_eq!(answer.status, 415, "{format}: {}", answer.text);
    }
}
