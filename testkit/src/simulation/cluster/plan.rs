//! What operators do with the cluster while clients write and the weather blows.

use super::{
    Nodes, name,
    operator::Operator,
    stage::{Being, Stage},
};
use generator::random::Random;
use std::time::Duration;
use tokio::time::sleep;

/// One for each run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// Three nodes stay as they are.
    Stay,
    /// The second and third join while clients write.
    Grow,
    /// A fourth joins, sometimes a fifth.
    More,
    /// A fourth takes the place of one that is drained and removed.
    Drain,
    /// A node's disk is lost: it is removed, and joins under a new id.
    Replace,
}

impl Plan {
    pub(super) fn any(random: &mut Random) -> Plan {
        random.pick(&[Plan::Stay, Plan::Stay, Plan::Grow, Plan::More, Plan::Drain, Plan::Replace])
    }
}

/// So many nodes are there.
pub(super) fn grow<N: Nodes>(stage: &Stage<N>, nodes: usize) {
    while stage.all(Being::Up).len() + stage.all(Being::Away).len() < nodes {
        stage.place();
    }
}

pub(super) async fn carry_out<N: Nodes>(
    plan: Plan,
    stage: &Stage<N>,
    operator: &Operator<N>,
    random: &mut Random,
) -> anyhow::Result<()> {
    sleep(Duration::from_millis(random.below(2_000))).await;
    match plan {
        Plan::Stay => {}
        Plan::Grow => {
            stage.place();
            sleep(Duration::from_millis(random.below(1_000))).await;
            stage.place();
        }
        Plan::More => grow(stage, 4 + random.below(2) as usize),
        Plan::Drain => {
            let drained = random.below(3) as usize;
            let newcomer = stage.place();
            operator.id_of(&name(newcomer)).await?;
            let id = operator.id_of(&name(drained)).await?;
            stage.tell(&format!("{} is drained", name(drained)));
            operator.drain(id).await?;
            stage.tell(&format!("{} is removed", name(drained)));
            take(stage, drained, random).await;
            stage.bury(drained);
        }
        Plan::Replace => {
            let lost = random.below(3) as usize;
            let id = operator.id_of(&name(lost)).await?;
            take(stage, lost, random).await;
            stage.nodes.wipe(lost);
            stage.tell(&format!("the disk of {} is lost", name(lost)));
            sleep(Duration::from_millis(random.below(1_000))).await;
            operator.remove(id).await?;
            stage.start(lost).await;
            operator.id_of(&name(lost)).await?;
        }
    }
    Ok(())
}

/// Crashes a node as soon as it is there.
async fn take<N: Nodes>(stage: &Stage<N>, at: usize, random: &mut Random) {
    while !stage.all(Being::Up).contains(&at) {
        sleep(Duration::from_millis(10)).await;
    }
    stage.crash(at, random).await;
}
