//! Where the nodes of a run are, and what is cut between them.
//!
//! Within a place of its own each node has a network namespace, all on one bridge, on which the clients are too. A way is cut by a
//! false hardware address: what the one sends to the other goes nowhere and nothing tells it so. Elsewhere all share the loopback
//! interface, where no way can be told from another: nothing is cut there.

use super::is_apart;
use anyhow::ensure;
use std::process::Command;

/// Of so many nodes.
pub(in crate::chaos) struct Network {
    nodes: usize,
    apart: bool,
}

/// Nobody's.
const NOWHERE: &str = "02:00:00:00:ff:ff";

impl Network {
    pub(super) fn new(nodes: usize) -> anyhow::Result<Network> {
        let network = Network { nodes, apart: is_apart() };
        if network.apart {
            network.build()?;
        }
        Ok(network)
    }

    /// Whether anything can be cut.
    pub(in crate::chaos) fn can_be_cut(&self) -> bool {
        self.apart
    }

    pub(super) fn host(&self, node: usize) -> String {
        match self.apart {
            true => format!("10.9.0.{}", node + 1),
            false => format!("127.0.0.{}", node + 1),
        }
    }

    /// What a node is started by.
    pub(super) fn through(&self, node: usize) -> Vec<String> {
        match self.apart {
            true => ["ip", "netns", "exec", &name(node)].map(str::to_owned).to_vec(),
            false => Vec::new(),
        }
    }

    /// What `from` sends to `to` is lost.
    pub(in crate::chaos) fn cut(&self, from: usize, to: usize) -> anyhow::Result<()> {
        self.lead(from, to, NOWHERE)
    }

    /// It arrives again.
    pub(in crate::chaos) fn mend(&self, from: usize, to: usize) -> anyhow::Result<()> {
        self.lead(from, to, &hardware(to))
    }

    fn lead(&self, from: usize, to: usize, hardware: &str) -> anyhow::Result<()> {
        ensure!(self.apart, "nothing can be cut on the loopback interface");
        let to = self.host(to);
        ip(&format!("-n {} neigh replace {to} lladdr {hardware} dev eth0 nud permanent", name(from)))
    }

    fn build(&self) -> anyhow::Result<()> {
        ip("addr add 10.9.0.254/24 dev hub")?;
        ip("link set hub up")?;
        for node in 0..self.nodes {
            let (space, port, address) = (name(node), format!("v{}", node + 1), hardware(node));
            ip(&format!("netns add {space}"))?;
            ip(&format!("link add {port} type veth peer name eth0 address {address} netns {space}"))?;
            ip(&format!("link set {port} master hub up"))?;
            ip(&format!("-n {space} addr add {}/24 dev eth0", self.host(node)))?;
            ip(&format!("-n {space} link set eth0 up"))?;
            ip(&format!("-n {space} link set lo up"))?;
        }
        for from in 0..self.nodes {
            (0..self.nodes).filter(|to| *to != from).try_for_each(|to| self.mend(from, to))?;
        }
        Ok(())
    }
}

fn name(node: usize) -> String {
    format!("n{}", node + 1)
}

fn hardware(node: usize) -> String {
    format!("02:00:00:00:00:{:02x}", node + 1)
}

fn ip(arguments: &str) -> anyhow::Result<()> {
    let output = Command::new("ip").args(arguments.split(' ')).output()?;
    ensure!(output.status.success(), "ip {arguments}: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(())
}
