//! Which files a log's folder has.

use super::damage::damaged;
use super::folder::Folder;
use super::segment::{Segment, name_of};
use std::io;

/// The file whose presence says which format the folder has. Its name is none that a program of format 1 can take for
/// a segment's, so that such a program refuses the folder.
pub(super) const FORMAT: &str = "format-2.wal";

/// The newest format this program writes and reads.
const FORMAT_MAX: u64 = 2;

/// The files of a folder by what they are.
pub(super) struct Listing {
    /// Consecutive, oldest first; without a segment where the file never got a header.
    pub segments: Vec<(u64, Option<Segment>)>,
    pub spares: Vec<String>,
    /// Segments before a gap: all in them must be purged, or one in the gap would be there.
    pub freed: Vec<u64>,
}

/// Lists the folder, removes what was only being made, and opens the segments.
pub(super) fn read(folder: &dyn Folder) -> io::Result<Listing> {
    let (mut ids, mut spares, mut has_format) = (Vec::new(), Vec::new(), false);
    for name in folder.list()? {
        if name.ends_with(".tmp") {
            folder.remove(&name)?;
        } else if name.starts_with("spare-") {
            spares.push(name);
        } else if let Some(format) = name.strip_prefix("format-").and_then(|rest| rest.strip_suffix(".wal")) {
            check_format(folder, format)?;
            has_format = true;
        } else if let Some(stem) = name.strip_suffix(".wal") {
            let strange = |_| damaged(&folder.path().join(&name), 0, "a file with a strange name");
            ids.push(u64::from_str_radix(stem, 16).map_err(strange)?);
        }
    }
    ids.sort_unstable();
    if ids.is_empty() && has_format {
        return Err(damaged(&folder.path().join(name_of(1)), 0, "no segment is left of the log"));
    }
    let start = ids.windows(2).rposition(|pair| pair[0] + 1 != pair[1]).map_or(0, |at| at + 1);
    let freed = ids.drain(..start).collect::<Vec<_>>();
    let open = |id: u64| Ok::<_, io::Error>((id, Segment::open(folder, id)?));
    let segments = ids.into_iter().map(open).collect::<Result<Vec<_>, _>>()?;
    // Format 1 does not say which entries older segments hold.
    let says_held =
        segments.first().is_some_and(|(_, first)| first.as_ref().is_some_and(|s| s.link.is_some()));
    match freed.last() {
        Some(id) if !says_held => {
            Err(damaged(&folder.path().join(name_of(id + 1)), 0, "the file is missing"))
        }
        _ => Ok(Listing { segments, spares, freed }),
    }
}

fn check_format(folder: &dyn Folder, format: &str) -> io::Result<()> {
    match format.parse::<u64>() {
        Ok(format) if format <= FORMAT_MAX => Ok(()),
        _ => {
            let path = folder.path().join(format!("format-{format}.wal"));
            let what = format!(
                "{} says a format this program does not read ({FORMAT}): use a newer version",
                path.display()
            );
            Err(io::Error::new(io::ErrorKind::InvalidData, what))
        }
    }
}
