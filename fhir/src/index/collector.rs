//! Gathers values during the walk and lays them out by parameter.

use super::encoder::Encoder;
use super::heap::write_number;
use super::reference::Bases;
use super::text::fold;
use super::value::Value;
use super::wire::FORMAT_VERSION;
use crate::definitions::{ParamId, ResourceType};
use crate::json::Node;
use std::cell::Cell;

/// A value that does not fit its type. It is left out of the index; to refuse the resource is validation's decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    pub param: ParamId,
    /// Byte offset of the value in the document's source.
    pub offset: usize,
    pub problem: &'static str,
}

/// The values found so far.
pub(super) struct Collector<'o, 'd> {
    /// References below one of them are stored as local ones.
    pub(super) bases: Bases<'o>,
    pub(super) resource: Node<'d>,
    /// The types a reference of the parameter at work may point to.
    pub(super) targets: &'o [ResourceType],
    notes: Vec<Note>,
    scratch: Box<Scratch>,
}

/// The memory of a collector, kept for the thread's next one.
#[derive(Default)]
struct Scratch {
    encoder: Encoder,
    /// Parameter number and value offset.
    entries: Vec<u64>,
    /// Offsets of what the conversion at work has added.
    found: Vec<u32>,
    /// Where its problems begin in the notes.
    notes_from: usize,
    /// Components of composites, until the element they belong to ends.
    slots: Vec<Vec<u32>>,
    folded: String,
    parts: Vec<u8>,
    offsets: Vec<u8>,
    ends: Vec<u32>,
}

/// Where the values of one component of a composite wait for those of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot(pub(super) u16);

/// Who gets what a conversion finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sink {
    pub(super) param: ParamId,
    /// Of a composite parameter the component.
    pub(super) slot: Option<Slot>,
}

/// What a thread keeps at most: resources with more values than this are rare.
const KEPT_BYTES_MAX: usize = 64 << 10;

thread_local! {
    static SCRATCH: Cell<Option<Box<Scratch>>> = const { Cell::new(None) };
}

impl<'o, 'd> Collector<'o, 'd> {
    /// For a plan with that many slots.
    pub(super) fn new(bases: Bases<'o>, resource: Node<'d>, slots: usize) -> Self {
        let mut scratch = SCRATCH.take().unwrap_or_default();
        if scratch.slots.len() < slots {
            scratch.slots.resize_with(slots, Vec::new);
        }
        Collector { bases, resource, targets: &[], notes: Vec::new(), scratch }
    }

    /// Takes a value of the conversion at work.
    pub(super) fn add(&mut self, value: Value<'_>) {
        let offset = self.scratch.encoder.once(|to| value.write(to));
        self.scratch.found.push(offset);
    }

    /// Takes what a person reads of a coded value.
    pub(super) fn add_token_text(&mut self, text: &str) {
        let mut folded = std::mem::take(&mut self.scratch.folded);
        self.add(Value::TokenText(fold(text, &mut folded)));
        self.scratch.folded = folded;
    }

    pub(super) fn add_string(&mut self, exact: &str) {
        let mut folded = std::mem::take(&mut self.scratch.folded);
        self.add(Value::String { normalized: fold(exact, &mut folded), exact });
        self.scratch.folded = folded;
    }

    /// Takes a value that no conversion finds.
    pub(super) fn add_of(&mut self, param: ParamId, value: Value<'_>) {
        let offset = self.scratch.encoder.once(|to| value.write(to));
        self.scratch.entries.push(entry(param, offset));
    }

    /// Reports a value that does not fit its type and is left out.
    pub(super) fn note(&mut self, value: Node<'_>, problem: &'static str) {
        self.notes.push(Note { param: ParamId(0), offset: value.span().start, problem });
    }

    /// Takes what was reported of a contained resource.
    pub(super) fn add_notes(&mut self, notes: Vec<Note>) {
        self.notes.extend(notes);
    }

    /// Begins a conversion.
    pub(super) fn begin(&mut self, targets: &'o [ResourceType]) {
        self.targets = targets;
        self.scratch.found.clear();
        self.scratch.notes_from = self.notes.len();
    }

    /// Ends a conversion: what was found goes to all of these.
    pub(super) fn end(&mut self, sinks: &[Sink]) {
        let Scratch { entries, found, slots, .. } = &mut *self.scratch;
        for sink in sinks {
            match sink.slot {
                None => entries.extend(found.iter().map(|&offset| entry(sink.param, offset))),
                Some(slot) => slots[usize::from(slot.0)].extend_from_slice(found),
            }
        }
        if self.notes.len() > self.scratch.notes_from {
            self.repeat_notes(sinks);
        }
    }

    #[cold]
    fn repeat_notes(&mut self, sinks: &[Sink]) {
        let notes = self.notes.split_off(self.scratch.notes_from);
        for sink in sinks {
            self.notes.extend(notes.iter().map(|note| Note { param: sink.param, ..note.clone() }));
        }
    }

    pub(super) fn is_empty(&self, slot: Slot) -> bool {
        self.scratch.slots[usize::from(slot.0)].is_empty()
    }

    pub(super) fn empty(&mut self, slot: Slot) {
        self.scratch.slots[usize::from(slot.0)].clear();
    }

    /// Adds a composite of the values that wait in `components`.
    pub(super) fn add_composite(&mut self, params: &[ParamId], components: impl Iterator<Item = Slot>) {
        let Scratch { encoder, entries, slots, parts, offsets, .. } = &mut *self.scratch;
        parts.clear();
        for slot in components {
            offsets.clear();
            for offset in &slots[usize::from(slot.0)] {
                write_number(offsets, u64::from(*offset));
            }
            write_number(parts, offsets.len() as u64);
            parts.extend_from_slice(offsets);
        }
        let composite = Value::composite(parts);
        let offset = encoder.once(|to| composite.write(to));
        entries.extend(params.iter().map(|param| entry(*param, offset)));
    }

    /// Appends the whole to `out`: parameters by number, each one's values in the order they were found, equal ones once.
    pub(super) fn finish(mut self, out: &mut Vec<u8>) -> Vec<Note> {
        self.scratch.write(out);
        self.scratch.encoder.clear();
        if self.scratch.bytes() <= KEPT_BYTES_MAX {
            self.scratch.slots.iter_mut().for_each(Vec::clear);
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
        let Scratch { encoder, entries, parts: params, offsets, ends, .. } = self;
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
        let slots: usize = self.slots.iter().map(Vec::capacity).sum();
        self.encoder.texts.capacity()
            + self.encoder.values.capacity()
            + 8 * self.entries.capacity()
            + 4 * (self.found.capacity() + slots)
    }
}
