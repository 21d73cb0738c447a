//! The generator's promises.

use generator::{Counts, Generator, PATIENTS_PER_REGION, expected_counts};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

fn parsed(patients: u64, seed: u64) -> Vec<Value> {
    Generator::new(patients, seed).map(|bundle| serde_json::from_slice(&bundle.json).unwrap()).collect()
}

fn entries(bundle: &Value) -> &Vec<Value> {
    bundle["entry"].as_array().unwrap()
}

/// FNV-1a, so that the golden value depends on no library.
fn fingerprint(patients: u64, seed: u64) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for bundle in Generator::new(patients, seed) {
        for byte in bundle.json {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash
}

#[test]
fn the_same_bytes_forever() {
    // A change of this value changes what every benchmark and sample is compared with: say so in its commit.
    assert_eq!(fingerprint(100, 42), GOLDEN);
    assert_ne!(fingerprint(100, 43), GOLDEN);
}
const GOLDEN: u64 = 13_718_287_603_832_758_968;

#[test]
fn a_patient_does_not_depend_on_the_number_of_patients() {
    let start = PATIENTS_PER_REGION - 1;
    let whole: BTreeMap<_, _> =
        Generator::new(PATIENTS_PER_REGION + 2, 7).map(|bundle| (bundle.name.clone(), bundle)).collect();
    let slice: Vec<_> = Generator::range(start..start + 3, 7).collect();
    assert_eq!(slice.len(), 2 + 3, "two regions, three patients");
    for bundle in slice {
        assert_eq!(whole.get(&bundle.name), Some(&bundle));
    }
    assert_eq!(Generator::new(0, 7).count(), 0);
    assert_eq!(Generator::range(999_999..1_000_000, 7).count(), 2);
}

#[test]
fn counts_are_those_of_the_bytes() {
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    for bundle in parsed(300, 1) {
        for entry in entries(&bundle) {
            *seen.entry(entry["resource"]["resourceType"].as_str().unwrap().to_owned()).or_default() += 1;
        }
    }
    let expected: Counts = expected_counts(300, 1);
    assert_eq!(seen, expected.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect());
    assert_eq!(expected["Patient"], 300);
}

#[test]
fn sizes_are_realistic() {
    let sizes: Vec<u64> = Generator::range(0..2000, 3).skip(1).map(|b| b.counts.values().sum()).collect();
    let mean = sizes.iter().sum::<u64>() / sizes.len() as u64;
    assert!((60..=100).contains(&mean), "mean {mean}");
    assert!(sizes.iter().any(|&size| size > 400), "largest {:?}", sizes.iter().max());
    assert!(sizes.iter().all(|&size| size < 5000));
}

fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if let (true, Some(text)) = (name == "reference", member.as_str()) {
                    found.push(text);
                }
                references(member, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => (),
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let bundles = parsed(200, 5);
    let mut shared = BTreeSet::new();
    for entry in bundles.iter().flat_map(entries) {
        if let Some(criteria) = entry["request"]["ifNoneExist"].as_str() {
            let identifier = &entry["resource"]["identifier"][0];
            let (system, value) =
                (identifier["system"].as_str().unwrap(), identifier["value"].as_str().unwrap());
            assert_eq!(criteria, format!("identifier={system}|{value}"));
            let url = format!("{}?{criteria}", entry["request"]["url"].as_str().unwrap());
            assert!(shared.insert(url), "an identifier used twice");
        }
    }
    for bundle in &bundles {
        let urns: BTreeSet<_> = entries(bundle).iter().map(|e| e["fullUrl"].as_str().unwrap()).collect();
        assert_eq!(urns.len(), entries(bundle).len(), "each fullUrl once");
        let mut found = Vec::new();
        references(bundle, &mut found);
        for reference in found {
            assert!(urns.contains(reference) || shared.contains(reference), "{reference}");
        }
    }
}

/// The elements R4 requires of the types made here.
#[test]
fn required_elements_are_there() {
    let required: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("Patient", &["name", "birthDate", "gender", "identifier"][..]),
        ("Encounter", &["status", "class", "subject", "period"]),
        ("Condition", &["subject", "code", "clinicalStatus"]),
        ("Observation", &["status", "code", "subject"]),
        ("MedicationRequest", &["status", "intent", "medicationCodeableConcept", "subject"]),
        ("Procedure", &["status", "subject", "code"]),
        ("Immunization", &["status", "vaccineCode", "patient", "occurrenceDateTime"]),
        ("Organization", &["name", "identifier"]),
        ("Location", &["name", "identifier"]),
        ("Practitioner", &["name", "identifier"]),
    ]);
    let mut kinds = BTreeSet::new();
    for bundle in parsed(200, 9) {
        for entry in entries(&bundle) {
            let resource = entry["resource"].as_object().unwrap();
            let name = resource["resourceType"].as_str().unwrap();
            assert_eq!(entry["request"]["url"], name);
            for element in required[name] {
                assert!(resource.contains_key(*element), "{name}.{element}");
            }
            kinds.insert(name.to_owned());
            let values = resource.keys().filter(|key| name == "Observation" && key.starts_with("value"));
            kinds.extend(values.cloned());
        }
    }
    let expected_values =
        ["Boolean", "CodeableConcept", "DateTime", "Integer", "Period", "Quantity", "String"];
    assert_eq!(kinds.len(), required.len() + expected_values.len(), "{kinds:?}");
}
