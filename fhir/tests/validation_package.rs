//! HL7's own package: its examples and definitions are valid, except for the files named with reasons in
//! `validation/package-faults.txt`, which may only lose lines.

use fhir::conformance::Core;
use fhir::json::{Document, Limits};
use fhir::outcome::Severity;
use fhir::terminology::Terminology;
use fhir::validation::{self, Issues, Options, Validator};
use std::io::Read;
use std::sync::Arc;
use testkit::outside;

/// The files that are wrong at those levels, in the order of names.
fn known_faults(levels: &[&str]) -> Vec<&'static str> {
    let lines = include_str!("validation/package-faults.txt").lines().filter(|line| !line.starts_with('#'));
    let mut files: Vec<_> = lines
        .filter(|line| line.split('\t').nth(1).is_some_and(|level| levels.contains(&level)))
        .filter_map(|line| line.split('\t').next())
        .collect();
    files.sort_unstable();
    files
}

/// The files of the package that are invalid by `validate`, in the order of names.
fn invalid(validate: impl Fn(&Document) -> Issues) -> anyhow::Result<Option<Vec<String>>> {
    let Some(path) = outside::package("hl7.fhir.r4.examples-4.0.1") else { return Ok(None) };
    let mut invalid = Vec::new();
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
        let issues = validate(&Document::parse(bytes, &Limits::default())?);
        if !issues.is_valid() {
            for issue in issues.iter().filter(|issue| issue.severity >= Severity::Error) {
                println!("{name}\t{}: {}", issue.expression, issue.text);
            }
            invalid.push(name);
        }
    }
    assert!(count > 5_000, "only {count} files");
    invalid.sort();
    Ok(Some(invalid))
}

#[test]
fn the_package_is_valid_in_structure() -> anyhow::Result<()> {
    if let Some(invalid) = invalid(|document| validation::structure(document.root(), 20))? {
        assert_eq!(invalid, known_faults(&["structure"]));
    }
    Ok(())
}

#[test]
fn the_package_is_valid() -> anyhow::Result<()> {
    let core = Arc::new(Core);
    let terminology = Arc::new(Terminology::new(core.clone(), Default::default()));
    let validator =
        Validator::new(core, terminology, Options { severity_min: Severity::Error, ..Options::default() });
    if let Some(invalid) = invalid(|document| validator.validate(document.root(), &[]))? {
        assert_eq!(invalid, known_faults(&["structure", "full"]));
    }
    Ok(())
}
