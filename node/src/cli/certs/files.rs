//! The folder of an authority. Nothing in it is ever written over.

use super::authority::Issued;
use anyhow::{Context, bail};
use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

pub(super) struct Files(PathBuf);

impl Files {
    /// In a folder, which is made where it is missing: its user's alone.
    pub(super) fn in_folder(folder: &Path) -> anyhow::Result<Files> {
        crate::host::files::keep_private();
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let whole = folder.canonicalize().with_context(|| folder.display().to_string())?;
        Ok(Files(whole))
    }

    pub(super) fn cert(&self, name: &str) -> PathBuf {
        self.0.join(format!("{name}.pem"))
    }

    pub(super) fn key(&self, name: &str) -> PathBuf {
        self.0.join(format!("{name}.key"))
    }

    /// Certificate and key of that name, where there are both.
    ///
    /// # Errors
    /// One of them alone.
    pub(super) fn pair(&self, name: &str) -> anyhow::Result<Option<(String, String)>> {
        let (cert, key) = (self.cert(name), self.key(name));
        match (cert.exists(), key.exists()) {
            (false, false) => Ok(None),
            (true, true) => {
                let read = |path: &Path| fs::read_to_string(path).with_context(|| path.display().to_string());
                Ok(Some((read(&cert)?, read(&key)?)))
            }
            (true, false) => bail!("{} is there and {} is not", cert.display(), key.display()),
            (false, true) => bail!("{} is there and {} is not", key.display(), cert.display()),
        }
    }

    /// Writes both: the key for its user alone.
    pub(super) fn write(&self, name: &str, issued: &Issued) -> anyhow::Result<()> {
        write(&self.key(name), &issued.key, 0o600)?;
        write(&self.cert(name), &issued.cert, 0o644)
    }
}

fn write(path: &Path, text: &str, mode: u32) -> anyhow::Result<()> {
    let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    let mut file = file.with_context(|| format!("cannot make {}", path.display()))?;
    file.write_all(text.as_bytes()).with_context(|| path.display().to_string())
}
