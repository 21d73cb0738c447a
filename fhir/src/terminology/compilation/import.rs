//! Value sets that a value set names.

use super::compiler::Compiler;
use super::group::Group;
use crate::terminology::Error;
use crate::terminology::value_set::{Selection, Step, Universe, ValueSet};
use roaring::RoaringBitmap;
use std::rc::Rc;
use std::sync::Arc;

impl Compiler<'_> {
    /// The codes of the value set of that canonical URL, in this value set's numbers.
    pub(super) fn import(&mut self, canonical: &str) -> Result<Rc<Group>, Error> {
        if let Some(codes) = self.imported.get(canonical) {
            return Ok(codes.clone());
        }
        let value_set = match canonical.strip_prefix('#') {
            Some(id) => self.contained(id)?,
            None => self.compilation.value_set(canonical, self.path)?,
        };
        self.compilation.spend(value_set.import_steps())?;
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
        let codes = Rc::new(codes);
        self.imported.insert(canonical.into(), codes.clone());
        Ok(codes)
    }

    fn contained(&self, id: &str) -> Result<Arc<ValueSet>, Error> {
        let found = match &self.outer {
            Some(outer) => self.compilation.contained(outer, id, self.path)?,
            None => None,
        };
        found.ok_or_else(|| {
            self.problem(format!("it contains no ValueSet '{id}', which it imports as '#{id}'"))
        })
    }

    /// The draft for a universe of another value set, and the numbers of that one's extra codes in it.
    fn universe_of(&mut self, other: &Universe) -> (usize, Vec<u32>) {
        let universe = self.draft(&other.url, other.version.as_deref(), other.content.clone());
        for (_, listed) in &other.listed {
            self.drafts[universe].number(listed.clone());
        }
        let numbers = other.extra.iter().map(|listed| self.drafts[universe].number(listed.clone()));
        (universe, numbers.collect())
    }

    fn steps_of(&mut self, value_set: &ValueSet, universes: &[(usize, Vec<u32>)]) {
        for step in &value_set.sequence {
            match step {
                Step::All { universe } => self.sequence.list_all(universes[*universe].0),
                Step::Listed { universe, numbers } => {
                    let own = &value_set.universes[*universe];
                    let (universe, extra) = &universes[*universe];
                    let numbers = numbers.iter().map(|number| renumber(own, extra, *number));
                    self.sequence.list(*universe, numbers);
                }
            }
        }
    }
}

impl ValueSet {
    /// What it costs to import it.
    fn import_steps(&self) -> usize {
        let universe =
            |one: &Universe| 1 + one.extra.len() + one.listed.len() + one.selection.memory_bytes() / 128;
        let listed = |step: &Step| match step {
            Step::Listed { numbers, .. } => numbers.len(),
            Step::All { .. } => 1,
        };
        let universes: usize = self.universes.iter().map(universe).sum();
        universes + self.sequence.iter().map(listed).sum::<usize>() + self.dependencies.len()
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
