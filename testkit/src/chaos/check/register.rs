//! Linearizable once more, by a checker that is not ours: [`WGLChecker`] searches for an order of all that was done to a
//! resource, each interaction somewhere between its request and its answer, in which every answer is the one that a single
//! register would give. The other check takes the order from the history and looks at time; this one is told by the history
//! only what a write without an answer became, which keeps the search short.
//!
//! A resource's record is searched in pieces, cut where nothing was under way: what is told by then is the state that the next
//! begins in.

use super::{Evidence, Findings};
use crate::chaos::{
    record::{Change, How, Made, Micros, Outcome, Seen, Write},
    survey::Version,
};
use std::{collections::BTreeMap, marker::PhantomData};
use todc_utils::{Action, History, WGLChecker, specifications::Specification};

/// A piece is cut at the first quiet moment after so many interactions.
const PIECE: usize = 64;

/// A resource between two interactions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct State<'a> {
    version: u64,
    /// The write that made it what it is; `None`: deleted, or never there.
    op: Option<&'a str>,
    /// All that was answered has happened; what was not need not have.
    ended: bool,
}

/// One interaction with its answer.
#[derive(Clone, Debug)]
enum Step<'a> {
    /// The state that a piece begins in.
    Begin(State<'a>),
    End,
    Make {
        version: u64,
        op: &'a str,
        if_match: Option<u64>,
        only_new: bool,
    },
    /// A delete that was answered with this version.
    Delete(u64),
    /// A delete without an answer, and the versions of the history that are deletes.
    Lost(&'a [u64]),
    /// Of what was deleted the write is not told.
    Saw {
        version: u64,
        op: Option<&'a str>,
    },
    Gone,
    Absent,
    NotFound,
}

/// One of them, and when; `None`: it has no answer.
#[derive(Clone, Debug)]
struct Done<'a> {
    step: Step<'a>,
    start: Micros,
    end: Option<Micros>,
}

/// What one register does.
struct Resource<'a>(PhantomData<&'a ()>);

impl<'a> Specification for Resource<'a> {
    type State = State<'a>;
    type Operation = Step<'a>;

    fn init() -> State<'a> {
        State::default()
    }

    fn apply(step: &Step<'a>, state: &State<'a>) -> (bool, State<'a>) {
        let next = state.version + 1;
        let at = |version, op| (true, State { version, op, ended: false });
        let unchanged = |fits: bool| (fits, state.clone());
        match step {
            // What had no answer may have been left undone.
            Step::Make { .. } | Step::Lost(_) if state.ended => unchanged(true),
            Step::Begin(begin) => (true, begin.clone()),
            Step::End => (true, State { ended: true, ..state.clone() }),
            Step::Make { version, op, if_match, only_new } => {
                let is_free = !only_new || state.op.is_none();
                let is_named = if_match.is_none_or(|named| named == state.version);
                if *version == next && is_free && is_named {
                    return at(next, Some(op));
                }
                unchanged(false)
            }
            Step::Delete(version) if state.op.is_some() && *version == next => at(next, None),
            Step::Delete(version) => unchanged(state.op.is_none() && *version == state.version),
            Step::Lost(versions) if state.op.is_some() && versions.contains(&next) => at(next, None),
            Step::Lost(_) => unchanged(false),
            Step::Saw { version, op } => unchanged(*version == state.version && *op == state.op),
            Step::Gone => unchanged(state.op.is_none() && state.version > 0),
            Step::Absent => unchanged(state.version == 0),
            Step::NotFound => unchanged(state.op.is_none()),
        }
    }
}

impl<'a> Step<'a> {
    /// The state that this tells of, where it tells one.
    fn tells(&self) -> Option<State<'a>> {
        let (version, op) = match *self {
            Step::Make { version, op, .. } => (version, Some(op)),
            Step::Saw { version, op } => (version, op),
            Step::Delete(version) => (version, None),
            _ => return None,
        };
        Some(State { version, op, ended: false })
    }

    /// Whether it can still become of a resource of that version.
    fn may_follow(&self, known: u64) -> bool {
        match self {
            Step::Make { version, .. } => *version > known,
            Step::Lost(versions) => versions.iter().any(|&version| version > known),
            _ => false,
        }
    }
}

pub(super) fn check(evidence: &Evidence<'_>, findings: &mut Findings) {
    let deleted = deletes(&evidence.survey.histories);
    for (name, mut steps) in all(evidence, &deleted) {
        steps.sort_by_key(|done| done.start);
        let mut state = State::default();
        let mut lost = Vec::new();
        for piece in pieces(steps) {
            let (open, answered): (Vec<_>, Vec<_>) = piece.into_iter().partition(|done| done.end.is_none());
            lost.extend(open);
            let told = answered.iter().filter_map(|done| done.step.tells());
            let reached = told.max_by_key(|told| told.version).filter(|told| told.version >= state.version);
            let reached = reached.unwrap_or_else(|| state.clone());
            let between = (state.version, reached.version);
            let is_linearizable =
                WGLChecker::<Resource<'_>>::is_linearizable(history(&state, &answered, &lost));
            findings.hold(is_linearizable, || {
                format!("no order explains what was answered about {name} between its versions {between:?}: {answered:?}, without an answer: {lost:?}")
            });
            if !is_linearizable {
                break; // nobody knows the state that the next piece begins in
            }
            state = reached;
            lost.retain(|done| done.step.may_follow(state.version));
        }
    }
}

/// The versions of each resource that are deletes.
fn deletes(histories: &BTreeMap<String, Vec<Version>>) -> BTreeMap<&str, Vec<u64>> {
    let of = |versions: &Vec<Version>| {
        let deletes = versions.iter().filter(|version| version.content.is_none());
        deletes.map(|version| version.version).collect()
    };
    histories.iter().map(|(name, versions)| (name.as_str(), of(versions))).collect()
}

/// What was done to each resource, and seen of it.
fn all<'a>(
    evidence: &Evidence<'a>,
    deleted: &'a BTreeMap<&'a str, Vec<u64>>,
) -> BTreeMap<&'a str, Vec<Done<'a>>> {
    let mut all: BTreeMap<&str, Vec<Done<'_>>> = BTreeMap::new();
    for write in &evidence.record.writes {
        let made = evidence.timelines.of(&write.of).and_then(|timeline| timeline.made_by(&write.op));
        let deletes = deleted.get(write.of.as_str()).map_or(&[][..], Vec::as_slice);
        all.entry(&write.of).or_default().extend(written(write, made, deletes));
    }
    for (name, create) in creates(evidence) {
        all.entry(name).or_default().push(create);
    }
    for sight in evidence.record.sights.iter().filter(|sight| sight.how != How::VRead) {
        let step = match &sight.seen {
            Seen::Version { version, op } => {
                Step::Saw { version: *version, op: Some(op.as_str()).filter(|op| !op.is_empty()) }
            }
            Seen::Gone => Step::Gone,
            Seen::Absent => Step::Absent,
            Seen::NotFound => Step::NotFound,
        };
        let done = Done { step, start: sight.span.start, end: Some(sight.span.end) };
        all.entry(&sight.of).or_default().push(done);
    }
    all
}

fn written<'a>(write: &'a Write, made: Option<u64>, deletes: &'a [u64]) -> Option<Done<'a>> {
    let (if_match, only_new, op) = (write.if_match, write.only_new, write.op.as_str());
    let make = |version| Step::Make { version, op, if_match, only_new };
    let (step, end) = match (&write.change, &write.outcome) {
        (_, Outcome::Refused(_)) => return None,
        (Change::Delete, Outcome::Done(version)) => (Step::Delete(*version), Some(write.span.end)),
        (Change::Delete, Outcome::Unknown) => (Step::Lost(deletes), None),
        (_, Outcome::Done(version)) => (make(*version), Some(write.span.end)),
        (_, Outcome::Unknown) => (make(made?), None),
    };
    Some(Done { step, start: write.span.start, end })
}

/// How each resource came to be whose id the server gave.
fn creates<'a>(evidence: &Evidence<'a>) -> BTreeMap<&'a str, Done<'a>> {
    let mut began: BTreeMap<&str, Micros> = BTreeMap::new();
    for create in &evidence.record.creates {
        let start = began.entry(&create.op).or_insert(Micros::MAX);
        *start = create.span.start.min(*start);
    }
    let made = |op: &'a str, end| {
        let step = Step::Make { version: 1, op, if_match: None, only_new: true };
        began.get(op).map(|&start| Done { step, start, end })
    };
    let mut all: BTreeMap<&str, Done<'_>> = BTreeMap::new();
    for (name, versions) in &evidence.survey.histories {
        let first = versions.first().filter(|first| first.version == 1);
        let op = first.and_then(|first| first.content.as_ref()).map(|content| content.op.as_str());
        if let Some(made) = op.and_then(|op| made(op, None)) {
            all.insert(name, made);
        }
    }
    for create in &evidence.record.creates {
        let names = create.answers.iter().filter_map(|answer| match answer {
            Made::New(name) => Some(name),
            _ => None,
        });
        for name in names {
            let end = all.get(name.as_str()).and_then(|made| made.end).unwrap_or(Micros::MAX);
            all.extend(made(&create.op, Some(create.span.end.min(end))).map(|made| (name.as_str(), made)));
        }
    }
    all
}

/// Cuts what is sorted by its beginning where nothing is under way that has an answer.
fn pieces(steps: Vec<Done<'_>>) -> Vec<Vec<Done<'_>>> {
    let mut pieces: Vec<Vec<Done<'_>>> = Vec::new();
    let mut busy_until = 0;
    for done in steps {
        match pieces.last_mut() {
            Some(piece) if piece.len() < PIECE || done.start <= busy_until => piece.push(done.clone()),
            _ => pieces.push(vec![done.clone()]),
        }
        busy_until = done.end.map_or(busy_until, |end| end.max(busy_until));
    }
    pieces
}

/// What is called and answered, in the order of time; what has no answer is answered when all is over.
fn history<'a>(begin: &State<'a>, answered: &[Done<'a>], lost: &[Done<'a>]) -> History<Step<'a>> {
    let mut actions = Vec::new();
    let mut number = 0;
    let mut add = |step: &Step<'a>, start: u128, end: u128| {
        actions.push((start, 0, (number, Action::Call(step.clone()))));
        actions.push((end, 1, (number, Action::Response(step.clone()))));
        number += 1;
    };
    // Everything is a moment after the beginning; what happens in one microsecond may be in either order.
    let last = u128::from(Micros::MAX) + 2;
    add(&Step::Begin(begin.clone()), 0, 0);
    for done in answered {
        add(&done.step, u128::from(done.start) + 1, done.end.map_or(last, |end| u128::from(end) + 1));
    }
    add(&Step::End, last, last);
    for done in lost {
        add(&done.step, u128::from(done.start) + 1, last + 1);
    }
    actions.sort_by_key(|&(time, kind, _)| (time, kind));
    History::from_actions(actions.into_iter().map(|(_, _, action)| action).collect())
}

#[cfg(test)]
mod tests {
    use super::{
        super::sample::{A, B, Sample, create, delete, put, saw, span},
        *,
    };
    use crate::chaos::record::{Change, Rule, Sight, Span};

    fn sample() -> Sample {
        let sample = Sample::default().write(put(A, "o1", span(1, 2), Outcome::Done(1)));
        let sample = sample.write(put(A, "o2", span(10, 20), Outcome::Done(2)));
        let sample = sample.write(delete(A, "o3", span(30, 40), Outcome::Done(3)));
        sample.write(put(A, "o4", span(50, 60), Outcome::Unknown)).history(A, &["o1", "o2", "-", "o4"])
    }

    fn missing(span: Span, seen: Seen) -> Sight {
        Sight { seen, ..saw(A, span, 0, "") }
    }

    #[test]
    fn what_overlaps_may_be_seen_or_not() {
        sample().sight(saw(A, span(11, 12), 1, "o1")).sight(saw(A, span(13, 14), 2, "o2")).holds(check);
        sample().sight(missing(span(31, 32), Seen::Gone)).holds(check);
        sample().sight(missing(span(0, 1), Seen::Absent)).holds(check);
        sample().sight(missing(span(41, 42), Seen::NotFound)).holds(check);
        // Without an answer it happens at any time, or not at all.
        sample().sight(saw(A, span(70, 71), 4, "o4")).holds(check);
        sample().sight(missing(span(70, 71), Seen::Gone)).holds(check);
        // A history tells the version of a delete, and not who it was.
        sample().sight(saw(A, span(41, 42), 3, "")).holds(check);
        sample().sight(saw(A, span(21, 22), 2, "")).violates(check, "no order");
    }

    #[test]
    fn stale_and_early_sights_are_told() {
        sample().sight(saw(A, span(21, 22), 1, "o1")).violates(check, "no order");
        sample().sight(missing(span(21, 22), Seen::NotFound)).violates(check, "no order");
        sample().sight(missing(span(3, 4), Seen::Absent)).violates(check, "no order");
        sample().sight(saw(A, span(4, 5), 2, "o2")).violates(check, "no order");
        let seen = sample().sight(saw(A, span(11, 12), 2, "o2"));
        seen.sight(saw(A, span(13, 14), 1, "o1")).violates(check, "no order");
        sample()
            .sight(saw(A, span(70, 71), 4, "o4"))
            .sight(missing(span(80, 81), Seen::Gone))
            .violates(check, "no order");
    }

    #[test]
    fn writes_are_held_to_their_conditions() {
        let conditional = |if_match| Write { if_match, ..put(A, "o2", span(3, 4), Outcome::Done(2)) };
        let sample = |write| Sample::default().write(put(A, "o1", span(1, 2), Outcome::Done(1))).write(write);
        sample(conditional(Some(1))).holds(check);
        sample(conditional(Some(2))).violates(check, "no order");
        sample(Write { only_new: true, ..conditional(None) }).violates(check, "no order");
    }

    #[test]
    fn lost_deletes_explain_what_is_gone() {
        let sample = Sample::default().write(put(A, "o1", span(1, 2), Outcome::Done(1)));
        let sample = sample.write(delete(A, "o2", span(10, 20), Outcome::Unknown));
        let sample = sample.write(delete(A, "o3", span(40, 50), Outcome::Done(2))).history(A, &["o1", "-"]);
        let sample = sample.sight(missing(span(30, 31), Seen::Gone));
        sample.holds(check);
        sample.sight(saw(A, span(33, 34), 1, "o1")).violates(check, "no order");
    }

    #[test]
    fn what_a_piece_ends_in_the_next_begins_in() {
        let mut sample = Sample::default();
        let ops: Vec<String> = (0..5 * PIECE).map(|n| format!("o{n}")).collect();
        for (n, op) in ops.iter().enumerate() {
            let at = 10 * n as u64 + 1;
            sample = sample.write(put(A, op, span(at, at + 5), Outcome::Done(n as u64 + 1)));
        }
        // One that nobody heard of for long.
        let last = ops.len() as u64 + 1;
        let sample = sample.write(put(A, "late", span(3, 4), Outcome::Unknown));
        let mut history: Vec<&str> = ops.iter().map(String::as_str).collect();
        history.push("late");
        let sample = sample.history(A, &history).sight(saw(A, span(9_000, 9_001), last, "late"));
        sample.holds(check);
        assert!(sample.find(check).checked >= 4);
        let early = saw(A, span(1_500, 1_501), last, "late");
        sample.sight(early).violates(check, "no order");
    }

    #[test]
    fn creates_make_the_first_version() {
        let made = |answer| create("c", "c", Rule::Key, span(10, 20), answer);
        let sample = Sample::default().create(made(Made::New(B.to_owned()))).history(B, &["c"]);
        let sample = sample.sight(saw(B, span(12, 13), 1, "c"));
        sample.holds(check);
        sample.sight(saw(B, span(5, 6), 1, "c")).violates(check, "no order");
        let lost = Sample::default().create(made(Made::Unknown)).history(B, &["c"]);
        lost.sight(saw(B, span(100, 101), 1, "c")).holds(check);
    }

    #[test]
    fn patches_are_writes() {
        let patch = Change::Patch(crate::chaos::content::Patch::default());
        let sample = Sample::default().write(put(A, "o1", span(1, 2), Outcome::Done(1)));
        let sample = sample.write(Write { change: patch, ..put(A, "o2", span(3, 4), Outcome::Done(2)) });
        sample.sight(saw(A, span(5, 6), 1, "o1")).violates(check, "no order");
    }
}
