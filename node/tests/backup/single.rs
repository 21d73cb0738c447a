//! One node, all of it, and what an interruption leaves.

use super::*;
use std::time::Instant;

/// Creates, versions, a deletion, transactions, and a request under a key.
async fn fill(client: &Client) -> api::WriteResponse {
    for number in 0..60 {
        client.create(basic(&format!("b{number}"))).await.unwrap();
        client.transaction(pair(&format!("p{number}"))).await.unwrap();
    }
    let created = client.create(basic("changed")).await.unwrap();
    for round in 0..3 {
        let body = basic(&format!("changed{round}")).body;
        let body = text(&body).replacen('{', &format!(r#"{{"id":"{}","#, created.id), 1);
        let (resource_type, id) = ("Basic".to_owned(), created.id.clone());
        let update = api::UpdateRequest { resource_type, id, body: body.into(), ..Default::default() };
        client.update(update).await.unwrap();
    }
    let gone = client.create(basic("gone")).await.unwrap();
    let (resource_type, id) = ("Basic".to_owned(), gone.id);
    client.delete(api::DeleteRequest { resource_type, id, ..Default::default() }).await.unwrap();
    client.create(keyed()).await.unwrap()
}

fn keyed() -> api::CreateRequest {
    api::CreateRequest { idempotency_key: "the key of the request".into(), ..basic("keyed") }
}

async fn history(client: &Client) -> Vec<api::HistoryEntry> {
    let request = api::HistoryRequest { count: 1000, ..Default::default() };
    client.history(request).await.unwrap().entries
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_is_restored_with_all_that_it_had() {
    let folder = tempfile::tempdir().unwrap();
    let (to, data) = (folder.path().join("backups"), folder.path().join("data"));
    let node = node().begin().unwrap();
    let client = Client::connect(&node.grpc).unwrap();
    let answered = fill(&client).await;
    let said = create(&node, &to, &[]);
    assert!(said.contains("182 resources") && said.contains("everything until"), "{said}");
    let (before, versions) = (rows_now(&node), history(&client).await);
    assert_eq!(versions.len(), 60 + 120 + 4 + 2 + 1);
    for number in 0..20 {
        client.create(basic(&format!("later{number}"))).await.unwrap();
    }

    assert!(done(&["verify", "--from", path(&to)]).contains("whole"));
    assert!(done(&["list", "--from", path(&to)]).contains("full"));
    restore(&to, &data, &[]);
    let again = restored(&data);
    // What was decided and not yet forgotten is, on both, a moment later.
    let began = Instant::now();
    while rows_now(&again) != before {
        assert!(began.elapsed() < SOON, "{:?} and {before:?}", rows_now(&again));
    }
    let restored = Client::connect(&again.grpc).unwrap();
    assert_eq!(history(&restored).await, versions);
    assert_eq!((count(&restored, "p7").await, count(&restored, "changed2").await), (2, 1));
    assert_eq!((count(&restored, "gone").await, count(&restored, "later3").await), (0, 0));
    // The key is still that of the request which had it.
    let repeated = restored.create(keyed()).await.unwrap();
    assert_eq!((&repeated.id, repeated.last_updated_ms), (&answered.id, answered.last_updated_ms));
    let written = restored.create(basic("new")).await.unwrap();
    assert_eq!(count(&restored, "new").await, 1);
    assert_eq!(client.read("Basic", &written.id).await.unwrap_err().code(), Some(proto::Code::NotFound));

    let said = refused(&["restore", "--from", path(&to), "--data", path(&data)]);
    assert!(said.contains("is not empty"), "{said}");
}

/// The folder is there when all of it is, and it is the new node's alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_restored_node_goes_on_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let (to, data) = (folder.path().join("backups"), folder.path().join("data"));
    let node = node().begin().unwrap();
    Client::connect(&node.grpc).unwrap().create(basic("old")).await.unwrap();
    create(&node, &to, &[]);
    restore(&to, &data, &[]);
    let mut again = restored(&data);
    let client = Client::connect(&again.grpc).unwrap();
    client.create(basic("new")).await.unwrap();
    again.kill9().unwrap();
    again.restart().unwrap();
    let client = Client::connect(&again.grpc).unwrap();
    assert_eq!((count(&client, "old").await, count(&client, "new").await), (1, 1));
    let (one, other) =
        (client::Admin::connect(&node.grpc).unwrap(), client::Admin::connect(&again.grpc).unwrap());
    assert_ne!(one.status().await.unwrap().cluster_id, other.status().await.unwrap().cluster_id);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_backup_is_gone_on_with() {
    let folder = tempfile::tempdir().unwrap();
    let (to, data) = (folder.path().join("backups"), folder.path().join("data"));
    let node = node().begin().unwrap();
    let client = Client::connect(&node.grpc).unwrap();
    fill(&client).await;
    let slow = ["create", "--grpc", &node.grpc, "--to", path(&to), "--rate-mb", "0.1"];
    let mut child = command(&slow).stderr(std::process::Stdio::null()).spawn().unwrap();
    let began = Instant::now();
    let first = || {
        let dirs = std::fs::read_dir(&to).ok()?.map(|entry| entry.unwrap().path());
        dirs.into_iter().find(|dir| dir.join("001.rows.json").exists())
    };
    let unfinished = loop {
        match first() {
            Some(dir) => break dir,
            None => assert!(began.elapsed() < SOON, "no rows of the first partition"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let said = refused(&["create", "--grpc", &node.grpc, "--to", path(&to)]);
    assert!(said.contains("another backup is being made"), "{said}");
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!unfinished.join("manifest.json").exists());
    let listed = done(&["list", "--from", path(&to)]);
    assert!(listed.contains("unfinished"), "{listed}");
    let said = refused(&["restore", "--from", path(&to), "--data", path(&data)]);
    assert!(said.contains("has no backups"), "{said}");

    client.transaction(pair("in between")).await.unwrap();
    let output = run(&["create", "--grpc", &node.grpc, "--to", path(&to)]);
    let said = text(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("going on with") && !said.contains("partition 1 of"), "{said}");
    let [name] = names(&to).try_into().unwrap();
    assert!(!unfinished.exists() && name.as_str() > unfinished.file_name().unwrap().to_str().unwrap());
    assert!(std::fs::read_dir(to.join(name)).unwrap().all(|entry| {
        let name = entry.unwrap().file_name().into_string().unwrap();
        name == "manifest.json" || name.ends_with(".rows") || name.ends_with(".log")
    }));
    done(&["verify", "--from", path(&to)]);
    restore(&to, &data, &[]);
    let again = restored(&data);
    let restored = Client::connect(&again.grpc).unwrap();
    assert_eq!((count(&restored, "in between").await, count(&restored, "p3").await), (2, 2));
}
