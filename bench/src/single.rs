//! One row against any FHIR REST server: for looking closer, and side by side with others.

use crate::{
    measure::{Measured, Plan, fleet, measure},
    observation::Observations,
    pool::Pools,
    report::Row,
    shape::{SHAPES, Search, Shape},
    wire::rest::{Create, Read, create_observations, create_patients},
};
use anyhow::{Context, Result};
use std::{str::FromStr, sync::Arc};

/// What is asked of the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// POST of an Observation; patients are made first.
    Create,
    /// GET by id; what is read is made first.
    Read,
    /// A query shape by its number.
    Search(Shape),
}

impl FromStr for What {
    type Err = String;

    fn from_str(text: &str) -> Result<What, String> {
        match text {
            "create" => Ok(What::Create),
            "read" => Ok(What::Read),
            number => match number.parse().ok().and_then(Shape::by_number) {
                Some(shape) => Ok(What::Search(*shape)),
                None => {
                    Err("`create`, `read`, or the number of a query shape (`bench shapes` lists them)"
                        .to_owned())
                }
            },
        }
    }
}

/// Patients and resources made for a row.
const PATIENTS: usize = 64;
const RESOURCES: usize = 1000;

/// Measures. `target` is the FHIR base URL, `pid` the server's process if it is on this machine.
///
/// # Errors
/// What keeps the row from being measured at all; a failing row is a row.
pub async fn run(target: &str, what: What, connections: usize, plan: &Plan, pid: Option<u32>) -> Result<Row> {
    let (name, measured) = match what {
        What::Create => ("REST POST".to_owned(), create(target, connections, plan, pid).await?),
        What::Read => ("REST GET".to_owned(), read(target, connections, plan, pid).await?),
        What::Search(shape) => {
            (shape.name().to_owned(), search(target, shape, connections, plan, pid).await?)
        }
    };
    Ok(Row::new(name, connections, connections, measured))
}

/// All shapes that the server has data for, or those that are asked for, one after the other; `done` hears of each row.
///
/// # Errors
/// As [`run`].
pub async fn shapes(
    target: &str,
    only: &[u32],
    connections: usize,
    plan: &Plan,
    mut done: impl FnMut(&Row),
) -> Result<Vec<Row>> {
    let pools = &Arc::new(Pools::read(target).await.context("drawing values from the data")?);
    let mut rows = Vec::new();
    let wanted = SHAPES.iter().filter(|shape| only.is_empty() || only.contains(&shape.number));
    for shape in wanted.filter(|shape| shape.placeholders().all(|name| pools.draw(name, 0).is_some())) {
        let connect = |number| Search::connect(target, *shape, pools.clone(), number * 7);
        let workers = fleet(connections, connect).await?;
        let name = format!("{}: {}", shape.number, shape.name());
        let row = Row::new(name, connections, connections, measure(plan, workers, &[]).await);
        done(&row);
        rows.push(row);
    }
    Ok(rows)
}

async fn create(target: &str, connections: usize, plan: &Plan, pid: Option<u32>) -> Result<Result<Measured>> {
    let patients = create_patients(target, PATIENTS).await.context("creating patients")?;
    let observations = &Observations::new("run", patients);
    // Other servers need not find a write at once, so that is not asked of them.
    let workers = fleet(connections, |_| Create::connect(target, observations.clone(), false)).await?;
    Ok(measure(plan, workers, pid.as_slice()).await)
}

async fn read(target: &str, connections: usize, plan: &Plan, pid: Option<u32>) -> Result<Result<Measured>> {
    let patients = create_patients(target, 1).await.context("creating a patient")?;
    let ids = create_observations(target, &patients, RESOURCES).await.context("creating resources")?;
    let paths: &Arc<Vec<String>> = &Arc::new(ids.iter().map(|id| format!("Observation/{id}")).collect());
    let workers = fleet(connections, |number| Read::connect(target, paths.clone(), number * 31)).await?;
    Ok(measure(plan, workers, pid.as_slice()).await)
}

async fn search(
    target: &str,
    shape: Shape,
    connections: usize,
    plan: &Plan,
    pid: Option<u32>,
) -> Result<Result<Measured>> {
    let pools = &Arc::new(Pools::read(target).await.context("drawing values from the data")?);
    let workers =
        fleet(connections, |number| Search::connect(target, shape, pools.clone(), number * 7)).await?;
    Ok(measure(plan, workers, pid.as_slice()).await)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_by_name_and_number() {
        assert_eq!("create".parse(), Ok(What::Create));
        assert!(matches!("17".parse(), Ok(What::Search(shape)) if shape.number == 17));
        assert!("9999".parse::<What>().is_err());
    }
}
