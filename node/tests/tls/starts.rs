//! What a node does not start with.

use super::{BINARY, authority::Authority};
use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

/// Option and value.
type Options<'a> = &'a [(&'a str, String)];
/// Option of `tls`, and the name of its file.
type Names<'a> = &'a [(&'a str, &'a str)];

/// How a start that fails ends: what it says.
fn refused(arguments: &[&str], options: Options) -> String {
    let data = tempfile::tempdir().unwrap();
    let mut command = start(data.path(), arguments, options);
    let out = command.output().unwrap();
    let told = String::from_utf8_lossy(&out.stderr).into_owned();
    assert_eq!(out.status.code(), Some(1), "{arguments:?} {options:?}: {told}");
    told
}

fn start(data: &std::path::Path, arguments: &[&str], options: Options) -> Command {
    let mut command = Command::new(BINARY);
    command.arg("start").arg("--data").arg(data).args(arguments);
    for (option, value) in options {
        command.env(format!("SALAMANDER_{}", option.replace('.', "_").to_uppercase()), value);
    }
    // A flag is above all else, so what the arguments say stands.
    if !arguments.contains(&"--rest") {
        command.args(["--rest", "127.0.0.1:0"]);
    }
    if !arguments.contains(&"--grpc") {
        command.args(["--grpc", "127.0.0.1:0"]);
    }
    command
}

#[test]
fn beyond_loopback_it_is_secret_or_asked_for() {
    let address = [("cluster.address", "db1:7000".to_owned())];
    let cases: [(&[&str], Options, &str); 6] = [
        (&["--rest", "0.0.0.0:0"], &[], "rest.listen"),
        (&["--grpc", "[::]:0"], &[], "grpc.listen"),
        (&["--peers", "0.0.0.0:0"], &[], "cluster.listen"),
        (&["--join", "10.0.0.1:50051"], &[], "cluster.join"),
        (&[], &address, "cluster.address"),
        (&["--join", "db1:50051"], &[], "cluster.join"),
    ];
    for (arguments, options, named) in cases {
        let told = refused(arguments, options);
        assert!(told.contains(named) && told.contains("--insecure") && told.contains("tls."), "{told}");
    }
    // Certificates for clients are none between nodes.
    let authority = Authority::new();
    let (cert, key) = authority.pair("node");
    let tls = [("tls.cert", cert.display().to_string()), ("tls.key", key.display().to_string())];
    assert!(refused(&["--peers", "0.0.0.0:0"], &tls).contains("cluster.listen"));
    // With them, and where the operator will have it so, it starts.
    let mut both = tls.to_vec();
    both.push(("tls.peer_roots", authority.root().display().to_string()));
    both.push(("cluster.address", "localhost:7000".to_owned()));
    for (arguments, options, line) in [
        (&["--rest", "0.0.0.0:0", "--peers", "0.0.0.0:0"][..], &both[..], "rest=https://0.0.0.0:"),
        (&["--rest", "0.0.0.0:0", "--insecure"], &[], "rest=http://0.0.0.0:"),
    ] {
        let data = tempfile::tempdir().unwrap();
        let mut command = start(data.path(), arguments, options);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut told = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut told).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(told.starts_with("salamander ready") && told.contains(line), "{arguments:?}: {told}");
    }
}

#[test]
fn files_that_are_not_what_they_should_be_are_named() {
    let authority = Authority::new();
    authority.issue(&["--node", "unmarked", "--host", "db9", "--peer-name", "somebody"]);
    let file = |name: &str| authority.file(name).display().to_string();
    fs::write(authority.file("empty.pem"), "no certificate at all\n").unwrap();
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    fs::write(authority.file("broken.pem"), broken).unwrap();
    let cases: [(Names, &[&str]); 8] = [
        (&[("cert", "none.pem"), ("key", "node.key")], &["tls.cert", "none.pem", "No such file"]),
        (&[("cert", "node.pem"), ("key", "none.key")], &["tls.key", "none.key", "No such file"]),
        (&[("cert", "node.pem"), ("key", "client.key")], &["client.key", "node.pem", "not that of"]),
        (&[("cert", "empty.pem"), ("key", "node.key")], &["empty.pem", "no certificate"]),
        (&[("cert", "broken.pem"), ("key", "node.key")], &["broken.pem", "cannot be used"]),
        (&[("cert", "node.pem"), ("key", "ca.pem")], &["ca.pem", "no private key"]),
        (
            &[("cert", "node.pem"), ("key", "node.key"), ("client_roots", "empty.pem")],
            &["tls.client_roots", "empty.pem", "no certificate"],
        ),
        (
            &[("cert", "unmarked.pem"), ("key", "unmarked.key"), ("peer_roots", "ca.pem")],
            &["unmarked.pem", "salamander-node", "tls.peer_name"],
        ),
    ];
    for (options, told) in cases {
        let options: Vec<(String, String)> =
            options.iter().map(|(option, name)| (format!("tls.{option}"), file(name))).collect();
        let options: Vec<(&str, String)> =
            options.iter().map(|(option, value)| (option.as_str(), value.clone())).collect();
        let error = refused(&[], &options);
        assert!(told.iter().all(|part| error.contains(part)), "{told:?} in {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_certificate_is_told_and_does_not_keep_it_from_starting() {
    let authority = Authority::new();
    // Of 1975 to 4096: rcgen's own dates; and one that ended in 2001.
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2000, 1, 1);
    params.not_after = rcgen::date_time_ymd(2001, 9, 9);
    fs::write(authority.file("old.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
    fs::write(authority.file("old.key"), key.serialize_pem()).unwrap();
    let node = authority.node_with("old").begin().unwrap();
    assert!(node.log().contains("tls.cert: a certificate has expired"), "{}", node.log());
    assert!(node.log().contains("every user of this machine can read"), "{}", node.log());
}
