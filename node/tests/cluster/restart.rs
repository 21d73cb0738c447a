//! A node that was killed and is started again is back in time.

use super::{Load, SOON, five::grow, three};
use futures::future::join_all;
use std::time::{Duration, Instant};
use testkit::node::NodeProcess;

/// After a SIGKILL and a start, for everything.
const BACK: Duration = Duration::from_secs(5);
/// For what others lead, which waits for no election: the shortest takes more than two seconds.
const AT_ONCE: Duration = Duration::from_secs(2);

/// When it is answered well for the first time.
async fn answered(began: Instant, request: impl Fn() -> reqwest::RequestBuilder) -> Duration {
    loop {
        match request().send().await {
            Ok(answer) if answer.status().is_success() => return began.elapsed(),
            answer if began.elapsed() > SOON => panic!("{answer:?}"),
            _ => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

/// Kills a node and starts it: when it answers for the first time, and when it has answered all that can be asked.
async fn restarted(node: &mut NodeProcess, ids: &[String]) -> (Duration, Duration) {
    let (client, rest) = (reqwest::Client::new(), node.rest.clone());
    node.kill9().unwrap();
    let began = Instant::now();
    node.launch().unwrap();
    let read = |id: &String| {
        let (client, url) = (client.clone(), format!("{rest}/Basic/{id}"));
        tokio::spawn(answered(began, move || client.get(&url)))
    };
    let reads: Vec<_> = ids.iter().map(read).collect();
    let search = answered(began, || client.get(format!("{rest}/Basic?_summary=count")));
    let create = answered(began, || {
        let body = r#"{"resourceType":"Basic","code":{"text":"again"}}"#;
        client.post(format!("{rest}/Basic")).header("content-type", "application/fhir+json").body(body)
    });
    let (search, create, reads) = tokio::join!(search, create, join_all(reads));
    let reads: Vec<Duration> = reads.into_iter().map(Result::unwrap).collect();
    node.ready().unwrap();
    let (first, last) = (*reads.iter().min().unwrap(), *reads.iter().max().unwrap());
    eprintln!("first read {first:?}, all {last:?}, search {search:?}, create {create:?}");
    (first, last.max(search).max(create))
}

async fn each_is_back(mut nodes: Vec<NodeProcess>) {
    let load = Load::with_pauses(&nodes.iter().collect::<Vec<_>>(), Duration::from_millis(5));
    load.progress(100).await;
    let ids: Vec<String> = load.end().await.into_keys().collect();
    for node in &mut nodes {
        let (first, all) = restarted(node, &ids).await;
        assert!(first < AT_ONCE && all < BACK, "{first:?}, {all:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn any_of_three_that_is_killed_is_back_in_less_than_five_seconds() {
    each_is_back(three().await.into()).await;
}

/// Replicas that went elsewhere hear of no leader, and are waited for by nobody.
#[tokio::test(flavor = "multi_thread")]
async fn any_of_five_that_is_killed_is_back_in_less_than_five_seconds() {
    let mut nodes: Vec<NodeProcess> = three().await.into();
    grow(&mut nodes, 5).await;
    each_is_back(nodes).await;
}
