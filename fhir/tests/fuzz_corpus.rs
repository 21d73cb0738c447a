//! Every input of the fuzz corpora, and of crashes once found, through the checks of its fuzz target.

use std::path::Path;

#[path = "../fuzz/checks/fhirpath.rs"]
mod fhirpath;
#[path = "../fuzz/checks/json.rs"]
mod json;
#[path = "../fuzz/checks/patch.rs"]
mod patch;
#[path = "../fuzz/checks/validation.rs"]
mod validation;
#[path = "../fuzz/checks/xml.rs"]
mod xml;

fn replay(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut inputs: Vec<_> =
        std::fs::read_dir(&folder).expect("a corpus").map(|entry| entry.expect("an entry").path()).collect();
    inputs.sort();
    assert!(!inputs.is_empty(), "{} is empty", folder.display());
    for input in inputs {
        println!("{}", input.display());
        check(&std::fs::read(&input).expect("an input"));
    }
}

#[test]
fn json() {
    replay("json", json::check);
}

#[test]
fn patch() {
    replay("patch", patch::check);
}

#[test]
fn validation() {
    replay("validation", validation::check);
}

#[test]
fn xml() {
    replay("xml", xml::check);
}

#[test]
fn fhirpath() {
    replay("fhirpath", fhirpath::check);
}
