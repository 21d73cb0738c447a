//! What other nodes ask of this one.

use super::{MESSAGE_BYTES_MAX, Peers};
use axum::Router;
use bytes::Bytes;
use cluster::Message;
use futures::{StreamExt, stream::BoxStream};
use proto::internal::v1::{
    Frame, Frames, Piece,
    peer_server::{Peer, PeerServer},
};
use std::io;
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::{Request, Response, Status, Streaming};

/// Answers that go into one message.
const ANSWERS: usize = 256;
/// Pieces of a snapshot that wait for the disk.
const PIECES: usize = 4;

/// The service for other nodes.
pub fn router(peers: Peers) -> Router {
    let service = PeerServer::new(Served(peers))
        .max_decoding_message_size(MESSAGE_BYTES_MAX)
        .max_encoding_message_size(MESSAGE_BYTES_MAX);
    Router::new().route_service("/salamander.internal.v1.Peer/{method}", service)
}

struct Served(Peers);

type Answers = BoxStream<'static, Result<Frames, Status>>;

#[tonic::async_trait]
impl Peer for Served {
    async fn exchange(&self, request: Request<Streaming<Frames>>) -> Result<Response<Answers>, Status> {
        let peers = self.0.clone();
        let mut questions = request.into_inner();
        // Bounded by what the other side has under way.
        let (answers, answered) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Some(Ok(frames)) = questions.next().await {
                for frame in frames.frames {
                    let (peers, answers) = (peers.clone(), answers.clone());
                    // Each by itself: one that waits for the disk holds up no heartbeat.
                    tokio::spawn(async move {
                        let correlation = frame.correlation;
                        let answer = match peers.receiver() {
                            Ok(receiver) => receiver.call(message(frame)).await,
                            Err(error) => Err(error),
                        };
                        let _ = answers.send(answer_of(correlation, answer));
                    });
                }
            }
        });
        let messages = UnboundedReceiverStream::new(answered).ready_chunks(ANSWERS);
        let sent = self.0.0.meters.answers();
        let messages = messages.map(move |frames| {
            sent.count(&frames);
            Ok(Frames { frames })
        });
        Ok(Response::new(messages.boxed()))
    }

    async fn send(&self, request: Request<Streaming<Piece>>) -> Result<Response<Frame>, Status> {
        let mut pieces = request.into_inner();
        let first = pieces.message().await?.and_then(|piece| piece.head);
        let head = first.ok_or_else(|| Status::invalid_argument("the first piece has no head"))?;
        let receiver = match self.0.receiver() {
            Ok(receiver) => receiver,
            Err(error) => return Ok(Response::new(answer_of(0, Err(error)))),
        };
        let (to, taken) = mpsc::channel(PIECES);
        let give = async move {
            loop {
                let piece = tokio::select! {
                    // Who takes no more answers, and is not kept from it by who waits for the answer.
                    () = to.closed() => break,
                    piece = pieces.next() => piece,
                };
                let Some(piece) = piece else { break };
                if to.send(piece.map(|piece| piece.body).map_err(io::Error::other)).await.is_err() {
                    break;
                }
            }
        };
        let (answer, ()) = tokio::join!(receiver.receive(message(head), taken), give);
        Ok(Response::new(answer_of(0, answer)))
    }
}

fn message(frame: Frame) -> Message {
    let Frame { cluster, to, group, kind, body, .. } = frame;
    Message { cluster, to, group, kind, body }
}

fn answer_of(correlation: u64, answer: io::Result<Bytes>) -> Frame {
    match answer {
        Ok(body) => Frame { correlation, body, ..Frame::default() },
        Err(error) => Frame {
            correlation,
            refused: error.kind() == io::ErrorKind::NotConnected,
            error: error.to_string(),
            ..Frame::default()
        },
    }
}
