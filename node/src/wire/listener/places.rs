//! How many connections a listener has open, and what is counted of them.

use metrics::{Counter, Gauge, counter, describe_counter, describe_gauge, gauge};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The connections a listener may have open.
pub(super) struct Places {
    pub(super) permits: Arc<Semaphore>,
    open: Gauge,
    accepted: Counter,
    pub(super) failures: Counter,
}

/// One open connection, until this is dropped.
pub(super) struct Place {
    _permit: OwnedSemaphorePermit,
    open: Gauge,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.open.decrement(1.0);
    }
}

impl Places {
    pub(super) fn new(listener: &'static str, max: usize) -> Places {
        gauge!("salamander_connections_max", "listener" => listener).set(max as f64);
        Places {
            permits: Arc::new(Semaphore::new(max)),
            open: gauge!("salamander_connections", "listener" => listener),
            accepted: counter!("salamander_connections_accepted_total", "listener" => listener),
            failures: counter!("salamander_accept_failures_total", "listener" => listener),
        }
    }

    /// Takes one for a connection that was accepted.
    pub(super) fn take(&self, permit: OwnedSemaphorePermit) -> Place {
        self.accepted.increment(1);
        self.open.increment(1.0);
        Place { _permit: permit, open: self.open.clone() }
    }
}

/// What the metrics are about.
pub fn describe() {
    describe_gauge!("salamander_connections", "Open connections");
    describe_gauge!(
        "salamander_connections_max",
        "Connections that may be open: connections_max of the listener"
    );
    describe_counter!("salamander_connections_accepted_total", "Connections that peers opened");
    describe_counter!(
        "salamander_accept_failures_total",
        "Connections that could not be taken, for lack of descriptors or memory"
    );
}
