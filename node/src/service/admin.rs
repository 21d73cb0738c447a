//! What operators ask. Any node answers; what only the leader of the meta group knows or can do is asked of it.

use super::{BackupService, Node, TenancyService, status::merged};
use crate::partition::unreadable;
use bytes::Bytes;
use cluster::{Standing, View};
use futures::future::{BoxFuture, join_all};
use prost::Message;
use proto::{Code, Error, api::v1::*};
use std::{collections::BTreeMap, time::Duration};
use tokio::time::timeout;

/// A node that does not tell its view within this is left out.
const VIEW: Duration = Duration::from_secs(1);

/// The operator's calls, as `proto/api/v1/admin.proto` has them.
pub trait AdminService: BackupService + TenancyService {
    /// Nodes and groups, each as who leads it sees it.
    fn status(&self, request: StatusRequest) -> BoxFuture<'_, Result<StatusResponse, Error>>;
    /// Gives a new node its id.
    fn join(&self, request: JoinRequest) -> BoxFuture<'_, Result<JoinResponse, Error>>;
    /// Has a node give up its replicas, or take some again.
    fn drain(&self, request: DrainRequest) -> BoxFuture<'_, Result<DrainResponse, Error>>;
    /// Takes a node out for good.
    fn remove(&self, request: RemoveRequest) -> BoxFuture<'_, Result<RemoveResponse, Error>>;
    /// Has another node lead.
    fn transfer_leader(
        &self,
        request: TransferLeaderRequest,
    ) -> BoxFuture<'_, Result<TransferLeaderResponse, Error>>;
}

impl AdminService for Node {
    fn status(&self, _: StatusRequest) -> BoxFuture<'_, Result<StatusResponse, Error>> {
        Box::pin(async move {
            let others = self.engine.cluster.others().into_iter();
            let asked = others.map(|node| async move {
                let asked = self.ask_admin(node, Asked::Status, StatusRequest {});
                timeout(VIEW, asked).await.ok()?.ok()
            });
            // Who cannot be asked leads nothing for long.
            let views: Vec<StatusResponse> = join_all(asked).await.into_iter().flatten().collect();
            Ok(merged(self.seen(), views))
        })
    }

    fn join(&self, request: JoinRequest) -> BoxFuture<'_, Result<JoinResponse, Error>> {
        Box::pin(async move {
            if request.token.len() < 8 || request.address.is_empty() {
                return Err(Error::new(
                    Code::BadRequest,
                    "a node joins with a token of 8 bytes at least, and an address",
                ));
            }
            let cluster = &self.engine.cluster;
            let node =
                cluster.admit(request.token, request.address).await.map_err(|error| unavailable(&error))?;
            let meta = cluster.meta();
            Ok(JoinResponse {
                node_id: node.node_id,
                cluster_id: meta.cluster_id.clone(),
                partitions: meta.partitions,
                nodes: self.seen().nodes,
            })
        })
    }

    fn drain(&self, request: DrainRequest) -> BoxFuture<'_, Result<DrainResponse, Error>> {
        Box::pin(async move {
            let standing = if request.undo { Standing::Member } else { Standing::Draining };
            self.stand(request.node_id, standing).await?;
            Ok(DrainResponse {})
        })
    }

    fn remove(&self, request: RemoveRequest) -> BoxFuture<'_, Result<RemoveResponse, Error>> {
        Box::pin(async move {
            self.stand(request.node_id, Standing::Removed).await?;
            Ok(RemoveResponse {})
        })
    }

    fn transfer_leader(
        &self,
        request: TransferLeaderRequest,
    ) -> BoxFuture<'_, Result<TransferLeaderResponse, Error>> {
        Box::pin(async move {
            self.must_know(request.to)?;
            let own = self.engine.cluster.node_id();
            match self.engine.cluster.chief() {
                Some(chief) if chief != own => self.ask_admin(chief, Asked::Transfer, request).await,
                _ => self.hand_over(request).await,
            }
        })
    }
}

/// What one node asks another of these, by number.
#[derive(Clone, Copy)]
enum Asked {
    Status,
    Transfer,
}

impl Asked {
    fn label(self) -> &'static str {
        match self {
            Asked::Status => "admin-status",
            Asked::Transfer => "admin-transfer-leader",
        }
    }
}

impl Node {
    async fn ask_admin<A: Message + Default>(
        &self,
        node: u64,
        asked: Asked,
        request: impl Message,
    ) -> Result<A, Error> {
        self.ask_another(node, asked.label(), &request).await
    }

    /// Answers another node; `None` where this is none of these calls.
    pub(super) async fn administer(&self, call: &str, message: Bytes) -> Option<Result<Bytes, Error>> {
        if call == Asked::Status.label() {
            return Some(Ok(self.seen().encode_to_vec().into()));
        }
        if call == Asked::Transfer.label() {
            let request = TransferLeaderRequest::decode(message).map_err(|error| unreadable(&error));
            let moved = match request {
                Ok(request) => self.hand_over(request).await,
                Err(error) => Err(error),
            };
            return Some(moved.map(|answer| answer.encode_to_vec().into()));
        }
        None
    }

    async fn hand_over(&self, request: TransferLeaderRequest) -> Result<TransferLeaderResponse, Error> {
        let moved = self.engine.cluster.hand_over(request.to).await;
        moved.map_err(|error| Error::new(Code::BadRequest, error.to_string()))?;
        Ok(TransferLeaderResponse {})
    }

    /// Gives a node another standing; who goes must leave somebody to hold what it holds.
    async fn stand(&self, node: u64, standing: Standing) -> Result<(), Error> {
        self.must_know(node)?;
        if standing != Standing::Member {
            self.must_be_replaceable(node)?;
        }
        self.engine.cluster.stand(node, standing).await.map_err(|error| unavailable(&error))
    }

    fn must_know(&self, node: u64) -> Result<(), Error> {
        let meta = self.engine.cluster.meta();
        if meta.nodes.is_empty() {
            return Err(Error::new(
                Code::Unavailable,
                "this node has yet to hear of the others; ask again after a moment",
            ));
        }
        if meta.nodes.iter().any(|known| known.node_id == node && known.standing() != Standing::Removed) {
            return Ok(());
        }
        let known: Vec<String> = meta.nodes.iter().map(|node| node.node_id.to_string()).collect();
        let text = format!("there is no node {node} in the cluster; there are {}", known.join(", "));
        Err(Error::new(Code::NotFound, text))
    }

    fn must_be_replaceable(&self, node: u64) -> Result<(), Error> {
        let meta = self.engine.cluster.meta();
        let others =
            meta.nodes.iter().filter(|other| other.standing() == Standing::Member && other.node_id != node);
        match others.count() {
            0 => Err(Error::new(
                Code::BadRequest,
                format!("node {node} is the only one that holds the data: add another first"),
            )),
            _ => Ok(()),
        }
    }

    /// As this node sees it.
    fn seen(&self) -> StatusResponse {
        let cluster = &self.engine.cluster;
        let (meta, views, mut targets) = (cluster.meta(), cluster.views(), cluster.targets());
        let mut counted: BTreeMap<u64, (u32, u32, u64)> = BTreeMap::new();
        for (_, view) in &views {
            view.voters.iter().for_each(|node| counted.entry(*node).or_default().0 += 1);
            view.leader.iter().for_each(|node| counted.entry(*node).or_default().1 += 1);
            for (node, has) in &view.matched {
                counted.entry(*node).or_default().2 += view.appended.saturating_sub(*has);
            }
        }
        let node = |node: cluster::MetaNode| {
            let (votes, leads, lag) = counted.get(&node.node_id).copied().unwrap_or_default();
            let standing = standing(node.standing()).to_owned();
            NodeStatus { node_id: node.node_id, address: node.address, standing, votes, leads, lag }
        };
        StatusResponse {
            cluster_id: meta.cluster_id,
            leader: cluster.chief().unwrap_or_default(),
            feature_level: meta.feature_level,
            nodes: meta.nodes.into_iter().map(node).collect(),
            groups: views
                .into_iter()
                .map(|(group, view)| {
                    let target = targets.get_mut(group as usize).map(std::mem::take).unwrap_or_default();
                    group_status(group, view, target)
                })
                .collect(),
            seen_by: cluster.node_id(),
        }
    }
}

fn group_status(group: u32, view: View, target: Vec<u64>) -> GroupStatus {
    GroupStatus {
        group,
        leader: view.leader.unwrap_or_default(),
        term: view.term,
        voters: view.voters.into_iter().collect(),
        learners: view.learners.into_iter().collect(),
        changing: view.is_joint,
        appended: view.appended,
        applied: view.applied,
        target,
    }
}

fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Member => "member",
        Standing::Draining => "draining",
        Standing::Removed => "removed",
    }
}

fn unavailable(error: &cluster::Error) -> Error {
    Error::new(Code::Unavailable, error.to_string())
}
