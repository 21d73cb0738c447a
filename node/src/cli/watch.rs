//! Looks after a running node: whether it is ready, whether it has failed for good.

use super::failed::Failed;
use crate::{config::Config, observe::Readiness, service::Node, stop::Stopper};
use std::{io::Write, thread, time::Duration};
use tokio::{
    sync::watch::{Receiver, Sender, channel},
    task::JoinHandle,
    time::{MissedTickBehavior, interval},
};

/// How often the node's readiness is looked at; a probe sees a change this late.
const INTERVAL: Duration = Duration::from_millis(250);
/// A node that failed for good stops as every other; if that hangs, on the disk that failed perhaps, it is ended.
const STOP_MAX: Duration = Duration::from_secs(15);

/// The tasks; they end with this value.
pub(super) struct Watch {
    readiness: Receiver<Readiness>,
    tasks: [JoinHandle<()>; 2],
}

/// Starts to look after the node. `line` is printed once it is ready. Where it fails and `node.on_failure` says so, it
/// is stopped.
pub(super) fn start(node: &Node, line: String, config: &Config, stopper: Stopper) -> Watch {
    let (sender, readiness) = channel(current(node));
    let stopper = (config.node.on_failure == "exit").then_some(stopper);
    let tasks =
        [tokio::spawn(look(node.clone(), sender, stopper)), tokio::spawn(announce(line, readiness.clone()))];
    Watch { readiness, tasks }
}

impl Watch {
    /// What the wires tell of the node.
    pub(super) fn readiness(&self) -> Receiver<Readiness> {
        self.readiness.clone()
    }

    /// Ends the tasks; why the node failed for good, if it did.
    pub(super) fn end(self) -> Option<String> {
        self.tasks.iter().for_each(JoinHandle::abort);
        let last = self.readiness.borrow();
        last.failed.then(|| last.reasons.join("; "))
    }
}

fn current(node: &Node) -> Readiness {
    match (node.failure(), node.ready()) {
        (Some(reason), _) => Readiness::failed(reason),
        (None, Err(reason)) => Readiness::not_ready(reason),
        (None, Ok(())) => Readiness::ready(),
    }
}

async fn look(node: Node, readiness: Sender<Readiness>, mut stopper: Option<Stopper>) {
    let mut ticks = interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => (),
            // At once; later looks find it failed as well.
            _ = node.failed(), if !readiness.borrow().failed => (),
        }
        let now = current(&node);
        let failed = now.failed.then(|| now.reasons.join("; "));
        let changed = readiness.send_if_modified(|known| std::mem::replace(known, now) != *known);
        if let Some(reason) = failed.filter(|_| changed) {
            tracing::error!(reason, "failed for good: only a new start of the process helps");
            if let Some(stopper) = stopper.take() {
                end_by_force();
                stopper.stop();
            }
        }
    }
}

fn end_by_force() {
    thread::spawn(|| {
        thread::sleep(STOP_MAX);
        std::process::exit(Failed::EXIT_STATUS.into());
    });
}

/// Prints the line scripts wait for, once the node serves.
async fn announce(line: String, mut readiness: Receiver<Readiness>) {
    if readiness.wait_for(Readiness::is_ready).await.is_ok() {
        let mut out = std::io::stdout().lock();
        // A closed stdout is no reason to stop serving.
        let _ = writeln!(out, "{line}").and_then(|()| out.flush());
    }
}
