//! Single creates next to the floor of the disk and the floor of the wire.

use super::{Run, STREAM_IN_FLIGHT, progress};
use crate::{
    floor::{self, Space},
    measure::{Measured, fleet, measure},
    node::Node,
    observation::Observations,
    report::{Row, Section},
    wire::{
        grpc::{self, Kind},
        rest, stream,
    },
};
use anyhow::Result;
use bytes::Bytes;
use std::{collections::BTreeMap, sync::Arc};

const ABOUT: &str = "One write per request, answered after fdatasync and found by the next search. `of floor`: part of \
the rate of one thread that group-commits the same bytes with fdatasync into a preallocated file, fed by as many \
submitters, in this run, on this filesystem. `echo` rows answer the same bytes and do nothing else. Finding is checked \
while warming up, under the row's own concurrency.";

/// All rows. `floors` are the preallocated floor's rates by submitters.
struct Creates<'a> {
    run: &'a Run<'a>,
    node: &'a Node,
    patients: &'a [String],
    floors: BTreeMap<usize, f64>,
    rows: Vec<Row>,
}

/// The section; its rows fail one by one.
pub(super) async fn section(
    run: &Run<'_>,
    node: &Node,
    echo: &Node,
    patients: &[String],
    sample: &Bytes,
) -> Section {
    let mut creates = Creates { run, node, patients, floors: BTreeMap::new(), rows: Vec::new() };
    for &level in &run.options.levels {
        creates.floors(level, sample).await;
        creates.echoes(level, echo).await;
        creates.wires(level).await;
    }
    creates.floors(STREAM_IN_FLIGHT, sample).await;
    creates.streams().await;
    creates.hot_patient().await;
    Section { title: "Creates".to_owned(), about: ABOUT.to_owned(), rows: creates.rows, facts: vec![] }
}

impl Creates<'_> {
    fn push(&mut self, row: Row) {
        progress(&row);
        self.rows.push(row);
    }

    fn row(&mut self, what: &str, connections: usize, in_flight: usize, measured: Result<Measured>) -> Row {
        let floor = self.floors.get(&in_flight).copied();
        Row::new(what, connections, in_flight, measured).against(floor)
    }

    fn observations(&self, label: &str) -> Arc<Observations> {
        Observations::new(label, self.patients.to_vec())
    }

    async fn floors(&mut self, level: usize, sample: &Bytes) {
        for (space, what) in
            [(Space::Preallocated, "floor, preallocated file"), (Space::Growing, "floor, growing file")]
        {
            let result =
                floor::run(&self.run.options.plan, self.run.folder, space, level, sample.clone()).await;
            let (measured, counts) =
                result.map_or_else(|error| (Err(error), None), |(m, c)| (Ok(m), Some(c)));
            let mut row = Row::new(what, level, level, measured);
            if let Some(counts) = counts {
                row = row.note(format!(
                    "{:.1} writes per sync",
                    counts.writes as f64 / counts.syncs.max(1) as f64
                ));
            }
            if space == Space::Preallocated
                && let Some(rate) = row.per_second()
            {
                self.floors.insert(level, rate);
            }
            let row = row.against(self.floors.get(&level).copied());
            self.push(row);
        }
    }

    async fn echoes(&mut self, level: usize, echo: &Node) {
        let (plan, pid) = (&self.run.options.plan, &[echo.pid()]);
        let observations = &self.observations("e");
        let measured = async {
            let connect = |_| rest::Create::connect(&echo.rest, observations.clone(), false);
            measure(plan, fleet(level, connect).await?, pid).await
        };
        let row = Row::new("echo, REST POST", level, level, measured.await);
        self.push(row);
        let measured = async {
            let connect = |_| grpc::Create::connect(&echo.grpc, observations.clone(), Kind::Post, false);
            measure(plan, fleet(level, connect).await?, pid).await
        };
        let row = Row::new("echo, gRPC Create", level, level, measured.await);
        self.push(row);
    }

    async fn wires(&mut self, level: usize) {
        let rest = rest_create(self.run, self.node, level, self.observations("r")).await;
        let row = self.row("REST POST", level, level, rest);
        self.push(row);
        let post = grpc_create(self.run, self.node, level, Kind::Post, self.observations("g")).await;
        let post = self.row("gRPC Create", level, level, post);
        let post_cpu = post.figures().and_then(|figures| figures.server_cpu_us);
        self.push(post);
        let stream = stream_create(self.run, self.node, level, 1, self.observations("s")).await;
        let row = self.row("gRPC WriteStream, 1 in flight each", level, level, stream);
        self.push(row);
        let put = grpc_create(self.run, self.node, level, Kind::Put, self.observations("p")).await;
        let mut row = self.row("gRPC Update, client-assigned ids", level, level, put);
        let put_cpu = row.figures().and_then(|figures| figures.server_cpu_us);
        if let Some((put, post)) = put_cpu.zip(post_cpu) {
            row = row.note(format!("{:.2} × the CPU of gRPC Create", put / post));
        }
        self.push(row);
    }

    async fn streams(&mut self) {
        let most = self.run.options.levels.iter().copied().max().unwrap_or(1);
        for in_flight in [most, STREAM_IN_FLIGHT] {
            let measured = stream_create(self.run, self.node, 1, in_flight, self.observations("w")).await;
            let row = self.row("gRPC WriteStream, one stream", 1, in_flight, measured);
            self.push(row);
        }
    }

    async fn hot_patient(&mut self) {
        let most = self.run.options.levels.iter().copied().max().unwrap_or(1);
        let one = || Observations::new("h", self.patients.iter().take(1).cloned().collect());
        let (over_rest, over_grpc) = (one(), one());
        let measured = rest_create(self.run, self.node, most, over_rest).await;
        let row = self.row("REST POST, one hot patient", most, most, measured);
        self.push(row);
        let measured = grpc_create(self.run, self.node, most, Kind::Post, over_grpc).await;
        let row = self.row("gRPC Create, one hot patient", most, most, measured);
        self.push(row);
    }
}

async fn rest_create(
    run: &Run<'_>,
    node: &Node,
    level: usize,
    observations: Arc<Observations>,
) -> Result<Measured> {
    let connect = |_| rest::Create::connect(&node.rest, observations.clone(), true);
    measure(&run.options.plan, fleet(level, connect).await?, &[node.pid()]).await
}

/// `level` unary connections to the node.
pub(super) async fn grpc_create(
    run: &Run<'_>,
    node: &Node,
    level: usize,
    kind: Kind,
    observations: Arc<Observations>,
) -> Result<Measured> {
    let connect = |_| grpc::Create::connect(&node.grpc, observations.clone(), kind, true);
    measure(&run.options.plan, fleet(level, connect).await?, &[node.pid()]).await
}

async fn stream_create(
    run: &Run<'_>,
    node: &Node,
    streams: usize,
    in_flight: usize,
    observations: Arc<Observations>,
) -> Result<Measured> {
    let connect = |_| stream::Create::connect(&node.grpc, observations.clone(), in_flight, true);
    measure(&run.options.plan, fleet(streams, connect).await?, &[node.pid()]).await
}
