//! Scenario files: steps of FHIR requests with what they must answer, run over REST and over gRPC alike.
//!
//! The format is in `testkit/scenarios/README.md`. A step's request is written as it is on REST; the gRPC runner maps
//! it to the call that does the same and shows the answer in REST's shape, so that one expectation holds for both.

mod expect;
mod file;
mod grpc;
mod pattern;
mod raw;
mod rest;
mod text;

pub use file::{Scenario, load};

use anyhow::Context;
use file::Step;
use raw::Raw;
use serde_json::Value;
use std::{collections::BTreeMap, fmt, path::Path};

/// The two wires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Wire {
    Rest,
    Grpc,
}

impl fmt::Display for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Wire::Rest => "rest",
            Wire::Grpc => "grpc",
        })
    }
}

/// A request with all variables filled in.
#[derive(Clone, Debug)]
struct Sent {
    method: String,
    /// Below the base (`Patient/x?…`), or a whole URL taken from a link.
    path: String,
    headers: BTreeMap<String, String>,
    body: Option<Vec<u8>>,
}

/// An answer in REST's shape.
#[derive(Clone, Debug)]
struct Got {
    status: u16,
    /// By lower-case name.
    headers: BTreeMap<String, String>,
    /// `Null` where there is no body.
    body: Value,
    raw: Raw,
}

/// Runs every scenario of a folder over both wires of one server. The error names all that failed: file, step, wire,
/// what was expected and what came.
pub async fn run_all(folder: &Path, rest: &str, grpc: &str) -> anyhow::Result<()> {
    let scenarios = load(folder)?;
    let (mut failed, mut ran) = (Vec::new(), 0);
    for scenario in &scenarios {
        for wire in [Wire::Rest, Wire::Grpc] {
            ran += 1;
            if let Err(error) = run(scenario, wire, rest, grpc).await {
                failed.push(format!("{error:#}"));
            }
        }
    }
    anyhow::ensure!(failed.is_empty(), "{} of {ran} failed\n\n{}", failed.len(), failed.join("\n\n"));
    Ok(())
}

/// Runs one scenario over one wire; stops at the first step that fails, as later ones build on it.
pub async fn run(scenario: &Scenario, wire: Wire, rest: &str, grpc: &str) -> anyhow::Result<()> {
    let mut variables = BTreeMap::new();
    // A name of its own for everything the scenario makes: both wires share one server.
    variables.insert("run".to_owned(), format!("{}-{wire}", scenario.number));
    if scenario.has_tenant {
        let name = format!("s{}-{wire}", scenario.number);
        client::Admin::connect(grpc)?.create_tenant(&name, name.clone().into()).await?;
        let root = rest.trim_end_matches("/fhir");
        variables.insert("tenant_base".to_owned(), format!("{root}/t/{name}/fhir"));
        variables.insert("tenant".to_owned(), name);
    }
    let (rest, grpc) = match wire {
        Wire::Rest => (rest::Rest::new(rest), None),
        Wire::Grpc => (rest::Rest::new(rest), Some(grpc::Grpc::new(grpc)?)),
    };
    for (index, step) in scenario.steps.iter().enumerate() {
        if step.only.is_some_and(|only| only != wire) {
            continue;
        }
        let place = || format!("{} step {} ({}) over {wire}", scenario.file, index + 1, step.what);
        let sent = step.request.fill(&variables, &scenario.folder).with_context(place)?;
        let got = match &grpc {
            Some(grpc) => grpc.send(&sent).await,
            None => rest.send(&sent).await,
        };
        let got = got.with_context(|| format!("{}: {} {}", place(), sent.method, sent.path))?;
        check(step, &got, &mut variables)
            .with_context(|| format!("{}: {} {}", place(), sent.method, sent.path))?;
    }
    Ok(())
}

fn check(step: &Step, got: &Got, variables: &mut BTreeMap<String, String>) -> anyhow::Result<()> {
    let wrong = step.expect.check(got, variables)?;
    if !wrong.is_empty() {
        let body: String = got.body.to_string().chars().take(2000).collect();
        anyhow::bail!("{}\nanswer: {} {:?}\n{body}", wrong.join("\n"), got.status, got.headers);
    }
    for (name, from) in &step.save {
        let value = from.take(got).with_context(|| format!("saving {name}"))?;
        variables.insert(name.clone(), value);
    }
    Ok(())
}
