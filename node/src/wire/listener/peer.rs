//! The socket of one connection: a peer that takes no answer is dropped, and hyper's own refusals get a body.

use super::places::Place;
use crate::{tls::Stream, wire::rest};
use std::{
    future::Future,
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    time::{Instant, Sleep, sleep, timeout},
};

/// What is read and forgotten after a refusal, and for how long: closing with unread bytes would reset the
/// connection before the refusal arrives.
const LINGER_BYTES: u64 = 4 << 20;
const LINGER: Duration = Duration::from_secs(2);

/// A connected peer.
pub(super) struct Peer {
    /// `None` once a refusal is on its way, which ends the connection. The place goes with the stream: a descriptor that
    /// is open is counted, whoever has it.
    stream: Option<(Stream, Place)>,
    write_timeout: Duration,
    /// Runs while the peer takes nothing of what there is for it.
    stalled: Pin<Box<Sleep>>,
    waiting: bool,
    /// Whether HTTP/1 is spoken, where hyper answers broken heads itself.
    http1: bool,
    /// The start of what came since the last answer: the head of a request, to say what is wrong in it.
    request: Vec<u8>,
    answered: bool,
}

impl Peer {
    /// `write_timeout`: how long the peer may take nothing while there is something for it.
    pub(super) fn new(stream: Stream, place: Place, write_timeout: Duration, http1: bool) -> Peer {
        let stalled = Box::pin(sleep(write_timeout));
        Peer {
            stream: Some((stream, place)),
            write_timeout,
            stalled,
            waiting: false,
            http1,
            request: Vec::new(),
            answered: false,
        }
    }

    fn stream(&mut self) -> io::Result<Pin<&mut Stream>> {
        self.stream
            .as_mut()
            .map(|(stream, _)| Pin::new(stream))
            .ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    /// The outcome of a write, or an error where the peer has taken nothing for too long.
    fn timed<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.waiting = false;
            return written;
        }
        if !self.waiting {
            self.waiting = true;
            self.stalled.as_mut().reset(Instant::now() + self.write_timeout);
        }
        ready!(self.stalled.as_mut().poll(cx));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the peer does not read its answer")))
    }

    /// Keeps the start of a request; of a long body nothing.
    fn keep(&mut self, read: &[u8]) {
        if read.is_empty() || !self.http1 {
            return;
        }
        if std::mem::take(&mut self.answered) {
            self.request.clear();
        }
        let room = KEPT_BYTES - self.request.len();
        self.request.extend_from_slice(&read[..read.len().min(room)]);
    }

    /// Sends a body after all, where `head` is hyper's refusal of a request it cannot read. The connection is over.
    fn refuses(&mut self, head: &[u8]) -> bool {
        let Some(answer) = self.http1.then(|| rest::refusal::complete(head, &self.request)).flatten() else {
            return false;
        };
        if let Some((stream, place)) = self.stream.take() {
            tokio::spawn(async move {
                // A peer that does not even take its refusal is forgotten.
                let _ = timeout(LINGER, refuse(stream, answer)).await;
                drop(place);
            });
        }
        true
    }
}

/// How much of a request is kept to find a fault in it.
const KEPT_BYTES: usize = 4 << 10;

async fn refuse(mut stream: Stream, answer: Vec<u8>) -> io::Result<()> {
    stream.write_all(&answer).await?;
    stream.shutdown().await?;
    tokio::io::copy(&mut stream.take(LINGER_BYTES), &mut tokio::io::sink()).await.map(drop)
}

impl AsyncRead for Peer {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = self.stream()?.poll_read(cx, buffer);
        self.keep(&buffer.filled()[before..]);
        read
    }
}

impl AsyncWrite for Peer {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.refuses(bytes) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        self.answered = true;
        let written = self.stream()?.poll_write(cx, bytes);
        self.timed(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        // A refusal of hyper's has no body, so it is one piece.
        if let [piece] = pieces {
            return self.poll_write(cx, piece);
        }
        self.answered = true;
        let written = self.stream()?.poll_write_vectored(cx, pieces);
        self.timed(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = self.stream()?.poll_flush(cx);
        self.timed(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // With TLS it writes, too.
        let shut = self.stream()?.poll_shutdown(cx);
        self.timed(cx, shut)
    }
}
