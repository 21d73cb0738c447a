//! Where requests are best sent: what clients are told so that they go to the leader of a partition themselves.

use super::Node;
use crate::{
    engine::Engine,
    partition::{Twice, ask, question},
    session::Context,
};
use bytes::Bytes;
use cluster::{MetaNode, Standing};
use fhir::definitions::ResourceType;
use futures::future::join_all;
use prost::Message;
use proto::{PartitionId, api::v1::*, internal::v1 as wire};
use std::{sync::Weak, time::Duration};
use tokio::time::{sleep, timeout};
use xxhash_rust::xxh3::xxh3_64;

/// How another node asks where clients reach this one.
pub const DOOR: &str = "door";
/// How often nodes are asked that have not said it yet, and how often all are.
const UNKNOWN: Duration = Duration::from_millis(500);
const EVERY: u32 = 10;
/// An answer that takes longer is not waited for.
const QUICK: Duration = Duration::from_secs(1);

/// What a client needs to go to the leader itself, of what this node knows: nobody is asked.
pub trait RoutingService: Send + Sync + 'static {
    /// The nodes and who leads what, as `proto/api/v1/routing.proto` has it.
    fn map(&self, request: MapRequest) -> MapResponse;
    /// The node that leads the home partition of a resource, where another one does.
    fn led_elsewhere(&self, context: &Context, resource_type: &str, id: &str) -> Option<u64>;
    /// The cluster: the first half of its id; 0 while it is not known.
    fn cluster(&self) -> u64;
}

impl RoutingService for Node {
    fn map(&self, request: MapRequest) -> MapResponse {
        let cluster = &self.engine.cluster;
        let gone = |node: &MetaNode| node.standing() == Standing::Removed;
        let nodes = cluster.meta().nodes.into_iter().filter(|node| !gone(node));
        let map = MapResponse {
            version: 0,
            cluster: cluster.number(),
            seen_by: 0,
            nodes: nodes.map(|node| self.door(node.node_id)).collect(),
            partitions: self.engine.partitions().map(|id| self.place(id)).collect(),
            types: types(),
        };
        // 0 is the version of who has none.
        let version = xxh3_64(&map.encode_to_vec()).max(1);
        let seen_by = cluster.node_id();
        match request.version == version {
            true => MapResponse { version, seen_by, cluster: map.cluster, ..MapResponse::default() },
            false => MapResponse { version, seen_by, ..map },
        }
    }

    fn led_elsewhere(&self, context: &Context, resource_type: &str, id: &str) -> Option<u64> {
        if self.engine.cluster.is_alone() {
            return None;
        }
        let home = self.home(context, resource_type, id)?;
        self.engine.partition(home).ok()?.leader()
    }

    fn cluster(&self) -> u64 {
        self.engine.cluster.number()
    }
}

impl Node {
    pub(super) fn door(&self, node_id: u64) -> MapNode {
        let address = match node_id == self.engine.cluster.node_id() {
            true => Some(self.engine.options.door.clone()),
            false => self.engine.doors.of(node_id),
        };
        MapNode { node_id, address: address.unwrap_or_default() }
    }

    fn place(&self, id: PartitionId) -> MapPartition {
        let cluster = &self.engine.cluster;
        let led = self.engine.partition(id).map(|led| led.leader().unwrap_or(cluster.node_id()));
        MapPartition { leader: led.unwrap_or_default(), replicas: cluster.holders(id) }
    }
}

fn types() -> Vec<MapType> {
    let all = (1..).map_while(ResourceType::from_code);
    all.map(|known| MapType { name: known.name().to_owned(), code: known.code().into() }).collect()
}

/// Asks the other nodes where clients reach them, until the node is gone.
pub async fn watch(node: Weak<Engine>) {
    for turn in 0_u32.. {
        let Some(engine) = node.upgrade() else { return };
        let others = engine.cluster.others().into_iter();
        let due = others.filter(|other| turn.is_multiple_of(EVERY) || engine.doors.of(*other).is_none());
        join_all(due.map(|other| learn(&engine, other))).await;
        drop(engine);
        sleep(UNKNOWN).await;
    }
}

async fn learn(node: &Engine, other: u64) {
    let request = question(DOOR, &wire::DoorRequest {});
    let asked = ask::<wire::DoorAnswer>(&node.cluster, other, &request, Twice::Harmless);
    // Who does not answer has the door that it had.
    if let Ok(Ok(answer)) = timeout(QUICK, asked).await {
        node.doors.learn(other, answer.address);
    }
}

/// The answer to another node.
pub fn answer(node: &Engine) -> Bytes {
    wire::DoorAnswer { address: node.options.door.clone() }.encode_to_vec().into()
}
