//! Replay of changes, for a search index that is behind.

use super::Partition;
use crate::entry::{Change, ChangeKind};
use crate::error::Result;
use crate::kv::{Cursor, Direction};
use crate::table::{self, Table, feed};
use crate::version::FeedPosition;
use proto::id::TenantId;

impl Partition {
    /// The changes after a log index and up to the index applied now, of all tenants, in log order.
    ///
    /// A put comes with the index values of its version if that is still the current one; an older one is left out,
    /// because a newer change of the same resource follows: in this feed, or, if it is applied while this one is
    /// read, from [`Partition::apply`].
    pub fn feed(&self, after_index: u64) -> Result<Feed<'_>> {
        let until = self.applied().index;
        let mut tenants = vec![];
        let mut next = TenantId(0);
        while let Some(tenant) = self.next_tenant(next)? {
            tenants.push(Source::open(self, tenant, after_index, until)?);
            next = TenantId(tenant.0.saturating_add(1));
        }
        Ok(Feed { partition: self, tenants })
    }

    /// The first tenant from `from` on that has a feed.
    fn next_tenant(&self, from: TenantId) -> Result<Option<TenantId>> {
        let mut cursor = self.engine.scan(&table::Feed::from_tenant(from), Direction::Ascending)?;
        if !cursor.advance()? {
            return Ok(None);
        }
        Ok(Some(table::Feed::parse(cursor.key())?.0))
    }
}

/// Iterates over changes and their places.
pub struct Feed<'p> {
    partition: &'p Partition,
    /// Those that have rows left.
    tenants: Vec<Source<'p>>,
}

/// One tenant's rows; the cursor stands on the row at `at`.
struct Source<'p> {
    tenant: TenantId,
    cursor: Box<dyn Cursor + 'p>,
    at: Option<FeedPosition>,
}

impl<'p> Source<'p> {
    fn open(partition: &'p Partition, tenant: TenantId, after: u64, until: u64) -> Result<Self> {
        let place = |index| table::Feed::key(tenant, FeedPosition { index, seq: 0 });
        let range = table::Feed::of_tenant(tenant).from(place(after.saturating_add(1)));
        let range = range.before(place(until.saturating_add(1)));
        let cursor = partition.engine.scan(&range, Direction::Ascending)?;
        let mut source = Source { tenant, cursor, at: None };
        source.advance()?;
        Ok(source)
    }

    fn advance(&mut self) -> Result<()> {
        self.at = match self.cursor.advance()? {
            true => Some(table::Feed::parse(self.cursor.key())?.1),
            false => None,
        };
        Ok(())
    }
}

impl Feed<'_> {
    fn step(&mut self) -> Result<Option<(FeedPosition, Option<Change>)>> {
        // Few tenants share a partition: the least of their heads is found by looking at each.
        let sources = self.tenants.iter_mut().filter_map(|source| source.at.map(|at| (at, source)));
        let Some((at, source)) = sources.min_by_key(|(at, _)| *at) else { return Ok(None) };
        let row = table::Feed::decode(source.cursor.value())?;
        let change = change(self.partition, source.tenant, row)?;
        source.advance()?;
        Ok(Some((at, change)))
    }
}

impl Iterator for Feed<'_> {
    type Item = Result<(FeedPosition, Change)>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.step().transpose()? {
                Ok((at, Some(change))) => return Some(Ok((at, change))),
                Ok((_, None)) => {}
                Err(error) => {
                    self.tenants.clear();
                    return Some(Err(error));
                }
            }
        }
    }
}

fn change(partition: &Partition, tenant: TenantId, row: feed::Row) -> Result<Option<Change>> {
    let feed::Row { key, version, last_updated_ms, kind } = row;
    let kind = match kind {
        feed::Kind::Delete => ChangeKind::Delete,
        feed::Kind::Evict => ChangeKind::Evict,
        feed::Kind::Put | feed::Kind::Reindex => match partition.index_row(tenant, &key)? {
            Some(current) if current.version == version => {
                let index_values = current.index_values;
                match kind {
                    feed::Kind::Reindex => ChangeKind::Reindex { index_values },
                    _ => ChangeKind::Put { index_values },
                }
            }
            _ => return Ok(None),
        },
    };
    Ok(Some(Change { tenant, key, version, last_updated_ms, kind }))
}
