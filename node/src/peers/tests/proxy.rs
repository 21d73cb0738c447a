//! What is between two nodes and counts, is slow, and breaks.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{TcpListener, TcpStream},
    time::{Instant, sleep_until},
};

pub struct Proxy {
    pub address: SocketAddr,
    carried: Arc<AtomicU64>,
    broke: Arc<AtomicBool>,
}

/// What it does to bytes that go to the node behind it.
#[derive(Clone, Copy)]
pub struct Way {
    pub bytes_per_second: u64,
    /// The first connection by which so many go is cut then.
    pub breaks_after: u64,
}

impl Proxy {
    pub async fn before(target: SocketAddr, way: Way) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (carried, broke) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let proxy = Proxy { address, carried: carried.clone(), broke: broke.clone() };
        tokio::spawn(async move {
            while let Ok((from, _)) = listener.accept().await {
                let (carried, broke) = (carried.clone(), broke.clone());
                // A connection that ends is what it is here for.
                tokio::spawn(async move { carry(from, target, way, &carried, &broke).await });
            }
        });
        proxy
    }

    /// Bytes to the node behind it.
    pub fn carried(&self) -> u64 {
        self.carried.load(Ordering::Relaxed)
    }

    pub fn broke(&self) -> bool {
        self.broke.load(Ordering::Relaxed)
    }
}

async fn carry(
    from: TcpStream,
    target: SocketAddr,
    way: Way,
    carried: &AtomicU64,
    broke: &AtomicBool,
) -> io::Result<()> {
    let to = TcpStream::connect(target).await?;
    from.set_nodelay(true)?;
    to.set_nodelay(true)?;
    let ((mut in_from, mut out_from), (mut in_to, mut out_to)) = (from.into_split(), to.into_split());
    let there = async {
        let (mut buffer, mut bytes, began) = (vec![0; 64 << 10], 0, Instant::now());
        loop {
            let read = in_from.read(&mut buffer).await?;
            if read == 0 {
                return Ok(());
            }
            bytes += read as u64;
            carried.fetch_add(read as u64, Ordering::Relaxed);
            if bytes > way.breaks_after && !broke.swap(true, Ordering::Relaxed) {
                return Err(io::ErrorKind::ConnectionReset.into());
            }
            sleep_until(began + Duration::from_secs_f64(bytes as f64 / way.bytes_per_second as f64)).await;
            out_to.write_all(&buffer[..read]).await?;
        }
    };
    let back = copy(&mut in_to, &mut out_from);
    tokio::select! {
        there = there => there,
        back = back => back.map(drop),
    }
}
