//! Patches on random documents: against the `json-patch` crate as the oracle, and against arbitrary bytes.

use fhir::{
    json::{self, Document},
    patch::{Kind, Limits, Patch},
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn document(text: String) -> Document {
    Document::parse(text, &json::Limits::default()).unwrap()
}

/// Few names and small lists, so that random pointers often hit. Numbers that `Value` keeps.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        (-3i64..30).prop_map(Value::from),
        "[a-c~/\\\\\"é]{0,3}".prop_map(Value::String),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
            members(inner).prop_map(Value::Object),
        ]
    })
}

fn members(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::vec((name(), value), 0..5).prop_map(|members| members.into_iter().collect())
}

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "c", "0", "1", "a/b", "m~n", ""]).prop_map(str::to_owned)
}

fn object() -> impl Strategy<Value = Value> {
    members(value()).prop_map(Value::Object)
}

fn pointer() -> impl Strategy<Value = String> {
    let token =
        prop_oneof![4 => name(), 2 => (0usize..5).prop_map(|n| n.to_string()), 1 => Just("-".to_owned())];
    prop::collection::vec(token, 1..4).prop_map(|tokens| {
        tokens.iter().map(|token| format!("/{}", token.replace('~', "~0").replace('/', "~1"))).collect()
    })
}

fn operation() -> impl Strategy<Value = Value> {
    prop_oneof![
        3 => (pointer(), value()).prop_map(|(path, value)| json!({"op": "add", "path": path, "value": value})),
        1 => pointer().prop_map(|path| json!({"op": "remove", "path": path})),
        1 => (pointer(), value()).prop_map(|(path, value)| json!({"op": "replace", "path": path, "value": value})),
        1 => (pointer(), pointer()).prop_map(|(from, path)| json!({"op": "move", "from": from, "path": path})),
        1 => (pointer(), pointer()).prop_map(|(from, path)| json!({"op": "copy", "from": from, "path": path})),
        1 => (pointer(), value()).prop_map(|(path, value)| json!({"op": "test", "path": path, "value": value})),
    ]
}

fn ours(kind: Kind, resource: &Value, patch: &Value) -> Result<Value, fhir::patch::Error> {
    let patch = Patch::read(kind, patch.to_string(), &Limits::default())?;
    let bytes = patch.apply(&document(resource.to_string()))?;
    Ok(serde_json::from_slice(&bytes).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn json_patch_does_what_the_crate_does(resource in object(), operations in prop::collection::vec(operation(), 0..6)) {
        let patch = Value::Array(operations);
        let mut theirs = resource.clone();
        let operations: json_patch::Patch = serde_json::from_value(patch.clone()).unwrap();
        // Without undoing what failed: that the crate does not always survive.
        let outcome = json_patch::patch_unsafe(&mut theirs, &operations);
        match (ours(Kind::Json, &resource, &patch), outcome) {
            (Ok(ours), Ok(())) => prop_assert_eq!(ours, theirs),
            (Err(ours), Err(theirs)) => prop_assert_eq!(ours.operation(), Some(theirs.operation), "{}", ours),
            (ours, theirs) => prop_assert!(false, "{:?}, the crate: {:?}", ours, theirs),
        }
    }

    #[test]
    fn differences_that_the_crate_finds_lead_there(one in object(), other in object()) {
        let patch = serde_json::to_value(json_patch::diff(&one, &other)).unwrap();
        prop_assert_eq!(ours(Kind::Json, &one, &patch).unwrap(), other);
    }

    #[test]
    fn merge_patch_does_what_the_crate_does(resource in object(), patch in object()) {
        let mut theirs = resource.clone();
        json_patch::merge(&mut theirs, &patch);
        prop_assert_eq!(ours(Kind::Merge, &resource, &patch).unwrap(), theirs);
    }

    #[test]
    fn numbers_keep_their_digits(
        kept in "-?(0|[1-9][0-9]{0,24})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?",
        put in "-?(0|[1-9][0-9]{0,24})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?",
    ) {
        let resource = format!(r#"{{"a":[{{"x":{kept}}},{kept}]}}"#);
        let patch = format!(r#"[{{"op":"test","path":"/a/1","value":{kept}}},{{"op":"add","path":"/a/1","value":{put}}},
            {{"op":"move","from":"/a/0","path":"/b"}},{{"op":"copy","from":"/b","path":"/c"}}]"#);
        let patch = Patch::read(Kind::Json, patch, &Limits::default()).unwrap();
        let patched = String::from_utf8(patch.apply(&document(resource)).unwrap()).unwrap();
        prop_assert_eq!(patched, format!(r#"{{"a":[{put},{kept}],"b":{{"x":{kept}}},"c":{{"x":{kept}}}}}"#));
    }

    #[test]
    fn arbitrary_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..200), resource in object()) {
        for kind in [Kind::Json, Kind::Merge] {
            if let Ok(patch) = Patch::read(kind, bytes.clone(), &Limits::default()) {
                let _ = patch.apply(&document(resource.to_string()));
            }
        }
    }

    #[test]
    fn any_json_is_answered(patch in value(), resource in object()) {
        for kind in [Kind::Json, Kind::Merge] {
            if let Ok(patch) = Patch::read(kind, patch.to_string(), &Limits::default()) {
                let _ = patch.apply(&document(resource.to_string()));
            }
        }
    }
}
