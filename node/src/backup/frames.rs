//! A file of a backup: compressed pieces with checksums, and one checksum of all.
//!
//! ```text
//! file  = "salamander backup 1\n" | frames
//! frame = packed length u32 | length u32 | XXH3 of the packed bytes u64 | packed bytes (zstd)
//! ```
//!
//! Integers are big-endian. Length and XXH3 of the whole file are in the manifest.

use super::pack::{Packer, Unpacker};
use anyhow::{Context, anyhow, bail};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File},
    io::{BufReader, BufWriter, ErrorKind, Read, Write},
    path::{Path, PathBuf},
};
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

const HEAD: &[u8] = b"salamander backup 1\n";
const FRAME_HEAD: usize = 16;
const BUFFER_BYTES: usize = 1 << 20;

/// A file as the manifest has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    pub file: String,
    pub bytes: u64,
    /// XXH3 of all bytes, hexadecimal.
    pub xxh3: String,
}

/// Makes a file. Dropped before [`Writer::finish`], it leaves one with another name, which the next one of the same name replaces.
pub struct Writer {
    dir: PathBuf,
    name: String,
    out: BufWriter<File>,
    hash: Xxh3,
    bytes: u64,
    packer: Packer,
}

impl Writer {
    pub fn create(dir: &Path, name: &str) -> anyhow::Result<Writer> {
        let path = unfinished(dir, name);
        let out = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        let out = BufWriter::with_capacity(BUFFER_BYTES, out);
        let (dir, name, packer) = (dir.to_owned(), name.to_owned(), Packer::new()?);
        let mut writer = Writer { dir, name, out, hash: Xxh3::new(), bytes: 0, packer };
        writer.put(HEAD)?;
        Ok(writer)
    }

    /// Adds a piece.
    pub fn frame(&mut self, piece: &[u8]) -> anyhow::Result<()> {
        let packed = self.packer.pack(piece)?;
        let mut head = [0; FRAME_HEAD];
        head[..4].copy_from_slice(&u32::try_from(packed.len())?.to_be_bytes());
        head[4..8].copy_from_slice(&u32::try_from(piece.len())?.to_be_bytes());
        head[8..].copy_from_slice(&xxh3_64(packed).to_be_bytes());
        for part in [&head[..], packed] {
            self.hash.update(part);
            self.bytes += part.len() as u64;
            let failed = || format!("cannot write {}", unfinished(&self.dir, &self.name).display());
            self.out.write_all(part).with_context(failed)?;
        }
        Ok(())
    }

    /// Puts the file under its name; it is on the disk then.
    pub fn finish(self) -> anyhow::Result<Written> {
        let path = unfinished(&self.dir, &self.name);
        let failed = || format!("cannot write {}", path.display());
        let out = self.out.into_inner().map_err(std::io::IntoInnerError::into_error).with_context(failed)?;
        out.sync_all().with_context(failed)?;
        fs::rename(&path, self.dir.join(&self.name)).with_context(failed)?;
        sync(&self.dir)?;
        Ok(Written { file: self.name, bytes: self.bytes, xxh3: format!("{:016x}", self.hash.digest()) })
    }

    fn put(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(self.out.write_all(bytes)?)
    }
}

fn unfinished(dir: &Path, name: &str) -> PathBuf {
    dir.join(format!("{name}.tmp"))
}

/// That a file is not what was written.
pub fn damaged(path: &Path, reason: &str) -> anyhow::Error {
    anyhow!("{} is damaged: {reason}", path.display())
}

/// Has the names in a folder be on the disk.
pub fn sync(dir: &Path) -> anyhow::Result<()> {
    let synced = File::open(dir).and_then(|dir| dir.sync_all());
    synced.with_context(|| format!("cannot sync {}", dir.display()))
}

/// Reads a file. Its errors name it.
pub struct Reader {
    path: PathBuf,
    input: BufReader<File>,
    left: u64,
    hash: Xxh3,
    expected: String,
    unpacker: Unpacker,
}

impl Reader {
    /// # Errors
    /// A file that is missing, or has another length or another beginning.
    pub fn open(dir: &Path, written: &Written) -> anyhow::Result<Reader> {
        let path = dir.join(&written.file);
        let file = File::open(&path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => anyhow!("{} is missing", path.display()),
            _ => anyhow!("{}: {error}", path.display()),
        })?;
        let (len, named) = (file.metadata()?.len(), path.display());
        if len != written.bytes {
            bail!("{named} is damaged: it has {len} bytes, and {} were written", written.bytes);
        }
        let input = BufReader::with_capacity(BUFFER_BYTES, file);
        let expected = written.xxh3.clone();
        let mut reader =
            Reader { path, input, left: len, hash: Xxh3::new(), expected, unpacker: Unpacker::new()? };
        let mut head = [0; HEAD.len()];
        reader.take(&mut head)?;
        match head == HEAD {
            true => Ok(reader),
            false => Err(reader.damaged("it does not begin as a file of a backup of this version")),
        }
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// Bytes that are not those that were written. Those of pieces that came before are, as far as each one's own checksum tells.
    pub fn frame(&mut self) -> anyhow::Result<Option<Vec<u8>>> {
        if self.left == 0 {
            return match format!("{:016x}", self.hash.digest()) == self.expected {
                true => Ok(None),
                false => Err(self.damaged("its checksum is another one")),
            };
        }
        let mut head = [0; FRAME_HEAD];
        self.take(&mut head)?;
        let number = |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let (packed_len, len) = (number(0) as usize, number(4) as usize);
        let checksum = u64::from(number(8)) << 32 | u64::from(number(12));
        if packed_len as u64 > self.left {
            return Err(self.damaged("a piece is longer than the file"));
        }
        let mut packed = vec![0; packed_len];
        self.take(&mut packed)?;
        if xxh3_64(&packed) != checksum {
            return Err(self.damaged("the checksum of a piece is another one"));
        }
        match self.unpacker.unpack(&packed, len) {
            Ok(piece) => Ok(Some(piece)),
            Err(error) => Err(self.damaged(&error.to_string())),
        }
    }

    /// That what is in the file is not what was put there.
    pub fn damaged(&self, reason: &str) -> anyhow::Error {
        damaged(&self.path, reason)
    }

    fn take(&mut self, into: &mut [u8]) -> anyhow::Result<()> {
        if (into.len() as u64) > self.left {
            return Err(self.damaged("it ends too soon"));
        }
        self.input.read_exact(into).map_err(|error| self.damaged(&error.to_string()))?;
        self.left -= into.len() as u64;
        self.hash.update(into);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(dir: &Path, written: &Written) -> anyhow::Result<Vec<Vec<u8>>> {
        let mut reader = Reader::open(dir, written)?;
        let mut pieces = vec![];
        while let Some(piece) = reader.frame()? {
            pieces.push(piece);
        }
        Ok(pieces)
    }

    #[test]
    fn every_bit_of_a_file_counts() {
        let dir = tempfile::tempdir().unwrap();
        let pieces = vec![b"one".to_vec(), vec![], vec![9; 500]];
        let mut writer = Writer::create(dir.path(), "f").unwrap();
        pieces.iter().for_each(|piece| writer.frame(piece).unwrap());
        assert!(!dir.path().join("f").exists());
        let written = writer.finish().unwrap();
        assert_eq!(read(dir.path(), &written).unwrap(), pieces);
        let path = dir.path().join("f");
        let good = fs::read(&path).unwrap();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 4;
            fs::write(&path, &bad).unwrap();
            let told = read(dir.path(), &written).unwrap_err().to_string();
            assert!(told.contains(&path.display().to_string()), "{told}");
            fs::write(&path, &good[..at]).unwrap();
            assert!(read(dir.path(), &written).is_err());
        }
        fs::remove_file(&path).unwrap();
        assert!(read(dir.path(), &written).unwrap_err().to_string().ends_with("is missing"));
    }
}
