use crate::{config::Config, wire::mock::Running};
use reqwest::{Client, Method};
use serde_json::Value;
use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};
use tracing_subscriber::{EnvFilter, Layer, layer::SubscriberExt};

/// Where the lines of a test go, as JSON.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Lines {
    /// Of this thread, which a test of one thread shares with the server it starts.
    fn collect(&self) -> tracing::subscriber::DefaultGuard {
        let lines = self.clone();
        let layer =
            tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(move || lines.clone());
        let layer = layer.with_filter(EnvFilter::new("access=info"));
        tracing::subscriber::set_default(tracing_subscriber::registry().with(layer))
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// The lines, once there are so many: they are said when the answer is on its way.
    async fn wait(&self, count: usize) -> Vec<Value> {
        while self.text().lines().count() < count {
            tokio::task::yield_now().await;
        }
        self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

#[tokio::test]
async fn a_line_says_which_route_and_never_which_patient() {
    let lines = Lines::default();
    let _guard = lines.collect();
    let running = Running::start().await;
    let client = Client::new();
    let table = [
        ("PUT", "/fhir/Patient/secret", "/fhir/{type}/{id}", "201"),
        ("GET", "/fhir/Patient/secret?_summary=text", "/fhir/{type}/{id}", "200"),
        ("GET", "/fhir/Patient/secret/_history/77", "/fhir/{type}/{id}/_history/{version}", "404"),
        ("GET", "/fhir/Patient?name=secret", "/fhir/{type}", "200"),
        ("GET", "/fhir/Patient/secret/$secret", "/fhir/{type}/{id}/{operation}", "200"),
        ("GET", "/fhir/metadata", "/fhir/metadata", "200"),
        ("DELETE", "/fhir", "/fhir", "405"),
        ("GET", "/secret", "-", "404"),
    ];
    for (place, (method, path, route, status)) in table.into_iter().enumerate() {
        let answer = client
            .request(Method::from_bytes(method.as_bytes()).unwrap(), format!("{}{path}", running.rest))
            .header("x-request-id", format!("r{place}"))
            .body(if method == "PUT" { r#"{"resourceType":"Patient","id":"secret"}"# } else { "" })
            .send()
            .await
            .unwrap();
        let length = answer.bytes().await.unwrap().len();
        let line = lines.wait(place + 1).await.pop().unwrap();
        assert_eq!((&line["method"], &line["route"]), (&method.into(), &route.into()), "{path}");
        assert_eq!((&line["status"], &line["bytes"]), (&status.into(), &length.into()), "{path}: {line}");
        assert_eq!((&line["wire"], &line["request_id"]), (&"rest".into(), &format!("r{place}").into()));
        assert!(line["ms"].as_f64().unwrap() > 0.0);
        assert_eq!(line["target"], "access");
    }
    assert!(!lines.text().contains("secret"), "{}", lines.text());
    client.get(format!("{}/health/live", running.rest)).send().await.unwrap();
    client.get(format!("{}/metrics", running.rest)).send().await.unwrap();
    assert_eq!(lines.wait(table.len()).await.len(), table.len(), "probes are not logged");
}

#[tokio::test]
async fn grpc_is_logged_with_its_own_status_and_the_trace() {
    let lines = Lines::default();
    let _guard = lines.collect();
    let running = Running::start().await;
    let channel =
        tonic::transport::Channel::from_shared(running.grpc.clone()).unwrap().connect().await.unwrap();
    let mut client = proto::api::v1::fhir_client::FhirClient::new(channel);
    let mut request = tonic::Request::new(proto::api::v1::ReadRequest {
        resource_type: "Patient".into(),
        id: "secret".into(),
        ..Default::default()
    });
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    request.metadata_mut().insert("traceparent", trace.parse().unwrap());
    let missing = client.read(request).await.unwrap_err();
    let answered = missing.metadata().get("traceparent").unwrap().to_str().unwrap();
    assert!(answered.starts_with(&trace[..36]) && answered != trace, "{answered}");
    client.capabilities(proto::api::v1::CapabilitiesRequest::default()).await.unwrap();
    let said = lines.wait(2).await;
    assert_eq!(said[0]["route"], "/salamander.api.v1.Fhir/Read");
    assert_eq!((&said[0]["status"], &said[0]["wire"]), (&"NotFound".into(), &"grpc".into()));
    assert_eq!(said[0]["trace_id"], "0af7651916cd43dd8448eb211c80319c");
    assert_eq!((&said[1]["status"], &said[1]["trace_id"]), (&"Ok".into(), &Value::Null));
    assert!(said[1]["bytes"].as_u64().unwrap() > 10);
    assert!(!lines.text().contains("secret"));
}

#[tokio::test]
async fn a_trace_goes_through_rest() {
    let running = Running::start().await;
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let read = Client::new().get(format!("{}/fhir/Patient/a", running.rest)).header("traceparent", trace);
    let answer = read.send().await.unwrap();
    let passed_on = answer.headers()["traceparent"].to_str().unwrap();
    let seen = running.mock.seen.lock().clone().unwrap().trace.unwrap();
    assert_eq!(passed_on, seen.to_string());
    assert_eq!((seen.id().as_str(), seen.parent_id), (&trace[3..35], 0xb7ad_6b71_6920_3331));
    let none = Client::new().get(format!("{}/fhir/Patient/a", running.rest)).send().await.unwrap();
    assert!(none.headers().get("traceparent").is_none());
}

#[tokio::test]
async fn one_option_turns_it_off() {
    let lines = Lines::default();
    let _guard = lines.collect();
    let running = Running::with(|config: &mut Config| config.logging.access = false).await;
    let answer = reqwest::get(format!("{}/fhir/metadata", running.rest)).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(lines.text(), "");
}
