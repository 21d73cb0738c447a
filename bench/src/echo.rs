//! Servers that only answer: axum and tonic with the same bytes, for what the wires alone cost.
//! They run in a process of their own (`bench echo`), as the node does.

use anyhow::Result;
use axum::{
    Router,
    http::{StatusCode, header},
    response::IntoResponse,
    routing::get,
};
use bytes::Bytes;
use futures::{StreamExt, stream::BoxStream};
use proto::api::v1::{
    fhir_server::{Fhir, FhirServer},
    write_stream_request, write_stream_response, *,
};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status, Streaming};

/// How the line begins that is printed when both listen.
pub const READY: &str = "echo ready";

const JSON: &str = "application/fhir+json";
const ID: &str = "echo";

/// Both servers on free loopback ports; returns the rest of the ready line and the servers' end.
///
/// # Errors
/// No port could be had.
pub async fn serve(body: Bytes) -> Result<(String, impl Future<Output = Result<()>>)> {
    let rest = TcpListener::bind("127.0.0.1:0").await?;
    let grpc = TcpListener::bind("127.0.0.1:0").await?;
    let addresses = format!("rest=http://{}/fhir grpc=http://{}", rest.local_addr()?, grpc.local_addr()?);
    let serving = async move {
        let incoming = TcpListenerStream::new(grpc).inspect(|stream| {
            // As the node does; without it small answers wait for acknowledgements.
            let _ = stream.as_ref().map(|stream| stream.set_nodelay(true));
        });
        let service = FhirServer::new(Echo { body: body.clone() });
        let tonic = tonic::transport::Server::builder().serve_with_incoming(service, incoming);
        tokio::select! {
            ended = tonic => ended?,
            ended = axum::serve(NoDelay(rest), routes(body)) => ended?,
        }
        Ok(())
    };
    Ok((addresses, serving))
}

struct NoDelay(TcpListener);

impl axum::serve::Listener for NoDelay {
    type Io = tokio::net::TcpStream;
    type Addr = std::net::SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (stream, address) = axum::serve::Listener::accept(&mut self.0).await;
        let _ = stream.set_nodelay(true);
        (stream, address)
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.0.local_addr()
    }
}

/// GET answers the bytes, POST answers what it got.
fn routes(body: Bytes) -> Router {
    let read = move || async move { ([(header::CONTENT_TYPE, JSON)], body) };
    Router::new().route("/fhir/{*path}", get(read).post(create))
}

async fn create(body: Bytes) -> impl IntoResponse {
    let headers = [(header::CONTENT_TYPE, JSON), (header::LOCATION, "Observation/echo/_history/1")];
    (StatusCode::CREATED, headers, body)
}

struct Echo {
    body: Bytes,
}

fn created(body: Bytes) -> WriteResponse {
    WriteResponse {
        outcome: Outcome::Created.into(),
        resource_type: "Observation".to_owned(),
        id: ID.to_owned(),
        version_id: "1".to_owned(),
        last_updated_ms: 1,
        body,
        count: 0,
    }
}

fn answer(request: WriteStreamRequest) -> WriteStreamResponse {
    let write = match request.request {
        Some(write_stream_request::Request::Create(create)) => Some(created(create.body)),
        Some(write_stream_request::Request::Update(update)) => Some(created(update.body)),
        _ => None,
    };
    let response = write.map(write_stream_response::Response::Write);
    WriteStreamResponse { sequence: request.sequence, response }
}

/// What is not here it does not echo.
#[tonic::async_trait]
impl Fhir for Echo {
    async fn create(&self, request: Request<CreateRequest>) -> Result<Response<WriteResponse>, Status> {
        Ok(Response::new(created(request.into_inner().body)))
    }

    async fn update(&self, request: Request<UpdateRequest>) -> Result<Response<WriteResponse>, Status> {
        Ok(Response::new(created(request.into_inner().body)))
    }

    async fn read(&self, request: Request<ReadRequest>) -> Result<Response<ReadResponse>, Status> {
        let ReadRequest { resource_type, id, .. } = request.into_inner();
        let (version_id, body) = ("1".to_owned(), self.body.clone());
        Ok(Response::new(ReadResponse { resource_type, id, version_id, last_updated_ms: 1, body }))
    }

    async fn write_stream(
        &self,
        request: Request<Streaming<WriteStreamRequest>>,
    ) -> Result<Response<BoxStream<'static, Result<WriteStreamResponse, Status>>>, Status> {
        Ok(Response::new(request.into_inner().map(|request| request.map(answer)).boxed()))
    }

    async fn search(&self, _: Request<SearchRequest>) -> Result<Response<SearchResponse>, Status> {
        Ok(Response::new(SearchResponse::default()))
    }
}
