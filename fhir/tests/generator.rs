//! The checked-in tables are what the generator makes of HL7's package.

#[path = "../generator/archive.rs"]
mod archive;
#[path = "../generator/code_systems.rs"]
mod code_systems;
#[path = "../generator/package.rs"]
mod package;
#[path = "../generator/registry.rs"]
mod registry;
#[path = "../generator/tables.rs"]
mod tables;

use std::io::Read;
use std::path::Path;
use testkit::outside;

#[test]
fn the_checked_in_tables_are_the_generated_ones() -> anyhow::Result<()> {
    let Some(path) = outside::package("hl7.fhir.r4.examples-4.0.1") else { return Ok(()) };
    let folder = Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo tells it")).join("definitions");
    let package = package::read(&path)?;
    for (name, text) in tables::generate(&package, &folder)? {
        assert!(
            std::fs::read_to_string(folder.join(name))? == text,
            "definitions/{name} is not what the generator writes"
        );
    }
    for (name, resources) in
        [("r4/structures.gz", &package.profiles), ("r4/terminology.gz", &package.terminology)]
    {
        let archive = std::fs::read(folder.join(name))?;
        let mut lines = Vec::new();
        flate2::read::GzDecoder::new(&archive[..]).read_to_end(&mut lines)?;
        assert!(lines == archive::lines(resources)?, "definitions/{name} is not what the generator writes");
        assert!(
            archive::compressed(&lines)?.len() > archive.len() / 2,
            "definitions/{name} is hardly compressed"
        );
    }
    Ok(())
}

#[test]
fn a_registry_only_grows() -> anyhow::Result<()> {
    let path = std::env::temp_dir().join(format!("salamander-registry-{}", std::process::id()));
    std::fs::write(&path, "1\tzebra\n2\tant\n")?;
    let names = ["ant", "bee", "owl"].map(str::to_owned).into();
    let extended = registry::extended(&path, &names);
    std::fs::write(&path, "1\tzebra\n3\tant\n")?;
    let broken = registry::extended(&path, &names);
    std::fs::remove_file(&path)?;
    assert_eq!(extended?, "1\tzebra\n2\tant\n3\tbee\n4\towl\n");
    assert!(broken.is_err());
    Ok(())
}

/// What `fhir/generator/archive.rs` promises of the file that is checked in, and so of what the binary ships.
#[test]
fn texts_of_licensed_terminologies_stand_beside_their_notice() -> anyhow::Result<()> {
    let archive = std::fs::read(
        Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo tells it"))
            .join("definitions/r4/terminology.gz"),
    )?;
    let mut lines = String::new();
    flate2::read::GzDecoder::new(&archive[..]).read_to_string(&mut lines)?;
    let mut found = [0, 0];
    for line in lines.lines() {
        let json = line.split('\t').nth(3).expect("type, url, version, JSON");
        let resource: serde_json::Value = serde_json::from_str(json)?;
        let notice = resource["copyright"].as_str().unwrap_or_default();
        for (at, (system, word)) in
            [("http://snomed.info/sct", "SNOMED"), ("http://loinc.org", "LOINC")].into_iter().enumerate()
        {
            let texts = texts_of(&resource, system);
            found[at] += texts;
            assert!(texts == 0 || notice.contains(word), "{} has {texts} texts of {system}", resource["url"]);
        }
    }
    assert!(found.iter().all(|count| *count > 100), "{found:?}: the notices are there, so the texts are");
    Ok(())
}

/// How many displays of a system's codes there are in a value.
fn texts_of(value: &serde_json::Value, system: &str) -> usize {
    let here = value["system"] == system || value["source"] == system;
    let mut texts = usize::from(here && value.get("display").is_some());
    for (name, member) in value.as_object().into_iter().flatten() {
        let items = member.as_array().into_iter().flatten();
        let lists_codes = matches!(&**name, "concept" | "contains" | "element");
        texts += items.clone().filter(|item| here && lists_codes && item.get("display").is_some()).count();
        texts += items.map(|item| texts_of(item, system)).sum::<usize>() + texts_of_object(member, system);
    }
    texts
}

fn texts_of_object(value: &serde_json::Value, system: &str) -> usize {
    if value.is_object() { texts_of(value, system) } else { 0 }
}

#[test]
fn the_code_systems_are_those_of_the_bindings() -> anyhow::Result<()> {
    let folder =
        Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo tells it")).join("definitions/r4");
    let lines = |name: &str| {
        let mut lines = Vec::new();
        flate2::read::GzDecoder::new(std::fs::File::open(folder.join(name))?).read_to_end(&mut lines)?;
        anyhow::Ok(lines)
    };
    let table = code_systems::table(&lines("structures.gz")?, &lines("terminology.gz")?)?;
    assert!(table.contains("\nPatient.gender\thttp://hl7.org/fhir/administrative-gender\n"));
    let checked_in = std::fs::read_to_string(folder.join("code-systems.txt"))?;
    assert!(table == checked_in, "definitions/r4/code-systems.txt is not what the generator writes");
    Ok(())
}
