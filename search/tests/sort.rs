//! Pages in an order that is asked for are those of a naive one, whatever is sealed, and whoever holds which partition.

mod support;

use proptest::prelude::*;
use proto::id::{PartitionId, Slot};
use search::{Engine, Page, Part, PartitionSet, Partitions, Query};
use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use storage::Change;
use support::*;

const FAMILIES: [&str; 5] = ["Ärger", "arg", "Zed", "Müller", "mueller"];
/// As they are searched.
const FOLDED: [&str; 5] = ["arger", "arg", "zed", "muller", "mueller"];
const DAYS: [&str; 4] = ["1970", "1970-06", "1969-12-31", "2001-01-01T10:00:00Z"];
/// The starts of those, in order of time.
const STARTS: [i64; 4] = [1, 2, 0, 3];

#[derive(Clone, Debug, Default)]
struct Person {
    version: u64,
    /// Several names, of which the first in the order counts.
    families: Vec<usize>,
    day: Option<usize>,
    is_gone: bool,
}

fn person() -> impl Strategy<Value = (usize, Person)> {
    let families = prop::collection::vec(0..FAMILIES.len(), 0..3);
    let day = prop::option::weighted(0.8, 0..DAYS.len());
    (0..25_usize, families, day, prop::bool::weighted(0.1))
        .prop_map(|(name, families, day, is_gone)| (name, Person { version: 0, families, day, is_gone }))
}

fn change(name: usize, person: &Person) -> Change {
    let id = format!("p{name}");
    if person.is_gone {
        return delete("Patient", &id, person.version);
    }
    let names: Vec<String> =
        person.families.iter().map(|family| format!(r#"{{"family":"{}"}}"#, FAMILIES[*family])).collect();
    let names = match names.is_empty() {
        true => String::new(),
        false => format!(r#","name":[{}]"#, names.join(",")),
    };
    let born = person.day.map_or(String::new(), |day| format!(r#","deceasedDateTime":"{}""#, DAYS[day]));
    let json = format!(r#"{{"resourceType":"Patient","id":"{id}"{names}{born}}}"#);
    put("Patient", &id, person.version, &json)
}

/// What a rule orders by, of one person; `None`: there is no value.
fn value(rule: &str, name: usize, person: &Person) -> Option<String> {
    match rule {
        "family" => person.families.iter().map(|family| FOLDED[*family].to_owned()).min(),
        "-family" => person.families.iter().map(|family| FOLDED[*family].to_owned()).max(),
        "death-date" | "-death-date" => person.day.map(|day| STARTS[day].to_string()),
        "_id" | "-_id" => Some(format!("p{name}")),
        // Times are those of versions.
        _ => Some(format!("{:09}", person.version)),
    }
}

fn compare(rule: &str, one: &Option<String>, other: &Option<String>) -> Ordering {
    match (one, other) {
        (Some(one), Some(other)) if rule.starts_with('-') => other.cmp(one),
        (Some(one), Some(other)) => one.cmp(other),
        // What has none comes last, in either direction.
        _ => one.is_none().cmp(&other.is_none()),
    }
}

type Keys = Vec<Option<String>>;

struct NoRows;

impl Partitions for NoRows {
    fn of_slot(&self, _: Slot) -> Option<(PartitionId, Arc<storage::Partition>)> {
        None
    }
}

/// The names of all hits, page by page.
fn read(mut page: impl FnMut(Option<&str>) -> Page, count: usize) -> Vec<usize> {
    let (mut found, mut cursor) = (vec![], None::<String>);
    loop {
        let Page { hits, next, .. } = page(cursor.as_deref());
        assert!(hits.len() == count || next.is_none());
        found.extend(hits.iter().map(|hit| hit.key.id.as_str()[1..].parse::<usize>().unwrap()));
        cursor = next;
        if cursor.is_none() {
            return found;
        }
    }
}

fn in_two_parts(engine: &Engine, query: &Query, cursor: Option<&str>) -> Page {
    let after = engine.after(query, cursor).unwrap();
    let shares = [[1, 2], [3, 4]];
    let part = |share: [u16; 2]| -> Part {
        let only: PartitionSet = share.into_iter().map(PartitionId).collect();
        engine.part(&NoRows, query, &only, after.as_ref()).unwrap()
    };
    engine.merged(query, after.as_ref(), shares.map(part).into())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..Default::default() })]

    #[test]
    fn an_order_is_that_of_a_naive_sort(
        writes in prop::collection::vec(person(), 1..80),
        rules in prop::sample::subsequence(vec!["family", "-death-date", "_lastUpdated"], 1..=3),
        flipped in any::<bool>(),
        sealed in any::<bool>(),
        count in 1..9_usize,
    ) {
        let rules: Vec<String> = rules
            .iter()
            .map(|rule| match (flipped, rule.strip_prefix('-')) {
                (false, _) => (*rule).to_owned(),
                (true, Some(rule)) => rule.to_owned(),
                (true, None) => format!("-{rule}"),
            })
            .collect();
        let dir = tempfile::tempdir().unwrap();
        let mut engine = match sealed {
            true => Engine::open(dir.path(), &options(4096)).unwrap().0,
            false => in_memory(),
        };
        let mut people: BTreeMap<usize, Person> = BTreeMap::new();
        let half = writes.len() / 2;
        for (index, (name, mut person)) in (1..).zip(writes) {
            person.version = index as u64;
            let change = change(name, &person);
            people.insert(name, person);
            engine.blocking_publish(partition(&change), index as u64, &[change]);
            if sealed && index == half {
                engine.close();
                engine = Engine::open(dir.path(), &options(4096)).unwrap().0;
            }
        }
        people.retain(|_, person| !person.is_gone);
        let keys = |name: usize| -> Keys { rules.iter().map(|rule| value(rule, name, &people[&name])).collect() };
        let mut expected: Vec<Keys> = people.keys().map(|name| keys(*name)).collect();
        expected.sort_by(|one, other| {
            let each = rules.iter().zip(one.iter().zip(other));
            each.map(|(rule, (one, other))| compare(rule, one, other)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
        });
        let query = query(&format!("Patient?_sort={}&_count={count}", rules.join(","))).unwrap();
        let whole = read(|cursor| engine.search(&query, cursor).unwrap(), count);
        prop_assert_eq!(whole.iter().map(|name| keys(*name)).collect::<Vec<_>>(), expected, "{:?}", rules);
        prop_assert_eq!(whole.iter().copied().collect::<BTreeSet<_>>(), people.keys().copied().collect());
        let parts = read(|cursor| in_two_parts(&engine, &query, cursor), count);
        prop_assert_eq!(parts, whole);
    }
}

#[test]
fn what_has_no_order_or_is_not_known_is_refused_under_either_handling() {
    for text in ["", "foo", "family,", "near", "-", "family,foo"] {
        let error = query(&format!("Patient?_sort={text}")).unwrap_err();
        assert_eq!(error.code, proto::Code::BadParameter, "{text}");
    }
    for text in ["code-value-quantity", "-component-code-value-concept"] {
        assert!(query(&format!("Observation?_sort={text}")).is_err(), "{text}");
    }
    assert!(query("Observation?_sort:desc=date").is_err());
    assert!(query("Patient?_sort=family&_sort=-birthdate").is_ok());
    assert!(query("?_sort=-_lastUpdated").is_ok());
    assert!(query("?_sort=date&_type=Observation,Condition").is_err(), "only one of them has it");
}
