//! Snapshots made again from the differentials of R4 and of US Core, beside the published ones.

#[path = "conformance_snapshot/compare.rs"]
mod compare;

use compare::{Published, differences};
use fhir::conformance::snapshot::{Limits, generate};
use fhir::conformance::{Core, Layers, Package, Source, package};
use std::collections::BTreeMap;
use std::sync::Arc;
use testkit::outside;

const KNOWN: &str = include_str!("conformance_snapshot/disagreements.txt");

/// The disagreements on record for one set: URL to reason.
fn known(set: &str) -> BTreeMap<&'static str, &'static str> {
    let lines = KNOWN.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mine = lines.filter_map(|line| line.strip_prefix(set)?.strip_prefix('\t')?.split_once('\t'));
    mine.collect()
}

/// Makes each snapshot again, prints how many agree, and fails where one disagrees that is not on record or agrees
/// although it is.
fn check(set: &str, source: &dyn Source, published: &[Published]) {
    let known = known(set);
    let (mut elements, mut agree, mut wrong) = (0, 0, Vec::new());
    for one in published {
        let result = generate(source, &one.differential, &Limits::default());
        let differences = match &result {
            Ok(made) => differences(&one.document, made),
            Err(error) => vec![error.to_string()],
        };
        elements += one.elements();
        agree += usize::from(differences.is_empty());
        match (differences.first(), known.contains_key(one.url.as_str())) {
            (Some(first), false) => {
                wrong.push(format!("{} differs in {} places, first: {first}", one.url, differences.len()));
                wrong.extend(differences.iter().map(|difference| format!("    {difference}")));
            }
            (None, true) => wrong.push(format!("{} agrees now: take it off the list", one.url)),
            _ => {}
        }
    }
    println!("{set}: {agree} of {} snapshots agree ({elements} elements)", published.len());
    assert!(wrong.is_empty(), "{set} surprises:\n{}", wrong.join("\n"));
}

#[test]
fn r4s_own_profiles_and_extensions() {
    let Some(path) = outside::package("hl7.fhir.r4.examples-4.0.1") else { return };
    check("R4", &Core, &Published::of(&path));
}

fn check_us_core(version: &str) {
    let Some(path) = outside::shared(&format!("packages/hl7.fhir.us.core-{version}.tgz")) else { return };
    let bytes = std::fs::read(&path).expect("a readable package");
    let package = Package::from_tgz(&bytes, &package::Limits::default()).expect("a package");
    let source = Layers::new(vec![Arc::new(package), Arc::new(Core)]);
    check(&format!("US-Core-{version}"), &source, &Published::of(&path));
}

#[test]
fn us_core_3_1_1() {
    check_us_core("3.1.1");
}

#[test]
fn us_core_6_1_0() {
    check_us_core("6.1.0");
}
