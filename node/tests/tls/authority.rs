//! Authorities as operators make them, and nodes and clients with their certificates.

use super::BINARY;
use client::{Admin, Client, Options, Retry, tls::Tls};
use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};
use testkit::node::NodeProcess;

pub struct Authority(tempfile::TempDir);

impl Authority {
    /// With a certificate called `node` and one called `client`.
    pub fn new() -> Authority {
        Authority::with(&[])
    }

    pub fn with(more: &[&str]) -> Authority {
        let authority = Authority(tempfile::tempdir().unwrap());
        authority.issue(more);
        authority
    }

    /// `salamander certs`, with further arguments.
    pub fn issue(&self, more: &[&str]) {
        let to = self.0.path().display().to_string();
        let out = run(&[&["certs", "--to", &to], more].concat());
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn root(&self) -> PathBuf {
        self.file("ca.pem")
    }

    pub fn pair(&self, name: &str) -> (PathBuf, PathBuf) {
        (self.file(&format!("{name}.pem")), self.file(&format!("{name}.key")))
    }

    /// A node that shows a certificate of this authority, and asks for none.
    pub fn node(&self) -> NodeProcess {
        self.node_with("node")
    }

    pub fn node_with(&self, name: &str) -> NodeProcess {
        let (cert, key) = self.pair(name);
        let node = NodeProcess::new(BINARY).unwrap().set("storage.partitions", 4);
        node.set("tls.cert", cert.display()).set("tls.key", key.display())
    }

    /// Trusts this authority, and shows one of its certificates.
    pub fn options(&self, name: Option<&str>) -> Options {
        let pair = name.map(|name| self.pair(name));
        let pair = pair.as_ref().map(|(cert, key)| (cert.as_path(), key.as_path()));
        options(&self.root(), pair)
    }

    pub fn client(&self, node: &NodeProcess, name: Option<&str>) -> Client {
        Client::connect_with(&node.grpc, &self.options(name)).unwrap()
    }

    pub fn admin(&self, node: &NodeProcess, name: Option<&str>) -> Admin {
        Admin::connect_with(&node.grpc, &self.options(name)).unwrap()
    }

    /// The arguments by which commands trust this authority and show `client`.
    pub fn arguments(&self) -> Vec<String> {
        let (cert, key) = self.pair("client");
        let arguments = [("--root", self.root()), ("--cert", cert), ("--key", key)];
        arguments.iter().flat_map(|(flag, path)| [(*flag).to_owned(), path.display().to_string()]).collect()
    }
}

pub fn options(root: &Path, pair: Option<(&Path, &Path)>) -> Options {
    let tls = Some(Tls::of_files(root, pair).unwrap());
    Options { tls, retry: Retry::never(), ..Options::default() }
}

pub fn run(arguments: &[&str]) -> Output {
    Command::new(BINARY).args(arguments).output().unwrap()
}
