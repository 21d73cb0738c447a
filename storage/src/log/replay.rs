//! Opening: from segment files to groups in memory.

use super::frame::{self, Kind, Record};
use super::groups::{Groups, Place, Slot};
use super::segment::Segment;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// A segment that has frames, with the last index of each group in it.
pub(super) struct LoadedSegment {
    pub segment: Segment,
    pub last: BTreeMap<u32, u64>,
    pub end: u64,
}

/// What was in the folder.
pub(super) struct Loaded {
    /// Oldest first; the last one is to be written on.
    pub segments: Vec<LoadedSegment>,
    /// Files that may become segments.
    pub spares: Vec<PathBuf>,
}

/// Reads the folder into `groups`.
pub(super) fn load(dir: &Path, groups: &Groups) -> io::Result<Loaded> {
    let (ids, mut spares) = list(dir)?;
    if let Some(pair) = ids.windows(2).find(|pair| pair[0] + 1 != pair[1]) {
        return Err(damaged(&Segment::path_of(dir, pair[0] + 1), "is missing"));
    }
    let mut replay = Replay { groups, needs_purge: BTreeMap::new() };
    let mut segments = Vec::new();
    for (at, id) in ids.iter().enumerate() {
        let is_last = at + 1 == ids.len();
        match replay.segment(dir, *id, is_last)? {
            Some(segment) => segments.push(segment),
            // A segment is only as good as its first frame, which says all votes and purge points.
            None if is_last => spares.push(Segment::path_of(dir, *id)),
            None => return Err(damaged(&Segment::path_of(dir, *id), "has no frame")),
        }
    }
    replay.check()?;
    Ok(Loaded { segments, spares })
}

fn list(dir: &Path) -> io::Result<(Vec<u64>, Vec<PathBuf>)> {
    let (mut ids, mut spares) = (Vec::new(), Vec::new());
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if name.ends_with(".tmp") {
            std::fs::remove_file(&path)?;
        } else if name.starts_with("spare-") {
            spares.push(path);
        } else if let Some(stem) = name.strip_suffix(".wal") {
            ids.push(u64::from_str_radix(stem, 16).map_err(|_| damaged(&path, "has a strange name"))?);
        }
    }
    ids.sort_unstable();
    Ok((ids, spares))
}

struct Replay<'a> {
    groups: &'a Groups,
    /// Groups whose entries before an index were in a segment that is gone: it must have been purged up to there.
    needs_purge: BTreeMap<u32, u64>,
}

impl Replay<'_> {
    fn segment(&mut self, dir: &Path, id: u64, is_last: bool) -> io::Result<Option<LoadedSegment>> {
        let Some(segment) = Segment::open(dir, id)? else { return Ok(None) };
        let scan = segment.scan()?;
        if scan.frames.is_empty() && segment.intact_after(scan.end)?.is_none() {
            return Ok(None);
        }
        if is_last && segment.intact_after(scan.end)?.is_some() {
            return Err(damaged(&segment.path, &format!("is damaged at byte {}", scan.end)));
        }
        let mut last = BTreeMap::new();
        for (offset, frame) in &scan.frames {
            for record in frame::records(frame)? {
                if record.kind == Kind::Entry {
                    let known: &mut u64 = last.entry(record.group).or_default();
                    *known = record.index.max(*known);
                }
                self.record(&segment, *offset, record);
            }
        }
        Ok(Some(LoadedSegment { segment, last, end: scan.end }))
    }

    fn record(&mut self, segment: &Segment, frame_at: u64, record: Record) {
        let group = self.groups.get(record.group);
        let mut group = group.lock();
        match record.kind {
            Kind::Vote => group.vote = Some(record.bytes),
            Kind::Truncate => group.truncate_from(record.index),
            Kind::Purge => group.purge(record.index, record.bytes),
            Kind::Entry => {
                if group.purged.as_ref().is_some_and(|(purged, _)| record.index <= *purged) {
                    return;
                }
                if group.next().is_some_and(|next| record.index > next) {
                    group.truncate_from(0);
                    self.needs_purge.insert(record.group, record.index - 1);
                }
                let offset = frame_at + record.at as u64;
                let place = Place { file: segment.file.clone(), offset, crc: record.crc };
                let len = record.bytes.len() as u32;
                group.put(record.index, Slot { sequence: 0, len, bytes: None, place: Some(place) });
            }
        }
    }

    fn check(&self) -> io::Result<()> {
        for (group, index) in &self.needs_purge {
            let purged = self.groups.get(*group).lock().purged.as_ref().map(|(purged, _)| *purged);
            if purged.is_none_or(|purged| purged < *index) {
                let what = format!("the log of group {group} lacks entries up to {index}");
                return Err(io::Error::new(io::ErrorKind::InvalidData, what));
            }
        }
        Ok(())
    }
}

fn damaged(path: &Path, what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("log file {} {what}", path.display()))
}
