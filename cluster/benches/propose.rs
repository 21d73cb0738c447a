//! Proposals per second and CPU per proposal of 2 KiB commands at 1, 10 and 64 writers, beside the floor: one
//! thread that group-commits the same bytes with `fdatasync`. Run: `cargo bench -p cluster`.

#[path = "../tests/support/mod.rs"]
mod support;

use bytes::Bytes;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use storage::Applied;
use support::{Node, open, options, put};
use tokio::sync::oneshot;

const RUN: Duration = Duration::from_secs(3);
const BODY_BYTES: usize = 2048;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    println!(
        "{:>8} {:>8} {:>10} {:>10} {:>9} {:>14}",
        "what", "writers", "per s", "cpu us", "p50 us", "per fdatasync"
    );
    for writers in [1, 10, 64] {
        runtime.block_on(floor(writers));
        runtime.block_on(proposals(writers));
    }
    runtime.block_on(idle());
}

async fn proposals(writers: usize) {
    let dir = tempfile::tempdir_in(base()).unwrap();
    let mut config = options(dir.path());
    (config.partitions, config.maintenance) = (16, Duration::from_secs(1));
    let node = Arc::new(open(config).await.unwrap());
    let before = node.log.stats();
    let (shared, body) = (node.clone(), body());
    measure("raft", writers, move |writer| {
        let (node, body) = (shared.clone(), body.clone());
        async move { Writer { name: format!("w{writer}"), version: 0, node, body } }
    })
    .await;
    let now = node.log.stats();
    println!("{:>14.1}", (now.entries - before.entries) as f64 / (now.fsyncs - before.fsyncs).max(1) as f64);
    node.cluster.shutdown().await.unwrap();
}

struct Writer {
    name: String,
    version: u64,
    node: Arc<Node>,
    body: Bytes,
}

impl Once for Writer {
    async fn once(&mut self) {
        self.version += 1;
        let outcome = self.node.group_of(&self.name).propose(put(&self.name, self.version, &self.body)).await;
        assert_eq!(outcome, Ok(Applied::Done));
    }
}

type Job = (Bytes, oneshot::Sender<()>);

async fn floor(writers: usize) {
    let dir = tempfile::tempdir_in(base()).unwrap();
    let path = dir.path().join("floor");
    std::fs::write(&path, vec![0_u8; 256 << 20]).unwrap();
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.sync_all().unwrap();
    let (queue, jobs) = std::sync::mpsc::channel::<Job>();
    let syncs = Arc::new(AtomicU64::new(0));
    let entries = Arc::new(AtomicU64::new(0));
    let (counted, written) = (syncs.clone(), entries.clone());
    let thread = std::thread::spawn(move || {
        let mut offset = 0;
        while let Ok(first) = jobs.recv() {
            let batch: Vec<Job> = std::iter::once(first).chain(jobs.try_iter()).collect();
            let bytes: Vec<u8> = batch.iter().flat_map(|(body, _)| body.iter().copied()).collect();
            if offset + bytes.len() as u64 > 256 << 20 {
                offset = 0;
            }
            file.write_all_at(&bytes, offset).unwrap();
            offset += bytes.len() as u64;
            file.sync_data().unwrap();
            counted.fetch_add(1, Ordering::Relaxed);
            written.fetch_add(batch.len() as u64, Ordering::Relaxed);
            for (_, done) in batch {
                // The writer may have stopped.
                let _ = done.send(());
            }
        }
    });
    let body = body();
    measure("floor", writers, move |_| {
        let (queue, body) = (queue.clone(), body.clone());
        async move { Floor { queue, body } }
    })
    .await;
    println!(
        "{:>14.1}",
        entries.load(Ordering::Relaxed) as f64 / syncs.load(Ordering::Relaxed).max(1) as f64
    );
    thread.join().unwrap();
}

struct Floor {
    queue: std::sync::mpsc::Sender<Job>,
    body: Bytes,
}

impl Once for Floor {
    async fn once(&mut self) {
        let (done, answer) = oneshot::channel();
        self.queue.send((self.body.clone(), done)).unwrap();
        answer.await.unwrap();
    }
}

trait Once: Send + 'static {
    fn once(&mut self) -> impl Future<Output = ()> + Send;
}

/// Runs `writers` tasks for [`RUN`] and prints the line's first columns.
async fn measure<W: Once, F: Future<Output = W> + Send + 'static>(
    what: &str,
    writers: usize,
    make: impl Fn(usize) -> F,
) {
    let stop = Arc::new(AtomicBool::new(false));
    let (cpu, started) = (cpu_us(), Instant::now());
    let tasks: Vec<_> = (0..writers)
        .map(|writer| {
            let (writer, stop) = (make(writer), stop.clone());
            tokio::spawn(async move {
                let mut writer = writer.await;
                let mut took = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let begun = Instant::now();
                    writer.once().await;
                    took.push(begun.elapsed().as_micros() as u64);
                }
                took
            })
        })
        .collect();
    tokio::time::sleep(RUN).await;
    stop.store(true, Ordering::Relaxed);
    let mut took = Vec::new();
    for task in tasks {
        took.extend(task.await.unwrap());
    }
    let (seconds, cpu) = (started.elapsed().as_secs_f64(), cpu_us() - cpu);
    took.sort_unstable();
    let (count, median) = (took.len(), took[took.len() / 2]);
    print!(
        "{what:>8} {writers:>8} {:>10.0} {:>10.1} {median:>9}",
        count as f64 / seconds,
        cpu / count as f64
    );
}

/// CPU and memory of 16 groups that do nothing, and how long starts take.
async fn idle() {
    let dir = tempfile::tempdir_in(base()).unwrap();
    let config = || {
        let mut config = options(dir.path());
        (config.partitions, config.maintenance) = (16, Duration::from_secs(1));
        config
    };
    let started = Instant::now();
    let node = open(config()).await.unwrap();
    println!("start of an empty store: {} ms", started.elapsed().as_millis());
    let barrier = Instant::now();
    for _ in 0..100_000 {
        node.cluster.groups()[0].read_barrier().await.unwrap();
    }
    println!("read barrier: {} ns", barrier.elapsed().as_nanos() / 100_000);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let cpu = cpu_us();
    tokio::time::sleep(Duration::from_secs(5)).await;
    println!("idle: {:.2} % of a core", (cpu_us() - cpu) / 5e6 * 100.0);
    node.cluster.shutdown().await.unwrap();
    drop(node);
    let started = Instant::now();
    let _node = open(config()).await.unwrap();
    println!("start again: {} ms", started.elapsed().as_millis());
}

fn body() -> Bytes {
    // Bytes that do not compress.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    std::iter::repeat_with(next).take(BODY_BYTES).collect()
}

/// CPU time of the threads that live now.
fn cpu_us() -> f64 {
    let mut total = 0.0;
    for task in std::fs::read_dir("/proc/self/task").unwrap().flatten() {
        let text = std::fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
        let ns: f64 = text.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or(0.0);
        total += ns / 1000.0;
    }
    total
}

/// A real disk: `/tmp` may be memory.
fn base() -> &'static Path {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::create_dir_all(target).unwrap();
    target
}
