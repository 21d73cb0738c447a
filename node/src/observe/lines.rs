//! Log lines on their way to stderr: a thread writes them, so that a reader who is slow, or gone, holds up no request. Many
//! lines are one write and one waking of the thread: a line for each request costs little.

use parking_lot::{Condvar, Mutex};
use std::{
    io::{self, Write},
    sync::{
        OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};
use tracing_subscriber::fmt::MakeWriter;

/// Bytes waiting for the thread; lines that do not fit any more are lost, and counted.
const WAITING_MAX: usize = 4 << 20;
/// What comes within this time of a write goes out with the next one.
const TOGETHER: Duration = Duration::from_millis(5);
/// The end of the process waits no longer for a reader of stderr.
const FLUSH_MAX: Duration = Duration::from_secs(1);

static QUEUE: OnceLock<Queue> = OnceLock::new();
/// Lines are plain text: no JSON, no colours.
static PLAIN: AtomicBool = AtomicBool::new(false);
static LOST: AtomicU64 = AtomicU64::new(0);

/// The way to stderr: one write is one line.
#[derive(Clone, Copy)]
pub(super) struct Lines;

/// Starts the thread, once for the process.
///
/// # Errors
/// Where there can be no thread, or there is one already.
pub(super) fn start() -> io::Result<Lines> {
    if QUEUE.set(Queue::default()).is_err() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    let write = || QUEUE.get().map(|queue| queue.write_to(io::stderr()));
    thread::Builder::new().name("log-lines".to_owned()).spawn(write)?;
    Ok(Lines)
}

/// From now on [`say_plain`] takes lines.
pub(super) fn are_plain() {
    PLAIN.store(true, Ordering::Relaxed);
}

/// Says a line of plain text, made by `line` with its break, past the formatting of events, which cost some
/// 5 µs a line (README). `false`: lines are not plain text, and nothing was said.
pub(super) fn say_plain(line: impl FnOnce() -> String) -> bool {
    let plain = PLAIN.load(Ordering::Relaxed);
    if plain {
        say(line().as_bytes());
    }
    plain
}

fn say(line: &[u8]) {
    if QUEUE.get().is_some_and(|queue| !queue.say(line)) {
        LOST.fetch_add(1, Ordering::Relaxed);
    }
}

/// Returns when everything said so far is on stderr, or its reader takes too long.
pub fn flush() {
    let Some(queue) = QUEUE.get() else { return };
    // Late or never: the process ends all the same.
    queue.wait_until_written(Instant::now() + FLUSH_MAX);
}

/// Lines that could not be kept.
pub(super) fn lost() -> u64 {
    LOST.load(Ordering::Relaxed)
}

#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    /// The thread waits here for the first line after a pause.
    work: Condvar,
    written: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Vec<u8>,
    /// The thread sleeps until it is woken.
    at_rest: bool,
    /// Bytes that were said, and how many of them are written.
    said: u64,
    written: u64,
}

impl Queue {
    /// Keeps the line for the thread; `false`: there is no room.
    fn say(&self, line: &[u8]) -> bool {
        let mut state = self.state.lock();
        if state.waiting.len() + line.len() > WAITING_MAX {
            return false;
        }
        state.waiting.extend_from_slice(line);
        state.said += line.len() as u64;
        if state.at_rest {
            self.work.notify_one();
        }
        true
    }

    fn write_to(&self, mut out: impl Write) -> ! {
        let (mut batch, mut told) = (Vec::new(), 0);
        loop {
            let said = self.take(&mut batch);
            // Nobody can be told that stderr is gone.
            let _ = out.write_all(&batch);
            let lost = lost();
            if lost > told {
                let _ = writeln!(out, "{} log lines are lost: stderr is read too slowly", lost - told);
                told = lost;
            }
            let _ = out.flush();
            self.state.lock().written = said;
            self.written.notify_all();
            thread::sleep(TOGETHER);
        }
    }

    /// Swaps what waits for the empty `batch`, once there is something; how much was said up to there.
    fn take(&self, batch: &mut Vec<u8>) -> u64 {
        batch.clear();
        let mut state = self.state.lock();
        while state.waiting.is_empty() {
            state.at_rest = true;
            self.work.wait(&mut state);
        }
        state.at_rest = false;
        std::mem::swap(&mut state.waiting, batch);
        state.said
    }

    fn wait_until_written(&self, until: Instant) {
        let mut state = self.state.lock();
        let said = state.said;
        while state.written < said && !self.written.wait_until(&mut state, until).timed_out() {}
    }
}

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        say(line);
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
    use std::sync::Arc;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is written when it is waited for. The thread ends with the process, as in a server.
    fn written(queue: &Arc<Queue>) -> Vec<u8> {
        let (page, writer) = (Page::default(), queue.clone());
        let out = page.clone();
        thread::spawn(move || writer.write_to(out));
        queue.wait_until_written(Instant::now() + Duration::from_secs(60));
        page.0.lock().clone()
    }

    #[test]
    fn lines_come_in_order_and_a_flush_after_them() {
        let queue = Arc::new(Queue::default());
        assert!(queue.say(b"first\n"));
        assert_eq!(written(&queue), b"first\n");
        let all: String = (0..1000).map(|number| format!("{number}\n")).collect();
        let queue = Arc::new(Queue::default());
        all.split_inclusive('\n').for_each(|line| assert!(queue.say(line.as_bytes())));
        assert_eq!(String::from_utf8(written(&queue)).unwrap(), all);
    }

    #[test]
    fn what_does_not_fit_is_refused_and_what_was_kept_is_written() {
        let queue = Arc::new(Queue::default());
        let line = vec![b'x'; WAITING_MAX / 2];
        assert_eq!([queue.say(&line), queue.say(&line), queue.say(b"one more\n")], [true, true, false]);
        assert_eq!(written(&queue).len(), WAITING_MAX);
    }
}
