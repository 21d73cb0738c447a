//! Writes texts and values, each once.

use super::heap::{known_text, own_text, write_number};
use crate::definitions::known_texts;
use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::{BuildHasher, Hasher};

/// The heap of a set of index values while it grows.
#[derive(Default)]
pub(super) struct Encoder {
    pub(super) texts: Vec<u8>,
    pub(super) values: Vec<u8>,
    known_texts: HashTable<Span>,
    known_values: HashTable<Span>,
    /// Seeded at random, so that nobody can send texts that all fall into one place. What is written does not depend on
    /// the seed: tables are only asked for equal bytes.
    hasher: DefaultHashBuilder,
}

/// Bytes written before, with their hash.
#[derive(Clone, Copy)]
struct Span {
    hash: u64,
    /// Where the bytes are.
    start: u32,
    end: u32,
    /// By what they are named: for a text, its length is before it.
    offset: u32,
}

impl Encoder {
    /// As new, but for the memory held.
    pub(super) fn clear(&mut self) {
        self.texts.clear();
        self.values.clear();
        self.known_texts.clear();
        self.known_values.clear();
    }

    /// The offset of an equal value written before, or of the one that `write` writes now.
    pub(super) fn once(&mut self, write: impl FnOnce(&mut Encoder)) -> u32 {
        let start = self.values.len();
        write(self);
        let (before, new) = self.values.split_at(start);
        let hash = hash(&self.hasher, new);
        let equal = |span: &Span| span.hash == hash && before[span.start as usize..span.end as usize] == *new;
        match self.known_values.entry(hash, equal, |span| span.hash) {
            Entry::Occupied(found) => {
                self.values.truncate(start);
                found.get().offset
            }
            Entry::Vacant(free) => {
                let (start, end) = (start as u32, self.values.len() as u32);
                free.insert(Span { hash, start, end, offset: start });
                start
            }
        }
    }

    pub(super) fn tag(&mut self, tag: u8) -> &mut Self {
        self.values.push(tag);
        self
    }

    pub(super) fn number(&mut self, number: u64) -> &mut Self {
        write_number(&mut self.values, number);
        self
    }

    pub(super) fn signed(&mut self, number: i64) -> &mut Self {
        self.number(((number << 1) ^ (number >> 63)) as u64)
    }

    pub(super) fn key(&mut self, key: i64) -> &mut Self {
        self.values.extend_from_slice(&key.to_le_bytes());
        self
    }

    pub(super) fn sized(&mut self, bytes: &[u8]) -> &mut Self {
        self.number(bytes.len() as u64);
        self.values.extend_from_slice(bytes);
        self
    }

    pub(super) fn texts<const N: usize>(&mut self, tag: u8, texts: [Option<&str>; N]) {
        self.tag(tag);
        for text in texts {
            self.text(text);
        }
    }

    pub(super) fn text(&mut self, text: Option<&str>) -> &mut Self {
        let code = text.map_or(0, |text| match known_texts::number(text) {
            Some(number) => known_text(number),
            None => own_text(self.own_text(text.as_bytes())),
        });
        self.number(code)
    }

    fn own_text(&mut self, text: &[u8]) -> u32 {
        let hash = hash(&self.hasher, text);
        let texts = &mut self.texts;
        let equal = |span: &Span| span.hash == hash && texts[span.start as usize..span.end as usize] == *text;
        match self.known_texts.entry(hash, equal, |span| span.hash) {
            Entry::Occupied(found) => found.get().offset,
            Entry::Vacant(free) => {
                let offset = texts.len() as u32;
                write_number(texts, text.len() as u64);
                let start = texts.len() as u32;
                texts.extend_from_slice(text);
                free.insert(Span { hash, start, end: texts.len() as u32, offset });
                offset
            }
        }
    }
}

fn hash(hasher: &DefaultHashBuilder, bytes: &[u8]) -> u64 {
    let mut hasher = hasher.build_hasher();
    hasher.write(bytes);
    hasher.finish()
}
