//! The accept loop of one listener: bounded connections, timeouts against slow peers, a graceful end.

use super::{
    peer::Peer,
    places::{Place, Places},
};
use crate::{
    stop::Stop,
    tls::{Door, Shown, Stream},
};
use axum::Router;
use hyper::service::service_fn;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{
        conn::auto,
        graceful::{GracefulShutdown, Watcher},
    },
};
use std::{
    convert::Infallible,
    io::ErrorKind,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::net::{TcpListener, TcpStream};
use tower::Service;

/// After a failed accept the listener rests, twice as long each time: running out of something does not spin.
const REST_MIN: Duration = Duration::from_millis(10);
const REST_MAX: Duration = Duration::from_secs(1);

/// How a listener treats its peers.
pub struct Policy {
    /// The name in the metrics.
    pub listener: &'static str,
    pub connections_max: usize,
    /// How the handshake is made; `None`: without TLS.
    pub door: Option<Door>,
    /// A peer that has sent no whole request for this long after connecting is dropped.
    pub first_request: Duration,
    /// A peer that takes nothing of its answer for this long is dropped.
    pub write_timeout: Duration,
    /// Whether HTTP/1 is spoken too. HTTP/2 peers may connect ahead of their first request; pings find the dead ones.
    pub http1: bool,
    /// After the stop, requests under way have this long.
    pub grace: Duration,
}

/// Serves `router` on `listener` until `stop`, then drains.
pub async fn serve(
    listener: TcpListener,
    builder: auto::Builder<TokioExecutor>,
    router: Router,
    policy: Policy,
    stop: Stop,
) {
    let graceful = GracefulShutdown::new();
    let places = Places::new(policy.listener, policy.connections_max);
    loop {
        let (stream, place) = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            () = stop.clone().wait() => break,
        };
        let one = Connection {
            builder: builder.clone(),
            router: router.clone(),
            watcher: graceful.watcher(),
            write_timeout: policy.write_timeout,
            first_request: policy.first_request,
            http1: policy.http1,
        };
        let Some(door) = policy.door.clone() else {
            tokio::spawn(one.serve(Stream::Plain(stream), place, Shown::Plain));
            continue;
        };
        let stop = stop.clone();
        // Beside the others, and counted as they are: who is slow with its handshake holds up nobody.
        tokio::spawn(async move {
            tokio::select! {
                opened = door.open(stream) => if let Some((stream, shown)) = opened {
                    one.serve(stream, place, shown).await;
                },
                // There is no request yet that could be given its time.
                () = stop.wait() => (),
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(policy.grace, graceful.shutdown()).await.is_err() {
        tracing::warn!(
            grace_ms = policy.grace.as_millis() as u64,
            "requests were cut off at the end of the grace period"
        );
    }
}

/// What one connection is served with.
struct Connection {
    builder: auto::Builder<TokioExecutor>,
    router: Router,
    watcher: Watcher,
    write_timeout: Duration,
    first_request: Duration,
    http1: bool,
}

impl Connection {
    /// Until it ends.
    async fn serve(self, stream: Stream, place: Place, shown: Shown) {
        let seen = Arc::new(AtomicBool::new(!self.http1));
        let peer = TokioIo::new(Peer::new(stream, place, self.write_timeout, self.http1));
        let connection = self.builder.serve_connection(peer, counted(self.router, seen.clone(), shown));
        let connection = self.watcher.watch(connection.into_owned());
        let overdue = overdue(self.first_request, &seen);
        tokio::select! {
            ended = connection => if let Err(error) = ended {
                tracing::debug!(%error, "connection ended");
            },
            () = overdue => tracing::debug!("dropped a connection without a request"),
        }
    }
}

/// The next connection, once there is room for it.
async fn accept(listener: &TcpListener, places: &Places) -> (TcpStream, Place) {
    let permit = places.permits.clone().acquire_owned().await.expect("the semaphore is never closed");
    let mut rest = REST_MIN;
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Without it small answers wait for the peer's delayed ACK. A failure only costs latency.
                let _ = stream.set_nodelay(true);
                return (stream, places.take(permit));
            }
            // The peer left before it was its turn.
            Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
            Err(error) => {
                places.failures.increment(1);
                if rest == REST_MIN {
                    tracing::warn!(%error, "no connection can be accepted now; it is tried again");
                }
                tokio::time::sleep(rest).await;
                rest = (rest * 2).min(REST_MAX);
            }
        }
    }
}

/// The router as hyper's service; notes that a request came, and tells each what its peer showed.
fn counted(
    router: Router,
    seen: Arc<AtomicBool>,
    shown: Shown,
) -> impl hyper::service::Service<
    http::Request<hyper::body::Incoming>,
    Response = axum::response::Response,
    Error = Infallible,
    Future: Send,
> + Send {
    service_fn(move |mut request: http::Request<hyper::body::Incoming>| {
        seen.store(true, Ordering::Relaxed);
        request.extensions_mut().insert(shown);
        let mut router = router.clone();
        async move { router.call(request).await }
    })
}

/// Returns when the first request is overdue; never where it came. hyper's own header timeout only starts once the
/// protocol's version is known, which a silent peer never tells.
async fn overdue(limit: Duration, seen: &AtomicBool) {
    tokio::time::sleep(limit).await;
    if seen.load(Ordering::Relaxed) {
        std::future::pending::<()>().await;
    }
}

/// HTTP/1 and HTTP/2 as REST offers them. A peer that closes its side while it waits is taken for gone, as it looks just
/// like one that is: what it waited for is dropped, and a place in a queue free.
pub fn rest_builder(rest: &crate::config::Rest) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(rest.header_timeout_ms))
        .max_buf_size(rest.head_bytes_max.max(8192));
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_millis(rest.header_timeout_ms))
        .keep_alive_timeout(Duration::from_secs(20))
        .max_header_list_size(u32::try_from(rest.head_bytes_max).unwrap_or(u32::MAX));
    builder
}

/// HTTP/2 alone, as gRPC wants it.
pub fn grpc_builder(grpc: &crate::config::Grpc) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new()).http2_only();
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_millis(grpc.keepalive_interval_ms))
        .keep_alive_timeout(Duration::from_millis(grpc.keepalive_timeout_ms))
        .initial_stream_window_size(grpc.stream_window_bytes)
        .initial_connection_window_size(grpc.connection_window_bytes)
        .max_concurrent_streams(grpc.streams_per_connection_max);
    builder
}
