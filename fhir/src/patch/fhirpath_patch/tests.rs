//! The five operations on the elements of FHIR's JSON.

use super::*;
use crate::patch::{self, Class, Patch};

fn patched(resource: &str, operations: &str) -> Result<String, Error> {
    let limits = Limits::default();
    let parameters = format!(r#"{{"resourceType":"Parameters","parameter":[{operations}]}}"#);
    let patch = Patch::read(patch::Kind::FhirPath, parameters, &limits)?;
    let resource = Document::parse(resource.to_owned(), &limits.json).unwrap();
    patch.apply(&resource).map(|bytes| String::from_utf8(bytes).unwrap())
}

/// `type path name=…` and further parts as JSON.
fn operation(kind: &str, path: &str, parts: &str) -> String {
    format!(
        r#"{{"name":"operation","part":[{{"name":"type","valueCode":"{kind}"}},{{"name":"path","valueString":"{path}"}}{parts}]}}"#
    )
}

fn name(name: &str) -> String {
    format!(r#",{{"name":"name","valueString":"{name}"}}"#)
}

const PATIENT: &str = r#"{"resourceType":"Patient","name":[{"given":["A","B"],"_given":[null,{"id":"b"}]}],"birthDate":"1970","_birthDate":{"id":"d"},"multipleBirthInteger":2}"#;

/// Type of the operation, path, further parts, the result.
const EDITS: &[[&str; 4]] = &[
    // Lists of primitives and their companions stay aligned.
    ["delete", "Patient.name[0].given[0]", "", r#""name":[{"given":["B"],"_given":[{"id":"b"}]}]"#],
    ["delete", "Patient.name[0].given[1]", "", r#""name":[{"given":["A"]}]"#],
    [
        "insert",
        "Patient.name[0].given",
        r#",{"name":"index","valueInteger":1},{"name":"value","valueString":"X"}"#,
        r#""given":["A","X","B"],"_given":[null,null,{"id":"b"}]"#,
    ],
    [
        "insert",
        "Patient.name[0].given",
        r#",{"name":"index","valueInteger":0},{"name":"value","_valueString":{"id":"x"}}"#,
        r#""given":[null,"A","B"],"_given":[{"id":"x"},null,{"id":"b"}]"#,
    ],
    [
        "move",
        "Patient.name[0].given",
        r#",{"name":"source","valueInteger":1},{"name":"destination","valueInteger":0}"#,
        r#""given":["B","A"],"_given":[{"id":"b"},null]"#,
    ],
    [
        "replace",
        "Patient.name[0].given[1]",
        r#",{"name":"value","valueString":"C"}"#,
        r#""name":[{"given":["A","C"]}]"#,
    ],
    // A value replaced takes its id and extensions with it, and brings its own.
    [
        "replace",
        "Patient.birthDate",
        r#",{"name":"value","valueDate":"1971"}"#,
        r#""birthDate":"1971","multiple"#,
    ],
    [
        "replace",
        "Patient.birthDate",
        r#",{"name":"value","valueDate":"1971","_valueDate":{"id":"e"}}"#,
        r#""birthDate":"1971","_birthDate":{"id":"e"}"#,
    ],
    // Another type of a choice.
    [
        "replace",
        "Patient.multipleBirth",
        r#",{"name":"value","valueBoolean":true}"#,
        r#""multipleBirthBoolean":true}"#,
    ],
    // An extension of a primitive goes into its companion.
    [
        "add",
        "Patient.birthDate",
        r#",{"name":"name","valueString":"extension"},{"name":"value","part":[{"name":"url","valueUri":"urn:x"},{"name":"value","valueDecimal":1.50}]}"#,
        r#""birthDate":"1970","_birthDate":{"id":"d","extension":[{"url":"urn:x","valueDecimal":1.50}]}"#,
    ],
    [
        "add",
        "Patient.name[0].given[0]",
        r#",{"name":"name","valueString":"id"},{"name":"value","valueString":"a"}"#,
        r#""_given":[{"id":"a"},{"id":"b"}]"#,
    ],
    // Parts within parts, lists among them, and a resource.
    [
        "add",
        "Patient",
        r#",{"name":"name","valueString":"contact"},{"name":"value","part":[{"name":"name","part":[{"name":"given","valueString":"X"},{"name":"given","valueString":"Y"}]},{"name":"gender","valueCode":"male"}]}"#,
        r#""contact":[{"name":{"given":["X","Y"]},"gender":"male"}]"#,
    ],
    [
        "add",
        "Patient",
        r#",{"name":"name","valueString":"contained"},{"name":"value","resource":{"resourceType":"Basic","id":"c"}}"#,
        r#""contained":[{"resourceType":"Basic","id":"c"}]"#,
    ],
    [
        "add",
        "Patient",
        r#",{"name":"name","valueString":"deceased"},{"name":"value","valueDateTime":"2000"}"#,
        r#""deceasedDateTime":"2000"}"#,
    ],
    [
        "add",
        "Patient",
        r#",{"name":"name","valueString":"deceasedBoolean"},{"name":"value","valueBoolean":true}"#,
        r#""deceasedBoolean":true}"#,
    ],
];

#[test]
fn edits_keep_the_rules_of_fhirs_json() {
    for [kind, path, parts, expected] in EDITS {
        let result = patched(PATIENT, &operation(kind, path, parts)).unwrap();
        assert!(result.contains(expected), "{kind} {path}: {result}");
    }
}

#[test]
fn what_becomes_empty_goes() {
    let resource = r#"{"resourceType":"Patient","contact":[{"name":{"_family":{"extension":[{"url":"u"}]}}}],"active":true}"#;
    let all_of_it = operation("delete", "Patient.contact[0].name.family.extension[0]", "");
    assert_eq!(patched(resource, &all_of_it).unwrap(), r#"{"resourceType":"Patient","active":true}"#);
    let aligned = r#"{"resourceType":"Patient","name":[{"given":["A","B"],"_given":[{"extension":[{"url":"u"}]},{"id":"b"}]}]}"#;
    let result = patched(aligned, &operation("delete", "Patient.name[0].given[0].extension[0]", "")).unwrap();
    assert_eq!(result, aligned.replace(r#"{"extension":[{"url":"u"}]}"#, "null"));
    let nothing = operation("delete", "Patient.birthDate", "");
    assert_eq!(patched(resource, &nothing).unwrap(), resource);
}

/// Type of the operation, path, further parts, class and message.
const REFUSED: &[(&str, &str, &str, Class, &str)] = &[
    ("remove", "Patient", "", Class::Malformed, "there is no operation \"remove\""),
    ("add", "Patient", "", Class::Malformed, "\"name\" is missing"),
    (
        "delete",
        "Patient",
        r#",{"name":"index","valueInteger":1}"#,
        Class::Malformed,
        "\"index\" is no part of",
    ),
    (
        "delete",
        "Patient",
        r#",{"name":"note","valueString":"x"}"#,
        Class::Malformed,
        "\"note\" is no part of",
    ),
    (
        "delete",
        "Patient",
        r#",{"name":"path","valueString":"x"}"#,
        Class::Malformed,
        "\"path\" is given twice",
    ),
    (
        "move",
        "Patient.name",
        r#",{"name":"source","valueInteger":-1},{"name":"destination","valueInteger":0}"#,
        Class::Malformed,
        "\"source\" is a valueInteger of 0 or more",
    ),
    (
        "replace",
        "Patient.gender",
        r#",{"name":"value"}"#,
        Class::Malformed,
        "\"value[x], part or resource\" is missing",
    ),
    (
        "replace",
        "Patient.gender",
        r#",{"name":"value","valueCode":"male","valueString":"male"}"#,
        Class::Malformed,
        "\"valueString\" is given twice",
    ),
    (
        "replace",
        "Patient.gender",
        r#",{"name":"value","valueCode":"male"}"#,
        Class::Unprocessable,
        "operation 0, replace Patient.gender: nothing is there",
    ),
    (
        "delete",
        "Patient",
        "",
        Class::Unprocessable,
        "the path names no element of the resource that can be changed",
    ),
    ("delete", "Patient.name[0].given", "", Class::Unprocessable, "2 elements are there, where one is meant"),
    (
        "replace",
        "Patient.birthDate",
        r#",{"name":"value","valueInteger":1}"#,
        Class::Unprocessable,
        "birthDate takes date, not integer",
    ),
    (
        "replace",
        "Patient.name[0]",
        r#",{"name":"value","valueAddress":{}}"#,
        Class::Unprocessable,
        "name takes HumanName, not Address",
    ),
    (
        "replace",
        "Patient.multipleBirth",
        r#",{"name":"value","valueString":"x"}"#,
        Class::Unprocessable,
        "Patient.multipleBirth[x] takes boolean or integer, not string",
    ),
    (
        "insert",
        "Patient.name[0].given",
        r#",{"name":"index","valueInteger":3},{"name":"value","valueString":"x"}"#,
        Class::Unprocessable,
        "index 3 is outside the list of 2",
    ),
    (
        "insert",
        "Patient.name[0].given[0]",
        r#",{"name":"index","valueInteger":0},{"name":"value","valueString":"x"}"#,
        Class::Unprocessable,
        "the path does not name one list",
    ),
    ("delete", "1 + 1", "", Class::Unprocessable, "the path names no element"),
    ("delete", "name.first().given + 'x'", "", Class::Unprocessable, "the path cannot be evaluated"),
    ("delete", "Patient..name", "", Class::Malformed, "not a FHIRPath expression"),
    (
        "insert",
        "Patient.birthDate",
        r#",{"name":"index","valueInteger":0},{"name":"value","valueDate":"1971"}"#,
        Class::Unprocessable,
        "the path does not name one list",
    ),
    (
        "move",
        "Patient.name[0].given",
        r#",{"name":"source","valueInteger":0},{"name":"destination","valueInteger":2}"#,
        Class::Unprocessable,
        "index 2 is outside the list of 2",
    ),
];

#[test]
fn errors_tell_what_to_change() {
    for (kind, path, parts, class, message) in REFUSED {
        let error = patched(PATIENT, &operation(kind, path, parts)).expect_err(path);
        assert_eq!(error.class(), *class, "{error}");
        assert!(error.to_string().contains(message), "{error}");
    }
}

#[test]
fn what_is_added_must_be_an_element_that_is_not_there() {
    let value = r#",{"name":"value","valueBoolean":true}"#;
    for (element, message) in [
        ("birthdate", "Patient has no element \"birthdate\""),
        ("_active", "Patient has no element \"_active\""),
        ("resourceType", "Patient has no element \"resourceType\""),
        ("multipleBirth", "Patient.multipleBirthInteger is there already"),
        ("maritalStatus", "maritalStatus takes CodeableConcept, not boolean"),
    ] {
        let error = patched(PATIENT, &operation("add", "Patient", &(name(element) + value))).unwrap_err();
        assert!(error.to_string().contains(message), "{error}");
        assert_eq!(error.operation(), Some(0));
    }
}

#[test]
fn operations_see_what_those_before_them_did() {
    let operations = [
        operation("delete", "Patient.name[0]", ""),
        operation("add", "Patient", &(name("name") + r#",{"name":"value","valueHumanName":{"text":"n"}}"#)),
        operation("replace", "Patient.name[0].text", r#",{"name":"value","valueString":"m"}"#),
    ];
    let result = patched(PATIENT, &operations.join(",")).unwrap();
    assert!(result.ends_with(r#","name":[{"text":"m"}]}"#), "{result}");
    let error = patched(PATIENT, &[&operations[0][..], &operations[2]].join(",")).unwrap_err();
    assert_eq!(error.operation(), Some(1));
}
