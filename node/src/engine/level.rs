//! How strictly what is written is validated.

/// How far every write is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Well-formed JSON of a known resource type, no more.
    Off,
    /// Names, shapes, cardinality, types and primitives, as the specification's own types have them.
    Structure,
    /// Everything the definitions say: bindings, invariants, references, extensions, profiles too.
    Full,
}

impl Level {
    /// The level of that name in the configuration.
    pub fn of(name: &str) -> Option<Level> {
        match name {
            "off" => Some(Level::Off),
            "structure" => Some(Level::Structure),
            "full" => Some(Level::Full),
            _ => None,
        }
    }
}
