//! Extraction over whole resources: golden files, and every example of HL7's package when it is present.
//!
//! A golden file `tests/extraction/NNNN-what.txt` holds the expected values of `NNNN-what.json`, one per line.

use fhir::definitions::{ParamId, ParamKind, ResourceType, search_parameters};
use fhir::index::{Bases, ExtractOptions, FORMAT_VERSION, FullText, Value, Values, extract};
use fhir::json::{Document, Limits};
use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};
use testkit::outside;

fn document(json: impl Into<bytes::Bytes>) -> Document {
    Document::parse(json, &Limits { bytes_max: 64 << 20, ..Limits::default() }).expect("JSON")
}

fn extracted(document: &Document) -> (Vec<u8>, Vec<String>) {
    extracted_with(FullText::Off, document)
}

fn extracted_with(words: FullText, document: &Document) -> (Vec<u8>, Vec<String>) {
    let mut bytes = Vec::new();
    let options =
        ExtractOptions { bases: Bases::of(Some("http://here/fhir")), words, ..ExtractOptions::default() };
    let notes = extract(document.root(), &options, &mut bytes).expect("a resource");
    (bytes, notes.iter().map(|note| format!("{:?}: {}", note.param, note.problem)).collect())
}

#[test]
fn golden_files() -> anyhow::Result<()> {
    let folder =
        Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo tells it")).join("tests/extraction");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<_>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    assert!(files.len() >= 6);
    for file in files {
        let document = document(std::fs::read(&file)?);
        let has_words = file.to_string_lossy().ends_with("-words.json");
        let words = if has_words { FullText::All } else { FullText::Off };
        let (bytes, notes) = extracted_with(words, &document);
        let mut lines = format!("{:?}", Values::parse(&bytes)?);
        notes.iter().for_each(|note| lines.push_str(&format!("note {note}\n")));
        let golden = file.with_extension("txt");
        if std::env::var_os("SALAMANDER_WRITE_GOLDEN").is_some() {
            std::fs::write(&golden, &lines)?;
        }
        assert_eq!(lines, std::fs::read_to_string(&golden)?, "{}", file.display());
    }
    Ok(())
}

#[test]
fn the_same_resource_gives_the_same_bytes() {
    let json = include_str!("extraction/0001-observation.json");
    let (bytes, _) = extracted(&document(json));
    assert_eq!(extracted(&document(json)).0, bytes);
    assert_eq!(bytes[0], FORMAT_VERSION);
}

/// <https://hl7.org/fhir/R4/search.html#date>: of a Timing the outer limits count, whether events or bounds set them.
#[test]
fn a_timing_reaches_from_its_first_to_its_last_limit() {
    const START: i64 = 1_556_668_800_000; // 2019-05-01
    const MARCH: i64 = 1_583_020_800_000; // 2020-03-01
    const END: i64 = 1_609_459_200_000; // after 2020
    const DAY: i64 = 86_400_000;
    for (timing, expected) in [
        (r#"{"repeat":{"boundsPeriod":{"start":"2019-05-01","end":"2020"}}}"#, Some((START, END))),
        (r#"{"repeat":{"boundsPeriod":{"start":"2019-05-01"}}}"#, Some((START, i64::MAX))),
        (r#"{"repeat":{"boundsPeriod":{"end":"2020"}}}"#, Some((i64::MIN, END))),
        (r#"{"event":["2020-03-01"]}"#, Some((MARCH, MARCH + DAY))),
        (
            r#"{"event":["2020-03-01"],"repeat":{"boundsPeriod":{"start":"2019-05-01","end":"2019-05-01"}}}"#,
            Some((START, MARCH + DAY)),
        ),
        (r#"{"event":["2020-03-01","2019-05-01"],"repeat":{"frequency":1}}"#, Some((START, MARCH + DAY))),
        (r#"{"repeat":{"frequency":1}}"#, None),
    ] {
        let json = format!(r#"{{"resourceType":"Observation","status":"final","effectiveTiming":{timing}}}"#);
        let (bytes, notes) = extracted(&document(json));
        let values = Values::parse(&bytes).expect("values");
        let date = ParamId::from_code("date").expect("a parameter");
        let found: Vec<_> = values.of(date).collect();
        let expected: Vec<_> =
            expected.into_iter().map(|(low_ms, high_ms)| Value::Date { low_ms, high_ms }).collect();
        assert_eq!(found, expected, "{timing}");
        assert!(notes.is_empty(), "{timing}: {notes:?}");
    }
}

/// HL7's examples: 5,300 resources of 129 types, definitions included.
#[test]
fn every_example_of_the_package() -> anyhow::Result<()> {
    let Some(path) = outside::package("hl7.fhir.r4.examples-4.0.1") else { return Ok(()) };
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(std::fs::File::open(path)?));
    let (mut resources, mut values, mut notes) = (0, 0, Vec::new());
    let mut composites = BTreeSet::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        let name = entry.path()?.display().to_string();
        let mut json = Vec::new();
        entry.read_to_end(&mut json)?;
        let Ok(document) = Document::parse(json, &Limits { bytes_max: 64 << 20, ..Limits::default() }) else {
            panic!("{name} is no JSON");
        };
        if document.root().get("resourceType").is_none() {
            continue; // the package's own description
        }
        let (bytes, found) = extracted(&document);
        let parsed = Values::parse(&bytes)?;
        values += parsed.iter().count();
        composites.extend(composites_of(&document, &parsed));
        resources += 1;
        notes.extend(found.into_iter().map(|note| format!("{name} {note}")));
    }
    println!("{resources} resources, {values} values, {} notes", notes.len());
    notes.iter().for_each(|note| println!("{note}"));
    assert!(resources > 5000 && values > 30 * resources / 10, "{resources} resources, {values} values");
    assert!(notes.len() <= NOTES_KNOWN, "{notes:#?}");
    assert!(composites.len() > 8, "{composites:?}");
    Ok(())
}

/// The composites that have values. Each component's values are values of its own parameter: searches narrow by that.
fn composites_of(document: &Document, values: &Values<'_>) -> Vec<String> {
    let name = document.root().get("resourceType").and_then(|name| name.as_str()).expect("a type");
    let Some(t) = ResourceType::from_name(&name) else { return vec![] };
    let mut met = vec![];
    for composite in search_parameters(t).filter(|one| one.kind == ParamKind::Composite) {
        for value in values.of(composite.id) {
            let Value::Composite(parts) = value else { panic!("{} has another value", composite.code) };
            met.push(composite.code.to_string());
            assert_eq!(parts.components().count(), composite.components.len());
            for (component, mut inside) in composite.components.iter().zip(parts.components()) {
                let own = ParamId::from_code(component.code).expect("a parameter");
                let is_own = |value| values.of(own).any(|known| known == value);
                assert!(inside.all(is_own), "{t} {}: {}", composite.code, component.code);
            }
        }
    }
    met
}

/// Values of the examples that really are no dates or numbers.
const NOTES_KNOWN: usize = 20;

/// https://hl7.org/fhir/R4/search.html#date: of a Timing the outer limits matter, of its events and of its bounds.
#[test]
fn a_timing_is_the_interval_around_its_events_and_bounds() {
    let day = |text: &str| fhir::index::date_range(text).expect("a day");
    let period = r#""repeat":{"frequency":1,"boundsPeriod":{"start":"2020-03-02","end":"2020-03-30"}}"#;
    let (bounds, inside, around) = (
        period.to_owned(),
        format!(r#""event":["2020-03-05"],{period}"#),
        format!(r#""event":["2020-03-01","2020-04-02"],{period}"#),
    );
    let open = r#""repeat":{"boundsPeriod":{"start":"2020-03-02"}}"#.to_owned();
    for (timing, low, high) in [
        (bounds, day("2020-03-02").0, day("2020-03-30").1),
        (inside, day("2020-03-02").0, day("2020-03-30").1),
        (around, day("2020-03-01").0, day("2020-04-02").1),
        (open, day("2020-03-02").0, i64::MAX),
    ] {
        let json = format!(
            r#"{{"resourceType":"ServiceRequest","status":"active","intent":"order","subject":{{"reference":"Patient/p"}},"occurrenceTiming":{{{timing}}}}}"#
        );
        let (bytes, notes) = extracted(&document(json));
        let occurrence = ParamId::from_code("occurrence").expect("a parameter");
        let values = Values::parse(&bytes).expect("own bytes");
        let found: Vec<_> = values.of(occurrence).collect();
        assert_eq!(found, [Value::Date { low_ms: low, high_ms: high }], "{timing}");
        assert!(notes.is_empty(), "{notes:?}");
    }
}
