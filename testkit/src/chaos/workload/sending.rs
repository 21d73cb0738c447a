//! Sending a request, and noting what came of it.

use super::{AWAY, Remembered, Worker};
use crate::chaos::{
    record::{Change, Create, Made, Micros, Name, Outcome, Span, Write},
    wire::{Call, Reply, Wire},
};
use proto::Code;
use std::{sync::atomic::Ordering, time::Duration};

/// Where in the record a request was noted.
#[derive(Clone, Copy)]
pub(super) enum Noted {
    /// The writes of one request: the first, and how many.
    Writes(usize, usize),
    /// The creates of one request.
    Creates(usize, usize),
}

/// An answer, or what else came.
pub(super) struct Sent {
    pub(super) span: Span,
    pub(super) reply: Reply,
    wire: Wire,
}

/// So often is a write sent that has a key, until its outcome is known.
const ATTEMPTS_MAX: u32 = 40;
/// So much of the past is repeated.
const REMEMBERED_MAX: usize = 24;

impl Worker {
    /// Never the same twice: what was first has the lower number, also where a simulated clock stands.
    fn now(&self) -> Micros {
        let elapsed = self.shared.began.elapsed().as_micros() as Micros;
        let next = |last: Micros| Some(elapsed.max(last + 1));
        let last = self.shared.moment.fetch_update(Ordering::SeqCst, Ordering::SeqCst, next);
        elapsed.max(last.unwrap_or_else(|last| last) + 1)
    }

    fn wire(&mut self) -> Wire {
        self.random.pick(&Wire::ALL)
    }

    /// Once, over any wire.
    pub(super) async fn ask(&mut self, call: &Call) -> Sent {
        let wire = self.wire();
        self.once(wire, call, None).await
    }

    async fn once(&mut self, wire: Wire, call: &Call, key: Option<&str>) -> Sent {
        let start = self.now();
        let reply = self.wires.send(wire, call, key).await;
        let span = Span { start, end: self.now() };
        self.tally(wire, call, &reply);
        if matches!(reply, Reply::Refused(None, _)) {
            tokio::time::sleep(AWAY).await;
        }
        Sent { span, reply, wire }
    }

    fn tally(&self, wire: Wire, call: &Call, reply: &Reply) {
        let told = match reply {
            Reply::Refused(Some(code), _) => code.name().to_owned(),
            Reply::Refused(None, _) => "not sent".to_owned(),
            Reply::Unknown(_) => "unknown".to_owned(),
            _ => "done".to_owned(),
        };
        let surprise = match reply {
            Reply::Refused(Some(code), text) => (!is_usual(*code, call)).then_some(text),
            Reply::Unknown(text) => text.contains(Code::Internal.name()).then_some(text),
            _ => None,
        };
        if let Some(text) = surprise {
            self.shared.record(|record| record.surprises.push(format!("{wire:?} {call:?}: {text}")));
        }
        let mut tally = self.shared.tally.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        *tally.entry((call.what(), wire, told)).or_default() += 1;
    }

    /// With a key, until the outcome is known; else once. The span is that of all attempts; an attempt in doubt makes a
    /// refusal after it doubtful.
    async fn persist(&mut self, call: &Call, key: Option<&str>) -> Sent {
        let wire = self.wire();
        let mut sent = self.once(wire, call, key).await;
        let mut doubt = matches!(sent.reply, Reply::Unknown(_));
        for attempt in 1..ATTEMPTS_MAX {
            let again = match &sent.reply {
                Reply::Unknown(_) | Reply::Refused(None, _) => true,
                // A transient refusal is an answer, too, after a few times.
                Reply::Refused(Some(code), _) => code.retryable() && attempt < 4,
                _ => false,
            };
            if key.is_none() || !again {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10 << attempt.min(5))).await;
            let next = self.once(wire, call, key).await;
            doubt |= matches!(next.reply, Reply::Unknown(_));
            sent = Sent { span: Span { start: sent.span.start, end: next.span.end }, ..next };
        }
        if let (true, Reply::Refused(_, text)) = (doubt, &sent.reply) {
            sent.reply = Reply::Unknown(text.clone());
        }
        sent
    }

    /// A write of one resource. The version it was acknowledged as.
    pub(super) async fn write(&mut self, call: Call, mut write: Write, key: Option<String>) -> Option<u64> {
        let sent = self.persist(&call, key.as_deref()).await;
        write.span = sent.span;
        write.outcome = match &sent.reply {
            Reply::Written { version, .. } => Outcome::Done(*version),
            reply => undone(reply),
        };
        let done = match write.outcome {
            Outcome::Done(version) => Some(version),
            _ => None,
        };
        let of = write.of.clone();
        let place = self.note_writes(vec![write]);
        if done.is_some() {
            self.remember(call, key, sent.wire, place);
            self.maybe_look(&of).await;
        }
        done
    }

    /// The writes of one transaction, each with its place among the entries.
    pub(super) async fn write_bundle(
        &mut self,
        body: String,
        mut writes: Vec<(usize, Write)>,
        key: Option<String>,
    ) {
        let call = Call::Bundle { body };
        let sent = self.persist(&call, key.as_deref()).await;
        for (place, write) in &mut writes {
            write.span = sent.span;
            write.outcome = outcome_of(&sent.reply, *place);
        }
        let names: Vec<Name> = writes.iter().map(|(_, write)| write.of.clone()).collect();
        let place = self.note_writes(writes.into_iter().map(|(_, write)| write).collect());
        if matches!(sent.reply, Reply::Bundle(_)) {
            self.remember(call, key, sent.wire, place);
            let name = names[self.random.below(names.len() as u64) as usize].clone();
            self.maybe_look(&name).await;
        }
    }

    fn note_writes(&self, writes: Vec<Write>) -> Noted {
        self.shared.record(|record| {
            let first = record.writes.len();
            record.writes.extend(writes);
            Noted::Writes(first, record.writes.len() - first)
        })
    }

    /// One create, or several in one transaction. Whether it was acknowledged.
    pub(super) async fn make(&mut self, call: Call, mut creates: Vec<Create>, key: Option<String>) -> bool {
        let sent = self.persist(&call, key.as_deref()).await;
        for (place, create) in creates.iter_mut().enumerate() {
            create.span = sent.span;
            create.answers = vec![made_of(&sent.reply, place)];
        }
        let place = self.shared.record(|record| {
            let first = record.creates.len();
            record.creates.extend(creates);
            Noted::Creates(first, record.creates.len() - first)
        });
        let done = matches!(sent.reply, Reply::Written { .. } | Reply::Bundle(_));
        if done {
            self.remember(call, key, sent.wire, place);
        }
        done
    }

    /// A transaction that creates at its first places and writes elsewhere. Not remembered: creates and writes are noted
    /// apart, so it is repeated here and now.
    pub(super) async fn write_and_make(
        &mut self,
        body: String,
        mut creates: Vec<Create>,
        mut writes: Vec<(usize, Write)>,
        key: Option<String>,
    ) {
        let call = Call::Bundle { body };
        let sent = self.persist(&call, key.as_deref()).await;
        let again = match (&sent.reply, &key) {
            (Reply::Bundle(_), Some(key)) => Some(self.once(sent.wire, &call, Some(key)).await.reply),
            _ => None,
        };
        for (place, create) in creates.iter_mut().enumerate() {
            create.span = sent.span;
            create.answers = vec![made_of(&sent.reply, place)];
            create.answers.extend(again.iter().map(|reply| made_of(reply, place)));
        }
        for (place, write) in &mut writes {
            write.span = sent.span;
            write.outcome = outcome_of(&sent.reply, *place);
            write.repeats.extend(again.iter().map(|reply| outcome_of(reply, *place)));
        }
        self.note_writes(writes.into_iter().map(|(_, write)| write).collect());
        self.shared.record(|record| record.creates.extend(creates));
    }

    fn remember(&mut self, call: Call, key: Option<String>, wire: Wire, of: Noted) {
        let Some(key) = key else { return };
        if self.remembered.len() == REMEMBERED_MAX {
            let oldest = self.random.below(REMEMBERED_MAX as u64) as usize;
            self.remembered.swap_remove(oldest);
        }
        self.remembered.push(Remembered { call, key, wire, of });
    }

    /// A write of before once more under its key, whatever has happened since: a delete, or anything else.
    pub(super) async fn repeat(&mut self, delete: bool) {
        let fitting = |remembered: &Remembered| matches!(remembered.call, Call::Delete { .. }) == delete;
        let fit: Vec<_> = (0..self.remembered.len()).filter(|&at| fitting(&self.remembered[at])).collect();
        if fit.is_empty() {
            return;
        }
        let at = self.random.pick(&fit);
        let Remembered { call, key, wire, of } = &self.remembered[at];
        let (call, key, wire, of) = (call.clone(), key.clone(), *wire, *of);
        let sent = self.once(wire, &call, Some(&key)).await;
        self.shared.record(|record| match of {
            Noted::Writes(first, count) => {
                for (place, write) in record.writes[first..first + count].iter_mut().enumerate() {
                    write.repeats.push(match &sent.reply {
                        Reply::Written { version, .. } => Outcome::Done(*version),
                        reply => outcome_of(reply, place),
                    });
                }
            }
            Noted::Creates(first, count) => {
                for (place, create) in record.creates[first..first + count].iter_mut().enumerate() {
                    create.answers.push(made_of(&sent.reply, place));
                }
            }
        });
    }
}

fn undone(reply: &Reply) -> Outcome {
    match reply {
        Reply::Refused(code, _) => Outcome::Refused(*code),
        _ => Outcome::Unknown,
    }
}

fn outcome_of(reply: &Reply, place: usize) -> Outcome {
    match reply {
        Reply::Bundle(parts) => parts.get(place).map_or(Outcome::Unknown, |part| Outcome::Done(part.version)),
        reply => undone(reply),
    }
}

fn made_of(reply: &Reply, place: usize) -> Made {
    match reply {
        Reply::Written { name, created: true, .. } => Made::New(name.clone()),
        Reply::Written { name, .. } => Made::Found(name.clone()),
        Reply::Bundle(parts) => match parts.get(place) {
            Some(part) if part.status == 201 => Made::New(part.name.clone()),
            Some(part) => Made::Found(part.name.clone()),
            None => Made::Unknown,
        },
        Reply::Refused(code, _) => Made::Refused(*code),
        _ => Made::Unknown,
    }
}

/// A write without conditions, to be filled in.
pub(super) fn write_of(op: &str, of: &str, change: Change) -> Write {
    Write {
        op: op.to_owned(),
        of: of.to_owned(),
        change,
        if_match: None,
        only_new: false,
        bundled: false,
        span: Span::default(),
        outcome: Outcome::Unknown,
        repeats: Vec::new(),
    }
}

/// What a request of a run may be refused with; anything else is a surprise.
fn is_usual(code: Code, call: &Call) -> bool {
    match code {
        Code::Conflict | Code::Overloaded | Code::Unavailable | Code::StorageFull => true,
        Code::NotFound | Code::Gone | Code::VersionConflict | Code::PreconditionFailed => true,
        // The test of a patch did not hold.
        Code::Invalid => matches!(call, Call::Patch { .. } | Call::Bundle { .. }),
        _ => false,
    }
}
