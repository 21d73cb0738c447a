//! Matches in the order of the dictionary: of a parameter's terms the first of a document is its value that counts.

use super::keys::{Keys, Offered};
use crate::engine::index::term_range::starting;
use crate::error::Result;
use crate::kind::index::{Owner, Place, VALUE_AT, head, tag};
use crate::kind::kept::{Ordered, ordered};
use crate::page::{First, SortKey};
use crate::query::Query;
use crate::sort::{By, MISSING, Rule, text};
use proto::id::TypeCode;
use tantivy::postings::BlockSegmentPostings;
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::termdict::TermStreamer;
use tantivy::{BitSet, InvertedIndexReader, SegmentReader};

/// What a step to a term costs, in documents of its list.
const TERM_COST: u64 = 32;
/// What a look at a match's index values costs, in the same.
const LOOK_COST: u64 = 128;

/// The terms of the first rule's parameter.
pub struct Walk<'q> {
    rule: &'q Rule,
    place: Place,
    tag: u8,
    field: Field,
}

impl<'q> Walk<'q> {
    /// `None`: the dictionary is not in the order of the query's first rule.
    pub fn of(query: &'q Query, field: Field) -> Option<Self> {
        let rule = query.sort.rules().first()?;
        let By::Parameter(param, kind) = rule.by else { return None };
        let (Some(Ordered::Terms(tag)), [only]) = (ordered(kind), query.types.as_slice()) else {
            return None;
        };
        let owner = Owner { tenant: query.tenant, type_code: TypeCode(only.code()) };
        Some(Walk { rule, place: Place { owner, param }, tag, field })
    }

    /// Offers matches and takes them out of the set, until no later one is wanted, those left have no value, or there are so
    /// few matches among the terms that it is better to look at each that is left. Returns what the keys of those left begin with, if that
    /// is known.
    pub fn run(
        &self,
        reader: &SegmentReader,
        matches: &mut BitSet,
        keys: &mut Keys<'_>,
        first: &mut First,
    ) -> Result<Option<Vec<u8>>> {
        let index = reader.inverted_index(self.field)?;
        let mut spent = 0;
        let enough = LOOK_COST * matches.len() as u64;
        self.offer_long(&index, matches, keys, first, &mut spent)?;
        let (mut start, mut value) = (Vec::new(), Vec::new());
        let mut terms = self.terms(&index, self.tag, self.rule.descending)?;
        while terms.advance() {
            self.start(&terms, &mut value, &mut start);
            if !first.may_want(&start) {
                return Ok(Some(start));
            }
            let mut postings = postings(&index, &terms)?;
            while let Some(doc) = next_of(&mut postings, matches, &mut spent) {
                matches.remove(doc);
                if keys.offer(doc, Some(&start), first)? == Offered::Last {
                    break;
                }
            }
            spent += TERM_COST;
            if spent > enough {
                return Ok(None);
            }
        }
        start.clear();
        self.rule.push(None, &mut start);
        Ok(Some(start))
    }

    /// The same for a page that ends at a place, from that place's term on towards the first. A document is offered at the term
    /// that it is ordered by, which is the last of its terms on this way. False: it has to be looked at each match that is left.
    pub fn run_back(
        &self,
        reader: &SegmentReader,
        matches: &mut BitSet,
        keys: &mut Keys<'_>,
        first: &mut First,
        place: &SortKey,
    ) -> Result<bool> {
        // What has no value is in the order of all those that have none.
        if place.order.first() == Some(&MISSING) {
            return Ok(false);
        }
        let index = reader.inverted_index(self.field)?;
        let mut spent = 0;
        let enough = LOOK_COST * matches.len() as u64;
        self.offer_long(&index, matches, keys, first, &mut spent)?;
        let mut terms = self.terms(&index, self.tag, !self.rule.descending)?;
        let (mut start, mut value, mut docs) = (Vec::new(), Vec::new(), Vec::new());
        let mut are_more = terms.advance();
        while are_more {
            self.start(&terms, &mut value, &mut start);
            // Texts are ordered by their beginnings: those of several terms may be one.
            docs.clear();
            let is_behind = start[..] > place.order[..start.len().min(place.order.len())];
            if !is_behind && !first.may_want(&start) {
                return Ok(true);
            }
            let mut next = start.clone();
            while are_more && next == start {
                spent += TERM_COST;
                if !is_behind {
                    let mut postings = postings(&index, &terms)?;
                    while let Some(doc) = next_of(&mut postings, matches, &mut spent) {
                        docs.push(doc);
                    }
                }
                are_more = terms.advance();
                if are_more {
                    self.start(&terms, &mut value, &mut next);
                }
            }
            docs.sort_unstable();
            docs.dedup();
            for doc in docs.iter().rev() {
                match keys.offer(*doc, Some(&start), first)? {
                    // It must not come again where it has to be looked at what is left.
                    Offered::Added => matches.remove(*doc),
                    Offered::Left => {}
                    Offered::Last => break,
                }
            }
            if spent > enough {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What the keys begin with of documents that the term comes first of.
    fn start(&self, terms: &TermStreamer<'_>, value: &mut Vec<u8>, start: &mut Vec<u8>) {
        value.clear();
        text(&terms.key()[VALUE_AT..], value);
        start.clear();
        self.rule.push(Some(value), start);
    }

    /// Offers those with a value that is too long for its term, which is not in its place.
    fn offer_long(
        &self,
        index: &InvertedIndexReader,
        matches: &mut BitSet,
        keys: &mut Keys<'_>,
        first: &mut First,
        spent: &mut u64,
    ) -> Result<()> {
        let mut long = self.terms(index, self.tag | tag::SHORTENED, false)?;
        while long.advance() {
            let mut postings = postings(index, &long)?;
            while let Some(doc) = next_of(&mut postings, matches, spent) {
                matches.remove(doc);
                keys.offer(doc, None, first)?;
            }
        }
        Ok(())
    }

    fn terms<'i>(&self, index: &'i InvertedIndexReader, tag: u8, falling: bool) -> Result<TermStreamer<'i>> {
        let terms = starting(index, &head(self.place, tag), falling);
        Ok(terms.map_err(tantivy::TantivyError::from)?)
    }
}

/// The documents of the term that a stream stands on, and how far they were gone through.
struct Postings {
    blocks: BlockSegmentPostings,
    at: usize,
}

fn postings(index: &InvertedIndexReader, terms: &TermStreamer<'_>) -> Result<Postings> {
    let blocks = index.read_block_postings_from_terminfo(terms.value(), IndexRecordOption::Basic);
    Ok(Postings { blocks: blocks.map_err(tantivy::TantivyError::from)?, at: 0 })
}

/// The next of them that is in the set.
fn next_of(postings: &mut Postings, set: &BitSet, spent: &mut u64) -> Option<u32> {
    loop {
        let docs = postings.blocks.docs();
        if docs.is_empty() {
            return None;
        }
        while let Some(&doc) = docs.get(postings.at) {
            postings.at += 1;
            *spent += 1;
            if set.contains(doc) {
                return Some(doc);
            }
        }
        postings.blocks.advance();
        postings.at = 0;
    }
}
