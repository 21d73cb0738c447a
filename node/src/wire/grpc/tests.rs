use crate::{
    observe::Readiness,
    wire::mock::{CLOCK_MS, Running},
};
use bytes::Bytes;
use futures::{StreamExt, stream};
use proto::{
    TenantId,
    api::v1::{
        fhir_client::FhirClient, routing_client::RoutingClient, write_stream_request::Request as Write,
        write_stream_response::Response, *,
    },
    error::detail_of,
    metadata,
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
    let mut twice = Request::new(create(b"{\"a\":1}"));
    twice.metadata_mut().append("x-salamander-tenant", "clinic".parse().unwrap());
    twice.metadata_mut().append("x-salamander-tenant", "default".parse().unwrap());
    assert_eq!(client.create(twice).await.unwrap_err().code(), Code::InvalidArgument);
}

#[tokio::test]
async fn a_tenant_comes_with_the_base_of_its_links() {
    let running = Running::start().await;
    let mut client = client(&running).await;
    let mut request = Request::new(create(b"{\"a\":1}"));
    request.metadata_mut().insert("x-salamander-tenant", "clinic".parse().unwrap());
    client.create(request).await.unwrap();
    let seen = running.mock.seen.lock().clone().unwrap();
    assert_eq!((seen.tenant, seen.base.as_deref()), (TenantId(2), Some("https://a.example/t/clinic/fhir")));
}

/// Calls `path` with `message` as bytes, whatever they are.
async fn raw(running: &Running, path: &'static str, message: &[u8]) -> tonic::Status {
    let mut grpc = tonic::client::Grpc::new(channel(running).await);
    grpc.ready().await.unwrap();
    let codec = tonic_prost::ProstCodec::<Vec<u8>, ReadResponse>::default();
    // As a message, bytes are one field of number 1: its first byte is a tag, then comes the length.
    grpc.unary(Request::new(message.to_vec()), path.parse().unwrap(), codec).await.unwrap_err()
}

#[tokio::test]
async fn an_error_of_any_origin_carries_its_detail() {
    let running = Running::with(|config| config.grpc.message_bytes_max = 1000).await;
    let code_of = |status: &tonic::Status| {
        let detail = detail_of(status).unwrap_or_else(|| panic!("no detail: {status:?}"));
        assert!(!detail.issues[0].diagnostics.is_empty(), "{status:?}");
        let code = proto::Code::from_name(&detail.code).unwrap();
        assert_eq!(code.grpc(), status.code(), "{status:?}");
        code
    };
    let unknown = raw(&running, "/salamander.api.v1.Fhir/Everything", b"").await;
    assert_eq!((unknown.code(), code_of(&unknown)), (Code::Unimplemented, proto::Code::NotSupported));
    let unknown = raw(&running, "/salamander.api.v9.Fhir/Read", b"").await;
    assert_eq!((unknown.code(), code_of(&unknown)), (Code::Unimplemented, proto::Code::NotSupported));
    let broken = raw(&running, "/salamander.api.v1.Fhir/Read", b"\xff\xff").await;
    assert_eq!((broken.code(), code_of(&broken)), (Code::InvalidArgument, proto::Code::Malformed));
    let large = raw(&running, "/salamander.api.v1.Fhir/Read", &[b'a'; 2000]).await;
    assert_eq!((large.code(), code_of(&large)), (Code::ResourceExhausted, proto::Code::TooLarge));
    let health = raw(&running, "/grpc.health.v1.Health/Check", b"no.such.Service").await;
    assert_eq!((health.code(), code_of(&health)), (Code::NotFound, proto::Code::NotFound));
    // In the trailers: the answer has begun when it turns out to be too large.
    let mut client = client(&running).await;
    let long = UpdateRequest {
        resource_type: "Patient".to_owned(),
        id: "a".to_owned(),
        body: format!("{{\"a\":\"{}\"}}", "a".repeat(950)).into(),
        ..Default::default()
    };
    client.update(long).await.unwrap();
    let bogus = SearchParameter { name: "bogus".to_owned(), value: "b".repeat(100) };
    let search = SearchRequest { parameters: vec![bogus], ..Default::default() };
    let answer = client.search(search).await.unwrap_err();
    assert_eq!((code_of(&answer), answer.message().contains("ask for less")), (proto::Code::Internal, true));
    assert!(detail_of(&answer).unwrap().may_have_applied);
}

#[tokio::test]
async fn a_misspelt_tenant_is_told() {
    let running = Running::start().await;
    let mut request = Request::new(create(b"{\"a\":1}"));
    request.metadata_mut().insert("x-salamander-tennant", "clinic".parse().unwrap());
    let refused = client(&running).await.create(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert!(refused.message().contains("x-salamander-tenant"), "{refused}");
}

#[tokio::test]
async fn messages_are_compressed_both_ways() {
    use tonic::codec::CompressionEncoding::Gzip;
    let running = Running::start().await;
    let compressing = client(&running).await.send_compressed(Gzip).accept_compressed(Gzip);
    let body: Bytes = format!("{{\"a\":\"{}\"}}", "b".repeat(10_000)).into();
    let request = CreateRequest { resource_type: "Patient".into(), body: body.clone(), ..Default::default() };
    let written = compressing.clone().create(request).await.unwrap();
    assert_eq!(written.metadata().get("grpc-encoding").unwrap(), "gzip");
    assert_eq!(written.get_ref().body, body);
    // Nobody gets what was not asked for.
    let read = ReadRequest { resource_type: "Patient".into(), id: "new".into(), ..Default::default() };
    let plain = client(&running).await.read(read).await.unwrap();
    assert_eq!((plain.metadata().get("grpc-encoding"), &plain.get_ref().body), (None, &body));
    // A small message that unpacks to a large one is as large as what it unpacks to.
    let running = Running::with(|config| config.grpc.message_bytes_max = 1000).await;
    let request = CreateRequest { resource_type: "Patient".into(), body, ..Default::default() };
    let bomb = client(&running).await.send_compressed(Gzip).create(request).await.unwrap_err();
    assert_eq!(detail_of(&bomb).unwrap().code, "TOO_LARGE", "{bomb}");
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
        ..Default::default()
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
    let delete = DeleteRequest {
        resource_type,
        id,
        if_match: text("3"),
        idempotency_key: key.clone(),
        ..Default::default()
    };
    let transaction = TransactionRequest { bundle: body, idempotency_key: key, ..Default::default() };
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

/// What is sent after a message that cannot be read is not begun; what was sent before it is answered.
#[tokio::test]
async fn a_stream_ends_with_the_error_of_the_message_that_cannot_be_read() {
    let running = Running::with(|config| config.grpc.message_bytes_max = 1000).await;
    let mut client = client(&running).await;
    let long: Bytes = format!("{{\"a\":\"{}\"}}", "a".repeat(2000)).into();
    let bodies = [Bytes::from_static(b"{\"a\":1}"), long, Bytes::from_static(b"{\"a\":2}")];
    let requests = bodies.into_iter().enumerate().map(|(sequence, body)| WriteStreamRequest {
        sequence: sequence as u64,
        request: Some(Write::Create(CreateRequest { body, ..create(b"") })),
    });
    let answers = client.write_stream(stream::iter(requests)).await.unwrap().into_inner();
    let mut answers: Vec<_> = answers.collect().await;
    let end = answers.pop().unwrap().unwrap_err();
    assert_eq!(detail_of(&end).unwrap().code, "TOO_LARGE", "{end}");
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0].as_ref().unwrap().sequence, 0);
    let created =
        client.read(ReadRequest { resource_type: "Patient".into(), id: "new".into(), ..Default::default() });
    assert_eq!(created.await.unwrap().into_inner().body, "{\"a\":1}");
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

#[tokio::test]
async fn clients_are_told_who_leads_and_a_call_for_another_cluster_is_refused() {
    let running = Running::start().await;
    let read = |id: &str, cluster: Option<u64>| {
        let (resource_type, id) = ("Patient".to_owned(), id.to_owned());
        let mut request = Request::new(ReadRequest { resource_type, id, ..Default::default() });
        let cluster = cluster.map(|number| metadata::cluster(number).parse().unwrap());
        cluster.map(|value| request.metadata_mut().insert(metadata::CLUSTER, value));
        request
    };
    let mut client = client(&running).await;
    client.create(create(b"{\"a\":1}")).await.unwrap();
    let here = client.read(read("new", Some(7))).await.unwrap();
    assert!(!here.metadata().contains_key(metadata::LEADER));
    let elsewhere = client.read(read("elsewhere", None)).await.unwrap_err();
    assert_eq!(elsewhere.metadata().get(metadata::LEADER).unwrap(), "2");
    let refused = client.read(read("new", Some(8))).await.unwrap_err();
    let detail = detail_of(&refused).unwrap();
    assert_eq!((detail.code.as_str(), detail.may_have_applied), ("UNAVAILABLE", false));

    let mut routing = RoutingClient::new(channel(&running).await);
    let map = routing.map(MapRequest { version: 3 }).await.unwrap().into_inner();
    assert_eq!((map.version, map.cluster, map.seen_by), (4, 7, 1));
    let mut other = Request::new(MapRequest::default());
    other.metadata_mut().insert(metadata::CLUSTER, metadata::cluster(8).parse().unwrap());
    assert_eq!(routing.map(other).await.unwrap_err().code(), Code::Unavailable);
}
