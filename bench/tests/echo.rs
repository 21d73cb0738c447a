//! The loops against the echo servers: they count, and they can tell a server that lies.

use anyhow::{Context, Result};
use bench::{
    echo,
    measure::{Plan, Worker, fleet, measure},
    node::Node,
    observation::Observations,
    report::Outcome,
    single,
    wire::{
        grpc::{self, Kind},
        http::Http,
        rest, stream,
    },
};
use bytes::Bytes;
use std::{fs, path::Path, sync::Arc, time::Duration};

const PLAN: Plan = Plan { warm_up: Duration::from_millis(50), window: Duration::from_millis(200) };
/// For rows that end with their first error, or whose checks must have come to pass.
const LONG_WARM_UP: Plan = Plan { warm_up: Duration::from_secs(2), window: Duration::from_millis(200) };

struct Servers {
    rest: String,
    grpc: String,
    serving: tokio::task::JoinHandle<Result<()>>,
}

impl Drop for Servers {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn servers(body: &'static str) -> Result<Servers> {
    let (line, serving) = echo::serve(Bytes::from_static(body.as_bytes())).await?;
    let mut words = line.split(' ').filter_map(|word| word.split_once('=')).map(|(_, url)| url.to_owned());
    let (rest, grpc) = (words.next().context("rest")?, words.next().context("grpc")?);
    Ok(Servers { rest, grpc, serving: tokio::spawn(serving) })
}

fn observations() -> Arc<Observations> {
    Observations::new("test", vec!["a".to_owned(), "b".to_owned()])
}

async fn counts<W: Worker>(workers: Vec<W>) -> Result<()> {
    let measured = measure(&PLAN, workers, &[std::process::id()]).await?;
    assert!(measured.latency.count() > 0);
    assert!(measured.latency.microseconds_at(50.0) > 0.0);
    assert_eq!(measured.checks, 0);
    Ok(())
}

async fn error_of<W: Worker>(workers: Vec<W>) -> String {
    measure(&LONG_WARM_UP, workers, &[]).await.err().map(|error| format!("{error:#}")).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_worker_counts() -> Result<()> {
    let servers = servers("{}").await?;
    let written = observations();
    counts(fleet(3, |_| rest::Create::connect(&servers.rest, written.clone(), false)).await?).await?;
    counts(fleet(3, |_| grpc::Create::connect(&servers.grpc, written.clone(), Kind::Post, false)).await?)
        .await?;
    counts(fleet(3, |_| grpc::Create::connect(&servers.grpc, written.clone(), Kind::Put, false)).await?)
        .await?;
    counts(fleet(2, |_| stream::Create::connect(&servers.grpc, written.clone(), 1, false)).await?).await?;
    counts(fleet(2, |_| stream::Create::connect(&servers.grpc, written.clone(), 100, false)).await?).await?;
    let paths = Arc::new(vec!["Observation/a".to_owned(), "Observation/b".to_owned()]);
    counts(fleet(3, |number| rest::Read::connect(&servers.rest, paths.clone(), number)).await?).await?;
    counts(fleet(3, |number| grpc::Read::connect(&servers.grpc, paths.clone(), number)).await?).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_no_search_finds_fails_the_row() -> Result<()> {
    let servers = servers(r#"{"resourceType":"Bundle","entry":[]}"#).await?;
    let written = observations;
    let rest = fleet(1, |_| rest::Create::connect(&servers.rest, written(), true)).await?;
    assert!(error_of(rest).await.contains("must be found at once"));
    let unary = fleet(1, |_| grpc::Create::connect(&servers.grpc, written(), Kind::Post, true)).await?;
    assert!(error_of(unary).await.contains("must be found at once"));
    let streams = fleet(1, |_| stream::Create::connect(&servers.grpc, written(), 10, true)).await?;
    assert!(error_of(streams).await.contains("must be found at once"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_a_search_finds_is_counted() -> Result<()> {
    let servers = servers(r#"{"resourceType":"Bundle","entry":[{}]}"#).await?;
    let workers = fleet(2, |_| rest::Create::connect(&servers.rest, observations(), true)).await?;
    assert!(measure(&LONG_WARM_UP, workers, &[]).await?.checks > 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_status_fails_the_row() -> Result<()> {
    let servers = servers("{}").await?;
    let paths = Arc::new(vec!["Observation/a".to_owned()]);
    let elsewhere = &servers.rest.replace("/fhir", "/elsewhere");
    let workers = fleet(2, |number| rest::Read::connect(elsewhere, paths.clone(), number)).await?;
    assert!(error_of(workers).await.contains("expected 200 OK, got 404"));
    let absent = Http::connect("https://127.0.0.1:1/fhir").await;
    assert!(absent.err().is_some_and(|error| error.to_string().contains("only http://")));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn single_rows_against_a_url() -> Result<()> {
    let servers = servers("{}").await?;
    for what in [single::What::Create, single::What::Read] {
        let row = single::run(&servers.rest, what, 2, &PLAN, None).await?;
        assert!(matches!(row.outcome, Outcome::Measured(figures) if figures.operations > 0));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_echo_process_answers_and_ends_with_its_guard() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let body = folder.path().join("body.json");
    fs::write(&body, r#"{"resourceType":"Observation"}"#)?;
    let node = Node::echo(Path::new(env!("CARGO_BIN_EXE_bench")), &body, &folder.path().join("log")).await?;
    let answer = Http::connect(&node.rest).await?.get_ok("Observation/x").await?;
    assert_eq!(answer.body, fs::read(&body)?);
    let process = format!("/proc/{}", node.pid());
    assert!(Path::new(&process).exists());
    drop(node);
    assert!(!Path::new(&process).exists());
    Ok(())
}
