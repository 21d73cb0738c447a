//! A short search does not become a large one: what its values stand for together is bounded.

mod support;

use proto::Code;
use support::query;

fn list(count: usize, value: impl Fn(usize) -> String) -> String {
    (0..count).map(value).collect::<Vec<_>>().join(",")
}

fn refused(url: &str, why: &str) {
    let error = query(url).err().unwrap_or_else(|| panic!("{} bytes are accepted", url.len()));
    assert!(error.to_string().contains(why), "{error}");
}

/// An id without a type may be of any type that the parameter points to: 148 for a Provenance's target.
#[test]
fn ids_without_a_type_are_one_condition_for_each_type() {
    let ids = list(100, |n| format!("i{n}"));
    assert!(query(&format!("Provenance?target={ids}")).is_ok());
    refused(&format!("Provenance?target={}", list(1000, |n| format!("i{n}"))), "[type]/[id]");
    let many = vec![format!("target={ids}"); 20].join("&");
    refused(&format!("Provenance?{many}"), "[type]/[id]");
    let typed = list(1000, |n| format!("Patient/i{n}"));
    assert!(query(&format!("Provenance?target={typed}")).is_ok());
    let error = query(&format!("Provenance?{many}")).unwrap_err();
    assert_eq!(error.code, Code::TooCostly, "{error}");
}

/// The codes of value sets count each.
#[test]
fn codes_of_value_sets_count_each() {
    let sets = |count| list(count, |_| "http://large".to_owned());
    assert!(query(&format!("Observation?code:in={}", sets(30))).is_ok());
    refused(&format!("Observation?code:in={}", sets(40)), "conditions");
    refused(&format!("Observation?code:in={0}&code:not-in={0}", sets(20)), "conditions");
}

/// Those of each component of a composite count.
#[test]
fn components_count_each() {
    let of = |id: &str| format!("DocumentReference?relationship={id}$replaces");
    assert_eq!(query(&of("x")).unwrap().expr.conditions(), 2);
    let values = list(1000, |n| format!("c{n}$gt{n}"));
    let many = vec![format!("code-value-quantity={values}"); 4].join("&");
    assert_eq!(query(&format!("Observation?{many}")).unwrap().expr.conditions(), 8000);
    let contexts = list(1000, |n| format!("c{n}$1"));
    let many = vec![format!("context-type-quantity={contexts}"); 3].join("&");
    assert!(query(&format!("ValueSet?{many}")).is_ok());
}

/// Those of a filter count each, whatever stands between them.
#[test]
fn comparisons_of_a_filter_count_each() {
    let of = |count: usize| vec!["code in http://large"; count].join(" or ");
    assert_eq!(query(&format!("Observation?_filter={}", of(3))).unwrap().expr.conditions(), 3000);
    refused(&format!("Observation?_filter={}", of(40)), "conditions");
    refused(&format!("Observation?_filter={0}&_filter={0}", of(20)), "conditions");
    let ids = |name: &str| vec![format!("target {name} i1"); 300].join(" and ");
    for operator in ["re", "ne"] {
        refused(&format!("Provenance?_filter={}", ids(operator)), "[type]/[id]");
    }
}

/// What one value is made of cannot reach the bound by itself.
#[test]
fn a_url_of_many_segments_is_refused() {
    assert!(query(&format!("ValueSet?url:above=http://a{}", "/x".repeat(400))).is_ok());
    refused(&format!("ValueSet?url:above=http://a{}", "/".repeat(32_000)), "1024");
    let urls = list(20, |_| format!("http://a{}", "/".repeat(1000)));
    refused(&format!("ValueSet?url:above={urls}"), "conditions");
}

/// Values that stand for themselves are bounded by their number and bytes alone.
#[test]
fn plain_values_are_never_too_many() {
    let names = list(1000, |n| format!("n{n}"));
    let many = vec![format!("name={names}"); 10].join("&");
    assert!(query(&format!("Patient?{many}")).is_ok());
}
