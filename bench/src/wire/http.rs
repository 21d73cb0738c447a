//! One HTTP/1.1 connection, used for one request at a time: the cheapest honest client.

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{
    HeaderMap, Method, Request, StatusCode, Uri,
    client::conn::http1::{self, SendRequest},
    header,
};
use hyper_util::rt::TokioIo;
use std::time::Duration;
use tokio::net::TcpStream;

/// An answer that takes longer than this is an error.
const PATIENCE: Duration = Duration::from_secs(60);

/// The connection and where it leads.
pub struct Http {
    sender: SendRequest<Full<Bytes>>,
    authority: String,
    base: String,
}

/// An answer, whole.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Http {
    /// Connects to the server of `base`, such as `http://127.0.0.1:8080/fhir`. Plain HTTP only.
    ///
    /// # Errors
    /// A URL that is none, or a server that is not there.
    pub async fn connect(base: &str) -> Result<Http> {
        let uri: Uri = base.parse().with_context(|| format!("{base} is no URL"))?;
        let authority = uri.authority().with_context(|| format!("{base} names no host"))?.to_string();
        if uri.scheme_str() != Some("http") {
            bail!("{base}: only http:// is spoken");
        }
        let port = uri.port_u16().unwrap_or(80);
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
        let stream =
            TcpStream::connect((host, port)).await.with_context(|| format!("connecting to {base}"))?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // Its error shows in the next request.
        tokio::spawn(connection);
        Ok(Http { sender, authority, base: uri.path().trim_end_matches('/').to_owned() })
    }

    /// GET of `path` (and query) below the base.
    ///
    /// # Errors
    /// No answer. Any status is an answer.
    pub async fn get(&mut self, path: &str) -> Result<Answer> {
        self.send(Method::GET, path, Bytes::new()).await
    }

    /// GET that must answer 200.
    ///
    /// # Errors
    /// No answer, or another status.
    pub async fn get_ok(&mut self, path: &str) -> Result<Answer> {
        self.get(path).await?.expect(StatusCode::OK)
    }

    /// A request with a FHIR JSON body; an empty one is sent without a content type.
    ///
    /// # Errors
    /// No answer within a minute. Any status is an answer.
    pub async fn send(&mut self, method: Method, path: &str, body: Bytes) -> Result<Answer> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}/{path}", self.base))
            .header(header::HOST, &self.authority)
            .header(header::ACCEPT, "application/fhir+json");
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/fhir+json");
        }
        let request = request.body(Full::new(body))?;
        tokio::time::timeout(PATIENCE, self.exchange(request)).await.context("no answer within a minute")?
    }

    async fn exchange(&mut self, request: Request<Full<Bytes>>) -> Result<Answer> {
        self.sender.ready().await.context("the connection was closed")?;
        let (head, body) = self.sender.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Answer { status: head.status, headers: head.headers, body })
    }
}

impl Answer {
    /// Itself, where it has this status.
    ///
    /// # Errors
    /// Another status; the error shows the beginning of the body.
    pub fn expect(self, status: StatusCode) -> Result<Answer> {
        if self.status != status {
            let text = String::from_utf8_lossy(&self.body);
            let beginning: String = text.chars().take(500).collect();
            bail!("expected {status}, got {}: {beginning}", self.status);
        }
        Ok(self)
    }

    /// The logical id of a created resource, out of `Location: [base]/Type/id/_history/1`.
    ///
    /// # Errors
    /// There is no such header.
    pub fn created_id(&self) -> Result<String> {
        let location = self.headers.get(header::LOCATION).context("no Location in the answer")?.to_str()?;
        let versionless = location.split("/_history/").next().unwrap_or(location);
        Ok(versionless.rsplit('/').next().unwrap_or(versionless).to_owned())
    }
}
