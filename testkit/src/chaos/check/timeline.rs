//! The versions of a resource in time: when the write of each began, and from when on it was known to be there.

use crate::chaos::{
    record::{Change, Made, Micros, Name, Outcome, Record, Seen, Span, Write},
    survey::{Survey, Version},
};
use std::collections::BTreeMap;

/// Of all resources.
pub(super) struct Timelines<'a>(BTreeMap<&'a str, Timeline<'a>>);

/// Of one. The history gives the one order of the versions; each names the write that made it.
#[derive(Default)]
pub(super) struct Timeline<'a> {
    pub(super) versions: &'a [Version],
    pub(super) writes: Vec<&'a Write>,
    /// The version that each write made; the first, where it made several.
    by_op: BTreeMap<&'a str, u64>,
    /// When the write of a version began.
    began: BTreeMap<u64, Micros>,
    /// From this moment on nobody may see less than this version; both grow.
    known: Vec<(Micros, u64)>,
}

impl<'a> Timeline<'a> {
    pub(super) fn at(&self, version: u64) -> Option<&'a Version> {
        // By position only where that is right: a history may have gaps, which is for another invariant to tell.
        let of_number = |there: &&Version| there.version == version;
        let likely = self.versions.get(version.checked_sub(1)? as usize);
        likely.filter(of_number).or_else(|| self.versions.iter().find(of_number))
    }

    /// The version that a write made.
    pub(super) fn made_by(&self, op: &str) -> Option<u64> {
        self.by_op.get(op).copied()
    }

    /// When the write of a version began; `None`: it is not there, or nobody knows.
    pub(super) fn began(&self, version: u64) -> Option<Micros> {
        self.began.get(&version).copied()
    }

    /// The version that everybody who begins at `time` has to see, or a later one.
    pub(super) fn floor(&self, time: Micros) -> u64 {
        let earlier = self.known.partition_point(|&(known, _)| known < time);
        earlier.checked_sub(1).map_or(0, |last| self.known[last].1)
    }

    /// From when on at least that version was known; `None`: never.
    fn known_from(&self, version: u64) -> Option<Micros> {
        let position = self.known.partition_point(|&(_, known)| known < version);
        self.known.get(position).map(|&(time, _)| time)
    }

    fn settle(&mut self) {
        self.known.sort_unstable();
        let mut best = 0;
        self.known.retain(|&(_, version)| {
            let more = version > best;
            best = best.max(version);
            more
        });
    }
}

impl<'a> Timelines<'a> {
    pub(super) fn new(record: &'a Record, survey: &'a Survey) -> Self {
        let mut all: BTreeMap<&str, Timeline<'_>> = BTreeMap::new();
        for (name, versions) in &survey.histories {
            let timeline = all.entry(name).or_default();
            timeline.versions = versions;
            for version in versions.iter().rev() {
                if let Some(content) = &version.content {
                    timeline.by_op.insert(&content.op, version.version);
                }
            }
        }
        for write in &record.writes {
            all.entry(&write.of).or_default().writes.push(write);
        }
        let mut timelines = Timelines(all);
        timelines.begin(record);
        timelines.know(record);
        timelines.share(record);
        timelines
    }

    pub(super) fn of(&self, name: &str) -> Option<&Timeline<'a>> {
        self.0.get(name)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&'a str, &Timeline<'a>)> {
        self.0.iter().map(|(name, timeline)| (*name, timeline))
    }

    fn begin(&mut self, record: &Record) {
        let mut creates: BTreeMap<&str, Micros> = BTreeMap::new();
        for create in &record.creates {
            let began = creates.entry(&create.op).or_insert(Micros::MAX);
            *began = create.span.start.min(*began);
        }
        for timeline in self.0.values_mut() {
            let mut begin = |version: u64, start: Micros| {
                let began = timeline.began.entry(version).or_insert(Micros::MAX);
                *began = start.min(*began);
            };
            for (op, &version) in &timeline.by_op {
                if let Some(&start) = creates.get(op) {
                    begin(version, start);
                }
            }
            let deletes = || timeline.writes.iter().filter(|write| write.change == Change::Delete);
            for write in &timeline.writes {
                match (&write.outcome, timeline.by_op.get(write.op.as_str())) {
                    (Outcome::Done(version), _) if write.change == Change::Delete => {
                        begin(*version, write.span.start);
                    }
                    (_, Some(&version)) => begin(version, write.span.start),
                    _ => {}
                }
            }
            // A delete that nobody acknowledged does not tell which version it made: perhaps one that a later delete, which found
            // the resource deleted, was answered with.
            let doubtful = deletes().filter(|write| write.outcome == Outcome::Unknown);
            if let Some(first) = doubtful.map(|write| write.span.start).min() {
                for version in timeline.versions.iter().filter(|version| version.content.is_none()) {
                    let began = timeline.began.entry(version.version).or_insert(Micros::MAX);
                    *began = first.min(*began);
                }
            }
        }
    }

    fn know(&mut self, record: &Record) {
        for write in &record.writes {
            if let Outcome::Done(version) = write.outcome {
                self.tell(&write.of, write.span, version);
            }
        }
        for create in &record.creates {
            for answer in &create.answers {
                if let Made::New(name) | Made::Found(name) = answer {
                    self.tell(name, create.span, 1);
                }
            }
        }
        for sight in &record.sights {
            if let Seen::Version { version, .. } = sight.seen {
                self.tell(&sight.of, sight.span, version);
            }
        }
        self.0.values_mut().for_each(Timeline::settle);
    }

    fn tell(&mut self, name: &str, span: Span, version: u64) {
        if let Some(timeline) = self.0.get_mut(name) {
            timeline.known.push((span.end, version));
        }
    }

    /// A transaction that was seen at one of its resources is there at all of them from then on.
    fn share(&mut self, record: &'a Record) {
        let mut bundles: BTreeMap<&str, Vec<(&Name, u64)>> = BTreeMap::new();
        for write in record.writes.iter().filter(|write| write.bundled) {
            let made = self.of(&write.of).and_then(|timeline| timeline.made_by(&write.op));
            bundles.entry(&write.op).or_default().extend(made.map(|version| (&write.of, version)));
        }
        let mut more = Vec::new();
        for members in bundles.values() {
            let known = |&(name, version): &(&Name, u64)| self.of(name)?.known_from(version);
            if let Some(first) = members.iter().filter_map(known).min() {
                more.extend(members.iter().map(|&(name, version)| (name, first, version)));
            }
        }
        for (name, time, version) in more {
            self.tell(name, Span { start: time, end: time }, version);
        }
        self.0.values_mut().for_each(Timeline::settle);
    }
}
