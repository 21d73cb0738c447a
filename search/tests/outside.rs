//! Time, chance, threads and files come from outside, or from the engine's real parts (`engine/disk`): nothing else names them.

use std::fs;
use std::path::Path;

const REAL: &str = "engine/disk";
const NAMES: &[&str] = &[
    "SystemTime",
    "Instant::now",
    "rand::",
    "getrandom",
    "RandomState",
    "urandom",
    "HashMap::new()",
    "std::fs",
    "fs::",
    "thread::",
    "spawn",
    "block_in_place",
];

#[test]
fn only_the_real_parts_name_what_comes_from_outside() {
    let src = Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo tells it")).join("src");
    let mut waiting = vec![src.clone()];
    let mut seen = 0;
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(&folder).expect("a source folder") {
            let path = entry.expect("a source").path();
            let relative = path.strip_prefix(&src).expect("below the sources").display().to_string();
            if relative.starts_with(REAL) {
                continue;
            }
            if path.is_dir() {
                waiting.push(path);
                continue;
            }
            seen += 1;
            let text = fs::read_to_string(&path).expect("a readable source");
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
                for name in NAMES {
                    assert!(!line.contains(name), "{relative} names {name}: {line}");
                }
            }
        }
    }
    assert!(seen > 30);
}
