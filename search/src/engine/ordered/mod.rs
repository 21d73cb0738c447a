//! A segment's matches in the order that was asked for: the first ones, without looking at what stands behind them.
//!
//! A document is left as soon as its key cannot be among the first (`keys`): dates, numbers and `lastUpdated` are told by columns. Where
//! matches are too many to be looked at one by one, those are gone through in the order of their documents (`by_order`), which is made
//! once for each segment, and texts and codes in that of the dictionary (`walk`). Where pages go back, that
//! one is gone through the other way, and for other orders all matches are looked at.

mod by_order;
mod keys;
mod walk;

use super::index::translate::how_to_count;
use super::orders::Rank;
use super::read::{Segment, Wanted, each};
use super::segments::Segments;
use super::tail::View;
use crate::error::Result;
use crate::page::First;
use keys::{Keys, Offered};
use tantivy::query::{BitSetDocSet, Scorer};
use tantivy::{BitSet, DocSet, TERMINATED};
use walk::Walk;

/// So many index values are read from the store of a segment before the dictionary is asked.
const LOOKED_AT_MAX: u64 = 512;

/// Offers the wanted matches of shard number `shard`, whose segments these are, and counts those that it looks at.
pub fn collect(
    segments: &Segments,
    view: &View,
    shard: usize,
    wanted: &Wanted<'_>,
    first: &mut First,
) -> Result<()> {
    let rank = wanted.query.sort.rules().first().and_then(Rank::of);
    let how = how_to_count(&wanted.query.expr);
    each(segments, view, shard, wanted, |segment, weight| {
        let mut keys = Keys::open(segment, wanted, segments.fields.values)?;
        let mut matches = segment.matches(weight)?;
        if let Some(rank) = &rank {
            let ordered = (&*segments.orders, rank);
            match by_order::offer(segment, (weight, matches), ordered, wanted, &mut keys, first)? {
                Some(all) => matches = all,
                None => {
                    match wanted.tally.is_of_all() {
                        true => wanted.tally.add(segment.count(weight, how)?),
                        false => wanted.tally.leave(),
                    }
                    return Ok(());
                }
            }
        }
        wanted.tally.add(match Walk::of(wanted.query, segments.fields.terms) {
            Some(walk) => by_dictionary(segment, matches, &walk, wanted, &mut keys, first)?,
            None => segment.visit(matches, |doc| keys.offer(doc, None, first).map(drop))?,
        });
        Ok(())
    })
}

fn by_dictionary(
    segment: &Segment<'_>,
    all: Box<dyn Scorer>,
    walk: &Walk<'_>,
    wanted: &Wanted<'_>,
    keys: &mut Keys<'_>,
    first: &mut First,
) -> Result<u64> {
    let mut matches = BitSet::with_max_value(segment.reader.max_doc());
    let total = segment.visit(all, |doc| {
        matches.insert(doc);
        Ok(())
    })?;
    let without = match wanted.start.filter(|start| start.is_back) {
        _ if total <= LOOKED_AT_MAX => None,
        Some(start) => match walk.run_back(segment.reader, &mut matches, keys, first, &start.place)? {
            true => return Ok(total),
            false => None,
        },
        None => walk.run(segment.reader, &mut matches, keys, first)?,
    };
    let mut rest = BitSetDocSet::from(matches);
    while rest.doc() != TERMINATED {
        if keys.offer(rest.doc(), without.as_deref(), first)? == Offered::Last {
            break;
        }
        rest.advance();
    }
    Ok(total)
}
