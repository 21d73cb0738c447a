//! Before a node is opened: where other nodes reach it, and which cluster it belongs to.

use crate::{
    config::Config,
    engine::Options,
    peers::{self, Peers},
    stop::Stop,
    tls::Tls,
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
pub(super) async fn listen(
    config: &Config,
    tls: &Option<Tls>,
    options: &mut Options,
    stop: Stop,
) -> anyhow::Result<Peers> {
    must_be_secret(config)?;
    let dir = options.cluster.dir.clone();
    let known = cluster::known(Arc::new(DiskFolder::open(&dir)?), &dir, options.cluster.node_id)?;
    if let Some(identity) = &known.identity {
        become_it(options, identity);
    }
    let listener = wire::Peering::bind(config, tls, known.address.as_deref(), known.is_alone).await?;
    options.cluster.address = match config.cluster.address.as_str() {
        "" => told(listener.address(), &config.cluster.join)?,
        address => address.to_owned(),
    };
    let peers = Peers::new(tls.as_ref().and_then(Tls::peers));
    tokio::spawn(listener.serve(config, peers::router(peers.clone()), stop));
    Ok(peers)
}

/// Nodes that are elsewhere are spoken to by TLS with certificates on both sides, unless the operator will have it otherwise.
fn must_be_secret(config: &Config) -> anyhow::Result<()> {
    let is_secret = !config.tls.peer_roots.as_os_str().is_empty();
    if is_secret || config.tls.insecure {
        return Ok(());
    }
    let cluster = &config.cluster;
    for (option, address) in [("cluster.address", &cluster.address), ("cluster.join", &cluster.join)] {
        if !address.is_empty() && !is_here(host_of(address)) {
            let needed = wire::NEEDED_BY_NODES;
            bail!(
                "{option} {address} is another machine, and nodes would speak without TLS: set {needed} (salamander certs makes \
                 certificates for trials), or have it so by --insecure"
            );
        }
    }
    Ok(())
}

fn host_of(address: &str) -> &str {
    address.rsplit_once(':').map_or("", |(host, _)| host)
}

/// Whether that host is this machine, for certain.
fn is_here(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.to_canonical().is_loopback())
}

/// The address others are told, where the configuration names none: one at which a member that is elsewhere finds this node.
fn told(bound: SocketAddr, join: &str) -> anyhow::Result<String> {
    let host = host_of(join);
    let is_here = host.is_empty() || is_here(host);
    if bound.ip().is_unspecified() || (bound.ip().is_loopback() && !is_here) {
        bail!(
            "other nodes cannot reach {bound}: set cluster.listen, or cluster.address where it is reached otherwise"
        );
    }
    Ok(bound.to_string())
}

/// Where clients reach the gRPC listener, where the configuration does not say it: as it is bound, or, where that is every address of the
/// machine, where other nodes reach it. Empty where only this machine reaches it and other nodes are elsewhere.
pub(super) fn door(bound: SocketAddr, cluster_address: &str) -> String {
    let host = host_of(cluster_address);
    let is_here = host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    match bound.ip() {
        ip if ip.is_unspecified() => format!("{host}:{}", bound.port()),
        ip if ip.is_loopback() && !is_here => String::new(),
        _ => bound.to_string(),
    }
}

/// Joins the cluster that the configuration names, unless the folder belongs to one already. Until it is answered.
pub(super) async fn join(config: &Config, tls: &Option<Tls>, options: &mut Options) -> anyhow::Result<()> {
    let member = &config.cluster.join;
    if member.is_empty() {
        return Ok(());
    }
    let dir = &options.cluster.dir;
    let Some(joining) = Joining::begin(Arc::new(DiskFolder::open(dir)?), dir, &Entropy::system())? else {
        return Ok(());
    };
    // A member is known by what all nodes bear, as on the other way: its own address may be another one in its certificate.
    let how = client::Options { tls: tls.as_ref().and_then(Tls::peers), ..client::Options::default() };
    let scheme = if how.tls.is_some() { "https" } else { "http" };
    let url = format!("{scheme}://{member}");
    let admin = Admin::connect_with(&url, &how).with_context(|| format!("cluster.join {member}"))?;
    let answer = loop {
        match admin.join(joining.token(), &options.cluster.address).await {
            Ok(answer) => break answer,
            Err(error) => {
                let error = refusal(&how, &url).await.unwrap_or(error.to_string());
                tracing::warn!(member, error, "the cluster cannot be joined yet; it is tried again")
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

/// Why they come to no agreement on TLS, where that is so.
async fn refusal(how: &client::Options, url: &str) -> Option<String> {
    let refusal = how.tls.as_ref()?.refusal(&url.parse().ok()?).await?;
    Some(refusal.to_string())
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
