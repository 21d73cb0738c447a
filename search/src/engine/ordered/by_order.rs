//! Matches of a segment in the order of its documents: some documents that come first are asked whether they match, then some more, until
//! no later one is wanted. What it costs depends on how rare matches are, and not on how many there are.

use super::keys::Keys;
use crate::engine::orders::{Orders, Rank};
use crate::engine::read::{Segment, Wanted};
use crate::error::Result;
use crate::page::First;
use crate::sort::{MISSING, Rule, number};
use tantivy::columnar::Column;
use tantivy::query::{Scorer, Weight};
use tantivy::{BitSet, DocId, DocSet, SeekDangerResult};

/// So many documents are asked first; then four times as many each time, for it costs to begin.
const ASKED_FIRST: usize = 256;
/// Fewer matches, beside the fewest documents that are ordered, are all looked at.
const DOCS_PER_MATCH: u32 = 8;
/// Asking a document costs more than looking at a match: at most one for so many matches is asked in vain.
const MATCHES_PER_ASKED: usize = 4;

/// Offers those of `matches` that are wanted, and perhaps others. `Some`: nothing was done, and all of these are to be looked at.
pub fn offer(
    segment: &Segment<'_>,
    (weight, matches): (&dyn Weight, Box<dyn Scorer>),
    (orders, rank): (&Orders, &Rank),
    wanted: &Wanted<'_>,
    keys: &mut Keys<'_>,
    first: &mut First,
) -> Result<Option<Box<dyn Scorer>>> {
    let (reader, Some(rule)) = (segment.reader, wanted.query.sort.rules().first()) else {
        return Ok(Some(matches));
    };
    let many = matches.size_hint();
    if wanted.is_back() || reader.max_doc() < orders.docs_min || many < orders.docs_min / DOCS_PER_MATCH {
        return Ok(Some(matches));
    }
    let Some(column) = rank.open(reader)? else { return Ok(Some(matches)) };
    let Some(order) = orders.of(reader, rank, &column)? else { return Ok(Some(matches)) };
    let by_condition = order.reach.and_then(|reach| rank.start(wanted.query, reach));
    let after = rank.is_exact.then(|| wanted.start.and_then(|start| place_in(&start.place.order))).flatten();
    let mut walk = Walk { rank, rule, column, docs: &order.docs, from: 0, at: 0, some: vec![] };
    if let Some(start) = by_condition.max(after) {
        walk.from = walk.first_at(start);
        walk.at = walk.from;
    }
    let enough = many as usize / MATCHES_PER_ASKED;
    let mut begun = Some(matches);
    // A match of such a condition has a value.
    let have_values = by_condition.is_some() || order.docs.len() == reader.max_doc() as usize;
    while walk.is_wanted(first) {
        if walk.at == walk.docs.len() && have_values {
            break;
        }
        if walk.at - walk.from > enough.max(ASKED_FIRST) || walk.at == walk.docs.len() {
            rest(segment, segment.matches(weight)?, &walk, keys, first)?;
            break;
        }
        let mut matches = match begun.take() {
            Some(matches) => matches,
            None => segment.matches(weight)?,
        };
        let mut least = matches.doc();
        for doc in walk.next() {
            if *doc < least {
                continue;
            }
            match matches.seek_danger(*doc) {
                SeekDangerResult::Found if segment.is_current(*doc)? => drop(keys.offer(*doc, None, first)?),
                SeekDangerResult::Found => {}
                SeekDangerResult::SeekLowerBound(next) => least = next,
            }
        }
    }
    Ok(None)
}

/// Offers the matches that were not asked for.
fn rest(
    segment: &Segment<'_>,
    matches: Box<dyn Scorer>,
    walk: &Walk<'_>,
    keys: &mut Keys<'_>,
    first: &mut First,
) -> Result<()> {
    let mut done = BitSet::with_max_value(segment.reader.max_doc());
    for doc in &walk.docs[walk.from..walk.at] {
        done.insert(*doc);
    }
    segment.visit(matches, |doc| match done.contains(doc) {
        true => Ok(()),
        false => keys.offer(doc, None, first).map(drop),
    })?;
    Ok(())
}

/// How far the documents were gone through.
struct Walk<'o> {
    rank: &'o Rank,
    rule: &'o Rule,
    column: Column<i64>,
    docs: &'o [DocId],
    from: usize,
    at: usize,
    some: Vec<DocId>,
}

impl Walk<'_> {
    /// Where the documents begin that are at that place or behind it.
    fn first_at(&self, place: i64) -> usize {
        let is_before = |doc: &DocId| {
            self.rank.best(&self.column, *doc).is_some_and(|value| self.rank.place(value) < place)
        };
        self.docs.partition_point(is_before)
    }

    /// Whether what comes next, whatever it is, may be among the first.
    fn is_wanted(&self, first: &First) -> bool {
        let next = self.docs.get(self.at).and_then(|doc| self.rank.best(&self.column, *doc));
        let mut start = Vec::with_capacity(9);
        self.rule.push(next.map(number).as_ref().map(|value| &value[..]), &mut start);
        first.may_want(&start)
    }

    /// The next ones, as they rise.
    fn next(&mut self) -> &[DocId] {
        let many = (3 * (self.at - self.from)).max(ASKED_FIRST);
        let end = (self.at + many).min(self.docs.len());
        self.some.clear();
        self.some.extend_from_slice(&self.docs[self.at..end]);
        self.some.sort_unstable();
        self.at = end;
        &self.some
    }
}

/// The place of the number that a key begins with; where it begins without a value, the last there is.
fn place_in(key: &[u8]) -> Option<i64> {
    if key.first() == Some(&MISSING) {
        return Some(i64::MAX);
    }
    // Of a descending rule the bytes are turned round, and so are places.
    let bytes = key.get(1..9)?.try_into().ok()?;
    Some((u64::from_be_bytes(bytes) ^ (1 << 63)) as i64)
}
