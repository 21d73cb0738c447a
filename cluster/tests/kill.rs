//! A process killed in the middle of writing loses nothing it acknowledged.

mod support;

use bytes::Bytes;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use storage::Applied;
use support::*;

const FOLDER: &str = "SALAMANDER_KILL_TEST_FOLDER";

/// The process that gets killed: writes for ever, and prints what was acknowledged. Not a test of its own.
#[test]
fn child_writes() {
    let Some(dir) = std::env::var_os(FOLDER) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let node = open(options(dir.as_ref())).await.unwrap();
        let writers = (0..8).map(|writer| {
            let name = format!("w{writer}");
            let group = node.group_of(&name).clone();
            async move {
                let start =
                    group.partition().get(TENANT, &key(&name)).unwrap().map_or(0, |found| found.version);
                for version in start + 1.. {
                    let body = Bytes::from(format!("{name}/{version}"));
                    assert_eq!(group.propose(put(&name, version, &body)).await, Ok(Applied::Done));
                    println!("acknowledged {name} {version}");
                }
            }
        });
        futures::future::join_all(writers).await;
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_process_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged = std::collections::BTreeMap::<String, u64>::new();
    for round in 1..=3 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_writes", "--nocapture"])
            .env(FOLDER, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut seen = 0;
        for (count, line) in lines.map_while(Result::ok).enumerate() {
            seen = count;
            let words: Vec<&str> = line.split(' ').collect();
            if let ["acknowledged", name, version] = words[..] {
                acknowledged.insert(name.to_owned(), version.parse().unwrap());
            }
            if count == round * 150 {
                // SIGKILL; what the pipe still holds was acknowledged too, and is read below.
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        assert!(seen >= round * 150, "the child ended by itself, after {seen} lines");
        let node = open(options(dir.path())).await.unwrap();
        for (name, version) in &acknowledged {
            let found = node.group_of(name).partition().get(TENANT, &key(name)).unwrap().unwrap();
            assert!(found.version >= *version, "{name}: {} of {version}", found.version);
            assert_eq!(found.body, format!("{name}/{}", found.version), "no row is half another");
        }
        assert!(acknowledged.len() == 8);
        // Not shut down in order: the next child replays this process's log as well. What still runs in this one lets go of the folder.
        drop(node);
        std::fs::File::open(dir.path().join("LOCK")).unwrap().lock().unwrap();
    }
}
