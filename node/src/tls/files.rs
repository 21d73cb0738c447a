//! What the options name: read, and checked for what it is to be used for.

use super::{
    callers::Nodes,
    error::Error,
    expiry::{self, not_after},
};
use crate::config;
use client::tls::{Identity, Roots};
use rustls::pki_types::{CertificateDer, UnixTime};
use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

/// All of them at one moment.
pub(super) struct Files {
    pub(super) identity: Identity,
    pub(super) clients: Option<Roots>,
    pub(super) nodes: Option<Roots>,
    /// Who is a node.
    pub(super) known: Option<Nodes>,
}

impl Files {
    /// # Errors
    /// The first that cannot be used.
    pub(super) fn read(options: &config::Tls) -> Result<Files, Error> {
        let identity = Identity::read(&options.cert, &options.key)
            .map_err(|source| Error::File { options: "tls.cert, tls.key", source })?;
        let clients = roots("tls.client_roots", &options.client_roots)?;
        let nodes = roots("tls.peer_roots", &options.peer_roots)?;
        let known = nodes.as_ref().map(|nodes| Nodes::new(nodes, &options.peer_name)).transpose()?;
        let files = Files { identity, clients, nodes, known };
        match &files.known {
            Some(known) if !known.is_marked(files.own()) => {
                Err(Error::Unmarked { path: options.cert.clone(), name: options.peer_name.clone() })
            }
            _ => Ok(files),
        }
    }

    /// By option: when the first certificate of a file expires, seconds since 1970.
    pub(super) fn expiries(&self) -> [(&'static str, Option<i64>); 3] {
        let soonest = |roots: &Option<Roots>| {
            let all = roots.iter().flat_map(Roots::certificates);
            all.filter_map(not_after).min()
        };
        [
            ("cert", not_after(self.own())),
            ("client_roots", soonest(&self.clients)),
            ("peer_roots", soonest(&self.nodes)),
        ]
    }

    /// Tells what works now and may not be meant.
    pub(super) fn warn(&self, options: &config::Tls) {
        for (file, ends) in self.expiries() {
            if ends.is_some_and(|ends| ends <= expiry::now()) {
                tracing::warn!("tls.{file}: a certificate has expired: who checks it does not connect");
            }
        }
        if let Some(known) = &self.known {
            let certified = self.identity.certified();
            if let Err(error) = known.verify(self.own(), &certified.cert[1..], UnixTime::now()) {
                tracing::warn!(%error, "tls.cert: other nodes with these tls.peer_roots will not take it");
            }
        }
        let mode = fs::metadata(&options.key).map_or(0, |metadata| metadata.permissions().mode());
        if mode & 0o007 != 0 {
            tracing::warn!("tls.key: every user of this machine can read {}", options.key.display());
        }
    }

    fn own(&self) -> &CertificateDer<'static> {
        // A chain that was read is not empty.
        &self.identity.chain()[0]
    }
}

fn roots(option: &'static str, path: &Path) -> Result<Option<Roots>, Error> {
    if path.as_os_str().is_empty() {
        return Ok(None);
    }
    Roots::read(path).map(Some).map_err(|source| Error::File { options: option, source })
}

/// Of each file its device, its number there, when it was changed, and its size; `None`: there is none.
pub(super) type Print = Vec<Option<(u64, u64, i64, i64, u64)>>;

/// Which files these are: it differs where one of them was written, or another is in its place.
pub(super) fn print(options: &config::Tls) -> Print {
    let all = [&options.cert, &options.key, &options.client_roots, &options.peer_roots];
    let of_one = |path: &&PathBuf| {
        let metadata = fs::metadata(path).ok()?;
        let (changed, nanos) = (metadata.ctime(), metadata.ctime_nsec());
        Some((metadata.dev(), metadata.ino(), changed, nanos, metadata.size()))
    };
    all.iter().map(of_one).collect()
}
