//! Whole nodes in one thread, on parts in memory, under clients that collide and faults at any moment: what was acknowledged
//! stays true. One node alone, and several that are a cluster. A seed that fails is run again by `SIMULATION_SEED=… cargo nextest run
//! --release --workspace -E 'test(asked_for)'`.

// A request's future holds those of all layers below it.
#![recursion_limit = "256"]

#[path = "simulation/alone.rs"]
mod alone;
#[path = "simulation/machines.rs"]
mod machines;
#[path = "../../cluster/tests/support/network.rs"]
mod network;
#[path = "simulation/options.rs"]
mod options;
#[path = "simulation/rows.rs"]
mod rows;
#[path = "simulation/served.rs"]
mod served;
#[path = "simulation/several.rs"]
mod several;
#[path = "simulation/tapped.rs"]
mod tapped;

use testkit::simulation::Outcome;

fn holds(outcome: &Outcome) -> bool {
    let report = &outcome.report;
    let good = report.findings.iter().all(|(_, findings)| findings.violations.is_empty());
    good && report.surprises.is_empty()
}

/// Two runs of one seed, line by line.
fn assert_same(seed: u64, first: &[String], again: &[String]) {
    let differs = first.iter().zip(again).find(|(one, other)| one != other);
    assert_eq!(differs, None, "seed {seed}");
    assert_eq!(first.len(), again.len(), "seed {seed}");
}

/// Tests of parts of the seeds, so that all cores have something to do.
macro_rules! seeds {
    ($hold:ident; $($name:ident: $seeds:expr;)*) => {
        $(#[test]
        fn $name() {
            $hold($seeds);
        })*
    };
}

use seeds;
