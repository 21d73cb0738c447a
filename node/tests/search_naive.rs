//! The node's searches against those of `testkit::naive`, which looks at everything: random queries of all shapes, over writes, moves,
//! deletes and restarts in between. `SEED=n` runs that seed alone, `SEEDS=n` so many, `QUERIES=n` asks so many a round.

use client::{Client, Retry, api};
use generator::Generator;
use std::env;
use testkit::{
    differential::{Differential, Failure, Tally, read_all},
    node::NodeProcess,
};

/// The node's own URL, whatever it listens on: references below it are its own.
const BASE: &str = "http://here.org/fhir";
const ROUNDS: usize = 4;

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

fn queries(default: usize) -> usize {
    number("QUERIES").map_or(default, |queries| queries as usize)
}

fn seeds(default: u64) -> Vec<u64> {
    let first = u64::from(std::process::id()) << 16;
    match number("SEED") {
        Some(seed) => vec![seed],
        None => (0..number("SEEDS").unwrap_or(default)).map(|seed| first + seed).collect(),
    }
}

/// Segments are made often, so that searches find some in these and some in none yet.
fn start() -> NodeProcess {
    let node = NodeProcess::new(env!("CARGO_BIN_EXE_salamander")).unwrap();
    node.set("rest.base_url", BASE)
        .set("search.seal_after_ms", 100)
        .set("search.full_text", "all")
        .begin()
        .unwrap()
}

fn connect(node: &NodeProcess) -> Client {
    Client::connect(&node.grpc).unwrap().with_retry(Retry::never())
}

fn must(outcome: Result<(), Failure>) {
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}

async fn run(seed: u64) -> Tally {
    println!("seed {seed}");
    let mut node = start();
    let mut run = Differential::new(seed, BASE);
    for round in 0..ROUNDS {
        let client = connect(&node);
        for writes in [if round == 0 { 160 } else { 30 }, 5, 5] {
            run.write(&client, writes).await.unwrap();
            must(run.ask(&client, queries(60)).await);
        }
        match round % 2 {
            0 => node.kill9().unwrap(),
            _ => drop(node.terminate().unwrap()),
        }
        node.restart().unwrap();
        must(run.ask(&connect(&node), queries(60)).await);
    }
    run.tally().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn searches_find_what_a_reader_finds() {
    let mut all = Tally::default();
    for seed in seeds(2) {
        all.add(&run(seed).await);
    }
    println!("{all}");
    assert!(all.choosing * 4 > all.queries, "most questions choose nothing: {all}");
    for shape in [
        "chain",
        "_has",
        "_sort",
        "_include",
        "_revinclude",
        "compartment",
        "_type",
        "quantity",
        "uri",
        "_text",
        "_content",
    ] {
        assert!(all.shapes.contains_key(shape), "no {shape}: {all}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn searches_of_a_generated_hospital_find_what_a_reader_finds() {
    let node = start();
    let client = connect(&node);
    for bundle in Generator::new(number("PATIENTS").unwrap_or(4), 7) {
        let request = api::TransactionRequest { bundle: bundle.json.into(), ..Default::default() };
        client.transaction(request).await.unwrap();
    }
    for seed in seeds(1) {
        println!("seed {seed}");
        let mut run = Differential::over(seed, read_all(&client, BASE).await.unwrap());
        must(run.ask(&client, queries(300)).await);
        println!("{}", run.tally());
    }
}
