//! Running out of something: a passing state, told apart from damage.

use rustix::io::Errno;
use std::io;

/// What the system ran out of. Nothing is broken: the same operation works again once there is more of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Shortage {
    /// `ENOSPC`.
    #[error("the disk is full: free some space")]
    Disk,
    /// `EDQUOT`.
    #[error("the disk quota is used up: raise it or free some space")]
    Quota,
    /// `EMFILE`.
    #[error("this process has too many open files: raise its limit (ulimit -n) or allow fewer connections")]
    Descriptors,
    /// `ENFILE`.
    #[error("the system has too many open files: raise fs.file-max")]
    SystemDescriptors,
    /// `ENOMEM`.
    #[error("the system is out of memory: give it more or let it do less")]
    Memory,
}

impl Shortage {
    /// The shortage behind an error of the operating system; `None` where it is another error.
    pub fn of(error: &io::Error) -> Option<Shortage> {
        match error.kind() {
            io::ErrorKind::StorageFull => Some(Shortage::Disk),
            io::ErrorKind::QuotaExceeded => Some(Shortage::Quota),
            io::ErrorKind::OutOfMemory => Some(Shortage::Memory),
            _ => match Errno::from_io_error(error)? {
                Errno::MFILE => Some(Shortage::Descriptors),
                Errno::NFILE => Some(Shortage::SystemDescriptors),
                _ => None,
            },
        }
    }

    /// The same from the operating system's words, which is all that RocksDB hands on.
    pub(crate) fn of_text(text: &str) -> Option<Shortage> {
        // The longer words first: they contain the shorter ones.
        const WORDS: [(&str, Shortage); 5] = [
            ("Too many open files in system", Shortage::SystemDescriptors),
            ("Too many open files", Shortage::Descriptors),
            ("No space left on device", Shortage::Disk),
            ("Disk quota exceeded", Shortage::Quota),
            ("Cannot allocate memory", Shortage::Memory),
        ];
        WORDS.iter().find(|(words, _)| text.contains(words)).map(|(_, shortage)| *shortage)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortages_are_told_apart_and_from_damage() {
        let cases = [
            (Errno::NOSPC, Some(Shortage::Disk)),
            (Errno::DQUOT, Some(Shortage::Quota)),
            (Errno::MFILE, Some(Shortage::Descriptors)),
            (Errno::NFILE, Some(Shortage::SystemDescriptors)),
            (Errno::NOMEM, Some(Shortage::Memory)),
            (Errno::IO, None),
            (Errno::ROFS, None),
        ];
        for (errno, shortage) in cases {
            let error = io::Error::from(errno);
            assert_eq!(Shortage::of(&error), shortage, "{error}");
            assert_eq!(
                Shortage::of_text(&format!("IO error: {error}: While appending")),
                shortage,
                "{error}"
            );
        }
        assert_eq!(Shortage::of(&io::Error::other("made up")), None);
    }
}
