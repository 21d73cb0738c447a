//! The files the log's thread writes: one active segment, older ones until their entries are purged, spares.

use super::folder::Folder;
use super::frame::{self, Builder, Kind};
use super::header::{End, SEGMENT_HEADER};
use super::listing::FORMAT;
use super::options::Options;
use super::replay::Loaded;
use super::segment::{Segment, SegmentFile, name_of};
use super::spares::Spares;
use crate::Shortage;
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Why a frame was not written.
pub(super) enum Failure {
    /// The same frame may be written again: all of it is, so nothing rests on what an earlier try left in memory.
    Short(Shortage, io::Error),
    /// What is on the disk is not known.
    Fatal(io::Error),
}

impl Failure {
    fn of(what: &str, error: io::Error) -> Failure {
        let named = io::Error::new(error.kind(), format!("{what}: {error}"));
        match Shortage::of(&error) {
            Some(short) => Failure::Short(short, named),
            None => Failure::Fatal(named),
        }
    }
}

/// A segment that is not written any more.
struct Old {
    id: u64,
    bytes: u64,
    file: Arc<SegmentFile>,
    /// The last index of each group in it.
    last: BTreeMap<u32, u64>,
}

/// A frame that is durable.
pub(super) struct Written {
    pub file: Arc<SegmentFile>,
    pub offset: u64,
    /// Spent in the sync.
    pub synced: Duration,
}

pub(super) struct Segments {
    folder: Arc<dyn Folder>,
    spares: Spares,
    active: Segment,
    end: End,
    /// Whether a mark is at the end.
    marked: bool,
    /// The last index of each group in the active segment.
    last: BTreeMap<u32, u64>,
    old: VecDeque<Old>,
}

impl Segments {
    /// What was loaded; the first segment of a new log; a first segment of this format after those of the last one.
    /// `checkpoint` makes the first frame of a new segment from what older ones hold.
    pub(super) fn open(
        folder: Arc<dyn Folder>,
        options: &Options,
        loaded: Loaded,
        checkpoint: impl Fn(&BTreeMap<u32, u64>) -> Builder,
        purged: &BTreeMap<u32, u64>,
    ) -> io::Result<Segments> {
        let (bytes, keep) = (options.segment_bytes, options.spares);
        let mut spares = Spares::open(folder.clone(), bytes, keep, loaded.spares)?;
        let mut old: VecDeque<Old> = VecDeque::new();
        let mut active = None;
        for loaded in loaded.segments {
            if let Some((segment, _, last)) = active.replace((loaded.segment, loaded.end, loaded.last)) {
                old.push_back(retired(segment, last));
            }
        }
        let (active, end, last) = match active {
            Some(found) => found,
            None => {
                let spare = spares.make(options.first_segment_bytes)?;
                let empty = &mut checkpoint(&BTreeMap::new());
                let (first, end) = Segment::create(&*folder, &spare, 1, None, empty)?;
                (first, end, BTreeMap::new())
            }
        };
        let marked = false;
        let mut segments = Segments { folder, spares, active, end, marked, last, old };
        if segments.active.link.is_none() {
            let mut checkpoint = checkpoint(&segments.held(purged));
            segments.roll(0, &mut checkpoint).map_err(|failure| match failure {
                Failure::Short(_, error) | Failure::Fatal(error) => error,
            })?;
        }
        if !segments.folder.list()?.iter().any(|name| name == FORMAT) {
            segments.folder.create(FORMAT)?;
            segments.folder.sync()?;
        }
        Ok(segments)
    }

    /// Whether a frame of `len` bytes goes into the active segment.
    pub(super) fn has_room(&self, len: usize) -> bool {
        self.active.has_room(self.end.offset, len)
    }

    /// Writes and syncs the frame.
    pub(super) fn append(&mut self, frame: &mut Builder) -> Result<Written, Failure> {
        let file = self.active.file.clone();
        let failed = |error| Failure::of(&format!("cannot write {}", file.path.display()), error);
        let (frame, offset) = (frame.finish(self.active.salt), self.end.offset);
        self.marked = false;
        file.file.write_all_at(frame, offset).map_err(failed)?;
        let started = Instant::now();
        file.file.sync_data().map_err(failed)?;
        let chain = frame::chained(self.end.chain, frame);
        self.end = End { offset: frame::aligned(offset + frame.len() as u64), chain };
        Ok(Written { synced: started.elapsed(), file, offset })
    }

    /// What the next segment says of the entries before it: how far those that are not purged go.
    pub(super) fn held(&self, purged: &BTreeMap<u32, u64>) -> BTreeMap<u32, u64> {
        let mut held = BTreeMap::new();
        for last in self.old.iter().map(|old| &old.last).chain([&self.last]) {
            for (group, index) in last {
                let known: &mut u64 = held.entry(*group).or_default();
                *known = (*known).max(*index);
            }
        }
        held.retain(|group, index| purged.get(group).is_none_or(|purged| purged < index));
        held
    }

    /// Starts the next segment with `checkpoint`, with room for a frame of `len` bytes, and seals the last one.
    pub(super) fn roll(&mut self, len: usize, checkpoint: &mut Builder) -> Result<(), Failure> {
        let failed = |error| Failure::of("cannot start a segment", error);
        let need = SEGMENT_HEADER + (checkpoint.len() + len) as u64 + 2 * frame::NOTE_BYTES;
        let spare = self.spares.take(need).map_err(failed)?;
        let id = self.active.id + 1;
        let made = Segment::create(&*self.folder, &spare, id, Some(self.end), checkpoint);
        let (next, end) = made.map_err(|error| {
            // Another one is made then.
            let _ = self.folder.remove(&spare.name);
            failed(error)
        })?;
        // Only now, since a seal says that the next segment is there; before the next one has anything to lose.
        self.note(Kind::Seal, id).and_then(|()| self.active.file.file.sync_data()).map_err(failed)?;
        let last = std::mem::take(&mut self.last);
        self.old.push_back(retired(std::mem::replace(&mut self.active, next), last));
        (self.end, self.marked) = (end, false);
        Ok(())
    }

    /// Says on the disk that all before is durable, so that the last frame, when it is damaged, is not taken for one
    /// that never was. Not synced: it is an addition to what a crash leaves anyway.
    pub(super) fn mark(&mut self) {
        if !self.marked {
            self.marked = self.note(Kind::Mark, 0).is_ok();
        }
    }

    /// Makes the mark durable.
    pub(super) fn close(&mut self) {
        self.mark();
        if let Err(error) = self.active.file.file.sync_data() {
            tracing::warn!(%error, "the log was not closed cleanly; the next start looks at its end");
        }
    }

    fn note(&self, kind: Kind, index: u64) -> io::Result<()> {
        let note = frame::note(kind, index, self.active.salt);
        self.active.file.file.write_all_at(&note, self.end.offset)
    }

    /// Remembers that an entry is in the active segment.
    pub(super) fn entered(&mut self, group: u32, index: u64) {
        let last = self.last.entry(group).or_default();
        *last = index.max(*last);
    }

    /// Nobody needs the group's entries in any segment any more. What comes with indexes that were there before is other entries.
    pub(super) fn forget(&mut self, group: u32) {
        self.last.remove(&group);
        for old in &mut self.old {
            old.last.remove(&group);
        }
    }

    /// Frees the oldest segments as far as all in them is purged; whether there were any.
    pub(super) fn free(&mut self, purged: &BTreeMap<u32, u64>) -> bool {
        let is_purged = |(group, last): (&u32, &u64)| purged.get(group).is_some_and(|purged| purged >= last);
        let before = self.old.len();
        while let Some(old) = self.old.pop_front_if(|old| old.last.iter().all(is_purged)) {
            if let Err(error) = self.spares.recycle(&name_of(old.id), &old.file.file, old.bytes) {
                tracing::warn!(%error, path = %old.file.path.display(), "could not free a log segment");
            }
        }
        self.old.len() < before
    }

    /// Has the next segment made while this one still has room.
    pub(super) fn prepare(&mut self) {
        if self.end.offset > self.active.bytes / 2 {
            self.spares.prepare();
        }
    }

    /// Of all segments.
    pub(super) fn bytes(&self) -> u64 {
        self.old.iter().map(|old| old.bytes).sum::<u64>() + self.active.bytes
    }

    /// The last index of each group in the oldest segment that is not the active one.
    pub(super) fn oldest(&self) -> BTreeMap<u32, u64> {
        self.old.front().map(|old| old.last.clone()).unwrap_or_default()
    }
}

fn retired(segment: Segment, last: BTreeMap<u32, u64>) -> Old {
    Old { id: segment.id, bytes: segment.bytes, file: segment.file, last }
}
