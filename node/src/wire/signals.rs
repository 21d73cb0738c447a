//! SIGTERM and SIGINT.

use crate::{observe::lines, stop::Stopper};
use std::time::Duration;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    time::sleep,
};

/// SIGTERM drains for `drain`, then stops the server; any second signal ends the drain. SIGINT stops it at once, as who
/// presses Ctrl-C balances no load. A signal that comes again after that ends the process at once, with the status a
/// shell gives it.
///
/// # Errors
/// Where the handlers cannot be installed.
pub fn listen(stopper: Stopper, drain: Duration) -> std::io::Result<()> {
    let mut signals = Signals {
        terminate: signal(SignalKind::terminate())?,
        interrupt: signal(SignalKind::interrupt())?,
        seen: Vec::new(),
    };
    tokio::spawn(async move {
        let first = signals.next().await;
        if first == SignalKind::terminate() && !drain.is_zero() {
            let drain_ms = drain.as_millis() as u64;
            tracing::info!(drain_ms, "draining: not ready, but still serving; a second signal ends that");
            stopper.drain();
            tokio::select! {
                () = sleep(drain) => (),
                _ = signals.next() => (),
            }
        }
        tracing::info!("stopping; the same signal again ends the process at once");
        stopper.stop();
        let last = signals.again().await;
        lines::flush();
        std::process::exit(128 + last.as_raw_value());
    });
    Ok(())
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
    seen: Vec<SignalKind>,
}

impl Signals {
    async fn next(&mut self) -> SignalKind {
        let kind = tokio::select! {
            _ = self.terminate.recv() => SignalKind::terminate(),
            _ = self.interrupt.recv() => SignalKind::interrupt(),
        };
        self.seen.push(kind);
        kind
    }

    /// The next that was seen before: after Ctrl-C, which goes to all of a terminal's processes, their parent often
    /// sends SIGTERM too, and means the same.
    async fn again(&mut self) -> SignalKind {
        loop {
            let seen = self.seen.clone();
            let kind = self.next().await;
            if seen.contains(&kind) {
                return kind;
            }
        }
    }
}
