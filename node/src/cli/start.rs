//! `salamander start`: bind, open the node, serve, stop.

use super::{config::Flags, options};
use crate::{
    bounds::Bounds,
    budget::Budget,
    config::{Config, strange_variables},
    engine::Node,
    observe::{self, Readiness},
    server::{Server, signals, stop},
};
use anyhow::{Context, anyhow};
use std::{io::Write, sync::Arc, time::Duration};
use tokio::{sync::watch, time::MissedTickBehavior};

/// How often the node's readiness is looked at; a probe sees a change this late.
const READINESS_INTERVAL: Duration = Duration::from_millis(250);

pub(super) fn start(flags: &Flags) -> anyhow::Result<()> {
    let config = flags.load()?;
    let budget = Budget::of(&config);
    let config = budget.fill(config);
    observe::logging::init(&config.logging).map_err(|error| anyhow!(error))?;
    budget.log(&config);
    observe::metrics::install();
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    for told in strange_variables(names) {
        tracing::warn!("environment: {told}");
    }
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    if config.node.threads > 0 {
        runtime.worker_threads(config.node.threads);
    }
    let runtime = runtime.enable_all().build().context("cannot start the async runtime")?;
    let result = runtime.block_on(run(&config));
    // Requests cut off by the grace period may still hold threads; the data is safe by now.
    runtime.shutdown_timeout(Duration::from_secs(1));
    result
}

async fn run(config: &Config) -> anyhow::Result<()> {
    // Before the data is touched: a second start on the same ports must not disturb the first.
    let server = Server::bind(config).await?;
    let (stopper, stop) = stop::channel();
    signals::listen(stopper).context("cannot listen for signals")?;
    let node = tokio::select! {
        node = Node::open(options::engine(config)) => node?,
        () = stop.clone().wait() => return Ok(()),
    };
    let bounds = Bounds::of(config);
    sample(&node, &bounds);
    let (readiness, receiver) = watch::channel(current(&node));
    let watcher = tokio::spawn(watch_readiness(node.clone(), readiness));
    let announcer = tokio::spawn(announce(server.ready_line(), receiver.clone()));
    let served = server.serve(config, Arc::new(node.clone()), bounds, receiver, stop).await;
    announcer.abort();
    watcher.abort();
    node.shutdown().await;
    tracing::info!("stopped");
    Ok(served?)
}

/// The node's gauges, taken when the metrics page is asked for.
fn sample(node: &Node, bounds: &Arc<Bounds>) {
    let (figures, bounds) = (node.figures(), bounds.clone());
    observe::metrics::on_scrape(move || {
        let held = bounds.held();
        metrics::gauge!("salamander_requests_held").set(held.requests as f64);
        metrics::gauge!("salamander_requests_memory_bytes").set(held.bytes as f64);
        if let Some(figures) = figures() {
            metrics::gauge!("salamander_actors").set(figures.actors as f64);
            metrics::gauge!("salamander_actors_queued").set(figures.queued as f64);
            metrics::gauge!("salamander_search_tail_fill").set(f64::from(figures.tail_fill));
        }
    });
}

fn current(node: &Node) -> Readiness {
    match node.ready() {
        Ok(()) => Readiness::ready(),
        Err(reason) => Readiness::not_ready(reason),
    }
}

async fn watch_readiness(node: Node, readiness: watch::Sender<Readiness>) {
    let mut ticks = tokio::time::interval(READINESS_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let now = current(&node);
        readiness.send_if_modified(|known| {
            let changed = *known != now;
            *known = now;
            changed
        });
    }
}

/// Prints the line scripts wait for, once the node serves.
async fn announce(line: String, mut readiness: watch::Receiver<Readiness>) {
    if readiness.wait_for(Readiness::is_ready).await.is_ok() {
        let mut out = std::io::stdout().lock();
        // A closed stdout is no reason to stop serving.
        let _ = writeln!(out, "{line}").and_then(|()| out.flush());
    }
}
