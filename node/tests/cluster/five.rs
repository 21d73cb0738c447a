//! More nodes than hold each partition: each has its share, and each answers for all.

use super::{Load, SOON, basic, has_all, join, settled, three};
use client::{Client, api};
use futures::future::join_all;
use proto::Code;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};
use testkit::node::NodeProcess;

/// Every partition is on three nodes, and each node has some.
fn is_shared(status: &api::StatusResponse, nodes: u64) -> bool {
    let partitions = &status.groups[1..];
    let lag: u64 = status.nodes.iter().map(|node| node.lag).sum();
    let holds = |node: u64| partitions.iter().filter(|group| group.voters.contains(&node)).count();
    let whole =
        partitions.iter().all(|group| group.leader != 0 && group.voters.len() == 3 && !group.changing);
    let fewest = 3 * partitions.len() / nodes as usize - 1;
    whole && lag == 0 && (1..=nodes).all(|node| holds(node) >= fewest)
}

pub async fn grow(nodes: &mut Vec<NodeProcess>, to: usize) {
    while nodes.len() < to {
        nodes.push(join(&nodes[nodes.len() - 1]));
    }
    let last = &nodes[nodes.len() - 1];
    settled(last, "spread", |status| is_shared(status, to as u64)).await;
}

pub fn observation(patient: &str, value: usize) -> String {
    format!(
        r#"{{"resourceType":"Observation","status":"final","code":{{"text":"x"}},"subject":{{"reference":"Patient/{patient}"}},"valueInteger":{value}}}"#
    )
}

pub fn put(resource_type: &str, id: &str, body: String) -> api::UpdateRequest {
    api::UpdateRequest {
        resource_type: resource_type.into(),
        id: id.into(),
        body: body.into(),
        ..Default::default()
    }
}

fn search(resource_type: &str, parameters: &[(&str, &str)]) -> api::SearchRequest {
    let parameter = |(name, value): &(&str, &str)| api::SearchParameter {
        name: (*name).to_owned(),
        value: (*value).to_owned(),
    };
    api::SearchRequest {
        resource_type: resource_type.into(),
        parameters: parameters.iter().map(parameter).collect(),
        ..Default::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn five_nodes_share_the_partitions_and_each_answers_for_all() {
    let mut nodes: Vec<NodeProcess> = three().await.into();
    let load = Load::with_pauses(&nodes.iter().collect::<Vec<_>>(), Duration::from_millis(20));
    load.progress(100).await;
    grow(&mut nodes, 5).await;
    load.progress(100).await;
    let written = load.end().await;
    let all: Vec<&NodeProcess> = nodes.iter().collect();
    has_all(&all, &written).await;
    let clients: Vec<Client> = nodes.iter().map(|node| Client::connect(&node.grpc).unwrap()).collect();

    pages_and_counts_go_on_at_any_node(&clients, written.len()).await;
    records_of_patients_are_written_and_moved_anywhere(&clients).await;
    what_comes_with_matches_comes_from_anywhere(&clients).await;
    what_many_refer_to_is_searched_at_all(&clients).await;
    what_is_defined_at_one_is_searched_at_all(&clients).await;
    a_condition_holds(&clients).await;
    histories_are_whole(&clients).await;

    // Any of them may die: who led what is asked next is found.
    let began = Instant::now();
    nodes[4].signal("KILL").unwrap();
    let left: Vec<&NodeProcess> = nodes[..4].iter().collect();
    has_all(&left, &written).await;
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
}

async fn pages_and_counts_go_on_at_any_node(clients: &[Client], written: usize) {
    let mut request = search("Basic", &[("_count", "10"), ("_total", "accurate")]);
    let (mut found, mut there) = (BTreeSet::new(), vec![]);
    let mut previous = String::new();
    for page in 0.. {
        let answer = clients[page % clients.len()].search(request.clone()).await.unwrap();
        assert_eq!(answer.total, Some(written as u64));
        let ids: Vec<String> = answer.entries.into_iter().map(|entry| entry.id).collect();
        ids.iter().for_each(|id| assert!(found.insert(id.clone())));
        if answer.next_cursor.is_empty() {
            previous = answer.previous_cursor;
            break;
        }
        there.push(ids);
        request.cursor = answer.next_cursor;
    }
    assert_eq!(found.len(), written);
    for page in 0.. {
        if previous.is_empty() {
            break;
        }
        request.cursor = previous;
        let answer = clients[page % clients.len()].search(request.clone()).await.unwrap();
        assert_eq!(Some(answer.entries.into_iter().map(|entry| entry.id).collect()), there.pop());
        previous = answer.previous_cursor;
    }
    assert!(there.is_empty(), "{there:?}");
    // By ids, wherever they live.
    let some: Vec<String> = found.into_iter().step_by(7).take(20).collect();
    for client in clients {
        let answer = client.search(search("Basic", &[("_id", &some.join(","))])).await.unwrap();
        let ids: BTreeSet<String> = answer.entries.into_iter().map(|entry| entry.id).collect();
        assert_eq!(ids, some.iter().cloned().collect());
    }
}

/// More than are named to other nodes one by one: their hashes are.
async fn what_many_refer_to_is_searched_at_all(clients: &[Client]) {
    const PATIENTS: usize = 240;
    let entry = |number: usize| {
        let gender = ["female", "male", "other"][number % 3];
        let id = format!("many{number}");
        let patient = serde_json::json!({"resourceType": "Patient", "id": id, "gender": gender});
        let observation = serde_json::json!({
            "resourceType": "Observation", "id": id, "status": "final", "code": {"coding": [{"code": format!("many{}", number % 2)}]},
            "subject": {"reference": format!("Patient/{id}")},
        });
        [patient, observation].map(|resource| {
            let url = format!("{}/{id}", resource["resourceType"].as_str().unwrap());
            serde_json::json!({"resource": resource, "request": {"method": "PUT", "url": url}})
        })
    };
    let entries: Vec<_> = (0..PATIENTS).flat_map(entry).collect();
    let bundle = serde_json::json!({"resourceType": "Bundle", "type": "batch", "entry": entries});
    let request = api::TransactionRequest { bundle: bundle.to_string().into(), ..Default::default() };
    clients[0].transaction(request).await.unwrap();
    for (at, client) in clients.iter().enumerate() {
        for (resource_type, name, value, count) in [
            ("Observation", "subject:Patient.gender", "female", PATIENTS / 3),
            ("Observation", "patient.gender", "female,male", 2 * PATIENTS / 3),
            ("Patient", "_has:Observation:patient:code", "many1", PATIENTS / 2),
            ("Patient", "_has:Observation:patient:subject:Patient.gender", "male", PATIENTS / 3),
        ] {
            let mut asked =
                search(resource_type, &[(name, value), ("_total", "accurate"), ("_count", "1000")]);
            if resource_type == "Observation" {
                let both = api::SearchParameter { name: "code".into(), value: "many0,many1".into() };
                asked.parameters.push(both);
            }
            let found = client.search(asked).await.unwrap();
            let told = (found.entries.len(), found.total);
            assert_eq!(told, (count, Some(count as u64)), "{name}={value} at {at}");
        }
    }
}

/// Each write at another node, what it did seen at the next.
async fn records_of_patients_are_written_and_moved_anywhere(clients: &[Client]) {
    let at = |number: usize| &clients[number % clients.len()];
    for number in 0..20 {
        let patient = format!(r#"{{"resourceType":"Patient","id":"p{number}"}}"#);
        at(number).update(put("Patient", &format!("p{number}"), patient)).await.unwrap();
    }
    let mut lives = BTreeMap::new();
    for turn in 0..60 {
        let (id, patient) = (format!("o{}", turn % 12), format!("p{}", turn * 7 % 20));
        let body = observation(&patient, turn).replacen('{', &format!(r#"{{"id":"{id}","#), 1);
        at(turn).update(put("Observation", &id, body)).await.unwrap();
        let read = at(turn + 1).read("Observation", &id).await.unwrap();
        assert!(std::str::from_utf8(&read.body).unwrap().contains(&format!(r#""valueInteger":{turn}"#)));
        lives.insert(id, patient.clone());
        let expected: BTreeSet<&String> =
            lives.iter().filter(|(_, lives_with)| **lives_with == patient).map(|(id, _)| id).collect();
        for client in clients {
            let answer = client.search(search("Observation", &[("patient", &patient)])).await.unwrap();
            let found: BTreeSet<&String> = answer.entries.iter().map(|entry| &entry.id).collect();
            assert_eq!(found, expected, "turn {turn}, {patient}");
        }
    }
    let versions =
        api::HistoryRequest { resource_type: "Observation".into(), id: "o0".into(), ..Default::default() };
    for client in clients {
        let history = client.history(versions.clone()).await.unwrap();
        let numbers: Vec<&str> = history.entries.iter().map(|entry| entry.version_id.as_str()).collect();
        assert_eq!(numbers, ["5", "4", "3", "2", "1"], "all of it moved along");
    }
}

/// Of the records that were moved before: whichever node is asked, the same comes with a page.
async fn what_comes_with_matches_comes_from_anywhere(clients: &[Client]) {
    let ids = |entries: &[api::SearchEntry], mode: api::SearchMode| -> BTreeSet<String> {
        entries.iter().filter(|entry| entry.mode() == mode).map(|entry| entry.id.clone()).collect()
    };
    let back = search("Patient", &[("_count", "30"), ("_revinclude", "Observation:subject")]);
    let forth = search("Observation", &[("_count", "30"), ("_include:iterate", "*")]);
    let expected: BTreeSet<String> = (0..12).map(|number| format!("o{number}")).collect();
    for client in clients {
        let patients = client.search(back.clone()).await.unwrap().entries;
        assert_eq!(ids(&patients, api::SearchMode::Match).len(), 20);
        assert_eq!(ids(&patients, api::SearchMode::Include), expected);
        let observations = client.search(forth.clone()).await.unwrap().entries;
        assert_eq!(ids(&observations, api::SearchMode::Match), expected);
        let named = |entry: &api::SearchEntry| {
            let body: serde_json::Value = serde_json::from_slice(&entry.body).unwrap();
            body["subject"]["reference"].as_str().map(|text| text.trim_start_matches("Patient/").to_owned())
        };
        let subjects: BTreeSet<String> = observations.iter().filter_map(named).collect();
        assert_eq!(ids(&observations, api::SearchMode::Include), subjects);
    }
}

/// Of the observations that were moved before, each has the number of its last turn.
async fn what_is_defined_at_one_is_searched_at_all(clients: &[Client]) {
    let define = |expression: &str| {
        let body = format!(
            r#"{{"resourceType":"SearchParameter","id":"turn","url":"http://e/turn","name":"turn","description":"turn",
            "status":"active","code":"turn","base":["Observation"],"type":"number","expression":"{expression}"}}"#
        );
        put("SearchParameter", "turn", body)
    };
    let began = Instant::now();
    let ids = async |client: &Client, resource_type: &str, name: &str, value: &str| loop {
        match client.search(search(resource_type, &[(name, value)])).await {
            Ok(found) => {
                assert!(found.issues.is_empty(), "{:?}", found.issues);
                break found.entries.into_iter().map(|entry| entry.id).collect::<Vec<String>>();
            }
            Err(error) => {
                assert!(error.code() == Some(Code::Conflict) && began.elapsed() < SOON, "{error:?}")
            }
        }
    };
    clients[3].update(define("(Observation.value as integer)")).await.unwrap();
    for client in clients {
        assert_eq!(ids(client, "Observation", "turn", "50").await, ["o2"]);
        assert_eq!(ids(client, "Patient", "_has:Observation:patient:turn", "50").await, ["p10"]);
    }
    // Defined anew: from some moment on the new one answers, and nothing else ever.
    clients[1].update(define("(Observation.value as integer) + 1")).await.unwrap();
    for client in clients.iter().cycle().take(4 * clients.len()) {
        let found = ids(client, "Observation", "turn", "50").await;
        assert!(found == ["o2"] || found == ["o1"], "{found:?}");
    }
    let delete = api::DeleteRequest {
        resource_type: "SearchParameter".into(),
        id: "turn".into(),
        ..Default::default()
    };
    clients[4].delete(delete).await.unwrap();
    for client in clients {
        let strict = api::SearchRequest { strict: true, ..search("Observation", &[("turn", "50")]) };
        let error = client.search(strict).await.unwrap_err();
        assert_eq!(error.code(), Some(Code::BadParameter), "{error:?}");
    }
}

async fn a_condition_holds(clients: &[Client]) {
    for round in 0..10 {
        let create = |client: &'_ Client| {
            let request = api::CreateRequest {
                if_none_exist: format!("code=only-{round}"),
                ..basic(&format!("only-{round}"))
            };
            let client = client.clone();
            async move { client.create(request).await.unwrap().id }
        };
        let ids = join_all(clients.iter().chain(clients).map(create)).await;
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 1, "round {round}: {ids:?}");
    }
}

/// Page after page, each of another node, whatever is written meanwhile.
async fn histories_are_whole(clients: &[Client]) {
    let mut writes = 0;
    let whole = history(&clients[..1], 1000, async |_| {}).await;
    let found = history(clients, 97, async |client: &Client| {
        writes += 1;
        client.create(basic("meanwhile")).await.unwrap();
    })
    .await;
    assert!(writes > 2 && whole.len() > 300);
    assert_eq!(found, whole);
}

/// Of everything, each page read at the next of these.
async fn history(
    clients: &[Client],
    count: u32,
    mut meanwhile: impl AsyncFnMut(&Client),
) -> Vec<api::HistoryEntry> {
    let (mut found, mut next) = (vec![], api::HistoryRequest { count, ..Default::default() });
    for page in 0.. {
        let client = &clients[page % clients.len()];
        let answer = client.history(next.clone()).await.unwrap();
        found.extend(answer.entries);
        meanwhile(client).await;
        if answer.next_cursor.is_empty() {
            break;
        }
        next.cursor = answer.next_cursor;
    }
    found
}
