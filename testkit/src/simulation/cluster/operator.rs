//! What an operator asks of a cluster in simulation, of any node, until there is an answer.

use super::{Nodes, doors::Doors};
use crate::{
    chaos::Failure,
    simulation::door::{Guest, asked},
};
use anyhow::bail;
use generator::random::Random;
use proto::api::v1 as api;
use std::{cell::RefCell, sync::Arc, time::Duration};
use tokio::time::{Instant, sleep};

/// Hands the table of an operator's calls to the macro `$made`. A line: the call and its messages.
#[macro_export]
macro_rules! calls_of_an_operator {
    ($made:ident) => {
        $made! {
            status: StatusRequest -> StatusResponse, of the client status;
            join: JoinRequest -> JoinResponse, of the client join;
            drain: DrainRequest -> DrainResponse, of the client drain;
            remove: RemoveRequest -> RemoveResponse, of the client remove;
            transfer_leader: TransferLeaderRequest -> TransferLeaderResponse, of the client transfer_leader;
        }
    };
}

macro_rules! operated {
    ($($call:ident: $request:ident -> $response:ident, of the client $method:ident;)*) => {
        /// What an operator may ask of a node.
        pub trait Operated: Send + Sync {
            $(fn $call(
                &self,
                request: api::$request,
            ) -> impl Future<Output = Result<api::$response, Failure>> + Send;)*
        }
    };
}

crate::calls_of_an_operator!(operated);

macro_rules! asked_of_a_node {
    ($($calls:tt)*) => { asked! { Operated; $($calls)* } };
}

crate::calls_of_an_operator!(asked_of_a_node);

/// An operator of the simulated cluster.
pub(super) struct Operator<N: Nodes> {
    doors: Doors<N::Api>,
    random: RefCell<Random>,
}

/// So long an operator tries the same again.
const PATIENCE: Duration = Duration::from_secs(90);
const AGAIN: Duration = Duration::from_millis(100);
/// Leadership moves within this, where it does.
const MOMENT: Duration = Duration::from_secs(2);

impl<N: Nodes> Operator<N> {
    pub(super) fn new(doors: Doors<N::Api>, random: Random) -> Operator<N> {
        Operator { doors, random: RefCell::new(random) }
    }

    fn any(&self) -> Option<Guest<N::Api>> {
        self.doors.any(&mut self.random.borrow_mut())
    }

    /// As one of the nodes sees it, which is the one that leads where it can be asked.
    pub(super) async fn status(&self) -> Option<api::StatusResponse> {
        self.any()?.status(api::StatusRequest {}).await.ok()
    }

    /// The id of the node at that address, which must be there.
    pub(super) async fn id_of(&self, address: &str) -> anyhow::Result<u64> {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            let status = self.status().await.unwrap_or_default();
            let at = |node: &&api::NodeStatus| node.address == address && node.standing != "removed";
            if let Some(node) = status.nodes.iter().rfind(at) {
                return Ok(node.node_id);
            }
            sleep(AGAIN).await;
        }
        bail!("nobody knows of a node at {address}")
    }

    /// Drains the node and removes it when it holds nothing any more.
    pub(super) async fn drain(&self, node_id: u64) -> anyhow::Result<()> {
        let request = api::DrainRequest { node_id, undo: false };
        self.until("drain", |guest| async move { guest.drain(request).await }).await?;
        let until = Instant::now() + PATIENCE;
        loop {
            let status = self.status().await.unwrap_or_default();
            let holds = |group: &api::GroupStatus| group.voters.contains(&node_id) || group.changing;
            if !status.groups.is_empty() && !status.groups.iter().any(holds) {
                break;
            }
            if Instant::now() > until {
                bail!("node {node_id} is drained and still holds something: {:?}", status.groups);
            }
            sleep(AGAIN).await;
        }
        self.remove(node_id).await
    }

    pub(super) async fn remove(&self, node_id: u64) -> anyhow::Result<()> {
        self.until("remove", |guest| async move { guest.remove(api::RemoveRequest { node_id }).await }).await
    }

    /// Once; it may be refused.
    pub(super) async fn transfer(&self, to: u64) -> Option<()> {
        self.any()?.transfer_leader(api::TransferLeaderRequest { to }).await.ok().map(drop)
    }

    /// Has that node lead, and waits a moment until it does. Whether it does: who has no vote cannot.
    pub(super) async fn has_lead(&self, id: u64) -> bool {
        let until = Instant::now() + MOMENT;
        while Instant::now() < until {
            let status = self.status().await.unwrap_or_default();
            if !status.groups.is_empty() && !status.groups.iter().all(|group| group.voters.contains(&id)) {
                return false;
            }
            if status.leader == id && status.groups.iter().all(|group| group.leader == id) {
                return true;
            }
            if status.leader != id {
                self.transfer(id).await;
            }
            sleep(AGAIN / 5).await;
        }
        false
    }

    /// Asks one node after the other. A call whose outcome is not known does no harm twice: what is not there any more is done.
    async fn until<T, F: Future<Output = Result<T, Failure>>>(
        &self,
        what: &str,
        ask: impl Fn(Guest<N::Api>) -> F,
    ) -> anyhow::Result<()> {
        let (until, mut doubt, mut last) = (Instant::now() + PATIENCE, false, String::new());
        while Instant::now() < until {
            if let Some(guest) = self.any() {
                match ask(guest).await {
                    Ok(_) => return Ok(()),
                    Err(Failure::Refused(Some(proto::Code::NotFound), _)) if doubt => return Ok(()),
                    Err(Failure::Refused(_, text)) => last = text,
                    Err(Failure::Unknown(text)) => last = text,
                }
                // A refusal may come after the first node's try has been carried out.
                doubt = true;
            }
            sleep(AGAIN).await;
        }
        bail!("{what}: not done within {PATIENCE:?}: {last}")
    }
}
