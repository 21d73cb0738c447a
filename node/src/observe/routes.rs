//! `/health/live`, `/health/ready` and `/metrics`, on the REST listener beside FHIR.

use super::{health::Health, metrics};
use axum::{
    Router,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::json;

/// The routes. `live` answers 200 unless only a new start of the process would help; `ready` 200 or 503; both with the
/// reasons.
pub fn router(health: Health) -> Router {
    let live = health.clone();
    let live = move || {
        let readiness = live.current();
        let reasons = if readiness.failed { readiness.reasons } else { Vec::new() };
        std::future::ready(told(!readiness.failed, ["live", "failed"], &reasons))
    };
    let ready = move || {
        let readiness = health.current();
        std::future::ready(told(readiness.is_ready(), ["ready", "not ready"], &readiness.reasons))
    };
    Router::new()
        .route("/health/live", get(live))
        .route("/health/ready", get(ready))
        .route("/metrics", get(page))
}

fn told(well: bool, [good, bad]: [&str; 2], reasons: &[String]) -> Response {
    let (status, word) = match well {
        true => (StatusCode::OK, good),
        false => (StatusCode::SERVICE_UNAVAILABLE, bad),
    };
    let body = json!({ "status": word, "reasons": reasons });
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

async fn page() -> Response {
    // It walks folders: not on a thread of the runtime.
    match tokio::task::spawn_blocking(metrics::render).await {
        Ok(text) => {
            ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
