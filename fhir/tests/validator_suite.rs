//! The public validator suite's R4 cases: do we find an error where its validator does, and none where it finds none?
//!
//! `validator_disagreements.txt` names every judgement that differs, with the reason; it may only lose lines. Cases that need
//! the content of SNOMED CT, LOINC or other systems that are not to be had are in it with a reason that begins `external:`, those
//! that differ only without HL7's package of newer extensions with one that begins `package:`.

use anyhow::{Context, Result};
use fhir::conformance::snapshot::{self, Snapshots};
use fhir::conformance::{Core, Layers, Package, Resources, Source};
use fhir::json::{Document, Limits};
use fhir::outcome::Severity;
use fhir::terminology::Terminology;
use fhir::validation::{Options, Validator};
use fhir::xml;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const DISAGREEMENTS: &str = include_str!("validator_disagreements.txt");

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/conformance/validator")
}

/// A resource of the suite, or why it is none.
fn read(name: &str) -> Result<Arc<Document>, String> {
    let bytes = std::fs::read(folder().join(name)).map_err(|error| format!("{name}: {error}"))?;
    let limits = Limits::default();
    // Some files are named .json and hold XML, and the reverse is refused by the readers.
    let is_xml = name.ends_with(".xml");
    let json = if is_xml { xml::to_json(&bytes, &limits).map_err(|error| error.to_string())? } else { bytes };
    Document::parse(json, &limits).map(Arc::new).map_err(|error| error.to_string())
}

fn texts<'v>(value: &'v Value, name: &str) -> Vec<&'v str> {
    value[name].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// That member of every item.
fn texts_of<'v>(items: &'v Value, name: &str) -> Vec<&'v str> {
    items.as_array().into_iter().flatten().filter_map(|item| item[name].as_str()).collect()
}

/// One run of the validator that the suite knows the result of.
struct Judgement {
    /// `name` or `name/profile`.
    name: String,
    expects_error: bool,
    errors: Vec<String>,
}

/// Whether the expected outcome holds an error; `None` if the suite's part that is here lacks it.
fn expectation(java: &Value) -> Option<bool> {
    if let Some(count) = java["errorCount"].as_u64() {
        return Some(count > 0);
    }
    let outcome = match java.as_str() {
        Some(file) => {
            serde_json::from_slice(&std::fs::read(folder().join("outcomes").join(file)).ok()?).ok()?
        }
        None => java["outcome"].clone(),
    };
    // No issues is how the suite writes that all is well.
    let severities = texts_of(&outcome["issue"], "severity");
    Some(severities.iter().any(|severity| matches!(*severity, "error" | "fatal")))
}

/// The errors of a file with those other files loaded, against those profiles.
fn errors(
    case: &Value,
    loaded: &[&str],
    profile: Option<&str>,
    extensions: Option<&Arc<dyn Source>>,
) -> Result<Vec<String>> {
    let file = case["file"].as_str().context("a case without file")?;
    let mut resources = Resources::default();
    let mut profiles = Vec::new();
    for name in loaded.iter().copied().chain(profile) {
        let document = read(name).map_err(anyhow::Error::msg)?;
        if Some(name) == profile {
            let url =
                document.root().get("url").and_then(|url| url.as_str()).context("a profile without url")?;
            profiles.push(url.into_owned());
        }
        resources.add(document);
    }
    let mut layers: Vec<Arc<dyn Source>> = vec![Arc::new(resources), Arc::new(Core)];
    layers.extend(extensions.cloned());
    let layers = Layers::new(layers);
    let source = Arc::new(Snapshots::new(Arc::new(layers), snapshot::Limits::default()));
    let terminology = Arc::new(Terminology::new(source.clone(), Default::default()));
    // The suite was run where extensions must be known.
    let options = Options {
        unknown_extension: Severity::Error,
        markup_refused: case["security-checks"] == true,
        example_urls_refused: case["examples"] == false,
        contained: case["validateContains"] != "IGNORE",
        // The suite's validator believes what a reference says of a target that is not here only if a case says so.
        absent_targets: case["validateReference"].is_string()
            || profile.is_some() && case["profile"]["assumeValidRestReferences"] == true,
        ..Options::default()
    };
    let validator = Validator::new(source, terminology, options);
    let document = match read(file) {
        Ok(document) => document,
        Err(error) => return Ok(vec![error]),
    };
    let profiles: Vec<_> = profiles.iter().map(String::as_str).collect();
    let issues = validator.validate(document.root(), &profiles);
    let errors = issues.iter().filter(|issue| issue.severity >= Severity::Error);
    Ok(errors.map(|issue| format!("{}: {}", issue.expression, issue.text)).collect())
}

/// HL7's extensions for R4 that are newer than R4, if the package is where the build keeps packages.
fn extensions() -> Result<Option<Arc<dyn Source>>> {
    const PACKAGE: &str = "hl7.fhir.uv.extensions.r4-5.3.0-ballot-tc1.tgz";
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let path = home.join(".cache/salamander/packages").join(PACKAGE);
    let Ok(bytes) = std::fs::read(&path) else {
        println!("SKIPPED: what needs {} (npm pack hl7.fhir.uv.extensions.r4)", path.display());
        return Ok(None);
    };
    Ok(Some(Arc::new(Package::from_tgz(&bytes, &Default::default())?)))
}

fn judge(case: &Value, extensions: Option<&Arc<dyn Source>>) -> Result<Vec<Judgement>> {
    let name = case["name"].as_str().context("a case without name")?;
    let mut loaded = texts(case, "profiles");
    loaded.extend(texts(case, "supporting"));
    let mut judgements = Vec::new();
    if let Some(expects_error) = expectation(&case["java"]) {
        let errors = errors(case, &loaded, None, extensions).with_context(|| name.to_owned())?;
        judgements.push(Judgement { name: name.to_owned(), expects_error, errors });
    }
    let profile = &case["profile"];
    if let (Some(source), Some(expects_error)) = (profile["source"].as_str(), expectation(&profile["java"])) {
        loaded.extend(texts(profile, "supporting"));
        let errors = errors(case, &loaded, Some(source), extensions).with_context(|| name.to_owned())?;
        judgements.push(Judgement { name: format!("{name}/profile"), expects_error, errors });
    }
    Ok(judgements)
}

#[test]
fn the_validator_agrees_with_the_public_suite() -> Result<()> {
    let manifest = folder().join("manifest.json");
    if !manifest.is_file() {
        println!("SKIPPED: no validator suite at {}", manifest.display());
        return Ok(());
    }
    let manifest: Value = serde_json::from_slice(&std::fs::read(manifest)?)?;
    let known: BTreeMap<&str, &str> = DISAGREEMENTS
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| line.split_once('\t').context("name, tab, reason"))
        .collect::<Result<_>>()?;
    let extensions = extensions()?;
    let (mut judged, mut external, mut agreed, mut wrong) = (0, 0, 0, Vec::new());
    for case in manifest["test-cases"].as_array().context("test-cases")? {
        for judgement in judge(case, extensions.as_ref())? {
            judged += 1;
            let agrees = judgement.expects_error != judgement.errors.is_empty();
            let needless = |reason: &&&str| extensions.is_some() && reason.starts_with("package:");
            let listed = known.get(&*judgement.name).filter(|reason| !needless(reason));
            agreed += usize::from(agrees);
            external += usize::from(listed.is_some_and(|reason| reason.starts_with("external:")));
            if agrees == listed.is_some() {
                wrong.push(judgement.name.clone());
            }
            if !agrees {
                let expected = if judgement.expects_error { "an error" } else { "no error" };
                println!("{}\texpected {expected}\n\t{}", judgement.name, judgement.errors.join("\n\t"));
            }
        }
    }
    println!(
        "{agreed} of {judged} judgements agree, {} without the {external} that need external terminology",
        judged - external
    );
    assert!(wrong.is_empty(), "disagree and are not listed, or are listed and agree: {wrong:#?}");
    Ok(())
}
