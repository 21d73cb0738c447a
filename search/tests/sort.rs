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
fn read(page: impl FnMut(Option<&str>) -> Page, count: usize) -> Vec<usize> {
    let pages = both_ways(page);
    assert!(pages.iter().all(|page| page.hits.len() == count || page.next.is_none()));
    let hits = pages.iter().flat_map(|page| &page.hits);
    hits.map(|hit| hit.key.id.as_str()[1..].parse::<usize>().unwrap()).collect()
}

fn in_two_parts(engine: &Engine, query: &Query, cursor: Option<&str>) -> Page {
    let start = engine.start(query, cursor).unwrap();
    let shares = [[1, 2], [3, 4]];
    let part = |share: [u16; 2]| -> Part {
        let only: PartitionSet = share.into_iter().map(PartitionId).collect();
        engine.part(&NoRows, query, &only, start.as_ref()).unwrap()
    };
    engine.merged(query, start.as_ref(), shares.map(part).into())
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

/// Where matches are few among many terms, a page that goes back is begun with the dictionary and ended without it.
#[test]
fn a_page_that_goes_back_is_whole_where_the_dictionary_is_left_on_the_way() {
    let dir = tempfile::tempdir().unwrap();
    let options = search::Options { shards: 1, tail_docs_max: 1 << 14, ..options(1 << 14) };
    let engine = Engine::open(dir.path(), &options).unwrap().0;
    for name in 0..6_000 {
        let status = if name % 10 == 0 { "active" } else { "draft" };
        let json = format!(
            r#"{{"resourceType":"ValueSet","id":"p{name}","status":"{status}","title":"t{name:05}"}}"#
        );
        let change = put("ValueSet", &format!("p{name}"), 1, &json);
        engine.blocking_publish(partition(&change), name + 1, std::slice::from_ref(&change));
    }
    engine.close();
    let engine = Engine::open(dir.path(), &options).unwrap().0;
    for rule in ["title", "-title"] {
        let query = query(&format!("ValueSet?status=active&_sort={rule}&_count=100")).unwrap();
        let pages = both_ways(|cursor| engine.search(&query, cursor).unwrap());
        assert_eq!(pages.iter().map(|page| page.hits.len()).collect::<Vec<_>>(), [100; 6]);
    }
}

/// Value sets of few and of many titles, codes, dates and urls, some of them too long for a term.
fn value_set(name: usize, version: u64, mut chance: u64) -> Change {
    let mut next = |below: u64| {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (chance >> 33) % below
    };
    let id = format!("p{name}");
    if next(20) == 0 {
        return delete("ValueSet", &id, version);
    }
    let mut json = format!(r#"{{"resourceType":"ValueSet","id":"{id}""#);
    if next(4) > 0 {
        json += &format!(r#","status":"{}""#, ["draft", "active", "retired"][next(3) as usize]);
    }
    if next(4) > 0 {
        json += &format!(
            r#","date":"{}""#,
            ["2019", "2019-06", "2020-01-01", "1969-12-31T23:00:00Z"][next(4) as usize]
        );
    }
    if next(3) > 0 {
        let title = ["\u{df}", "ss", "St. Z", "\u{c9}", "e", "Zz"][next(6) as usize];
        json += &format!(r#","title":"{}{title}""#, "a".repeat([0, 62, 63, 64, 1100][next(5) as usize]));
    }
    if next(3) > 0 {
        json += &format!(r#","url":"http://x/{}{}""#, "u".repeat([0, 40, 1100][next(3) as usize]), next(900));
    }
    let identifiers: Vec<_> = (0..next(3))
        .map(|_| format!(r#"{{"system":"http://s{}","value":"{}"}}"#, next(3), next(400)))
        .collect();
    json += &format!(r#","identifier":[{{"system":"http://none"}},{}]}}"#, identifiers.join(","));
    put("ValueSet", &id, version, &json.replace(",]", "]"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() })]

    #[test]
    fn what_the_dictionary_and_the_columns_order_is_in_the_order_of_keys(
        chance in any::<u64>(),
        lead in prop::sample::select(vec!["", "", "", "date,", "-date,", "_lastUpdated,", "-_lastUpdated,"]),
        rules in prop::sample::subsequence(vec!["status", "date", "title", "url", "identifier", "_lastUpdated", "_id"], 1..=3).prop_shuffle(),
        flips in any::<[bool; 3]>(),
        condition in prop::sample::select(vec!["", "&status=active", "&date=ge2019-06", "&date=lt2020", "&date=2019", "&date=ne2019", "&_lastUpdated=gt2023-11-14T22:13:22Z", "&_lastUpdated=lt2023-11-14T22:13:22Z", "&status:not=active", "&url:missing=true"]),
        order_docs_min in prop::sample::select(vec![1_u32, 600, 100_000]),
        order_bytes_max in prop::sample::select(vec![0_usize, 30_000, 1 << 20]),
        count in prop::sample::select(vec![15_usize, 90, 500]),
        tail in 1..600_usize,
    ) {
        const NAMES: usize = 4_000;
        let options = search::Options { order_docs_min, order_bytes_max, ..options(1 << 14) };
        let rules = rules.iter().zip(flips).map(|(rule, flip)| format!("{}{rule}", if flip { "-" } else { "" }));
        let query = query(&format!("ValueSet?_sort={lead}{}{condition}&_count={count}&_total=accurate", rules.collect::<Vec<_>>().join(","))).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let (engine, _) = Engine::open(dir.path(), &options).unwrap();
        let memory = in_memory();
        let mut index = 0;
        let mut write = |engine: &Engine, names: std::ops::Range<usize>| {
            for name in names {
                index += 1;
                let change = value_set(name % NAMES, index, chance.wrapping_add(index));
                for engine in [engine, &memory] {
                    engine.blocking_publish(partition(&change), index, std::slice::from_ref(&change));
                }
            }
        };
        write(&engine, 0..NAMES);
        engine.close();
        let (engine, _) = Engine::open(dir.path(), &options).unwrap();
        write(&engine, NAMES - tail..NAMES + tail);
        let read = |engine: &Engine, total: &mut Option<u64>| {
            read(|cursor| {
                let page = engine.search(&query, cursor).unwrap();
                *total = page.total;
                page
            }, count)
        };
        let mut totals = [None, None];
        let [real, naive] = [read(&engine, &mut totals[0]), read(&memory, &mut totals[1])];
        prop_assert!(real == naive, "{:?}: the first that differ are {:?}", query, real.iter().zip(&naive).position(|(one, other)| one != other));
        prop_assert_eq!(totals[0], totals[1]);
        prop_assert_eq!(totals[0], Some(real.len() as u64));
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
