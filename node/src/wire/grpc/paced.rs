//! A stream whose reader takes nothing for too long is given up. HTTP/2 lets a reader stand still without a word: the
//! connection answers its pings, no byte waits in the socket, and what the stream holds would be held for ever.

use futures::{Stream, StreamExt, stream::BoxStream};
use parking_lot::Mutex;
use proto::{Code, Error};
use std::{
    pin::Pin,
    sync::{Arc, Weak},
    task::{Context, Poll},
    time::Duration,
};
use tonic::Status;

/// Answers of a stream. They are dropped, with all they hold, once their reader has taken nothing for `patience` to twice
/// that; a reader that then comes back gets an error. A reader that waits for the next one has all the time there is.
pub(super) struct Paced<T> {
    shared: Arc<Mutex<Reading<T>>>,
}

type Answers<T> = BoxStream<'static, Result<T, Status>>;

enum Reading<T> {
    /// `taken`: something was, since the watch last looked. `owed`: the reader waits for us.
    Going {
        answers: Answers<T>,
        taken: bool,
        owed: bool,
    },
    GivenUp,
    Over,
}

impl<T: 'static> Paced<T> {
    /// Must be called within a runtime.
    pub(super) fn new(answers: Answers<T>, patience: Duration) -> Self {
        let shared = Arc::new(Mutex::new(Reading::Going { answers, taken: true, owed: false }));
        tokio::spawn(watch(Arc::downgrade(&shared), patience));
        Paced { shared }
    }
}

/// Looks once in a while, until the stream is over.
async fn watch<T>(shared: Weak<Mutex<Reading<T>>>, patience: Duration) {
    loop {
        tokio::time::sleep(patience).await;
        let Some(shared) = shared.upgrade() else { return };
        // Locked: it is being read.
        let Some(mut reading) = shared.try_lock() else { continue };
        match &mut *reading {
            Reading::Going { taken, owed, .. } if *taken || *owed => *taken = false,
            Reading::Going { .. } => {
                let given_up = std::mem::replace(&mut *reading, Reading::GivenUp);
                drop(reading);
                drop(given_up);
                return;
            }
            Reading::GivenUp | Reading::Over => return,
        }
    }
}

impl<T> Stream for Paced<T> {
    type Item = Result<T, Status>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut reading = self.shared.lock();
        let next = match &mut *reading {
            Reading::Going { answers, taken, owed } => {
                let next = answers.poll_next_unpin(cx);
                (*taken, *owed) = (true, next.is_pending());
                next
            }
            Reading::GivenUp => Poll::Ready(Some(Err(late()))),
            Reading::Over => Poll::Ready(None),
        };
        if matches!(next, Poll::Ready(None | Some(Err(_)))) {
            *reading = Reading::Over;
        }
        next
    }
}

fn late() -> Status {
    let text = "nothing of the stream was read for longer than rest.write_timeout_ms: read on while it runs";
    Error::new(Code::Timeout, text).to_status()
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::stream;
    use tokio::time::{Instant, timeout};

    const PATIENCE: Duration = Duration::from_millis(20);

    /// Counts up for ever, and tells when it is dropped.
    fn counting() -> (Answers<u32>, Weak<()>) {
        let alive = Arc::new(());
        let weak = Arc::downgrade(&alive);
        let answers = stream::iter(0..).map(move |number| {
            let _ = &alive;
            Ok(number)
        });
        (answers.boxed(), weak)
    }

    #[tokio::test]
    async fn a_reader_that_stands_still_is_given_up() {
        let (answers, alive) = counting();
        let mut paced = Paced::new(answers, PATIENCE);
        let began = Instant::now();
        while began.elapsed() < PATIENCE * 10 {
            assert!(paced.next().await.unwrap().is_ok());
            tokio::task::yield_now().await;
        }
        let given_up = async {
            while alive.upgrade().is_some() {
                tokio::task::yield_now().await;
            }
        };
        timeout(Duration::from_secs(10), given_up).await.expect("it is held still");
        assert_eq!(paced.next().await.unwrap().unwrap_err().code(), tonic::Code::DeadlineExceeded);
        assert!(paced.next().await.is_none());
    }

    #[tokio::test]
    async fn a_reader_that_waits_is_not() {
        let slow = stream::unfold((), |()| async {
            tokio::time::sleep(PATIENCE * 10).await;
            Some((Ok(1), ()))
        });
        let all: Vec<_> = Paced::new(slow.take(2).boxed(), PATIENCE).collect().await;
        assert!(all.len() == 2 && all.iter().all(Result::is_ok), "{all:?}");
    }

    #[tokio::test]
    async fn what_is_left_is_dropped_and_an_error_is_the_end() {
        let (answers, alive) = counting();
        drop(Paced::new(answers, PATIENCE));
        assert!(alive.upgrade().is_none());
        let failing = stream::iter([Ok(1), Err(late()), Ok(2)]).boxed();
        let all: Vec<_> = Paced::new(failing, PATIENCE).collect().await;
        assert_eq!(all.len(), 2);
    }
}
