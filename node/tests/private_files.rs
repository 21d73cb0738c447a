//! Nobody but the node's user reads what is in its data folder.

use std::{
    fs,
    io::ErrorKind,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};
use testkit::{node::NodeProcess, probe::Probe};

fn all_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![folder.to_owned()];
    let mut next = 0;
    while next < found.len() {
        if found[next].is_dir() {
            found.extend(fs::read_dir(&found[next]).unwrap().map(|entry| entry.unwrap().path()));
        }
        next += 1;
    }
    found
}

/// Every folder 0700, every file 0600; how many there are. A node that runs takes some away meanwhile.
fn private(folder: &Path) -> usize {
    let mut seen = 0;
    for path in all_below(folder) {
        let about = match fs::metadata(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            about => about.unwrap(),
        };
        let expected = if about.is_dir() { 0o700 } else { 0o600 };
        let mode = about.permissions().mode() & 0o777;
        assert_eq!(mode, expected, "{} is {mode:o}", path.display());
        seen += 1;
    }
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_log_tables_and_index_are_the_nodes_alone() {
    // Small, so that there are segments, tables and an index, with files made by threads of the libraries.
    let mut node = NodeProcess::new(env!("CARGO_BIN_EXE_salamander"))
        .unwrap()
        .set("log.segment_bytes", 1 << 20)
        .set("log.group_bytes", 64 << 10)
        .set("storage.maintenance_interval_ms", 50)
        .set("search.seal_after_ms", 10)
        .begin()
        .unwrap();
    let probe = Probe::new(&node.rest, &node.grpc).unwrap();
    let text = "x".repeat(20_000);
    for number in 0..100 {
        let body = format!(r#"{{"resourceType":"Basic","id":"b{number}","code":{{"text":"{text}"}}}}"#);
        assert_eq!(probe.put(&format!("Basic/b{number}"), body).await.unwrap().status, 201);
    }
    assert!(node.terminate().unwrap().success());
    let files = private(&node.data());
    for part in ["log", "state", "index", "cluster"] {
        assert!(all_below(&node.data().join(part)).len() > 1, "nothing in {part}");
    }

    // As an earlier version left it.
    for path in all_below(&node.data()) {
        let open = if path.is_dir() { 0o755 } else { 0o644 };
        fs::set_permissions(path, fs::Permissions::from_mode(open)).unwrap();
    }
    node.restart().unwrap();
    assert!(node.log().contains("others could read"), "{}", node.log());
    assert!(private(&node.data()) >= files / 2);
    let probe = Probe::new(&node.rest, &node.grpc).unwrap();
    assert_eq!(probe.get("Basic/b99").await.unwrap().status, 200);
}
