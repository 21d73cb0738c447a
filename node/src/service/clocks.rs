//! Whether this node's clock agrees with those of the others. Times in answers, `_since`, and what expires rest on it: a node whose
//! clock is off says so, and leads nothing that another could lead.

use crate::{
    engine::Engine,
    partition::{Twice, ask, question},
};
use bytes::Bytes;
use futures::future::join_all;
use metrics::{describe_gauge, gauge};
use prost::Message;
use proto::internal::v1 as wire;
use std::{sync::Weak, time::Duration};
use tokio::time::{Instant, sleep, timeout};

/// How another node asks.
pub const CLOCK: &str = "clock";
/// How often the others are asked.
const EVERY: Duration = Duration::from_secs(5);
/// An answer that took longer tells too little.
const QUICK: Duration = Duration::from_millis(200);

/// Runs until the node is gone.
pub async fn watch(node: Weak<Engine>) {
    describe_gauge!(
        "salamander_clock_offset_seconds",
        "How far the clocks of other nodes are ahead of this one's, the median; 0 where there are none"
    );
    gauge!("salamander_clock_offset_seconds").set(0.0);
    let mut was_off = false;
    loop {
        sleep(EVERY).await;
        let Some(node) = node.upgrade() else { return };
        if node.cluster.is_alone() {
            continue;
        }
        let mut offsets = offsets(&node).await;
        let bound_ms = node.options.clock_off_max.as_millis() as i64;
        let is_off = is_off(&offsets, bound_ms);
        if let Some(median) = median(&mut offsets) {
            gauge!("salamander_clock_offset_seconds").set(median as f64 / 1000.0);
            if is_off != was_off {
                tell(is_off, median);
            }
        }
        was_off = is_off;
        node.cluster.shun_leading(is_off);
    }
}

fn tell(is_off: bool, median_ms: i64) {
    match is_off {
        true => tracing::error!(
            median_ms,
            "this node's clock is off: most other nodes' are ahead by that (behind, where negative). Set it right; until then \
             this node leads nothing that another can lead"
        ),
        false => tracing::info!(median_ms, "this node's clock agrees with those of others"),
    }
}

/// How far the clocks of the others that answer quickly are ahead of this one's.
async fn offsets(node: &Engine) -> Vec<i64> {
    let asked = node.cluster.others().into_iter().map(|other| async move {
        let (began, now_ms) = (Instant::now(), node.clock.wall_ms());
        let request = question(CLOCK, &wire::ClockRequest {});
        let answer = ask::<wire::ClockAnswer>(&node.cluster, other, &request, Twice::Harmless);
        let answer = timeout(QUICK, answer).await.ok()?.ok()?;
        let half = began.elapsed().as_millis() as u64 / 2;
        Some(answer.now_ms as i64 - (now_ms + half) as i64)
    });
    join_all(asked).await.into_iter().flatten().collect()
}

/// Whether most of the others, two at the least, disagree by more than the bound. Of two nodes neither can tell which is wrong.
fn is_off(offsets: &[i64], bound_ms: i64) -> bool {
    let disagreeing = offsets.iter().filter(|offset| offset.abs() > bound_ms).count();
    disagreeing >= 2 && disagreeing * 2 > offsets.len()
}

fn median(offsets: &mut [i64]) -> Option<i64> {
    offsets.sort_unstable();
    offsets.get(offsets.len() / 2).copied()
}

/// The answer to another node.
pub fn answer(node: &Engine) -> Bytes {
    wire::ClockAnswer { now_ms: node.clock.wall_ms() }.encode_to_vec().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_off_where_most_others_say_so() {
        assert!(!is_off(&[], 1000) && !is_off(&[9000], 1000), "one other: it may be that one's");
        assert!(!is_off(&[9000, 20], 1000));
        assert!(is_off(&[9000, 9100], 1000) && is_off(&[-9000, -9100, 3], 1000));
        assert!(!is_off(&[9000, -9100, 3, 4], 1000));
        assert!(!is_off(&[1000, -1000], 1000));
        assert_eq!(median(&mut [7, -2, 3]), Some(3));
        assert_eq!(median(&mut []), None);
    }
}
