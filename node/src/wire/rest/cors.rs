//! Cross-origin calls by browsers: <https://fetch.spec.whatwg.org/#http-cors-protocol>. Off where no origin is configured.

use crate::config::List;
use http::{HeaderName, HeaderValue, Method, header};
use proto::metadata;
use std::time::Duration;
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

const METHODS: [Method; 6] =
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
/// What scripts may read besides what they always may.
const EXPOSED: [HeaderName; 6] = [
    header::ETAG,
    header::LOCATION,
    header::CONTENT_LOCATION,
    header::RETRY_AFTER,
    HeaderName::from_static("x-request-id"),
    HeaderName::from_static(metadata::AGE),
];
const PREFLIGHT_AGE: Duration = Duration::from_secs(3600);

/// Every origin.
pub const ANY: &str = "*";

/// What answers preflights, and lets pages of these origins read the answers; `None`: there are none.
pub fn layer(origins: &List) -> Option<CorsLayer> {
    let allowed = match origins.0.as_slice() {
        [] => return None,
        some if some.iter().any(|origin| origin == ANY) => AllowOrigin::any(),
        // The configuration has none that are no values.
        some => AllowOrigin::list(some.iter().filter_map(|origin| HeaderValue::from_str(origin).ok())),
    };
    Some(
        CorsLayer::new()
            .allow_origin(allowed)
            .allow_methods(METHODS)
            .allow_headers(AllowHeaders::mirror_request())
            .expose_headers(EXPOSED)
            .max_age(PREFLIGHT_AGE),
    )
}
