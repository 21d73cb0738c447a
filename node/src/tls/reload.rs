//! Looks whether the files changed: every so often, and when SIGHUP says so.

use super::{
    Tls,
    files::{Print, print},
};
use crate::{host::elsewhere, stop::Stop};
use std::time::Duration;
use tokio::{
    signal::unix::{SignalKind, signal},
    time::{MissedTickBehavior, interval},
};

impl Tls {
    /// Has files that change be used from then on, until `stop`. What is broken is told, and what was there stays in use.
    ///
    /// # Errors
    /// Where SIGHUP cannot be listened to.
    pub fn watch(&self, stop: Stop) -> std::io::Result<()> {
        let mut asked = signal(SignalKind::hangup())?;
        let mut looks = interval(Duration::from_millis(self.0.options.reload_interval_ms));
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut watch = Watch { tls: self.clone(), seen: self.0.print.clone(), failed: None };
        tokio::spawn(async move {
            loop {
                let is_asked = tokio::select! {
                    _ = looks.tick() => false,
                    _ = asked.recv() => true,
                    () = stop.clone().wait() => return,
                };
                // A disk that hangs holds up no worker.
                match elsewhere(move || watch.look(is_asked)).await {
                    Ok(looked) => watch = looked,
                    Err(panic) => {
                        tracing::error!(%panic, "certificates are not read again until the next start");
                        return;
                    }
                }
            }
        });
        Ok(())
    }
}

struct Watch {
    tls: Tls,
    seen: Print,
    /// Why they cannot be used, where that is so.
    failed: Option<String>,
}

impl Watch {
    /// Reads them where they are others, where they are broken since the last time, or where it is asked for.
    fn look(mut self, is_asked: bool) -> Watch {
        // Before they are read: what is written meanwhile is another print.
        let print = print(&self.tls.0.options);
        let is_new = print != self.seen;
        if !is_new && self.failed.is_none() && !is_asked {
            return self;
        }
        self.seen = print;
        let read = self.tls.reload().map_err(|error| error.to_string());
        // The same that is still broken is neither told nor counted again.
        if is_new || is_asked || read.is_ok() {
            self.tls.0.meters.reloaded(read.is_ok());
        }
        match read {
            Ok(()) => {
                tracing::info!("certificates were read again; new connections use them");
                self.failed = None;
            }
            Err(error) => {
                if is_asked || self.failed.as_ref() != Some(&error) {
                    tracing::error!(
                        error,
                        "changed certificates cannot be used; those of before stay in use"
                    );
                }
                self.failed = Some(error);
            }
        }
        self
    }
}
