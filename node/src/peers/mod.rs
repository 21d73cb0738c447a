//! The way to the other nodes of the cluster: for each node three streams, for what the Raft groups say, for what of it is large, and for
//! requests, so that nothing large holds back a heartbeat, and calls of their own for snapshots. The contract is
//! `proto/internal/v1/node.proto`.
//!
//! | file | is |
//! |---|---|
//! | [`lane`] | one stream to one node: questions out, answers in |
//! | [`serve`] | the other end of them |
//! | [`meters`] | what is sent, counted |

mod lane;
mod meters;
mod serve;

pub use serve::router;

use client::tls::Tls;
use cluster::{Answer, Kind, Message, Peer, Pieces, Receiver, Transport};
use futures::StreamExt;
use lane::Lane;
use meters::Meters;
use parking_lot::Mutex;
use proto::internal::v1::{Frame, Piece, peer_client::PeerClient};
use std::{
    collections::HashMap,
    io,
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::{Channel, Endpoint};

/// A node that does not take a connection within this is not there.
const CONNECT: Duration = Duration::from_secs(1);
/// With TLS its process has to answer, and not only its machine: as long as one that stands still takes to be known otherwise.
const CONNECT_WITH_TLS: Duration = Duration::from_secs(3);
/// A ping after so much silence, and how long its answer may take: a node that stands still is known after both.
const PING: Duration = Duration::from_secs(1);
const PONG: Duration = Duration::from_secs(2);
/// In and out. One entry is as large as the largest bundle.
const MESSAGE_BYTES_MAX: usize = 1 << 30;

/// What has a stream of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Load {
    /// Heartbeats, votes, and appends that hold none of them up.
    Raft,
    /// Appends that would.
    Bulk,
    Requests,
}

impl Load {
    fn of(message: &Message) -> Load {
        const BULK_BYTES: usize = 512 << 10;
        match message.kind {
            kind if kind == Kind::Request as u32 => Load::Requests,
            _ if message.body.len() > BULK_BYTES => Load::Bulk,
            _ => Load::Raft,
        }
    }
}

/// This node's connections. Clones share them.
#[derive(Clone, Default)]
pub struct Peers(Arc<Shared>);

#[derive(Default)]
struct Shared {
    receiver: OnceLock<Arc<dyn Receiver>>,
    lanes: Mutex<HashMap<(Arc<str>, Load), Lane>>,
    /// How nodes are connected to.
    tls: Option<Tls>,
    meters: Meters,
}

impl Peers {
    /// `tls`: whom to take for a node, and what to show; `None`: anybody, and nothing.
    pub fn new(tls: Option<Tls>) -> Peers {
        Peers(Arc::new(Shared { tls, ..Shared::default() }))
    }

    fn lane(&self, to: &Peer, load: Load) -> Lane {
        let mut lanes = self.0.lanes.lock();
        let way = || Way { address: to.address.clone(), tls: self.0.tls.clone() };
        let made = || Lane::start(way(), self.0.meters.questions(load));
        lanes.entry((to.address.clone(), load)).or_insert_with(made).clone()
    }

    /// Who answers, once the groups are open.
    fn receiver(&self) -> io::Result<Arc<dyn Receiver>> {
        let starting = || io::Error::new(io::ErrorKind::NotConnected, "the node is starting");
        self.0.receiver.get().cloned().ok_or_else(starting)
    }
}

impl Transport for Peers {
    fn serve(&self, receiver: Arc<dyn Receiver>) {
        // Once in a process.
        let _ = self.0.receiver.set(receiver);
    }

    fn call(&self, to: &Peer, message: Message) -> Answer {
        self.lane(to, Load::of(&message)).ask(message)
    }

    fn send(&self, to: &Peer, head: Message, pieces: Pieces) -> Answer {
        let way = Way { address: to.address.clone(), tls: self.0.tls.clone() };
        Box::pin(async move {
            let channel = way.connect().await?;
            let head = Piece { head: Some(frame(0, head)), ..Piece::default() };
            // An error ends them before the empty one: the other side takes nothing that is not whole.
            let bodies = tokio_stream::StreamExt::map_while(ReceiverStream::new(pieces), Result::ok);
            let bodies = bodies.map(|body| Piece { head: None, body });
            let all = futures::stream::once(async { head }).chain(bodies);
            let answer = client(channel).send(all).await.map_err(io::Error::other)?;
            body_of(answer.into_inner())
        })
    }
}

/// How one node is reached.
struct Way {
    address: Arc<str>,
    tls: Option<Tls>,
}

impl Way {
    /// A new connection, with the certificates of now.
    async fn connect(&self) -> io::Result<Channel> {
        let channel = match &self.tls {
            None => self.endpoint("http", CONNECT)?.connect().await,
            Some(tls) => {
                let endpoint = self.endpoint("https", CONNECT_WITH_TLS)?;
                endpoint.connect_with_connector(tls.connector()).await
            }
        };
        channel.map_err(|error| not_connected(whole(&error)))
    }

    /// Why they come to no agreement on TLS, where that is so.
    async fn refusal(&self) -> Option<String> {
        let url = format!("https://{}", self.address).parse().ok()?;
        let asked = timeout(CONNECT_WITH_TLS, self.tls.as_ref()?.refusal(&url)).await;
        Some(asked.ok()??.to_string())
    }

    fn endpoint(&self, scheme: &str, within: Duration) -> io::Result<Endpoint> {
        let endpoint = Endpoint::from_shared(format!("{scheme}://{}", self.address));
        Ok(endpoint
            .map_err(not_connected)?
            .connect_timeout(within)
            .tcp_nodelay(true)
            .http2_keep_alive_interval(PING)
            .keep_alive_timeout(PONG)
            .keep_alive_while_idle(true)
            .initial_stream_window_size(8 << 20)
            .initial_connection_window_size(16 << 20))
    }
}

/// An error with its causes: the transport's own text says nothing of a certificate.
fn whole(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

fn client(channel: Channel) -> PeerClient<Channel> {
    let client = PeerClient::new(channel);
    client.max_decoding_message_size(MESSAGE_BYTES_MAX).max_encoding_message_size(MESSAGE_BYTES_MAX)
}

fn frame(correlation: u64, message: Message) -> Frame {
    let Message { cluster, to, group, kind, body } = message;
    Frame { correlation, cluster, to, group, kind, body, ..Frame::default() }
}

/// What an answer says.
fn body_of(answer: Frame) -> io::Result<bytes::Bytes> {
    match answer {
        Frame { error, body, .. } if error.is_empty() => Ok(body),
        Frame { error, refused: true, .. } => Err(not_connected(error)),
        Frame { error, .. } => Err(io::Error::other(error)),
    }
}

/// The other node has certainly not heard of it.
fn not_connected(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::NotConnected, error)
}

#[cfg(test)]
mod tests;
