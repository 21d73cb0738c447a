//! Clients of others, as their registries have them (`.ci/clients`), each in a session as an application has: writes, upserts, patches,
//! transactions, pages, histories, operations. The sessions are `real_clients/`; each ends by itself where an answer is not what it
//! should be.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};
use testkit::{node::NodeProcess, outside};

const BINARY: &str = env!("CARGO_BIN_EXE_salamander");

/// Runs a session against a node of its own. Its interpreter finds modules where the session stands, so it is put beside them.
fn run(
    session: &str,
    installed: &str,
    interpreter: impl Fn(&Path) -> Command,
    wire: fn(&NodeProcess) -> String,
) {
    let Some(clients) = outside::clients(installed) else { return };
    let node = NodeProcess::start(BINARY).unwrap();
    let beside = tempfile::tempdir_in(&clients).unwrap();
    // As cargo tells it now: a path that was compiled in may be another clone's.
    let sessions = Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("tests/real_clients");
    for file in fs::read_dir(sessions).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), beside.path().join(file.file_name())).unwrap();
    }
    let mut command = interpreter(&clients);
    command.arg(beside.path().join(session)).arg(wire(&node)).current_dir(beside.path());
    let Output { status, stdout, stderr } = command.output().unwrap();
    let said = [stdout, stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    assert!(status.success() && said[0].trim() == "well", "{session}: {status}\n{}\n{}", said[0], said[1]);
}

fn of_javascript(session: &str) {
    run(session, "npm.txt", |_| Command::new("node"), |node| node.rest.clone());
}

fn of_python(session: &str, wire: fn(&NodeProcess) -> String) {
    run(session, "pip.txt", |clients| Command::new(clients.join("py/bin/python")), wire);
}

#[test]
fn fhir_kit_client() {
    of_javascript("fhir-kit-client.mjs");
}

#[test]
fn medplum() {
    of_javascript("medplum.mjs");
}

#[test]
fn smart_on_fhir_in_javascript() {
    of_javascript("fhirclient.mjs");
}

#[test]
fn fhirpy() {
    of_python("fhirpy_session.py", |node| node.rest.clone());
}

#[test]
fn smart_on_fhir_in_python() {
    of_python("fhirclient_session.py", |node| node.rest.clone());
}

#[test]
fn grpc_by_reflection() {
    of_python("reflection.py", |node| node.grpc.clone());
}
