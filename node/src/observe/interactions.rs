//! Counters and durations of the interactions. The handles are made once; the path of a request formats no label.

use metrics::{
    Counter, Gauge, Histogram, counter, describe_counter, describe_gauge, describe_histogram, gauge,
    histogram,
};
use proto::Code;
use std::time::Duration;

/// Which adapter a request came through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    Rest,
    Grpc,
}

impl Wire {
    /// The label's value.
    pub fn name(self) -> &'static str {
        match self {
            Wire::Rest => "rest",
            Wire::Grpc => "grpc",
        }
    }
}

/// What the metrics are about.
pub(super) fn describe() {
    describe_counter!("salamander_requests_total", "Requests answered, by wire, interaction and code");
    describe_histogram!(
        "salamander_request_duration_seconds",
        "From admission to the answer, by wire and interaction"
    );
    describe_gauge!("salamander_requests_in_flight", "Requests under way, by wire");
}

struct Handles {
    succeeded: Counter,
    seconds: Histogram,
}

/// The handles of one wire.
pub struct Interactions {
    wire: Wire,
    labels: &'static [&'static str],
    handles: Vec<Handles>,
    in_flight: Gauge,
}

impl Interactions {
    /// Of interactions with these labels. Registers everything, so that the metrics page shows zeros before the first request.
    pub fn new(wire: Wire, labels: &'static [&'static str]) -> Self {
        let handles = labels
            .iter()
            .map(|label| Handles {
                succeeded: counter!("salamander_requests_total", "wire" => wire.name(),
                    "interaction" => *label, "code" => "OK"),
                seconds: histogram!("salamander_request_duration_seconds", "wire" => wire.name(),
                    "interaction" => *label),
            })
            .collect();
        Interactions {
            wire,
            labels,
            handles,
            in_flight: gauge!("salamander_requests_in_flight", "wire" => wire.name()),
        }
    }

    /// The wire the handles are for.
    pub fn wire(&self) -> Wire {
        self.wire
    }

    /// A request begins; it ends where the guard is dropped, also when its caller went away.
    pub fn begin(&self) -> InFlight {
        self.in_flight.increment(1.0);
        InFlight(self.in_flight.clone())
    }

    /// A request of the interaction with that place among the labels was answered. Errors are rare enough to look their counter
    /// up.
    pub fn finish(&self, interaction: usize, elapsed: Duration, error: Option<Code>) {
        let handles = &self.handles[interaction];
        handles.seconds.record(elapsed.as_secs_f64());
        match error {
            None => handles.succeeded.increment(1),
            Some(code) => counter!("salamander_requests_total", "wire" => self.wire.name(),
                "interaction" => self.labels[interaction], "code" => code.name())
            .increment(1),
        }
    }
}

/// One request under way.
pub struct InFlight(Gauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}
