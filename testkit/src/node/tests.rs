//! The harness itself, with a script instead of a node.

use super::*;
use std::os::unix::fs::PermissionsExt;

/// A stand-in for the binary, in shell: what is proven here is the harness.
fn script(folder: &Path, body: &str) -> PathBuf {
    let path = folder.join("fake");
    fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[test]
fn starts_ends_and_starts_again() {
    let folder = tempfile::tempdir().unwrap();
    let fake = script(
        folder.path(),
        "echo \"args $*\"; trap 'exit 7' TERM\n\
         echo 'salamander ready rest=http://127.0.0.1:1234/fhir grpc=http://127.0.0.1:5678'\n\
         sleep 60 & wait",
    );
    let mut node = NodeProcess::start_with(fake, &["--x", "y"]).unwrap();
    assert_eq!(
        (node.rest.as_str(), node.grpc.as_str()),
        ("http://127.0.0.1:1234/fhir", "http://127.0.0.1:5678")
    );
    assert!(node.restart().is_err(), "it runs");
    assert_eq!(node.terminate().unwrap().code(), Some(7));
    assert!(node.terminate().is_err(), "it does not run");
    node.restart().unwrap();
    node.kill9().unwrap();
    let log = node.log();
    assert!(log.contains("--rest 127.0.0.1:0 --grpc 127.0.0.1:0 --x y"), "{log}");
    assert!(log.contains("--rest 127.0.0.1:1234 --grpc 127.0.0.1:5678"), "{log}");
}

#[test]
fn a_node_that_ends_at_once_is_an_error_with_its_output() {
    let folder = tempfile::tempdir().unwrap();
    let fake = script(folder.path(), "echo 'no space left' >&2; exit 3");
    let Err(error) = NodeProcess::start(fake) else { panic!("it cannot have started") };
    assert!(error.to_string().contains("no space left"), "{error}");
}
