//! Searches the rows answer: by id, by patient, by membership; and that they agree with the index.

mod support;

use fhir::index::Bases;
use proto::id::{CompartmentKey, PartitionId, ResourceId, ResourceKey, Slot, home_slot};
use proto::log::v1 as log;
use search::{Engine, Limits, Partitions, Query, Request, Scope};
use std::sync::Arc;
use storage::{Disk, Entry, EntryPayload, Partition, Store};
use support::{TENANT, code, options, query, values};

struct Node {
    store: Store,
    engine: Engine,
    _dir: Option<tempfile::TempDir>,
}

fn partition_of(slot: Slot) -> PartitionId {
    PartitionId(slot.0 % 4 + 1)
}

impl Partitions for Node {
    fn of_slot(&self, slot: Slot) -> Option<(PartitionId, Arc<Partition>)> {
        let id = partition_of(slot);
        Some((id, self.store.partition(id).expect("a partition")))
    }
}

impl Node {
    fn new(dir: Option<tempfile::TempDir>) -> Self {
        let engine = match &dir {
            Some(dir) => Engine::open(dir.path(), &options(4096)).expect("an engine").0,
            None => support::in_memory(),
        };
        Node { store: Store::in_memory(&Disk::default()), engine, _dir: dir }
    }

    fn apply(&self, id: PartitionId, mutation: log::mutation::Kind) {
        let partition = self.store.partition(id).expect("a partition");
        let write =
            log::Write { mutations: vec![log::Mutation { kind: Some(mutation) }], ..log::Write::default() };
        let kind = Some(log::command::Kind::Write(write));
        let command = log::Command { time_ms: 1, tenant: TENANT.0, kind };
        let index = partition.applied().index + 1;
        let entry = Entry { index, term: 1, payload: EntryPayload::Command(command) };
        let (applied, changes) = partition.apply(&[entry]).expect("applied").remove(0);
        assert_eq!(applied, storage::Applied::Done);
        self.engine.blocking_publish(id, index, &changes);
    }

    /// Stores `json` in the compartment of `owner`, with a directory row where its id does not lead there.
    fn create(&self, owner: (&str, &str), name: &str, id: &str, json: &str) {
        let id_of = |text: &str| ResourceId::parse(text).expect("an id");
        let compartment = CompartmentKey::of(TENANT, code(owner.0), id_of(owner.1));
        let key = ResourceKey { compartment, type_code: code(name), id: id_of(id) };
        let version = log::Version {
            version: 1,
            last_updated_ms: 5,
            method: log::Method::Create as i32,
            body: json.as_bytes().to_vec().into(),
            ..Default::default()
        };
        let put = log::Put {
            key: Some(key.into()),
            expected_version: 0,
            version: Some(version),
            index_values: values(json).to_vec().into(),
            ..Default::default()
        };
        self.apply(partition_of(compartment.slot), log::mutation::Kind::Put(put));
        if !key.is_own() {
            let home = home_slot(TENANT, key.type_code, id);
            let locate = log::Locate {
                home_slot: u32::from(home.0),
                type_code: u32::from(key.type_code.0),
                id: id.to_owned(),
                compartment: Some(compartment.into()),
                ..Default::default()
            };
            self.apply(partition_of(home), log::mutation::Kind::Locate(locate));
        }
    }

    fn ids(&self, query: &Query) -> Vec<String> {
        let (mut all, mut cursor) = (Vec::new(), None);
        loop {
            let page = self.engine.answer(self, query, cursor.as_deref()).expect("a page");
            all.extend(page.hits.iter().map(|hit| hit.key.id.to_string()));
            cursor = page.next;
            if cursor.is_none() {
                assert!(
                    page.total.is_none_or(|total| total as usize == all.len()),
                    "{:?} {all:?}",
                    page.total
                );
                all.sort();
                return all;
            }
        }
    }
}

fn observation(id: &str, subject: &str, performer: &str) -> String {
    format!(
        r#"{{"resourceType":"Observation","id":"{id}","status":"final","code":{{"coding":[{{"code":"c"}}]}},
        "subject":{{"reference":"{subject}"}},"performer":[{{"reference":"{performer}"}}]}}"#
    )
}

/// One with an index, one without.
fn hospitals() -> [Node; 2] {
    [Some(support::folder()), None].map(hospital)
}

fn hospital(dir: Option<tempfile::TempDir>) -> Node {
    let node = Node::new(dir);
    for id in ["x", "y"] {
        node.create(("Patient", id), "Patient", id, &format!(r#"{{"resourceType":"Patient","id":"{id}"}}"#));
    }
    for i in 0..7 {
        let id = format!("ox{i}");
        node.create(("Patient", "x"), "Observation", &id, &observation(&id, "Patient/x", "Patient/x"));
    }
    node.create(("Patient", "y"), "Observation", "oy", &observation("oy", "Patient/y", "Patient/x"));
    node
}

fn compartment_search(t: &str, parameters: &str) -> Query {
    search_in(("Patient", "x"), Some(t), parameters).expect("a query")
}

/// Of one type of members, or of all.
fn search_in(owner: (&str, &str), t: Option<&str>, parameters: &str) -> Result<Query, proto::Error> {
    let pair = |part: &str| part.split_once('=').map(|(a, b)| (a.to_owned(), b.to_owned())).expect("a=b");
    let parameters: Vec<_> = parameters.split('&').filter(|part| !part.is_empty()).map(pair).collect();
    let request = Request {
        resource_type: t,
        parameters: &parameters,
        compartment: Some(owner),
        strict: true,
        bases: Bases::default(),
        came_by: None,
        joined: &[],
        custom: None,
        now_ms: 0,
    };
    Query::compile(TENANT, &request, &Limits::default(), &search::NoTerminology)
}

#[test]
fn a_patients_own_resources_come_from_the_compartment() {
    for node in hospitals() {
        for url in [
            "Observation?patient=x&_count=3&_total=accurate",
            "Observation?subject=Patient/x&code=c&_count=2",
        ] {
            let query = query(url).unwrap();
            assert!(matches!(query.scope(), Scope::Compartment(_)), "{url}: {:?}", query.scope());
            assert_eq!(node.ids(&query).len(), 7);
            // The index says the same.
            assert_eq!(support::found(&node.engine, &query).len(), 7);
        }
        let population = query("Observation?patient=x,y").unwrap();
        assert_eq!((population.scope(), node.ids(&population).len()), (&Scope::Population, 8));
        let performed = query("Observation?performer=Patient/x").unwrap();
        assert_eq!((performed.scope(), node.ids(&performed).len()), (&Scope::Population, 8));
    }
}

#[test]
fn a_compartment_search_finds_members_that_live_elsewhere() {
    for node in hospitals() {
        let query = compartment_search("Observation", "_count=3&_total=accurate");
        assert!(matches!(query.scope(), Scope::Membership(_)));
        let ids = node.ids(&query);
        assert_eq!((ids.len(), ids.contains(&"oy".to_owned())), (8, true));
        assert_eq!(node.ids(&compartment_search("Patient", "_total=accurate")), ["x"]);
    }
}

#[test]
fn members_of_every_compartment_are_found_by_type_and_all_at_once() {
    for node in hospitals() {
        // An account's `owner` is an organization, and what an organization owns is in no compartment.
        let others = [
            (
                "Encounter",
                "e",
                r#""status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/x"},"participant":[{"individual":{"reference":"Practitioner/d"}}]"#,
            ),
            (
                "Condition",
                "c",
                r#""subject":{"reference":"Patient/x"},"encounter":{"reference":"Encounter/e"},"asserter":{"reference":"RelatedPerson/r"}"#,
            ),
            (
                "Observation",
                "m",
                r#""status":"final","code":{"text":"m"},"subject":{"reference":"Patient/y"},"encounter":{"reference":"Encounter/e"},"performer":[{"reference":"Practitioner/d"}],"device":{"reference":"Device/v"}"#,
            ),
            (
                "Account",
                "a",
                r#""status":"active","subject":[{"reference":"Patient/x"}],"owner":{"reference":"Organization/d"}"#,
            ),
            ("Practitioner", "d", r#""active":true"#),
            ("Patient", "d", r#""active":true"#),
        ];
        for (name, id, rest) in others {
            let patient = ["Patient/x", "Patient/y"].into_iter().find(|patient| rest.contains(patient));
            let owner = patient.map_or((name, id), |patient| ("Patient", &patient[8..]));
            node.create(owner, name, id, &format!(r#"{{"resourceType":"{name}","id":"{id}",{rest}}}"#));
        }
        let found = |owner: (&str, &str), t, parameters: &str| {
            let query = search_in(owner, t, parameters).expect("a query");
            let ids = node.ids(&query);
            let indexed = support::found(&node.engine, &query);
            let mut indexed: Vec<_> =
                indexed.iter().filter_map(|name| Some(name.split_once('/')?.1)).collect();
            indexed.sort_unstable();
            assert_eq!(indexed, ids, "{owner:?} {t:?} {parameters}: by the index");
            ids.join(" ")
        };
        assert_eq!(found(("Encounter", "e"), None, "_total=accurate"), "c e m");
        assert_eq!(found(("Encounter", "e"), Some("Condition"), ""), "c");
        assert_eq!(found(("Encounter", "e"), Some("Observation"), "status=final"), "m");
        assert_eq!(found(("Practitioner", "d"), None, "_count=1"), "d e m");
        assert_eq!(found(("Practitioner", "d"), None, "_type=Encounter,Observation"), "e m");
        assert_eq!(found(("RelatedPerson", "r"), None, ""), "c");
        assert_eq!(found(("Device", "v"), None, ""), "m");
        assert_eq!(found(("Device", "none"), None, ""), "");
        let own = "ox0 ox1 ox2 ox3 ox4 ox5 ox6";
        assert_eq!(found(("Patient", "x"), None, "_count=2&_total=accurate"), format!("a c e {own} oy x"));
        assert_eq!(found(("Patient", "x"), None, "code=c&_type=Observation&_count=4"), format!("{own} oy"));
        assert_eq!(found(("Patient", "x"), None, "_type=Condition,Encounter"), "c e");
        assert!(matches!(
            search_in(("Patient", "x"), Some("Condition"), "").unwrap().scope(),
            Scope::Membership(_)
        ));
        for (owner, t) in
            [("Organization", None), ("Device", Some("Patient")), ("Patient", Some("Practitioner"))]
        {
            let error = search_in((owner, "x"), t, "").expect_err("no members");
            assert_eq!(error.code, proto::Code::BadRequest, "{owner} {t:?}");
        }
        assert!(search_in(("Patient", "x"), None, "_type=Practitioner").is_err());
    }
}

#[test]
fn ids_are_read_not_searched() {
    for node in hospitals() {
        let query = query("Observation?_id=ox1,oy,nothing,ox1&_total=accurate&_count=1").unwrap();
        assert!(matches!(query.scope(), Scope::Ids(_)));
        assert_eq!(node.ids(&query), ["ox1", "oy"]);
        let both = support::query("?_type=Patient,Observation&_id=x,ox1").unwrap();
        assert_eq!(node.ids(&both), ["ox1", "x"]);
        assert_eq!(node.ids(&support::query("?_id=x,ox1").unwrap()), ["ox1", "x"]);
    }
}

#[test]
fn a_membership_search_of_too_many_is_refused() {
    let node = hospital(None);
    let values = values(&observation("m", "Patient/y", "Patient/x"));
    let change = |i: usize| storage::Change {
        tenant: TENANT,
        key: support::key("Observation", &format!("m{i}")),
        version: 1,
        last_updated_ms: 5,
        kind: storage::ChangeKind::Put { index_values: values.clone() },
    };
    let dir = tempfile::tempdir().expect("a folder");
    let roomy = search::Options { tail_docs_max: 70_000, ..options(70_000) };
    let (engine, _) = Engine::open(dir.path(), &roomy).expect("an engine");
    let members: Vec<_> = (0..search::MATCHES_MAX + 1).map(change).collect();
    engine.blocking_publish(PartitionId(1), 1, &members[1..]);
    let node = Node { engine, ..node };
    let query = compartment_search("Observation", "_summary=count");
    let total = |page: search::Page| page.total;
    // Those of the index, and the seven of the patient's own compartment.
    let all = node.engine.answer(&node, &query, None).map(total).expect("a total");
    assert_eq!(all, Some(search::MATCHES_MAX as u64 + 7));
    node.engine.blocking_publish(PartitionId(1), 2, &members[..1]);
    let error = node.engine.answer(&node, &query, None).expect_err("too many");
    assert_eq!(proto::Error::from(error).code, proto::Code::TooCostly);
}
