//! What hyper answers to a head that it cannot read has no body. Here it gets one, like every error of this server.

use super::{format::FHIR_JSON, head};
use proto::{Code, Error};

/// The whole answer instead of `head`, where that is a refusal of hyper's own; ours carry the request's id. `request` is the
/// start of what was refused.
pub(crate) fn complete(head: &[u8], request: &[u8]) -> Option<Vec<u8>> {
    let status = head.strip_prefix(b"HTTP/1.1 ").or_else(|| head.strip_prefix(b"HTTP/1.0 "))?;
    let (line, code, diagnostics) = match status.get(..3)? {
        b"400" => ("400 Bad Request", Code::BadRequest, head::fault(request)),
        b"414" => (
            "414 URI Too Long",
            Code::TooLarge,
            "the URL is too long; a search may be a POST to _search".to_owned(),
        ),
        b"431" => (
            "431 Request Header Fields Too Large",
            Code::TooLarge,
            "the head of the request is too large (rest.head_bytes_max), or has over 100 headers".to_owned(),
        ),
        _ => return None,
    };
    let text = std::str::from_utf8(head).ok()?.to_ascii_lowercase();
    if text.contains("\r\nx-request-id:") || !text.ends_with("\r\n\r\n") {
        return None;
    }
    let body = crate::outcome::of(&Error::new(code, diagnostics));
    let length = body.len();
    let mut answer = format!(
        "HTTP/1.1 {line}\r\ncontent-type: {FHIR_JSON}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    )
    .into_bytes();
    answer.extend_from_slice(&body);
    Some(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_hyper_made_is_completed() {
        let made = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\n\r\n";
        let answer = String::from_utf8(complete(made, b"").unwrap()).unwrap();
        assert!(answer.contains("OperationOutcome") && answer.contains("rest.head_bytes_max"), "{answer}");
        assert!(complete(b"HTTP/1.1 400 Bad Request\r\nX-Request-Id: a\r\n\r\n", b"").is_none());
        assert!(complete(b"HTTP/1.1 200 OK\r\n\r\n", b"").is_none());
        assert!(complete(b"HTTP", b"").is_none());
    }
}
