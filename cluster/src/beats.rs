//! The heartbeats of all groups, at the same moments: what goes to one node goes in one message.

use crate::options::Options;
use crate::raft::Handle;
use futures::future::join_all;

/// Until the task is aborted.
pub(crate) async fn run(options: Options, groups: Vec<Handle>) {
    let mut beats = tokio::time::interval(options.heartbeat);
    beats.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        beats.tick().await;
        // One that is slow to take it holds up no other.
        join_all(groups.iter().map(Handle::beat)).await;
    }
}
