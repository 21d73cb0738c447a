//! Gathers values during the walk and lays them out by parameter.

use super::encoder::Encoder;
use super::extract::{ExtractOptions, Note};
use super::heap::write_number;
use super::value::Value;
use super::wire::FORMAT_VERSION;
use crate::definitions::{ParamId, ResourceType};
use crate::json::Node;
use std::cell::Cell;

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
    scratch: Box<Scratch>,
}

/// The memory of a collector, kept for the thread's next one.
#[derive(Default)]
struct Scratch {
    encoder: Encoder,
    /// Parameter number and value offset.
    entries: Vec<u64>,
    /// The components of the composite at work.
    parts: Vec<u8>,
    offsets: Vec<u8>,
    ends: Vec<u32>,
}

/// What a thread keeps at most: resources with more values than this are rare.
const KEPT_BYTES_MAX: usize = 64 << 10;

thread_local! {
    static SCRATCH: Cell<Option<Box<Scratch>>> = const { Cell::new(None) };
}

/// A place in the list of what was found.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    entries: usize,
    notes: usize,
}

impl<'o, 'd> Collector<'o, 'd> {
    pub(super) fn new(options: &'o ExtractOptions<'o>, resource: Node<'d>) -> Self {
        Collector { options, resource, notes: Vec::new(), scratch: SCRATCH.take().unwrap_or_default() }
    }

    pub(super) fn add(&mut self, param: ParamId, value: Value<'_>) {
        let offset = self.scratch.encoder.value(&value);
        self.scratch.entries.push(entry(param, offset));
    }

    /// Reports a value that does not fit its type and is left out.
    pub(super) fn note(&mut self, param: ParamId, value: Node<'_>, problem: &'static str) {
        self.notes.push(Note { param, offset: value.span().start, problem });
    }

    pub(super) fn mark(&self) -> Mark {
        Mark { entries: self.scratch.entries.len(), notes: self.notes.len() }
    }

    /// What was found since `mark` is found for `param` too.
    pub(super) fn repeat(&mut self, mark: Mark, end: Mark, param: ParamId) {
        for at in mark.entries..end.entries {
            let offset = self.scratch.entries[at] as u32;
            self.scratch.entries.push(entry(param, offset));
        }
        for at in mark.notes..end.notes {
            let note = Note { param, ..self.notes[at].clone() };
            self.notes.push(note);
        }
    }

    /// Begins a composite.
    pub(super) fn composite(&mut self) {
        self.scratch.parts.clear();
    }

    /// Takes the values found since `mark` away again as the composite's next component, without parameter numbers.
    /// False if there was none.
    pub(super) fn component(&mut self, mark: Mark) -> bool {
        let Scratch { entries, parts, offsets, .. } = &mut *self.scratch;
        offsets.clear();
        for entry in &entries[mark.entries..] {
            write_number(offsets, u64::from(*entry as u32));
        }
        entries.truncate(mark.entries);
        write_number(parts, offsets.len() as u64);
        parts.extend_from_slice(offsets);
        !offsets.is_empty()
    }

    /// Adds the composite of the components since [`composite`](Self::composite).
    pub(super) fn add_composite(&mut self, param: ParamId) {
        let parts = std::mem::take(&mut self.scratch.parts);
        self.add(param, Value::composite(&parts));
        self.scratch.parts = parts;
    }

    /// Appends the whole to `out`: parameters by number, each one's values in the order they were found, equal ones once.
    pub(super) fn finish(mut self, out: &mut Vec<u8>) -> Vec<Note> {
        self.scratch.write(out);
        self.scratch.encoder.clear();
        if self.scratch.bytes() <= KEPT_BYTES_MAX {
            SCRATCH.set(Some(self.scratch));
        }
        self.notes
    }
}

fn entry(param: ParamId, offset: u32) -> u64 {
    (u64::from(param.0) << 32) | u64::from(offset)
}

impl Scratch {
    fn write(&mut self, out: &mut Vec<u8>) {
        let Scratch { encoder, entries, parts: params, offsets, ends } = self;
        entries.sort_unstable();
        entries.dedup();
        params.clear();
        offsets.clear();
        ends.clear();
        for group in entries.chunk_by(|a, b| a >> 32 == b >> 32) {
            params.extend_from_slice(&((group[0] >> 32) as u16).to_le_bytes());
            for entry in group {
                write_number(offsets, u64::from(*entry as u32));
            }
            ends.push(offsets.len() as u32);
        }
        entries.clear();
        let width = match offsets.len() {
            ..0x100 => 1,
            0x100..0x10000 => 2,
            _ => 4,
        };
        out.reserve(
            16 + params.len() + 4 * ends.len() + offsets.len() + encoder.texts.len() + encoder.values.len(),
        );
        out.extend_from_slice(&[FORMAT_VERSION, width]);
        write_number(out, ends.len() as u64);
        write_number(out, encoder.texts.len() as u64);
        out.extend_from_slice(params);
        for end in ends {
            out.extend_from_slice(&end.to_le_bytes()[..usize::from(width)]);
        }
        out.extend_from_slice(offsets);
        out.extend_from_slice(&encoder.texts);
        out.extend_from_slice(&encoder.values);
    }

    fn bytes(&self) -> usize {
        self.encoder.texts.capacity() + self.encoder.values.capacity() + 8 * self.entries.capacity()
    }
}
