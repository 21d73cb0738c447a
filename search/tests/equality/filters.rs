//! Filters, made up.

use proptest::prelude::*;

const ORDERED: [&str; 10] = ["eq", "ne", "gt", "lt", "ge", "le", "ap", "sa", "eb", "po"];

const OBSERVED: [&str; 20] = [
    "code eq c0",
    "code eq http://s0|c1",
    "code ne c1",
    "code ne http://s1|c2",
    "code in http://vs",
    "code ni http://vs",
    "code ss http://s1|c1",
    "code sb http://s1|c2",
    "code pr true",
    "code pr false",
    "value-quantity pr true",
    "subject re Patient/p0",
    "subject eq p0",
    "subject ne Patient/p1",
    "subject ne p0",
    "component-code-value-quantity eq c0$gt1",
    "component-code-value-quantity pr false",
    "_id eq o1",
    "_id ne o2",
    "status eq \"final\"",
];

const PEOPLE: [&str; 6] = [
    "name ne \"Muller\"",
    "name pr false",
    "active eq true",
    "active in http://flags",
    "birthdate ge 1951",
    "identifier ne http://i0|1",
];

/// About observations.
pub fn observed() -> impl Strategy<Value = String> {
    let date = prop::sample::select(vec!["2018", "2019-03", "2019-03-07", "2020-03-10T10:00:00Z"]);
    let amount = prop::sample::select(vec![
        "0",
        "1.0",
        "-0.5||u0",
        "10|http://u0|u1",
        "0.15",
        "1|http://unitsofmeasure.org|mg/dL",
    ]);
    filter(prop_oneof![
        3 => prop::sample::select(OBSERVED.to_vec()).prop_map(str::to_owned),
        1 => (0..10usize, date).prop_map(|(o, d)| format!("date {} {d}", ORDERED[o])),
        1 => (0..9usize, amount).prop_map(|(o, n)| format!("value-quantity {} {n}", ORDERED[o])),
        1 => (0..10usize, 0..5u8)
            .prop_map(|(o, ms)| format!("_lastUpdated {} 2023-11-14T22:13:20.00{ms}Z", ORDERED[o])),
    ])
}

/// About people.
pub fn people() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["m", "Mül", "MULLER", "mc donald", "annx", "ald", "日本", "zz"]);
    filter(prop_oneof![
        2 => (prop::sample::select(vec!["eq", "ne", "co", "sw", "ew"]), name)
            .prop_map(|(o, n)| format!("name {o} \"{n}\"")),
        1 => prop::sample::select(PEOPLE.to_vec()).prop_map(str::to_owned),
    ])
}

/// Comparisons, joined in every way.
fn filter(leaf: impl Strategy<Value = String> + 'static) -> impl Strategy<Value = String> {
    leaf.prop_recursive(4, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|one| format!("not({one})")),
            inner.clone().prop_map(|one| format!("({one})")),
            (inner.clone(), inner.clone()).prop_map(|(one, other)| format!("{one} and {other}")),
            (inner.clone(), inner).prop_map(|(one, other)| format!("{one} or {other}")),
        ]
    })
}
