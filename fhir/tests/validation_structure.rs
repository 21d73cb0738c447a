//! Faults of structure: where they are found and what is said.

use fhir::json::{Document, Limits};
use fhir::validation::{self, Issues};

fn issues(text: &str) -> Issues {
    let document = Document::parse(text.to_owned(), &Limits::default()).expect(text);
    validation::structure(document.root(), 10)
}

/// Each line of a case file: location, tab, a part of the text; after it the resource.
#[test]
fn cases() {
    let mut wrong = Vec::new();
    for (case, text) in include_str!("validation/structure.txt").split("\n\n").enumerate() {
        let (expected, json): (Vec<&str>, Vec<&str>) =
            text.trim().lines().partition(|line| !line.starts_with('{'));
        let found = issues(&json.concat());
        let found: Vec<_> = found.iter().map(|issue| (&*issue.expression, &*issue.text)).collect();
        let expected: Vec<_> = expected.into_iter().filter(|line| !line.starts_with('#')).collect();
        let fits = |((place, said), line): (&(&str, &str), &&str)| {
            line.split_once('\t').is_some_and(|(wanted, part)| *place == wanted && said.contains(part))
        };
        if found.len() != expected.len() || !found.iter().zip(&expected).all(fits) {
            wrong.push(format!("case {case}: {text}\n{found:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn issues_are_bounded() {
    let many =
        format!(r#"{{"resourceType":"Patient","name":[{}]}}"#, vec![r#"{"given":[""]}"#; 1000].join(","));
    let found = issues(&many);
    assert_eq!(found.iter().count(), 10);
    assert!(!found.is_valid());
}
