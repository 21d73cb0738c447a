mod proxy;
mod snapshots;

use super::*;
use bytes::Bytes;
use std::{
    net::SocketAddr,
    sync::atomic::{AtomicUsize, Ordering},
};
use tokio::{net::TcpListener, sync::mpsc, task::JoinHandle};

/// Answers with the question; counts.
#[derive(Default)]
struct Echo(AtomicUsize);

impl Receiver for Echo {
    fn call(&self, message: Message) -> Answer {
        self.0.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            match &*message.body {
                b"refuse" => Err(not_connected("not now")),
                b"fail" => Err(io::Error::other("broken")),
                b"wait" => std::future::pending().await,
                _ => Ok(message.body),
            }
        })
    }

    fn receive(&self, head: Message, mut pieces: Pieces) -> Answer {
        Box::pin(async move {
            let mut all = head.body.to_vec();
            let mut is_whole = false;
            while let Some(piece) = pieces.recv().await {
                let piece = piece?;
                is_whole = piece.is_empty();
                all.extend_from_slice(&piece);
            }
            if is_whole { Ok(all.into()) } else { Err(io::Error::other("not whole")) }
        })
    }
}

/// A node on a free port that serves.
async fn served() -> (Peer, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string().into();
    let peers = Peers::default();
    peers.serve(Arc::new(Echo::default()));
    let serving = tokio::spawn(async move { axum::serve(listener, router(peers)).await.unwrap() });
    (Peer { node_id: 2, address }, serving)
}

fn message(kind: Kind, body: &'static [u8]) -> Message {
    Message { cluster: 7, to: 2, group: 3, kind: kind as u32, body: Bytes::from_static(body) }
}

#[tokio::test]
async fn questions_are_answered_each_with_its_own_answer() {
    let (to, _serving) = served().await;
    let peers = Peers::default();
    let hanging = peers.call(&to, message(Kind::Append, b"wait"));
    let answers = (0..500_u32).map(|number| {
        let body = Bytes::from(number.to_string());
        peers.call(&to, Message { body, ..message(Kind::Append, b"") })
    });
    for (number, answer) in answers.collect::<Vec<_>>().into_iter().enumerate() {
        assert_eq!(answer.await.unwrap(), number.to_string());
    }
    drop(hanging);
    let refused = peers.call(&to, message(Kind::Request, b"refuse")).await.unwrap_err();
    assert_eq!((refused.kind(), refused.to_string().as_str()), (io::ErrorKind::NotConnected, "not now"));
    assert_ne!(
        peers.call(&to, message(Kind::Request, b"fail")).await.unwrap_err().kind(),
        io::ErrorKind::NotConnected
    );
}

#[tokio::test]
async fn who_is_not_there_was_not_asked() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string();
    let to = Peer { node_id: 2, address: gone.into() };
    let peers = Peers::default();
    let error = peers.call(&to, message(Kind::Append, b"x")).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotConnected, "{error}");
    let (_, pieces) = mpsc::channel(1);
    let error = peers.send(&to, message(Kind::Snapshot, b"x"), pieces).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotConnected, "{error}");
}

#[tokio::test]
async fn something_long_arrives_whole_or_is_known_not_to_be() {
    let (to, _serving) = served().await;
    let peers = Peers::default();
    let sent = |bodies: Vec<io::Result<Bytes>>| {
        let (give, pieces) = mpsc::channel(10);
        bodies.into_iter().for_each(|body| give.try_send(body).unwrap());
        peers.send(&to, message(Kind::Snapshot, b"head "), pieces)
    };
    let piece = |text: &'static str| Ok(Bytes::from_static(text.as_bytes()));
    assert_eq!(sent(vec![piece("a"), piece("b"), piece("")]).await.unwrap(), "head ab");
    assert!(sent(vec![piece("a")]).await.is_err());
    assert!(sent(vec![piece("a"), Err(io::Error::other("disk")), piece("")]).await.is_err());
}
