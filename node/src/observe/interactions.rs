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

/// The interactions of the service trait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interaction {
    Create,
    Read,
    VRead,
    Update,
    Patch,
    Delete,
    History,
    Transaction,
    Search,
    SearchStream,
    Operation,
    Capabilities,
}

impl Interaction {
    const ALL: [Interaction; 12] = [
        Interaction::Create,
        Interaction::Read,
        Interaction::VRead,
        Interaction::Update,
        Interaction::Patch,
        Interaction::Delete,
        Interaction::History,
        Interaction::Transaction,
        Interaction::Search,
        Interaction::SearchStream,
        Interaction::Operation,
        Interaction::Capabilities,
    ];

    /// The label's value, FHIR's own word where it has one.
    pub fn name(self) -> &'static str {
        match self {
            Interaction::Create => "create",
            Interaction::Read => "read",
            Interaction::VRead => "vread",
            Interaction::Update => "update",
            Interaction::Patch => "patch",
            Interaction::Delete => "delete",
            Interaction::History => "history",
            Interaction::Transaction => "transaction",
            Interaction::Search => "search",
            Interaction::SearchStream => "search-stream",
            Interaction::Operation => "operation",
            Interaction::Capabilities => "capabilities",
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
    handles: Vec<Handles>,
    in_flight: Gauge,
}

impl Interactions {
    /// Registers everything, so that the metrics page shows zeros before the first request.
    pub fn new(wire: Wire) -> Self {
        let handles = Interaction::ALL
            .iter()
            .map(|interaction| Handles {
                succeeded: counter!("salamander_requests_total", "wire" => wire.name(),
                    "interaction" => interaction.name(), "code" => "OK"),
                seconds: histogram!("salamander_request_duration_seconds", "wire" => wire.name(),
                    "interaction" => interaction.name()),
            })
            .collect();
        Interactions {
            wire,
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

    /// A request was answered. Errors are rare enough to look their counter up.
    pub fn finish(&self, interaction: Interaction, elapsed: Duration, error: Option<Code>) {
        let handles = &self.handles[interaction as usize];
        handles.seconds.record(elapsed.as_secs_f64());
        match error {
            None => handles.succeeded.increment(1),
            Some(code) => counter!("salamander_requests_total", "wire" => self.wire.name(),
                "interaction" => interaction.name(), "code" => code.name())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_handles_are_in_the_order_of_the_enum() {
        for (place, interaction) in Interaction::ALL.into_iter().enumerate() {
            assert_eq!(place, interaction as usize);
        }
    }
}
