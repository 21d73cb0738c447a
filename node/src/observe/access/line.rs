//! What one line says.

use crate::observe::{Wire, lines};
use http::{HeaderMap, HeaderName, Method, StatusCode};
use std::{
    fmt::Write,
    sync::{Arc, OnceLock},
    time::{Instant, SystemTime, UNIX_EPOCH},
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

    fn route_told(&self) -> &str {
        self.route.0.get().map(Box::as_ref).filter(|route| !route.is_empty()).unwrap_or("-")
    }

    fn ms(&self) -> f64 {
        self.begun.elapsed().as_micros() as f64 / 1e3
    }

    /// As `tracing` writes the event of [`Drop`] as plain text at `now`, without its formatting.
    fn text(&self, now: SystemTime, ms: f64) -> String {
        let now_us = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as u64);
        let instant = fhir::resource::instant(now_us / 1000);
        let mut text = String::with_capacity(256);
        // Writing to a text does not fail.
        let _ = write!(
            text,
            "{}{:03}Z  INFO access: wire={:?} method={:?} route={:?} status={:?} ms={ms:?} bytes={} request_id={:?}",
            instant.trim_end_matches('Z'),
            now_us % 1000,
            self.wire.name(),
            self.method.as_str(),
            self.route_told(),
            self.status(),
            self.bytes,
            self.request_id,
        );
        if !self.trace.is_empty() {
            let _ = write!(text, " trace_id={:?}", self.trace);
        }
        text.push('\n');
        text
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
        if lines::say_plain(|| self.text(SystemTime::now(), self.ms())) {
            return;
        }
        let trace = (!self.trace.is_empty()).then_some(self.trace.as_str());
        tracing::info!(
            target: "access",
            wire = self.wire.name(),
            method = self.method.as_str(),
            route = self.route_told(),
            status = self.status(),
            ms = self.ms(),
            bytes = self.bytes,
            request_id = self.request_id,
            trace_id = trace,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        io,
        sync::{Mutex, PoisonError},
    };

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn line(trace: &str) -> Line {
        let mut line = Line::begin(Wire::Rest, &Method::GET);
        line.route().is("/fhir/{type}/{id}");
        line.status = Some(StatusCode::OK);
        line.request_id = "a\"b".to_owned();
        line.trace = trace.to_owned();
        line.sent(77);
        line
    }

    /// Without what no two lines have in common: when, and how long.
    fn without_times(text: &str) -> String {
        let (_, rest) = text.split_once('Z').unwrap();
        let (before, after) = rest.split_once(" ms=").unwrap();
        let (ms, after) = after.split_once(' ').unwrap();
        assert!(ms.parse::<f64>().is_ok(), "{text}");
        format!("{before} {after}")
    }

    #[test]
    fn it_is_the_line_that_tracing_writes() {
        for trace in ["", "0af7651916cd43dd8448eb211c80319c"] {
            let page = Page::default();
            let out = page.clone();
            let lines = tracing_subscriber::fmt().with_writer(move || out.clone()).with_ansi(false).finish();
            tracing::subscriber::with_default(lines, || drop(line(trace)));
            let traced = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
            let own = line(trace).text(SystemTime::now(), 1.5);
            assert_eq!(without_times(&own), without_times(&traced));
            assert_eq!(own.find('Z'), traced.find('Z'), "{own}{traced}");
        }
    }
}
