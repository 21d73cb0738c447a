//! How long nothing was acknowledged, by what had gone wrong.

use super::{
    nemesis::Event,
    record::{Made, Micros, Outcome, Record},
    workload::PULSE,
};
use std::{collections::BTreeMap, time::Duration};

/// Of one kind of fault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outage {
    pub times: u64,
    /// Between two acknowledged writes; of several nodes: of those that come at a steady pace.
    pub longest: Duration,
    /// When that began, since the clients did.
    pub from: Duration,
}

/// Each pause between two acknowledged writes belongs to the last fault that had begun by its middle.
pub(super) fn outages(record: &Record, events: &[Event]) -> BTreeMap<String, Outage> {
    let mut all: BTreeMap<String, Outage> = BTreeMap::new();
    for event in events {
        all.entry(event.what.clone()).or_default().times += 1;
    }
    for pair in acknowledged(record).windows(2) {
        let (from, length) = (pair[0], Duration::from_micros(pair[1] - pair[0]));
        let begun = events.partition_point(|event| event.start <= pair[0].midpoint(pair[1]));
        let what = begun.checked_sub(1).map_or("nothing", |last| events[last].what.as_str());
        let outage = all.entry(what.to_owned()).or_default();
        if length > outage.longest {
            (outage.longest, outage.from) = (length, Duration::from_micros(from));
        }
    }
    all
}

fn acknowledged(record: &Record) -> Vec<Micros> {
    let writes = record.writes.iter().filter(|write| matches!(write.outcome, Outcome::Done(_)));
    let mut pulse: Vec<_> =
        writes.clone().filter(|write| write.of.starts_with(PULSE)).map(|write| write.span.end).collect();
    if !pulse.is_empty() {
        pulse.sort_unstable();
        return pulse;
    }
    let made = |answer: &Made| matches!(answer, Made::New(_) | Made::Found(_));
    let creates = record.creates.iter().filter(|create| create.answers.first().is_some_and(made));
    let mut times: Vec<_> =
        writes.map(|write| write.span.end).chain(creates.map(|create| create.span.end)).collect();
    times.sort_unstable();
    times
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chaos::record::{Change, Span, Write};

    #[test]
    fn a_pause_belongs_to_the_fault_that_came_last() {
        let write = |end: Micros| Write {
            op: String::new(),
            of: String::new(),
            change: Change::Delete,
            if_match: None,
            only_new: false,
            bundled: false,
            span: Span { start: 0, end },
            outcome: Outcome::Done(1),
            repeats: Vec::new(),
        };
        let record = Record { writes: [10, 20, 90, 100, 130].map(write).to_vec(), ..Record::default() };
        let event = |what: &str, start| Event { what: what.to_owned(), start };
        let found = outages(&record, &[event("kill", 21), event("cut", 99), event("late", 200)]);
        let longest = |what: &str| (found[what].longest.as_micros(), found[what].from.as_micros());
        assert_eq!((longest("nothing"), longest("kill"), longest("cut")), ((10, 10), (70, 20), (30, 100)));
        assert_eq!((found["late"].times, found["late"].longest), (1, Duration::ZERO));
    }
}
