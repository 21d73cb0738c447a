//! The nodes that a backup asks: the given one first, of what it does not hold those that do.

use anyhow::{Context, anyhow, bail};
use client::{Admin, Options};
use prost::Message;
use proto::{Code, log::v1::MetaState};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// For so long it is tried again where no node answers: longer than an election.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(500);

/// See the module.
pub struct Source {
    url: String,
    options: Options,
    given: Admin,
}

/// A cluster as a node sees it.
pub struct Seen {
    pub state: MetaState,
    /// As it was told.
    pub encoded: bytes::Bytes,
    nodes: BTreeMap<u64, String>,
    holders: Vec<Vec<u64>>,
    seen_by: u64,
}

/// Why nobody answered.
#[derive(Debug)]
pub enum Failed {
    /// No node has the log so far back any more.
    Gap(String),
    Other(anyhow::Error),
}

impl From<anyhow::Error> for Failed {
    fn from(error: anyhow::Error) -> Failed {
        Failed::Other(error)
    }
}

impl Source {
    pub fn new(url: &str, options: &Options) -> anyhow::Result<Source> {
        let given = Admin::connect_with(url, options)?;
        Ok(Source { url: url.to_owned(), options: options.clone(), given })
    }

    /// The cluster now.
    pub async fn look(&self) -> anyhow::Result<Seen> {
        let told = self.given.backup_state().await.with_context(|| self.url.clone())?;
        let state = MetaState::decode(told.state.clone())?;
        if state.partitions == 0 {
            bail!("{} does not know of its cluster yet; try again after a moment", self.url);
        }
        Ok(Seen {
            state,
            encoded: told.state,
            nodes: told.nodes.into_iter().map(|node| (node.node_id, node.address)).collect(),
            holders: told.partitions.into_iter().map(|one| one.nodes).collect(),
            seen_by: told.seen_by,
        })
    }

    /// What one of the nodes that hold the partition answers. Where none does, all are asked again for a while.
    ///
    /// # Errors
    /// [`Failed::Gap`] where all say `NOT_FOUND`; the last other error after that while.
    pub async fn ask<T, A>(&self, partition: u16, ask: impl Fn(Admin) -> A) -> Result<T, Failed>
    where
        A: Future<Output = client::Result<T>>,
    {
        let began = Instant::now();
        loop {
            let nodes = self.nodes(partition).await;
            let (mut gap, mut last) = (None, None);
            for (at, node) in nodes {
                match ask(node).await {
                    Ok(answer) => return Ok(answer),
                    Err(error) if error.code() == Some(Code::NotFound) => gap = Some(error.to_string()),
                    Err(error) => last = Some(anyhow!("{at}: {error}")),
                }
            }
            match (gap, last) {
                (Some(gap), None) => return Err(Failed::Gap(gap)),
                (_, last) if began.elapsed() > PATIENCE => {
                    let none = || anyhow!("{}: no node holds partition {partition}", self.url);
                    return Err(Failed::Other(last.unwrap_or_else(none)));
                }
                _ => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    /// Those that hold the partition, the given one first.
    async fn nodes(&self, partition: u16) -> Vec<(String, Admin)> {
        let mut nodes = vec![(self.url.clone(), self.given.clone())];
        let Ok(seen) = self.look().await else { return nodes };
        let holders = seen.holders.get(usize::from(partition).saturating_sub(1));
        let holders = holders.map(Vec::as_slice).unwrap_or_default();
        if !holders.is_empty() && !holders.contains(&seen.seen_by) {
            nodes.clear();
        }
        let scheme = self.url.split("://").next().unwrap_or("http");
        for node in holders.iter().filter(|node| **node != seen.seen_by) {
            let door = seen.nodes.get(node).filter(|address| !address.is_empty());
            let Some(url) = door.map(|address| format!("{scheme}://{address}")) else { continue };
            if let Ok(admin) = Admin::connect_with(&url, &self.options) {
                nodes.push((url, admin));
            }
        }
        nodes
    }
}
