//! A disk that is full: writes are refused whole, reads go on, and writes go on by themselves once there is space.
//!
//! Needs root, for a small file system of its own; says so and is skipped elsewhere.

use client::api;
use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};
use testkit::{node::NodeProcess, outside, probe::Probe};

const MIB: u64 = 1 << 20;
/// No change within this is a hang.
const HANG: Duration = Duration::from_secs(60);

/// A tmpfs that goes away with this value.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount(mib: u64) -> Option<SmallDisk> {
        let folder = tempfile::tempdir().unwrap();
        let size = format!("size={mib}m");
        let mount =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder.path()).output();
        match mount {
            Ok(output) if output.status.success() => Some(SmallDisk(folder)),
            other => {
                outside::skip(&format!("no file system can be mounted here: {other:?}"));
                None
            }
        }
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Takes all the space there is; the file to remove gives it back.
    fn fill(&self) -> PathBuf {
        let path = self.path().join("filler");
        let mut file = File::create(&path).unwrap();
        let mut piece = vec![7_u8; 64 << 10];
        while !piece.is_empty() {
            if file.write_all(&piece).is_err() {
                piece.truncate(piece.len() / 2);
            }
        }
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: whoever still has a file open keeps it until then.
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

fn small(disk: &SmallDisk, reserve: u64) -> NodeProcess {
    NodeProcess::new(env!("CARGO_BIN_EXE_salamander"))
        .unwrap()
        .at(&disk.path().join("data"))
        .set("storage.disk_reserve_bytes", reserve)
        .set("storage.maintenance_interval_ms", 50)
        // RocksDB goes on by itself once a memtable's worth of space is free: a small disk needs small ones.
        .set("storage.memtable_bytes", 2 * MIB)
        .set("storage.memtables_bytes", 8 * MIB)
        .set("log.segment_bytes", 4 * MIB)
        .set("log.group_bytes", 2 * MIB)
        .set("log.total_bytes", 16 * MIB)
        .set("limits.request_timeout_ms", 2000)
        .begin()
        .unwrap()
}

fn body(id: &str) -> String {
    // Random-looking text: what compresses to nothing would never fill a disk.
    let text: String = (0_u64..3000)
        .map(|n| format!("{:x}", (n + id.len() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)))
        .collect();
    format!(
        r#"{{"resourceType":"Basic","id":"{id}","code":{{"coding":[{{"code":"{id}"}}]}},"language":"{text}"}}"#
    )
}

/// Writes until one is refused; how many were written. The refusal must be a full disk's.
async fn write_until_full(probe: &Probe, round: &str) -> u64 {
    for number in 0.. {
        let id = format!("{round}-{number}");
        let answer = probe.put(&format!("Basic/{id}"), body(&id)).await.unwrap();
        if answer.status != 201 {
            assert_eq!(answer.status, 507, "{answer:?}");
            assert!(answer.is_outcome() && answer.diagnostics().contains("disk is full"), "{answer:?}");
            return number;
        }
    }
    unreachable!()
}

async fn write_once_there_is_space(probe: &Probe, id: &str) {
    let started = Instant::now();
    loop {
        let answer = probe.put(&format!("Basic/{id}"), body(id)).await.unwrap();
        if matches!(answer.status, 200 | 201) {
            return;
        }
        assert!(matches!(answer.status, 507 | 503 | 504), "{answer:?}");
        assert!(started.elapsed() < HANG, "writes do not go on: {answer:?}");
    }
}

/// Reads, searches, histories and both wires' refusals of writes, all while the disk is full.
async fn reads_go_on(probe: &Probe, id: &str, stored: u64) {
    assert_eq!(probe.get(&format!("Basic/{id}")).await.unwrap().status, 200);
    assert_eq!(probe.total(&format!("Basic?code={id}")).await.unwrap(), 1);
    assert_eq!(probe.total("Basic").await.unwrap(), stored);
    let history = probe.get(&format!("Basic/{id}/_history")).await.unwrap().body;
    assert_eq!(history["entry"].as_array().unwrap().len(), 1);
    let request =
        api::CreateRequest { resource_type: "Basic".into(), body: body("x").into(), ..Default::default() };
    let error = probe.grpc.create(request).await.unwrap_err();
    assert_eq!(error.code(), Some(proto::Code::StorageFull), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reserve_is_kept_free() {
    let Some(disk) = SmallDisk::mount(96) else { return };
    let mut node = small(&disk, 16 * MIB);
    let probe = Probe::new(&node.rest, &node.grpc).unwrap();
    write_once_there_is_space(&probe, "first").await;
    let filler = disk.fill();
    // Other content each time: a PUT that changes nothing needs no space, and succeeds.
    write_until_full(&probe, "z").await;
    let before = probe.total("Basic").await.unwrap();
    reads_go_on(&probe, "first", before).await;
    assert!(node.runs());
    fs::remove_file(filler).unwrap();
    write_once_there_is_space(&probe, "last").await;
    assert_eq!(probe.total("Basic").await.unwrap(), before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_filled_by_writes_recovers_without_a_restart() {
    let Some(disk) = SmallDisk::mount(64) else { return };
    let mut node = small(&disk, 8 * MIB);
    let probe = Probe::new(&node.rest, &node.grpc).unwrap();
    let ballast = disk.path().join("ballast");
    fs::write(&ballast, vec![7_u8; 16 << 20]).unwrap();
    let written = write_until_full(&probe, "a").await;
    assert!(written > 10, "{written}");
    reads_go_on(&probe, "a-0", written).await;
    assert!(node.runs());
    fs::remove_file(&ballast).unwrap();
    write_once_there_is_space(&probe, "b").await;
    assert_eq!(probe.total("Basic").await.unwrap(), written + 1);
    node.kill9().unwrap();
    node.restart().unwrap();
    let probe = Probe::new(&node.rest, &node.grpc).unwrap();
    assert_eq!(probe.total("Basic").await.unwrap(), written + 1);
}

/// Without a reserve everything meets the full disk itself: the log's segments, the tables, the search index.
#[tokio::test(flavor = "multi_thread")]
async fn a_disk_without_any_space_left_recovers_without_a_restart() {
    let Some(disk) = SmallDisk::mount(96) else { return };
    let mut node = small(&disk, 0);
    let probe = Probe::new(&node.rest, &node.grpc).unwrap();
    write_once_there_is_space(&probe, "first").await;
    let filler = disk.fill();
    let mut confirmed = 1;
    // The segments there are still take some; a write that waits for space is answered 504, and may be stored later.
    let mut refused = vec![];
    for number in 0.. {
        let id = format!("f-{number}");
        let answer = probe.put(&format!("Basic/{id}"), body(&id)).await.unwrap();
        match answer.status {
            201 => confirmed += 1,
            504 | 503 => refused.push(id),
            507 => break,
            _ => panic!("{answer:?}"),
        }
        assert!(refused.len() < 100, "the full disk is never told: {answer:?}");
    }
    assert_eq!(probe.get("Basic/first").await.unwrap().status, 200);
    assert_eq!(probe.total("Basic?code=first").await.unwrap(), 1);
    assert_eq!(probe.total("Basic").await.unwrap(), confirmed);
    assert!(node.runs());
    fs::remove_file(filler).unwrap();
    write_once_there_is_space(&probe, "after").await;
    // Every refused one again: none of them may be there twice or half.
    for id in &refused {
        write_once_there_is_space(&probe, id).await;
    }
    let expected = confirmed + 1 + refused.len() as u64;
    assert_eq!(probe.total("Basic").await.unwrap(), expected);
    node.kill9().unwrap();
    node.restart().unwrap();
    let probe = Probe::new(&node.rest, &node.grpc).unwrap();
    assert_eq!(probe.total("Basic").await.unwrap(), expected);
    assert!(node.runs());
}
