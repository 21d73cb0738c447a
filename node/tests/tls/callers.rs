//! Who gets in where certificates are asked for, and how far.

use super::{
    HANG,
    authority::Authority,
    raw::{EACH, Offer, authority_of},
};
use client::Code;
use proto::internal::v1::{Frames, peer_client::PeerClient};
use testkit::node::NodeProcess;
use tokio::time::timeout;
use tonic::transport::Endpoint;

/// A node that asks clients and nodes for certificates of these authorities.
fn strict(clients: &Authority, nodes: &Authority) -> NodeProcess {
    let node = nodes.node().set("tls.client_roots", clients.root().display());
    node.set("tls.peer_roots", nodes.root().display()).begin().unwrap()
}

/// Where other nodes reach it.
async fn for_nodes(node: &NodeProcess, admin: client::Admin) -> String {
    assert!(!node.grpc.is_empty());
    admin.status().await.unwrap().nodes[0].address.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_without_the_right_certificate_gets_nowhere() {
    let (clients, nodes, other) = (Authority::new(), Authority::new(), Authority::new());
    let node = strict(&clients, &nodes);
    let url = format!("{}/metadata", node.rest);
    let good = || Offer::to(&nodes).showing(&clients, "client");
    for versions in EACH {
        assert_eq!(Offer { versions, ..good() }.get(&url).await.unwrap().0, 200);
        assert!(Offer { versions, ..Offer::to(&nodes) }.get(&url).await.is_err());
    }
    assert!(Offer { alpn: &[b"h2"], ..good() }.is_taken(authority_of(&node.grpc)).await);
    // Nothing; another authority's; a node's, which is none of a client, to REST.
    let wrong = [Offer::to(&nodes), Offer::to(&nodes).showing(&other, "client")];
    for offer in &wrong {
        assert!(offer.get(&url).await.is_err());
        assert!(!offer.is_taken(authority_of(&node.grpc)).await);
    }
    assert!(Offer::to(&nodes).showing(&nodes, "node").get(&url).await.is_err());
    // The authority of nodes makes nobody a client.
    assert!(!Offer::to(&nodes).showing(&nodes, "client").is_taken(authority_of(&node.grpc)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_nodes_speak_to_nodes() {
    let (authority, other) = (Authority::new(), Authority::new());
    let node = strict(&authority, &authority);
    let address = for_nodes(&node, authority.admin(&node, Some("client"))).await;
    let h2: &[&[u8]] = &[b"h2"];
    let trusting = || Offer { alpn: h2, ..Offer::to(&authority) };
    assert!(trusting().showing(&authority, "node").is_taken(&address).await);
    // A client's certificate is as good as any, and no node's; nor is a node's of others.
    assert!(!trusting().is_taken(&address).await);
    assert!(!trusting().showing(&authority, "client").is_taken(&address).await);
    assert!(!trusting().showing(&other, "node").is_taken(&address).await);
    // One that is a server's in all but the name that nodes bear.
    authority.issue(&["--node", "unmarked", "--host", "db9", "--peer-name", "somebody"]);
    assert!(!trusting().showing(&authority, "unmarked").is_taken(&address).await);
    // The same in the words of Raft.
    for (name, is_node) in [("client", false), ("unmarked", false), ("node", true)] {
        let tls = authority.options(Some(name)).tls.unwrap();
        let endpoint = Endpoint::from_shared(format!("https://{address}")).unwrap();
        let spoken = async {
            let channel = endpoint.connect_with_connector(tls.connector()).await.ok()?;
            let frames = tokio_stream::pending::<Frames>();
            PeerClient::new(channel).exchange(frames).await.ok()
        };
        assert_eq!(timeout(HANG, spoken).await.unwrap().is_some(), is_node, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_finds_nothing_internal_and_joins_nothing() {
    let authority = Authority::new();
    let lenient = authority.node().set("tls.peer_roots", authority.root().display()).begin().unwrap();
    let strict = strict(&authority, &authority);
    for (node, shown) in [(&lenient, None), (&strict, Some("client"))] {
        let join = authority.admin(node, shown).join(b"a token of mine"[..].into(), "127.0.0.1:1").await;
        assert_eq!(join.unwrap_err().code(), Some(Code::Forbidden));
        let tls = authority.options(shown).tls.unwrap();
        let endpoint = Endpoint::from_shared(node.grpc.clone()).unwrap();
        let channel = endpoint.connect_with_connector(tls.connector()).await.unwrap();
        let spoken = PeerClient::new(channel).exchange(tokio_stream::pending::<Frames>()).await;
        assert_eq!(spoken.unwrap_err().code(), tonic::Code::Unimplemented);
    }
    // Where only nodes are asked for certificates, what is shown and is none of a node is refused in the handshake.
    let admin = authority.admin(&lenient, Some("client"));
    let join = admin.join(b"a token of mine"[..].into(), "127.0.0.1:1").await;
    assert!(join.unwrap_err().code().is_none());
    let status = authority.admin(&strict, Some("client")).status().await.unwrap();
    assert_eq!(status.nodes.len(), 1, "nobody joined");
}
