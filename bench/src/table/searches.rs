//! The query shapes on a loaded store.

use super::{Run, progress};
use crate::{
    measure::{Measured, fleet, measure},
    node::Node,
    pool::Pools,
    report::{Fact, Row, Section},
    shape::{Search, Shape, TABLE},
};
use anyhow::Result;
use std::sync::Arc;

const ABOUT: &str =
    "First pages over REST; the values are drawn from the loaded data, another one for every request.";

/// The section; its rows fail one by one.
pub(super) async fn section(run: &Run<'_>, node: &Node, title: &str) -> Section {
    let mut section = Section { title: title.to_owned(), about: ABOUT.to_owned(), ..Section::default() };
    let pools = match Pools::read(&node.rest).await {
        Ok(pools) => Arc::new(pools),
        Err(error) => {
            section.facts.push(Fact::failed("drawing values from the data", &error));
            return section;
        }
    };
    section.facts.push(Fact::new("values drawn from", pools.sizes()));
    let ends = [run.options.levels.first(), run.options.levels.get(1)];
    for shape in TABLE.into_iter().filter_map(Shape::by_number) {
        for &level in ends.into_iter().flatten() {
            let row = Row::new(
                format!("{}: {}", shape.number, shape.name()),
                level,
                level,
                search(run, node, *shape, level, &pools).await,
            );
            progress(&row);
            section.rows.push(row);
        }
    }
    section
}

async fn search(
    run: &Run<'_>,
    node: &Node,
    shape: Shape,
    level: usize,
    pools: &Arc<Pools>,
) -> Result<Measured> {
    let connect = |number| Search::connect(&node.rest, shape, pools.clone(), number * 7);
    measure(&run.options.plan, fleet(level, connect).await?, &[node.pid()]).await
}
