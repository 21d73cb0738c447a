//! The rows of one partition, from a node into a file.

use super::{
    frames::Writer,
    manifest::Rows,
    source::{Failed, Source},
};
use anyhow::{Context, anyhow};
use bytes::Bytes;
use client::api;
use std::{
    path::Path,
    time::{Duration, Instant},
};
use storage::Tally;
use tokio::{sync::mpsc, task::spawn_blocking};

/// Chunks between the network and the disk.
const WAITING_MAX: usize = 4;
/// A stream that breaks is begun anew, from another view.
const TRIES: usize = 5;

/// Bytes a second, of all rows together.
pub struct Pace {
    began: Instant,
    taken: u64,
    /// 0: as fast as it goes.
    bytes_s: f64,
}

impl Pace {
    pub fn new(mb_s: f64) -> Pace {
        Pace { began: Instant::now(), taken: 0, bytes_s: mb_s * 1e6 }
    }

    /// Waits until so many bytes more may be taken.
    async fn take(&mut self, bytes: usize) {
        self.taken += bytes as u64;
        if self.bytes_s > 0.0 {
            let due = Duration::from_secs_f64(self.taken as f64 / self.bytes_s);
            tokio::time::sleep(due.saturating_sub(self.began.elapsed())).await;
        }
    }
}

/// Copies them. `begun` hears of the last entry that the rows have before the first row comes; again where it is begun anew.
pub async fn copy(
    source: &Source,
    (dir, partition): (&Path, u16),
    hold: api::BackupHold,
    pace: &mut Pace,
    begun: &dyn Fn(u64),
) -> anyhow::Result<Rows> {
    let mut tries = 1;
    loop {
        match once(source, (dir, partition), hold, pace, begun).await {
            Err(error) if tries < TRIES => {
                eprintln!("partition {partition} is begun anew: {error:#}");
                tries += 1;
            }
            done => return done,
        }
    }
}

async fn once(
    source: &Source,
    (dir, partition): (&Path, u16),
    hold: api::BackupHold,
    pace: &mut Pace,
    begun: &dyn Fn(u64),
) -> anyhow::Result<Rows> {
    let asked = source.ask(partition, |node| async move {
        let mut rows = node.backup_rows(partition.into(), hold).await?;
        // The first message has no rows.
        let first = rows.message().await.map_err(client::Error::from)?;
        Ok(first.map(|head| (head.index, rows)))
    });
    let (index, mut rows) = match asked.await {
        Ok(Some(begun)) => begun,
        Ok(None) => return Err(anyhow!("partition {partition}: an empty answer")),
        Err(Failed::Gap(error)) => return Err(anyhow!(error)),
        Err(Failed::Other(error)) => return Err(error),
    };
    begun(index);
    let (to, chunks) = mpsc::channel(WAITING_MAX);
    let dir = dir.to_owned();
    let writing = spawn_blocking(move || write(&dir, partition, index, chunks));
    let taken = async {
        while let Some(message) = rows.message().await.map_err(client::Error::from)? {
            pace.take(message.chunk.len()).await;
            if to.send(message.chunk).await.is_err() {
                // Why, the writer tells.
                break;
            }
        }
        Ok::<(), anyhow::Error>(())
    };
    let taken = taken.await;
    drop(to);
    let written = writing.await?;
    taken.with_context(|| format!("partition {partition}"))?;
    written
}

fn write(dir: &Path, partition: u16, index: u64, mut chunks: mpsc::Receiver<Bytes>) -> anyhow::Result<Rows> {
    let mut writer = Writer::create(dir, &format!("{partition:03}.rows"))?;
    let mut tally = Tally::default();
    while let Some(chunk) = chunks.blocking_recv() {
        tally.see(&chunk).with_context(|| format!("partition {partition}, on its way"))?;
        writer.frame(&chunk)?;
    }
    if !tally.is_complete() || tally.applied_index() != index {
        return Err(anyhow!("the rows of partition {partition} did not come to their end"));
    }
    Ok(Rows { written: writer.finish()?, index, ..told(&tally) })
}

/// What a manifest says of rows, but for their file.
pub fn told(tally: &Tally) -> Rows {
    Rows {
        written: super::frames::Written { file: String::new(), bytes: 0, xxh3: String::new() },
        index: tally.applied_index(),
        rows: tally.rows,
        row_bytes: tally.bytes,
        row_crc32c: format!("{:08x}", tally.checksum),
        resources: tally.resources_total(),
    }
}
