//! The rendering of a report, held against a checked-in one.

use anyhow::{Result, anyhow};
use bench::{
    machine::Machine,
    markdown,
    report::{Fact, Figures, Outcome, Report, Row, Section},
};
use serde_json::Value;

fn report() -> Report {
    let machine = Machine {
        cpu: "Imagined CPU".to_owned(),
        cores: 2,
        memory_bytes: 24_000_000_000,
        kernel: "6.1.0".to_owned(),
        filesystem: "ext4 on /dev/vda (rw)".to_owned(),
        rustc: "rustc 1.95.0".to_owned(),
        commit: "0123456789ab".to_owned(),
        load_before: "0.00 0.00 0.00".to_owned(),
    };
    let figures = Figures {
        operations: 50_000,
        seconds: 5.0,
        per_second: 10_000.0,
        p50_us: 812.4,
        p99_us: 12_340.0,
        max_us: 150_000.0,
        server_cpu_us: Some(151.6),
        client_cpu_us: 49.4,
        of_floor: Some(0.75),
        notes: vec!["12 of 12 writes found at once".to_owned()],
    };
    let slow = Figures {
        per_second: 99.6,
        of_floor: Some(0.1),
        server_cpu_us: None,
        notes: vec![],
        ..figures.clone()
    };
    let row = |what: &str, outcome| Row { what: what.to_owned(), connections: 10, in_flight: 10, outcome };
    let creates = Section {
        title: "Creates".to_owned(),
        about: "One at a time.".to_owned(),
        rows: vec![
            row("REST POST", Outcome::Measured(figures)),
            row("slow", Outcome::Measured(slow)),
            row("broken", Outcome::Failed { error: "it | said\nno".to_owned() }),
        ],
        facts: vec![],
    };
    let load = Section {
        title: "Loading".to_owned(),
        about: "A folder.".to_owned(),
        facts: vec![
            Fact::new("rate", "9,000 resources/s"),
            Fact::failed("idle", &anyhow!("the node is gone")),
        ],
        ..Section::default()
    };
    Report { machine, settings: vec![Fact::new("each row", "5s after 1.5s")], sections: vec![creates, load] }
}

#[test]
fn markdown_is_as_checked_in() {
    let rendered = markdown::render(&report());
    assert_eq!(rendered, include_str!("golden_report.md"), "rendered:\n{rendered}");
}

#[test]
fn failures_are_named() {
    let failures = report().failures();
    assert_eq!(
        failures,
        ["Creates: broken at 10 × 10: it | said\nno", "Loading: idle: FAILED: the node is gone"]
    );
}

#[test]
fn json_has_figures_and_failures_apart() -> Result<()> {
    let json: Value = serde_json::from_slice(&serde_json::to_vec(&report())?)?;
    let rows = &json["sections"][0]["rows"];
    assert_eq!(rows[0]["measured"]["per_second"], 10_000.0);
    assert_eq!(rows[0]["in_flight"], 10);
    assert_eq!(rows[2]["failed"]["error"], "it | said\nno");
    assert!(rows[2]["measured"].is_null());
    assert_eq!(json["machine"]["cores"], 2);
    Ok(())
}
