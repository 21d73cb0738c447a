//! Who opens connections and says nothing, or half of something.

use super::{
    HANG,
    authority::Authority,
    raw::{Offer, authority_of},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// Until the server closes it.
async fn closed(stream: &mut TcpStream) {
    let mut rest = Vec::new();
    let _ = timeout(HANG, stream.read_to_end(&mut rest)).await.expect("the server closes it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_that_is_not_ended_is_cut() {
    let authority = Authority::new();
    let node = authority.node().set("tls.handshake_timeout_ms", 300).begin().unwrap();
    for url in [&node.rest, &node.grpc] {
        let mut silent = TcpStream::connect(authority_of(url)).await.unwrap();
        let mut half = TcpStream::connect(authority_of(url)).await.unwrap();
        // The head of a record that never comes.
        half.write_all(&[22, 3, 1, 2, 0, 1, 0]).await.unwrap();
        closed(&mut silent).await;
        closed(&mut half).await;
    }
    let (_, page) = Offer::to(&authority).get(&node.rest.replace("/fhir", "/metrics")).await.unwrap();
    for listener in ["rest", "grpc"] {
        let line = format!(r#"salamander_tls_handshakes_failed_total{{listener="{listener}"}} 2"#);
        assert!(page.contains(&line), "{line} is not on\n{page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_ones_hold_up_nobody_and_are_counted() {
    let authority = Authority::new();
    let node = authority
        .node()
        .set("rest.connections_max", 3)
        .set("grpc.connections_max", 16)
        .set("tls.handshake_timeout_ms", 2000)
        .begin()
        .unwrap();
    let address = authority_of(&node.rest);
    let url = format!("{}/metadata", node.rest);
    let offer = Offer::to(&authority);
    let mut slow = vec![];
    for _ in 0..2 {
        slow.push(TcpStream::connect(address).await.unwrap());
    }
    // There is one place left: who comes after them is served at once, while they still have theirs.
    let (_, page) = offer.get(&node.rest.replace("/fhir", "/metrics")).await.unwrap();
    assert!(page.contains(r#"salamander_connections{listener="rest"} 3"#), "{page}");
    slow.push(TcpStream::connect(address).await.unwrap());
    // All places are taken now: the next one has to wait until they are cut, and then is served.
    assert_eq!(offer.get(&url).await.unwrap().0, 200);
    for stream in &mut slow {
        closed(stream).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_waits_for_none_of_them() {
    let authority = Authority::new();
    let mut node = authority.node().set("tls.handshake_timeout_ms", 600_000).begin().unwrap();
    let mut silent = TcpStream::connect(authority_of(&node.rest)).await.unwrap();
    // The next one is served, so the first was taken before.
    assert_eq!(Offer::to(&authority).get(&format!("{}/metadata", node.rest)).await.unwrap().0, 200);
    let began = std::time::Instant::now();
    assert!(node.terminate().unwrap().success());
    assert!(began.elapsed().as_secs() < 8, "{:?}", began.elapsed());
    closed(&mut silent).await;
}
