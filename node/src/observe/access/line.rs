//! What one line says.

use crate::observe::Wire;
use http::{HeaderMap, HeaderName, Method, StatusCode};
use std::{
    sync::{Arc, OnceLock},
    time::Instant,
};
use tonic::{Code, Status};

/// The route of a request, told by whoever finds it.
#[derive(Clone, Default)]
pub struct Route(Arc<OnceLock<Box<str>>>);

impl Route {
    /// `template`: as the routes are declared, such as `/fhir/{type}/{id}`. The first who tells is right.
    pub fn is(&self, template: &str) {
        let _ = self.0.set(template.into());
    }
}

/// Said when it is dropped.
pub(super) struct Line {
    wire: Wire,
    method: Method,
    route: Route,
    begun: Instant,
    status: Option<StatusCode>,
    /// gRPC's own, which mostly comes after the body.
    grpc: Option<Code>,
    request_id: String,
    trace: String,
    bytes: u64,
}

impl Line {
    pub(super) fn begin(wire: Wire, method: &Method) -> Line {
        Line {
            wire,
            method: method.clone(),
            route: Route::default(),
            begun: Instant::now(),
            status: None,
            grpc: None,
            request_id: String::new(),
            trace: String::new(),
            bytes: 0,
        }
    }

    pub(super) fn route(&self) -> Route {
        self.route.clone()
    }

    /// The head of the answer.
    pub(super) fn answered(&mut self, status: StatusCode, headers: &HeaderMap) {
        self.status = Some(status);
        self.grpc_status(headers);
        let text =
            |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        self.request_id = text(HeaderName::from_static("x-request-id")).to_owned();
        self.trace =
            text(HeaderName::from_static("traceparent")).split('-').nth(1).unwrap_or_default().to_owned();
    }

    /// Bytes of the body that went out.
    pub(super) fn sent(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
    }

    /// The head, or what comes after the body.
    pub(super) fn grpc_status(&mut self, headers: &HeaderMap) {
        let status = headers.get(Status::GRPC_STATUS);
        self.grpc = status.map(|status| Code::from_bytes(status.as_bytes())).or(self.grpc);
    }

    /// HTTP's number or gRPC's name; `-` where the caller left before there was an answer.
    fn status(&self) -> String {
        match (self.status, self.wire, self.grpc) {
            (Some(_), Wire::Grpc, Some(code)) => format!("{code:?}"),
            (Some(status), Wire::Rest, _) => status.as_str().to_owned(),
            _ => "-".to_owned(),
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if !tracing::enabled!(target: "access", tracing::Level::INFO) {
            return;
        }
        let route = self.route.0.get().map(Box::as_ref).filter(|route| !route.is_empty()).unwrap_or("-");
        let trace = (!self.trace.is_empty()).then_some(self.trace.as_str());
        tracing::info!(
            target: "access",
            wire = self.wire.name(),
            method = self.method.as_str(),
            route,
            status = self.status(),
            ms = self.begun.elapsed().as_micros() as f64 / 1e3,
            bytes = self.bytes,
            request_id = self.request_id,
            trace_id = trace,
        );
    }
}
