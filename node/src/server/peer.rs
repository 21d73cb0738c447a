//! The socket of one connection: a peer that takes no answer is dropped, and hyper's own refusals get a body.

use bytes::Bytes;
use std::{
    future::Future,
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep, sleep, timeout},
};

/// What is read and forgotten after a refusal, so that the refusal arrives: closing with unread bytes resets.
const LINGER_BYTES: u64 = 1 << 20;
const LINGER: Duration = Duration::from_secs(1);

/// A connected peer.
pub(super) struct Peer {
    /// Only `None` while this is dropped.
    stream: Option<TcpStream>,
    write_timeout: Duration,
    /// Runs while the peer takes nothing of what it was sent.
    stalled: Pin<Box<Sleep>>,
    waiting: bool,
    refusals: Refusals,
    /// What replaces a refusal of hyper's, and is not written yet.
    refusal: Bytes,
}

/// Whether the bodiless answers that hyper makes of broken heads are completed. They are those of HTTP/1.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusals {
    Complete,
    Leave,
}

impl Peer {
    /// `write_timeout`: how long the peer may take nothing while there is something for it.
    pub(super) fn new(stream: TcpStream, write_timeout: Duration, refusals: Refusals) -> Peer {
        let stalled = Box::pin(sleep(write_timeout));
        let refusal = Bytes::new();
        Peer { stream: Some(stream), write_timeout, stalled, waiting: false, refusals, refusal }
    }

    fn stream(&mut self) -> Pin<&mut TcpStream> {
        Pin::new(self.stream.as_mut().expect("taken by drop alone"))
    }

    /// Gives the write's outcome back, or an error where the peer has taken nothing for too long.
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

    /// Writes what is left of a refusal.
    fn poll_refusal(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.refusal.is_empty() {
            let rest = self.refusal.clone();
            let written = self.stream().poll_write(cx, &rest);
            let written = ready!(self.timed(cx, written))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.refusal = self.refusal.slice(written..);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Peer {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.stream().poll_read(cx, buffer)
    }
}

impl AsyncWrite for Peer {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_refusal(cx))?;
        if self.refusals == Refusals::Complete
            && let Some(refusal) = crate::rest::refusal(bytes)
        {
            self.refusal = refusal;
            return Poll::Ready(Ok(bytes.len()));
        }
        let written = self.stream().poll_write(cx, bytes);
        self.timed(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        // A refusal of hyper's is one piece.
        if let [piece] = pieces {
            return self.poll_write(cx, piece);
        }
        ready!(self.poll_refusal(cx))?;
        let written = self.stream().poll_write_vectored(cx, pieces);
        self.timed(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let refused = !self.refusal.is_empty();
        ready!(self.poll_refusal(cx))?;
        if refused {
            linger(&mut self.stream);
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, "no HTTP head")));
        }
        let flushed = self.stream().poll_flush(cx);
        self.timed(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_refusal(cx))?;
        self.stream().poll_shutdown(cx)
    }
}
