//! One segment file: made, opened, read.

use super::damage::damaged;
use super::folder::{File, Folder};
use super::frame::{self, Builder, FRAME_HEADER, Kind, NOTE_BYTES};
use super::header::{self, End, Link, SEGMENT_HEADER};
use super::spares::Spare;
use bytes::Bytes;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// How much is read at a time where an intact frame is looked for.
const SEARCH_BYTES: usize = 1 << 20;

/// An open file, with its name for messages.
pub(super) struct SegmentFile {
    pub path: PathBuf,
    pub file: Arc<dyn File>,
}

/// One open segment.
pub(super) struct Segment {
    pub id: u64,
    pub salt: u64,
    /// Of the file.
    pub bytes: u64,
    /// `None` in format 1.
    pub link: Option<Link>,
    /// The checksum of its header: where its chain starts.
    pub crc: u32,
    pub file: Arc<SegmentFile>,
}

/// How the frames of a segment end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tail {
    /// Nothing says whether the last frame is durable.
    Open,
    /// All frames are durable.
    Marked,
    /// All frames are durable, and the segment with this id follows.
    Sealed(u64),
}

/// What a scan found.
pub(super) struct Scan {
    /// Each intact frame with its offset; without mark and seal.
    pub frames: Vec<(u64, Bytes)>,
    /// Where the next frame goes, or the mark or seal is.
    pub end: End,
    pub tail: Tail,
}

pub(super) fn name_of(id: u64) -> String {
    format!("{id:016x}.wal")
}

impl Segment {
    /// Makes `spare` the segment `id`, with its first frame. Header and frame are durable before the file gets its
    /// name, and the name is when this returns: a file that is named as a segment always has both.
    pub(super) fn create(
        folder: &dyn Folder,
        spare: &Spare,
        id: u64,
        previous: Option<End>,
        checkpoint: &mut Builder,
    ) -> io::Result<(Segment, End)> {
        let salt = RandomState::new().hash_one(id);
        let link = Link { bytes: spare.bytes, previous };
        let (header, crc) = header::encode(id, salt, &link);
        let frame = checkpoint.finish(salt);
        spare.file.write_all_at(&header, 0)?;
        spare.file.write_all_at(frame, SEGMENT_HEADER)?;
        spare.file.sync_data()?;
        let name = name_of(id);
        folder.rename(&spare.name, &name)?;
        folder.sync()?;
        let offset = frame::aligned(SEGMENT_HEADER + frame.len() as u64);
        let end = End { offset, chain: frame::chained(crc, frame) };
        let file = SegmentFile { path: folder.path().join(&name), file: spare.file.clone() };
        Ok((Segment { id, salt, bytes: spare.bytes, link: Some(link), crc, file: Arc::new(file) }, end))
    }

    /// Opens segment `id`. `None` where it never got a header: a crash could leave that in format 1.
    pub(super) fn open(folder: &dyn Folder, id: u64) -> io::Result<Option<Segment>> {
        let name = name_of(id);
        let (path, file) = (folder.path().join(&name), folder.open(&name)?);
        let len = file.len()?;
        if len < SEGMENT_HEADER {
            return Err(damaged(&path, len, "the file is shorter than its header"));
        }
        let mut bytes = [0_u8; SEGMENT_HEADER as usize];
        file.read_exact_at(&mut bytes, 0)?;
        let Some(header) = header::decode(&bytes) else {
            let never_used = bytes == [0; SEGMENT_HEADER as usize];
            return if never_used { Ok(None) } else { Err(damaged(&path, 0, "the header is not intact")) };
        };
        if header.id != id {
            // Format 1 gave a recycled file its name first.
            let recycled = header.link.is_none() && header.id < id;
            let what = || format!("the file is the segment {:016x}", header.id);
            return if recycled { Ok(None) } else { Err(damaged(&path, 8, what())) };
        }
        let bytes = header.link.map_or(len, |link| link.bytes);
        if len < bytes {
            return Err(damaged(&path, len, format!("the file was {bytes} bytes long")));
        }
        let (salt, link, crc) = (header.salt, header.link, header.crc);
        let file = Arc::new(SegmentFile { path, file });
        Ok(Some(Segment { id, salt, bytes, link, crc, file }))
    }

    /// Reads all frames, up to the first that is not intact, the mark or the seal.
    pub(super) fn scan(&self) -> io::Result<Scan> {
        let mut frames = Vec::new();
        let mut end = End { offset: SEGMENT_HEADER, chain: self.crc };
        let mut tail = Tail::Open;
        while let Some(frame) = self.frame_at(end.offset)? {
            if let Some(noted) = tail_of(&frame) {
                tail = noted;
                break;
            }
            let offset = frame::aligned(end.offset + frame.len() as u64);
            let chain = frame::chained(end.chain, &frame);
            frames.push((end.offset, frame));
            end = End { offset, chain };
        }
        Ok(Scan { frames, end, tail })
    }

    /// Whether a frame of `len` bytes can be written at `offset`, with a seal after it.
    pub(super) fn has_room(&self, offset: u64, len: usize) -> bool {
        frame::aligned(offset + len as u64) + NOTE_BYTES <= self.bytes
    }

    /// Where an intact frame starts after `offset`, if there is one.
    pub(super) fn intact_after(&self, offset: u64) -> io::Result<Option<u64>> {
        let mut at = frame::aligned(offset) + 8;
        let mut chunk = vec![0_u8; SEARCH_BYTES];
        while at + FRAME_HEADER as u64 <= self.bytes {
            let len = SEARCH_BYTES.min((self.bytes - at) as usize);
            self.file.file.read_exact_at(&mut chunk[..len], at)?;
            let mut within = 0;
            while within + FRAME_HEADER <= len {
                let head = chunk[within..within + FRAME_HEADER].try_into().expect("a header's length");
                let found = at + within as u64;
                if frame::records_len(head, self.salt).is_some() && self.frame_at(found)?.is_some() {
                    return Ok(Some(found));
                }
                within += 8;
            }
            at += within as u64;
        }
        Ok(None)
    }

    fn frame_at(&self, offset: u64) -> io::Result<Option<Bytes>> {
        let left = self.bytes.saturating_sub(offset);
        if left < FRAME_HEADER as u64 {
            return Ok(None);
        }
        let mut header = [0_u8; FRAME_HEADER];
        self.file.file.read_exact_at(&mut header, offset)?;
        let Some(records) = frame::records_len(&header, self.salt) else { return Ok(None) };
        if left < (FRAME_HEADER + records) as u64 {
            return Ok(None);
        }
        let mut frame = vec![0_u8; FRAME_HEADER + records];
        self.file.file.read_exact_at(&mut frame, offset)?;
        Ok(frame::is_intact(&frame).then(|| Bytes::from(frame)))
    }
}

fn tail_of(frame: &Bytes) -> Option<Tail> {
    if frame::aligned(frame.len() as u64) != NOTE_BYTES {
        return None;
    }
    let records = frame::records(frame).ok()?;
    match records.as_slice() {
        [only] if only.kind == Kind::Mark => Some(Tail::Marked),
        [only] if only.kind == Kind::Seal => Some(Tail::Sealed(only.index)),
        _ => None,
    }
}
