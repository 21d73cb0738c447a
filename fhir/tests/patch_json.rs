//! JSON Patch (RFC 6902) and JSON Merge Patch (RFC 7386) by tables of cases.

use fhir::{
    json::{self, Document},
    patch::{Class, Error, ErrorKind, Kind, Limits, Patch},
};

fn document(text: &str) -> Document {
    Document::parse(text.to_owned(), &json::Limits::default()).unwrap()
}

fn patched(kind: Kind, resource: &str, patch: &str) -> Result<String, Error> {
    let patch = Patch::read(kind, patch.to_owned(), &Limits::default())?;
    patch.apply(&document(resource)).map(|bytes| String::from_utf8(bytes).unwrap())
}

/// Resource, patch, result.
const PATCHED: &[[&str; 3]] = &[
    // Members: added at the end, replaced and removed where they stand.
    [r#"{"b":1}"#, r#"[{"op":"add","path":"/a","value":2}]"#, r#"{"b":1,"a":2}"#],
    [r#"{"a":1,"b":2}"#, r#"[{"op":"add","path":"/a","value":null}]"#, r#"{"a":null,"b":2}"#],
    [r#"{"a":1,"b":2,"c":3}"#, r#"[{"op":"replace","path":"/b","value":[]}]"#, r#"{"a":1,"b":[],"c":3}"#],
    [r#"{"a":1,"b":2,"c":3}"#, r#"[{"op":"remove","path":"/b"}]"#, r#"{"a":1,"c":3}"#],
    // Items.
    [r#"{"a":[1,3]}"#, r#"[{"op":"add","path":"/a/1","value":2}]"#, r#"{"a":[1,2,3]}"#],
    [r#"{"a":[1,2]}"#, r#"[{"op":"add","path":"/a/2","value":3}]"#, r#"{"a":[1,2,3]}"#],
    [r#"{"a":[1]}"#, r#"[{"op":"add","path":"/a/-","value":[2,[3]]}]"#, r#"{"a":[1,[2,[3]]]}"#],
    [r#"{"a":[1,2,3]}"#, r#"[{"op":"remove","path":"/a/1"}]"#, r#"{"a":[1,3]}"#],
    [r#"{"a":[[1],[2]]}"#, r#"[{"op":"replace","path":"/a/1/0","value":"x"}]"#, r#"{"a":[[1],["x"]]}"#],
    // Move and copy.
    [
        r#"{"a":{"x":1},"b":{"y":2}}"#,
        r#"[{"op":"move","from":"/a/x","path":"/b/z"}]"#,
        r#"{"a":{},"b":{"y":2,"z":1}}"#,
    ],
    [r#"{"a":[1,2,3,4]}"#, r#"[{"op":"move","from":"/a/0","path":"/a/3"}]"#, r#"{"a":[2,3,4,1]}"#],
    [r#"{"a":[1]}"#, r#"[{"op":"move","from":"/a/0","path":"/a/0"}]"#, r#"{"a":[1]}"#],
    [r#"{"a":{"b":1},"c":2}"#, r#"[{"op":"move","from":"/a/b","path":"/a"}]"#, r#"{"a":1,"c":2}"#],
    [r#"{"a":{"x":1.0}}"#, r#"[{"op":"copy","from":"/a","path":"/b"}]"#, r#"{"a":{"x":1.0},"b":{"x":1.0}}"#],
    [r#"{"a":1}"#, r#"[{"op":"copy","from":"","path":"/b"}]"#, r#"{"a":1,"b":{"a":1}}"#],
    [
        r#"{"a":{"x":1}}"#,
        r#"[{"op":"copy","from":"/a","path":"/b"},{"op":"replace","path":"/b/x","value":2}]"#,
        r#"{"a":{"x":1},"b":{"x":2}}"#,
    ],
    // Pointers.
    [
        r#"{"a/b":1,"m~n":2,"~1":3}"#,
        r#"[{"op":"remove","path":"/a~1b"},{"op":"remove","path":"/m~0n"}]"#,
        r#"{"~1":3}"#,
    ],
    [r#"{"":{"":1}}"#, r#"[{"op":"replace","path":"//","value":2}]"#, r#"{"":{"":2}}"#],
    [r#"{"0":"a"}"#, r#"[{"op":"replace","path":"/0","value":"b"}]"#, r#"{"0":"b"}"#],
    [r#"{"\u0061":1}"#, r#"[{"op":"replace","path":"/a","value":2}]"#, r#"{"a":2}"#],
    // Tests: numbers by value, members in any order, strings by their characters.
    [r#"{"a":1.50}"#, r#"[{"op":"test","path":"/a","value":1.5}]"#, r#"{"a":1.50}"#],
    [r#"{"a":100}"#, r#"[{"op":"test","path":"/a","value":1.0e2}]"#, r#"{"a":100}"#],
    [
        r#"{"a":{"x":[1],"y":null}}"#,
        r#"[{"op":"test","path":"/a","value":{"y":null,"x":[1.0]}}]"#,
        r#"{"a":{"x":[1],"y":null}}"#,
    ],
    [r#"{"a":"é"}"#, r#"[{"op":"test","path":"/a","value":"\u00e9"}]"#, r#"{"a":"é"}"#],
    [
        r#"{"a":{"x":1}}"#,
        r#"[{"op":"add","path":"/a/y","value":2},{"op":"test","path":"/a","value":{"y":2,"x":1}}]"#,
        r#"{"a":{"x":1,"y":2}}"#,
    ],
    // Members of operations that the RFC does not know are ignored; no operations change nothing.
    [r#"{"a":1}"#, r#"[{"op":"remove","path":"/a","comment":"x","value":7}]"#, "{}"],
    ["{ \"a\" : 1 }", "[]", "{ \"a\" : 1 }"],
    // The whole resource, its identity kept.
    [
        r#"{"resourceType":"Basic","id":"x","language":"de"}"#,
        r#"[{"op":"replace","path":"","value":{"id":"x","resourceType":"Basic"}}]"#,
        r#"{"id":"x","resourceType":"Basic"}"#,
    ],
];

/// RFC 7386, the cases whose document is an object.
const MERGED: &[[&str; 3]] = &[
    [r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#],
    [r#"{"a":"b"}"#, r#"{"b":"c"}"#, r#"{"a":"b","b":"c"}"#],
    [r#"{"a":"b"}"#, r#"{"a":null}"#, "{}"],
    [r#"{"a":"b","b":"c"}"#, r#"{"a":null}"#, r#"{"b":"c"}"#],
    [r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#],
    [r#"{"a":"c"}"#, r#"{"a":["b"]}"#, r#"{"a":["b"]}"#],
    [r#"{"a":{"b":"c"}}"#, r#"{"a":{"b":"d","c":null}}"#, r#"{"a":{"b":"d"}}"#],
    [r#"{"a":[{"b":"c"}]}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#],
    [r#"{"e":null}"#, r#"{"a":1}"#, r#"{"e":null,"a":1}"#],
    [r#"{"a":"foo"}"#, r#"{"a":{"b":{"c":null}}}"#, r#"{"a":{"b":{}}}"#],
    ["{}", r#"{"a":{"bb":{"ccc":null}}}"#, r#"{"a":{"bb":{}}}"#],
    [r#"{"z":1.50,"a":2}"#, r#"{"a":0.10}"#, r#"{"z":1.50,"a":0.10}"#],
];

#[test]
fn patches_do_what_the_rfc_says() {
    for [resource, patch, expected] in PATCHED {
        assert_eq!(patched(Kind::Json, resource, patch).as_deref(), Ok(*expected), "{resource} {patch}");
    }
}

#[test]
fn merge_patches_do_what_the_rfc_says() {
    for [resource, patch, expected] in MERGED {
        assert_eq!(patched(Kind::Merge, resource, patch).as_deref(), Ok(*expected), "{resource} {patch}");
    }
}

#[test]
fn untouched_parts_keep_their_bytes() {
    let resource = "{\n \"resourceType\" : \"Basic\",\n \"z\": [ 1.50, 1E+2, -0.0 ],\n \"a\": { \"b\" : \"\\u00e9\" }, \"n\": 12345678901234567890.10 }";
    let patch = r#"[{"op":"replace","path":"/a","value":  {"x": 2.00}  }]"#;
    let expected = "{\"resourceType\":\"Basic\",\"z\":[ 1.50, 1E+2, -0.0 ],\"a\":{\"x\": 2.00},\"n\":12345678901234567890.10}";
    assert_eq!(patched(Kind::Json, resource, patch).as_deref(), Ok(expected));
    let merged = patched(Kind::Merge, resource, r#"{"a":{"c":1.000}}"#).unwrap();
    assert!(
        merged.contains(r#""a":{"b":"\u00e9","c":1.000}"#) && merged.contains("[ 1.50, 1E+2, -0.0 ]"),
        "{merged}"
    );
}

const BASIC: &str =
    r#"{"resourceType":"Basic","id":"x","code":{"text":"t"},"extension":[{"url":"u"},{"url":"v"}]}"#;

/// Patch, the class of the error, its message.
const REFUSED: &[(&str, Class, &str)] = &[
    ("", Class::Malformed, "the patch is not JSON: the body is empty; send one JSON document"),
    ("{}", Class::Malformed, "a JSON Patch is an array of operations"),
    ("[1]", Class::Malformed, "operation 0: an operation is a JSON object"),
    (r#"[{"path":"/a"}]"#, Class::Malformed, r#"operation 0: "op" is missing"#),
    (r#"[{"op":"remove"}]"#, Class::Malformed, r#"operation 0: "path" is missing"#),
    (r#"[{"op":"remove","path":1}]"#, Class::Malformed, r#"operation 0: "path" is a string"#),
    (r#"[{"op":"add","path":"/a"}]"#, Class::Malformed, r#"operation 0: "value" is missing"#),
    (r#"[{"op":"copy","path":"/a"}]"#, Class::Malformed, r#"operation 0: "from" is missing"#),
    (
        r#"[{"op":"test","path":"/id","value":"x"},{"op":"Add","path":"/a","value":1}]"#,
        Class::Malformed,
        r#"operation 1: there is no operation "Add"; there are add, remove, replace, move, copy and test"#,
    ),
    (
        r#"[{"op":"remove","path":"a"}]"#,
        Class::Malformed,
        r#"operation 0: "a" is not a JSON Pointer: it does not begin with '/'"#,
    ),
    (
        r#"[{"op":"remove","path":"/a"}]"#,
        Class::Unprocessable,
        "operation 0, remove /a: nothing is there: /a",
    ),
    (
        r#"[{"op":"add","path":"/code/coding/0/code","value":1}]"#,
        Class::Unprocessable,
        "operation 0, add /code/coding/0/code: nothing is there: /code/coding",
    ),
    (
        r#"[{"op":"add","path":"/extension/3","value":1}]"#,
        Class::Unprocessable,
        "operation 0, add /extension/3: nothing is there: /extension/3",
    ),
    (
        r#"[{"op":"remove","path":"/extension/-"}]"#,
        Class::Unprocessable,
        "operation 0, remove /extension/-: nothing is there: /extension/-",
    ),
    (
        r#"[{"op":"replace","path":"/extension/00","value":1}]"#,
        Class::Unprocessable,
        "operation 0, replace /extension/00: nothing is there: /extension/00",
    ),
    (
        r#"[{"op":"add","path":"/id/x","value":1}]"#,
        Class::Unprocessable,
        "operation 0, add /id/x: nothing is there: /id/x",
    ),
    (
        r#"[{"op":"test","path":"/id","value":"y"}]"#,
        Class::Unprocessable,
        "operation 0, test /id: the test failed: the value there is another one",
    ),
    (
        r#"[{"op":"move","from":"/code","path":"/code/text"}]"#,
        Class::Unprocessable,
        "operation 0, move /code to /code/text: a value cannot be moved into itself",
    ),
    (
        r#"[{"op":"remove","path":""}]"#,
        Class::Unprocessable,
        "operation 0, remove : the result is no JSON object, so no resource",
    ),
    (
        r#"[{"op":"replace","path":"","value":7}]"#,
        Class::Unprocessable,
        "the result is no JSON object, so no resource",
    ),
    (
        r#"[{"op":"replace","path":"/id","value":"y"}]"#,
        Class::Unprocessable,
        r#"a patch may not change "id""#,
    ),
    (r#"[{"op":"remove","path":"/id"}]"#, Class::Unprocessable, r#"a patch may not change "id""#),
    (
        r#"[{"op":"add","path":"/resourceType","value":"Patient"}]"#,
        Class::Unprocessable,
        r#"a patch may not change "resourceType""#,
    ),
];

#[test]
fn errors_name_operation_and_path() {
    for (patch, class, message) in REFUSED {
        let error = patched(Kind::Json, BASIC, patch).expect_err(patch);
        assert_eq!((error.class(), error.to_string().as_str()), (*class, *message), "{patch}");
    }
}

#[test]
fn a_merge_patch_of_a_resource_is_an_object() {
    for patch in ["[]", "null", "1", r#""x""#] {
        let error = patched(Kind::Merge, BASIC, patch).expect_err(patch);
        assert_eq!(error.class(), Class::Malformed);
    }
    let error = patched(Kind::Merge, BASIC, r#"{"id":null}"#).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::IdentityChanged("id"));
}

#[test]
fn a_chain_of_copies_ends_at_the_limit_of_bytes() {
    // Each copy doubles the value: thirty of them would be gigabytes.
    let copies: Vec<String> =
        (0..30).map(|n| format!(r#"{{"op":"copy","from":"","path":"/c{n}"}}"#)).collect();
    let error = patched(Kind::Json, BASIC, &format!("[{}]", copies.join(","))).unwrap_err();
    assert_eq!((error.class(), error.kind()), (Class::TooLarge, &ErrorKind::TooLarge { max: 16 << 20 }));
    assert!(error.operation().is_some_and(|index| index > 10));
}

#[test]
fn copies_into_copies_end_at_the_limit_of_depth() {
    let copies: Vec<String> = (0..12)
        .map(|n| format!(r#"{{"op":"copy","from":"","path":"{}/a"}}"#, "/a".repeat((1 << n) - 1)))
        .collect();
    let error = patched(Kind::Json, "{}", &format!("[{}]", copies.join(","))).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::TooDeep { max: 64 });
}

#[test]
fn operations_and_steps_are_bounded() {
    let limits = Limits { operations_max: 2, ..Limits::default() };
    let three = format!("[{}]", [r#"{"op":"test","path":"/id","value":"x"}"#; 3].join(","));
    let error = Patch::read(Kind::Json, three, &limits).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::TooManyOperations { found: 3, max: 2 });

    let list = format!(r#"{{"a":[{}]}}"#, vec!["1"; 100_000].join(","));
    let removals = format!("[{}]", vec![r#"{"op":"remove","path":"/a/0"}"#; 1_000].join(","));
    let error = patched(Kind::Json, &list, &removals).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::TooManySteps { .. }), "{error}");
    let few = format!("[{}]", [r#"{"op":"remove","path":"/a/0"}"#; 10].join(","));
    assert_eq!(patched(Kind::Json, &list, &few).unwrap().len(), list.len() - 20);
}
