//! HL7's own package: its examples and definitions are valid, except for the files named with reasons in
//! `validation/package-faults.txt`, which may only lose lines.

use fhir::json::{Document, Limits};
use fhir::validation;
use std::io::Read;
use std::path::PathBuf;

/// `SALAMANDER_R4_PACKAGE`, else where the build keeps packages.
fn package_file() -> Option<PathBuf> {
    let named = std::env::var_os("SALAMANDER_R4_PACKAGE").map(PathBuf::from);
    let cached = || {
        let home = std::env::var_os("HOME").map(PathBuf::from)?;
        Some(home.join(".cache/salamander/packages/hl7.fhir.r4.examples-4.0.1.tgz"))
    };
    named.or_else(cached).filter(|path| path.is_file())
}

/// The files that are wrong at that level, in the order of names.
fn known_faults(level: &str) -> Vec<&'static str> {
    let lines = include_str!("validation/package-faults.txt").lines().filter(|line| !line.starts_with('#'));
    let mut files: Vec<_> = lines
        .filter(|line| line.split('\t').nth(1) == Some(level))
        .filter_map(|line| line.split('\t').next())
        .collect();
    files.sort_unstable();
    files
}

#[test]
fn the_package_is_valid_in_structure() -> anyhow::Result<()> {
    let Some(path) = package_file() else {
        println!(
            "SKIPPED: no R4 package (npm pack hl7.fhir.r4.examples@4.0.1; name it in SALAMANDER_R4_PACKAGE)"
        );
        return Ok(());
    };
    let mut faults = Vec::new();
    let mut count = 0;
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(std::fs::File::open(path)?));
    for entry in archive.entries()? {
        let mut entry = entry?;
        let name =
            entry.path()?.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if !name.ends_with(".json") || matches!(&*name, "package.json" | ".index.json") {
            continue;
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes)?;
        count += 1;
        let document = Document::parse(bytes, &Limits::default())?;
        let issues = validation::structure(document.root(), 20);
        if !issues.is_valid() {
            for issue in issues.iter() {
                println!("{name}\t{}: {}", issue.expression, issue.text);
            }
            faults.push(name);
        }
    }
    assert!(count > 5_000, "only {count} files");
    faults.sort();
    assert_eq!(faults, known_faults("structure"));
    Ok(())
}
