//! The runbook has a section for each alert, and names commands, options and tests that there are.

use regex::Regex;
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::Command,
};

const RUNBOOK: &str = include_str!("../OPERATING.md");

fn here() -> PathBuf {
    PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").unwrap())
}

fn found<'t>(pattern: &str, text: &'t str) -> BTreeSet<&'t str> {
    let pattern = Regex::new(pattern).unwrap();
    pattern.captures_iter(text).map(|found| found.get(1).unwrap().as_str()).collect()
}

fn said(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_salamander")).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn each_alert_has_a_section_and_each_section_an_alert() {
    let alerts = found(r"(?m)- alert: (\w+)$", include_str!("../dashboards/alerts.yml"));
    let sections = found(r"(?m)^## (Salamander\w+)$", RUNBOOK);
    assert!(alerts.len() > 15);
    assert_eq!(alerts, sections);
    for section in RUNBOOK.split("\n## ").filter(|section| section.starts_with("Salamander")) {
        assert!(section.contains("Tried by `"), "{section}");
    }
}

#[test]
fn the_tests_that_are_named_are_there() {
    let tests = found(r"`((?:\.\./\w+/)?tests(?:/[\w/.]+)?)`", RUNBOOK);
    assert!(tests.len() > 10);
    for test in tests {
        assert!(Path::new(&here()).join(test).exists(), "{test} is named and not there");
    }
}

#[test]
fn the_options_and_commands_that_are_named_are_there() {
    let configuration = said(&["config"]);
    for option in found(r"`([a-z]+\.[a-z_]+)(?: = \w+)?`", RUNBOOK) {
        let (section, name) = option.split_once('.').unwrap();
        let of_section = configuration.split(&format!("[{section}]\n")).nth(1);
        let of_section = of_section.unwrap_or_default().split("\n[").next().unwrap_or_default();
        assert!(of_section.contains(&format!("\n{name} = ")), "{option} is named and no option");
    }
    let commands = found(r"salamander ([a-z]+(?: [a-z][a-z-]+)?)", RUNBOOK);
    assert!(commands.contains("cluster drain") && commands.contains("doctor"), "{commands:?}");
    for command in commands {
        let words: Vec<&str> = command.split(' ').collect();
        // What follows a command may be a word of the text.
        let arguments = match words[0] {
            "cluster" | "backup" => [words.as_slice(), &["--help"]].concat(),
            one => vec![one, "--help"],
        };
        said(&arguments);
    }
}
