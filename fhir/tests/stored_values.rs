//! Index values as stored bytes: those of every released format stay readable, and damaged ones do no harm.
//!
//! `tests/stored_values/1/NNNN-what.bin` holds the bytes format 1 gave for `tests/extraction/NNNN-what.json` when it was
//! released, `NNNN-what.txt` what they say. They are never written again; `SALAMANDER_WRITE_FIXTURES` adds missing ones.

use fhir::definitions::ParamId;
use fhir::index::{Bases, ExtractOptions, FullText, Value, Values, ValuesError, extract};
use fhir::json::{Document, Limits};
use proptest::prelude::*;
use std::path::{Path, PathBuf};

const OBSERVATION: &str = include_str!("extraction/0001-observation.json");

fn extracted(json: impl Into<bytes::Bytes>) -> Vec<u8> {
    let document = Document::parse(json, &Limits::default()).expect("JSON");
    let mut bytes = Vec::new();
    let options = ExtractOptions {
        bases: Bases::of(Some("http://here/fhir")),
        words: FullText::All,
        ..ExtractOptions::default()
    };
    extract(document.root(), &options, &mut bytes).expect("a resource");
    bytes
}

fn files(folder: &Path, extension: &str) -> anyhow::Result<Vec<PathBuf>> {
    let all =
        std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<Vec<_>>>()?;
    Ok(all.into_iter().filter(|path| path.extension().is_some_and(|found| found == extension)).collect())
}

#[test]
fn bytes_of_released_formats_stay_readable() -> anyhow::Result<()> {
    let tests = Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo tells it")).join("tests");
    let fixtures = tests.join("stored_values/1");
    if std::env::var_os("SALAMANDER_WRITE_FIXTURES").is_some() {
        write_missing(&tests.join("extraction"), &fixtures)?;
    }
    let files = files(&fixtures, "bin")?;
    assert!(files.len() >= 11);
    for file in files {
        let (bytes, text) = (std::fs::read(&file)?, std::fs::read_to_string(file.with_extension("txt"))?);
        assert_eq!(format!("{:?}", Values::parse(&bytes)?), text, "{}", file.display());
        assert_eq!(format!("{:?}", Values::trusted(&bytes)), text, "{}", file.display());
    }
    Ok(())
}

fn write_missing(from: &Path, fixtures: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(fixtures)?;
    for json in files(from, "json")? {
        let file = fixtures.join(json.file_name().expect("a file")).with_extension("bin");
        if !file.exists() {
            let bytes = extracted(std::fs::read(&json)?);
            std::fs::write(file.with_extension("txt"), format!("{:?}", Values::parse(&bytes)?))?;
            std::fs::write(file, bytes)?;
        }
    }
    Ok(())
}

/// The README's example.
#[test]
fn a_status_takes_eleven_bytes() {
    let [n0, n1] = ParamId::from_code("status").expect("a parameter").0.to_le_bytes();
    let bytes = extracted(r#"{"resourceType":"Observation","status":"final"}"#);
    assert_eq!(bytes, [1, 1, 1, 0, n0, n1, 1, 0, 1, 0, 0x74]);
}

#[test]
fn of_finds_what_iter_finds() {
    let bytes = extracted(OBSERVATION);
    let values = Values::parse(&bytes).expect("own bytes");
    let all: Vec<(_, Value<'_>)> = values.iter().collect();
    assert!(all.len() > 30 && all.windows(2).all(|pair| pair[0].0 <= pair[1].0));
    for number in 0..600 {
        let param = ParamId(number);
        let found: Vec<Value<'_>> = values.of(param).collect();
        let expected: Vec<_> = all.iter().filter(|(at, _)| *at == param).map(|(_, value)| *value).collect();
        assert_eq!(found, expected);
    }
    assert_eq!(values.of(ParamId(u16::MAX)).count(), 0);
    assert!(values == Values::trusted(&bytes));
}

/// The lists of a parameter are numbered in one, two or four bytes.
#[test]
fn many_values_are_all_there() {
    for count in [1, 80, 120, 9_000, 30_000] {
        let names: Vec<String> = (0..count).map(|number| format!("\"N{number}\"")).collect();
        let json = format!(r#"{{"resourceType":"Patient","name":[{{"given":[{}]}}]}}"#, names.join(","));
        let bytes = extracted(json);
        let values = Values::parse(&bytes).expect("own bytes");
        let given = ParamId::from_code("given").expect("a parameter");
        let last =
            Value::String { normalized: &format!("n{}", count - 1), exact: &format!("N{}", count - 1) };
        assert_eq!((values.of(given).count(), values.of(given).last()), (count, Some(last)));
    }
}

#[test]
fn cut_bytes_are_an_error_and_unknown_formats_too() {
    let bytes = extracted(OBSERVATION);
    for len in 0..bytes.len() {
        assert_eq!(Values::parse(&bytes[..len]).err(), Some(ValuesError::Truncated), "{len}");
    }
    assert_eq!(Values::parse(&[99]).err(), Some(ValuesError::Format(99)));
    assert_eq!(Values::trusted(&[99, 1, 1, 1]).iter().count(), 0);
}

proptest! {
    /// Reading ends, gives what it gives, and what passes the check reads the same either way.
    #[test]
    fn damaged_bytes_do_no_harm(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..9), len in any::<prop::sample::Index>()) {
        let mut bytes = extracted(OBSERVATION);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        for bytes in [&bytes[..], &bytes[..len.index(bytes.len())]] {
            let trusted = Values::trusted(bytes);
            let text = format!("{trusted:?}");
            prop_assert!((0..600).map(|param| trusted.of(ParamId(param)).count()).sum::<usize>() < 5_000);
            if let Ok(checked) = Values::parse(bytes) {
                prop_assert_eq!(format!("{:?}", checked), text);
            }
        }
    }

    #[test]
    fn any_bytes_do_no_harm(mut bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Some(first) = bytes.first_mut() {
            *first = 1;
        }
        let _ = (format!("{:?}", Values::trusted(&bytes)), Values::parse(&bytes).is_ok());
    }
}
