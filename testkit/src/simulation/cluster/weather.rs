//! What goes wrong while clients write, three kinds at a time: nodes crash, mostly one, sometimes a second before it is back or all;
//! ways are cut or slow; somebody wishes another leader.

use super::{
    Nodes, name,
    operator::Operator,
    stage::{Being, Stage},
};
use generator::random::Random;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Until `until`, or a little longer; then all is as it was.
pub(super) async fn blow<N: Nodes>(
    stage: &Stage<N>,
    operator: &Operator<N>,
    until: Instant,
    [mut falls, mut cuts, mut wishes]: [Random; 3],
) {
    let falling = async {
        while pause(until, 1_200, &mut falls).await {
            match falls.below(8) {
                0 => power_cut(stage, &mut falls).await,
                1 => two_fall(stage, &mut falls).await,
                _ => fall(stage, &mut falls).await,
            }
        }
    };
    let cutting = async {
        while pause(until, 1_500, &mut cuts).await {
            match cuts.below(5) {
                0 => slow(stage, &mut cuts).await,
                1 | 2 => cut(stage, &mut cuts, false).await,
                _ => cut(stage, &mut cuts, true).await,
            }
        }
    };
    let wishing = async {
        while pause(until, 3_000, &mut wishes).await {
            wish(stage, operator, &mut wishes).await;
        }
    };
    tokio::join!(biased; falling, cutting, wishing);
}

/// Up to so many milliseconds; `false`: it is over.
async fn pause(until: Instant, most: u64, random: &mut Random) -> bool {
    let end = Instant::now() + Duration::from_millis(50 + random.below(most));
    if end < until {
        tokio::time::sleep_until(end).await;
    }
    end < until
}

/// One that is there.
fn one<N: Nodes>(stage: &Stage<N>, random: &mut Random) -> Option<usize> {
    let up = stage.all(Being::Up);
    (!up.is_empty()).then(|| random.pick(&up))
}

/// Short mostly, so that much happens; sometimes longer than an election takes.
async fn away(random: &mut Random) {
    let most = random.pick(&[20, 300, 2_500]);
    sleep(Duration::from_millis(random.below(most))).await;
}

/// A node crashes, sometimes again while it starts; or it is stopped.
async fn fall<N: Nodes>(stage: &Stage<N>, random: &mut Random) {
    let Some(at) = one(stage, random) else { return };
    let mut again = match random.chance(250) {
        true => stage.stop(at).await,
        false => stage.crash(at, random).await,
    };
    while again {
        away(random).await;
        stage.start(at).await;
        again = random.chance(200);
        if again {
            sleep(Duration::from_millis(random.below(100))).await;
            again = stage.crash(at, random).await;
        }
    }
}

/// A second one crashes before the first is back.
async fn two_fall<N: Nodes>(stage: &Stage<N>, random: &mut Random) {
    let mut fallen = Vec::new();
    for _ in 0..2 {
        if let Some(at) = one(stage, random)
            && stage.crash(at, random).await
        {
            fallen.push(at);
            away(random).await;
        }
    }
    for at in fallen {
        sleep(Duration::from_millis(random.below(500))).await;
        stage.start(at).await;
    }
}

/// All at once, or nearly.
async fn power_cut<N: Nodes>(stage: &Stage<N>, random: &mut Random) {
    let mut fallen = Vec::new();
    for at in stage.all(Being::Up) {
        if stage.crash(at, random).await {
            fallen.push(at);
        }
    }
    while !fallen.is_empty() {
        sleep(Duration::from_millis(random.below(300))).await;
        let at = fallen.swap_remove(random.below(fallen.len() as u64) as usize);
        stage.start(at).await;
    }
}

/// The way between two nodes, or between one and all others; in one direction or both.
async fn cut<N: Nodes>(stage: &Stage<N>, random: &mut Random, alone: bool) {
    let (Some(at), Some(other)) = (one(stage, random), one(stage, random)) else { return };
    let (inward, outward) = random.pick(&[(true, true), (true, false), (false, true)]);
    for far in stage.all(Being::Up).into_iter().filter(|far| *far != at && (alone || *far == other)) {
        let (at, far) = (name(at), name(far));
        stage.tell(&format!("{far} to {at} is cut: {inward}, {at} to {far}: {outward}"));
        if inward {
            stage.nodes.ways().cut(&far, &at);
        }
        if outward {
            stage.nodes.ways().cut(&at, &far);
        }
    }
    sleep(Duration::from_millis(100 + random.below(2_000))).await;
    heal(stage);
}

/// All ways to and from one node.
async fn slow<N: Nodes>(stage: &Stage<N>, random: &mut Random) {
    let Some(at) = one(stage, random) else { return };
    let by = Duration::from_millis(random.pick(&[20, 100, 400]));
    stage.tell(&format!("{} is slow by {by:?}", name(at)));
    for far in stage.all(Being::Up).into_iter().filter(|far| *far != at) {
        stage.nodes.ways().slow(&name(at), &name(far), by);
        stage.nodes.ways().slow(&name(far), &name(at), by);
    }
    sleep(Duration::from_millis(200 + random.below(2_000))).await;
    heal(stage);
}

fn heal<N: Nodes>(stage: &Stage<N>) {
    stage.nodes.ways().heal();
    stage.tell("all ways are open");
}

/// Another leader; it may be refused, or come to nothing.
async fn wish<N: Nodes>(stage: &Stage<N>, operator: &Operator<N>, random: &mut Random) {
    let (Some(to), Some(status)) = (one(stage, random), operator.status().await) else { return };
    let node = status.nodes.iter().rfind(|node| node.address == name(to));
    if let Some(node) = node {
        stage.tell(&format!("{} shall lead", name(to)));
        operator.transfer(node.node_id).await;
    }
}
