//! `salamander load`: files of bundles and resources into a server, over gRPC.
//!
//! Takes `.json` (a transaction or batch bundle, or a single resource) and `.ndjson` (one resource per line; with an
//! id it is a PUT, without a POST). What is broken is reported at the end and stops nothing else. The idempotency
//! key of every write derives from its content, so a load that was interrupted can simply be run again.

mod answer;
mod counts;
mod file;
mod item;
mod lines;
mod progress;
mod reach;
mod report;

pub use counts::Counts;
pub use reach::reach;
pub use report::{Failure, LoadReport};

use anyhow::Context;
use client::{Client, Retry, Writer, api};
use file::File;
use futures::StreamExt;
use item::{Item, Place};
use progress::Progress;
use proto::{Code, TenantName};
use std::{collections::BTreeSet, path::PathBuf, sync::Mutex, time::Duration};
use tokio_stream::wrappers::ReceiverStream;

/// The command's arguments.
#[derive(Clone, Debug)]
pub struct LoadOptions {
    /// `http://host:port`, or `https://` where `connect` has TLS.
    pub grpc: String,
    /// How to connect; retries are `retry_deadline`'s.
    pub connect: client::Options,
    /// Whose data it is to be.
    pub tenant: TenantName,
    /// Files, and folders that are searched for `.json` and `.ndjson`.
    pub paths: Vec<PathBuf>,
    /// Unanswered writes at a time; together with `item_bytes_max` the bound on memory.
    pub in_flight: usize,
    /// How long one write is retried, so how long a restart of the server may take.
    pub retry_deadline: Duration,
    /// The largest bundle file or NDJSON line; a larger one is reported and skipped.
    pub item_bytes_max: usize,
    /// Shows a bar on a terminal, a line every few seconds elsewhere.
    pub progress: bool,
}

impl LoadOptions {
    /// 8 writes in flight, 2 minutes of retries, items up to 60 MiB (a message of the client is at most 64 MiB).
    pub fn new(grpc: impl Into<String>, paths: Vec<PathBuf>) -> Self {
        LoadOptions {
            grpc: grpc.into(),
            connect: client::Options::default(),
            tenant: TenantName::parse(TenantName::DEFAULT).expect("a name"),
            paths,
            in_flight: 8,
            retry_deadline: Duration::from_secs(120),
            item_bytes_max: 60 << 20,
            progress: true,
        }
    }
}

/// A failed item may refer, conditionally, to one that came after it: what failed is tried again once the rest is
/// there, as long as that helps.
const PASSES_MAX: usize = 4;

/// Loads everything. `Err` only where nothing can be tried (a bad endpoint, nobody there, a path that is not there);
/// everything else is in the report.
pub async fn run(options: LoadOptions) -> anyhow::Result<LoadReport> {
    let files = file::find(&options.paths)?;
    reach(&options.grpc, &options.connect).await?;
    let retry = Retry { deadline: options.retry_deadline, ..Retry::default() };
    let client = Client::connect_with(&options.grpc, &options.connect).context("--grpc")?.with_retry(retry);
    let client = client.with_tenant(options.tenant.as_str())?;
    let load = Load {
        newest_ms: newest_ms(&client).await?,
        writer: client.writer(options.in_flight),
        progress: Progress::start(&files, options.progress),
        report: Mutex::new(LoadReport::new(files.len() as u64)),
        options,
    };
    // Organisations and practitioners first: patients refer to them.
    let (shared, others) = files.into_iter().partition(|file| file.shared);
    load.pass(shared, None).await;
    load.pass(others, None).await;
    for _ in 1..PASSES_MAX {
        let failed = load.report().take_retryable();
        let before = failed.len();
        if before == 0 {
            break;
        }
        load.again(failed).await;
        if load.report().retryable() >= before {
            break;
        }
    }
    load.progress.finish();
    let report = load.report.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
    Ok(report.finish())
}

/// When the newest version was written that the server has, by its own clock. What is answered with a later time was
/// written by the load; what is not, its repeated answers included, was there. `None`: the server does not tell.
///
/// # Errors
/// There is no such tenant.
async fn newest_ms(client: &Client) -> anyhow::Result<Option<u64>> {
    match client.history(api::HistoryRequest { count: 1, ..Default::default() }).await {
        Ok(newest) => Ok(Some(newest.entries.first().map_or(0, |entry| entry.last_updated_ms))),
        Err(error) if error.code() == Some(Code::NotFound) => Err(error.into()),
        Err(_) => Ok(None),
    }
}

struct Load {
    options: LoadOptions,
    newest_ms: Option<u64>,
    writer: Writer,
    progress: Progress,
    report: Mutex<LoadReport>,
}

impl Load {
    /// All items of the files, or only those at the given places.
    async fn pass(&self, files: Vec<File>, only: Option<BTreeSet<Place>>) {
        // The reader is ahead of the writes by as much as is in flight, no more.
        let (items, received) = tokio::sync::mpsc::channel(self.options.in_flight);
        let bytes_max = self.options.item_bytes_max;
        let reader = tokio::task::spawn_blocking(move || {
            for file in files {
                if !item::read(&file, bytes_max, only.as_ref(), &|item| items.blocking_send(item).is_ok()) {
                    return;
                }
            }
        });
        ReceiverStream::new(received)
            .for_each_concurrent(self.options.in_flight, |item| async { self.write(item).await })
            .await;
        if let Err(panic) = reader.await {
            std::panic::resume_unwind(panic.into_panic());
        }
    }

    /// The places of earlier failures once more.
    async fn again(&self, failed: Vec<Failure>) {
        let places: BTreeSet<Place> = failed.into_iter().map(|failure| failure.place()).collect();
        let paths: BTreeSet<PathBuf> = places.iter().map(|place| place.file.clone()).collect();
        let files = paths.into_iter().map(File::at).collect();
        self.pass(files, Some(places)).await;
    }

    async fn write(&self, item: Item) {
        let bytes = item.bytes;
        match item.write {
            Err(reason) => self.report().fail(Failure::broken(item.place, reason)),
            Ok(write) => {
                let outcome = answer::judge(self.writer.write(write).await, self.newest_ms);
                self.report().take(item.place, bytes, outcome);
            }
        }
        let resources = self.report().resources.all();
        self.progress.advance(bytes, resources);
    }

    fn report(&self) -> std::sync::MutexGuard<'_, LoadReport> {
        // A panic while it was held leaves counts that are still worth showing.
        self.report.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
