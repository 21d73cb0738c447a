//! An in-process `Fhir` server on loopback whose answers a test scripts. Each test file uses a part of it.
#![allow(dead_code)]

pub mod cluster;

use client::api;
use futures::FutureExt;
use proto::{Code, Error, metadata::LEADER};
use std::{
    collections::VecDeque,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, atomic::AtomicUsize},
    time::Duration,
};
use tokio::sync::mpsc;
use tokio_stream::{Stream, StreamExt, wrappers::ReceiverStream};
use tonic::{Request, Response, Status, Streaming, codec::CompressionEncoding, metadata::MetadataMap};

/// What the next calls answer: the errors in order, then success.
#[derive(Clone, Default)]
pub struct Fake {
    pub errors: Arc<Mutex<VecDeque<Error>>>,
    /// The idempotency keys of all writes seen, in order.
    pub keys: Arc<Mutex<Vec<String>>>,
    /// The metadata of all creates and reads, in order.
    pub metadata: Arc<Mutex<Vec<MetadataMap>>>,
    /// The next write stream is cut off after this many requests, unanswered.
    pub cut_after: Arc<Mutex<Option<usize>>>,
    /// Reads and creates take so long.
    pub slow: Arc<Mutex<Duration>>,
    /// What it tells of its cluster.
    pub map: Arc<Mutex<api::MapResponse>>,
    /// How often it was asked for that.
    pub asked: Arc<AtomicUsize>,
    /// The node that it says leads what a read is about.
    pub leader: Arc<Mutex<Option<u64>>>,
}

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

impl Fake {
    pub fn failing(errors: impl IntoIterator<Item = Code>) -> Fake {
        let fake = Fake::default();
        fake.errors.lock().unwrap().extend(errors.into_iter().map(|code| Error::new(code, "as scripted")));
        fake
    }

    pub fn keys(&self) -> Vec<String> {
        self.keys.lock().unwrap().clone()
    }

    /// Serves on a free loopback port until the test's runtime ends.
    pub async fn serve(&self) -> SocketAddr {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let service = api::fhir_server::FhirServer::new(self.clone())
            .accept_compressed(CompressionEncoding::Gzip)
            .send_compressed(CompressionEncoding::Gzip);
        let incoming = tokio_stream::wrappers::TcpListenerStream::new(listener);
        let routing = api::routing_server::RoutingServer::new(self.clone());
        let both = cluster::Both(service, routing);
        tokio::spawn(tonic::transport::Server::builder().serve_with_incoming(both, incoming));
        address
    }

    /// The values of a key in the calls so far; `-` where it is absent.
    pub fn metadata(&self, key: &str) -> Vec<String> {
        let text = |call: &MetadataMap| call.get(key).map_or("-", |value| value.to_str().unwrap()).to_owned();
        self.metadata.lock().unwrap().iter().map(text).collect()
    }

    fn next(&self) -> Result<(), Error> {
        self.errors.lock().unwrap().pop_front().map_or(Ok(()), Err)
    }

    fn write(&self, key: &str, id: &str) -> Result<api::WriteResponse, Error> {
        self.keys.lock().unwrap().push(key.to_owned());
        self.next()?;
        Ok(api::WriteResponse { id: id.to_owned(), version_id: "1".to_owned(), ..Default::default() })
    }
}

/// The request's own id (or type) comes back as the answer's id, so that a mixed-up answer is seen.
fn answer(fake: &Fake, request: api::WriteStreamRequest) -> api::WriteStreamResponse {
    use api::{write_stream_request::Request as Q, write_stream_response::Response as A};
    let written = |result: Result<api::WriteResponse, Error>| match result {
        Ok(response) => A::Write(response),
        Err(error) => A::Error(error.to_detail()),
    };
    let response = match request.request {
        Some(Q::Create(create)) => written(fake.write(&create.idempotency_key, &create.resource_type)),
        Some(Q::Update(update)) => written(fake.write(&update.idempotency_key, &update.id)),
        Some(Q::Patch(patch)) => written(fake.write(&patch.idempotency_key, &patch.id)),
        Some(Q::Delete(delete)) => written(fake.write(&delete.idempotency_key, &delete.id)),
        Some(Q::Transaction(bundle)) => A::Transaction(api::TransactionResponse { bundle: bundle.bundle }),
        None => A::Error(Error::new(Code::BadRequest, "no request").to_detail()),
    };
    api::WriteStreamResponse { sequence: request.sequence, response: Some(response) }
}

/// Answers all requests that are there in the reverse order, so that order never helps.
async fn answer_all(
    fake: Fake,
    mut requests: Streaming<api::WriteStreamRequest>,
    out: mpsc::Sender<Result<api::WriteStreamResponse, Status>>,
) {
    let cut_after = fake.cut_after.lock().unwrap().take();
    let mut seen = 0;
    while let Some(Ok(first)) = requests.next().await {
        let mut batch = vec![first];
        while let Some(Some(Ok(more))) = requests.next().now_or_never() {
            batch.push(more);
        }
        for request in batch.into_iter().rev() {
            seen += 1;
            if cut_after == Some(seen) {
                let _ = out.send(Err(Status::unavailable("cut"))).await;
                return;
            }
            let answer = answer(&fake, request);
            if cut_after.is_none() {
                let _ = out.send(Ok(answer)).await;
            }
        }
    }
}

#[tonic::async_trait]
impl api::fhir_server::Fhir for Fake {
    async fn create(
        &self,
        request: Request<api::CreateRequest>,
    ) -> Result<Response<api::WriteResponse>, Status> {
        self.arrived(request.metadata()).await?;
        let request = request.into_inner();
        let written = self.write(&request.idempotency_key, "created");
        written.map(Response::new).map_err(|error| error.to_status())
    }

    async fn read(&self, request: Request<api::ReadRequest>) -> Result<Response<api::ReadResponse>, Status> {
        self.arrived(request.metadata()).await?;
        self.next().map_err(|error| error.to_status())?;
        let mut answer =
            Response::new(api::ReadResponse { id: request.into_inner().id, ..Default::default() });
        if let Some(leader) = *self.leader.lock().unwrap() {
            answer.metadata_mut().insert(LEADER, leader.into());
        }
        Ok(answer)
    }

    async fn v_read(
        &self,
        request: Request<api::VReadRequest>,
    ) -> Result<Response<api::ReadResponse>, Status> {
        let request = request.into_inner();
        let response =
            api::ReadResponse { id: request.id, version_id: request.version_id, ..Default::default() };
        Ok(Response::new(response))
    }

    async fn update(
        &self,
        request: Request<api::UpdateRequest>,
    ) -> Result<Response<api::WriteResponse>, Status> {
        let request = request.into_inner();
        let written = self.write(&request.idempotency_key, &request.id);
        written.map(Response::new).map_err(|error| error.to_status())
    }

    async fn patch(
        &self,
        request: Request<api::PatchRequest>,
    ) -> Result<Response<api::WriteResponse>, Status> {
        let request = request.into_inner();
        let written = self.write(&request.idempotency_key, &request.id);
        written.map(Response::new).map_err(|error| error.to_status())
    }

    async fn delete(
        &self,
        request: Request<api::DeleteRequest>,
    ) -> Result<Response<api::WriteResponse>, Status> {
        let request = request.into_inner();
        let written = self.write(&request.idempotency_key, &request.id);
        written.map(Response::new).map_err(|error| error.to_status())
    }

    /// Three pages, told apart by the cursor.
    async fn history(
        &self,
        request: Request<api::HistoryRequest>,
    ) -> Result<Response<api::HistoryResponse>, Status> {
        self.next().map_err(|error| error.to_status())?;
        let page: u32 = request.into_inner().cursor.parse().unwrap_or(0);
        let entry = api::HistoryEntry { id: page.to_string(), ..Default::default() };
        let next_cursor = if page < 2 { (page + 1).to_string() } else { String::new() };
        Ok(Response::new(api::HistoryResponse { entries: vec![entry], next_cursor, total: None }))
    }

    async fn transaction(
        &self,
        request: Request<api::TransactionRequest>,
    ) -> Result<Response<api::TransactionResponse>, Status> {
        let request = request.into_inner();
        self.write(&request.idempotency_key, "").map_err(|error| error.to_status())?;
        Ok(Response::new(api::TransactionResponse { bundle: request.bundle }))
    }

    /// Three pages, told apart by the cursor.
    async fn search(
        &self,
        request: Request<api::SearchRequest>,
    ) -> Result<Response<api::SearchResponse>, Status> {
        self.next().map_err(|error| error.to_status())?;
        let page: u32 = request.into_inner().cursor.parse().unwrap_or(0);
        let entry = api::SearchEntry { id: page.to_string(), ..Default::default() };
        let next_cursor = if page < 2 { (page + 1).to_string() } else { String::new() };
        Ok(Response::new(api::SearchResponse { entries: vec![entry], next_cursor, ..Default::default() }))
    }

    async fn search_stream(
        &self,
        _: Request<api::SearchRequest>,
    ) -> Result<Response<Answers<api::SearchEntry>>, Status> {
        let entry = |n: u32| api::SearchEntry { id: n.to_string(), ..Default::default() };
        let end = Err(Error::new(Code::TooCostly, "enough").to_status());
        let entries = (0..1000).map(move |n| Ok(entry(n))).chain([end]);
        Ok(Response::new(Box::pin(tokio_stream::iter(entries))))
    }

    async fn write_stream(
        &self,
        request: Request<Streaming<api::WriteStreamRequest>>,
    ) -> Result<Response<Answers<api::WriteStreamResponse>>, Status> {
        let (out, answers) = mpsc::channel(16);
        tokio::spawn(answer_all(self.clone(), request.into_inner(), out));
        Ok(Response::new(Box::pin(ReceiverStream::new(answers))))
    }

    /// The request's name, type, id and body come back as the body.
    async fn operation(
        &self,
        request: Request<api::OperationRequest>,
    ) -> Result<Response<api::OperationResponse>, Status> {
        self.next().map_err(|error| error.to_status())?;
        let request = request.into_inner();
        let pairs: Vec<_> = request.parameters.iter().map(|p| format!("{}={}", p.name, p.value)).collect();
        let body = String::from_utf8_lossy(&request.body);
        let echo =
            format!("{} {} {} {} {body}", request.name, request.resource_type, request.id, pairs.join("&"));
        Ok(Response::new(api::OperationResponse { body: echo.into(), affects_state: false }))
    }

    async fn capabilities(
        &self,
        _: Request<api::CapabilitiesRequest>,
    ) -> Result<Response<api::CapabilitiesResponse>, Status> {
        Ok(Response::new(api::CapabilitiesResponse { body: "{}".into() }))
    }
}
