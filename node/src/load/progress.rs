//! How far a load is: a bar on a terminal, a line every few seconds elsewhere.

use super::file::File;
use indicatif::{ProgressBar, ProgressStyle};
use std::{
    io::IsTerminal,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

const LINE_EVERY: Duration = Duration::from_secs(5);

pub(super) struct Progress {
    show: Show,
    started: Instant,
    bytes: AtomicU64,
    bytes_total: u64,
}

enum Show {
    Nothing,
    Bar(ProgressBar),
    Lines(Mutex<Instant>),
}

impl Progress {
    pub(super) fn start(files: &[File], shown: bool) -> Self {
        let bytes_total = files.iter().map(|file| file.bytes).sum();
        let show = match (shown, std::io::stderr().is_terminal()) {
            (false, _) => Show::Nothing,
            (true, true) => Show::Bar(bar(bytes_total)),
            (true, false) => Show::Lines(Mutex::new(Instant::now())),
        };
        Progress { show, started: Instant::now(), bytes: AtomicU64::new(0), bytes_total }
    }

    /// One item more is done; `resources` so far.
    pub(super) fn advance(&self, bytes: u64, resources: u64) {
        let done = self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let rate = resources as f64 / self.started.elapsed().as_secs_f64().max(1e-3);
        match &self.show {
            Show::Nothing => (),
            Show::Bar(bar) => {
                bar.set_position(done.min(self.bytes_total));
                bar.set_message(format!("{resources} resources, {rate:.0}/s"));
            }
            Show::Lines(last) => {
                let mut last = last.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                if last.elapsed() >= LINE_EVERY {
                    *last = Instant::now();
                    let (done, total) = (done as f64 / 1e6, self.bytes_total as f64 / 1e6);
                    eprintln!("{done:.1} of {total:.1} MB, {resources} resources, {rate:.0}/s");
                }
            }
        }
    }

    pub(super) fn finish(&self) {
        if let Show::Bar(bar) = &self.show {
            bar.finish_and_clear();
        }
    }
}

fn bar(bytes: u64) -> ProgressBar {
    const TEMPLATE: &str = "{bar:40} {bytes}/{total_bytes} {bytes_per_sec} {eta} {msg}";
    let bar = ProgressBar::new(bytes);
    match ProgressStyle::with_template(TEMPLATE) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
