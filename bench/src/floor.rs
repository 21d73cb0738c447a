//! The bare floor of a durable write: one thread that takes what is waiting, writes it with one `write` and answers
//! after one `fdatasync`. No server can acknowledge faster on this disk without giving up durability.

use crate::measure::{Measured, Plan, Recorder, Worker, measure};
use anyhow::{Context, Result, anyhow};
use bytes::Bytes;
use serde::Serialize;
use std::{
    fs::{self, File},
    io::{Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    thread,
    time::Instant,
};
use tokio::sync::{mpsc, oneshot};

/// How the file's space comes to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Space {
    /// Written full of zeros before; a sync has no metadata to write. Used round and round.
    Preallocated,
    /// Grows with every write, so that a sync writes the new length too.
    Growing,
}

const PREALLOCATED_BYTES: u64 = 256 << 20;
/// A growing file begins anew above this, so that a long run does not fill the disk.
const GROWN_BYTES_MAX: u64 = 4 << 30;
/// Bytes of one write and sync, as the server's log writer bounds it.
const BATCH_BYTES_MAX: usize = 8 << 20;
/// Writes waiting for the thread; more submitters than this wait in line.
const QUEUE_MAX: usize = 4096;

/// What the thread did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub writes: u64,
    pub syncs: u64,
}

struct Request {
    bytes: Bytes,
    done: oneshot::Sender<()>,
}

/// Measures `submitters` callers that each write `bytes` again and again. The file is made in `folder` and removed.
///
/// # Errors
/// The disk's.
pub async fn run(
    plan: &Plan,
    folder: &Path,
    space: Space,
    submitters: usize,
    bytes: Bytes,
) -> Result<(Measured, Counts)> {
    let file = LogFile::create(folder, space)?;
    let (requests, queue) = mpsc::channel(QUEUE_MAX);
    let writer = thread::spawn(move || write_all(file, queue));
    let workers =
        (0..submitters).map(|_| Submitter { requests: requests.clone(), bytes: bytes.clone() }).collect();
    drop(requests);
    let measured = measure(plan, workers, &[]).await;
    // The channel closed with the last worker, so the thread ends by itself.
    let counts = tokio::task::spawn_blocking(move || writer.join()).await?;
    let counts = counts.map_err(|_| anyhow!("the floor's writer panicked"))??;
    Ok((measured?, counts))
}

struct Submitter {
    requests: mpsc::Sender<Request>,
    bytes: Bytes,
}

impl Worker for Submitter {
    async fn run(self, recorder: &mut Recorder) -> Result<()> {
        while recorder.proceed() {
            let started = Instant::now();
            let (done, answer) = oneshot::channel();
            let request = Request { bytes: self.bytes.clone(), done };
            self.requests.send(request).await.map_err(|_| anyhow!("the floor's writer is gone"))?;
            answer.await.context("the floor's writer gave up")?;
            recorder.finished(started);
        }
        Ok(())
    }
}

fn write_all(mut file: LogFile, mut queue: mpsc::Receiver<Request>) -> Result<Counts> {
    let mut counts = Counts::default();
    let (mut buffer, mut waiting) = (Vec::new(), Vec::new());
    while let Some(first) = queue.blocking_recv() {
        let mut next = Some(first);
        while let Some(request) = next {
            buffer.extend_from_slice(&request.bytes);
            waiting.push(request.done);
            next = if buffer.len() < BATCH_BYTES_MAX { queue.try_recv().ok() } else { None };
        }
        file.append(&buffer)?;
        counts.writes += waiting.len() as u64;
        counts.syncs += 1;
        buffer.clear();
        for done in waiting.drain(..) {
            // A submitter that went away wants no answer.
            let _ = done.send(());
        }
    }
    Ok(counts)
}

/// The file, removed on drop.
struct LogFile {
    file: File,
    path: PathBuf,
    space: Space,
    offset: u64,
}

impl LogFile {
    fn create(folder: &Path, space: Space) -> Result<LogFile> {
        let path = folder.join(format!("floor-{space:?}"));
        let file = File::create(&path).with_context(|| format!("creating {}", path.display()))?;
        let mut log = LogFile { file, path, space, offset: 0 };
        if space == Space::Preallocated {
            let zeros = vec![0; 1 << 20];
            for _ in 0..PREALLOCATED_BYTES >> 20 {
                log.file.write_all(&zeros)?;
            }
            log.file.sync_all()?;
            log.file.seek(SeekFrom::Start(0))?;
        }
        Ok(log)
    }

    /// Writes and syncs.
    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        let end = self.offset + bytes.len() as u64;
        if self.space == Space::Preallocated && end > PREALLOCATED_BYTES {
            self.start_over()?;
        }
        if self.space == Space::Growing && end > GROWN_BYTES_MAX {
            self.file.set_len(0)?;
            self.start_over()?;
        }
        self.file.write_all(bytes)?;
        self.file.sync_data()?;
        self.offset += bytes.len() as u64;
        Ok(())
    }

    fn start_over(&mut self) -> Result<()> {
        self.offset = self.file.seek(SeekFrom::Start(0))?;
        Ok(())
    }
}

impl Drop for LogFile {
    fn drop(&mut self) {
        // Nothing depends on it; its folder is a temporary one.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const PLAN: Plan = Plan { warm_up: Duration::from_millis(10), window: Duration::from_millis(100) };

    #[tokio::test]
    async fn one_submitter_gets_a_sync_for_every_write() -> Result<()> {
        let folder = tempfile::tempdir()?;
        for space in [Space::Growing, Space::Preallocated] {
            let (measured, counts) = run(&PLAN, folder.path(), space, 1, Bytes::from_static(b"x")).await?;
            assert_eq!(counts.writes, counts.syncs);
            assert!(counts.writes >= measured.latency.count());
        }
        assert_eq!(fs::read_dir(folder.path())?.count(), 0, "the files are gone");
        Ok(())
    }

    #[test]
    fn what_waits_shares_one_sync_and_is_on_disk_before_the_answer() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let file = LogFile::create(folder.path(), Space::Growing)?;
        let kept = fs::canonicalize(&file.path)?;
        let reader = File::open(kept)?;
        let (requests, queue) = mpsc::channel(8);
        let mut answers = Vec::new();
        for bytes in ["ab", "cd", "ef"] {
            let (done, answer) = oneshot::channel();
            requests
                .blocking_send(Request { bytes: Bytes::from_static(bytes.as_bytes()), done })
                .context("sent")?;
            answers.push(answer);
        }
        drop(requests);
        assert_eq!(write_all(file, queue)?, Counts { writes: 3, syncs: 1 });
        for answer in answers {
            answer.blocking_recv()?;
        }
        assert_eq!(std::io::read_to_string(reader)?, "abcdef");
        Ok(())
    }

    #[test]
    fn a_preallocated_file_is_used_round_and_round() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let mut file = LogFile::create(folder.path(), Space::Preallocated)?;
        file.offset = PREALLOCATED_BYTES - 1;
        file.append(b"xyz")?;
        assert_eq!(file.offset, 3);
        assert_eq!(fs::metadata(&file.path)?.len(), PREALLOCATED_BYTES);
        Ok(())
    }
}
