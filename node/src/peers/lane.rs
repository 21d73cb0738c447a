//! One stream to one node. Questions wait while it connects, go out many in a message where many wait, and are answered in any
//! order. When it breaks, those that went out have an unknown fate, the others have gone nowhere; the next question connects
//! again.

use super::{Way, body_of, client, frame, meters::Sent, not_connected, whole};
use cluster::{Answer, Message};
use futures::StreamExt;
use proto::internal::v1::{Frame, Frames};
use std::{collections::HashMap, io, time::Duration};
use tokio::{
    sync::{
        mpsc::{self, UnboundedReceiver, UnboundedSender},
        oneshot,
    },
    time::{Instant, sleep_until},
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;

/// A message takes no further frame beyond this.
const MESSAGE_BYTES: usize = 256 << 10;
/// Messages that wait for the connection's window.
const MESSAGES: usize = 16;
/// After a failed connection the next one is not tried before this.
const REST: Duration = Duration::from_millis(200);

type Reply = oneshot::Sender<io::Result<bytes::Bytes>>;

/// Cheap to clone. The stream ends with the last clone.
#[derive(Clone)]
pub struct Lane {
    // Bounded by who asks: a group waits for one append to a node, and requests have their own limits.
    questions: UnboundedSender<(Message, Reply)>,
}

impl Lane {
    pub(super) fn start(way: Way, sent: Sent) -> Lane {
        let (questions, waiting) = mpsc::unbounded_channel();
        tokio::spawn(run(way, sent, waiting));
        Lane { questions }
    }

    pub fn ask(&self, message: Message) -> Answer {
        let (reply, answer) = oneshot::channel();
        // Where the lane has ended the reply is dropped with it.
        let _ = self.questions.send((message, reply));
        Box::pin(async move { answer.await.unwrap_or_else(|_| Err(not_connected("the node stops"))) })
    }
}

async fn run(way: Way, sent: Sent, mut waiting: UnboundedReceiver<(Message, Reply)>) {
    let (mut rest_until, mut is_lost) = (Instant::now(), false);
    while let Some(first) = waiting.recv().await {
        sleep_until(rest_until).await;
        match connect(&way).await {
            Ok((out, answers)) => {
                if std::mem::take(&mut is_lost) {
                    tracing::info!(address = %way.address, "a node can be reached again");
                }
                let stream = Stream { out, answers, pending: HashMap::new(), last: 0, sent: sent.clone() };
                stream.carry(first, &mut waiting).await;
            }
            Err(error) => {
                if !std::mem::replace(&mut is_lost, true) {
                    let error = way.refusal().await.unwrap_or(error.to_string());
                    tracing::warn!(address = %way.address, error, "a node cannot be reached");
                }
                let mut unheard = Some(first);
                while let Some((_, reply)) = unheard {
                    let _ = reply.send(Err(not_connected(error.to_string())));
                    unheard = waiting.try_recv().ok();
                }
                rest_until = Instant::now() + REST;
            }
        }
    }
}

async fn connect(way: &Way) -> io::Result<(mpsc::Sender<Frames>, Streaming<Frames>)> {
    let channel = way.connect().await?;
    let (out, frames) = mpsc::channel(MESSAGES);
    let exchange = client(channel).exchange(ReceiverStream::new(frames)).await;
    // With TLS 1.3 this is where one hears that its certificate is not taken.
    let exchange = exchange.map_err(|status| not_connected(whole(&status)))?;
    Ok((out, exchange.into_inner()))
}

/// A connected one.
struct Stream {
    out: mpsc::Sender<Frames>,
    answers: Streaming<Frames>,
    /// By correlation.
    pending: HashMap<u64, Reply>,
    last: u64,
    sent: Sent,
}

impl Stream {
    /// Until it breaks, or nobody can ask any more.
    async fn carry(mut self, first: (Message, Reply), waiting: &mut UnboundedReceiver<(Message, Reply)>) {
        let mut next = Some(first);
        loop {
            if let Some(question) = next.take() {
                let message = self.gather(question, waiting);
                if self.out.send(message).await.is_err() {
                    return self.broken("the connection was lost");
                }
            }
            tokio::select! {
                question = waiting.recv() => match question {
                    Some(question) => next = Some(question),
                    None => return,
                },
                answer = self.answers.next() => match answer {
                    Some(Ok(frames)) => frames.frames.into_iter().for_each(|frame| self.answered(frame)),
                    Some(Err(status)) => return self.broken(status.message()),
                    None => return self.broken("the other node ended the connection"),
                },
            }
        }
    }

    /// One message of what waits.
    fn gather(
        &mut self,
        first: (Message, Reply),
        waiting: &mut UnboundedReceiver<(Message, Reply)>,
    ) -> Frames {
        let mut frames = Vec::new();
        let mut bytes = 0;
        let mut next = Some(first);
        while let Some((message, reply)) = next {
            // Who asked may have given up, and asks again.
            if !reply.is_closed() {
                self.last += 1;
                bytes += message.body.len();
                self.pending.insert(self.last, reply);
                frames.push(frame(self.last, message));
            }
            next = if bytes < MESSAGE_BYTES { waiting.try_recv().ok() } else { None };
        }
        self.sent.count(&frames);
        Frames { frames }
    }

    fn answered(&mut self, answer: Frame) {
        if let Some(reply) = self.pending.remove(&answer.correlation) {
            // Who asked may have gone.
            let _ = reply.send(body_of(answer));
        }
    }

    fn broken(&mut self, reason: &str) {
        for (_, reply) in self.pending.drain() {
            let _ = reply.send(Err(io::Error::other(reason.to_owned())));
        }
    }
}
