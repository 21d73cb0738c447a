//! What can go wrong with a call, and whether sending it again can help.

use proto::{Code, api::v1::ErrorDetail};
use std::error::Error as _;

/// The error of every call of this crate. [`Error::code`] tells what the server says, in one word.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The endpoint given to [`crate::Client::connect`] is not a usable `http://host:port` or `https://host:port`.
    #[error("not an endpoint: {endpoint}: {reason}")]
    Endpoint {
        /// As it was given.
        endpoint: String,
        /// What is wrong with it.
        reason: String,
    },

    /// Metadata that cannot be sent.
    #[error("metadata {key}: {reason}")]
    Metadata {
        /// The key, as it was given.
        key: String,
        /// What is wrong with it or its value.
        reason: String,
    },

    /// An [`crate::Interceptor`] did not let the call through.
    #[error("not sent: {0}")]
    Intercepted(String),

    /// The server answered with an error of its own.
    #[error("{}: {}", detail.code, diagnostics(detail))]
    Rejected {
        /// The code of `proto/src/error.rs` and at least one issue.
        detail: Box<ErrorDetail>,
    },

    /// The connection, a proxy or this client's transport failed, or the deadline was over.
    #[error("{code:?}: {message}")]
    Transport {
        /// gRPC's word for it.
        code: tonic::Code,
        /// What the transport says.
        message: String,
        /// Whether sending it again may help.
        retryable: bool,
        /// False: it never left.
        may_have_applied: bool,
    },

    /// The retries used up their time.
    #[error("gave up after {attempts} attempts: {last}")]
    GaveUp {
        /// 1 or more.
        attempts: u32,
        /// Whether any of the attempts may have been applied.
        may_have_applied: bool,
        /// The error of the last one.
        last: Box<Error>,
    },

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
    pub fn code(&self) -> Option<Code> {
        Code::from_name(&self.detail()?.code)
    }

    /// Whether the same request may succeed if sent again; a write that [may have been
    /// applied](Error::may_have_applied), only under the same idempotency key.
    pub fn retryable(&self) -> bool {
        match self {
            Error::Rejected { detail } => detail.retryable,
            Error::Transport { retryable, .. } => *retryable,
            Error::GaveUp { last, .. } => last.retryable(),
            Error::Endpoint { .. } | Error::Metadata { .. } | Error::Intercepted(_) | Error::Protocol(_) => {
                false
            }
        }
    }

    /// What is known of a write that failed so. False: it was certainly not applied. True: it may have been, or may yet be.
    pub fn may_have_applied(&self) -> bool {
        match self {
            Error::Rejected { detail } => detail.may_have_applied,
            Error::Transport { may_have_applied, .. } | Error::GaveUp { may_have_applied, .. } => {
                *may_have_applied
            }
            Error::Protocol(_) => true,
            Error::Endpoint { .. } | Error::Metadata { .. } | Error::Intercepted(_) => false,
        }
    }

    pub(crate) fn rejected(detail: ErrorDetail) -> Self {
        Error::Rejected { detail: Box::new(detail) }
    }

    /// The stream that a write was on ended before its answer came.
    pub(crate) fn cut(message: &str) -> Self {
        Error::Transport {
            code: tonic::Code::Unavailable,
            message: message.to_owned(),
            retryable: true,
            may_have_applied: true,
        }
    }

    /// Larger than `limit` bytes, so not sent.
    pub(crate) fn too_large(bytes: usize, limit: usize) -> Self {
        Error::Transport {
            code: tonic::Code::OutOfRange,
            message: format!("a message of {bytes} bytes; Options::message_bytes_max is {limit}"),
            retryable: false,
            may_have_applied: false,
        }
    }

    /// This side's clock ran out.
    pub(crate) fn timed_out() -> Self {
        Error::Transport {
            code: tonic::Code::DeadlineExceeded,
            message: "no answer within the deadline".to_owned(),
            retryable: true,
            may_have_applied: true,
        }
    }

    pub(crate) fn is_timeout(&self) -> bool {
        matches!(self, Error::Transport { code: tonic::Code::DeadlineExceeded, .. })
    }
}

impl From<tonic::Status> for Error {
    fn from(status: tonic::Status) -> Self {
        if let Some(detail) = proto::error::detail_of(&status) {
            return Error::rejected(detail);
        }
        let sources = || std::iter::successors(status.source(), |&source| source.source());
        // The transport's own clock, which runs beside ours.
        if sources().any(|source| source.is::<tonic::TimeoutExpired>()) {
            return Error::timed_out();
        }
        // A status that came over the wire has no source: a source means that this side's transport made it.
        let broken = status.source().is_some();
        let retryable = broken || matches!(status.code(), tonic::Code::Unavailable | tonic::Code::Aborted);
        // What happened is told by the last of them, and the others mostly say that something did.
        let message = sources().map(ToString::to_string).fold(status.message().to_owned(), |text, cause| {
            if text.contains(&cause) { text } else { format!("{text}: {cause}") }
        });
        Error::Transport {
            code: status.code(),
            message,
            retryable,
            may_have_applied: !sources().any(|source| source.is::<tonic::ConnectError>()),
        }
    }
}

fn diagnostics(detail: &ErrorDetail) -> &str {
    detail.issues.first().map_or("no diagnostics", |issue| issue.diagnostics.as_str())
}
