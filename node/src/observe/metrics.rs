//! The process's one metrics recorder and its text.

use super::page::Page;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::sync::OnceLock;

/// Upper bounds of the duration buckets, seconds: from a read out of memory to the request timeout.
const SECONDS: [f64; 16] = [
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
    60.0,
];

/// Upper bounds of the buckets of numbers of entries.
const ENTRIES: [f64; 8] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0];

/// Writes what somebody knows of itself, when the page is asked for.
type Sampler = Box<dyn Fn(&mut Page) + Send + Sync>;

static SAMPLERS: parking_lot::Mutex<Vec<Sampler>> = parking_lot::Mutex::new(Vec::new());

static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();

/// Installs the recorder of the process, once; later calls get the same one. Handles made before it stay silent.
pub fn install() -> &'static PrometheusHandle {
    RECORDER.get_or_init(|| {
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
            .and_then(|builder| {
                builder.set_buckets_for_metric(Matcher::Suffix("_entries".to_owned()), &ENTRIES)
            })
            .expect("the buckets are not empty")
            .build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("another metrics recorder is installed; /metrics stays empty");
        }
        super::process::started();
        super::interactions::describe();
        handle
    })
}

/// Has `sample` add to each page. For the life of the process: capture weak references.
pub fn on_scrape(sample: impl Fn(&mut Page) + Send + Sync + 'static) {
    SAMPLERS.lock().push(Box::new(sample));
}

/// The metrics page: Prometheus text format 0.0.4. Looks at files: some milliseconds.
pub fn render() -> String {
    let handle = install();
    let mut page = Page::default();
    page.gauge("salamander_build_info", "The running program; always 1")
        .with(&[("version", env!("CARGO_PKG_VERSION")), ("fhir_version", "4.0.1")], 1.0);
    page.counter("salamander_log_lines_lost_total", "Lines that stderr was too slow for")
        .is(super::lines::lost() as f64);
    super::process::sample(&mut page);
    super::memory::sample(&mut page);
    super::steps::sample(&mut page);
    SAMPLERS.lock().iter().for_each(|sample| sample(&mut page));
    handle.run_upkeep();
    handle.render() + &page.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::{Interactions, Wire};
    use std::time::Duration;

    #[test]
    fn requests_and_the_process_are_on_the_page() {
        install();
        let interactions = Interactions::new(Wire::Rest, &["read", "vread"]);
        interactions.finish(1, Duration::from_millis(2), None);
        interactions.finish(1, Duration::from_millis(2), Some(proto::Code::Gone));
        let page = render();
        for line in [
            r#"salamander_requests_total{wire="rest",interaction="vread",code="OK"}"#,
            r#"salamander_requests_total{wire="rest",interaction="vread",code="GONE"}"#,
            r#"salamander_request_duration_seconds_bucket{wire="rest",interaction="vread",le="0.0025"}"#,
            "process_resident_memory_bytes",
            "salamander_memory_allocated_bytes",
            "salamander_memory_resident_bytes",
            "process_open_fds",
            "process_cpu_seconds_total",
            "process_start_time_seconds",
        ] {
            assert!(page.contains(line), "{line} is missing in\n{page}");
        }
    }
}
