//! Opening: from segment files to groups in memory. Nothing durable is ever missing in silence: each segment says
//! where the one before ended, with which checksum, and which entries before it are still needed.

use super::damage::damaged;
use super::folder::Folder;
use super::frame::{self, Kind, Record};
use super::groups::{Groups, Place, Slot};
use super::header::End;
use super::listing::{self, Listing};
use super::segment::{Scan, Segment, Tail, name_of};
use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// A segment that has frames, with the last index of each group in it, but for what was forgotten.
pub(super) struct LoadedSegment {
    pub segment: Segment,
    pub last: BTreeMap<u32, u64>,
    /// Groups that were forgotten in it: what segments before it have of them counts no more.
    forgotten: BTreeSet<u32>,
    pub end: End,
    tail: Tail,
    /// Where each frame starts, and its length.
    frames: Vec<(u64, usize)>,
}

/// What was in the folder.
pub(super) struct Loaded {
    /// Oldest first; the last one is to be written on.
    pub segments: Vec<LoadedSegment>,
    /// Files that may become segments.
    pub spares: Vec<String>,
}

/// Reads the folder into `groups`. Returns when all of it is durable.
pub(super) fn load(folder: &dyn Folder, groups: &Groups) -> io::Result<Loaded> {
    let Listing { mut segments, mut spares, freed: mut unneeded } = listing::read(folder)?;
    let mut replay = Replay { folder, groups, needs_purge: BTreeMap::new(), held: None };
    let mut loaded: Vec<LoadedSegment> = Vec::new();
    let last = segments.pop();
    for (id, segment) in segments {
        let segment = segment.ok_or_else(|| replay.damaged(id, 0, "the file has no header"))?;
        add(&mut loaded, replay.segment(segment)?);
        replay.check_link(&loaded)?;
    }
    match last {
        Some((_, Some(segment))) => {
            let segment = replay.segment(segment)?;
            if replay.is_unused(&segment, loaded.last())? {
                unneeded.push(segment.segment.id);
            } else {
                add(&mut loaded, segment);
                replay.check_link(&loaded)?;
            }
        }
        Some((id, None)) if loaded.last().is_none_or(|before| before.segment.link.is_none()) => {
            unneeded.push(id);
        }
        Some((id, None)) => return Err(replay.damaged(id, 0, "the file has no header")),
        None => {}
    }
    replay.check_end(&loaded)?;
    replay.check_start(&loaded)?;
    // Nothing is changed before all is checked.
    for id in unneeded {
        spares.push(retire(folder, id)?);
    }
    sync_anew(&loaded)?;
    Ok(Loaded { segments: loaded, spares })
}

fn add(loaded: &mut Vec<LoadedSegment>, next: LoadedSegment) {
    for before in loaded.iter_mut() {
        before.last.retain(|group, _| !next.forgotten.contains(group));
    }
    loaded.push(next);
}

/// Takes the name of a segment from a file that is none (any more).
fn retire(folder: &dyn Folder, id: u64) -> io::Result<String> {
    let (name, spare) = (name_of(id), format!("spare-{}", name_of(id)));
    folder.rename(&name, &spare)?;
    folder.sync()?;
    Ok(spare)
}

/// Writes the last frame again and syncs it: the process that wrote it may have died before its sync, or lived on
/// after a failed one. What is read here may be in memory only, on pages that the system believes clean.
fn sync_anew(loaded: &[LoadedSegment]) -> io::Result<()> {
    let Some((last, before)) = loaded.split_last() else { return Ok(()) };
    if last.tail == Tail::Marked {
        return Ok(());
    }
    if last.segment.link.is_none() {
        // Format 1 synced header and first frames together.
        return write_again(&last.segment, 0, last.end.offset as usize);
    }
    if let ([_], Some(before)) = (last.frames.as_slice(), before.last()) {
        // Nothing was written since the seal.
        write_again(&before.segment, before.end.offset, frame::NOTE_BYTES as usize)?;
    }
    let Some((offset, len)) = last.frames.last() else { return Ok(()) };
    write_again(&last.segment, *offset, *len)
}

fn write_again(segment: &Segment, offset: u64, len: usize) -> io::Result<()> {
    let mut bytes = vec![0_u8; len.min((segment.bytes - offset) as usize)];
    let file = &segment.file.file;
    file.read_exact_at(&mut bytes, offset)?;
    file.write_all_at(&bytes, offset)?;
    file.sync_data()
}

struct Replay<'a> {
    folder: &'a dyn Folder,
    groups: &'a Groups,
    /// Groups whose entries up to an index were in a segment that is gone, with the place that tells: it must have
    /// been purged up to there.
    needs_purge: BTreeMap<u32, (u64, io::Error)>,
    /// What the first segment says of those before it.
    held: Option<Vec<(u32, u64)>>,
}

impl Replay<'_> {
    fn damaged(&self, id: u64, offset: u64, what: &str) -> io::Error {
        damaged(&self.folder.path().join(name_of(id)), offset, what)
    }

    fn segment(&mut self, segment: Segment) -> io::Result<LoadedSegment> {
        let Scan { frames, end, tail } = segment.scan()?;
        let (mut last, mut held, mut forgotten) = (BTreeMap::new(), Vec::new(), BTreeSet::new());
        for (offset, frame) in &frames {
            let records = frame::records(frame).map_err(|_| {
                self.damaged(
                    segment.id,
                    *offset,
                    "a record that this program cannot read: use a newer version",
                )
            })?;
            for record in records {
                match record.kind {
                    Kind::Held => held.push((record.group, record.index)),
                    Kind::Entry => {
                        let known: &mut u64 = last.entry(record.group).or_default();
                        *known = record.index.max(*known);
                    }
                    Kind::Forget => {
                        last.remove(&record.group);
                        forgotten.insert(record.group);
                    }
                    _ => {}
                }
                self.record(&segment, *offset, record);
            }
        }
        if self.held.is_none() {
            self.held = Some(held);
        }
        let frames = frames.iter().map(|(offset, frame)| (*offset, frame.len())).collect();
        Ok(LoadedSegment { segment, last, forgotten, end, tail, frames })
    }

    fn record(&mut self, segment: &Segment, frame_at: u64, record: Record) {
        let group = self.groups.get(record.group);
        let mut group = group.lock();
        match record.kind {
            Kind::Vote => group.vote = Some(record.bytes),
            Kind::Truncate => group.truncate_from(record.index),
            Kind::Purge => group.purge(record.index, record.bytes),
            Kind::Forget => {
                group.forget(record.bytes);
                self.needs_purge.remove(&record.group);
            }
            Kind::Seal | Kind::Held | Kind::Mark => {}
            Kind::Entry => {
                if group.purged.as_ref().is_some_and(|(purged, _)| record.index <= *purged) {
                    return;
                }
                let offset = frame_at + record.at as u64;
                if group.next().is_some_and(|next| record.index > next) {
                    group.truncate_from(0);
                    let upto = record.index - 1;
                    let what =
                        format!("entries of group {} up to {upto} are missing before here", record.group);
                    self.needs_purge.insert(record.group, (upto, self.damaged(segment.id, offset, &what)));
                }
                let place = Place { file: segment.file.clone(), offset, crc: record.crc };
                let len = record.bytes.len() as u32;
                group.put(record.index, Slot { sequence: 0, len, bytes: None, place: Some(place) });
            }
        }
    }

    /// Whether a crash came between the making of the last segment and the seal that would have named it: nothing
    /// was acknowledged in it, and the one before is still the active one.
    fn is_unused(&self, last: &LoadedSegment, before: Option<&LoadedSegment>) -> io::Result<bool> {
        let Some(before) = before else {
            // In format 1 the first frame made a segment's header durable.
            return Ok(last.segment.link.is_none()
                && last.frames.is_empty()
                && last.segment.intact_after(last.end.offset)?.is_none());
        };
        let is_unsealed = !matches!(before.tail, Tail::Sealed(_));
        let only_checkpoint = match last.segment.link {
            Some(_) => last.frames.len() == 1,
            None => last.frames.is_empty(),
        };
        let end = last.end.offset;
        Ok(is_unsealed && only_checkpoint && last.segment.intact_after(end)?.is_none())
    }

    /// The last of `loaded` follows the one before.
    fn check_link(&self, loaded: &[LoadedSegment]) -> io::Result<()> {
        let [.., before, last] = loaded else { return Ok(()) };
        let (at, id) = (before.end.offset, before.segment.id);
        let lost = |what| Err(self.damaged(id, at, what));
        let Some(link) = last.segment.link else {
            return match before.segment.intact_after(at)? {
                Some(_) => lost("a frame is not intact, and intact ones follow it"),
                None if before.segment.link.is_some() => lost("a segment of an older format follows"),
                None => Ok(()),
            };
        };
        if link.previous != Some(before.end) {
            return lost("frames are missing here, or are not those that the next segment was written after");
        }
        match before.tail {
            Tail::Sealed(next) if next == last.segment.id => Ok(()),
            _ => lost("the seal is missing that the segment was closed with"),
        }
    }

    /// Nothing durable follows the last segment's last frame.
    fn check_end(&self, loaded: &[LoadedSegment]) -> io::Result<()> {
        let Some(last) = loaded.last() else { return Ok(()) };
        let (at, id) = (last.end.offset, last.segment.id);
        if let Tail::Sealed(next) = last.tail {
            return Err(self.damaged(next, 0, "the file is missing"));
        }
        if last.segment.link.is_some() && last.frames.is_empty() {
            return Err(self.damaged(id, at, "the first frame is not intact"));
        }
        match last.segment.intact_after(at)? {
            Some(_) => Err(self.damaged(id, at, "a frame is not intact, and intact ones follow it")),
            None => Ok(()),
        }
    }

    /// All that was in segments before the first one is purged, or forgotten since.
    fn check_start(&mut self, loaded: &[LoadedSegment]) -> io::Result<()> {
        let Some(first) = loaded.first() else { return Ok(()) };
        let purged = |group: u32| self.groups.get(group).lock().purged.as_ref().map(|(index, _)| *index);
        let is_forgotten = |group: &u32| loaded.iter().any(|segment| segment.forgotten.contains(group));
        for (group, index) in self.held.iter().flatten().filter(|(group, _)| !is_forgotten(group)) {
            if first.segment.id > 1 && purged(*group).is_none_or(|purged| purged < *index) {
                let what = format!(
                    "the file is missing: it, or one before, has entries of group {group} up to {index}"
                );
                return Err(self.damaged(first.segment.id - 1, 0, &what));
            }
        }
        for (group, (index, error)) in std::mem::take(&mut self.needs_purge) {
            if purged(group).is_none_or(|purged| purged < index) {
                return Err(error);
            }
        }
        Ok(())
    }
}
