//! Matches in the order of the dictionary: of a parameter's terms the first of a document is its value that counts.

use super::keys::Keys;
use crate::engine::index::term_range::starting;
use crate::error::Result;
use crate::kind::index::{Owner, Place, VALUE_AT, head, tag};
use crate::kind::kept::{Ordered, ordered};
use crate::page::First;
use crate::query::Query;
use crate::sort::{By, Rule, text};
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
        // A value that is too long for its term is not in its place.
        let mut long = self.terms(&index, self.tag | tag::SHORTENED)?;
        while long.advance() {
            let mut postings = postings(&index, &long)?;
            while let Some(doc) = next(&mut postings, matches, &mut spent) {
                keys.offer(doc, None, first)?;
            }
        }
        let (mut start, mut value) = (Vec::new(), Vec::new());
        let mut terms = self.terms(&index, self.tag)?;
        while terms.advance() {
            value.clear();
            text(&terms.key()[VALUE_AT..], &mut value);
            start.clear();
            self.rule.push(Some(&value), &mut start);
            if !first.may_want(&start) {
                return Ok(Some(start));
            }
            let mut postings = postings(&index, &terms)?;
            while let Some(doc) = next(&mut postings, matches, &mut spent) {
                if !keys.offer(doc, Some(&start), first)? {
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

    fn terms<'i>(&self, index: &'i InvertedIndexReader, tag: u8) -> Result<TermStreamer<'i>> {
        let terms = starting(index, &head(self.place, tag), self.rule.descending);
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

/// The next of them that is in the set, which it is taken out of.
fn next(postings: &mut Postings, set: &mut BitSet, spent: &mut u64) -> Option<u32> {
    loop {
        let docs = postings.blocks.docs();
        if docs.is_empty() {
            return None;
        }
        while let Some(&doc) = docs.get(postings.at) {
            postings.at += 1;
            *spent += 1;
            if set.contains(doc) {
                set.remove(doc);
                return Some(doc);
            }
        }
        postings.blocks.advance();
        postings.at = 0;
    }
}
