use crate::{
    observe::Readiness,
    server::mock::{CLOCK_MS, Running},
};
use bytes::Bytes;
use futures::{StreamExt, stream};
use proto::{
    api::v1::{
        fhir_client::FhirClient, write_stream_request::Request as Write, write_stream_response::Response, *,
    },
    error::detail_of,
};
use std::time::{Duration, Instant};
use tonic::{Code, Request, transport::Channel};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

async fn client(running: &Running) -> FhirClient<Channel> {
    FhirClient::new(channel(running).await)
}

async fn channel(running: &Running) -> Channel {
    Channel::from_shared(running.grpc.clone()).unwrap().connect().await.unwrap()
}

fn create(body: &'static [u8]) -> CreateRequest {
    CreateRequest {
        resource_type: "Patient".to_owned(),
        body: Bytes::from_static(body),
        ..CreateRequest::default()
    }
}

#[tokio::test]
async fn messages_pass_through_with_their_context() {
    let running = Running::start().await;
    let mut client = client(&running).await;
    let mut request = Request::new(create(b"{\"a\":1}"));
    request.metadata_mut().insert("x-request-id", "my-id".parse().unwrap());
    request.metadata_mut().insert("x-salamander-tenant", "default".parse().unwrap());
    request.set_timeout(Duration::from_secs(5));
    let response = client.create(request).await.unwrap();
    assert_eq!(response.metadata().get("x-request-id").unwrap(), "my-id");
    assert_eq!(response.get_ref().last_updated_ms, CLOCK_MS);
    let seen = running.mock.seen.lock().clone().unwrap();
    assert_eq!(&*seen.request_id, "my-id");
    assert!(seen.deadline.unwrap() <= Instant::now() + Duration::from_secs(5));
    let read =
        ReadRequest { resource_type: "Patient".to_owned(), id: "new".to_owned(), ..Default::default() };
    assert_eq!(client.read(read).await.unwrap().into_inner().body, "{\"a\":1}");
}

#[tokio::test]
async fn errors_carry_their_detail() {
    let running = Running::start().await;
    let mut client = client(&running).await;
    let invalid = client.create(create(b"{}")).await.unwrap_err();
    let detail = detail_of(&invalid).unwrap();
    assert_eq!((detail.code.as_str(), detail.issues[0].expression[0].as_str()), ("INVALID", "Patient.name"));
    let panicked = client.create(create(b"panic")).await.unwrap_err();
    assert_eq!(panicked.code(), Code::Internal);
    let mut elsewhere = Request::new(create(b"{\"a\":1}"));
    elsewhere.metadata_mut().insert("x-salamander-tenant", "other".parse().unwrap());
    let elsewhere = client.create(elsewhere).await.unwrap_err();
    assert!(elsewhere.code() == Code::NotFound && elsewhere.message().contains("other"), "{elsewhere}");
}

#[tokio::test]
async fn the_configured_timeout_bounds_a_call() {
    let running = Running::with(|config| config.limits.request_timeout_ms = 50).await;
    let late = client(&running).await.create(create(b"hang")).await.unwrap_err();
    assert_eq!((late.code(), detail_of(&late).unwrap().code.as_str()), (Code::DeadlineExceeded, "TIMEOUT"));
}

#[tokio::test]
async fn more_than_the_limit_in_flight_is_refused() {
    let running = Running::with(|config| config.limits.requests_in_flight_max = 1).await;
    let mut client = client(&running).await;
    // The first write hangs and holds the only permit; the second is begun after it and is refused at once.
    let requests = [(1, &b"hang"[..]), (2, b"{\"a\":1}")]
        .map(|(sequence, body)| WriteStreamRequest { sequence, request: Some(Write::Create(create(body))) });
    let mut answers = client.write_stream(stream::iter(requests)).await.unwrap().into_inner();
    let first = answers.next().await.unwrap().unwrap();
    let Some(Response::Error(error)) = first.response else { panic!("{first:?}") };
    assert_eq!((first.sequence, error.code.as_str(), error.retryable), (2, "OVERLOADED", true));
}

#[tokio::test]
async fn streams_answer_every_write() {
    let running = Running::start().await;
    let mut client = client(&running).await;
    let update = |sequence: u64| UpdateRequest {
        resource_type: "Patient".to_owned(),
        id: sequence.to_string(),
        body: Bytes::from_static(b"{\"a\":1}"),
        ..UpdateRequest::default()
    };
    let requests = (0..1000).map(move |sequence| WriteStreamRequest {
        sequence,
        request: (sequence != 7).then(|| Write::Update(update(sequence))),
    });
    let answers = client.write_stream(stream::iter(requests)).await.unwrap().into_inner();
    let answers: Vec<WriteStreamResponse> = answers.map(Result::unwrap).collect().await;
    let mut sequences: Vec<u64> = answers.iter().map(|answer| answer.sequence).collect();
    sequences.sort_unstable();
    assert_eq!(sequences, (0..1000).collect::<Vec<u64>>());
    let failed = answers.iter().filter(|answer| matches!(answer.response, Some(Response::Error(_)))).count();
    assert_eq!(failed, 1);
    let found = client.search_stream(SearchRequest::default()).await.unwrap().into_inner();
    assert_eq!(found.count().await, 999);
}

/// Each kind of write comes to the service as it was sent, and every answer has the request's id, errors too.
#[tokio::test]
async fn streams_pass_each_kind_of_write_through() {
    let running = Running::start().await;
    let mut client = client(&running).await;
    let text = str::to_owned;
    let (resource_type, id, key) = (text("T"), text("i"), text("k"));
    let body = Bytes::from_static(b"{\"a\":1}");
    let update = UpdateRequest {
        resource_type: resource_type.clone(),
        id: id.clone(),
        body: body.clone(),
        if_match: text("3"),
        if_none_match: text("*"),
        idempotency_key: key.clone(),
    };
    let patch = PatchRequest {
        resource_type: resource_type.clone(),
        id: id.clone(),
        criteria: text("a=b"),
        kind: PatchKind::Merge as i32,
        body: body.clone(),
        if_match: text("3"),
        idempotency_key: key.clone(),
    };
    let creation = CreateRequest {
        resource_type: resource_type.clone(),
        body: body.clone(),
        if_none_exist: text("a=b"),
        idempotency_key: key.clone(),
    };
    let delete = DeleteRequest { resource_type, id, if_match: text("3"), idempotency_key: key.clone() };
    let transaction = TransactionRequest { bundle: body, idempotency_key: key };
    for (write, heard) in [
        (Write::Create(creation.clone()), format!("{creation:?}")),
        (Write::Update(update.clone()), format!("{update:?}")),
        (Write::Patch(patch.clone()), format!("{patch:?}")),
        (Write::Delete(delete.clone()), format!("{delete:?}")),
        (Write::Transaction(transaction.clone()), format!("{transaction:?}")),
    ] {
        let request = WriteStreamRequest { sequence: 7, request: Some(write) };
        let mut answers = client.write_stream(stream::iter([request])).await.unwrap().into_inner();
        assert_eq!(answers.next().await.unwrap().unwrap().sequence, 7, "{heard}");
        assert_eq!(*running.mock.heard.lock(), heard);
    }
    let mut invalid = Request::new(create(b"{}"));
    invalid.metadata_mut().insert("x-request-id", "my-id".parse().unwrap());
    let refused = client.create(invalid).await.unwrap_err();
    assert_eq!(refused.metadata().get("x-request-id").unwrap(), "my-id");
}

/// A caller that keeps its stream open does not keep the node from stopping.
#[tokio::test]
async fn a_stop_ends_open_write_streams() {
    let running = Running::start().await;
    let mut client = client(&running).await;
    let first = WriteStreamRequest { sequence: 1, request: Some(Write::Create(create(b"{\"a\":1}"))) };
    let requests = stream::iter([first]).chain(stream::pending());
    let mut answers = client.write_stream(requests).await.unwrap().into_inner();
    assert_eq!(answers.next().await.unwrap().unwrap().sequence, 1);
    running.stopper.stop();
    let end = tokio::time::timeout(Duration::from_secs(10), answers.next()).await.expect("it goes on");
    assert_eq!(end.unwrap().unwrap_err().code(), Code::Unavailable);
}

#[tokio::test]
async fn health_follows_readiness_and_the_stop() {
    let running = Running::start().await;
    let mut health = HealthClient::new(channel(&running).await);
    let request = HealthCheckRequest { service: "salamander.api.v1.Fhir".to_owned() };
    let mut statuses = health.watch(request).await.unwrap().into_inner();
    // The reporter may not have run yet when the watch begins.
    let mut until = async |wanted: ServingStatus| {
        while statuses.next().await.unwrap().unwrap().status != wanted as i32 {}
    };
    until(ServingStatus::Serving).await;
    running.readiness.send_replace(Readiness::not_ready("partition 1 has no leader"));
    until(ServingStatus::NotServing).await;
    running.readiness.send_replace(Readiness::ready());
    until(ServingStatus::Serving).await;
    running.stopper.stop();
    until(ServingStatus::NotServing).await;
}

#[tokio::test]
async fn reflection_lists_the_service() {
    use tonic_reflection::pb::v1::{
        ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
        server_reflection_request::MessageRequest,
    };
    let running = Running::start().await;
    let list = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut client = ServerReflectionClient::new(channel(&running).await);
    let mut answers = client.server_reflection_info(stream::iter([list])).await.unwrap().into_inner();
    let answer = format!("{:?}", answers.next().await.unwrap().unwrap());
    assert!(answer.contains("salamander.api.v1.Fhir"), "{answer}");
}
