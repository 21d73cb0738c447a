//! Segment files.

use super::frame::{self, FRAME_HEADER};
use bytes::Bytes;
use std::fs::{File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where the first frame starts.
pub(super) const SEGMENT_HEADER: u64 = 64;
const MAGIC: &[u8; 8] = b"SALMWAL1";
/// How far past a broken frame an intact one is looked for. More than a torn batch can be long, because the next
/// batch starts where the torn one did.
const RESYNC_BYTES: u64 = 16 << 20;

/// Makes the files of the log. The one operation that needs disk space.
pub trait Space: Send + Sync + 'static {
    /// A file of `bytes` zeros at `path`, durable with its length. Nothing is left behind on an error.
    fn allocate(&self, path: &Path, bytes: u64) -> io::Result<()>;
}

/// The real disk.
#[derive(Clone, Copy, Debug, Default)]
pub struct DiskSpace;

impl Space for DiskSpace {
    fn allocate(&self, path: &Path, bytes: u64) -> io::Result<()> {
        fill(path, bytes).inspect_err(|_| {
            // Best effort: the error that matters is the one being returned.
            let _ = std::fs::remove_file(path);
        })
    }
}

fn fill(path: &Path, bytes: u64) -> io::Result<()> {
    // Zeros are really written: extents that are only reserved would cost a metadata write at each first fdatasync.
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(path)?;
    let zeros = vec![0_u8; 1 << 20];
    let mut left = bytes;
    while left > 0 {
        let part = left.min(zeros.len() as u64) as usize;
        file.write_all(&zeros[..part])?;
        left -= part as u64;
    }
    file.sync_all()
}

/// One open segment.
pub(super) struct Segment {
    pub id: u64,
    pub salt: u64,
    pub bytes: u64,
    pub path: PathBuf,
    pub file: Arc<File>,
}

/// What a scan found.
pub(super) struct Scan {
    /// Each intact frame with its offset.
    pub frames: Vec<(u64, Bytes)>,
    /// Where the next frame goes.
    pub end: u64,
}

impl Segment {
    pub(super) fn path_of(dir: &Path, id: u64) -> PathBuf {
        dir.join(format!("{id:016x}.wal"))
    }

    /// Turns the file at `spare` into segment `id`. Durable in the folder when this returns; the header becomes
    /// durable with the first frame.
    pub(super) fn activate(dir: &Path, spare: &Path, id: u64) -> io::Result<Segment> {
        let path = Segment::path_of(dir, id);
        std::fs::rename(spare, &path)?;
        sync_dir(dir)?;
        let file = OpenOptions::new().read(true).write(true).open(&path)?;
        let bytes = file.metadata()?.len();
        let salt = RandomState::new().hash_one(id);
        let mut header = [0_u8; SEGMENT_HEADER as usize];
        header[..8].copy_from_slice(MAGIC);
        header[8..16].copy_from_slice(&id.to_le_bytes());
        header[16..24].copy_from_slice(&salt.to_le_bytes());
        let crc = crc32c::crc32c(&header[..24]);
        header[24..28].copy_from_slice(&crc.to_le_bytes());
        file.write_all_at(&header, 0)?;
        Ok(Segment { id, salt, bytes, path, file: Arc::new(file) })
    }

    /// Opens segment `id`; `None` where the file never got (or lost) its header.
    pub(super) fn open(dir: &Path, id: u64) -> io::Result<Option<Segment>> {
        let path = Segment::path_of(dir, id);
        let file = OpenOptions::new().read(true).write(true).open(&path)?;
        let bytes = file.metadata()?.len();
        let mut header = [0_u8; SEGMENT_HEADER as usize];
        if bytes < SEGMENT_HEADER {
            return Ok(None);
        }
        file.read_exact_at(&mut header, 0)?;
        let word = |at: usize| u64::from_le_bytes(header[at..at + 8].try_into().expect("eight bytes"));
        let crc = u32::from_le_bytes(header[24..28].try_into().expect("four bytes"));
        if &header[..8] != MAGIC || crc32c::crc32c(&header[..24]) != crc || word(8) != id {
            return Ok(None);
        }
        Ok(Some(Segment { id, salt: word(16), bytes, path, file: Arc::new(file) }))
    }

    /// Reads all frames, up to the first that is not intact.
    pub(super) fn scan(&self) -> io::Result<Scan> {
        let mut frames = Vec::new();
        let mut offset = SEGMENT_HEADER;
        while let Some(frame) = self.frame_at(offset)? {
            let end = frame::aligned(offset + frame.len() as u64);
            frames.push((offset, frame));
            offset = end;
        }
        Ok(Scan { frames, end: offset })
    }

    /// Where an intact frame starts after `offset`, if there is one.
    pub(super) fn intact_after(&self, offset: u64) -> io::Result<Option<u64>> {
        let end = self.bytes.min(offset + RESYNC_BYTES);
        let mut rest = vec![0_u8; end.saturating_sub(offset) as usize];
        self.file.read_exact_at(&mut rest, offset)?;
        let mut at = 8;
        while at + FRAME_HEADER <= rest.len() {
            let header = rest[at..at + FRAME_HEADER].try_into().expect("a header's length");
            if frame::records_len(header, self.salt).is_some() {
                let found = offset + at as u64;
                if self.frame_at(found)?.is_some() {
                    return Ok(Some(found));
                }
            }
            at += 8;
        }
        Ok(None)
    }

    fn frame_at(&self, offset: u64) -> io::Result<Option<Bytes>> {
        let left = self.bytes.saturating_sub(offset);
        if left < FRAME_HEADER as u64 {
            return Ok(None);
        }
        let mut header = [0_u8; FRAME_HEADER];
        self.file.read_exact_at(&mut header, offset)?;
        let Some(records) = frame::records_len(&header, self.salt) else { return Ok(None) };
        if left < (FRAME_HEADER + records) as u64 {
            return Ok(None);
        }
        let mut frame = vec![0_u8; FRAME_HEADER + records];
        self.file.read_exact_at(&mut frame, offset)?;
        Ok(frame::is_intact(&frame).then(|| Bytes::from(frame)))
    }
}

/// Makes renames and removals in `dir` durable.
pub(super) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}
