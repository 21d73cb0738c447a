//! An ordered map with the crash behaviour of the real engine, for simulation and tests.

use super::{Cursor, Direction, Engine, Loader, Range, Read, Rows, Stall, ascending, loaded};
use crate::error::Result;
use bytes::Bytes;
use parking_lot::RwLock;
use std::ops::Bound;
use std::sync::Arc;

type Map = std::collections::BTreeMap<Bytes, Bytes>;

/// One partition in memory. Clones share the rows.
#[derive(Clone, Default)]
pub struct Memory {
    state: Arc<RwLock<State>>,
}

/// Views share the map; a write copies it only while somebody still looks at the old one.
#[derive(Default)]
struct State {
    live: Arc<Map>,
    durable: Arc<Map>,
}

impl Memory {
    /// What a power cut leaves: everything up to the last flush. It shares nothing with this one any more, whose later
    /// writes are seen by those alone who still have it.
    pub fn after_crash(&self) -> Memory {
        let durable = Arc::clone(&self.state.read().durable);
        let state = State { live: Arc::clone(&durable), durable };
        Memory { state: Arc::new(RwLock::new(state)) }
    }

    fn live(&self) -> Arc<Map> {
        Arc::clone(&self.state.read().live)
    }
}

impl Read for Memory {
    fn visit(&self, key: &[u8], see: &mut dyn FnMut(&[u8])) -> Result<bool> {
        self.live().visit(key, see)
    }

    fn scan(&self, range: &Range, direction: Direction) -> Result<Box<dyn Cursor + '_>> {
        Ok(Box::new(View::new(self.live(), range, direction)))
    }
}

impl Engine for Memory {
    fn snapshot(&self) -> Result<Box<dyn Read + '_>> {
        Ok(Box::new(self.live()))
    }

    fn write(&self, rows: &Rows, _stall: Stall) -> Result<()> {
        let mut state = self.state.write();
        let live = Arc::make_mut(&mut state.live);
        for (key, value) in rows {
            match value {
                Some(value) => live.insert(Bytes::copy_from_slice(key), value.clone()),
                None => live.remove(key.as_slice()),
            };
        }
        Ok(())
    }

    fn loader(&self) -> Result<Box<dyn Loader>> {
        Ok(Box::new(Load { memory: self.clone(), rows: Map::new() }))
    }

    fn clear(&self) -> Result<()> {
        *self.state.write() = State::default();
        Ok(())
    }

    fn flush(&self) -> Result<()> {
        let mut state = self.state.write();
        state.durable = Arc::clone(&state.live);
        Ok(())
    }

    fn durable(&self, key: &[u8]) -> Result<Option<Bytes>> {
        Ok(Map::get(&self.state.read().durable, key).cloned())
    }
}

struct Load {
    memory: Memory,
    rows: Map,
}

impl Loader for Load {
    fn put(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        ascending(self.rows.last_key_value().map_or(&[][..], |(key, _)| &key[..]), key)?;
        self.rows.insert(Bytes::copy_from_slice(key), Bytes::copy_from_slice(value));
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        Ok(())
    }

    fn replace(self: Box<Self>) -> Result<()> {
        loaded(!self.rows.is_empty())?;
        let rows = Arc::new(self.rows);
        *self.memory.state.write() = State { live: Arc::clone(&rows), durable: rows };
        Ok(())
    }
}

impl Read for Arc<Map> {
    fn visit(&self, key: &[u8], see: &mut dyn FnMut(&[u8])) -> Result<bool> {
        let Some(value) = Map::get(self, key) else { return Ok(false) };
        see(value);
        Ok(true)
    }

    fn scan(&self, range: &Range, direction: Direction) -> Result<Box<dyn Cursor + '_>> {
        Ok(Box::new(View::new(Arc::clone(self), range, direction)))
    }
}

struct View {
    map: Arc<Map>,
    lower: Bound<Bytes>,
    upper: Bound<Bytes>,
    direction: Direction,
    row: (Bytes, Bytes),
}

impl View {
    fn new(map: Arc<Map>, range: &Range, direction: Direction) -> Self {
        let bytes = |key: &Vec<u8>| Bytes::copy_from_slice(key);
        // BTreeMap::range panics on an inverted range; here it is an empty one.
        let upper = bytes((&range.upper).max(&range.lower));
        let (lower, upper) = (Bound::Included(bytes(&range.lower)), Bound::Excluded(upper));
        View { map, lower, upper, direction, row: Default::default() }
    }
}

impl Cursor for View {
    fn advance(&mut self) -> Result<bool> {
        let mut rest = self.map.range((self.lower.clone(), self.upper.clone()));
        let next = match self.direction {
            Direction::Ascending => rest.next(),
            Direction::Descending => rest.next_back(),
        };
        let Some((key, value)) = next.map(|(key, value)| (key.clone(), value.clone())) else {
            return Ok(false);
        };
        match self.direction {
            // Not `Excluded(key)`: with an excluded upper bound of the same key the range would panic.
            Direction::Ascending => self.lower = Bound::Included(after(&key)),
            Direction::Descending => self.upper = Bound::Excluded(key.clone()),
        }
        self.row = (key, value);
        Ok(true)
    }

    fn key(&self) -> &[u8] {
        &self.row.0
    }

    fn value(&self) -> &[u8] {
        &self.row.1
    }
}

/// The next possible key.
fn after(key: &[u8]) -> Bytes {
    [key, &[0]].concat().into()
}
