//! A simulated network between nodes, whatever they say to each other: messages take their time, those of two lanes overtake each
//! other, and they are lost where the way is cut. The nodes may be in one runtime or each in its own: who is asked answers in the
//! runtime in which it serves.

mod way;

pub use way::Way;

use futures::future::BoxFuture;
use generator::random::Random;
use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use tokio::{
    sync::{mpsc, oneshot},
    time::sleep,
};

/// An answer, or why there is none.
pub type Answer<A> = BoxFuture<'static, io::Result<A>>;
/// The pieces of something long, the last one empty.
pub type Pieces<A> = mpsc::Receiver<io::Result<A>>;

type Ask<R, A> = Box<dyn FnOnce(Arc<R>) -> Answer<A> + Send>;
type Job<R> = Box<dyn FnOnce(Arc<R>) -> BoxFuture<'static, ()> + Send>;
type Told<A> = oneshot::Sender<Result<io::Result<A>, Loss>>;

/// Nobody answers; it takes so long until that is known.
struct Loss {
    after: Duration,
    error: io::Error,
}

/// Who is asked is an `R`, what is answered an `A`. Clones share it.
pub struct Network<R: ?Sized, A>(Arc<Mutex<State<R, A>>>);

struct State<R: ?Sized, A> {
    random: Random,
    serving: BTreeMap<String, mpsc::UnboundedSender<Job<R>>>,
    /// Of each address: a node of before reaches nobody.
    lives: BTreeMap<String, u64>,
    /// One way each.
    cut: BTreeSet<(String, String)>,
    /// One way each: a message takes up to so much longer.
    slow: BTreeMap<(String, String), Duration>,
    /// One way each: the next that is longer breaks after so many pieces.
    breaks: BTreeMap<(String, String), u64>,
    /// What has arrived and is not answered, in the order in which it arrived.
    asked: BTreeMap<u64, Asked<A>>,
    messages: u64,
}

struct Asked<A> {
    from: String,
    to: String,
    told: Told<A>,
    /// Of something long: where its pieces arrive.
    pieces: Option<mpsc::Sender<io::Result<A>>>,
    /// How many were given.
    given: u64,
}

/// What becomes of a piece.
enum Given<A> {
    Taken,
    /// It has to be given again.
    Waits(io::Result<A>),
    /// Nobody takes more.
    Ended,
    /// The connection broke in the middle, as who sends was told; who receives hears of it so much later.
    Broken(mpsc::Sender<io::Result<A>>, Duration),
}

impl<R: ?Sized, A> Clone for Network<R, A> {
    fn clone(&self) -> Self {
        Network(self.0.clone())
    }
}

/// The longest time until a broken connection is known as such, which a ping tells in the end.
const SILENCE_MS: u64 = 3_000;
/// Of a thousand pieces, so many find that their connection broke.
const BREAKS: u64 = 4;
/// Pieces that have arrived and are not taken.
const PIECES: usize = 64;

impl<R: ?Sized + Send + Sync + 'static, A: Send + 'static> Network<R, A> {
    pub fn new(seed: u64) -> Self {
        Network(Arc::new(Mutex::new(State {
            random: Random::of(seed, u64::from_be_bytes(*b"sim netw"), 0),
            serving: BTreeMap::new(),
            lives: BTreeMap::new(),
            cut: BTreeSet::new(),
            slow: BTreeMap::new(),
            breaks: BTreeMap::new(),
            asked: BTreeMap::new(),
            messages: 0,
        })))
    }

    /// For the node that now begins to live at that address.
    pub fn way(&self, address: &str) -> Way<R, A> {
        let life = *self.state().lives.entry(address.to_owned()).and_modify(|life| *life += 1).or_default();
        Way::of(self.clone(), address, life)
    }

    /// Nothing gets there, or from there, until another life of it serves. Who waits for it is told in order: in which order a
    /// runtime drops its tasks is another one in each run.
    pub fn kill(&self, address: &str) {
        let mut state = self.state();
        state.serving.remove(address);
        *state.lives.entry(address.to_owned()).or_default() += 1;
        let ended: Vec<u64> =
            state.asked.iter().filter(|(_, asked)| asked.is_of(address)).map(|(at, _)| *at).collect();
        for number in ended {
            let Some(asked) = state.asked.remove(&number) else { continue };
            if asked.to == address {
                let loss = state.silence();
                let _ = asked.told.send(Err(loss));
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State<R, A>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// The message is there, unless it is lost. `long`: what takes its pieces.
    fn arrive(
        &self,
        way: &(String, u64),
        to: &str,
        ask: Ask<R, A>,
        told: Told<A>,
        pieces: Option<mpsc::Sender<io::Result<A>>>,
    ) -> Option<u64> {
        let mut state = self.state();
        state.messages += 1;
        let number = state.messages;
        let (from, life) = way;
        let lost = match (state.lives.get(from) == Some(life), state.is_cut(from, to)) {
            // It asks for nobody any more.
            (false, _) => Some(Loss { after: Duration::ZERO, error: nobody() }),
            (true, true) => Some(state.lost()),
            (true, false) => None,
        };
        if let Some(loss) = lost {
            let _ = told.send(Err(loss));
            return None;
        }
        let network = self.clone();
        let job: Job<R> = Box::new(move |receiver| {
            Box::pin(async move {
                let answer = ask(receiver).await;
                network.answer(number, answer).await;
            })
        });
        if state.serving.get(to).is_none_or(|serving| serving.send(job).is_err()) {
            let _ = told.send(Err(Loss { after: Duration::ZERO, error: nobody() }));
            return None;
        }
        state.asked.insert(number, Asked { from: from.clone(), to: to.to_owned(), told, pieces, given: 0 });
        Some(number)
    }

    /// Takes the answer back.
    async fn answer(&self, number: u64, answer: io::Result<A>) {
        let ways = self.state().asked.get(&number).map(|asked| (asked.to.clone(), asked.from.clone()));
        let Some((from, to)) = ways else { return };
        let time = self.state().time(&from, &to);
        sleep(time).await;
        let mut state = self.state();
        let Some(asked) = state.asked.remove(&number) else { return };
        let answer = match state.is_cut(&from, &to) {
            true => Err(state.silence()),
            false => Ok(answer),
        };
        // Who asked may have given up.
        let _ = asked.told.send(answer);
    }

    /// Gives who was asked a piece.
    fn piece(&self, number: u64, piece: io::Result<A>) -> Given<A> {
        let mut state = self.state();
        let Some((from, to, given)) = state.asked.get(&number).map(Asked::so_far) else {
            return Given::Ended;
        };
        if state.is_cut(&from, &to) {
            return Given::Ended;
        }
        let is_due = state.breaks.get(&(from.clone(), to.clone())) == Some(&given);
        if is_due {
            state.breaks.remove(&(from, to));
        }
        if state.random.chance(BREAKS) || is_due {
            return state.broken(number);
        }
        let Some(asked) = state.asked.get_mut(&number) else { return Given::Ended };
        match asked.pieces.as_ref().map(|pieces| pieces.try_send(piece)) {
            Some(Ok(())) => {
                asked.given += 1;
                Given::Taken
            }
            Some(Err(mpsc::error::TrySendError::Full(piece))) => Given::Waits(piece),
            Some(Err(mpsc::error::TrySendError::Closed(_))) | None => Given::Ended,
        }
    }

    /// There are no more pieces.
    fn last_piece(&self, number: u64) {
        if let Some(asked) = self.state().asked.get_mut(&number) {
            asked.pieces = None;
        }
    }
}

/// What may be done to the ways between nodes.
pub trait Ways {
    /// What goes from one to the other is lost.
    fn cut(&self, from: &str, to: &str);
    /// What goes from one to the other takes up to so much longer.
    fn slow(&self, from: &str, to: &str, by: Duration);
    /// The next of more pieces that goes from one to the other breaks after so many.
    fn break_after(&self, from: &str, to: &str, pieces: u64);
    /// No way is cut, or slow.
    fn heal(&self);
    /// How many messages were carried.
    fn messages(&self) -> u64;
}

impl<R: ?Sized + Send + Sync + 'static, A: Send + 'static> Ways for Network<R, A> {
    fn cut(&self, from: &str, to: &str) {
        self.state().cut.insert((from.to_owned(), to.to_owned()));
    }

    fn slow(&self, from: &str, to: &str, by: Duration) {
        self.state().slow.insert((from.to_owned(), to.to_owned()), by);
    }

    fn break_after(&self, from: &str, to: &str, pieces: u64) {
        self.state().breaks.insert((from.to_owned(), to.to_owned()), pieces);
    }

    fn heal(&self) {
        let mut state = self.state();
        state.cut.clear();
        state.slow.clear();
    }

    fn messages(&self) -> u64 {
        self.state().messages
    }
}

impl<A> Asked<A> {
    fn is_of(&self, address: &str) -> bool {
        self.from == address || self.to == address
    }

    fn so_far(&self) -> (String, String, u64) {
        (self.from.clone(), self.to.clone(), self.given)
    }
}

impl<R: ?Sized, A> State<R, A> {
    fn is_cut(&self, from: &str, to: &str) -> bool {
        self.cut.contains(&(from.to_owned(), to.to_owned()))
    }

    /// How long a message takes.
    fn time(&mut self, from: &str, to: &str) -> Duration {
        // Mostly quick, seldom slow enough to be overtaken by many.
        let usual = match self.random.below(32) {
            0 => Duration::from_millis(self.random.below(30)),
            _ => Duration::from_micros(50 + self.random.below(3_000)),
        };
        let slow = self.slow.get(&(from.to_owned(), to.to_owned())).map_or(0, |slow| slow.as_millis() as u64);
        usual + Duration::from_millis(self.random.below(slow + 1))
    }

    /// Of what was not carried out: either that is known, or it looks as if it had been.
    fn lost(&mut self) -> Loss {
        match self.random.chance(500) {
            true => Loss { after: Duration::from_millis(self.random.below(200)), error: nobody() },
            false => self.silence(),
        }
    }

    /// Who sends something long is told, and not what the other side answers.
    fn broken(&mut self, number: u64) -> Given<A> {
        let Some(Asked { told, pieces: Some(pieces), .. }) = self.asked.remove(&number) else {
            return Given::Ended;
        };
        let (loss, heard) = (self.silence(), self.silence());
        // Who sends may have given up.
        let _ = told.send(Err(loss));
        Given::Broken(pieces, heard.after)
    }

    fn silence(&mut self) -> Loss {
        let after = Duration::from_millis(self.random.below(SILENCE_MS));
        Loss { after, error: io::Error::other("the connection was lost") }
    }
}

fn nobody() -> io::Error {
    io::Error::new(io::ErrorKind::NotConnected, "nobody there")
}
