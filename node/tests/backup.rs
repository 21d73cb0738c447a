//! Backups by the real binary: of one node and of many while they serve, restored as one node that others join, to the end or to a
//! moment; interrupted, damaged, and without the log that they would need.

#[path = "backup/chain.rs"]
mod chain;
#[path = "backup/damage.rs"]
mod damage;
#[path = "backup/many.rs"]
mod many;
#[path = "backup/single.rs"]
mod single;
#[path = "backup/tenants.rs"]
mod tenants;

use client::{Client, api};
use serde_json::Value;
use std::{
    path::Path,
    process::{Command, Output},
    time::Duration,
};
use testkit::node::NodeProcess;

const BINARY: &str = env!("CARGO_BIN_EXE_salamander");
/// Of what should take a second or two.
const SOON: Duration = Duration::from_secs(60);

fn node() -> NodeProcess {
    NodeProcess::new(BINARY).unwrap().set("storage.partitions", 4)
}

/// One that has what was restored there; the number of its partitions is in the folder.
fn restored(data: &Path) -> NodeProcess {
    NodeProcess::new(BINARY).unwrap().at(data).begin().unwrap()
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(BINARY);
    command.arg("backup").args(arguments);
    command
}

fn run(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What it says.
fn done(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "{arguments:?}: {}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

/// What it complains of.
fn refused(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {output:?}");
    text(&output.stdout) + &text(&output.stderr)
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn create(node: &NodeProcess, to: &Path, more: &[&str]) -> String {
    done(&[&["create", "--grpc", &node.grpc, "--to", path(to)], more].concat())
}

fn restore(from: &Path, data: &Path, more: &[&str]) -> String {
    done(&[&["restore", "--from", path(from), "--data", path(data)], more].concat())
}

/// The names of the finished backups of a folder, oldest first.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let finished = entries.filter(|entry| entry.path().join("manifest.json").exists());
    let mut names: Vec<String> = finished.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn manifest(folder: &Path, name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(folder.join(name).join("manifest.json")).unwrap()).unwrap()
}

/// Of each partition: how many rows there are, their bytes and their checksum, without what tells how far a log is.
fn rows_of(folder: &Path) -> Vec<(u64, u64, String)> {
    let newest = names(folder).pop().unwrap();
    let manifest = manifest(folder, &newest);
    let parts = manifest["partitions"].as_array().unwrap().iter();
    let counted = parts.map(|part| {
        let rows = &part["rows"];
        let number = |name: &str| rows[name].as_u64().unwrap();
        (number("rows"), number("row_bytes"), rows["row_crc32c"].as_str().unwrap().to_owned())
    });
    counted.collect()
}

/// The same of what a node has now.
fn rows_now(node: &NodeProcess) -> Vec<(u64, u64, String)> {
    let folder = tempfile::tempdir().unwrap();
    create(node, folder.path(), &[]);
    rows_of(folder.path())
}

fn basic(code: &str) -> api::CreateRequest {
    let body = format!(r#"{{"resourceType":"Basic","code":{{"coding":[{{"code":"{code}"}}]}}}}"#);
    api::CreateRequest { resource_type: "Basic".into(), body: body.into(), ..Default::default() }
}

/// How many there are with that code.
async fn count(client: &Client, code: &str) -> usize {
    let parameter = |name: &str, value: &str| api::SearchParameter { name: name.into(), value: value.into() };
    let request = api::SearchRequest {
        resource_type: "Basic".into(),
        parameters: vec![parameter("code", code), parameter("_summary", "count")],
        ..Default::default()
    };
    client.search(request).await.unwrap().total.unwrap() as usize
}

/// Two resources, each in a compartment of its own: mostly of two partitions.
fn pair(code: &str) -> api::TransactionRequest {
    let entry = format!(
        r#"{{"request":{{"method":"POST","url":"Basic"}},"resource":{{"resourceType":"Basic","code":{{"coding":[{{"code":"{code}"}}]}}}}}}"#
    );
    let bundle = format!(r#"{{"resourceType":"Bundle","type":"transaction","entry":[{entry},{entry}]}}"#);
    api::TransactionRequest { bundle: bundle.into(), ..Default::default() }
}
