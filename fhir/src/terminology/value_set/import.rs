//! Value sets that a value set names.

use super::compile::Compiler;
use super::group::Group;
use super::selection::Selection;
use super::universe::{Listed, Universe};
use super::{Step, ValueSet};
use crate::json::{Document, Limits, Node};
use crate::terminology::{Error, member};
use roaring::RoaringBitmap;
use std::sync::Arc;

impl Compiler<'_> {
    /// The codes of the value set of that canonical URL, in this value set's numbers.
    pub(super) fn import(&mut self, canonical: &str) -> Result<Group, Error> {
        let value_set = match canonical.strip_prefix('#') {
            Some(id) => Arc::new(self.contained(id)?),
            None => self.terminology.value_set_on(canonical, self.path, self.rules)?,
        };
        self.dependencies.extend(value_set.dependencies.iter().cloned());
        let universes: Vec<_> = value_set.universes.iter().map(|one| self.universe_of(one)).collect();
        let mut codes = Group::new();
        for (own, (universe, numbers)) in value_set.universes.iter().zip(&universes) {
            let selection = renumbered(own, numbers);
            let merged = match codes.get(universe) {
                Some(earlier) => Selection::or(earlier, &selection),
                None => selection,
            };
            codes.insert(*universe, merged);
        }
        self.steps_of(&value_set, &universes);
        Ok(codes)
    }

    /// The value set of that id which the resource contains (<https://hl7.org/fhir/R4/references.html#canonical-fragments>).
    fn contained(&self, id: &str) -> Result<ValueSet, Error> {
        let not_there =
            || self.problem(format!("it contains no ValueSet '{id}', which it imports as '#{id}'"));
        let outer = self.outer.as_ref().ok_or_else(not_there)?;
        let is_it = |one: &Node<'_>| {
            let is = |name, text: &str| member::text(*one, name).as_deref() == Some(text);
            is("resourceType", "ValueSet") && is("id", id)
        };
        let found = member::list(outer.root(), "contained").find(is_it).ok_or_else(not_there)?;
        let document = Document::parse(outer.source().slice_ref(found.raw()), &Limits::default());
        let document = document.map_err(|error| self.problem(error.to_string()))?;
        let outer_url = member::text(outer.root(), "url").unwrap_or_default();
        let name = format!("{outer_url}#{id}");
        let path = self.terminology.longer(self.path, &name)?;
        let mut compiler = Compiler::new(self.terminology, &path, self.rules, &name);
        compiler.outer = Some(outer.clone());
        compiler.resource(Arc::new(document))
    }

    /// The draft for a universe of another value set, and the numbers of that one's extra codes in it.
    fn universe_of(&mut self, other: &Universe) -> (usize, Vec<u32>) {
        let universe = self.draft(&other.url, other.version.as_deref(), other.content.clone());
        for (_, listed) in &other.listed {
            self.drafts[universe].number(listed.clone());
        }
        let numbers = other.extra.iter().map(|listed: &Listed| self.drafts[universe].number(listed.clone()));
        (universe, numbers.collect())
    }

    fn steps_of(&mut self, value_set: &ValueSet, universes: &[(usize, Vec<u32>)]) {
        for step in &value_set.sequence {
            self.sequence.push(match step {
                Step::All { universe } => Step::All { universe: universes[*universe].0 },
                Step::Listed { universe, numbers } => {
                    let own = &value_set.universes[*universe];
                    let (universe, extra) = &universes[*universe];
                    let numbers = numbers.iter().map(|number| renumber(own, extra, *number)).collect();
                    Step::Listed { universe: *universe, numbers }
                }
            });
        }
    }
}

/// Numbers of the content stay; those of extra codes are looked up.
fn renumber(own: &Universe, extra: &[u32], number: u32) -> u32 {
    match number.checked_sub(own.content.count()) {
        Some(at) => extra[at as usize],
        None => number,
    }
}

fn renumbered(own: &Universe, extra: &[u32]) -> Selection {
    if extra.is_empty() {
        return own.selection.clone();
    }
    let Selection { yes, no, maybe, rest, doubt } = &own.selection;
    let bits = |bits: &RoaringBitmap| {
        bits.iter().map(|number| renumber(own, extra, number)).collect::<RoaringBitmap>()
    };
    Selection { yes: bits(yes), no: bits(no), maybe: bits(maybe), rest: *rest, doubt: doubt.clone() }
}
