//! tonic, health checking and reflection refuse some calls with a bare status: a method or service that is not here, a
//! message that is too large or is none. Each gets our code and its detail, like every other error.

use bytes::Bytes;
use http::{HeaderMap, Response};
use http_body_util::{BodyExt, combinators::MapFrame};
use hyper::body::Frame;
use proto::{Code, Error};
use tonic::{Status, body::Body};

/// How tonic's texts begin; `grpc::tests` fails when they change.
const TOO_LARGE: [&str; 2] = ["Error, decoded message length too large", "Error decompressing: size limit"];
const ANSWER_TOO_LARGE: &str = "Error, encoded message length too large";

type Told = MapFrame<Body, fn(Frame<Bytes>) -> Frame<Bytes>>;

/// The response of a service whose errors all carry their detail, whether the status is in the head or in the trailers.
pub(super) fn tell(response: Response<Body>) -> Response<Told> {
    let in_trailers: fn(Frame<Bytes>) -> Frame<Bytes> = |mut frame| {
        if let Some(trailers) = frame.trailers_mut() {
            tell_in(trailers);
        }
        frame
    };
    let mut response = response.map(|body| body.map_frame(in_trailers));
    tell_in(response.headers_mut());
    response
}

fn tell_in(headers: &mut HeaderMap) {
    let failed = headers.get(Status::GRPC_STATUS).is_some_and(|status| status != "0");
    if !failed || headers.contains_key(Status::GRPC_STATUS_DETAILS) {
        return;
    }
    if let Some(status) = Status::from_header_map(headers) {
        // Refused only where a text cannot be a header, which the texts of `Error` are made to be.
        let _ = told(status).add_header(headers);
    }
}

/// The status with our code and detail; unchanged where it has them already.
pub(super) fn told(status: Status) -> Status {
    if !status.details().is_empty() {
        return status;
    }
    let text = status.message();
    if TOO_LARGE.iter().any(|begin| text.starts_with(begin)) {
        let text = format!("{} (grpc.message_bytes_max)", text.trim_start_matches("Error, "));
        return Error::new(Code::TooLarge, text).to_status();
    }
    if text.starts_with(ANSWER_TOO_LARGE) {
        let text = format!(
            "{} (grpc.message_bytes_max); what was asked is done, but cannot be answered: ask for less",
            text.trim_start_matches("Error, ")
        );
        return Error::new(Code::Internal, text).to_status();
    }
    let text = if text.is_empty() { status.code().description() } else { text };
    Error::new(code(status.code()), text).to_status()
}

/// Every error of this server's own has its detail: what has none is a judgement about the call.
fn code(status: tonic::Code) -> Code {
    match status {
        // tonic's word for a message that cannot be decoded.
        tonic::Code::Internal | tonic::Code::DataLoss => Code::Malformed,
        tonic::Code::Unimplemented => Code::NotSupported,
        tonic::Code::NotFound => Code::NotFound,
        tonic::Code::ResourceExhausted => Code::Overloaded,
        tonic::Code::OutOfRange => Code::TooLarge,
        tonic::Code::Unavailable => Code::Unavailable,
        tonic::Code::DeadlineExceeded | tonic::Code::Cancelled => Code::Timeout,
        tonic::Code::Unknown => Code::OutcomeUnknown,
        _ => Code::BadRequest,
    }
}
