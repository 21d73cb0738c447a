//! TLS of the real binary: who gets in, who does not, and what happens when a certificate changes.

#[path = "tls/authority.rs"]
mod authority;
#[path = "tls/callers.rs"]
mod callers;
#[path = "tls/cluster.rs"]
mod cluster;
#[path = "tls/handshakes.rs"]
mod handshakes;
#[path = "tls/raw.rs"]
mod raw;
#[path = "tls/reload.rs"]
mod reload;
#[path = "tls/starts.rs"]
mod starts;
#[path = "tls/wires.rs"]
mod wires;

use std::time::Duration;

const BINARY: &str = env!("CARGO_BIN_EXE_salamander");
/// No change within this is a hang.
const HANG: Duration = Duration::from_secs(60);
