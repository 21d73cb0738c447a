//! The two listeners and what they accept.

use super::{List, range::DAY_MS, section::section};

/// https://www.rfc-editor.org/rfc/rfc9113#section-6.9.1
const WINDOW_BYTES_MAX: u32 = i32::MAX as u32;

section! {
    /// The REST listener: FHIR under `/fhir`, health under `/health`, metrics at `/metrics`.
    Rest {
        /// Host and port; port 0 takes a free one.
        listen: String = "127.0.0.1:8080".to_owned();
        /// Absolute base for links and Location, such as `https://fhir.example.org/fhir`; a tenant's is `https://fhir.example.org/t/NAME/fhir`. Empty: taken from
        /// X-Forwarded-Proto/-Host or the Host header of each request.
        base_url: String = String::new();
        /// Further bases by which this server is known: references below them are to its own resources, as those below `rest.base_url`. The same on all nodes; what was written before has them from its next write, or from $reindex.
        further_base_urls: List = List::default();
        /// Origins whose pages may call this server from a browser, such as `https://app.example.org`, or `*` for all. Empty: none.
        cors_origins: List = List::default();
        /// Largest request body, after decompression; above it the answer is 413.
        body_bytes_max: u64 = 64 << 20 => 1..;
        /// Open connections; above it new ones wait in the kernel's queue.
        connections_max: usize = 4096 => 1..=1_000_000;
        /// A peer has this long to send the whole head of a request; an idle kept-alive connection is closed after it too.
        header_timeout_ms: u64 = 60_000 => 1..=DAY_MS;
        /// The longest pause inside a request body before the answer is 408.
        body_timeout_ms: u64 = 30_000 => 1..=DAY_MS;
        /// The longest a peer may take nothing of its answer, on either listener, before it is dropped.
        write_timeout_ms: u64 = 30_000 => 1..=DAY_MS;
        /// Largest request head (line and headers).
        head_bytes_max: usize = 64 << 10 => 8192..=16 << 20;
        /// Responses of at least this size are compressed where the client accepts gzip.
        gzip_bytes_min: u64 = 1024;
    }
}

section! {
    /// The gRPC listener.
    Grpc {
        /// Host and port; port 0 takes a free one.
        listen: String = "127.0.0.1:50051".to_owned();
        /// host:port that clients are told, where that is not `listen`: those that go to leaders themselves. Empty: `listen`; with all
        /// of a machine's addresses, the host of `cluster.address`.
        address: String = String::new();
        /// Largest message in and out.
        message_bytes_max: usize = 64 << 20 => 1..;
        /// Open connections; above it new ones wait in the kernel's queue.
        connections_max: usize = 4096 => 1..=1_000_000;
        /// Concurrent calls on one connection (HTTP/2 streams).
        streams_per_connection_max: u32 = 1024 => 1..;
        /// Writes of one WriteStream that are under way at the same time; the stream is read no further meanwhile.
        write_stream_in_flight_max: usize = 256 => 1..=1 << 20;
        /// HTTP/2 flow-control window of one stream.
        stream_window_bytes: u32 = 1 << 20 => 65_535..=WINDOW_BYTES_MAX;
        /// HTTP/2 flow-control window of one connection.
        connection_window_bytes: u32 = 8 << 20 => 65_535..=WINDOW_BYTES_MAX;
        /// A ping after this much silence finds dead peers.
        keepalive_interval_ms: u64 = 20_000 => 1..=DAY_MS;
        /// The connection is closed where a ping stays unanswered this long.
        keepalive_timeout_ms: u64 = 10_000 => 1..=DAY_MS;
    }
}
