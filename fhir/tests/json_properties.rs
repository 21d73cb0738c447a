//! The JSON reader against `serde_json`, on random values and random bytes.

use fhir::json::{Document, ErrorKind, Kind, Limits, Node};
use proptest::prelude::*;
use serde_json::Value;

/// Walks a document back into a `Value`.
fn value(node: Node<'_>) -> Value {
    match node.kind() {
        Kind::Null => Value::Null,
        Kind::Bool => Value::Bool(node.as_bool().unwrap()),
        Kind::Number => serde_json::from_str(node.number_text().unwrap()).unwrap(),
        Kind::String => Value::String(node.as_str().unwrap().into_owned()),
        Kind::Array => Value::Array(node.items().map(value).collect()),
        Kind::Object => Value::Object(
            node.members().map(|(key, item)| (key.as_str().into_owned(), value(item))).collect(),
        ),
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter("JSON has no NaN", |n| n.is_finite()).prop_map(Value::from),
        "\\PC*".prop_map(Value::String),
        any::<String>().prop_map(Value::String),
    ];
    let key = prop_oneof!["[a-z]{1,9}", "name|given|id|subject|_id", any::<String>()];
    leaf.prop_recursive(8, 200, 40, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..12).prop_map(Value::Array),
            prop::collection::vec((key.clone(), inner), 0..40)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Text that is nearly JSON: its tokens in any order.
fn token_soup() -> impl Strategy<Value = Vec<u8>> {
    let token = prop_oneof![
        prop::sample::select(vec![
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            " ",
            "\n",
            "\"",
            "\"a\"",
            "\"b\":",
            "\"\\u0061\":",
            "\\",
            "\\u",
            "d83d",
            "\"\\ud83d",
            "\\ude00\"",
            "\\n",
            "-",
            "0",
            "1",
            "12",
            ".",
            "5",
            "e",
            "E+",
            "true",
            "false",
            "null",
            "é",
            "\t",
            "{}",
            "[]",
            "{\"a\":",
            "\u{feff}",
            "\u{1}",
            "xxxxxxxxx",
        ])
        .prop_map(|token| token.as_bytes().to_vec()),
        any::<u8>().prop_map(|byte| vec![byte]),
    ];
    prop::collection::vec(token, 0..14).prop_map(|tokens| tokens.concat())
}

/// Accepted and refused alike, but for what we refuse or tolerate on purpose.
fn agrees_with_serde(bytes: &[u8]) -> Result<(), TestCaseError> {
    let ours = Document::parse(bytes.to_vec(), &Limits::default());
    let theirs = serde_json::from_slice::<Value>(bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes));
    match (&ours, &theirs) {
        (Ok(document), Ok(theirs)) => prop_assert_eq!(&value(document.root()), theirs),
        (Err(error), Ok(_)) => prop_assert!(
            matches!(error.kind(), ErrorKind::DuplicateKey(_) | ErrorKind::TooDeep { .. }),
            "we refuse {:?}: {}",
            String::from_utf8_lossy(bytes),
            error
        ),
        (Ok(_), Err(error)) => prop_assert!(
            error.to_string().contains("number out of range"),
            "we accept {:?}: {}",
            String::from_utf8_lossy(bytes),
            error
        ),
        (Err(error), Err(_)) => {
            prop_assert!(error.offset() <= bytes.len());
            prop_assert!(error.line() >= 1 && error.column() >= 1 && !error.to_string().is_empty());
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn any_value_is_read_back(expected in any_value(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_vec_pretty(&expected) } else { serde_json::to_vec(&expected) }.unwrap();
        // serde_json reads some floats one bit off what it wrote; what it reads is the measure here.
        let reread: Value = serde_json::from_slice(&text).unwrap();
        let (bytes, tape_max) = (text.len(), Document::tape_bytes_max(&text));
        let document = Document::parse(text, &Limits::default()).unwrap();
        prop_assert_eq!(value(document.root()), reread);
        prop_assert!(document.memory_bytes() - bytes <= tape_max);
    }

    #[test]
    fn decimals_keep_their_text(text in "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?") {
        let document = Document::parse(format!("{{\"value\":{text}}}"), &Limits::default()).unwrap();
        prop_assert_eq!(document.root().get("value").unwrap().number_text(), Some(text.as_str()));
    }

    #[test]
    fn a_repeated_member_is_refused(members in prop::collection::btree_map(any::<String>(), any::<u8>(), 1..80), pick in any::<prop::sample::Index>(), place in any::<prop::sample::Index>()) {
        let mut members = members.into_iter().collect::<Vec<_>>();
        let again = members[pick.index(members.len())].clone();
        let at = place.index(members.len() + 1);
        members.insert(at, again.clone());
        let text = members.iter().map(|(key, item)| format!("{}:{item}", Value::from(key.as_str()))).collect::<Vec<_>>();
        let error = Document::parse(format!("{{{}}}", text.join(",")), &Limits::default()).unwrap_err();
        prop_assert_eq!(error.kind(), &ErrorKind::DuplicateKey(again.0));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        agrees_with_serde(&bytes)?;
    }

    #[test]
    fn nearly_json(bytes in token_soup()) {
        agrees_with_serde(&bytes)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn damaged_json(good in any_value(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        let mut bytes = serde_json::to_vec(&good).unwrap();
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        agrees_with_serde(&bytes)?;
    }
}
