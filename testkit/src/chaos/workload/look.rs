//! Observations.

use super::{Shared, Worker};
use crate::chaos::{
    content::{Content, KEY},
    record::{Find, Group, How, Level, Name, Page, Seen, Sight, Span, kind_of},
    survey::{KINDS, group_query},
    wire::{Call, Entry, Reply},
};
use proto::Code;

impl Worker {
    fn saw(&self, of: &str, span: Span, seen: Seen, how: How) {
        self.shared.record(|record| record.sights.push(Sight { of: of.to_owned(), span, seen, how }));
    }

    /// The version that is there and its content.
    pub(super) async fn read(&mut self, of: &str) -> Option<(u64, Content)> {
        let sent = self.ask(&Call::Read { name: of.to_owned() }).await;
        match sent.reply {
            Reply::Entries { entries, .. } => {
                let Entry { row, content } = entries.into_iter().next()?;
                let content = content.unwrap_or_default();
                let seen = Seen::Version { version: row.version, op: content.op.clone() };
                self.saw(of, sent.span, seen, How::Read);
                return Some((row.version, content));
            }
            Reply::Refused(Some(Code::Gone), _) => self.saw(of, sent.span, Seen::Gone, How::Read),
            Reply::Refused(Some(Code::NotFound), _) => self.saw(of, sent.span, Seen::Absent, How::Read),
            _ => {}
        }
        None
    }

    /// By its key; sometimes only if it is of some patient.
    async fn search(&mut self, of: &str) {
        let kind = static_kind(of);
        let patient = self.shared.ward(self.random.number());
        let narrowed = kind == "Observation" && self.random.chance(300);
        let identifier = format!("{KEY}|{of}");
        let mut query = vec![("identifier", identifier.as_str())];
        if narrowed {
            query.push(("subject", patient.as_str()));
        }
        let sent = self.ask(&Call::search(kind, &query)).await;
        let Reply::Entries { entries, .. } = sent.reply else { return };
        if entries.len() > 1 || entries.first().is_some_and(|entry| entry.row.of != of) {
            let text = format!("a search for {of} found {entries:?} at {:?}", sent.span);
            return self.shared.record(|record| record.surprises.push(text));
        }
        match entries.into_iter().next() {
            Some(Entry { row, content }) => {
                let content = content.unwrap_or_default();
                if narrowed && content.subject.as_ref() != Some(&patient) {
                    let text = format!("a search for {patient} found {content:?} at {:?}", sent.span);
                    self.shared.record(|record| record.surprises.push(text));
                }
                self.saw(of, sent.span, Seen::Version { version: row.version, op: content.op }, How::Search);
            }
            None if narrowed => {}
            None => self.saw(of, sent.span, Seen::NotFound, How::Search),
        }
    }

    /// Right after a write of it, in half of the cases.
    pub(super) async fn maybe_look(&mut self, of: &str) {
        match self.random.below(4) {
            0 => drop(self.read(of).await),
            1 => self.search(of).await,
            _ => {}
        }
    }

    pub(super) async fn read_any(&mut self) {
        let of = match self.random.below(4) {
            0 => Shared::pair()[self.random.below(2) as usize].clone(),
            1 => self.list(),
            _ => self.any(),
        };
        self.read(&of).await;
    }

    pub(super) async fn search_any(&mut self) {
        let of = if self.random.chance(250) { self.list() } else { self.any() };
        self.search(&of).await;
    }

    pub(super) async fn vread_any(&mut self) {
        let of = self.any();
        let Some((newest, _)) = self.read(&of).await else { return };
        let version = 1 + self.random.below(newest);
        let sent = self.ask(&Call::VRead { name: of.clone(), version }).await;
        match sent.reply {
            Reply::Entries { entries, .. } => {
                let Some(Entry { row, content }) = entries.into_iter().next() else { return };
                let op = content.unwrap_or_default().op;
                self.saw(&of, sent.span, Seen::Version { version: row.version, op }, How::VRead);
            }
            Reply::Refused(Some(Code::NotFound), text) => {
                let text = format!("{of} has version {newest} but not {version}: {text}");
                self.shared.record(|record| record.surprises.push(text));
            }
            _ => {}
        }
    }

    pub(super) async fn instance_history(&mut self) {
        let of = self.any();
        let sent = self.ask(&Call::history(Level::Instance(of.clone()), 20)).await;
        let Reply::Entries { entries, .. } = sent.reply else { return };
        let versions: Vec<_> = entries.iter().map(|entry| entry.row.version).collect();
        if !versions.windows(2).all(|pair| pair[0] == pair[1] + 1) {
            let text = format!("a gap in the history of {of} at {:?}: {versions:?}", sent.span);
            self.shared.record(|record| record.surprises.push(text));
        }
        if let Some(Entry { row, content }) = entries.into_iter().next() {
            let op = content.unwrap_or_default().op;
            self.saw(&of, sent.span, Seen::Version { version: row.version, op }, How::InstanceHistory);
        }
    }

    pub(super) async fn history(&mut self) {
        let level = match self.random.below(3) {
            0 => Level::System,
            kind => Level::Type(KINDS[kind as usize - 1]),
        };
        let count = self.random.pick(&[20, 100]);
        let sent = self.ask(&Call::history(level.clone(), count)).await;
        let Reply::Entries { entries, more, .. } = sent.reply else { return };
        let rows = entries.into_iter().map(|entry| entry.row).collect();
        let page = Page { level, span: sent.span, rows, last: more.is_none() };
        self.shared.record(|record| record.pages.push(page));
    }

    pub(super) async fn group_search(&mut self) {
        let (name, kind) = self.random.pick(&super::setup::GROUPS);
        let query = group_query(name);
        let sent = self.ask(&Call::search(kind, &[("identifier", query.as_str()), ("_count", "50")])).await;
        let Reply::Entries { entries, .. } = sent.reply else { return };
        for Entry { row, content } in &entries {
            let op = content.as_ref().map(|content| content.op.clone()).unwrap_or_default();
            self.saw(&row.of, sent.span, Seen::Version { version: row.version, op }, How::Search);
        }
        let members =
            entries.into_iter().map(|entry| (entry.row.of, entry.content.unwrap_or_default())).collect();
        let group = Group { name: name.to_owned(), span: sent.span, members };
        self.shared.record(|record| record.groups.push(group));
    }

    /// By a key that one resource has, right after it was made.
    pub(super) async fn find(&mut self, kind: &'static str, key: &str) {
        let identifier = format!("{KEY}|{key}");
        let sent = self.ask(&Call::search(kind, &[("identifier", identifier.as_str())])).await;
        let Reply::Entries { entries, .. } = sent.reply else { return };
        let found: Vec<Name> = entries.into_iter().map(|entry| entry.row.of).collect();
        let find = Find { key: key.to_owned(), span: sent.span, found };
        self.shared.record(|record| record.finds.push(find));
    }
}

fn static_kind(of: &str) -> &'static str {
    KINDS.into_iter().find(|kind| *kind == kind_of(of)).unwrap_or(KINDS[0])
}
