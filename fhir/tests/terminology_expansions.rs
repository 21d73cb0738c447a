//! Expansions equal those HL7 publishes with R4 (npm package `hl7.fhir.r4.expansions`), but for the listed differences.
//!
//! The list: URL, how many of HL7's codes ours lacks, how many it has besides, why. It may only shrink.
//!
//! HL7's leave out concepts that are abstract (`notSelectable`) or deprecated: so do ours here.

use fhir::conformance::Core;
use fhir::terminology::{Limits, Terminology};
use flate2::read::GzDecoder;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use testkit::outside;

const DIFFERENCES: &str = include_str!("terminology/expansion-differences.txt");

type Codes = BTreeSet<(String, String)>;

/// URL and codes of every expansion of the package.
fn published(path: PathBuf) -> BTreeMap<String, Codes> {
    let mut archive = tar::Archive::new(GzDecoder::new(std::fs::File::open(path).unwrap()));
    let mut all = BTreeMap::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        if !entry.path().unwrap().to_string_lossy().ends_with(".json") {
            continue;
        }
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        let value: Value = serde_json::from_str(&text).unwrap();
        let (Some(url), Some(expansion)) = (value["url"].as_str(), value.get("expansion")) else { continue };
        let contains = expansion["contains"].as_array().map_or(&[][..], Vec::as_slice);
        let code =
            |one: &Value| (one["system"].as_str().unwrap().into(), one["code"].as_str().unwrap().into());
        all.insert(url.to_owned(), contains.iter().map(code).collect());
    }
    all
}

/// Our codes, and why there may be more.
fn ours(terminology: &Terminology, url: &str) -> (Codes, Option<String>) {
    let value_set = match terminology.value_set(url) {
        Ok(value_set) => value_set,
        Err(error) => return (Codes::new(), Some(error.to_string())),
    };
    let selectable = value_set.entries().filter(|entry| {
        !entry.is_abstract() && !entry.concept().is_some_and(|(_, concept)| concept.is_deprecated)
    });
    let codes = selectable.map(|entry| (entry.system().to_owned(), entry.code().to_owned())).collect();
    (codes, value_set.incomplete().map(ToString::to_string))
}

#[test]
fn expansions_are_those_published_but_for_the_listed_ones() {
    let Some(path) = outside::package("hl7.fhir.r4.expansions-4.0.1") else { return };
    let terminology = Terminology::new(Arc::new(Core), Limits::default());
    let published = published(path);
    assert_eq!(published.len(), 553);
    let mut found = Vec::new();
    let mut reasons = String::new();
    for (url, theirs) in &published {
        let (ours, reason) = ours(&terminology, url);
        if ours != *theirs {
            let (missing, extra) = (theirs.difference(&ours).count(), ours.difference(theirs).count());
            found.push(format!("{url} | {missing} | {extra}"));
            reasons += &format!("{url} | {missing} | {extra} | {}\n", reason.unwrap_or_default());
        }
    }
    let listed = DIFFERENCES.lines().map(|line| line.rsplit_once(" | ").unwrap());
    let (listed, given): (Vec<_>, Vec<_>) = listed.unzip();
    assert!(given.iter().all(|reason| !reason.is_empty()), "every difference has a reason");
    assert!(found == listed, "the differences are not the listed ones:\n{reasons}");
}
