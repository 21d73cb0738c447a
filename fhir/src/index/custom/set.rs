//! The parameters of one tenant that are not R4's.

use super::super::program::Program;
use super::definition::Definition;
use crate::definitions::{ParamId, ResourceType, SearchParameter, search_parameter, search_parameters};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::OnceLock;

/// One of them.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its number; given once.
    pub id: ParamId,
    pub definition: Definition,
    /// Whether every stored resource has its values, so that searches can ask for it.
    pub serves: bool,
}

/// See the module. `generation` is what a write tells of it: one with a higher one has all that this has.
pub struct Set {
    generation: u32,
    entries: Vec<Entry>,
    types: BTreeMap<u16, OfType>,
}

/// The same as one type has them.
struct OfType {
    serving: Vec<SearchParameter>,
    /// Extracted, and not to be asked for yet.
    building: Vec<SearchParameter>,
    program: OnceLock<Program>,
}

impl Set {
    /// Of these entries. A definition that this version cannot carry out is left out: its URL and why.
    pub fn new(generation: u32, entries: Vec<Entry>) -> (Set, Vec<(Box<str>, String)>) {
        let mut types: BTreeMap<u16, OfType> = BTreeMap::new();
        let mut left_out = Vec::new();
        for entry in &entries {
            for base in &entry.definition.bases {
                match entry.definition.of_type(*base, entry.id) {
                    Ok(parameter) => {
                        let of_type = types.entry(base.code()).or_insert_with(OfType::new);
                        let list = if entry.serves { &mut of_type.serving } else { &mut of_type.building };
                        list.push(parameter);
                    }
                    Err(refusal) => left_out.push((entry.definition.url.clone(), refusal.text)),
                }
            }
        }
        (Set { generation, entries, types }, left_out)
    }

    /// As given.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// All of them.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Those of a type that searches can ask for.
    pub fn parameters(&self, t: ResourceType) -> impl Iterator<Item = &SearchParameter> {
        self.types.get(&t.code()).into_iter().flat_map(|of_type| &of_type.serving)
    }

    /// The same with R4's own, which come first.
    pub fn all(set: Option<&Set>, t: ResourceType) -> impl Iterator<Item = &SearchParameter> {
        let custom = set.into_iter().flat_map(move |set| set.parameters(t));
        search_parameters(t).map(|one| one as &SearchParameter).chain(custom)
    }

    /// R4's own parameter of that code, or the one that searches can ask for.
    pub fn find<'s>(set: Option<&'s Set>, t: ResourceType, code: &str) -> Option<&'s SearchParameter> {
        search_parameter(t, code).or_else(|| set?.parameters(t).find(|one| one.code == code))
    }

    /// The parameter of a type that is known, but whose values not all stored resources have yet.
    pub fn building(&self, t: ResourceType, code: &str) -> Option<ParamId> {
        self.types.get(&t.code())?.building.iter().find(|one| one.code == code).map(|one| one.id)
    }

    /// How the values of a type are extracted; `None`: it has no parameters but R4's.
    pub(in super::super) fn program(&self, t: ResourceType) -> Option<&Program> {
        let of_type = self.types.get(&t.code())?;
        let compile = || Program::with(t, of_type.serving.iter().chain(&of_type.building));
        Some(of_type.program.get_or_init(compile))
    }
}

impl OfType {
    fn new() -> OfType {
        OfType { serving: Vec::new(), building: Vec::new(), program: OnceLock::new() }
    }
}

impl fmt::Debug for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Set").field("generation", &self.generation).field("entries", &self.entries).finish()
    }
}
