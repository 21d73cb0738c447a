//! The scenario files are well-formed; `node`'s tests run them against the real binary.

use std::path::Path;

#[test]
fn all_files_parse() {
    let scenarios = testkit::scenario::load(
        &Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo tells it")).join("scenarios"),
    )
    .unwrap();
    assert!(scenarios.len() >= 40, "{}", scenarios.len());
}
