//! What another search rests on: all that matches, or that matches refer to, as a set; and what is found by such sets, however they are split into
//! few that are named and many that are not. Held against resources that are gone through one by one.

mod support;

use fhir::definitions::{ParamId, ResourceType};
use proptest::prelude::*;
use proto::id::{PartitionId, ResourceId, Slot};
use search::page::sort_hash;
use search::query::Joined;
use search::{Engine, Gather, PartitionSet, Partitions, ResourceSet};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use storage::Change;
use support::*;

/// Nothing of these searches is read from rows.
struct NoRows;

impl Partitions for NoRows {
    fn of_slot(&self, _: Slot) -> Option<(PartitionId, Arc<storage::Partition>)> {
        None
    }
}

/// `Type/id`
type Name = (&'static str, String);

#[derive(Clone, Debug)]
enum Write {
    /// Number, whether female.
    Patient(usize, bool),
    Group(usize),
    Observation(Observation),
    Delete(Name),
}

#[derive(Clone, Debug)]
struct Observation {
    number: usize,
    code: u8,
    subject: Option<Name>,
    performers: Vec<Name>,
}

fn patients() -> impl Strategy<Value = Name> {
    (0..30_usize).prop_map(|number| ("Patient", format!("p{number}")))
}

fn writes() -> impl Strategy<Value = Vec<Write>> {
    let subject =
        prop_oneof![4 => patients(), 1 => (0..4_usize).prop_map(|number| ("Group", format!("g{number}")))];
    let performers = prop::collection::vec(patients(), 0..3);
    let observation = (0..60_usize, 0..3_u8, prop::option::weighted(0.9, subject), performers).prop_map(
        |(number, code, subject, performers)| {
            Write::Observation(Observation { number, code, subject, performers })
        },
    );
    let one = prop_oneof![
        4 => (0..30_usize, any::<bool>()).prop_map(|(number, female)| Write::Patient(number, female)),
        1 => (0..4_usize).prop_map(Write::Group),
        8 => observation,
        1 => patients().prop_map(Write::Delete),
        1 => (0..60_usize).prop_map(|number| Write::Delete(("Observation", format!("o{number}")))),
    ];
    prop::collection::vec(one, 1..150)
}

/// What there is after all writes, and how it came so.
#[derive(Default)]
struct World {
    changes: Vec<Change>,
    versions: BTreeMap<Name, u64>,
    /// Whether female.
    patients: BTreeMap<String, bool>,
    observations: BTreeMap<String, Observation>,
}

impl World {
    fn of(writes: &[Write]) -> World {
        let mut world = World::default();
        writes.iter().for_each(|write| world.write(write));
        world
    }

    fn put(&mut self, name: Name, json: &str) {
        let version = self.versions.entry(name.clone()).or_default();
        *version += 1;
        let json = format!(r#"{{"resourceType":"{}","id":"{}"{json}}}"#, name.0, name.1);
        self.changes.push(put(name.0, &name.1, *version, &json));
    }

    fn write(&mut self, write: &Write) {
        match write {
            Write::Patient(number, female) => {
                let id = format!("p{number}");
                let gender = if *female { "female" } else { "male" };
                self.put(("Patient", id.clone()), &format!(r#","gender":"{gender}""#));
                self.patients.insert(id, *female);
            }
            Write::Group(number) => self.put(("Group", format!("g{number}")), ""),
            Write::Observation(one) => {
                let id = format!("o{}", one.number);
                let reference = |(name, id): &Name| format!(r#"{{"reference":"{name}/{id}"}}"#);
                let subject = one
                    .subject
                    .as_ref()
                    .map_or(String::new(), |to| format!(r#","subject":{}"#, reference(to)));
                let performers: Vec<_> = one.performers.iter().map(reference).collect();
                let performers = match performers.is_empty() {
                    true => String::new(),
                    false => format!(r#","performer":[{}]"#, performers.join(",")),
                };
                let json =
                    format!(r#","code":{{"coding":[{{"code":"c{}"}}]}}{subject}{performers}"#, one.code);
                self.put(("Observation", id.clone()), &json);
                self.observations.insert(id, one.clone());
            }
            Write::Delete(name) => {
                let Some(version) = self.versions.get_mut(name) else { return };
                *version += 1;
                self.changes.push(delete(name.0, &name.1, *version));
                self.patients.remove(&name.1);
                self.observations.remove(&name.1);
            }
        }
    }

    fn females(&self) -> Vec<Name> {
        let females = self.patients.iter().filter(|(_, female)| **female);
        females.map(|(id, _)| ("Patient", id.clone())).collect()
    }
}

fn hash((name, id): &Name) -> u64 {
    sort_hash(TENANT, code(name), id)
}

fn hashes<'n>(names: impl IntoIterator<Item = &'n Name>) -> Vec<u64> {
    let hashes: BTreeSet<u64> = names.into_iter().map(hash).collect();
    hashes.into_iter().collect()
}

/// Every second one named.
fn joined(name: &str, value: &str, found: &[Name], few_of_two: usize) -> Joined {
    let (few, many): (Vec<_>, Vec<_>) = found.iter().enumerate().partition(|(at, _)| at % 2 < few_of_two);
    let few = few.into_iter().map(|(_, (name, id))| (code(name), ResourceId::parse(id).unwrap())).collect();
    let many = Arc::new(ResourceSet::new(many.into_iter().map(|(_, name)| hash(name)).collect()));
    Joined { name: name.to_owned(), value: value.to_owned(), few, many }
}

fn gather(engine: &Engine, url: &str, wanted: Gather, max: usize) -> search::Result<Vec<u64>> {
    engine.gather(&NoRows, &query(url).unwrap(), None, wanted, max)
}

fn param(code: &str) -> ParamId {
    ParamId::from_code(code).expect("a parameter")
}

fn names(resource_type: &str, ids: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut names: Vec<_> = ids.into_iter().map(|id| format!("{}/{id}", code(resource_type).0)).collect();
    names.sort();
    names
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn sets_are_what_matches_are_and_refer_to(writes in writes(), sealed in 0..150_usize, max in 0..20_usize) {
        let world = World::of(&writes);
        let (_dir, engines) = sealed_in_part(&world.changes, sealed);
        let females = hashes(&world.females());
        let of_code = || world.observations.values().filter(|one| one.code == 1);
        let subjects = hashes(of_code().filter_map(|one| one.subject.as_ref()));
        let performers = hashes(of_code().flat_map(|one| &one.performers));
        for engine in &engines {
            for (url, wanted, naive) in [
                ("Patient?gender=female", Gather::Itself, &females),
                ("Observation?code=c1", Gather::Targets(param("subject")), &subjects),
                ("Observation?code=c1", Gather::Targets(param("performer")), &performers),
            ] {
                prop_assert_eq!(&gather(engine, url, wanted, 1000).unwrap(), naive, "{}", url);
                let bounded = gather(engine, url, wanted, max);
                prop_assert_eq!(bounded.is_ok(), naive.len() <= max, "{} {}", url, max);
                // Of each partition alone they are the same together.
                let parts: Vec<Vec<u64>> = (1..=4).map(|number| {
                    let only: PartitionSet = [PartitionId(number)].into_iter().collect();
                    engine.gather(&NoRows, &query(url).unwrap(), Some(&only), wanted, 1000).unwrap()
                }).collect();
                prop_assert_eq!(&search::united(&parts, 1000).unwrap(), naive, "{} by parts", url);
                prop_assert_eq!(search::united(&parts, max).is_ok(), naive.len() <= max, "{} by parts", url);
            }
        }
    }

    #[test]
    fn sets_find_what_their_members_do(writes in writes(), sealed in 0..150_usize, few_of_two in 0..3_usize) {
        let world = World::of(&writes);
        let (_dir, engines) = sealed_in_part(&world.changes, sealed);
        let females = world.females();
        let refers = |one: &Observation, by: &str| match by {
            "subject" => one.subject.iter().any(|to| females.contains(to)),
            _ => one.performers.iter().any(|to| females.contains(to)),
        };
        for by in ["subject", "performer"] {
            let name = format!("{by}:Patient.gender");
            let joined = [joined(&name, "female", &females, few_of_two)];
            for (url, code) in [(format!("Observation?_count=7&{name}=female"), None), (format!("Observation?_count=7&_total=accurate&{name}=female&code=c2"), Some(2))] {
                let wanted = world.observations.iter().filter(|(_, one)| refers(one, by) && code.is_none_or(|code| one.code == code));
                let wanted = names("Observation", wanted.map(|(id, _)| id.clone()));
                let query = joined_query(&url, &joined).unwrap();
                for engine in &engines {
                    prop_assert_eq!(&found(engine, &query), &wanted, "{}", url);
                }
                assert_same_pages(&engines[0], &engines[1], &query);
            }
        }
        let subjects: BTreeSet<Name> =
            world.observations.values().filter(|one| one.code == 1).filter_map(|one| one.subject.clone()).collect();
        let all: Vec<Name> = subjects.iter().cloned().collect();
        let joined = [joined("_has:Observation:subject:code", "c1", &all, few_of_two)];
        for gender in ["", "&gender=male", "&gender:not=male", "&_sort=-gender,_id"] {
            let url = format!("Patient?_count=3&_total=accurate&_has:Observation:subject:code=c1{gender}");
            let is_wanted = |id: &String, female: bool| {
                subjects.contains(&("Patient", id.clone()))
                    && match gender { "&gender=male" => !female, "&gender:not=male" => female, _ => true }
            };
            let wanted = world.patients.iter().filter(|(id, female)| is_wanted(id, **female));
            let wanted = names("Patient", wanted.map(|(id, _)| id.clone()));
            let query = joined_query(&url, &joined).unwrap();
            for engine in &engines {
                prop_assert_eq!(&found(engine, &query), &wanted, "{}", url);
            }
            assert_same_pages(&engines[0], &engines[1], &query);
        }
    }
}

#[test]
fn parameters_of_these_tests_are_references() {
    let of = |code| {
        fhir::definitions::search_parameter(ResourceType::from_name("Observation").unwrap(), code).unwrap().id
    };
    assert_eq!((of("subject"), of("performer")), (param("subject"), param("performer")));
}
