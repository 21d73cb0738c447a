//! The key of a document, rule by rule.

use crate::engine::index::schema::{LAST_UPDATED, PAIRS};
use crate::engine::index::stored::StoredValues;
use crate::engine::orders;
use crate::engine::read::{Facts, Segment, Wanted};
use crate::error::Result;
use crate::facts::Facts as Known;
use crate::kind::index::Column as Pair;
use crate::kind::kept::{Ordered, ordered};
use crate::page::First;
use crate::sort::{By, Rule, number};
use fhir::definitions::ParamId;
use fhir::index::Values;
use tantivy::columnar::Column;
use tantivy::schema::Field;
use tantivy::{DocId, SegmentReader};

/// Makes the keys of a segment's documents.
pub struct Keys<'a> {
    segment: &'a Segment<'a>,
    wanted: &'a Wanted<'a>,
    facts: Facts,
    rules: Vec<(Rule, Source)>,
    /// If a rule needs them.
    stored: Option<StoredValues>,
    key: Vec<u8>,
}

/// What became of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offered {
    Added,
    Left,
    /// It was left, and so are all that come after it and have the known part in common.
    Last,
}

/// Where a rule's part of the key comes from. A column that no document of the segment has a value in is `None`.
enum Source {
    /// The least or the greatest of the document's values, by the rule's direction.
    Column(Option<Column<i64>>),
    /// The same is not behind the rule's part of the key.
    Bound(Option<Column<i64>>),
    /// What the document is made of.
    Document,
}

impl<'a> Keys<'a> {
    /// Of a segment, whose index values are stored in field `values`.
    pub fn open(segment: &'a Segment<'a>, wanted: &'a Wanted<'a>, values: Field) -> Result<Self> {
        let sort = &wanted.query.sort;
        let stored = sort.needs_values().then(|| StoredValues::open(segment.reader, values));
        let rules = sort.rules().iter().map(|rule| Ok((*rule, Source::open(segment.reader, rule)?)));
        Ok(Keys {
            segment,
            wanted,
            facts: Facts::open(segment.reader)?,
            rules: rules.collect::<Result<_>>()?,
            stored: stored.transpose()?,
            key: Vec::new(),
        })
    }

    /// Adds a document to the first ones if it is one of them. Its part of the key by the first rule may be known: documents that
    /// have it in common are to be offered in their order, and no more of them after [`Offered::Last`]. Where pages go back, it is a part
    /// that the document may have instead of one that comes earlier: it is added only where it has that part, and the order is turned.
    pub fn offer(&mut self, doc: DocId, known: Option<&[u8]>, first: &mut First) -> Result<Offered> {
        self.key.clear();
        self.key.extend_from_slice(known.unwrap_or_default());
        if !first.may_want(&self.key) {
            return Ok(if known.is_none() { Offered::Left } else { Offered::Last });
        }
        let mut rules = self.rules.iter().skip(usize::from(known.is_some()));
        let is_whole = loop {
            let Some((rule, source)) = rules.next() else { break true };
            let start = self.key.len();
            match source {
                // It is no bound on the other side.
                Source::Bound(_) if self.wanted.is_back() => break false,
                Source::Column(column) | Source::Bound(column) => {
                    rule.push(best(column.as_ref(), doc, rule).as_ref().map(|best| &best[..]), &mut self.key);
                }
                Source::Document => break false,
            }
            if !first.may_want(&self.key) {
                return Ok(Offered::Left);
            }
            if let Source::Bound(_) = source {
                self.key.truncate(start);
                break false;
            }
        };
        let hash = self.segment.order.hash(doc);
        if is_whole && !first.wants(&self.key, hash) {
            let is_all = known.is_some() && self.rules.len() == 1;
            return Ok(if is_all { Offered::Last } else { Offered::Left });
        }
        let start = self.wanted.start;
        if is_whole && !start.is_none_or(|start| start.may_let(&self.key, hash)) {
            return Ok(Offered::Left);
        }
        let (_, key) = self.segment.key(doc)?;
        let mut hit = self.facts.hit(doc, key, hash);
        let is_guess = known.is_some() && self.wanted.is_back();
        hit.order = match is_whole && !is_guess {
            true => self.key.as_slice().into(),
            false => {
                let known = Known {
                    type_code: hit.key.type_code,
                    id: &hit.key.id,
                    last_updated_ms: hit.last_updated_ms,
                };
                let whole = |values: &Values<'_>| self.wanted.query.sort.key(values, &known);
                match &self.stored {
                    Some(stored) => stored.with(doc, whole)?,
                    None => whole(&Values::trusted(&[])),
                }
            }
        };
        let is_known = known.is_none_or(|known| hit.order.starts_with(known));
        if is_known && first.wants(&hit.order, hash) && start.is_none_or(|start| start.lets(&hit)) {
            first.add(hit);
            return Ok(Offered::Added);
        }
        Ok(Offered::Left)
    }
}

impl Source {
    fn open(reader: &SegmentReader, rule: &Rule) -> Result<Source> {
        Ok(match rule.by {
            By::Id | By::Relevance => Source::Document,
            By::LastUpdated => Source::Column(reader.fast_fields().column_opt(LAST_UPDATED)?),
            By::Parameter(param, kind) => match ordered(kind) {
                Some(Ordered::Low(pair)) => Source::Column(column(reader, pair, param, false)?),
                Some(Ordered::Within(pair)) => Source::Bound(column(reader, pair, param, rule.descending)?),
                Some(Ordered::Terms(_)) | None => Source::Document,
            },
        })
    }
}

/// The low or the high ends of a parameter's intervals.
fn column(reader: &SegmentReader, pair: Pair, param: ParamId, high: bool) -> Result<Option<Column<i64>>> {
    let (low_name, high_name) = pair.names(param);
    let name = if high { high_name } else { low_name };
    Ok(reader.fast_fields().column_opt(&format!("{PAIRS}.{name}"))?)
}

/// The value of a document that comes first.
#[inline]
fn best(column: Option<&Column<i64>>, doc: DocId, rule: &Rule) -> Option<[u8; 8]> {
    orders::best(column?, doc, rule.descending).map(number)
}
