//! Reads by id next to servers that only answer the same bytes.

use super::{Run, progress};
use crate::{
    measure::{Measured, fleet, measure},
    node::Node,
    report::{Fact, Row, Section},
    wire::{grpc, rest, rest::create_observations},
};
use anyhow::Result;
use std::sync::Arc;

const ABOUT: &str = "Read by id, over 2,000 resources in turns. `of floor`: part of the rate of a bare axum or tonic \
server that answers the same bytes from memory, in a process of its own, in this run.";

const RESOURCES: usize = 2000;

/// The section; its rows fail one by one.
pub(super) async fn section(run: &Run<'_>, node: &Node, echo: &Node, patients: &[String]) -> Section {
    let mut section = Section { title: "Reads".to_owned(), about: ABOUT.to_owned(), ..Section::default() };
    let ids = match create_observations(&node.rest, patients, RESOURCES).await {
        Ok(ids) => Arc::new(ids),
        Err(error) => {
            section.facts.push(Fact::failed("preparing the resources to read", &error));
            return section;
        }
    };
    for &level in &run.options.levels {
        let floor = Row::new("axum echo", level, level, over_rest(run, echo, level, &ids).await);
        let row = Row::new("REST GET", level, level, over_rest(run, node, level, &ids).await);
        push(&mut section, floor, row);
        let floor = Row::new("tonic echo", level, level, over_grpc(run, echo, level, &ids).await);
        let row = Row::new("gRPC Read", level, level, over_grpc(run, node, level, &ids).await);
        push(&mut section, floor, row);
    }
    section
}

fn push(section: &mut Section, floor: Row, row: Row) {
    let row = row.against(floor.per_second());
    for row in [floor, row] {
        progress(&row);
        section.rows.push(row);
    }
}

async fn over_rest(run: &Run<'_>, server: &Node, level: usize, ids: &[String]) -> Result<Measured> {
    let paths: Arc<Vec<String>> = Arc::new(ids.iter().map(|id| format!("Observation/{id}")).collect());
    let connect = |number| rest::Read::connect(&server.rest, paths.clone(), number * 31);
    measure(&run.options.plan, fleet(level, connect).await?, &[server.pid()]).await
}

async fn over_grpc(run: &Run<'_>, server: &Node, level: usize, ids: &Arc<Vec<String>>) -> Result<Measured> {
    let connect = |number| grpc::Read::connect(&server.grpc, ids.clone(), number * 31);
    measure(&run.options.plan, fleet(level, connect).await?, &[server.pid()]).await
}
