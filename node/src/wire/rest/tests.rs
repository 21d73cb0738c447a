mod messages;
mod tenants;

use crate::wire::mock::Running;
use proto::api::v1::PatchKind;
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::Value;

const PATIENT: &str = r#"{"resourceType":"Patient","x":1.50}"#;

struct Fixture {
    running: Running,
    client: Client,
}

impl Fixture {
    async fn new() -> Fixture {
        Fixture { running: Running::start().await, client: Client::new() }
    }

    fn call(&self, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        self.client.request(method, format!("{}{path}", self.running.rest))
    }

    async fn put(&self, path: &str, body: &'static str) -> Response {
        self.call("PUT", path).body(body).send().await.unwrap()
    }

    async fn get(&self, path: &str) -> Response {
        self.call("GET", path).send().await.unwrap()
    }
}

fn header<'r>(response: &'r Response, name: &str) -> &'r str {
    response.headers().get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
}

async fn json(response: Response) -> Value {
    serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
}

/// The status, and the first issue's diagnostics of a body that must be an OperationOutcome.
async fn refused(request: RequestBuilder) -> (u16, String) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    assert_eq!(header(&response, "content-type"), super::format::FHIR_JSON);
    assert!(!header(&response, "x-request-id").is_empty());
    let outcome = json(response).await;
    assert_eq!(outcome["resourceType"], "OperationOutcome", "{outcome}");
    (status, outcome["issue"][0]["diagnostics"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_resource_from_create_to_gone() {
    let fixture = Fixture::new().await;
    let base = &fixture.running.rest;
    let created = fixture
        .call("POST", "/fhir/Patient")
        .body(PATIENT)
        .header("idempotency-key", "k1")
        .send()
        .await
        .unwrap();
    assert_eq!(created.status(), 201);
    assert_eq!(header(&created, "location"), format!("{base}/fhir/Patient/new/_history/1"));
    assert_eq!(header(&created, "etag"), "W/\"1\"");
    assert_eq!(header(&created, "last-modified"), "Sat, 21 Nov 2026 01:35:32 GMT");
    assert_eq!(created.text().await.unwrap(), PATIENT);
    assert_eq!(*fixture.running.mock.idempotency_key.lock(), "k1");

    let updated = fixture.put("/fhir/Patient/new", r#"{"resourceType":"Patient"}"#).await;
    assert_eq!((updated.status().as_u16(), header(&updated, "etag")), (200, "W/\"2\""));
    assert_eq!(fixture.put("/fhir/Patient/other", PATIENT).await.status(), 201);
    let first = fixture.get("/fhir/Patient/new/_history/1").await;
    assert_eq!(first.text().await.unwrap(), PATIENT);

    let deleted = fixture.call("DELETE", "/fhir/Patient/new").send().await.unwrap();
    assert_eq!((deleted.status().as_u16(), header(&deleted, "etag")), (204, "W/\"3\""));
    assert_eq!(refused(fixture.call("GET", "/fhir/Patient/new")).await.0, 410);
    assert_eq!(refused(fixture.call("GET", "/fhir/Patient/none")).await.0, 404);
}

#[tokio::test]
async fn head_and_not_modified() {
    let fixture = Fixture::new().await;
    fixture.put("/fhir/Patient/a", PATIENT).await;
    let head = fixture.call("HEAD", "/fhir/Patient/a").send().await.unwrap();
    assert_eq!((head.status().as_u16(), header(&head, "etag")), (200, "W/\"1\""));
    assert!(head.bytes().await.unwrap().is_empty());
    for (name, value, status) in [
        ("if-none-match", "W/\"1\"", 304),
        ("if-none-match", "\"7\", \"1\"", 304),
        ("if-none-match", "W/\"2\"", 200),
        ("if-modified-since", "Sat, 21 Nov 2026 01:35:32 GMT", 304),
        ("if-modified-since", "Sat, 21 Nov 2026 01:35:31 GMT", 200),
        ("if-modified-since", "nonsense", 200),
    ] {
        let response = fixture.call("GET", "/fhir/Patient/a").header(name, value).send().await.unwrap();
        assert_eq!(response.status(), status, "{name}: {value}");
        assert_eq!(header(&response, "etag"), "W/\"1\"");
        assert_eq!(response.bytes().await.unwrap().is_empty(), status == 304);
    }
}

#[tokio::test]
async fn preconditions() {
    let fixture = Fixture::new().await;
    fixture.put("/fhir/Patient/a", PATIENT).await;
    let put = |name, value| fixture.call("PUT", "/fhir/Patient/a").body("{\"x\":2}").header(name, value);
    assert_eq!(refused(put("if-match", "W/\"9\"")).await.0, 412);
    assert_eq!(refused(put("if-match", "9")).await.0, 412);
    assert_eq!(refused(put("if-none-match", "*")).await.0, 412);
    assert_eq!(put("if-match", "W/\"1\"").send().await.unwrap().status(), 200);
    let matched =
        fixture.call("POST", "/fhir/Patient").body(PATIENT).header("if-none-exist", "identifier=a|b");
    let matched = matched.send().await.unwrap();
    assert_eq!((matched.status().as_u16(), header(&matched, "etag")), (200, "W/\"2\""));
}

#[tokio::test]
async fn prefer_chooses_the_body() {
    let fixture = Fixture::new().await;
    let post = |prefer| fixture.call("POST", "/fhir/Patient").body(PATIENT).header("prefer", prefer).send();
    let minimal = post("return=minimal").await.unwrap();
    assert_eq!((minimal.status().as_u16(), header(&minimal, "etag")), (201, "W/\"1\""));
    assert!(minimal.bytes().await.unwrap().is_empty());
    assert_eq!(post("return=representation").await.unwrap().text().await.unwrap(), PATIENT);
    let outcome = json(post("return=OperationOutcome").await.unwrap()).await;
    assert_eq!(outcome["issue"][0]["severity"], "information");
    let delete = fixture.call("DELETE", "/fhir/Patient/new").header("prefer", "return=OperationOutcome");
    let delete = delete.send().await.unwrap();
    assert_eq!(delete.status(), 200);
    assert_eq!(json(delete).await["resourceType"], "OperationOutcome");
}

#[tokio::test]
async fn parameters_of_a_write_are_refused_where_they_may_be_its_condition() {
    let fixture = Fixture::new().await;
    let post = |query: &str| fixture.call("POST", &format!("/fhir/Patient?{query}")).body(PATIENT);
    for query in ["identifier=a", "_id=a", "_has:Observation:patient:code=x", "_tag:not=x", "filename=x"] {
        assert_eq!(refused(post(query)).await.0, 400, "{query}");
    }
    assert_eq!(post("_filename=letter.txt").send().await.unwrap().status(), 201);
    let strict = post("_filename=letter.txt").header("prefer", "handling=strict");
    assert_eq!(refused(strict).await.0, 400);
}

#[tokio::test]
async fn every_error_is_an_outcome() {
    let fixture = Fixture::new().await;
    let post = |body: &'static str| fixture.call("POST", "/fhir/Patient").body(body);
    let (status, text) = refused(fixture.call("GET", "/nothing")).await;
    assert!(status == 404 && text.contains("/fhir"), "{text}");
    let (status, text) = refused(fixture.call("PATCH", "/fhir/Patient/a")).await;
    assert!(status == 415 && text.contains("application/json-patch+json"), "{text}");
    let (status, text) = refused(fixture.call("PATCH", "/fhir/metadata")).await;
    assert!(status == 405 && text.contains("PATCH"), "{text}");
    assert_eq!(refused(fixture.call("GET", "/fhir/Patient/%ff")).await.0, 400);
    let form = fixture.call("POST", "/fhir/Patient/_search").body("name=%ff");
    let form = form.header("content-type", "application/x-www-form-urlencoded");
    for call in [fixture.call("GET", "/fhir/Patient?name=%ff"), form] {
        let (status, text) = refused(call).await;
        assert!(status == 400 && text.contains("'name'"), "{status} {text}");
    }
    let (status, text) = refused(post(PATIENT).header("content-type", "application/fhir+xml")).await;
    assert!(status == 400 && text.contains("text is not allowed"), "{text}");
    let (status, text) = refused(post(PATIENT).header("content-type", "image/png")).await;
    assert!(status == 415 && text.contains("application/fhir+xml"), "{text}");
    assert_eq!(refused(post(PATIENT).header("content-encoding", "br")).await.0, 415);
    assert_eq!(refused(post(PATIENT).header("content-encoding", "gzip")).await.0, 400);
    let (status, text) = refused(fixture.call("GET", "/fhir/Patient").header("accept", "text/csv")).await;
    assert!(status == 406 && text.contains("application/fhir+xml"), "{text}");
    assert_eq!(refused(fixture.call("GET", "/fhir/metadata?_format=yaml")).await.0, 406);
    assert_eq!(refused(post("")).await.0, 400);
    assert_eq!(refused(post("panic")).await.0, 500);
    let invalid = json(post("{}").send().await.unwrap()).await;
    assert_eq!(invalid["issue"][0]["expression"][0], "Patient.name");
}

#[tokio::test]
async fn a_browser_gets_a_page_of_whatever_is_answered() {
    let fixture = Fixture::new().await;
    for (path, status) in [("/fhir/metadata?_format=html", 200), ("/fhir/Patient/none?_format=html", 404)] {
        let answer = fixture.get(path).await;
        assert_eq!(answer.status().as_u16(), status);
        assert_eq!(header(&answer, "content-type"), "text/html; charset=utf-8");
        assert!(header(&answer, "content-security-policy").starts_with("default-src 'none'"));
        assert!(answer.text().await.unwrap().starts_with("<!doctype html>"));
    }
}

#[tokio::test]
async fn what_is_asked_for_in_xml_is_xml() {
    let fixture = Fixture::new().await;
    let xml = "<Patient xmlns=\"http://hl7.org/fhir\"><active value=\"true\"/></Patient>";
    let post = fixture.call("POST", "/fhir/Patient").header("content-type", "text/xml");
    let created = post.header("accept", "application/fhir+xml").body(xml).send().await.unwrap();
    assert_eq!(created.status(), 201);
    assert_eq!(header(&created, "content-type"), "application/fhir+xml; charset=utf-8");
    assert!(created.text().await.unwrap().ends_with(xml));
    let stored = fixture.get("/fhir/Patient/new").await.text().await.unwrap();
    assert_eq!(stored, r#"{"resourceType":"Patient","active":true}"#);
    for (path, status) in [("/fhir/Patient/none?_format=xml", 404), ("/nothing?_format=xml", 404)] {
        let refused = fixture.get(path).await;
        assert_eq!(
            (refused.status().as_u16(), header(&refused, "content-type")),
            (status, "application/fhir+xml; charset=utf-8")
        );
        assert!(refused.text().await.unwrap().contains("<OperationOutcome xmlns="), "{path}");
    }
    // What JSON alone can say is not lost.
    fixture.put("/fhir/Patient/other", PATIENT).await;
    let refused = fixture.get("/fhir/Patient/other?_format=xml").await;
    assert_eq!(refused.status(), 406);
    assert!(refused.text().await.unwrap().contains("Patient.x"));
}

#[tokio::test]
async fn bodies_are_bounded() {
    let running = Running::with(|config| config.rest.body_bytes_max = 1000).await;
    let fixture = Fixture { running, client: Client::new() };
    let post = || fixture.call("POST", "/fhir/Patient");
    let (status, text) = refused(post().body(vec![b' '; 100_000])).await;
    assert!(status == 413 && text.contains("1000") && text.contains("rest.body_bytes_max"), "{text}");
    let pieces = futures::stream::iter((0..50).map(|_| Ok::<_, std::io::Error>(vec![b' '; 100])));
    assert_eq!(refused(post().body(reqwest::Body::wrap_stream(pieces))).await.0, 413);
    let fits = futures::stream::iter((0..10).map(|_| Ok::<_, std::io::Error>(vec![b'1'; 100])));
    let response = post().body(reqwest::Body::wrap_stream(fits)).send().await.unwrap();
    assert_eq!(response.bytes().await.unwrap(), vec![b'1'; 1000]);
}

#[tokio::test]
async fn bodies_together_are_bounded() {
    let change = |config: &mut crate::config::Config| {
        config.limits.requests_bytes_max = 256 << 10;
    };
    let fixture = Fixture { running: Running::with(change).await, client: Client::new() };
    let post = |bytes| fixture.call("POST", "/fhir/Patient").body(vec![b'1'; bytes]);
    // Nothing is left over from one request for the next.
    for _ in 0..3 {
        assert!(post(32 << 10).send().await.unwrap().status().is_success());
    }
    let (status, text) = refused(post(100 << 10)).await;
    assert!(status == 413 && text.contains("limits.requests_bytes_max"), "{status} {text}");
}

#[tokio::test]
async fn a_stalled_body_and_a_stalled_service_time_out() {
    let change = |config: &mut crate::config::Config| {
        config.rest.body_timeout_ms = 50;
        config.limits.request_timeout_ms = 100;
    };
    let fixture = Fixture { running: Running::with(change).await, client: Client::new() };
    let stalled = futures::stream::pending::<Result<Vec<u8>, std::io::Error>>();
    let post = || fixture.call("POST", "/fhir/Patient");
    let (status, text) = refused(post().body(reqwest::Body::wrap_stream(stalled))).await;
    assert!(status == 408 && text.contains("body"), "{text}");
    assert_eq!(refused(post().body("hang")).await.0, 504);
}

#[tokio::test]
async fn search_over_all_its_routes() {
    let fixture = Fixture::new().await;
    fixture.put("/fhir/Patient/a", PATIENT).await;
    fixture.put("/fhir/Patient/b", PATIENT).await;
    let base = &fixture.running.rest;
    let page = json(fixture.get("/fhir/Patient?name=x%7Cy&bogus=1&_format=json").await).await;
    assert_eq!((page["type"].as_str(), page["total"].as_u64()), (Some("searchset"), Some(2)));
    // What was not used is left out; the next page looks like this one.
    assert_eq!(page["link"][0]["url"], format!("{base}/fhir/Patient?name=x%7Cy&_format=json"));
    assert_eq!(page["entry"][0]["search"]["mode"], "outcome");
    assert_eq!(page["entry"][0]["resource"]["issue"][0]["severity"], "warning");
    assert_eq!(page["entry"][1]["fullUrl"], format!("{base}/fhir/Patient/a"));
    assert_eq!(page["entry"][1]["search"]["mode"], "match");
    assert_eq!(page["link"][1]["relation"], "next");
    let next = page["link"][1]["url"].as_str().unwrap().strip_prefix(base.as_str()).unwrap();
    let next = json(fixture.get(next).await).await;
    assert_eq!(next["entry"][0]["fullUrl"], format!("{base}/fhir/Patient/b"));
    assert_eq!(next["link"].as_array().unwrap().len(), 2);
    assert_eq!(next["link"][1]["relation"], "first");
    assert_eq!(next["link"][1]["url"], page["link"][0]["url"]);

    let strict = fixture.call("GET", "/fhir/Patient?bogus=1").header("prefer", "handling=strict");
    assert_eq!(refused(strict).await.0, 400);
    for path in ["/fhir/_search", "/fhir/Patient/_search?_count=1", "/fhir/Patient/a/Observation/_search"] {
        let form = fixture.call("POST", path).header("content-type", "application/x-www-form-urlencoded");
        let found = json(form.body("name=J%C3%BC+x").send().await.unwrap()).await;
        assert!(found["link"][0]["url"].as_str().unwrap().ends_with("name=J%C3%BC%20x"), "{found}");
    }
    let form = fixture
        .call("POST", "/fhir/_search?_format=json")
        .header("content-type", "application/x-www-form-urlencoded");
    let answer = form.body("name=x&_format=text/json").send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/json; charset=utf-8");
    let link = json(answer).await["link"][0]["url"].as_str().unwrap().to_owned();
    assert_eq!(link, format!("{base}/fhir?name=x&_format=text/json"));
    let unfit =
        fixture.call("POST", "/fhir/Patient/_search").header("content-type", "application/json").body("{}");
    assert_eq!(refused(unfit).await.0, 415);
    let compartment = json(fixture.get("/fhir/Patient/a/*?bogus=1").await).await;
    assert!(compartment.to_string().contains("bogus was ignored in Patient/a"), "{compartment}");
    let empty = fixture.get("/fhir/Observation").await.text().await.unwrap();
    assert!(!empty.contains("entry"), "{empty}");
    assert_eq!(json(fixture.get("/fhir?_count=1").await).await["total"], 2);
}

#[tokio::test]
async fn history_tells_requests_and_responses() {
    let fixture = Fixture::new().await;
    fixture.put("/fhir/Patient/a", PATIENT).await;
    fixture.call("DELETE", "/fhir/Patient/a").send().await.unwrap();
    let base = &fixture.running.rest;
    let page = json(fixture.get("/fhir/Patient/a/_history?_count=5").await).await;
    assert_eq!((page["type"].as_str(), page["total"].as_u64()), (Some("history"), Some(2)));
    assert_eq!(page["entry"][0]["request"]["method"], "DELETE");
    assert_eq!(page["entry"][0]["resource"], Value::Null);
    assert_eq!(page["entry"][1]["request"], serde_json::json!({ "method": "PUT", "url": "Patient/a" }));
    assert_eq!(page["entry"][1]["response"]["etag"], "W/\"1\"");
    assert_eq!(page["entry"][1]["response"]["lastModified"], "2026-11-21T01:35:32.500Z");
    assert_eq!(page["link"][1]["url"], format!("{base}/fhir/Patient/a/_history?_count=5&_cursor=h%201"));
    assert_eq!(refused(fixture.call("GET", "/fhir/_history?_since=soon")).await.0, 400);
}

#[tokio::test]
async fn metadata_transactions_and_formats() {
    let fixture = Fixture::new().await;
    let metadata = fixture.get("/fhir/metadata").await;
    let tag = header(&metadata, "etag").to_owned();
    let again = fixture.call("GET", "/fhir/metadata").header("if-none-match", &tag).send().await.unwrap();
    assert_eq!(again.status(), 304);
    let pretty = fixture.get("/fhir/metadata?_pretty=true").await.text().await.unwrap();
    assert_eq!(pretty, "{\n  \"resourceType\": \"CapabilityStatement\"\n}\n");
    let plain =
        fixture.call("GET", "/fhir/metadata").header("accept", "application/json").send().await.unwrap();
    assert_eq!(header(&plain, "content-type"), "application/json; charset=utf-8");

    let bundle =
        fixture.call("POST", "/fhir/").body(PATIENT).header("x-request-id", "my-id").send().await.unwrap();
    assert_eq!((bundle.status().as_u16(), header(&bundle, "x-request-id")), (200, "my-id"));
    let large = fixture.call("POST", "/fhir").body("1".repeat(5000)).header("accept-encoding", "gzip");
    let large = large.send().await.unwrap();
    assert_eq!(header(&large, "content-encoding"), "gzip");
    assert!(large.bytes().await.unwrap().len() < 500);
}

#[tokio::test]
async fn gzip_bodies_are_read() {
    // gzip of `{"resourceType":"Patient","x":1.50}`
    const GZIP: &[u8] = include_bytes!("tests/patient.json.gz");
    let fixture = Fixture::new().await;
    let post = fixture.call("POST", "/fhir/Patient").header("content-encoding", "gzip").body(GZIP);
    assert_eq!(post.send().await.unwrap().text().await.unwrap(), PATIENT);
}

#[tokio::test]
async fn operations_go_by_their_paths() {
    let fixture = Fixture::new().await;
    let asked = |answer: Value| serde_json::from_value::<Vec<String>>(answer["asked"].clone()).unwrap();
    let by_get = json(fixture.get("/fhir/ValueSet/a/$expand?filter=x%20y&_pretty=true").await).await;
    assert_eq!(asked(by_get), ["$expand", "ValueSet", "a", "", "filter=x y"]);
    let sent = fixture.call("POST", "/fhir/$echo?a=b").body(PATIENT).send().await.unwrap();
    assert_eq!(header(&sent, "allow"), "", "the routes have no part in it");
    let by_post = json(sent).await;
    assert_eq!(by_post["body"], PATIENT);
    assert_eq!(asked(by_post), ["$echo", "", "", "", "a=b"]);
    let changing = fixture.call("DELETE", "/fhir/Patient/$validate");
    assert_eq!(refused(changing).await.0, 405);
    let broken = fixture.call("POST", "/fhir/$echo").header("content-type", "text/plain").body("x");
    assert_eq!(refused(broken).await.0, 415);
}

#[tokio::test]
async fn patches_go_by_their_media_types() {
    let fixture = Fixture::new().await;
    for (media_type, kind) in [
        ("application/json-patch+json", PatchKind::Json),
        ("application/merge-patch+json; charset=utf-8", PatchKind::Merge),
        // Bodies say what these are.
        ("application/fhir+json", PatchKind::Json),
        ("application/json", PatchKind::Json),
    ] {
        let patch = fixture.call("PATCH", "/fhir/Patient/a").body("[1.50]").header("if-match", "W/\"3\"");
        let answer = patch.header("content-type", media_type).send().await.unwrap();
        assert!(answer.status().is_success());
        let seen = fixture.running.mock.patch.lock().take().unwrap();
        assert_eq!((seen.kind(), seen.id.as_str(), seen.if_match.as_str()), (kind, "a", "W/\"3\""));
        assert_eq!(seen.body, "[1.50]");
    }
    for (body, kind) in [
        ("{\"gender\":\"male\"}", PatchKind::Merge),
        ("{\"resourceType\":\"Parameters\"}", PatchKind::Fhirpath),
    ] {
        let plain = fixture.call("PATCH", "/fhir/Patient/a").body(body);
        plain.header("content-type", "application/json").send().await.unwrap();
        assert_eq!(fixture.running.mock.patch.lock().take().unwrap().kind(), kind);
    }
    let conditional = fixture.call("PATCH", "/fhir/Patient?identifier=a%7Cb%26c&_pretty=true");
    conditional.header("content-type", "application/merge-patch+json").body("{}").send().await.unwrap();
    let seen = fixture.running.mock.patch.lock().take().unwrap();
    assert_eq!((seen.id.as_str(), seen.criteria.as_str()), ("", "identifier=a%7Cb%26c"));
    for (media_type, path, status) in [
        ("application/xml-patch+xml", "/fhir/Patient/a", 415),
        ("text/plain", "/fhir/Patient/a", 415),
        ("application/merge-patch+json", "/fhir/Patient", 400),
    ] {
        let patch = fixture.call("PATCH", path).header("content-type", media_type).body("{}");
        assert_eq!(refused(patch).await.0, status, "{media_type}");
    }
}
