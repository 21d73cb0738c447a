//! One node's way to the others.

use super::{Answer, Ask, Given, Job, Loss, Network, PIECES, Pieces, Told};
use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep, sleep_until},
};

/// It ends with the node's life.
pub struct Way<R: ?Sized, A> {
    network: Network<R, A>,
    from: String,
    life: u64,
    lanes: Mutex<Lanes<R, A>>,
}

/// By where to, and which.
type Lanes<R, A> = BTreeMap<(String, u8), mpsc::UnboundedSender<Parcel<R, A>>>;

struct Parcel<R: ?Sized, A> {
    due: Instant,
    ask: Ask<R, A>,
    told: Told<A>,
}

impl<R: ?Sized + Send + Sync + 'static, A: Send + 'static> Way<R, A> {
    pub(super) fn of(network: Network<R, A>, from: &str, life: u64) -> Way<R, A> {
        Way { network, from: from.to_owned(), life, lanes: Mutex::default() }
    }

    /// From now on the node is asked through `receiver`, on tasks of this runtime.
    pub fn serve(&self, receiver: Arc<R>) {
        let mut state = self.network.state();
        if state.lives.get(&self.from) != Some(&self.life) {
            return;
        }
        let (serving, mut jobs) = mpsc::unbounded_channel::<Job<R>>();
        state.serving.insert(self.from.clone(), serving);
        tokio::spawn(async move {
            while let Some(job) = jobs.recv().await {
                tokio::spawn(job(receiver.clone()));
            }
        });
    }

    /// Asks a node. What goes to one node by one `lane` arrives in order or not at all, whoever still waits for its answer.
    pub fn ask(
        &self,
        to: &str,
        lane: u8,
        ask: impl FnOnce(Arc<R>) -> Answer<A> + Send + 'static,
    ) -> Answer<A> {
        let (told, answer) = oneshot::channel();
        let due = Instant::now() + self.network.state().time(&self.from, to);
        let parcel = Parcel { due, ask: Box::new(ask), told };
        // A lane ends with its way.
        let _ = self.lane(to, lane).send(parcel);
        Box::pin(answered(answer))
    }

    /// Gives a node something long, in `pieces`.
    pub fn send(
        &self,
        to: &str,
        mut pieces: Pieces<A>,
        give: impl FnOnce(Arc<R>, Pieces<A>) -> Answer<A> + Send + 'static,
    ) -> Answer<A> {
        let (told, answer) = oneshot::channel();
        let (way, to, network) = ((self.from.clone(), self.life), to.to_owned(), self.network.clone());
        tokio::spawn(async move {
            let time = network.state().time(&way.0, &to);
            sleep(time).await;
            let (carried, arrived) = mpsc::channel(PIECES);
            let ask: Ask<R, A> = Box::new(move |receiver| give(receiver, arrived));
            let Some(number) = network.arrive(&way, &to, ask, told, Some(carried)) else { return };
            while let Some(piece) = pieces.recv().await {
                let time = network.state().time(&way.0, &to);
                sleep(time).await;
                let mut piece = Some(piece);
                while let Some(given) = piece.take() {
                    match network.piece(number, given) {
                        Given::Taken => {}
                        Given::Waits(again) => {
                            piece = Some(again);
                            sleep(Duration::from_millis(1)).await;
                        }
                        Given::Ended => return network.last_piece(number),
                        Given::Broken(open, after) => {
                            sleep(after).await;
                            return drop(open);
                        }
                    }
                }
            }
            network.last_piece(number);
        });
        Box::pin(answered(answer))
    }

    fn lane(&self, to: &str, lane: u8) -> mpsc::UnboundedSender<Parcel<R, A>> {
        let mut lanes = self.lanes.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let made = || {
            let (parcels, mut waiting) = mpsc::unbounded_channel::<Parcel<R, A>>();
            let (way, to, network) = ((self.from.clone(), self.life), to.to_owned(), self.network.clone());
            tokio::spawn(async move {
                while let Some(Parcel { due, ask, told }) = waiting.recv().await {
                    sleep_until(due).await;
                    network.arrive(&way, &to, ask, told, None);
                }
            });
            parcels
        };
        lanes.entry((to.to_owned(), lane)).or_insert_with(made).clone()
    }
}

async fn answered<A>(answer: oneshot::Receiver<Result<io::Result<A>, Loss>>) -> io::Result<A> {
    match answer.await {
        Ok(Ok(answer)) => answer,
        Ok(Err(Loss { after, error })) => {
            sleep(after).await;
            Err(error)
        }
        Err(_) => Err(io::Error::other("the node that asked is gone")),
    }
}
