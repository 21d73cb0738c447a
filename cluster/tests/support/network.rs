//! A simulated network: messages take their time, overtake each other, and are lost where the way is cut.

use bytes::Bytes;
use cluster::{Answer, Entropy, Message, Peer, Pieces, Receiver, Transport};
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// Clones share it.
#[derive(Clone)]
pub struct Network {
    state: Arc<Mutex<State>>,
    entropy: Entropy,
}

#[derive(Default)]
struct State {
    receivers: BTreeMap<String, Arc<dyn Receiver>>,
    /// One way each.
    cut: BTreeSet<(String, String)>,
    messages: u64,
}

impl Network {
    pub fn new(entropy: Entropy) -> Self {
        Network { state: Arc::default(), entropy }
    }

    /// For the node at that address.
    pub fn transport(&self, address: &str) -> Arc<dyn Transport> {
        Arc::new(Way { network: self.clone(), from: address.to_owned() })
    }

    /// Nothing gets there, or from there, until it serves again.
    pub fn kill(&self, address: &str) {
        self.state.lock().receivers.remove(address);
    }

    /// What goes from one to the other is lost.
    pub fn cut(&self, from: &str, to: &str) {
        self.state.lock().cut.insert((from.to_owned(), to.to_owned()));
    }

    pub fn heal(&self) {
        self.state.lock().cut.clear();
    }

    pub fn messages(&self) -> u64 {
        self.state.lock().messages
    }

    async fn pass(&self, from: &str, to: &str) -> io::Result<Arc<dyn Receiver>> {
        tokio::time::sleep(Duration::from_micros(50 + self.entropy.number() % 3000)).await;
        let mut state = self.state.lock();
        state.messages += 1;
        let lost = || io::Error::new(io::ErrorKind::NotConnected, "lost");
        // A node that was killed may live on in this process; it reaches nobody.
        if !state.receivers.contains_key(from) || state.cut.contains(&(from.to_owned(), to.to_owned())) {
            return Err(lost());
        }
        state.receivers.get(to).cloned().ok_or_else(lost)
    }
}

struct Way {
    network: Network,
    from: String,
}

impl Way {
    fn carry(&self, to: &Peer, ask: impl FnOnce(Arc<dyn Receiver>) -> Answer + Send + 'static) -> Answer {
        let (network, from, to) = (self.network.clone(), self.from.clone(), to.address.to_string());
        let (done, answer) = oneshot::channel();
        // It is under way, whoever still waits for it.
        tokio::spawn(async move {
            let asked = async {
                let receiver = network.pass(&from, &to).await?;
                let answer: io::Result<Bytes> = ask(receiver).await;
                network.pass(&to, &from).await.map_err(io::Error::other)?;
                answer
            };
            let _ = done.send(asked.await);
        });
        Box::pin(async move { answer.await.unwrap_or_else(|_| Err(io::Error::other("gone"))) })
    }
}

impl Transport for Way {
    fn serve(&self, receiver: Arc<dyn Receiver>) {
        self.network.state.lock().receivers.insert(self.from.clone(), receiver);
    }

    fn call(&self, to: &Peer, message: Message) -> Answer {
        self.carry(to, move |receiver| receiver.call(message))
    }

    fn send(&self, to: &Peer, head: Message, pieces: Pieces) -> Answer {
        self.carry(to, move |receiver| receiver.receive(head, pieces))
    }
}
