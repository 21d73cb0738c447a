//! Every part of a REST request reaches the service, each in its own field.

use super::Fixture;
use proto::api::v1::*;
use std::fmt::Debug;

const KEY: (&str, &str) = ("idempotency-key", "k");
const IF_MATCH: (&str, &str) = ("if-match", "W/\"3\"");
const STRICT: (&str, &str) = ("prefer", "handling=strict");
const MERGE: (&str, &str) = ("content-type", "application/merge-patch+json");
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// A request whose every part is its own.
struct Asked {
    fixture: Fixture,
}

impl Asked {
    async fn as_message(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &'static str,
        expected: impl Debug,
    ) {
        self.fixture.running.mock.heard.lock().clear();
        let mut request = self.fixture.call(method, &format!("/fhir{path}")).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        // What is answered is another test's matter: the mock knows few resources.
        request.send().await.unwrap();
        let heard = self.fixture.running.mock.heard.lock().clone();
        assert_eq!(heard, format!("{expected:?}"), "{method} {path}");
    }
}

async fn asked() -> Asked {
    Asked { fixture: Fixture::new().await }
}

fn text(text: &str) -> String {
    text.to_owned()
}

fn pair(name: &str, value: &str) -> SearchParameter {
    SearchParameter { name: text(name), value: text(value) }
}

#[tokio::test]
async fn writes() {
    let asked = asked().await;
    let mut create = CreateRequest {
        resource_type: text("T"),
        body: "{\"a\":1}".into(),
        if_none_exist: text("identifier=a|b&c=d"),
        idempotency_key: text("k"),
    };
    let exists = ("if-none-exist", "?identifier=a|b&c=d");
    asked.as_message("POST", "/T", &[KEY, exists], "{\"a\":1}", &create).await;
    create.if_none_exist.clear();
    asked.as_message("POST", "/T", &[KEY], "{\"a\":1}", &create).await;
    let update = UpdateRequest {
        resource_type: text("T"),
        id: text("i"),
        body: "{\"a\":1}".into(),
        if_match: text("W/\"3\""),
        if_none_match: text("*"),
        idempotency_key: text("k"),
        ..Default::default()
    };
    let headers = [KEY, IF_MATCH, ("if-none-match", "*")];
    asked.as_message("PUT", "/T/i", &headers, "{\"a\":1}", update).await;
    let mut patch = PatchRequest {
        resource_type: text("T"),
        id: text("i"),
        criteria: String::new(),
        kind: PatchKind::Merge as i32,
        body: "{\"a\":1}".into(),
        if_match: text("W/\"3\""),
        idempotency_key: text("k"),
    };
    asked.as_message("PATCH", "/T/i", &[KEY, IF_MATCH, MERGE], "{\"a\":1}", &patch).await;
    (patch.id, patch.criteria) = (String::new(), text("a=b&c=d"));
    asked.as_message("PATCH", "/T?a=b&c=d", &[KEY, IF_MATCH, MERGE], "{\"a\":1}", &patch).await;
    let delete = DeleteRequest {
        resource_type: text("T"),
        id: text("i"),
        if_match: text("W/\"3\""),
        idempotency_key: text("k"),
        ..Default::default()
    };
    asked.as_message("DELETE", "/T/i", &[KEY, IF_MATCH], "", delete).await;
    let mut transaction =
        TransactionRequest { bundle: "{\"a\":1}".into(), idempotency_key: text("k"), ..Default::default() };
    asked.as_message("POST", "", &[KEY], "{\"a\":1}", transaction.clone()).await;
    for (asks, entry_return) in [
        ("return=minimal", EntryReturn::Minimal),
        ("return=representation", EntryReturn::Representation),
        ("return=OperationOutcome", EntryReturn::OperationOutcome),
    ] {
        transaction.set_entry_return(entry_return);
        asked.as_message("POST", "", &[KEY, ("prefer", asks)], "{\"a\":1}", transaction.clone()).await;
    }
}

#[tokio::test]
async fn reads() {
    let asked = asked().await;
    let mut read =
        ReadRequest { resource_type: text("T"), id: text("i"), summary: text("true"), ..Default::default() };
    asked.as_message("GET", "/T/i?_summary=true", &[], "", &read).await;
    (read.summary, read.elements) = (String::new(), text("a,b"));
    asked.as_message("GET", "/T/i?_elements=a&_elements=b", &[], "", &read).await;
    let mut version = VReadRequest {
        resource_type: text("T"),
        id: text("i"),
        version_id: text("7"),
        summary: text("text"),
        elements: String::new(),
    };
    asked.as_message("GET", "/T/i/_history/7?_summary=text", &[], "", &version).await;
    (version.summary, version.elements) = (String::new(), text("a"));
    asked.as_message("GET", "/T/i/_history/7?_elements=a", &[], "", &version).await;
    let mut history = HistoryRequest {
        resource_type: text("T"),
        id: text("i"),
        count: 3,
        since_ms: 86_400_000,
        cursor: text("c"),
        summary: text("data"),
        elements: String::new(),
    };
    let query = "?_count=3&_since=1970-01-02&_cursor=c&_summary=data";
    asked.as_message("GET", &format!("/T/i/_history{query}"), &[], "", &history).await;
    history.id.clear();
    asked.as_message("GET", &format!("/T/_history{query}"), &[], "", &history).await;
    history.resource_type.clear();
    asked.as_message("GET", &format!("/_history{query}"), &[], "", &history).await;
}

#[tokio::test]
async fn searches_and_operations() {
    let asked = asked().await;
    let mut search = SearchRequest {
        resource_type: text("T"),
        parameters: vec![pair("a", "b"), pair("_count", "3")],
        cursor: text("c"),
        strict: true,
        ..Default::default()
    };
    asked.as_message("GET", "/T?a=b&_count=3&_cursor=c", &[STRICT], "", &search).await;
    asked.as_message("POST", "/T/_search?a=b", &[STRICT, FORM], "_count=3&_cursor=c", &search).await;
    search.strict = false;
    asked.as_message("GET", "/T?a=b&_cursor=c&_count=3&_format=json", &[], "", &search).await;
    (search.compartment_type, search.compartment_id) = (text("C"), text("i"));
    asked.as_message("GET", "/C/i/T?a=b&_count=3&_cursor=c", &[], "", &search).await;
    asked.as_message("POST", "/C/i/T/_search", &[FORM], "a=b&_count=3&_cursor=c", &search).await;
    search.resource_type.clear();
    asked.as_message("GET", "/C/i/*?a=b&_count=3&_cursor=c", &[], "", &search).await;
    (search.compartment_type, search.compartment_id) = (String::new(), String::new());
    asked.as_message("GET", "?a=b&_count=3&_cursor=c", &[], "", &search).await;
    let mut operation = OperationRequest {
        name: text("$x"),
        resource_type: text("T"),
        id: text("i"),
        version_id: text("7"),
        parameters: vec![pair("a", "b")],
        body: "{\"a\":1}".into(),
        read_only: false,
    };
    asked.as_message("POST", "/T/i/_history/7/$x?a=b", &[], "{\"a\":1}", &operation).await;
    (operation.read_only, operation.body, operation.version_id) = (true, "".into(), String::new());
    asked.as_message("GET", "/T/i/$x?a=b", &[], "", &operation).await;
}

/// A request that is under way until the task is aborted.
async fn hang(fixture: &Fixture) -> tokio::task::JoinHandle<()> {
    let request = fixture.call("POST", "/fhir/Patient").body("hang");
    let hanging = tokio::spawn(async move { drop(request.send().await) });
    while fixture.running.mock.heard.lock().is_empty() {
        tokio::task::yield_now().await;
    }
    hanging
}

/// What the caller can do about a refusal is in its headers.
#[tokio::test]
async fn refusals_say_when_and_how() {
    let running = crate::wire::mock::Running::with(|config| config.limits.requests_in_flight_max = 1).await;
    let fixture = Fixture { running, client: reqwest::Client::new() };
    let hanging = hang(&fixture).await;
    let refused = fixture.get("/fhir/Patient/a").await;
    assert_eq!((refused.status().as_u16(), super::header(&refused, "retry-after")), (429, "1"));
    hanging.abort();
    let refused = fixture.call("PATCH", "/fhir/metadata").send().await.unwrap();
    assert_eq!((refused.status().as_u16(), super::header(&refused, "allow")), (405, "GET,HEAD"));
}

#[tokio::test]
async fn strict_refuses_unknown_parameters_of_histories() {
    let fixture = Fixture::new().await;
    for path in ["/fhir/_history?bogus=1", "/fhir/T/_history?bogus=1", "/fhir/T/i/_history?bogus=1"] {
        let (status, told) = super::refused(fixture.call("GET", path).header(STRICT.0, STRICT.1)).await;
        assert!(status == 400 && told.contains("bogus"), "{path}: {told}");
        assert_eq!(fixture.get(path).await.status(), 200, "{path}");
    }
}

#[tokio::test]
async fn the_statement_is_sent_again_where_the_client_has_another() {
    let fixture = Fixture::new().await;
    let other = fixture.call("GET", "/fhir/metadata").header("if-none-match", "W/\"other\"").send().await;
    assert_eq!(other.unwrap().status(), 200);
}

#[tokio::test]
async fn links_to_other_pages_keep_how_they_look() {
    let fixture = Fixture::new().await;
    fixture.put("/fhir/Patient/a", super::PATIENT).await;
    fixture.put("/fhir/Patient/b", super::PATIENT).await;
    let page = super::json(fixture.get("/fhir/Patient?_format=json&_pretty=true").await).await;
    let next = page["link"][1]["url"].as_str().unwrap();
    assert!(next.contains("_format=json") && next.contains("_pretty=true"), "{next}");
}

/// What is carried out is never answered as if it were not.
#[tokio::test]
async fn an_answer_that_no_coding_fits_is_sent_as_it_is() {
    let fixture = Fixture::new().await;
    for coding in ["identity;q=0", "*;q=0", "br, identity;q=0"] {
        let put =
            fixture.call("PUT", "/fhir/Patient/a").body(super::PATIENT).header("accept-encoding", coding);
        let answer = put.send().await.unwrap();
        assert!(answer.status().is_success(), "{coding}: {}", answer.status());
        assert_eq!(answer.text().await.unwrap(), super::PATIENT);
    }
}

/// One of two would be ignored, or a condition be none.
#[tokio::test]
async fn a_condition_is_given_once_and_says_something() {
    let fixture = Fixture::new().await;
    for (method, path, header, values) in [
        ("PUT", "/fhir/Patient/a", "if-match", ["W/\"1\"", "W/\"2\""]),
        ("PUT", "/fhir/Patient/a", "idempotency-key", ["k", "l"]),
        ("POST", "/fhir/Patient", "if-none-exist", ["_id=a", "_id=b"]),
    ] {
        let request = fixture.call(method, path).body(super::PATIENT);
        let twice = request.header(header, values[0]).header(header, values[1]);
        let (status, told) = super::refused(twice).await;
        assert!(status == 400 && told.contains(header), "{told}");
    }
    for empty in ["", "?"] {
        let post = fixture.call("POST", "/fhir/Patient").body(super::PATIENT).header("if-none-exist", empty);
        assert_eq!(super::refused(post).await.0, 400, "{empty:?}");
    }
    // Other servers' clients write the condition of a create into its URL.
    for (method, path) in [("POST", "Patient"), ("PUT", "Patient/a"), ("DELETE", "Patient/a")] {
        let request = fixture.call(method, &format!("/fhir/{path}?identifier=a%7Cb")).body(super::PATIENT);
        let (status, told) = super::refused(request).await;
        assert!(status == 400 && told.contains("identifier"), "{method}: {told}");
    }
    assert!(fixture.running.mock.heard.lock().is_empty(), "it came to the service");
}
