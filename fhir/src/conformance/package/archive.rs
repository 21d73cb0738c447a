//! The files of a `.tgz`, read with bounds.

use super::{Error, Limits};
use bytes::Bytes;
use flate2::read::GzDecoder;
use std::io::{self, Read};
use tar::{Archive, Entry};

/// The JSON files directly in the archive's top folder, with their paths. Everything is inflated once, in a stream; what
/// is not wanted is passed over, and nothing is written anywhere.
pub(super) fn files(compressed: &[u8], limits: &Limits) -> Result<Vec<(String, Bytes)>, Error> {
    let mut archive =
        Archive::new(Bounded { inner: GzDecoder::new(compressed), left: limits.unpacked_bytes_max });
    let mut files = Vec::new();
    let entries = archive.entries().map_err(|error| broken(&error, limits))?;
    for (number, entry) in entries.enumerate() {
        if number >= limits.files_max {
            return Err(Error::TooManyFiles { max: limits.files_max });
        }
        let mut entry = entry.map_err(|error| broken(&error, limits))?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let path = path_of(&entry, limits)?;
        if super::is_wanted(&path) {
            files.push((path.clone(), content(&mut entry, path, limits)?));
        }
    }
    // The checksum stands at the end: a download that broke off in the padding is noticed, too.
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(|error| broken(&error, limits))?;
    Ok(files)
}

fn path_of(entry: &Entry<'_, impl Read>, limits: &Limits) -> Result<String, Error> {
    let path = entry.path_bytes();
    if path.len() > limits.path_bytes_max {
        let start = String::from_utf8_lossy(&path[..64.min(path.len())]).into_owned();
        return Err(Error::PathTooLong { start, max: limits.path_bytes_max });
    }
    Ok(String::from_utf8_lossy(&path).into_owned())
}

fn content(entry: &mut Entry<'_, impl Read>, path: String, limits: &Limits) -> Result<Bytes, Error> {
    if entry.size() > limits.file_bytes_max as u64 {
        return Err(Error::FileTooLarge { path, max: limits.file_bytes_max });
    }
    let mut content = Vec::with_capacity(entry.size() as usize);
    entry.read_to_end(&mut content).map_err(|error| broken(&error, limits))?;
    Ok(content.into())
}

/// A stream that may give so many bytes and no more.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out)?;
        match self.left.checked_sub(count as u64) {
            Some(left) => self.left = left,
            None => return Err(io::Error::from(io::ErrorKind::FileTooLarge)),
        }
        Ok(count)
    }
}

fn broken(error: &io::Error, limits: &Limits) -> Error {
    // tar wraps the error of its reader.
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(one) = cause {
        if one.downcast_ref::<io::Error>().is_some_and(|one| one.kind() == io::ErrorKind::FileTooLarge) {
            return Error::TooLarge { max: limits.unpacked_bytes_max };
        }
        cause = one.source();
    }
    Error::NotAnArchive { reason: error.to_string() }
}
