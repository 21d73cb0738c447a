//! Gathers values during the walk and lays them out sorted.

use super::extract::{ExtractOptions, Note};
use super::value::Value;
use super::wire::{FORMAT_VERSION, write_len};
use crate::definitions::{ParamId, ResourceType};
use crate::json::Node;

/// What a converter may look at beside its value.
#[derive(Clone, Copy)]
pub(super) struct Target<'p> {
    pub(super) param: ParamId,
    /// The types a reference parameter may point to; empty for any.
    pub(super) targets: &'p [ResourceType],
}

/// The values found so far.
pub(super) struct Collector<'o, 'd> {
    pub(super) options: &'o ExtractOptions<'o>,
    pub(super) resource: Node<'d>,
    pub(super) notes: Vec<Note>,
    bytes: Vec<u8>,
    entries: Vec<Entry>,
}

#[derive(Clone, Copy)]
struct Entry {
    /// The parameter number, then the first six bytes of the value: sorting by it leaves few values to compare whole.
    key: u64,
    start: u32,
    end: u32,
}

impl Entry {
    fn param(&self) -> u16 {
        (self.key >> 48) as u16
    }
}

impl<'o, 'd> Collector<'o, 'd> {
    pub(super) fn new(options: &'o ExtractOptions<'o>, resource: Node<'d>) -> Self {
        let (bytes, entries) = (Vec::with_capacity(2048), Vec::with_capacity(96));
        Collector { options, resource, notes: Vec::new(), bytes, entries }
    }

    pub(super) fn add(&mut self, param: ParamId, value: Value<'_>) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[0, 0]);
        self.bytes[start] = value.write(&mut self.bytes);
        match self.bytes.len() - start - 2 {
            len @ ..0x80 => self.bytes[start + 1] = len as u8,
            len => {
                let mut prefix = Vec::with_capacity(5);
                write_len(&mut prefix, len);
                self.bytes.splice(start + 1..start + 2, prefix);
            }
        }
        let mut head = [0; 8];
        head[..2].copy_from_slice(&param.0.to_be_bytes());
        let known = (self.bytes.len() - start).min(6);
        head[2..2 + known].copy_from_slice(&self.bytes[start..start + known]);
        self.entries.push(Entry {
            key: u64::from_be_bytes(head),
            start: start as u32,
            end: self.bytes.len() as u32,
        });
    }

    /// Reports a value that does not fit its type and is left out.
    pub(super) fn note(&mut self, param: ParamId, value: Node<'_>, problem: &'static str) {
        self.notes.push(Note { param, offset: value.span().start, problem });
    }

    /// Runs `find` and takes the values it added away again, in the order they were found and without parameter
    /// numbers: one component of a composite, appended to `part` behind its length. False if there was none.
    pub(super) fn component(&mut self, part: &mut Vec<u8>, find: impl FnOnce(&mut Self)) -> bool {
        let (bytes, entries) = (self.bytes.len(), self.entries.len());
        find(self);
        write_len(part, self.bytes.len() - bytes);
        part.extend_from_slice(&self.bytes[bytes..]);
        let found = self.entries.len() > entries;
        self.bytes.truncate(bytes);
        self.entries.truncate(entries);
        found
    }

    /// Appends the whole to `out`: parameters by number, each one's values in byte order, equal ones once.
    pub(super) fn finish(mut self, out: &mut Vec<u8>) -> Vec<Note> {
        let bytes = std::mem::take(&mut self.bytes);
        let value = |entry: &Entry| &bytes[entry.start as usize..entry.end as usize];
        self.entries.sort_unstable_by(|a, b| a.key.cmp(&b.key).then_with(|| value(a).cmp(value(b))));
        self.entries.dedup_by(|a, b| a.key == b.key && value(a) == value(b));
        out.reserve(bytes.len() + 4 * self.entries.len());
        out.push(FORMAT_VERSION);
        for group in self.entries.chunk_by(|a, b| a.param() == b.param()) {
            out.extend_from_slice(&group[0].param().to_le_bytes());
            write_len(out, group.iter().map(|entry| value(entry).len()).sum());
            for entry in group {
                out.extend_from_slice(value(entry));
            }
        }
        self.notes
    }
}
