//! Every input of the fuzz corpora, and of crashes once found, through the checks of its fuzz target.

use std::{io::Read, path::Path};

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
    let path = Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo tells it"))
        .join(format!("fuzz/corpus/{target}.tar.gz"));
    let file = std::fs::File::open(&path).expect("a corpus");
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(file));
    let mut inputs = 0;
    for entry in archive.entries().expect("an archive") {
        let mut entry = entry.expect("an entry");
        println!("{}", entry.path().expect("a name").display());
        let mut input = Vec::new();
        entry.read_to_end(&mut input).expect("an input");
        check(&input);
        inputs += 1;
    }
    assert!(inputs > 100, "{} holds {inputs} inputs", path.display());
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
