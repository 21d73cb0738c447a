//! The key that cursors are signed with, kept in the folder, so that they are good across restarts.

use crate::cursor::Signer;
use crate::error::{Error, Result};
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The signer of the data folder: reads `cursor.key` in `dir`, or makes it with fresh random bytes.
pub fn open(dir: &Path) -> Result<Signer> {
    let path = dir.join("cursor.key");
    match fs::read(&path) {
        Ok(key) if key.len() == 32 => return Ok(Signer::new(&key)),
        Ok(_) => {
            tracing::warn!(path = %path.display(), "cursor key has a wrong length: making a new one")
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(source) => return Err(Error::Io { path, source }),
    }
    let mut key = [0_u8; 32];
    let random = Path::new("/dev/urandom");
    fs::File::open(random).and_then(|mut file| file.read_exact(&mut key)).map_err(Error::io(random))?;
    let written = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path);
    let written = written.and_then(|mut file| file.write_all(&key).and_then(|()| file.sync_all()));
    written.map_err(Error::io(&path))?;
    Ok(Signer::new(&key))
}

#[cfg(test)]
mod tests {
    use super::open;
    use crate::Start;
    use crate::page::SortKey;
    use proto::id::{ResourceId, TenantId, TypeCode};

    #[test]
    fn survives_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let place = Start::after(SortKey::of(TenantId(1), TypeCode(7), ResourceId::parse("abc").unwrap()));
        let cursor = open(dir.path()).unwrap().sign(42, &place);
        assert_eq!(open(dir.path()).unwrap().check(42, &cursor).unwrap(), place);
    }
}
