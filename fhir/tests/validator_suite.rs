//! The public validator suite's R4 cases: do we find an error where its validator does, and none where it finds none?
//!
//! Every judgement is accounted for: those whose expected outcome is not among the suite's files that are here are named in
//! `validator_absent.txt`, and where both sides find errors their locations are compared, too (`validator_locations.txt`).
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
use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use testkit::outside;

const DISAGREEMENTS: &str = include_str!("validator_disagreements.txt");
/// Judgements whose outcome is not here: name, tab, file.
const ABSENT: &str = include_str!("validator_absent.txt");
/// Judgements whose errors are elsewhere: name, tab, how many.
const LOCATIONS: &str = include_str!("validator_locations.txt");
/// Runs of the suite's validator that the manifest tells of.
const JUDGEMENTS: usize = 241;

/// The lines of a list, split at the first tab.
fn lines(list: &'static str) -> Result<BTreeMap<&'static str, &'static str>> {
    let lines = list.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(|line| line.split_once('\t').context("a name, a tab, and more")).collect()
}

/// A resource of the suite, or why it is none.
fn read(folder: &Path, name: &str) -> Result<Arc<Document>, String> {
    let bytes = std::fs::read(folder.join(name)).map_err(|error| format!("{name}: {error}"))?;
    let limits = Limits::default();
    // Some files are named .json and hold XML, and the reverse is refused by the readers.
    let is_xml = name.ends_with(".xml");
    let json = if is_xml { xml::to_json(&bytes, &limits).map_err(|error| error.to_string())? } else { bytes };
    Document::parse(json, &limits).map(Arc::new).map_err(|error| error.to_string())
}

fn texts<'v>(value: &'v Value, name: &str) -> Vec<&'v str> {
    value[name].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// What the suite's validator found in one run.
enum Outcome {
    /// The file that says it is not here.
    Absent,
    /// Whether it found errors, and where; the suite says only how many of some.
    Known { is_error: bool, places: Option<BTreeSet<String>> },
}

/// One run of the validator, and ours of the same.
struct Judgement {
    /// `name` or `name/profile`.
    name: String,
    expects_error: bool,
    expected: Option<BTreeSet<String>>,
    /// Place and text.
    errors: Vec<(String, String)>,
}

impl Judgement {
    /// How many errors of each side have none of the other at their place, of a judgement in which both have some and say
    /// where; `None` if every one has.
    fn displaced(&self) -> Option<String> {
        let theirs = self.expected.as_ref().filter(|places| !places.is_empty() && !self.errors.is_empty())?;
        let ours: BTreeSet<String> = self.errors.iter().map(|(place, _)| plain(place)).collect();
        let alone = |one: &BTreeSet<String>, other: &BTreeSet<String>| {
            one.iter().filter(|place| !other.iter().any(|near| is_near(place, near))).count()
        };
        let (missed, added) = (alone(theirs, &ours), alone(&ours, theirs));
        let counts = || {
            format!("{missed} of {} of theirs missed, {added} of {} of ours added", theirs.len(), ours.len())
        };
        (missed + added > 0).then(counts)
    }
}

/// Whether two places are the same, or an element and its child: the validators differ in which of them they blame.
fn is_near(one: &str, other: &str) -> bool {
    let (short, long) = if one.len() < other.len() { (one, other) } else { (other, one) };
    let rest = long.strip_prefix(short);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.') && !rest[1..].contains('.'))
}

/// A place without what only one side writes: comments that name the resource, and types of choices.
fn plain(place: &str) -> String {
    let mut plain = String::new();
    let mut rest = place;
    while let Some((before, comment)) = rest.split_once("/*") {
        plain.push_str(before);
        rest = comment.split_once("*/").map_or("", |(_, after)| after);
    }
    plain.push_str(rest);
    while let Some(at) = plain.find(".ofType(") {
        let end = plain[at..].find(')').map_or(plain.len(), |length| at + length + 1);
        plain.replace_range(at..end, "");
    }
    plain
}

/// The outcome that a case names, holds or counts; `None` if it has no run.
fn expectation(folder: &Path, java: &Value) -> Result<Option<Outcome>> {
    if let Some(count) = java["errorCount"].as_u64() {
        return Ok(Some(Outcome::Known { is_error: count > 0, places: None }));
    }
    let outcome = match java.as_str() {
        None if java["outcome"].is_null() => return Ok(None),
        None => java["outcome"].clone(),
        Some(file) => match std::fs::read(folder.join("outcomes").join(file)) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Some(Outcome::Absent)),
            bytes => serde_json::from_slice(&bytes?)?,
        },
    };
    // No issues is how the suite writes that all is well.
    let issues = outcome["issue"].as_array().into_iter().flatten();
    let errors = issues.filter(|issue| matches!(issue["severity"].as_str(), Some("error" | "fatal")));
    let places: BTreeSet<_> =
        errors.clone().map(|issue| plain(texts(issue, "expression").first().unwrap_or(&""))).collect();
    Ok(Some(Outcome::Known { is_error: errors.count() > 0, places: Some(places) }))
}

/// The errors of a file with those other files loaded, against those profiles.
fn errors(
    folder: &Path,
    case: &Value,
    loaded: &[&str],
    profile: Option<&str>,
    extensions: Option<&Arc<dyn Source>>,
) -> Result<Vec<(String, String)>> {
    let file = case["file"].as_str().context("a case without file")?;
    let mut resources = Resources::default();
    let mut profiles = Vec::new();
    for name in loaded.iter().copied().chain(profile) {
        let document = read(folder, name).map_err(anyhow::Error::msg)?;
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
    let document = match read(folder, file) {
        Ok(document) => document,
        Err(error) => return Ok(vec![(String::new(), error)]),
    };
    let profiles: Vec<_> = profiles.iter().map(String::as_str).collect();
    let issues = validator.validate(document.root(), &profiles);
    let errors = issues.iter().filter(|issue| issue.severity >= Severity::Error);
    Ok(errors.map(|issue| (issue.expression.to_string(), issue.text.to_string())).collect())
}

/// HL7's extensions for R4 that are newer than R4.
fn extensions() -> Result<Option<Arc<dyn Source>>> {
    let Some(path) = outside::package("hl7.fhir.uv.extensions.r4-5.3.0-ballot-tc1") else { return Ok(None) };
    Ok(Some(Arc::new(Package::from_tgz(&std::fs::read(path)?, &Default::default())?)))
}

/// The judgements of a case, and the names of those whose outcome is not here.
fn judge(
    folder: &Path,
    case: &Value,
    extensions: Option<&Arc<dyn Source>>,
) -> Result<(Vec<Judgement>, Vec<String>)> {
    let name = case["name"].as_str().context("a case without name")?;
    let mut loaded = texts(case, "profiles");
    loaded.extend(texts(case, "supporting"));
    let (mut judgements, mut absent) = (Vec::new(), Vec::new());
    let mut run = |name: String, java: &Value, loaded: &[&str], profile: Option<&str>| -> Result<()> {
        match expectation(folder, java).with_context(|| name.clone())? {
            None => (),
            Some(Outcome::Absent) => absent.push(name),
            Some(Outcome::Known { is_error, places }) => {
                let errors =
                    errors(folder, case, loaded, profile, extensions).with_context(|| name.clone())?;
                judgements.push(Judgement { name, expects_error: is_error, expected: places, errors });
            }
        }
        Ok(())
    };
    run(name.to_owned(), &case["java"], &loaded, None)?;
    let profile = &case["profile"];
    if let Some(source) = profile["source"].as_str() {
        loaded.extend(texts(profile, "supporting"));
        run(format!("{name}/profile"), &profile["java"], &loaded, Some(source))?;
    }
    Ok((judgements, absent))
}

#[test]
fn the_validator_agrees_with_the_public_suite() -> Result<()> {
    let Some(folder) = outside::shared("conformance/validator") else { return Ok(()) };
    let manifest: Value = serde_json::from_slice(&std::fs::read(folder.join("manifest.json"))?)?;
    let (known, displaced) = (lines(DISAGREEMENTS)?, lines(LOCATIONS)?);
    let extensions = extensions()?;
    let (mut external, mut agreed, mut wrong) = (0, 0, Vec::new());
    let (mut judgements, mut absent) = (Vec::new(), Vec::new());
    for case in manifest["test-cases"].as_array().context("test-cases")? {
        let (judged, missing) = judge(&folder, case, extensions.as_ref())?;
        judgements.extend(judged);
        absent.extend(missing);
    }
    for judgement in &judgements {
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
            println!("{}\texpected {expected}\n\t{:?}", judgement.name, judgement.errors);
        }
    }
    let judged = judgements.len();
    println!(
        "{agreed} of {judged} judgements agree, {} without the {external} that need external terminology",
        judged - external
    );
    assert!(wrong.is_empty(), "disagree and are not listed, or are listed and agree: {wrong:#?}");
    assert_eq!(judged + absent.len(), JUDGEMENTS, "every run of the suite is judged or listed as absent");
    absent.sort();
    let listed: Vec<_> = lines(ABSENT)?.into_keys().collect();
    assert_eq!(absent, listed, "the judgements whose outcome is not here are those of validator_absent.txt");
    // Without the extensions that some profiles name there are errors about them.
    if extensions.is_some() {
        compare_places(&judgements, &displaced);
    }
    Ok(())
}

/// Errors of both sides are at the same places but for the listed judgements.
fn compare_places(judgements: &[Judgement], listed: &BTreeMap<&str, &str>) {
    let found: BTreeMap<_, _> =
        judgements.iter().filter_map(|one| Some((&*one.name, one.displaced()?))).collect();
    let compared =
        judgements.iter().filter(|one| one.expected.is_some() && !one.errors.is_empty() && one.expects_error);
    println!(
        "{} of {} judgements have their errors at the same places",
        compared.clone().count() - found.len(),
        compared.count()
    );
    let mut wrong: Vec<String> = found
        .iter()
        .filter(|(name, places)| listed.get(*name) != Some(&&***places))
        .map(|(name, places)| format!("{name}\t{places}"))
        .collect();
    let over = listed.keys().filter(|name| !found.contains_key(*name));
    wrong.extend(over.map(|name| format!("{name} is listed and has its errors at the same places")));
    assert!(wrong.is_empty(), "validator_locations.txt:\n{}", wrong.join("\n"));
}
