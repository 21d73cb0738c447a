//! What operators see of TLS. A node without it shows zeros.

use super::{Listener, files::Files};
use metrics::{Counter, Gauge, counter, describe_counter, describe_gauge, gauge};

pub(super) struct Meters {
    read: Counter,
    refused: Counter,
    failing: Gauge,
}

impl Default for Meters {
    fn default() -> Meters {
        describe_gauge!(
            "salamander_tls_certificate_expiry_seconds",
            "When a certificate of the file expires, the first of them, seconds since 1970; 0: there is none"
        );
        describe_counter!("salamander_tls_reloads_total", "Times that changed files were read, by outcome");
        describe_gauge!(
            "salamander_tls_reload_failing",
            "1: the files of certificates that are there now cannot be used, and those of before are"
        );
        describe_counter!(
            "salamander_tls_handshakes_failed_total",
            "Connections that came to no end of their handshake"
        );
        for file in ["cert", "client_roots", "peer_roots"] {
            expiry(file).set(0.0);
        }
        for listener in [Listener::Rest, Listener::Grpc, Listener::Peers] {
            failed(listener).increment(0);
        }
        let reloads = |outcome: &'static str| counter!("salamander_tls_reloads_total", "outcome" => outcome);
        let (read, refused) = (reloads("read"), reloads("refused"));
        read.increment(0);
        refused.increment(0);
        let failing = gauge!("salamander_tls_reload_failing");
        failing.set(0.0);
        Meters { read, refused, failing }
    }
}

impl Meters {
    /// These are in use from now on.
    pub(super) fn tell(&self, files: &Files) {
        for (file, ends) in files.expiries() {
            expiry(file).set(ends.unwrap_or(0) as f64);
        }
    }

    /// How changed files were taken.
    pub(super) fn reloaded(&self, is_good: bool) {
        if is_good {
            self.read.increment(1)
        } else {
            self.refused.increment(1)
        }
        self.failing.set(f64::from(u8::from(!is_good)));
    }
}

/// Handshakes of a listener that failed.
pub(super) fn failed(listener: Listener) -> Counter {
    counter!("salamander_tls_handshakes_failed_total", "listener" => listener.name())
}

fn expiry(file: &'static str) -> Gauge {
    gauge!("salamander_tls_certificate_expiry_seconds", "file" => file)
}
