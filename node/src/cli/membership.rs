//! Before a node is opened: where other nodes reach it, and which cluster it belongs to.

use crate::{
    config::Config,
    engine::Options,
    peers::{self, Peers},
    stop::Stop,
    wire,
};
use anyhow::{Context, bail};
use client::Admin;
use cluster::{DiskFolder, Entropy, Identity, Joining, MetaNode};
use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

/// Pause between two tries to join.
const AGAIN: Duration = Duration::from_secs(1);

/// Listens for other nodes, and fills in what the folder says of this one.
pub(super) async fn listen(config: &Config, options: &mut Options, stop: Stop) -> anyhow::Result<Peers> {
    let dir = options.cluster.dir.clone();
    let known = cluster::known(Arc::new(DiskFolder::open(&dir)?), &dir, options.cluster.node_id)?;
    if let Some(identity) = &known.identity {
        become_it(options, identity);
    }
    let listener = wire::Peering::bind(config, known.address.as_deref(), known.is_alone).await?;
    options.cluster.address = match config.cluster.address.as_str() {
        "" => told(listener.address(), &config.cluster.join)?,
        address => address.to_owned(),
    };
    let peers = Peers::default();
    tokio::spawn(listener.serve(config, peers::router(peers.clone()), stop));
    Ok(peers)
}

/// The address others are told, where the configuration names none: one at which a member that is elsewhere finds this node.
fn told(bound: SocketAddr, join: &str) -> anyhow::Result<String> {
    let host = join.rsplit_once(':').map_or("", |(host, _)| host);
    let is_here = |host: &str| {
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
        host.is_empty() || host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    };
    if bound.ip().is_unspecified() || (bound.ip().is_loopback() && !is_here(host)) {
        bail!(
            "other nodes cannot reach {bound}: set cluster.listen, or cluster.address where it is reached otherwise"
        );
    }
    Ok(bound.to_string())
}

/// Where clients reach the gRPC listener, where the configuration does not say it: as it is bound, or, where that is every address of the
/// machine, where other nodes reach it. Empty where only this machine reaches it and other nodes are elsewhere.
pub(super) fn door(bound: SocketAddr, cluster_address: &str) -> String {
    let host = cluster_address.rsplit_once(':').map_or("", |(host, _)| host);
    let is_here = host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    match bound.ip() {
        ip if ip.is_unspecified() => format!("{host}:{}", bound.port()),
        ip if ip.is_loopback() && !is_here => String::new(),
        _ => bound.to_string(),
    }
}

/// Joins the cluster that the configuration names, unless the folder belongs to one already. Until it is answered.
pub(super) async fn join(config: &Config, options: &mut Options) -> anyhow::Result<()> {
    let member = &config.cluster.join;
    if member.is_empty() {
        return Ok(());
    }
    let dir = &options.cluster.dir;
    let Some(joining) = Joining::begin(Arc::new(DiskFolder::open(dir)?), dir, &Entropy::system())? else {
        return Ok(());
    };
    let admin =
        Admin::connect(&format!("http://{member}")).with_context(|| format!("cluster.join {member}"))?;
    let answer = loop {
        match admin.join(joining.token(), &options.cluster.address).await {
            Ok(answer) => break answer,
            Err(error) => {
                tracing::warn!(member, %error, "the cluster cannot be joined yet; it is tried again")
            }
        }
        tokio::time::sleep(AGAIN).await;
    };
    let seed = |node: client::api::NodeStatus| MetaNode {
        node_id: node.node_id,
        address: node.address,
        ..MetaNode::default()
    };
    let identity = Identity {
        node_id: answer.node_id,
        cluster_id: answer.cluster_id,
        partitions: answer.partitions,
        seeds: answer.nodes.into_iter().map(seed).collect(),
        ..Identity::default()
    };
    tracing::info!(node = identity.node_id, cluster = identity.cluster_id, "joined");
    become_it(options, &identity);
    Ok(joining.end(identity)?)
}

/// Has the node be opened as who it is in the cluster that it joined.
fn become_it(options: &mut Options, identity: &Identity) {
    options.cluster.node_id = identity.node_id;
    options.cluster.partitions = identity.partitions as u16;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_told_what_they_can_use() {
        let door = |bound: &str, cluster: &str| door(bound.parse().unwrap(), cluster);
        assert_eq!(door("127.0.0.1:7", "127.0.0.1:9"), "127.0.0.1:7");
        assert_eq!(door("10.0.0.2:7", "10.1.0.2:9"), "10.0.0.2:7");
        assert_eq!(door("0.0.0.0:7", "db1:9"), "db1:7");
        assert_eq!(door("[::]:7", "[::1]:9"), "[::1]:7");
        assert_eq!(door("127.0.0.1:7", "10.0.0.2:9"), "");
    }

    #[test]
    fn an_address_is_told_where_others_can_use_it() {
        let told = |bound: &str, join: &str| told(bound.parse().unwrap(), join).ok();
        assert_eq!(told("127.0.0.1:7", "").as_deref(), Some("127.0.0.1:7"));
        assert_eq!(told("127.0.0.2:7", "127.0.0.1:50051").as_deref(), Some("127.0.0.2:7"));
        assert_eq!(told("127.0.0.2:7", "localhost:50051").as_deref(), Some("127.0.0.2:7"));
        assert_eq!(told("10.0.0.2:7", "10.0.0.1:50051").as_deref(), Some("10.0.0.2:7"));
        assert_eq!(told("127.0.0.1:7", "10.0.0.1:50051"), None);
        assert_eq!(told("127.0.0.1:7", "db1:50051"), None);
        assert_eq!(told("0.0.0.0:7", "10.0.0.1:50051"), None);
    }
}
