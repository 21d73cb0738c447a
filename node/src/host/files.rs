//! The data folder holds patients' names: nobody but the node's user reads it.

use rustix::{fs::Mode, process::umask};
use std::{
    fs::{self, Permissions},
    io,
    os::unix::fs::PermissionsExt,
    path::Path,
};
use walkdir::WalkDir;

/// What group and others may do with the node's files: nothing.
const OTHERS: u32 = 0o077;

/// From here on every file and folder this process makes, its libraries' too, is its user's alone: 0700 and 0600.
pub fn keep_private() {
    umask(Mode::from_raw_mode(OTHERS));
}

/// Takes group's and others' rights from everything below `folder`, where it exists: earlier versions and restored
/// backups left some. How many files and folders had any.
///
/// # Errors
/// The first path whose rights cannot be looked at or changed, such as another user's.
pub fn tighten(folder: &Path) -> io::Result<u64> {
    let mut changed = 0;
    if !folder.exists() {
        return Ok(changed);
    }
    for entry in WalkDir::new(folder).follow_links(true) {
        let entry = entry?;
        // A file that is elsewhere is somebody else's, such as a configuration that is mounted.
        if entry.path_is_symlink() && !entry.file_type().is_dir() {
            continue;
        }
        let mode = entry.metadata()?.permissions().mode();
        if mode & OTHERS != 0 {
            let path = entry.path();
            fs::set_permissions(path, Permissions::from_mode(mode & !OTHERS))
                .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))?;
            changed += 1;
        }
    }
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_others_could_read_they_cannot_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let (data, elsewhere) = (folder.path().join("data"), folder.path().join("mounted.toml"));
        assert_eq!(tighten(&data).unwrap(), 0, "a folder that is not there yet");
        let inner = data.join("state");
        fs::create_dir_all(&inner).unwrap();
        fs::write(inner.join("000001.sst"), "x").unwrap();
        fs::write(&elsewhere, "x").unwrap();
        std::os::unix::fs::symlink(&elsewhere, data.join("salamander.toml")).unwrap();
        for (path, rights) in
            [(&data, 0o755), (&inner, 0o750), (&inner.join("000001.sst"), 0o664), (&elsewhere, 0o644)]
        {
            fs::set_permissions(path, Permissions::from_mode(rights)).unwrap();
        }
        assert_eq!(tighten(&data).unwrap(), 3);
        assert_eq!((mode(&data), mode(&inner), mode(&inner.join("000001.sst"))), (0o700, 0o700, 0o600));
        assert_eq!(mode(&elsewhere), 0o644);
        assert_eq!(tighten(&data).unwrap(), 0);
    }
}
