//! Content codings of answers: <https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3>.

use axum::extract::Request;
use http::{HeaderMap, HeaderValue, header};

/// Leaves of `Accept-Encoding` only whether gzip will do. Where nothing will, plain bytes are sent, as the RFC wants it: the layer
/// that compresses would make 406 of the answer, after the request was carried out.
pub(super) async fn settle(mut request: Request) -> Request {
    let gzip = takes_gzip(request.headers());
    let headers = request.headers_mut();
    headers.remove(header::ACCEPT_ENCODING);
    if gzip {
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    }
    request
}

/// By its own name, else by the star's.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let (mut named, mut star) = (None, false);
    for coding in values.flat_map(|value| value.split(',')) {
        let (name, quality) = coding.split_once(';').unwrap_or((coding, ""));
        let quality = quality.trim().trim_start_matches("q=");
        let accepted = quality.is_empty() || quality.parse::<f32>().is_ok_and(|quality| quality > 0.0);
        match name.trim().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => named = Some(accepted),
            "*" => star = accepted,
            _ => {}
        }
    }
    named.unwrap_or(star)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_by_name_or_star() {
        let takes = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, value.parse().unwrap());
            takes_gzip(&headers)
        };
        for yes in ["gzip", "br, GZIP;q=0.5", "*", "x-gzip", "identity;q=0, *", "deflate;q=1.0, *;q=0.1"] {
            assert!(takes(yes), "{yes}");
        }
        for no in ["", "br", "gzip;q=0", "gzip;q=0, *", "*;q=0", "identity;q=0", "gzip;q=much"] {
            assert!(!takes(no), "{no}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}
