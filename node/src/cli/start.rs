//! `salamander start`: prepare the process, bind, open the node, serve, stop.

use super::{config::Flags, failed::Failed, membership, options, watch};
use crate::{
    budget::Budget,
    config::{Config, strange_variables},
    host::{descriptors, files},
    observe::{self, health::Health},
    service::Node,
    stop,
    tls::Tls,
    wire::{Server, signals},
};
use anyhow::{Context, anyhow};
use std::{sync::Arc, time::Duration};

pub(super) fn start(flags: &Flags) -> anyhow::Result<()> {
    files::keep_private();
    let config = flags.load()?;
    let budget = Budget::of(&config);
    let mut config = budget.fill(config);
    observe::logging::init(&config.logging).map_err(|error| anyhow!(error))?;
    budget.log(&config);
    if let Some(warning) = descriptors::fit(&mut config, descriptors::raise())? {
        tracing::warn!("{warning}");
    }
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
    let tls = Tls::open(&config.tls)?;
    // Before the data is touched: a second start on the same ports must not disturb the first.
    let server = Server::bind(config, tls.clone()).await?;
    let (stopper, stop) = stop::channel();
    signals::listen(stopper.clone(), Duration::from_millis(config.node.drain_ms))
        .context("cannot listen for signals")?;
    if let Some(tls) = &tls {
        tls.watch(stop.clone()).context("cannot listen for signals")?;
    }
    tighten(config);
    let mut options = options::engine(config);
    let bounds = options.bounds.clone();
    let peers = membership::listen(config, &tls, &mut options, stop.clone()).await?;
    if options.door.is_empty() {
        options.door = membership::door(server.grpc_address(), &options.cluster.address);
    }
    let opening = async {
        membership::join(config, &tls, &mut options).await?;
        Ok::<_, anyhow::Error>(Node::open(options, Arc::new(peers)).await?)
    };
    let node = tokio::select! {
        node = opening => node?,
        // Nothing is served yet that could drain.
        () = stop.clone().near() => return Ok(()),
    };
    observe::metrics::on_scrape(node.figures());
    let watch = watch::start(&node, server.ready_line(), config, stopper);
    let health = Health::new(watch.readiness(), stop.clone());
    let workers = tokio::runtime::Handle::current().metrics().num_workers();
    let shares = bounds.clone();
    observe::metrics::on_scrape(move |page| {
        let held = shares.held();
        page.gauge(
            "salamander_requests_held",
            "Requests that hold a share of the bounds, their callers gone or not",
        )
        .is(held.requests as f64);
        page.gauge("salamander_requests_memory_bytes", "Memory that requests hold").is(held.bytes as f64);
        page.gauge("salamander_runtime_workers", "Threads of the async runtime").is(workers as f64);
        let ready = health.current().is_ready();
        page.gauge("salamander_ready", "1: the node serves").is(f64::from(u8::from(ready)));
    });
    let served = server
        .serve(config, Arc::new(node.clone()), Arc::new(node.clone()), bounds, watch.readiness(), stop)
        .await;
    let failure = watch.end();
    node.shutdown().await;
    tracing::info!("stopped");
    served?;
    failure.map_or(Ok(()), |reason| Err(Failed(reason).into()))
}

/// A folder that an earlier version or a restored backup left open to others is closed. Where that is not this user's
/// to do, as on some mounted volumes, the operator is told.
fn tighten(config: &Config) {
    match files::tighten(&config.node.data) {
        Ok(0) => {}
        Ok(changed) => tracing::warn!(
            changed,
            "others could read or write files of the data folder; now they cannot (0700, 0600)"
        ),
        Err(error) => tracing::warn!(%error, "others may be able to read the data folder"),
    }
}
