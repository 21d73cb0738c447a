use super::*;
use client::tls::{Identity, Roots};
use std::{fs, os::unix::fs::PermissionsExt, path::Path};

fn certs(to: &Path, hosts: &[&str], node: &str, client: &str) -> anyhow::Result<()> {
    let hosts = hosts.iter().map(|&host| host.to_owned()).collect();
    let (node, client) = (node.to_owned(), client.to_owned());
    Certs { to: to.to_owned(), hosts, node, client, days: 30, peer_name: "salamander-node".to_owned() }.run()
}

#[test]
fn an_authority_is_made_once_and_issues_further_certificates() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("certs");
    certs(&to, &["db1", "10.0.0.1"], "node", "client").unwrap();
    let authority = fs::read(to.join("ca.pem")).unwrap();
    for name in ["node", "client"] {
        Identity::read(&to.join(format!("{name}.pem")), &to.join(format!("{name}.key"))).unwrap();
    }
    for key in ["ca.key", "node.key", "client.key"] {
        assert_eq!(fs::metadata(to.join(key)).unwrap().permissions().mode() & 0o777, 0o600, "{key}");
    }
    assert!(certs(&to, &["db2"], "node", "client").unwrap_err().to_string().contains("--node"));
    certs(&to, &["db2"], "db2", "client").unwrap();
    certs(&to, &[], "node", "alice").unwrap();
    assert_eq!(fs::read(to.join("ca.pem")).unwrap(), authority);
    assert!(to.join("db2.pem").exists() && to.join("alice.key").exists());
    Roots::read(&to.join("ca.pem")).unwrap();
}

#[test]
fn half_an_authority_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("ca.pem"), "x").unwrap();
    let error = certs(folder.path(), &[], "node", "client").unwrap_err().to_string();
    assert!(error.contains("ca.key is not"), "{error}");
    assert!(!folder.path().join("node.pem").exists());
}

#[test]
fn what_is_no_name_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (host, node) in
        [("https://db1", "node"), ("db1:8080", "node"), ("", "node"), ("db1", "../x"), ("db1", "ca")]
    {
        assert!(certs(folder.path(), &[host], node, "client").is_err(), "{host} {node}");
    }
    assert!(certs(folder.path(), &["db1"], "same", "same").is_err());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
