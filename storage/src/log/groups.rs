//! What is where: each group's entries in memory, with their bytes while they are recent.

use super::State;
use super::damage::damaged;
use super::segment::SegmentFile;
use bytes::Bytes;
use parking_lot::{Mutex, RwLock};
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::Arc;

/// Where an entry's bytes are on the disk.
#[derive(Clone)]
pub(super) struct Place {
    pub file: Arc<SegmentFile>,
    pub offset: u64,
    pub crc: u32,
}

/// One entry. Always has bytes or a place; has both while it is durable and recent.
pub(super) struct Slot {
    /// Which append brought it: a late write of a replaced entry must not touch its successor.
    pub sequence: u64,
    pub len: u32,
    pub bytes: Option<Bytes>,
    pub place: Option<Place>,
}

/// One group.
#[derive(Default)]
pub(super) struct Group {
    pub vote: Option<Bytes>,
    pub purged: Option<(u64, Bytes)>,
    first: u64,
    slots: VecDeque<Slot>,
    pub bytes: u64,
    /// Appends with this sequence or a lower one that are still queued fail: one before them did.
    pub failed: u64,
}

impl Group {
    /// The index after the last entry or the purge point; `None` where any index may come next.
    pub(super) fn next(&self) -> Option<u64> {
        match (self.slots.len() as u64, &self.purged) {
            (0, None) => None,
            (0, Some((purged, _))) => Some(purged + 1),
            (len, _) => Some(self.first + len),
        }
    }

    pub(super) fn first(&self) -> Option<u64> {
        (!self.slots.is_empty()).then_some(self.first)
    }

    /// Puts an entry at `index`, replacing it and all after it. The caller has checked that there is no gap.
    pub(super) fn put(&mut self, index: u64, slot: Slot) {
        self.truncate_from(index);
        if self.slots.is_empty() {
            self.first = index;
        }
        self.bytes += u64::from(slot.len);
        self.slots.push_back(slot);
    }

    pub(super) fn truncate_from(&mut self, index: u64) {
        while !self.slots.is_empty() && self.first + self.slots.len() as u64 > index {
            let slot = self.slots.pop_back().expect("not empty");
            self.bytes -= u64::from(slot.len);
        }
    }

    /// Takes out what is not written: the entries at the end that have no place yet.
    pub(super) fn take_back(&mut self) {
        while self.slots.back().is_some_and(|slot| slot.place.is_none()) {
            let slot = self.slots.pop_back().expect("not empty");
            self.bytes -= u64::from(slot.len);
        }
    }

    pub(super) fn purge(&mut self, index: u64, log_id: Bytes) {
        while !self.slots.is_empty() && self.first <= index {
            let slot = self.slots.pop_front().expect("not empty");
            self.bytes -= u64::from(slot.len);
            self.first += 1;
        }
        if self.purged.as_ref().is_none_or(|(purged, _)| *purged <= index) {
            self.purged = Some((index, log_id));
        }
    }

    /// Nothing is left but the vote.
    pub(super) fn forget(&mut self, vote: Bytes) {
        self.slots.clear();
        (self.bytes, self.purged, self.vote) = (0, None, Some(vote));
    }

    pub(super) fn slot(&self, index: u64) -> Option<&Slot> {
        self.slots.get(index.checked_sub(self.first)? as usize)
    }

    /// The slot, if it is still the one that append brought.
    pub(super) fn slot_of(&mut self, index: u64, sequence: u64) -> Option<&mut Slot> {
        let at = index.checked_sub(self.first)? as usize;
        self.slots.get_mut(at).filter(|slot| slot.sequence == sequence)
    }

    pub(super) fn state(&self) -> State {
        let last = self.first().map(|first| first + self.slots.len() as u64 - 1);
        State { vote: self.vote.clone(), purged: self.purged.clone(), last }
    }
}

/// All groups.
#[derive(Default)]
pub(super) struct Groups {
    map: RwLock<BTreeMap<u32, Arc<Mutex<Group>>>>,
}

impl Groups {
    pub(super) fn get(&self, group: u32) -> Arc<Mutex<Group>> {
        if let Some(found) = self.map.read().get(&group) {
            return found.clone();
        }
        self.map.write().entry(group).or_default().clone()
    }

    pub(super) fn all(&self) -> Vec<(u32, Arc<Mutex<Group>>)> {
        self.map.read().iter().map(|(id, group)| (*id, group.clone())).collect()
    }

    /// The entries of `range` that exist, if the bytes of all are in memory.
    pub(super) fn recent(&self, group: u32, range: std::ops::Range<u64>) -> Option<Vec<(u64, Bytes)>> {
        let group = self.get(group);
        let group = group.lock();
        let Some(first) = group.first() else { return Some(Vec::new()) };
        let slots = (range.start.max(first)..range.end).map_while(|index| Some((index, group.slot(index)?)));
        slots.map(|(index, slot)| Some((index, slot.bytes.clone()?))).collect()
    }

    /// The entries of `range` that exist.
    pub(super) fn read(&self, group: u32, range: std::ops::Range<u64>) -> io::Result<Vec<(u64, Bytes)>> {
        let group = self.get(group);
        let mut found = Vec::new();
        {
            let locked = group.lock();
            let Some(first) = locked.first() else { return Ok(Vec::new()) };
            for index in range.start.max(first)..range.end {
                let Some(slot) = locked.slot(index) else { break };
                found.push((index, slot.bytes.clone(), slot.place.clone(), slot.len));
            }
        }
        let mut entries = Vec::with_capacity(found.len());
        for (index, bytes, place, len) in found {
            let entry = match (bytes, place) {
                (Some(bytes), _) => Some(bytes),
                (None, Some(place)) => match read_place(&place, len) {
                    Ok(bytes) => Some(bytes),
                    // Purged meanwhile, and the file already has a new life.
                    Err(_) if group.lock().slot(index).is_none() => None,
                    Err(error) => return Err(error),
                },
                (None, None) => None,
            };
            entries.extend(entry.map(|bytes| (index, bytes)));
        }
        Ok(entries)
    }
}

fn read_place(place: &Place, len: u32) -> io::Result<Bytes> {
    let mut bytes = vec![0_u8; len as usize];
    place.file.file.read_exact_at(&mut bytes, place.offset)?;
    if crc32c::crc32c(&bytes) != place.crc {
        return Err(damaged(&place.file.path, place.offset, "an entry is not what was written"));
    }
    Ok(Bytes::from(bytes))
}
