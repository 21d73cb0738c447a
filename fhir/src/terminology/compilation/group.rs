//! Universes while a value set is compiled, and sets of codes over several of them.

use crate::terminology::CodeSystem;
use crate::terminology::code_table::CodeTable;
use crate::terminology::value_set::{Content, Listed, Selection, Universe};
use roaring::RoaringBitmap;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Codes per universe; a universe that is absent has none.
pub(super) type Group = BTreeMap<usize, Selection>;

/// Codes of either group.
pub(super) fn or(mut left: Group, right: Group) -> Group {
    for (universe, selection) in right {
        let merged = match left.get(&universe) {
            Some(own) => own.or(&selection),
            None => selection,
        };
        left.insert(universe, merged);
    }
    left
}

/// Codes of both groups.
pub(super) fn and(left: &Group, right: &Group) -> Group {
    let both = left.iter().filter_map(|(universe, own)| Some((*universe, own.and(right.get(universe)?))));
    both.collect()
}

/// Codes of the first that are not in the second.
pub(super) fn without(left: Group, right: &Group) -> Group {
    let remaining = |(universe, own): (usize, Selection)| match right.get(&universe) {
        Some(excluded) => (universe, own.without(excluded)),
        None => (universe, own),
    };
    left.into_iter().map(remaining).collect()
}

/// What joining the group with another costs: a step for each thousand codes its bitmaps have room for.
pub(super) fn steps(group: &Group) -> usize {
    group.values().map(|selection| 1 + selection.memory_bytes() / 128).sum()
}

/// A universe to which codes are still added.
#[derive(Debug)]
pub(super) struct Draft {
    pub url: Box<str>,
    pub version: Option<Box<str>>,
    pub content: Content,
    numbers: BTreeMap<Box<str>, u32>,
    extra: Vec<Arc<Listed>>,
    listed: BTreeMap<u32, Arc<Listed>>,
}

impl Draft {
    pub fn new(url: &str, version: Option<&str>, content: Content) -> Draft {
        let version = match &content {
            Content::Known(system) => system.version.clone(),
            _ => version.map(Into::into),
        };
        Draft {
            url: url.into(),
            version,
            content,
            numbers: BTreeMap::new(),
            extra: Vec::new(),
            listed: BTreeMap::new(),
        }
    }

    /// The compiled code system, if its content is known.
    pub fn system(&self) -> Option<&CodeSystem> {
        match &self.content {
            Content::Known(system) => Some(system),
            _ => None,
        }
    }

    /// The number of a code, new if it had none; what is said of it first stays.
    pub fn number(&mut self, one: Arc<Listed>) -> u32 {
        if let Some(number) = self.system().and_then(|system| system.find(&one.code)) {
            if one.display.is_some() || !one.designations.is_empty() {
                self.listed.entry(number).or_insert(one);
            }
            return number;
        }
        if let Some(number) = self.numbers.get(&one.code) {
            return *number;
        }
        let number = self.content.count() + self.extra.len() as u32;
        self.numbers.insert(one.code.clone(), number);
        self.extra.push(one);
        number
    }

    /// Whether that can be a code of the system: one that all of its content does not have is none, be it listed.
    pub fn may_be(&self, number: u32) -> bool {
        number < self.content.count() || !self.content.is_whole()
    }

    /// The universe with the codes selected from it. `active_only` leaves out concepts no longer in use.
    pub fn finish(self, selection: Selection, active_only: bool) -> Universe {
        let selection = match (&self.content, active_only) {
            (Content::Known(system), true) => selection.without(&Selection::only(system.inactive().clone())),
            _ => selection,
        };
        let Draft { url, version, content, extra, listed, .. } = self;
        let extra_table = CodeTable::new(extra.len(), false, |number| &extra[number as usize].code);
        Universe {
            url,
            version,
            content,
            extra_table,
            extra,
            listed: listed.into_iter().collect(),
            selection,
        }
    }

    /// Every code of the system.
    pub fn everything(&self) -> Selection {
        let yes = self.system().map_or_else(RoaringBitmap::new, |system| system.all().clone());
        let (rest, doubt) = self.content.rest();
        Selection::new(yes, rest, doubt)
    }
}
