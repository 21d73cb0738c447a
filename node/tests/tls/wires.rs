//! Both wires, with TLS and nothing else.

use super::{
    HANG,
    authority::{Authority, run},
    raw::{EACH, Offer, authority_of},
};
use client::{Client, Options, Retry, api};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

fn patient() -> api::CreateRequest {
    api::CreateRequest {
        resource_type: "Patient".into(),
        body: r#"{"resourceType":"Patient","active":true}"#.into(),
        ..Default::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_over_one_is_read_over_the_other() {
    let authority = Authority::new();
    let node = authority.node().begin().unwrap();
    assert!(node.rest.starts_with("https://") && node.grpc.starts_with("https://"), "{}", node.rest);
    let created = authority.client(&node, None).create(patient()).await.unwrap();
    let url = format!("{}/Patient/{}", node.rest, created.id);
    let h2: &[&[u8]] = &[b"h2", b"http/1.1"];
    for (alpn, spoken) in [(h2, Some(&b"h2"[..])), (&[b"http/1.1"], Some(b"http/1.1")), (&[], None)] {
        for versions in EACH {
            let offer = Offer { alpn, versions, ..Offer::to(&authority) };
            let stream = offer.connect(authority_of(&node.rest)).await.unwrap();
            assert_eq!(stream.get_ref().1.alpn_protocol(), spoken);
            let (status, body) = offer.get(&url).await.unwrap();
            assert!(status == 200 && body.contains(&created.id), "{status} {body}");
        }
    }
    let (_, found) = Offer::to(&authority).get(&format!("{}/Patient?_count=1", node.rest)).await.unwrap();
    assert!(found.contains(&format!(r#""{}/Patient"#, node.rest)), "links are https: {found}");
    // What gRPC speaks, and what nobody does.
    let grpc = authority_of(&node.grpc);
    let offer = Offer { alpn: &[b"h2"], ..Offer::to(&authority) };
    assert_eq!(offer.connect(grpc).await.unwrap().get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    for address in [grpc, authority_of(&node.rest)] {
        assert!(Offer { alpn: &[b"spdy/3"], ..Offer::to(&authority) }.connect(address).await.is_err());
    }
    assert!(Offer { alpn: &[b"http/1.1"], ..Offer::to(&authority) }.connect(grpc).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_trusts_nobody_else() {
    let (authority, other) = (Authority::new(), Authority::new());
    let node = authority.node().begin().unwrap();
    let error = other.client(&node, None).create(patient()).await.unwrap_err();
    assert!(error.to_string().contains("certificate") && !error.may_have_applied(), "{error}");
    assert!(Offer::to(&other).get(&format!("{}/metadata", node.rest)).await.is_err());
    // Nothing goes in clear text by mistake.
    let plain = node.grpc.replace("https", "http");
    let refused = Client::connect_with(&plain, &authority.options(None)).unwrap_err().to_string();
    assert!(refused.contains("https"), "{refused}");
    let refused = Client::connect(&node.grpc).unwrap_err().to_string();
    assert!(refused.contains("root"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_of_another_host_is_not_believed() {
    let authority = Authority::new();
    // No certificate of `salamander certs` is for this address unless it is asked for.
    let node = authority.node().on("127.0.0.4").begin().unwrap();
    let error = authority.client(&node, None).create(patient()).await.unwrap_err().to_string();
    assert!(error.contains("not valid for name"), "{error}");
    authority.issue(&["--node", "fourth", "--host", "127.0.0.4"]);
    let node = authority.node_with("fourth").on("127.0.0.4").begin().unwrap();
    authority.client(&node, None).create(patient()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn clear_text_gets_nothing() {
    let authority = Authority::new();
    let node = authority.node().begin().unwrap();
    for (url, greeting) in [
        (&node.rest, &b"GET /fhir/metadata HTTP/1.1\r\nhost: a\r\n\r\n"[..]),
        (&node.grpc, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0"),
    ] {
        let mut stream = TcpStream::connect(authority_of(url)).await.unwrap();
        stream.write_all(greeting).await.unwrap();
        let mut answer = Vec::new();
        // A reset is an end, too.
        let _ = timeout(HANG, stream.read_to_end(&mut answer)).await.unwrap();
        // At most an alert: one record of type 21 with two bytes.
        assert!(answer.len() <= 7 && answer.first().is_none_or(|kind| *kind == 21), "{answer:?}");
    }
    let options = Options { retry: Retry::never(), ..Options::default() };
    let client = Client::connect_with(&node.grpc.replace("https", "http"), &options).unwrap();
    assert!(client.create(patient()).await.is_err());
}

/// A greeting of a client that has that version of TLS at most, and all else that it takes.
fn hello(minor: u8) -> Vec<u8> {
    let mut hello = vec![3, minor];
    hello.extend([7; 32]);
    // No session; ECDHE with ECDSA, once for 1.2 and once for older ones; no compression.
    hello.extend([0, 0, 4, 0xc0, 0x2b, 0xc0, 0x09, 1, 0]);
    // Groups, formats of points, algorithms of signatures.
    let extensions: [&[u8]; 3] =
        [&[0, 10, 0, 4, 0, 2, 0, 23], &[0, 11, 0, 2, 1, 0], &[0, 13, 0, 4, 0, 2, 4, 3]];
    let extensions = extensions.concat();
    hello.extend([0, extensions.len() as u8]);
    hello.extend(extensions);
    let mut record = vec![22, 3, 1, 0, hello.len() as u8 + 4, 1, 0, 0, hello.len() as u8];
    record.extend(hello);
    record
}

#[tokio::test(flavor = "multi_thread")]
async fn older_versions_are_refused() {
    const ALERT: u8 = 21;
    const PROTOCOL_VERSION: u8 = 70;
    const HANDSHAKE: u8 = 22;
    let authority = Authority::new();
    let node = authority.node().begin().unwrap();
    for url in [&node.rest, &node.grpc] {
        let mut stream = TcpStream::connect(authority_of(url)).await.unwrap();
        stream.write_all(&hello(2)).await.unwrap();
        let mut answer = Vec::new();
        let _ = timeout(HANG, stream.read_to_end(&mut answer)).await.unwrap();
        assert_eq!((answer[0], answer.last()), (ALERT, Some(&PROTOCOL_VERSION)), "{answer:?}");
        // The same with 1.2 is answered: it was the version.
        let mut stream = TcpStream::connect(authority_of(url)).await.unwrap();
        stream.write_all(&hello(3)).await.unwrap();
        assert_eq!(timeout(HANG, stream.read_u8()).await.unwrap().unwrap(), HANDSHAKE);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_take_https() {
    let authority = Authority::new();
    let root = authority.root().display().to_string();
    let node = authority.node().set("tls.client_roots", &root).begin().unwrap();
    let bundle = authority.file("patient.json");
    std::fs::write(&bundle, r#"{"resourceType":"Patient","id":"p"}"#).unwrap();
    let arguments = authority.arguments();
    let mut with: Vec<&str> = arguments.iter().map(String::as_str).collect();
    with.extend(["--grpc", &node.grpc]);
    let bundle = bundle.display().to_string();
    let commands: [(&[&str], &str); 3] =
        [(&["load", &bundle], "1"), (&["count"], "1  Patient"), (&["cluster", "status"], "member")];
    for (command, told) in commands {
        let out = run(&[command, &with].concat());
        let text = String::from_utf8_lossy(&out.stdout);
        assert!(out.status.success() && text.contains(told), "{command:?}: {out:?}");
    }
    // Without its own certificate, without trust, and with half of what is needed: told at once.
    let others = Authority::new();
    let other = others.root().display().to_string();
    let wrong: [(&[&str], &str); 5] = [
        (&["--root", &root], "certificaterequired"),
        (&["--root", &other], "unknownissuer"),
        (&[], "--root"),
        (&["--root", &root, "--cert", &root], "go together"),
        (&["--root", "/nowhere/ca.pem"], "/nowhere/ca.pem"),
    ];
    for (arguments, told) in wrong {
        let began = std::time::Instant::now();
        let out = run(&[&["count", "--grpc", &node.grpc], arguments].concat());
        let text = String::from_utf8_lossy(&out.stderr).to_lowercase();
        assert!(!out.status.success() && text.contains(told), "{arguments:?}: {text}");
        assert!(began.elapsed().as_secs() < 10, "{arguments:?} took {:?}", began.elapsed());
    }
}
