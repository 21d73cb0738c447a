//! `/health/live`, `/health/ready` and `/metrics`, on the REST listener beside FHIR.

use super::{health::Health, metrics};
use axum::{
    Router,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::json;

/// The routes. `live` answers 200 as long as the process answers at all; `ready` 200 or 503 with the reasons.
pub fn router(health: Health) -> Router {
    let ready = move || {
        let readiness = health.current();
        let (status, word) = match readiness.is_ready() {
            true => (StatusCode::OK, "ready"),
            false => (StatusCode::SERVICE_UNAVAILABLE, "not ready"),
        };
        std::future::ready(answer(status, &json!({ "status": word, "reasons": readiness.reasons })))
    };
    Router::new()
        .route(
            "/health/live",
            get(|| std::future::ready(answer(StatusCode::OK, &json!({ "status": "live" })))),
        )
        .route("/health/ready", get(ready))
        .route("/metrics", get(page))
}

fn answer(status: StatusCode, body: &serde_json::Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

async fn page() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics::render())
}
