//! Log lines on their way to stderr: a thread writes them, so that a reader who is slow, or gone, holds up no request.

use std::{
    io::{self, BufWriter, Write},
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread,
    time::Duration,
};
use tracing_subscriber::fmt::MakeWriter;

/// Lines waiting for the thread, some megabytes; what comes when they are full is lost, and counted.
const QUEUE_MAX: usize = 8192;
/// The end of the process waits no longer for a reader of stderr.
const FLUSH_MAX: Duration = Duration::from_secs(1);

enum Job {
    Line(Vec<u8>),
    Flush(SyncSender<()>),
}

static QUEUE: OnceLock<SyncSender<Job>> = OnceLock::new();
static LOST: AtomicU64 = AtomicU64::new(0);

/// The way to stderr: one write is one line.
#[derive(Clone, Copy)]
pub(super) struct Lines;

/// Starts the thread, once for the process.
///
/// # Errors
/// Where there can be no thread, or there is one already.
pub(super) fn start() -> io::Result<Lines> {
    let (queue, jobs) = sync_channel(QUEUE_MAX);
    if QUEUE.set(queue).is_err() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    thread::Builder::new().name("log-lines".to_owned()).spawn(move || write(&jobs, io::stderr()))?;
    Ok(Lines)
}

/// Returns when everything said so far is on stderr, or its reader takes too long.
pub fn flush() {
    let Some(queue) = QUEUE.get() else { return };
    let (done, written) = sync_channel(1);
    if queue.send(Job::Flush(done)).is_ok() {
        // Late or never: the process ends all the same.
        let _ = written.recv_timeout(FLUSH_MAX);
    }
}

/// Lines that could not be kept.
pub(super) fn lost() -> u64 {
    LOST.load(Ordering::Relaxed)
}

fn write(jobs: &Receiver<Job>, stderr: impl Write) {
    let mut out = BufWriter::new(stderr);
    let mut told = 0;
    while let Ok(first) = jobs.recv() {
        let mut flushed = Vec::new();
        for job in std::iter::once(first).chain(jobs.try_iter()) {
            match job {
                // Nobody can be told that stderr is gone.
                Job::Line(line) => drop(out.write_all(&line)),
                Job::Flush(done) => flushed.push(done),
            }
        }
        let lost = lost();
        if lost > told {
            let _ = writeln!(out, "{} log lines are lost: stderr is read too slowly", lost - told);
            told = lost;
        }
        let _ = out.flush();
        for done in flushed {
            // Who waited may have given up.
            let _ = done.send(());
        }
    }
}

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let Some(queue) = QUEUE.get() else { return Ok(line.len()) };
        if let Err(TrySendError::Full(_)) = queue.try_send(Job::Line(line.to_owned())) {
            LOST.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Lines;

    fn make_writer(&self) -> Lines {
        *self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_in_order_and_a_flush_after_them() {
        let (queue, jobs) = sync_channel(8);
        let (done, written) = sync_channel(1);
        for job in [Job::Line(b"a\n".to_vec()), Job::Line(b"b\n".to_vec()), Job::Flush(done)] {
            queue.send(job).ok().unwrap();
        }
        drop(queue);
        let mut out = Vec::new();
        write(&jobs, &mut out);
        assert_eq!(out, b"a\nb\n");
        assert_eq!(written.recv(), Ok(()));
    }
}
