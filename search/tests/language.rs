//! What is refused, what is ignored and reported, and that nothing is silently unfiltered.

mod support;

use fhir::index::Bases;
use proto::{Code, Error};
use search::{Limits, Query, Request, Tell};
use support::{TENANT, query};

fn lenient(parameters: &[(&str, &str)]) -> Result<Query, Error> {
    let parameters: Vec<_> = parameters.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    let request = Request {
        resource_type: Some("Patient"),
        parameters: &parameters,
        compartment: None,
        strict: false,
        bases: Bases::default(),
        came_by: None,
        joined: &[],
        custom: None,
        now_ms: 0,
    };
    Query::compile(TENANT, &request, &Limits::default(), &search::NoTerminology)
}

#[test]
fn unknown_and_later_ones_are_errors_that_name_them() {
    for (url, name) in [
        ("Patient?nonsense=1", "nonsense"),
        ("Patient?general-practitioner.name=x", "general-practitioner.name"),
        ("Observation?subject:Patient.name=x", "subject:Patient.name"),
        ("Patient?_sort=nonsense", "_sort"),
        ("Patient?_include=Patient:name", "_include"),
        ("Patient?_include:all=Patient:organization", "_include:all"),
        ("Patient?_include=*&_summary=text", "_summary"),
        ("Patient?_has:Observation:patient:code=x", "_has:Observation:patient:code"),
        ("Patient?name:text=x", "name:text"),
        ("Patient?organization:text=x", "organization:text"),
        ("Location?partof:below=Location/x", "partof:below"),
        ("Observation?code-value-quantity:not=a$1", "code-value-quantity:not"),
        ("Observation?code-value-quantity=a", "code-value-quantity"),
        ("Observation?code-value-quantity=a$1$2", "code-value-quantity"),
        ("Observation?code-value-quantity=a$", "code-value-quantity"),
        ("Observation?code-value-quantity=a,b$1", "code-value-quantity"),
        ("Patient?identifier:of-type=a|b", "identifier:of-type"),
        ("Patient?identifier:of-type=a||c", "identifier:of-type"),
        ("Patient?organization:identifier=a|b|c", "organization:identifier"),
        ("Observation?code:in=http://nowhere", "code:in"),
        ("Observation?code:below=c0", "code:below"),
        ("ValueSet?url:below=urn:oid:1", "url:below"),
        ("Observation?code-value-quantity=a$b", "code-value-quantity"),
        ("Observation?subject:Medication=x", "subject:Medication"),
        ("?name=x", "name"),
    ] {
        let error = query(url).expect_err(url);
        assert_eq!(error.code, Code::BadParameter, "{url}");
        assert!(error.diagnostics().contains(&format!("'{name}'")), "{}", error.diagnostics());
    }
    assert_eq!(query("Patent?name=x").unwrap_err().code, Code::UnknownType);
}

#[test]
fn lenient_handling_ignores_and_reports() {
    let query = lenient(&[("nonsense", "1"), ("name", "a"), ("_score", "true")]).unwrap();
    assert_eq!(query.used, [("name".to_owned(), "a".to_owned())]);
    let told: Vec<_> = query.issues.iter().map(|issue| issue.diagnostics.as_str()).collect();
    assert!(told.len() == 2 && told[0].contains("nonsense") && told[1].contains("_score"), "{told:?}");
}

#[test]
fn what_would_choose_is_never_left_out() {
    for (name, value) in [
        ("name:text", "x"),
        ("name:nonsense", "x"),
        ("birthdate:exact", "2020"),
        ("general-practitioner.name", "x"),
        ("general-practitioner:Practitioner.name", "x"),
        ("nonsense.name", "x"),
        ("_has:Observation:patient:code", "x"),
        ("_filter", "nonsense eq x"),
        ("_filter", "name eq a and nonsense eq x"),
        ("_filter", "organization.name eq x"),
        ("_filter", "name gt a"),
        ("_filter", "_filter eq x"),
        ("_filter", "_text co x"),
        ("_filter", "_id gt x"),
        ("_filter", "_lastUpdated pr true"),
        ("_filter:exact", "name eq x"),
        ("_content", "x"),
        ("_text:exact", "x"),
        ("_list", "42"),
        ("_list:not", "42"),
        ("_id:not", "x"),
        ("_id:missing", "true"),
        ("_lastUpdated:missing", "true"),
        ("_type:not", "Patient"),
        ("_count:exact", "1"),
        ("organization:text", "a"),
        ("gender:in", "http://nowhere"),
        ("_filter", "gender in http://nowhere"),
    ] {
        let error = lenient(&[(name, value)]).expect_err(name);
        assert_eq!((error.code, error.issues[0].code), (Code::BadParameter, "not-supported"), "{name}");
        assert!(error.diagnostics().contains(&format!("'{name}'")), "{}", error.diagnostics());
    }
}

#[test]
fn what_is_wrong_in_a_filter_is_told_with_its_place() {
    for (filter, told) in [
        ("name eq x or (birthdate ge soon)", "at character 15: 'birthdate': 'gesoon' is no date"),
        ("name eq x, gender eq male", "at character 12: 'and' or 'or' is expected"),
        (
            "gender co x",
            "at character 1: 'gender': a token takes eq, ne, pr, ss, sb, in, ni, and 'co' is none of them",
        ),
    ] {
        let error = lenient(&[("_filter", filter)]).expect_err(filter);
        assert!(error.diagnostics().contains(told), "{}", error.diagnostics());
    }
}

#[test]
fn a_filter_is_the_same_conditions_as_parameters() {
    let canonical = |parameters: &[(&str, &str)]| lenient(parameters).unwrap().canonical().unwrap();
    for (filter, parameters) in [
        ("gender eq male and birthdate ge 1970", &[("gender", "male"), ("birthdate", "ge1970")][..]),
        ("gender eq male or gender eq female", &[("gender", "male,female")]),
        ("not(gender eq male)", &[("gender:not", "male")]),
        ("family sw \"a,b\" and family co \"c|d\"", &[("family", r"a\,b"), ("family:contains", r"c\|d")]),
        ("organization re Organization/x", &[("organization", "Organization/x")]),
        ("name pr false", &[("name:missing", "true")]),
        ("_id eq x", &[("_id", "x")]),
    ] {
        assert_eq!(canonical(&[("_filter", filter)]), canonical(parameters), "{filter}");
    }
}

#[test]
fn a_link_of_what_was_used_is_the_same_search() {
    let ignored = lenient(&[("nonsense", "1"), ("name", "a"), ("_score", "true"), ("_count", "7")]).unwrap();
    let used: Vec<_> = ignored.used.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let linked = lenient(&used).unwrap();
    assert_eq!((linked.digest, &linked.expr, linked.count), (ignored.digest, &ignored.expr, 7));
    assert!(linked.issues.is_empty() && ignored.issues.len() == 2);
}

#[test]
fn includes_choose_nothing_and_stay_in_links() {
    let plain = lenient(&[("name", "a")]).unwrap();
    let shown = lenient(&[
        ("_include", "Patient:organization"),
        ("name", "a"),
        ("_revinclude:iterate", "Observation:subject"),
    ])
    .unwrap();
    assert_eq!((plain.digest, &plain.expr), (shown.digest, &shown.expr));
    assert_eq!((plain.includes.len(), shown.includes.len(), shown.used.len()), (0, 2, 3));
    assert!(shown.includes[1].reverse && shown.includes[1].iterates && shown.issues.is_empty());
}

#[test]
fn unusable_values_are_errors_under_any_handling() {
    for (name, value) in [
        ("birthdate", "yesterday"),
        ("birthdate", ""),
        ("name", ""),
        ("name", "a,,b"),
        ("identifier", "|"),
        ("identifier", "a|b|c"),
        ("organization", "Nothing/1"),
        ("organization", "a b"),
        ("_id", "a b"),
        ("_id", ""),
        ("_lastUpdated", "x"),
        ("_filter", ""),
        ("_filter", "name eq"),
        ("_filter", "name eq \"\""),
        ("_filter", "name eq x y"),
        ("_filter", "(name eq x"),
        ("_filter", "birthdate eq gt2020"),
        ("_filter", "birthdate po ge2020"),
        ("_filter", "_id eq \"a b\""),
        ("_filter", "name pr yes"),
        ("_count", "many"),
        ("_count", "-1"),
        ("_total", "x"),
        ("_summary", "x"),
        ("name:missing", "x"),
        ("gender:text", "\u{301}"),
        ("identifier:of-type", "a|b|c|d"),
        ("organization:identifier", "|"),
        ("_type", "Patient"),
        ("_include", ""),
        ("_include", "Patient:nothing"),
        ("_include:iterate", "Nothing:*"),
        ("_revinclude", "Observation:subject:Organization"),
    ] {
        let error = lenient(&[(name, value)]).expect_err(name);
        assert_eq!(error.code, Code::BadParameter, "{name}={value}");
        assert!(error.diagnostics().contains(&format!("'{name}'")), "{}", error.diagnostics());
    }
}

#[test]
fn limits_hold() {
    let limits = Limits::default();
    let many = vec![("name", "a"); limits.parameters_max + 1];
    assert_eq!(lenient(&many).unwrap_err().code, Code::TooCostly);
    let values = vec!["a"; limits.values_max + 1].join(",");
    for name in ["name", "_id"] {
        assert_eq!(lenient(&[(name, &values)]).unwrap_err().code, Code::TooCostly);
    }
    assert_eq!(
        lenient(&[("name", &"a".repeat(limits.value_bytes_max + 1))]).unwrap_err().code,
        Code::TooCostly
    );
    let tests = vec!["name eq a"; limits.values_max + 1].join(" or ");
    for filter in [tests, "not(".repeat(100) + "name eq a"] {
        assert_eq!(lenient(&[("_filter", &filter)]).unwrap_err().code, Code::TooCostly);
    }
    assert_eq!(lenient(&[("_count", "1000000")]).unwrap().count, limits.count_max);
    assert_eq!(lenient(&[]).unwrap().count, 20);
    let told = |pairs: &[(&str, &str)]| lenient(pairs).unwrap().tell;
    assert_eq!([told(&[]), told(&[("_count", "0")])], [Tell::Few, Tell::All]);
    assert_eq!([told(&[("_total", "none")]), told(&[("_total", "accurate")])], [Tell::Nothing, Tell::All]);
    assert_eq!(told(&[("_total", "none"), ("_count", "0")]), Tell::All);
}

#[test]
fn the_digest_is_of_what_matches_not_of_the_page() {
    let digest = |url: &str| query(url).unwrap().digest;
    assert_eq!(digest("Patient?name=a&_count=3"), digest("Patient?name=a&_total=accurate"));
    assert_ne!(digest("Patient?name=a"), digest("Patient?name=b"));
    assert_ne!(digest("Patient?name=a"), digest("Practitioner?name=a"));
}
