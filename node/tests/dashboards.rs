//! Every metric a dashboard or an alert asks for is one that a node exposes, with help and type; and the README has all.

use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use testkit::{node::NodeProcess, probe::Probe};

/// A family of the metrics page.
#[derive(Debug, Default)]
struct Family {
    help: String,
    kind: String,
    /// Names of its samples, with the labels each has.
    samples: BTreeMap<String, BTreeSet<String>>,
}

/// <https://prometheus.io/docs/instrumenting/exposition_formats/>
fn parse(page: &str) -> BTreeMap<String, Family> {
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let label = Regex::new(r#"([a-z_]+)=""#).unwrap();
    for line in page.lines().filter(|line| !line.is_empty()) {
        if let Some(comment) = line.strip_prefix("# ") {
            let mut words = comment.splitn(3, ' ');
            let (word, name, text) =
                (words.next().unwrap(), words.next().unwrap(), words.next().unwrap_or_default());
            let family = families.entry(name.to_owned()).or_default();
            let field = if word == "HELP" { &mut family.help } else { &mut family.kind };
            assert!(field.is_empty(), "{name} has {word} twice");
            text.clone_into(field);
            continue;
        }
        let (name, rest) = line.split_at(line.find(['{', ' ']).unwrap());
        let labels = label.captures_iter(rest).map(|found| found[1].to_owned());
        let suffixes = ["_bucket", "_sum", "_count"];
        let of_family = suffixes.iter().filter_map(|suffix| name.strip_suffix(suffix));
        let family = of_family.chain([name]).find(|family| families.contains_key(*family));
        let family = family.unwrap_or_else(|| panic!("{name} comes before its HELP and TYPE"));
        families.get_mut(family).unwrap().samples.entry(name.to_owned()).or_default().extend(labels);
    }
    families
}

/// A page of a node that was asked for something, in vain too.
async fn exposed() -> BTreeMap<String, Family> {
    let node = NodeProcess::start(env!("CARGO_BIN_EXE_salamander")).unwrap();
    let probe = Probe::new(&node.rest, &node.grpc).unwrap();
    assert_eq!(probe.put("Patient/p", r#"{"resourceType":"Patient","id":"p"}"#).await.unwrap().status, 201);
    assert_eq!(probe.get("Patient/none").await.unwrap().status, 404);
    let page = reqwest::get(node.rest.replace("/fhir", "/metrics")).await.unwrap();
    assert_eq!(page.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    parse(&page.text().await.unwrap())
}

/// The metrics of an expression, each with the labels that it selects by.
fn asked(expression: &str) -> Vec<(String, Vec<String>)> {
    let metric = Regex::new(r"\b((?:salamander|process)_[a-z0-9_]+)(?:\{([^}]*)\})?").unwrap();
    let label = Regex::new(r#"([a-z_]+)\s*(?:=~|!~|!=|=)"#).unwrap();
    let labels = |selector: &str| label.captures_iter(selector).map(|found| found[1].to_owned()).collect();
    let of = |found: regex::Captures<'_>| {
        (found[1].to_owned(), labels(found.get(2).map_or("", |all| all.as_str())))
    };
    metric.captures_iter(expression).map(of).collect()
}

/// Labels that Prometheus gives to every sample.
fn is_from_prometheus(label: &str) -> bool {
    matches!(label, "instance" | "job")
}

fn all_exposed(origin: &str, expressions: &[String], families: &BTreeMap<String, Family>) {
    let samples: BTreeMap<&String, &BTreeSet<String>> =
        families.values().flat_map(|family| &family.samples).collect();
    assert!(expressions.len() > 10, "{origin}: {} expressions", expressions.len());
    for expression in expressions {
        for (name, labels) in asked(expression) {
            let known =
                samples.get(&name).unwrap_or_else(|| panic!("{origin}: nobody exposes {name}: {expression}"));
            for label in labels.iter().filter(|label| !is_from_prometheus(label)) {
                assert!(known.contains(label), "{origin}: {name} has no label {label}: {expression}");
            }
        }
    }
}

/// Every member called `name`, wherever it is.
fn members(tree: &serde_json::Value, name: &str, found: &mut Vec<String>) {
    match tree {
        serde_json::Value::Object(all) => {
            found.extend(all.get(name).and_then(|value| value.as_str()).map(str::to_owned));
            all.values().for_each(|value| members(value, name, found));
        }
        serde_json::Value::Array(all) => all.iter().for_each(|value| members(value, name, found)),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn dashboards_and_alerts_ask_for_what_is_exposed() {
    let families = exposed().await;
    let dashboard: serde_json::Value =
        serde_json::from_str(include_str!("../dashboards/salamander.json")).unwrap();
    let alerts: serde_json::Value =
        serde_yaml_ng::from_str(include_str!("../dashboards/alerts.yml")).unwrap();
    let (mut panels, mut rules) = (Vec::new(), Vec::new());
    members(&dashboard, "expr", &mut panels);
    members(&alerts, "expr", &mut rules);
    all_exposed("salamander.json", &panels, &families);
    all_exposed("alerts.yml", &rules, &families);

    let shown: BTreeSet<String> =
        panels.iter().flat_map(|panel| asked(panel)).map(|(name, _)| name).collect();
    for (name, family) in families.iter().filter(|(name, _)| !name.starts_with("process_virtual")) {
        let one = family.samples.keys().any(|sample| shown.contains(sample));
        assert!(one, "no panel shows {name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_types_and_units_follow_the_conventions() {
    let families = exposed().await;
    let standard = [
        "process_cpu_seconds_total",
        "process_max_fds",
        "process_open_fds",
        "process_resident_memory_bytes",
        "process_start_time_seconds",
        "process_threads",
        "process_virtual_memory_bytes",
    ];
    let readme = include_str!("../README.md");
    for (name, family) in &families {
        assert!(
            name.starts_with("salamander_") || standard.contains(&name.as_str()),
            "{name} has another prefix"
        );
        assert!(!family.help.is_empty(), "{name} has no HELP");
        assert!(!family.samples.is_empty(), "{name} has no samples");
        assert!(
            ["counter", "gauge", "histogram", "summary"].contains(&family.kind.as_str()),
            "{name}: {}",
            family.kind
        );
        assert_eq!(family.kind == "counter", name.ends_with("_total"), "{name} is a {}", family.kind);
        for unit in ["_ms", "_milliseconds", "_microseconds", "_us", "_kb", "_mb", "_percent"] {
            assert!(!name.contains(unit), "{name} is not in base units");
        }
        let row = format!("| `{name}` | {} | {} |", family.kind, family.help);
        assert!(readme.contains(&row), "node/README.md lacks the row\n{row}");
    }
}
