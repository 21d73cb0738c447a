//! What can go wrong with a call, and whether sending it again can help.

use proto::api::v1::ErrorDetail;
use std::error::Error as _;

/// The error of every call of this crate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The endpoint given to [`crate::Client::connect`] is not a usable `http://host:port`.
    #[error("not an endpoint: {endpoint}: {reason}")]
    Endpoint { endpoint: String, reason: String },

    /// The server answered with an error of its own: the code of `proto/src/error.rs` and at least one issue.
    #[error("{}: {}", detail.code, diagnostics(detail))]
    Rejected { detail: Box<ErrorDetail> },

    /// The connection, a proxy or this client's transport failed; what became of a write is not known (but with
    /// its idempotency key it may be sent again).
    #[error("{code:?}: {message}")]
    Transport { code: tonic::Code, message: String, retryable: bool },

    /// The retries used up the time of [`crate::Retry::deadline`]; `last` is the error of the last attempt.
    #[error("gave up after {attempts} attempts: {last}")]
    GaveUp { attempts: u32, last: Box<Error> },

    /// The answer broke the protocol, such as a stream answer of another kind than its request.
    #[error("unexpected answer: {0}")]
    Protocol(String),
}

impl Error {
    /// The server's detail, where the server (and not the transport) answered.
    pub fn detail(&self) -> Option<&ErrorDetail> {
        match self {
            Error::Rejected { detail } => Some(detail),
            Error::GaveUp { last, .. } => last.detail(),
            _ => None,
        }
    }

    /// The server's error code, where the server answered with one this client knows.
    pub fn code(&self) -> Option<proto::Code> {
        proto::Code::from_name(&self.detail()?.code)
    }

    /// Whether the same request, with the same idempotency key, may succeed if sent again.
    pub fn retryable(&self) -> bool {
        match self {
            Error::Rejected { detail } => detail.retryable,
            Error::Transport { retryable, .. } => *retryable,
            Error::GaveUp { last, .. } => last.retryable(),
            Error::Endpoint { .. } | Error::Protocol(_) => false,
        }
    }

    pub(crate) fn rejected(detail: ErrorDetail) -> Self {
        Error::Rejected { detail: Box::new(detail) }
    }
}

impl From<tonic::Status> for Error {
    fn from(status: tonic::Status) -> Self {
        if let Some(detail) = proto::error::detail_of(&status) {
            return Error::rejected(detail);
        }
        // A status that came over the wire has no source: a source means that this side's transport made it.
        let broken = status.source().is_some();
        let retryable = broken || matches!(status.code(), tonic::Code::Unavailable | tonic::Code::Aborted);
        let cause = status.source().map(|source| format!(": {source}")).unwrap_or_default();
        Error::Transport { code: status.code(), message: format!("{}{cause}", status.message()), retryable }
    }
}

fn diagnostics(detail: &ErrorDetail) -> &str {
    detail.issues.first().map_or("no diagnostics", |issue| issue.diagnostics.as_str())
}
