//! The codes of a value set, one by one.

use super::ValueSet;
use super::sequence::Step;
use super::universe::{Content, Universe};
use crate::terminology::{CodeSystem, Concept, Designation};
use roaring::RoaringBitmap;

/// A code of a value set.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'v> {
    universe: &'v Universe,
    /// The code's number in its system.
    number: u32,
}

impl<'v> Entry<'v> {
    /// The URL of its code system.
    pub fn system(self) -> &'v str {
        &self.universe.url
    }

    /// The version of the code system it is listed from.
    pub fn version(self) -> Option<&'v str> {
        self.universe.version.as_deref()
    }

    pub fn code(self) -> &'v str {
        match self.concept() {
            Some((_, concept)) => &concept.code,
            None => self.universe.listed(self.number).map_or("", |listed| &listed.code),
        }
    }

    /// Whether another code that differs in case only is another code. Of a system that is not known here it is.
    pub fn is_case_sensitive(self) -> bool {
        self.concept().is_none_or(|(system, _)| system.case_sensitive)
    }

    /// The text the value set gives, else the code system's.
    pub fn display(self) -> Option<&'v str> {
        let own = self.universe.listed(self.number).and_then(|listed| listed.display.as_deref());
        own.or_else(|| self.concept().and_then(|(_, concept)| concept.display.as_deref()))
    }

    /// Other texts: those the value set gives, then the code system's.
    pub fn designations(self) -> impl Iterator<Item = &'v Designation> {
        let own = self.universe.listed(self.number).map_or(&[][..], |listed| &listed.designations);
        let system = self.concept().map_or(&[][..], |(_, concept)| &concept.designations);
        own.iter().chain(system)
    }

    /// The concept, where the content of its system is known.
    pub fn concept(self) -> Option<(&'v CodeSystem, &'v Concept)> {
        let (system, number) = self.place()?;
        Some((system, system.concept(number)))
    }

    /// The concept's system and its number there.
    pub fn place(self) -> Option<(&'v CodeSystem, u32)> {
        match &self.universe.content {
            Content::Known(system) if self.number < self.universe.content.count() => {
                Some((system, self.number))
            }
            _ => None,
        }
    }

    /// Code, display and designations the value set itself gives, in the form in which texts are compared; empty if it
    /// gives no text.
    pub(in crate::terminology) fn own_text(self) -> &'v str {
        self.universe.listed(self.number).map_or("", |listed| listed.search_text())
    }

    /// The code system's texts in the form in which texts are compared; empty if its content is not known.
    pub(in crate::terminology) fn system_text(self) -> &'v str {
        self.place().map_or("", |(system, number)| system.search_text(number))
    }

    /// For grouping only, not to be used in records.
    pub fn is_abstract(self) -> bool {
        self.concept().is_some_and(|(_, concept)| concept.is_abstract)
    }

    /// No longer in use.
    pub fn is_inactive(self) -> bool {
        self.place().is_some_and(|(system, number)| system.inactive().contains(number))
    }
}

impl ValueSet {
    /// Every code that is known to be in the value set, once: in the order of its author where codes are listed, else in
    /// the order of the code system. See [`incomplete`](Self::incomplete) for whether these are all.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        let mut listed = vec![RoaringBitmap::new(); self.universes.len()];
        self.sequence.iter().flat_map(move |step| {
            let (at, numbers): (usize, Vec<u32>) = match step {
                Step::Listed { universe, numbers } => {
                    let yes = &self.universes[*universe].selection.yes;
                    let fresh = |number: &u32| yes.contains(*number) && listed[*universe].insert(*number);
                    (*universe, numbers.iter().copied().filter(fresh).collect())
                }
                Step::All { universe } => {
                    let fresh = &self.universes[*universe].selection.yes - &listed[*universe];
                    listed[*universe] |= &fresh;
                    (*universe, fresh.iter().collect())
                }
            };
            let universe = &self.universes[at];
            numbers.into_iter().map(move |number| Entry { universe, number })
        })
    }

    /// The code, if it is known to be in the value set.
    pub fn entry(&self, system: Option<&str>, code: &str) -> Option<Entry<'_>> {
        self.universes
            .iter()
            .filter(|universe| system.is_none_or(|system| *system == *universe.url))
            .find_map(|universe| {
                let number = universe.find(code)?;
                universe.selection.yes.contains(number).then_some(Entry { universe, number })
            })
    }
}
