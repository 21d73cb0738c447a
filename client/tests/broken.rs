//! Connections that break, and retries that come to their end.

mod fake;

use client::{Client, Error, Options, Retry, Write, api};
use fake::Fake;
use proto::Code;
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    time::timeout,
};

/// Anything that takes longer is a hang.
const HANG: Duration = Duration::from_secs(20);

const SHORT: Retry = Retry {
    deadline: Duration::from_millis(100),
    backoff_first: Duration::from_millis(1),
    backoff_max: Duration::from_millis(2),
};

/// A server that says `greeting` to each peer, reads a little and leaves.
async fn leaving(greeting: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut peer, _)) = listener.accept().await {
            let _ = peer.write_all(greeting).await;
            let _ = peer.read(&mut [0; 64]).await;
        }
    });
    format!("http://{address}")
}

#[tokio::test]
async fn a_connection_that_breaks_in_the_middle_is_worth_another_try() {
    // Nothing, settings of HTTP/2 as they should be, and what is no HTTP/2.
    for greeting in [&b""[..], b"\0\0\0\x04\0\0\0\0\0", b"HTTP/1.1 400 Bad Request\r\n\r\n"] {
        let client = Client::connect(&leaving(greeting).await).unwrap().with_retry(Retry::never());
        let read = timeout(HANG, client.read("Patient", "x")).await.expect("it hangs");
        let error = read.unwrap_err();
        assert!(error.retryable() && error.detail().is_none(), "{error:?}");
    }
}

/// The last that the server said counts for more than that the time is over.
#[tokio::test]
async fn a_stream_gives_a_write_up_at_its_deadline() {
    let fake = Fake::failing(vec![Code::Unavailable; 100_000]);
    let options = Options { retry: SHORT, ..Options::default() };
    let client = Client::connect_with(&format!("http://{}", fake.serve().await), &options).unwrap();
    let writer = client.writer(4);
    let write = Write::Update(api::UpdateRequest { id: "a".into(), ..Default::default() });
    let error = timeout(HANG, writer.write(write)).await.expect("it is tried for ever").unwrap_err();
    assert!(matches!(error, Error::GaveUp { attempts, .. } if attempts > 1), "{error}");
    assert_eq!(error.code(), Some(Code::Unavailable));
}
