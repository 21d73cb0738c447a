//! The configuration: documented defaults, then a file, then the environment, then flags; the later wins.
//! A key nobody knows is an error that names it, in the file and in flags; in the environment it is warned of.

mod check;
mod engine;
mod limits;
mod list;
mod options;
mod process;
mod range;
mod section;
mod tls;
mod wires;

pub use engine::{Actors, Cluster, Log, Raft, Search, Storage, Transactions};
pub use limits::{Conformance, Idempotency, Limits, Validation};
pub use list::List;
pub use options::{ConfigOption, options, readme_table};
pub use process::{Logging, Memory, Node};
pub use tls::Tls;
pub use wires::{Grpc, Rest};

use config::{FileFormat, builder::DefaultState};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The file looked for in the data folder where none is named.
pub const FILE_NAME: &str = "salamander.toml";

/// Everything that can be set. The sections' own docs say what each option does; `salamander config` prints them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    pub node: Node,
    pub memory: Memory,
    pub rest: Rest,
    pub grpc: Grpc,
    pub tls: Tls,
    pub limits: Limits,
    pub validation: Validation,
    pub conformance: Conformance,
    pub idempotency: Idempotency,
    pub storage: Storage,
    pub log: Log,
    pub raft: Raft,
    pub cluster: Cluster,
    pub actors: Actors,
    pub transactions: Transactions,
    pub search: Search,
    pub logging: Logging,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot read the configuration file {}: {source}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("the configuration file {}: {message}", path.display())]
    Syntax { path: PathBuf, message: String },
    #[error("{origin}: there is no option `{key}`{}", did_you_mean(nearest))]
    UnknownKey { origin: String, key: String, nearest: Option<String> },
    #[error("{0}")]
    Value(String),
    #[error("{key} = {value:?} is not possible; allowed: {allowed}")]
    Refused { key: String, value: String, allowed: String },
}

fn did_you_mean(nearest: &Option<String>) -> String {
    nearest.as_ref().map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

/// Where the layers above the defaults come from.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    /// `--config`: must exist. `None`: [`FILE_NAME`] in the data folder, where there is one.
    pub file: Option<PathBuf>,
    /// The environment; only names that begin with `SALAMANDER_` are looked at.
    pub environment: Vec<(String, String)>,
    /// Flags: full key and value.
    pub flags: Vec<(&'static str, String)>,
}

impl Config {
    /// Lays the layers over the defaults.
    ///
    /// # Errors
    /// A file that cannot be read or parsed, an unknown key, a value of the wrong kind: each names its place.
    pub fn load(layers: &Layers) -> Result<Config, Error> {
        let mut builder = config::Config::builder();
        let environment = environment(&layers.environment);
        if let Some(path) = file(layers, &environment) {
            builder = builder.add_source(read_file(&path)?);
        }
        for (key, value) in &environment {
            builder = set(builder, key, value)?;
        }
        for (key, value) in &layers.flags {
            builder = set(builder, key, value)?;
        }
        let merged = builder.build().and_then(config::Config::try_deserialize::<Config>);
        let config = merged.map_err(|error| Error::Value(error.to_string()))?;
        check::check(&config)?;
        Ok(config)
    }
}

type Builder = config::ConfigBuilder<DefaultState>;

fn set(builder: Builder, key: &str, value: &str) -> Result<Builder, Error> {
    builder.set_override(key, value).map_err(|error| Error::Value(format!("{key}: {error}")))
}

/// The options the environment sets, as (key, value).
fn environment(variables: &[(String, String)]) -> Vec<(String, String)> {
    let key = |name: &str| options().into_iter().find(|option| option.variable() == name);
    let ours = variables.iter().filter(|(name, _)| name.starts_with(PREFIX));
    ours.filter_map(|(name, value)| Some((key(name)?.key, value.clone()))).collect()
}

const PREFIX: &str = "SALAMANDER_";

/// Variables of our prefix that set no option, and what may have been meant: to be warned of. They are no errors, as not
/// all are for us: beside a service of that name, Kubernetes sets `SALAMANDER_PORT` and others.
pub fn strange_variables(names: impl Iterator<Item = String>) -> Vec<String> {
    let known: Vec<String> = options().iter().map(ConfigOption::variable).collect();
    let strange = names.filter(|name| name.starts_with(PREFIX) && !known.contains(name));
    strange
        .map(|name| format!("{name} sets no option{}", did_you_mean(&options::nearest(&name, &known))))
        .collect()
}

/// The file to read: the one named, or the one in the data folder that flags or environment name.
fn file(layers: &Layers, environment: &[(String, String)]) -> Option<PathBuf> {
    if layers.file.is_some() {
        return layers.file.clone();
    }
    let flag = layers.flags.iter().find(|(key, _)| *key == "node.data").map(|(_, value)| value);
    let variable = environment.iter().find(|(key, _)| key == "node.data").map(|(_, value)| value);
    let data = flag.or(variable).map_or_else(|| Node::default().data, PathBuf::from);
    Some(data.join(FILE_NAME)).filter(|path| path.is_file())
}

/// The file as a source, its keys checked one by one.
fn read_file(path: &Path) -> Result<config::File<config::FileSourceString, FileFormat>, Error> {
    let text =
        std::fs::read_to_string(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
    let source = config::File::from_str(&text, FileFormat::Toml);
    let parsed = config::Config::builder()
        .add_source(source.clone())
        .build()
        .and_then(config::Config::try_deserialize::<serde_json::Value>)
        .map_err(|error| Error::Syntax { path: path.to_owned(), message: error.to_string() })?;
    let known: Vec<String> = options().into_iter().map(|option| option.key).collect();
    for (key, _) in options::flatten(&parsed) {
        if !known.contains(&key) {
            let nearest = options::nearest(&key, &known);
            return Err(Error::UnknownKey { origin: path.display().to_string(), key, nearest });
        }
    }
    Ok(source)
}

#[cfg(test)]
mod tests;
