//! The options as a list: for the environment, for `salamander config`, for the README.

use super::{range::Bounded, *};
use serde_json::Value;
use std::fmt::Write;

/// One option: its full key, such as `rest.listen`, its default and its documentation.
#[derive(Clone, Debug)]
pub struct ConfigOption {
    pub key: String,
    pub default: Value,
    pub about: String,
}

impl ConfigOption {
    /// Its environment variable: `SALAMANDER_REST_LISTEN`.
    pub fn variable(&self) -> String {
        format!("SALAMANDER_{}", self.key.replace('.', "_").to_uppercase())
    }
}

/// (section, what it is about, its options)
type Section = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const SECTIONS: &[Section] = &[
    ("node", Node::ABOUT, Node::FIELDS),
    ("memory", Memory::ABOUT, Memory::FIELDS),
    ("rest", Rest::ABOUT, Rest::FIELDS),
    ("grpc", Grpc::ABOUT, Grpc::FIELDS),
    ("tls", Tls::ABOUT, Tls::FIELDS),
    ("limits", Limits::ABOUT, Limits::FIELDS),
    ("validation", Validation::ABOUT, Validation::FIELDS),
    ("conformance", Conformance::ABOUT, Conformance::FIELDS),
    ("idempotency", Idempotency::ABOUT, Idempotency::FIELDS),
    ("storage", Storage::ABOUT, Storage::FIELDS),
    ("log", Log::ABOUT, Log::FIELDS),
    ("raft", Raft::ABOUT, Raft::FIELDS),
    ("cluster", Cluster::ABOUT, Cluster::FIELDS),
    ("actors", Actors::ABOUT, Actors::FIELDS),
    ("transactions", Transactions::ABOUT, Transactions::FIELDS),
    ("search", Search::ABOUT, Search::FIELDS),
    ("logging", Logging::ABOUT, Logging::FIELDS),
];

/// All options, in the order of the sections.
pub fn options() -> Vec<ConfigOption> {
    let defaults = serde_json::to_value(Config::default()).unwrap_or_default();
    let mut all = Vec::new();
    for (section, _, fields) in SECTIONS {
        for (name, about) in *fields {
            let default = defaults[section][name].clone();
            all.push(ConfigOption {
                key: format!("{section}.{name}"),
                default,
                about: about.trim().to_owned(),
            });
        }
    }
    all
}

/// Every leaf of a tree of tables with its dotted key.
pub(super) fn flatten(tree: &Value) -> Vec<(String, Value)> {
    fn walk(prefix: &str, value: &Value, out: &mut Vec<(String, Value)>) {
        let Value::Object(members) = value else {
            return out.push((prefix.to_owned(), value.clone()));
        };
        for (name, member) in members {
            let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
            walk(&key, member, out);
        }
    }
    let mut out = Vec::new();
    walk("", tree, &mut out);
    out
}

/// The known name most like the unknown one, if one is close.
pub(super) fn nearest(unknown: &str, known: &[String]) -> Option<String> {
    let (distance, name) = known.iter().map(|name| (edit_distance(unknown, name), name)).min()?;
    (distance <= 4.max(unknown.len() / 4)).then(|| name.clone())
}

fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, right) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(left != *right);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

impl Config {
    /// Section by section, the options whose numbers are bounded.
    pub(super) fn bounded(&self) -> Vec<(&'static str, Vec<Bounded>)> {
        vec![
            ("node", self.node.bounded()),
            ("memory", self.memory.bounded()),
            ("rest", self.rest.bounded()),
            ("grpc", self.grpc.bounded()),
            ("tls", self.tls.bounded()),
            ("limits", self.limits.bounded()),
            ("validation", self.validation.bounded()),
            ("conformance", self.conformance.bounded()),
            ("idempotency", self.idempotency.bounded()),
            ("storage", self.storage.bounded()),
            ("log", self.log.bounded()),
            ("raft", self.raft.bounded()),
            ("cluster", self.cluster.bounded()),
            ("actors", self.actors.bounded()),
            ("transactions", self.transactions.bounded()),
            ("search", self.search.bounded()),
            ("logging", self.logging.bounded()),
        ]
    }

    /// The effective configuration as a TOML file with comments, fit to be used with `--config`.
    pub fn to_commented_toml(&self) -> String {
        let effective = serde_json::to_value(self).unwrap_or_default();
        let defaults = options();
        let bounded = self.bounded();
        let mut out = String::new();
        for (section, about, fields) in SECTIONS {
            let _ = writeln!(out, "# {}\n[{section}]", about.trim());
            for (name, _) in *fields {
                let Some(option) = defaults.iter().find(|option| option.key == format!("{section}.{name}"))
                else {
                    continue;
                };
                let value = &effective[section][name];
                let _ = writeln!(out, "# {}", option.about);
                let of_section = bounded.iter().filter(|(other, _)| other == section);
                let range = of_section.flat_map(|(_, options)| options).find(|range| range.name == *name);
                if let Some(range) = range {
                    let _ = writeln!(out, "# allowed: {}", range.allowed);
                }
                if *value != option.default {
                    let _ = writeln!(out, "# default: {}", option.default);
                }
                let _ = writeln!(out, "{name} = {value}");
            }
            out.push('\n');
        }
        out
    }
}

/// The table of all options in `node/README.md`.
pub fn readme_table() -> String {
    let mut out = String::from("| option | default | what it does |\n|---|---|---|\n");
    for option in options() {
        let _ = writeln!(
            out,
            "| `{}` | `{}` | {} |",
            option.key,
            option.default,
            option.about.replace('|', "\\|")
        );
    }
    out
}
