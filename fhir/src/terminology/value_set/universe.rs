//! The codes of one system a value set speaks of.

use super::Membership;
use super::reason::Reason;
use super::selection::{Rest, Selection};
use crate::index::query::normalize;
use crate::terminology::code_table::CodeTable;
use crate::terminology::{CodeSystem, Designation, Grammar, registry};
use std::sync::{Arc, OnceLock};

/// What is known of a code system's codes.
#[derive(Clone, Debug)]
pub(in crate::terminology) enum Content {
    Known(Arc<CodeSystem>),
    Grammar(Grammar),
    Absent(Reason),
}

impl Content {
    /// How many codes have numbers of their own.
    pub fn count(&self) -> u32 {
        match self {
            Content::Known(system) => system.concepts().len() as u32,
            _ => 0,
        }
    }

    /// Whether there are certainly no other codes. What ISO's crates have is not all that ISO ever had.
    pub fn is_whole(&self) -> bool {
        match self {
            Content::Known(system) => system.is_complete() && !registry::is_from(system),
            _ => false,
        }
    }

    /// What is to be said of a code that has no number when the whole system is selected, and why that is not known.
    pub fn rest(&self) -> (Rest, Option<Reason>) {
        match self {
            Content::Known(system) if system.is_complete() => (Rest::NotIn, None),
            Content::Known(system) => (Rest::Unknown, Some(Reason::Fragment((&*system.url).into()))),
            Content::Grammar(_) => (Rest::All, None),
            Content::Absent(reason) => (Rest::Unknown, Some(reason.clone())),
        }
    }

    /// Whether it is the same content, so that numbers mean the same codes.
    pub fn same(&self, other: &Content) -> bool {
        match (self, other) {
            (Content::Known(left), Content::Known(right)) => Arc::ptr_eq(left, right),
            (Content::Known(_), _) | (_, Content::Known(_)) => false,
            _ => true,
        }
    }
}

/// What a value set itself says of a code: <https://hl7.org/fhir/R4/valueset-definitions.html#ValueSet.compose.include.concept>
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::terminology) struct Listed {
    pub code: Box<str>,
    pub display: Option<Box<str>>,
    pub designations: Box<[Designation]>,
    /// Made when a text filter first asks.
    pub search: OnceLock<Box<str>>,
}

impl Listed {
    /// Memory held, in bytes.
    fn memory_bytes(&self) -> usize {
        let text = |text: &Option<Box<str>>| text.as_ref().map_or(0, |text| text.len());
        let designations: usize = self.designations.iter().map(Designation::memory_bytes).sum();
        // What a text filter looks at is about as long as the texts.
        size_of::<Listed>() + 2 * (self.code.len() + text(&self.display) + designations)
    }

    /// Code, display and designations, one a line, in the form in which texts are compared.
    pub fn search_text(&self) -> &str {
        self.search.get_or_init(|| {
            let designations = self.designations.iter().map(|one| &*one.value);
            let texts = [&*self.code].into_iter().chain(self.display.as_deref()).chain(designations);
            normalize(&texts.collect::<Vec<_>>().join("\n")).into()
        })
    }
}

/// A code system with numbers for the codes a value set speaks of: first those of its content, then those listed besides.
#[derive(Debug)]
pub(in crate::terminology) struct Universe {
    pub url: Box<str>,
    pub version: Option<Box<str>>,
    pub content: Content,
    /// Codes without a number in the content.
    pub extra: Vec<Arc<Listed>>,
    pub extra_table: CodeTable,
    /// What is said of codes of the content, by rising number.
    pub listed: Vec<(u32, Arc<Listed>)>,
    pub selection: Selection,
}

impl Universe {
    /// Whether a code of that version can be judged.
    pub fn has_version(&self, version: Option<&str>) -> bool {
        match (version, &self.version) {
            (Some(asked), Some(own)) => *asked == **own,
            _ => true,
        }
    }

    #[inline]
    pub fn find(&self, code: &str) -> Option<u32> {
        let own = match &self.content {
            Content::Known(system) => system.find(code),
            _ => None,
        };
        own.or_else(|| {
            let extra = self.extra_table.find(code, |number| &self.extra[number as usize].code)?;
            Some(self.content.count() + extra)
        })
    }

    pub fn membership(&self, code: &str) -> Membership<'_> {
        let Selection { yes, no, maybe, rest, doubt } = &self.selection;
        let unknown = Membership::Unknown(doubt.as_ref().unwrap_or(&Reason::Grammar));
        if let Some(number) = self.find(code) {
            if yes.contains(number) {
                return Membership::In;
            }
            if no.contains(number) {
                return Membership::NotIn;
            }
            if maybe.contains(number) {
                return unknown;
            }
        }
        match (rest, &self.content) {
            (Rest::Unknown, _) => unknown,
            (Rest::All, Content::Grammar(grammar)) if grammar.allows(code) => Membership::In,
            _ => Membership::NotIn,
        }
    }

    /// Whether the value set lists the code, although it is certainly none of the system.
    pub fn lists_in_vain(&self, code: &str) -> bool {
        let number = self.find(code).filter(|number| *number >= self.content.count());
        number.is_some() && self.content.is_whole()
    }

    /// What the value set says of the code of that number.
    pub fn listed(&self, number: u32) -> Option<&Listed> {
        match number.checked_sub(self.content.count()) {
            Some(extra) => self.extra.get(extra as usize).map(|listed| &**listed),
            None => {
                let at = self.listed.binary_search_by_key(&number, |(number, _)| *number).ok()?;
                Some(&self.listed[at].1)
            }
        }
    }

    /// What several universes share counts in each.
    pub fn memory_bytes(&self) -> usize {
        let entry = size_of::<(u32, Arc<Listed>)>();
        let listed = self.extra.iter().chain(self.listed.iter().map(|(_, one)| one));
        size_of::<Universe>()
            + listed.map(|one| entry + one.memory_bytes()).sum::<usize>()
            + self.extra_table.memory_bytes()
            + self.selection.memory_bytes()
    }
}
