//! Compiled value sets (<https://hl7.org/fhir/R4/valueset.html>).

mod dependency;
mod entries;
mod reason;
mod selection;
mod sequence;
mod universe;

pub(super) use dependency::{Dependencies, Dependency};
pub use entries::Entry;
pub use reason::Reason;
pub(super) use selection::{Rest, Selection};
pub(super) use sequence::{Sequence, Step};
pub(super) use universe::{Content, Listed, Universe};

use super::CodeSystem;
use crate::json::Document;
use std::sync::Arc;

/// Whether a code is in a value set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Membership<'v> {
    In,
    NotIn,
    /// It cannot be told here, and why.
    Unknown(&'v Reason),
}

/// A value set with its codes: per code system a bitmap over the system's concepts, or over the codes it lists.
#[derive(Debug)]
pub struct ValueSet {
    pub(super) document: Option<Arc<Document>>,
    pub url: Box<str>,
    pub version: Option<Box<str>>,
    pub name: Option<Box<str>>,
    pub(super) universes: Vec<Universe>,
    pub(super) sequence: Vec<Step>,
    /// The resources this was compiled from: while the source gives the same ones, it stays right.
    pub(super) dependencies: Dependencies,
}

impl ValueSet {
    /// Whether the value set has that code.
    ///
    /// Without `system` (an element of type `code`) any system of the value set will do. A `version` other than the one
    /// the value set was compiled with cannot be judged, unless one of the two is absent.
    pub fn contains(&self, system: Option<&str>, version: Option<&str>, code: &str) -> Membership<'_> {
        let mut answer = Membership::NotIn;
        for universe in &self.universes {
            if system.is_some_and(|system| *system != *universe.url) {
                continue;
            }
            let member = match universe.has_version(version) {
                true => universe.membership(code),
                false => Membership::Unknown(&Reason::OtherVersion),
            };
            match member {
                Membership::In => return Membership::In,
                Membership::Unknown(reason) => answer = Membership::Unknown(reason),
                Membership::NotIn => {}
            }
        }
        answer
    }

    /// The code system of which the value set lists that code although it does not have it.
    pub(super) fn lists_in_vain(&self, system: Option<&str>, code: &str) -> Option<&str> {
        let mut asked =
            self.universes.iter().filter(|universe| system.is_none_or(|system| *system == *universe.url));
        asked.find(|universe| universe.lists_in_vain(code)).map(|universe| &*universe.url)
    }

    /// The code systems whose codes it may have, with the version of each.
    pub fn systems(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.universes.iter().map(|universe| (&*universe.url, universe.version.as_deref()))
    }

    /// Why the value set cannot be listed in full, if it cannot be.
    pub fn incomplete(&self) -> Option<&Reason> {
        self.universes.iter().find_map(|universe| match universe.selection.rest {
            Rest::All => Some(&Reason::Grammar),
            _ => universe.selection.doubt.as_ref(),
        })
    }

    /// How many codes are known to be in it.
    pub fn len(&self) -> u64 {
        self.universes.iter().map(|universe| universe.selection.yes.len()).sum()
    }

    /// Whether no code is known to be in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// `url` or `url|version`.
    pub fn canonical(&self) -> String {
        match &self.version {
            Some(version) => format!("{}|{version}", self.url),
            None => self.url.to_string(),
        }
    }

    /// The compiled code systems it holds.
    pub(super) fn known_systems(&self) -> impl Iterator<Item = &Arc<CodeSystem>> {
        self.universes.iter().filter_map(|universe| match &universe.content {
            Content::Known(system) => Some(system),
            _ => None,
        })
    }

    /// Memory held, in bytes, code systems and document not included.
    pub fn memory_bytes(&self) -> usize {
        let universes: usize = self.universes.iter().map(Universe::memory_bytes).sum();
        let steps: usize = self.sequence.iter().map(Step::memory_bytes).sum();
        universes + steps + self.dependencies.len() * 2 * size_of::<Dependency>()
    }

    /// The same with the document.
    pub(super) fn bytes(&self) -> usize {
        self.memory_bytes() + self.document.as_ref().map_or(0, |document| document.memory_bytes())
    }
}
