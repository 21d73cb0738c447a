//! What a kind of parameter declares: the one list that parsing, refusals, and the table of the README are made of.

use super::comparison::Prefix;
use super::problem::Problem;
use super::terminology::Terminology;
use fhir::definitions::{ResourceType, SearchParameter};
use fhir::index::Bases;
use std::fmt;

/// A kind of parameter whose conditions are `C`s.
pub struct Kind<C: 'static> {
    /// FHIR's word for it.
    pub name: &'static str,
    /// Reads a value that has no modifier.
    pub plain: Read<C>,
    /// Prefixes its values may have.
    pub prefixes: &'static [Prefix],
    /// Modifiers it takes besides `:missing`, which all kinds take.
    pub modifiers: &'static [Modifier<C>],
}

/// Adds the conditions that one value stands for: one of them has to hold.
pub type Read<C> = fn(&Asked<'_>, &str, &mut Vec<C>) -> Result<(), Problem>;

/// A modifier.
pub struct Modifier<C: 'static> {
    /// How it is written.
    pub name: Name,
    /// Reads a value.
    pub read: Read<C>,
    /// Whether what fulfils none of the values is found.
    pub negates: bool,
    /// The codes it asks the terminology for.
    pub lists: Option<Lists>,
}

/// How a modifier is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    /// So.
    Word(&'static str),
    /// As the name of a resource type that the parameter may point to.
    TargetType,
}

/// Codes that a value stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lists {
    /// Those of the value set that it names.
    ValueSet,
    /// Those below or above it.
    Branch,
}

/// What is asked, but for the value.
pub struct Asked<'a> {
    /// Of which parameter.
    pub parameter: &'a SearchParameter,
    /// Of resources of which types; none: of all.
    pub types: &'a [ResourceType],
    /// As it is written.
    pub modifier: Option<&'a str>,
    /// Whether values without a system may have an implied one.
    pub implied_system: bool,
    /// What the search has besides.
    pub context: &'a Context<'a>,
}

/// What reading a value may need besides the value.
pub struct Context<'a> {
    /// To know this server's own absolute references.
    pub bases: Bases<'a>,
    /// The base URL by which the request came, where it is none of them.
    pub came_by: Option<&'a str>,
    /// Milliseconds since the epoch, for `ap` on dates.
    pub now_ms: i64,
    /// For the modifiers that name value sets and branches of code systems.
    pub terminology: &'a dyn Terminology,
    /// Codes that one value may stand for.
    pub codes_max: usize,
}

impl<C: 'static> Kind<C> {
    /// The modifier of that name, if the parameter takes it.
    pub fn modifier(&self, parameter: &SearchParameter, name: &str) -> Option<&'static Modifier<C>> {
        let is_target =
            || ResourceType::from_name(name).is_some_and(|target| parameter.targets.contains(&target));
        self.modifiers.iter().find(|modifier| match modifier.name {
            Name::Word(word) => word == name,
            Name::TargetType => is_target(),
        })
    }

    /// What it takes, to be told.
    pub fn offer(&self) -> Offer {
        let names = self.modifiers.iter().map(|modifier| modifier.name);
        Offer { name: self.name, prefixes: self.prefixes, modifiers: names.collect() }
    }
}

/// What parameters of a kind take. As a text it says which modifiers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// FHIR's word for the kind.
    pub name: &'static str,
    /// Prefixes of values.
    pub prefixes: &'static [Prefix],
    /// Modifiers besides `:missing`.
    modifiers: Vec<Name>,
}

impl Offer {
    /// Of a kind that has no prefixes and no modifiers of its own.
    pub fn plain(name: &'static str) -> Offer {
        Offer { name, prefixes: &[], modifiers: Vec::new() }
    }

    /// The words among its modifiers, `missing` at last.
    pub fn words(&self) -> impl Iterator<Item = &'static str> {
        let word = |name: &Name| match name {
            Name::Word(word) => Some(*word),
            Name::TargetType => None,
        };
        self.modifiers.iter().filter_map(word).chain(["missing"])
    }

    /// Whether the name of a resource type is a modifier.
    pub fn takes_types(&self) -> bool {
        self.modifiers.contains(&Name::TargetType)
    }
}

impl fmt::Display for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut all: Vec<String> = self.words().map(|word| format!(":{word}")).collect();
        if self.takes_types() {
            all.push("the name of a resource type it may point to".to_owned());
        }
        let last = all.pop().unwrap_or_default();
        let and = if all.is_empty() { "" } else { " and " };
        write!(f, "a {} takes {}{and}{last}", self.name, all.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::{Name, Offer};

    fn said(modifiers: &[Name]) -> String {
        Offer { name: "kind", prefixes: &[], modifiers: modifiers.to_vec() }.to_string()
    }

    #[test]
    fn it_says_what_it_takes() {
        assert_eq!(said(&[]), "a kind takes :missing");
        let words = [Name::Word("below"), Name::Word("above")];
        assert_eq!(said(&words), "a kind takes :below, :above and :missing");
        assert_eq!(
            said(&[Name::TargetType]),
            "a kind takes :missing and the name of a resource type it may point to"
        );
    }
}
