//! The logs of all partitions, from nodes into files, as far as they are: again and again.

use super::{
    entries::{Logged, Sink},
    source::{Failed, Source},
};
use anyhow::anyhow;
use client::api;
use cluster::backup::Story;
use proto::{Code, PartitionId};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::sync::mpsc;

/// How often logs are read while rows are copied: so that nodes need not keep them for long.
const EVERY: Duration = Duration::from_secs(1);
/// A stream that breaks is read on from where it was.
const TRIES: usize = 5;

/// See the module.
pub struct Shipping {
    source: Arc<Source>,
    dir: PathBuf,
    hold: api::BackupHold,
    logs: BTreeMap<u16, Log>,
    /// What they say of transactions.
    pub story: Story,
}

struct Log {
    /// As far as it was read.
    position: u64,
    /// Made with the first entry.
    sink: Option<Sink>,
}

/// How far a log was when all that had been acknowledged was in it.
#[derive(Clone, Copy, Debug)]
pub struct Position {
    pub index: u64,
    pub now_ms: u64,
}

impl Shipping {
    pub fn new(source: Arc<Source>, dir: &Path, hold: api::BackupHold) -> Shipping {
        Shipping { source, dir: dir.to_owned(), hold, logs: BTreeMap::new(), story: Story::default() }
    }

    /// Reads a partition's log from an entry on. Told again, the first one counts: it has more.
    pub fn add(&mut self, partition: u16, after: u64) {
        self.logs.entry(partition).or_insert(Log { position: after, sink: None });
    }

    /// What was added of a partition is begun anew.
    pub fn remove(&mut self, partition: u16) {
        self.logs.remove(&partition);
    }

    /// Reads what is new of one partition. `see` is shown each entry.
    pub async fn ship(
        &mut self,
        partition: u16,
        see: &mut (dyn FnMut(&storage::Entry) + Send),
    ) -> Result<Position, Failed> {
        let mut tries = 1;
        loop {
            match self.ship_once(partition, see).await {
                Err(Failed::Other(error)) if tries < TRIES => {
                    eprintln!("the log of partition {partition} is read on: {error:#}");
                    tries += 1;
                }
                done => return done,
            }
        }
    }

    /// From where it was read to, to its end.
    async fn ship_once(
        &mut self,
        partition: u16,
        see: &mut (dyn FnMut(&storage::Entry) + Send),
    ) -> Result<Position, Failed> {
        let missing = || anyhow!("the log of partition {partition} is not asked for yet");
        let log = self.logs.get_mut(&partition).ok_or_else(missing)?;
        let (after, hold) = (log.position, self.hold);
        let asked = |node: client::Admin| async move { node.backup_log(partition.into(), after, hold).await };
        let mut messages = self.source.ask(partition, asked).await?;
        while let Some(message) = messages.message().await.map_err(broken)? {
            if let Some(index) = message.position {
                return match log.position == index {
                    true => Ok(Position { index, now_ms: message.now_ms }),
                    false => Err(unexpected(partition, index)),
                };
            }
            if message.first_index != log.position + 1 {
                return Err(unexpected(partition, message.first_index));
            }
            for record in message.records {
                let index = log.position + 1;
                let entry = cluster::backup::entry(index, record.clone())
                    .map_err(|error| anyhow!("entry {index} of partition {partition}: {error}"))?;
                let sink = match &mut log.sink {
                    Some(sink) => sink,
                    none => none.insert(Sink::create(&self.dir, &format!("{partition:03}.log"), index)?),
                };
                sink.put(&record)?;
                log.position = index;
                self.story.tell(PartitionId(partition), &entry);
                see(&entry);
            }
        }
        Err(Failed::Other(anyhow!("the log of partition {partition} did not come to its end")))
    }

    /// Reads on, while `added` tells of more partitions and their entries, until that ends.
    pub async fn follow(
        mut self,
        mut added: mpsc::UnboundedReceiver<(u16, u64)>,
    ) -> Result<Shipping, Failed> {
        let mut tick = tokio::time::interval(EVERY);
        loop {
            tokio::select! {
                one = added.recv() => match one {
                    Some((partition, after)) => self.add(partition, after),
                    None => return Ok(self),
                },
                _ = tick.tick() => {
                    let partitions: Vec<u16> = self.logs.keys().copied().collect();
                    for partition in partitions {
                        self.ship(partition, &mut |_| ()).await?;
                    }
                }
            }
        }
    }

    /// Has the nodes keep what follows an entry, for the next backup.
    pub async fn keep(&self, partition: u16, after: u64, keep: Duration) -> Result<(), Failed> {
        let hold = api::BackupHold { keep_ms: keep.as_millis() as u64, ..self.hold };
        let asked = |node: client::Admin| async move {
            node.backup_log(partition.into(), after, hold).await.map(drop)
        };
        self.source.ask(partition, asked).await
    }

    /// Ends the files: those of partitions that have entries.
    pub fn finish(self) -> anyhow::Result<BTreeMap<u16, Logged>> {
        let mut files = BTreeMap::new();
        for (partition, log) in self.logs {
            if let Some(sink) = log.sink {
                files.insert(partition, sink.finish()?);
            }
        }
        Ok(files)
    }
}

fn broken(status: tonic::Status) -> Failed {
    let error = client::Error::from(status);
    match error.code() {
        Some(Code::NotFound) => Failed::Gap(error.to_string()),
        _ => Failed::Other(error.into()),
    }
}

fn unexpected(partition: u16, index: u64) -> Failed {
    Failed::Other(anyhow!("the log of partition {partition} does not go on at entry {index}"))
}

/// A follower that runs.
pub struct Following {
    task: tokio::task::JoinHandle<Result<Shipping, Failed>>,
    added: mpsc::UnboundedSender<(u16, u64)>,
}

impl Following {
    pub fn start(shipping: Shipping) -> Following {
        let (added, told) = mpsc::unbounded_channel();
        Following { task: tokio::spawn(shipping.follow(told)), added }
    }

    /// Rows of a partition begin, which have the entries up to that one.
    pub fn begin(&self, partition: u16, after: u64) {
        // Where it ended, its end is told by [`Following::end`].
        let _ = self.added.send((partition, after));
    }

    /// Whether it failed.
    pub fn failed(&self) -> bool {
        self.task.is_finished()
    }

    pub async fn end(self) -> Result<Shipping, Failed> {
        drop(self.added);
        self.task.await.map_err(|error| Failed::Other(error.into()))?
    }
}
