//! `salamander certs`: a small authority for trials, and certificates of it.

mod authority;
mod files;

use crate::config;
use anyhow::{Context, bail};
use authority::Authority;
use clap::Args;
use files::Files;
use std::{io::Write, net::IpAddr, path::PathBuf};

#[derive(Debug, Args)]
pub(super) struct Certs {
    /// Folder of the authority and its certificates; made where it is missing. An authority that is there issues further ones.
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// Names and addresses of the node's machine, as clients reach it; with commas, or again. localhost is always among them.
    #[arg(long = "host", value_name = "NAME", value_delimiter = ',')]
    hosts: Vec<String>,
    /// What the files of the node's certificate are called. One is issued where there is none of that name yet.
    #[arg(long, value_name = "NAME", default_value = "node")]
    node: String,
    /// What the files of the client's certificate are called, and who it is of. One is issued where there is none of that name yet.
    #[arg(long, value_name = "NAME", default_value = "client")]
    client: String,
    /// Days that certificates are good for; the authority is for ten years.
    #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=3650))]
    days: u32,
    /// The DNS name that nodes are known by: tls.peer_name.
    #[arg(long, value_name = "NAME", default_value_t = config::Tls::default().peer_name)]
    peer_name: String,
}

/// Files of the authority, without their endings.
const AUTHORITY: &str = "ca";

/// Every trial begins on one machine; three nodes of it are on the first three addresses.
const HERE: [&str; 5] = ["localhost", "127.0.0.1", "127.0.0.2", "127.0.0.3", "::1"];

impl Certs {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let files = Files::in_folder(&self.to)?;
        for name in [&self.node, &self.client] {
            is_file_name(name)?;
        }
        if self.node == self.client {
            bail!("--node and --client are the names of different files");
        }
        for host in &self.hosts {
            is_host(host)?;
        }
        let authority = match files.pair(AUTHORITY)? {
            Some((_, key)) => Authority::again(&key)
                .with_context(|| format!("{}: the authority's key", files.key(AUTHORITY).display()))?,
            None => {
                let authority = Authority::new()?;
                let made = authority.certificate()?;
                files.write(AUTHORITY, &made)?;
                authority
            }
        };
        let mut told = vec![];
        match files.pair(&self.node)? {
            Some(_) if !self.hosts.is_empty() => bail!(
                "{} is there already, and stays: give the certificate for {} another name by --node",
                files.cert(&self.node).display(),
                self.hosts.join(", ")
            ),
            Some(_) => {}
            None => {
                let hosts = HERE.iter().map(|&host| host.to_owned()).chain(self.hosts.iter().cloned());
                let names: Vec<String> = hosts.chain([self.peer_name.clone()]).collect();
                files.write(&self.node, &authority.node(&self.node, names, self.days)?)?;
                told.push(&self.node);
            }
        }
        if files.pair(&self.client)?.is_none() {
            files.write(&self.client, &authority.client(&self.client, self.days)?)?;
            told.push(&self.client);
        }
        self.tell(&files, &told)
    }

    fn tell(&self, files: &Files, made: &[&String]) -> anyhow::Result<()> {
        let mut out = std::io::stdout().lock();
        let root = files.cert(AUTHORITY);
        for name in made {
            writeln!(out, "made {} and {}", files.cert(name).display(), files.key(name).display())?;
        }
        if made.is_empty() {
            writeln!(out, "nothing to make: {} and {} are there", self.node, self.client)?;
        }
        writeln!(out, "of the authority {}", root.display())?;
        let (cert, key) = (files.cert(&self.node), files.key(&self.node));
        writeln!(
            out,
            "\n[tls]\ncert = {cert:?}\nkey = {key:?}\nclient_roots = {root:?}\npeer_roots = {root:?}\n\n\
             salamander count --grpc https://localhost:50051 --root {} --cert {} --key {}",
            root.display(),
            files.cert(&self.client).display(),
            files.key(&self.client).display()
        )?;
        Ok(())
    }
}

/// A name that stays in the folder, and is not the authority's.
fn is_file_name(name: &str) -> anyhow::Result<()> {
    let letters = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    match !name.is_empty() && !name.starts_with('.') && name.chars().all(letters) && name != AUTHORITY {
        true => Ok(()),
        false => bail!(
            "{name:?} is no name for files here: letters, digits, '-', '_' and '.'; {AUTHORITY} is the authority's"
        ),
    }
}

/// An address, or a DNS name, which may begin with `*.`
fn is_host(host: &str) -> anyhow::Result<()> {
    let labels = host.strip_prefix("*.").unwrap_or(host);
    let label = |label: &str| {
        !label.is_empty() && label.len() < 64 && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    match host.parse::<IpAddr>().is_ok() || labels.split('.').all(label) {
        true => Ok(()),
        false => bail!("--host {host:?}: neither an address nor a DNS name; without scheme and port"),
    }
}

#[cfg(test)]
mod tests;
