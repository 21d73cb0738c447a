//! What stands inside others, and by whom it is referred to there, is found as one would find it by hand: in segments, in the tail, in both.

mod support;

use proptest::prelude::*;
use search::query::Joined;
use search::{Facts, Query};
use std::collections::BTreeSet;
use storage::{Change, ChangeKind};
use support::*;

const FAMILIES: [&str; 3] = ["Ann", "Annas", "Zed"];

#[derive(Clone, Debug)]
struct Inside {
    family: usize,
    is_female: bool,
    year: u32,
}

/// An observation that contains patients, and may refer to one of them; or a patient that contains nothing.
#[derive(Clone, Debug)]
enum Resource {
    Observation { inside: Vec<Inside>, subject: Option<usize> },
    Patient(Inside),
}

fn person() -> impl Strategy<Value = Inside> {
    (0..FAMILIES.len(), any::<bool>(), 1970..1973_u32).prop_map(|(family, is_female, year)| Inside {
        family,
        is_female,
        year,
    })
}

fn resource() -> impl Strategy<Value = Resource> {
    let observation = (prop::collection::vec(person(), 0..3), prop::option::weighted(0.8, 0..3_usize))
        .prop_map(|(inside, subject)| Resource::Observation { inside, subject });
    prop_oneof![3 => observation, 1 => person().prop_map(Resource::Patient)]
}

fn json_of(person: &Inside, id: &str) -> String {
    let gender = if person.is_female { "female" } else { "male" };
    format!(
        r#"{{"resourceType":"Patient","id":"{id}","name":[{{"family":"{}"}}],"gender":"{gender}","birthDate":"{}"}}"#,
        FAMILIES[person.family], person.year
    )
}

fn change(number: usize, version: u64, resource: &Resource) -> Change {
    let id = format!("r{number}");
    match resource {
        Resource::Patient(person) => put("Patient", &id, version, &json_of(person, &id)),
        Resource::Observation { inside, subject } => {
            let all: Vec<String> =
                inside.iter().enumerate().map(|(at, one)| json_of(one, &format!("i{at}"))).collect();
            let contained =
                if all.is_empty() { String::new() } else { format!(r#","contained":[{}]"#, all.join(",")) };
            let subject =
                subject.map_or(String::new(), |at| format!(r##","subject":{{"reference":"#i{at}"}}"##));
            let json = format!(
                r#"{{"resourceType":"Observation","id":"{id}","status":"final","code":{{"text":"x"}}{contained}{subject}}}"#
            );
            put("Observation", &id, version, &json)
        }
    }
}

/// What is asked of a patient.
#[derive(Clone, Debug)]
enum Asked {
    Family(&'static str),
    NotGender(bool),
    Since(u32),
    Until(u32),
    NoActive(bool),
    Filter(&'static str, u32),
}

impl Asked {
    fn text(&self) -> String {
        match self {
            Asked::Family(start) => format!("family={start}"),
            Asked::NotGender(is_female) => {
                format!("gender:not={}", if *is_female { "female" } else { "male" })
            }
            Asked::Since(year) => format!("birthdate=ge{year}"),
            Asked::Until(year) => format!("birthdate=lt{year}"),
            Asked::NoActive(is_missing) => format!("active:missing={is_missing}"),
            Asked::Filter(part, year) => format!("_filter=family co {part} or birthdate eq {year}"),
        }
    }

    fn holds(&self, person: &Inside) -> bool {
        let family = FAMILIES[person.family].to_lowercase();
        match self {
            Asked::Family(start) => family.starts_with(start),
            Asked::NotGender(is_female) => person.is_female != *is_female,
            Asked::Since(year) => person.year >= *year,
            Asked::Until(year) => person.year < *year,
            Asked::NoActive(is_missing) => *is_missing,
            Asked::Filter(part, year) => family.contains(part) || person.year == *year,
        }
    }
}

fn asked() -> impl Strategy<Value = Asked> {
    prop_oneof![
        prop::sample::select(vec!["a", "ann", "annas", "z", "x"]).prop_map(Asked::Family),
        any::<bool>().prop_map(Asked::NotGender),
        (1970..1974_u32).prop_map(Asked::Since),
        (1970..1974_u32).prop_map(Asked::Until),
        any::<bool>().prop_map(Asked::NoActive),
        (prop::sample::select(vec!["nn", "ed"]), 1970..1973_u32)
            .prop_map(|(part, year)| Asked::Filter(part, year)),
    ]
}

fn name(number: usize, resource: &Resource) -> String {
    let t = match resource {
        Resource::Patient(_) => "Patient",
        Resource::Observation { .. } => "Observation",
    };
    format!("{}/r{number}", code(t).0)
}

/// Names of the resources for which `is_one` holds.
fn those(world: &[Resource], is_one: impl Fn(&Resource) -> bool) -> Vec<String> {
    let found = world.iter().enumerate().filter(|(_, one)| is_one(one));
    let mut names: Vec<String> = found.map(|(number, one)| name(number, one)).collect();
    names.sort();
    names
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn what_is_inside_is_found_as_by_hand(
        before in prop::collection::vec(resource(), 1..20),
        after in prop::collection::vec(resource(), 1..20),
        sealed in 0..40_usize,
        asked in prop::collection::vec(asked(), 1..3),
        count in 1..5_usize,
    ) {
        // What is written again under its number and type hides what was there.
        let mut world = before.clone();
        let mut changes: Vec<Change> = before.iter().enumerate().map(|(at, one)| change(at, 1, one)).collect();
        for (at, one) in after.iter().enumerate() {
            let is_alike = world.get(at).is_some_and(|old| name(at, old) == name(at, one));
            if at >= world.len() {
                changes.push(change(at, 1, one));
                world.push(one.clone());
            } else if is_alike {
                changes.push(change(at, 2, one));
                world[at] = one.clone();
            }
        }
        let (_dir, engines) = sealed_in_part(&changes, sealed);
        let is_asked = |person: &Inside| asked.iter().all(|one| one.holds(person));
        let inside = |one: &Resource| match one {
            Resource::Observation { inside, .. } => inside.iter().any(is_asked),
            Resource::Patient(_) => false,
        };
        let alone = |one: &Resource| matches!(one, Resource::Patient(person) if is_asked(person));
        let texts: Vec<String> = asked.iter().map(Asked::text).collect();
        let texts = texts.join("&");
        for (which, wanted) in [
            ("true", those(&world, inside)),
            ("both", those(&world, |one| inside(one) || alone(one))),
            ("false", those(&world, alone)),
        ] {
            let url = format!("Patient?{texts}&_contained={which}&_total=accurate&_count={count}");
            let query = query(&url).unwrap();
            for engine in &engines {
                prop_assert_eq!(found(engine, &query), wanted.clone(), "{}", url);
            }
        }
        // A chain goes to what is referred to, and nowhere else. Nobody else is found here.
        let first = &asked[0];
        if !matches!(first, Asked::Filter(..)) {
            let (parameter, value) = first.text().split_once('=').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
            let (chain, nobody) = (format!("subject:Patient.{parameter}"), Default::default());
            let joined = Joined { name: chain.clone(), value: value.clone(), few: vec![], many: nobody };
            let query = joined_query(&format!("Observation?{chain}={value}&_count={count}&_total=accurate"), &[joined]).unwrap();
            let wanted = those(&world, |one| match one {
                Resource::Observation { inside, subject: Some(at) } => inside.get(*at).is_some_and(|one| first.holds(one)),
                _ => false,
            });
            for engine in &engines {
                prop_assert_eq!(found(engine, &query), wanted.clone(), "{}={}", chain, value);
            }
        }
    }
}

#[test]
fn which_of_them_is_told() {
    let inside = |family, is_female| Inside { family, is_female, year: 1970 };
    let resource = Resource::Observation { inside: vec![inside(0, true), inside(2, false)], subject: None };
    let told = |query: &Query, change: &Change| {
        let ChangeKind::Put { index_values } = &change.kind else { panic!("a put") };
        let facts = Facts { type_code: change.key.type_code, id: &change.key.id, last_updated_ms: 0 };
        let values = fhir::index::Values::parse(index_values).unwrap();
        let (own, contained) = query.found_inside(&values, &facts);
        (own, contained.iter().map(|one| one.id.to_owned()).collect::<BTreeSet<_>>())
    };
    let set = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<BTreeSet<_>>();
    let observation = change(0, 1, &resource);
    for (url, wanted) in [
        ("Patient?_contained=true", set(&["i0", "i1"])),
        ("Patient?family=zed&_contained=both", set(&["i1"])),
        ("Patient?family=zed&gender=female&_contained=true", set(&[])),
        ("Group?_contained=true", set(&[])),
    ] {
        assert_eq!(told(&query(url).unwrap(), &observation), (false, wanted), "{url}");
    }
    let patient = change(1, 1, &Resource::Patient(inside(2, false)));
    assert_eq!(told(&query("Patient?family=zed&_contained=both").unwrap(), &patient), (true, set(&[])));
    assert_eq!(told(&query("Patient?family=zed&_contained=true").unwrap(), &patient), (false, set(&[])));
}
