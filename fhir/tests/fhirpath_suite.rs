//! The official FHIRPath suite for R4: every case but those of `fhirpath_not_passed.txt`, which may only shrink.

use anyhow::{Context, Result, bail};
use fhir::fhirpath::value::{Decimal, Temporal, TemporalKind};
use fhir::fhirpath::{Collection, Element, Expression, Input, Item, Value};
use fhir::json::{Document, Limits};
use roxmltree::Node as Xml;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use testkit::outside;

/// Cases not passed: name, tab, reason.
const NOT_PASSED: &str = include_str!("fhirpath_not_passed.txt");
/// Cases the suite has, so that none is lost silently.
const CASES: usize = 935;

struct Case<'s> {
    /// Group and name, numbered when the suite uses a name twice.
    name: String,
    input: Option<&'s str>,
    expression: String,
    invalid: bool,
    predicate: bool,
    ordered: bool,
    /// Type, if given, and text.
    outputs: Vec<(Option<&'s str>, String)>,
}

#[test]
fn the_official_suite() -> Result<()> {
    let Some(folder) = outside::shared("conformance/fhirpath") else { return Ok(()) };
    let text = std::fs::read_to_string(folder.join("tests-fhir-r4.xml"))?;
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    let suite = roxmltree::Document::parse_with_options(&text, options)?;
    let cases = cases(&suite);
    assert_eq!(cases.len(), CASES);
    let mut inputs = BTreeMap::new();
    for name in cases.iter().filter_map(|case| case.input) {
        if !inputs.contains_key(name) {
            inputs.insert(name, document(&folder.join("input").join(name))?);
        }
    }
    let no_input = Document::parse("{}", &Limits::default())?;
    let failures: BTreeMap<String, String> = cases
        .iter()
        .filter_map(|case| {
            let document = case.input.map_or(&no_input, |name| &inputs[name]);
            run(case, document)
                .err()
                .map(|error| (case.name.clone(), format!("{}: {error:#}", case.expression)))
        })
        .collect();
    println!("{} of {} passed", CASES - failures.len(), CASES);
    judge(&failures)
}

fn judge(failures: &BTreeMap<String, String>) -> Result<()> {
    let listed: BTreeSet<_> =
        NOT_PASSED.lines().filter_map(|line| line.split_once('\t')).map(|(name, _)| name).collect();
    let mut complaints = Vec::new();
    for (name, why) in failures {
        if !listed.contains(name.as_str()) {
            complaints.push(format!("{name} fails: {why}"));
        }
    }
    for name in listed.iter().filter(|name| !failures.contains_key(**name)) {
        complaints.push(format!("{name} passes now (or is gone): take it off the list"));
    }
    match complaints.is_empty() {
        true => Ok(()),
        false => bail!("{}", complaints.join("\n")),
    }
}

fn cases<'s>(suite: &'s roxmltree::Document<'_>) -> Vec<Case<'s>> {
    let mut names = BTreeMap::new();
    let tests = suite.descendants().filter(|node| node.has_tag_name("test"));
    tests.map(|test| case(test, &mut names)).collect()
}

fn case<'s>(test: Xml<'s, '_>, names: &mut BTreeMap<String, usize>) -> Case<'s> {
    let group = test.parent().and_then(|group| group.attribute("name")).unwrap_or_default();
    let mut name = format!("{group}/{}", test.attribute("name").unwrap_or_default());
    let count = names.entry(name.clone()).or_default();
    *count += 1;
    if *count > 1 {
        name = format!("{name}#{count}");
    }
    let child = |tag: &'static str| test.children().filter(move |node| node.has_tag_name(tag));
    let expression = child("expression").next();
    Case {
        name,
        input: test.attribute("inputfile").filter(|name| !name.is_empty()),
        expression: expression.and_then(|node| node.text()).unwrap_or_default().to_owned(),
        invalid: expression.is_some_and(|node| node.attribute("invalid").is_some()),
        predicate: test.attribute("predicate") == Some("true"),
        ordered: test.attribute("ordered") != Some("false"),
        outputs: child("output")
            .map(|output| (output.attribute("type"), output.text().unwrap_or_default().to_owned()))
            .collect(),
    }
}

fn document(path: &Path) -> Result<Document> {
    let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
    let json = match path.extension().is_some_and(|extension| extension == "xml") {
        true => fhir::xml::to_json(&bytes, &Limits::default())?,
        false => bytes,
    };
    Ok(Document::parse(json, &Limits::default())?)
}

fn run(case: &Case<'_>, document: &Document) -> Result<()> {
    let outcome = evaluate(&case.expression, document);
    match (outcome, case.invalid) {
        (Err(_), true) => Ok(()),
        (Err(error), false) => Err(error.into()),
        (Ok(items), true) => bail!("no error but {:?}", items.iter().map(shown).collect::<Vec<_>>()),
        (Ok(items), false) => compare(case, &items),
    }
}

fn evaluate<'d>(text: &str, document: &'d Document) -> Result<Collection<'d>, fhir::fhirpath::Error> {
    let expression = Expression::compile(text)?;
    let focus = Element::resource(document.root());
    if let Some(type_id) = focus.type_id() {
        expression.check(type_id)?;
    }
    let now = Temporal::parse_date_time("2026-11-21T05:45:00.000+00:00");
    expression.evaluate(&Input { now, ..Input::element(focus) })
}

fn compare(case: &Case<'_>, items: &[Item<'_>]) -> Result<()> {
    if case.predicate {
        let expected = case.outputs.first().is_none_or(|(_, text)| text == "true");
        anyhow::ensure!(expected != items.is_empty(), "as a condition {}", !items.is_empty());
        return Ok(());
    }
    let mut found: Vec<_> = items.iter().map(shown).collect();
    let mut expected: Vec<_> = case.outputs.iter().map(|(kind, text)| (*kind, text.clone())).collect();
    if !case.ordered {
        found.sort();
        expected.sort();
    }
    let same = |(found, expected): (&(String, String), &(Option<&str>, String))| {
        expected.0.is_none_or(|kind| kind == found.0) && same_text(&expected.1, &found.1)
    };
    let alike = found.len() == expected.len() && found.iter().zip(&expected).all(same);
    anyhow::ensure!(alike, "expected {expected:?}, found {found:?}");
    Ok(())
}

/// Zero has no sign in a decimal; digits count.
fn same_text(one: &str, other: &str) -> bool {
    let decimal = |text: &str| text.parse().map(|value: Decimal| (value, value.scale())).ok();
    one == other || decimal(one).is_some_and(|one| Some(one) == decimal(other))
}

/// Type and text as the suite writes them.
fn shown(item: &Item<'_>) -> (String, String) {
    let info = item.type_info();
    let name = match (info.namespace, info.name) {
        ("System", "Quantity") | ("FHIR", _) => info.name.to_owned(),
        (_, name) => format!("{}{}", name[..1].to_ascii_lowercase(), &name[1..]),
    };
    let text = match item.value() {
        Some(Value::Temporal(temporal)) if temporal.kind() == TemporalKind::Time => format!("@T{temporal}"),
        Some(Value::Temporal(temporal)) => format!("@{temporal}"),
        Some(value) => value.to_string(),
        None => String::new(),
    };
    (name, text)
}

#[test]
fn every_reason_is_given() {
    let folder: PathBuf = std::env::var("CARGO_MANIFEST_DIR").expect("cargo tells it").into();
    for line in NOT_PASSED.lines() {
        let (name, reason) = line.split_once('\t').unwrap_or_default();
        assert!(!name.is_empty() && reason.len() > 10, "{}: {line}", folder.display());
    }
}
