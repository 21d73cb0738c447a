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
    scratch: Vec<u8>,
}

#[derive(Clone, Copy)]
struct Entry {
    param: ParamId,
    start: u32,
    end: u32,
}

impl<'o, 'd> Collector<'o, 'd> {
    pub(super) fn new(options: &'o ExtractOptions<'o>, resource: Node<'d>) -> Self {
        let (bytes, entries) = (Vec::with_capacity(2048), Vec::with_capacity(96));
        Collector { options, resource, notes: Vec::new(), bytes, entries, scratch: Vec::with_capacity(256) }
    }

    /// For the values of one component.
    pub(super) fn nested(&self) -> Self {
        let (bytes, entries) = (Vec::new(), Vec::new());
        Collector {
            options: self.options,
            resource: self.resource,
            notes: Vec::new(),
            bytes,
            entries,
            scratch: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, param: ParamId, value: Value<'_>) {
        self.scratch.clear();
        let tag = value.write(&mut self.scratch);
        let start = self.bytes.len() as u32;
        self.bytes.push(tag);
        write_len(&mut self.bytes, self.scratch.len());
        self.bytes.extend_from_slice(&self.scratch);
        self.entries.push(Entry { param, start, end: self.bytes.len() as u32 });
    }

    /// Reports a value that does not fit its type and is left out.
    pub(super) fn note(&mut self, param: ParamId, value: Node<'_>, problem: &'static str) {
        self.notes.push(Note { param, offset: value.span().start, problem });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All values in the order they were found, without parameter numbers: a component of a composite.
    pub(super) fn flat(&self) -> &[u8] {
        &self.bytes
    }

    /// Appends the whole to `out`: parameters by number, each one's values in byte order, equal ones once.
    pub(super) fn finish(mut self, out: &mut Vec<u8>) -> Vec<Note> {
        let bytes = std::mem::take(&mut self.bytes);
        let value = |entry: &Entry| &bytes[entry.start as usize..entry.end as usize];
        self.entries.sort_unstable_by(|a, b| (a.param, value(a)).cmp(&(b.param, value(b))));
        self.entries.dedup_by(|a, b| (a.param, value(a)) == (b.param, value(b)));
        out.reserve(bytes.len() + 4 * self.entries.len());
        out.push(FORMAT_VERSION);
        for group in self.entries.chunk_by(|a, b| a.param == b.param) {
            out.extend_from_slice(&group[0].param.0.to_le_bytes());
            write_len(out, group.iter().map(|entry| value(entry).len()).sum());
            for entry in group {
                out.extend_from_slice(value(entry));
            }
        }
        self.notes
    }
}
