//! tonic refuses a message that is too large with a bare status. It gets our code and detail, like every other error.

use axum::response::{IntoResponse, Response};
use proto::{Code, Error};
use tonic::Status;

/// How tonic's text begins; `grpc::tests` fails when it changes.
const TOO_LARGE: &str = "Error, decoded message length too large";

/// The status in its stead, where it is tonic's refusal of a large message.
pub(super) fn told(status: Status) -> Status {
    match status.message().starts_with(TOO_LARGE) {
        true => {
            let text = format!("{} (grpc.message_bytes_max)", status.message().trim_start_matches("Error, "));
            Error::new(Code::TooLarge, text).to_status()
        }
        false => status,
    }
}

/// The same of a whole answer: the refusal of a unary call comes before the handler.
pub(super) async fn tell(response: Response) -> Response {
    if !response.headers().contains_key(Status::GRPC_STATUS) {
        return response;
    }
    match Status::from_header_map(response.headers()) {
        Some(status) if status.message().starts_with(TOO_LARGE) => {
            told(status).into_http::<axum::body::Body>().into_response()
        }
        _ => response,
    }
}
