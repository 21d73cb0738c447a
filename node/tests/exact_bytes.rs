//! What was sent is what is given back, byte for byte, by every way there is to it. Only `meta`, and an id that was not sent,
//! are put in; the model of where is this file's own.

use client::api;
use futures::TryStreamExt;
use testkit::{node::NodeProcess, probe::Probe};

/// Observations as a client may write them. `@` is right behind the id, where `meta` is put in; `§` is the id.
const BODIES: [&str; 9] = [
    r#"{"resourceType":"Observation","id":"§"@,"status":"final","code":{"text":"x"},"valueQuantity":{"value":1.50}}"#,
    // Far beyond what a float holds.
    r#"{"resourceType":"Observation","id":"§"@,"status":"final","code":{"text":"x"},"valueQuantity":{"value":0.1000000000000000000000000000000000000000000000010}}"#,
    r#"{"resourceType":"Observation","id":"§"@,"status":"final","code":{"text":"x"},"referenceRange":[{"low":{"value":-0.00},"high":{"value":123456789012345678901234567890.5}},{"low":{"value":1.0E+2},"high":{"value":1e2}}]}"#,
    // Escapes of every kind, and the same letters without them.
    r#"{"resourceType":"Observation","id":"§"@,"status":"final","code":{"text":"\u00e9é \u0041 \/ \"\\ \t\r\n \ud83e\udd8e🦎 \u2028"}}"#,
    r#"{"resourceType":"Observation","id":"§"@,"status":"\u0066inal","c\u006fde":{"te\u0078t":"a name with escapes"}}"#,
    // White space of every kind, between all tokens.
    "{ \"resourceType\"\t:\r\n\"Observation\" , \"id\" : \"§\"@ ,\n\n\t\"status\" :\"final\",\"code\": {\r\"text\" : \"x\" } ,\"category\":[ \n{\"text\":\"a\"} , {\"text\":\"b\" }\t] }",
    // Members in an order of their own.
    r#"{"id":"§"@,"code":{"text":"x"},"status":"final","resourceType":"Observation"}"#,
    r#"{"valueInteger":2147483647,"status":"final","resourceType":"Observation","code":{"text":"x"},"id":"§"@}"#,
    r#"{"resourceType":"Observation","id":"§"@,"status":"final","code":{"text":"x"},"subject":{"reference":"Patient/exact"},"effectiveDateTime":"2020-02-29T23:59:59.0010+00:00"}"#,
];

const WITHOUT_ID: &str = r#""Observation","id":"§"@"#;

/// How a body comes to the store.
#[derive(Clone, Copy, Debug)]
enum Way {
    Put,
    Update,
    Transaction,
    Batch,
    WriteStream,
    /// Without an id: it is put in behind the type.
    Post,
    Create,
}

const WAYS: [Way; 7] =
    [Way::Put, Way::Update, Way::Transaction, Way::Batch, Way::WriteStream, Way::Post, Way::Create];

/// Writes a body under `id`, or the server's; the id.
async fn write(probe: &Probe, way: Way, body: &str, id: &str) -> String {
    let without_id = body.replace(WITHOUT_ID, "\"Observation\"");
    let sent = body.replace('@', "").replace('§', id);
    let resource_type = "Observation".to_owned();
    let update = api::UpdateRequest {
        resource_type: resource_type.clone(),
        id: id.to_owned(),
        body: sent.clone().into(),
        ..Default::default()
    };
    match way {
        Way::Put => assert_eq!(probe.put(&format!("Observation/{id}"), sent).await.unwrap().status, 201),
        Way::Update => drop(probe.grpc.update(update).await.unwrap()),
        Way::WriteStream => {
            drop(probe.grpc.writer(1).write(client::Write::Update(update)).await.unwrap());
        }
        Way::Transaction => bundle(probe, "transaction", &sent, id).await,
        Way::Batch => bundle(probe, "batch", &sent, id).await,
        Way::Post => {
            let created = probe.call("POST", "Observation", &[], without_id).await.unwrap();
            assert_eq!(created.status, 201, "{created:?}");
            return created.body["id"].as_str().unwrap().to_owned();
        }
        Way::Create => {
            let body = without_id.into();
            let request = api::CreateRequest { resource_type, body, ..Default::default() };
            return probe.grpc.create(request).await.unwrap().id;
        }
    }
    id.to_owned()
}

async fn bundle(probe: &Probe, kind: &str, body: &str, id: &str) {
    let request = format!(r#"{{"method":"PUT","url":"Observation/{id}"}}"#);
    let bundle = format!(
        r#"{{"resourceType":"Bundle","type":"{kind}","entry":[{{"resource":{body},"request":{request}}}]}}"#
    );
    let answer = probe.call("POST", "", &[], bundle).await.unwrap();
    assert_eq!(answer.body["entry"][0]["response"]["status"], "201 Created", "{answer:?}");
}

/// Asks for `id` in every way REST has, which must give `stored`.
async fn over_rest(probe: &Probe, id: &str, stored: &str) {
    for path in [format!("Observation/{id}"), format!("Observation/{id}/_history/1")] {
        assert_eq!(probe.get(&path).await.unwrap().text, stored, "{path}");
    }
    let entry = format!("\"resource\":{stored},");
    for path in [format!("Observation/{id}/_history"), format!("Observation?_id={id}")] {
        let page = probe.get(&path).await.unwrap().text;
        assert!(page.contains(&entry), "{path}: {page}");
    }
    let urls =
        ["Observation/{}", "Observation/{}/_history/1", "Observation/{}/_history", "Observation?_id={}"];
    for kind in ["batch", "transaction"] {
        let bundle = reads(kind, urls.map(|url| url.replace("{}", id)));
        let answer = probe.call("POST", "", &[], bundle).await.unwrap().text;
        assert_eq!(answer.matches(&entry).count(), urls.len(), "{kind}: {answer}");
    }
}

fn reads(kind: &str, urls: [String; 4]) -> String {
    let entries = urls.map(|url| format!(r#"{{"request":{{"method":"GET","url":"{url}"}}}}"#));
    format!(r#"{{"resourceType":"Bundle","type":"{kind}","entry":[{}]}}"#, entries.join(","))
}

/// The same over gRPC.
async fn over_grpc(probe: &Probe, id: &str, stored: &str) {
    let grpc = &probe.grpc;
    assert_eq!(grpc.read("Observation", id).await.unwrap().body, stored);
    assert_eq!(grpc.vread("Observation", id, "1").await.unwrap().body, stored);
    let (resource_type, id) = ("Observation".to_owned(), id.to_owned());
    let history =
        api::HistoryRequest { resource_type: resource_type.clone(), id: id.clone(), ..Default::default() };
    assert_eq!(grpc.history(history).await.unwrap().entries[0].body, stored);
    let parameters = vec![api::SearchParameter { name: "_id".into(), value: id }];
    let search = api::SearchRequest { resource_type, parameters, ..Default::default() };
    assert_eq!(grpc.search(search.clone()).await.unwrap().entries[0].body, stored);
    let streamed: Vec<_> = grpc.search_stream(search).await.unwrap().try_collect().await.unwrap();
    assert_eq!(streamed[0].body, stored);
}

/// Type and system history over both wires, and a search in the patient's compartment.
async fn in_lists(probe: &Probe, all: &[(String, String)]) {
    for path in ["Observation/_history?_count=1000", "_history?_count=1000", "Observation?_count=1000"] {
        let page = probe.get(path).await.unwrap().text;
        for (_, stored) in all {
            assert!(page.contains(&format!("\"resource\":{stored},")), "{path}: {stored}");
        }
    }
    for resource_type in ["Observation", ""] {
        let resource_type = resource_type.to_owned();
        let request = api::HistoryRequest { resource_type, count: 1000, ..Default::default() };
        let entries = probe.grpc.history(request).await.unwrap().entries;
        for (id, stored) in all {
            assert!(entries.iter().any(|entry| entry.id == *id && entry.body == *stored), "{stored}");
        }
    }
    let page = probe.get("Patient/exact/Observation").await.unwrap();
    assert_eq!(page.body["entry"].as_array().unwrap().len(), WAYS.len());
    for (_, stored) in all.iter().filter(|(_, stored)| stored.contains("Patient/exact")) {
        assert!(page.text.contains(&format!("\"resource\":{stored},")), "{stored}");
    }
}

async fn check(probe: &Probe, all: &[(String, String)]) {
    for (id, stored) in all {
        over_rest(probe, id, stored).await;
        over_grpc(probe, id, stored).await;
    }
    in_lists(probe, all).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_is_given_back_byte_for_byte() {
    let mut node = NodeProcess::start(env!("CARGO_BIN_EXE_salamander")).unwrap();
    let probe = Probe::new(&node.rest, &node.grpc).unwrap();
    let mut all = Vec::new();
    for (number, body) in BODIES.iter().enumerate() {
        for way in WAYS {
            let given = format!("{way:?}-{number}");
            if matches!(way, Way::Post | Way::Create) && !body.contains(WITHOUT_ID) {
                continue;
            }
            let id = write(&probe, way, body, &given).await;
            let updated = probe.get(&format!("Observation/{id}")).await.unwrap().body;
            let updated = updated["meta"]["lastUpdated"].as_str().unwrap();
            let meta = format!(r#","meta":{{"versionId":"1","lastUpdated":"{updated}"}}"#);
            let stored = body.replace('@', &meta).replace('§', &id);
            all.push((id, stored));
        }
    }
    check(&probe, &all).await;
    // Out of memory and back from the disk.
    node.kill9().unwrap();
    node.restart().unwrap();
    check(&Probe::new(&node.rest, &node.grpc).unwrap(), &all).await;
}

/// What a client says of `meta` stays where it is; what the server says stands in front of it, or in the place of what was
/// said.
#[tokio::test(flavor = "multi_thread")]
async fn meta_is_kept_but_for_what_the_server_says() {
    let node = NodeProcess::start(env!("CARGO_BIN_EXE_salamander")).unwrap();
    let probe = Probe::new(&node.rest, &node.grpc).unwrap();
    let metas = [
        (r#"{ "tag" : [ {"code":"\u0061"} ] }"#, r#"{①,②, "tag" : [ {"code":"\u0061"} ] }"#),
        (
            r#"{"tag":[{"code":"a"}] , "versionId" : "7", "lastUpdated" : "1999-01-01T00:00:00Z" }"#,
            r#"{"tag":[{"code":"a"}] , "versionId" : "1", "lastUpdated" : ③ }"#,
        ),
        (r#"{"versionId" : "7"}"#, r#"{②,"versionId" : "1"}"#),
    ];
    for (number, (sent, stored)) in metas.iter().enumerate() {
        let body = |meta: &str| format!(r#"{{"meta":{meta},"resourceType":"Patient","id":"m{number}"}}"#);
        let path = format!("Patient/m{number}");
        assert_eq!(probe.put(&path, body(sent)).await.unwrap().status, 201, "{sent}");
        let found = probe.get(&path).await.unwrap();
        let updated = found.body["meta"]["lastUpdated"].to_string();
        let stored = stored.replace('①', r#""versionId":"1""#).replace('②', r#""lastUpdated":③"#);
        assert_eq!(found.text, body(&stored.replace('③', &updated)));
        assert_eq!(probe.grpc.read("Patient", &format!("m{number}")).await.unwrap().body, found.text);
    }
}
