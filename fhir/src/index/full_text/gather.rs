//! Distinct words, and the order they come in.

use super::super::heap::write_number;
use super::super::text::fold;
use super::super::words::split;
use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::{BuildHasher, Hasher};
use std::ops::Range;

/// Bytes of distinct words and of their order that are kept of a resource; what comes later is not found.
pub(super) const BYTES_MAX: usize = 32_000;

/// Words that are gathered, in parts that share the words. Seeded at random, as the encoder is: what is gathered does not depend
/// on it.
#[derive(Default)]
pub(super) struct Gatherer {
    /// Each word once, a space between.
    words: String,
    /// Numbers of words, from 1; 0 between two texts.
    order: Vec<u8>,
    part: usize,
    count: u64,
    known: HashTable<Known>,
    /// Texts that are there: the same one says nothing more.
    texts: HashTable<Range<usize>>,
    folded: String,
    hasher: DefaultHashBuilder,
}

struct Known {
    hash: u64,
    at: Range<usize>,
    number: u64,
}

impl Gatherer {
    /// Adds a text. Words of it are neighbours, and no others.
    pub(super) fn add(&mut self, text: &str) {
        let mut folded = std::mem::take(&mut self.folded);
        let before = self.order.len();
        if before > self.part {
            write_number(&mut self.order, 0);
        }
        let (start, known) = (self.order.len(), self.count);
        let mut count = 0;
        for word in split(fold(text, &mut folded)) {
            if self.words.len() + self.order.len() + word.len() + 8 > BYTES_MAX {
                break;
            }
            let number = self.number(word);
            write_number(&mut self.order, number);
            count += 1;
        }
        let says_nothing_more = count == 0 || (count == 1 && self.count == known);
        if says_nothing_more || !self.is_new(start) {
            self.order.truncate(before);
        }
        self.folded = folded;
    }

    /// Whether the text that begins there in the order was not there before.
    fn is_new(&mut self, start: usize) -> bool {
        let (order, hasher, at) = (&self.order, &self.hasher, start..self.order.len());
        let hash_of = |at: &Range<usize>| hash(hasher, &order[at.clone()]);
        let equal = |other: &Range<usize>| order[other.clone()] == order[at.clone()];
        match self.texts.entry(hash_of(&at), equal, hash_of) {
            Entry::Occupied(_) => false,
            Entry::Vacant(free) => {
                free.insert(at.clone());
                true
            }
        }
    }

    /// The word's number.
    fn number(&mut self, word: &str) -> u64 {
        let (words, hash) = (&mut self.words, hash(&self.hasher, word.as_bytes()));
        let equal = |known: &Known| known.hash == hash && words[known.at.clone()] == *word;
        match self.known.entry(hash, equal, |known| known.hash) {
            Entry::Occupied(known) => known.get().number,
            Entry::Vacant(free) => {
                if !words.is_empty() {
                    words.push(' ');
                }
                let at = words.len()..words.len() + word.len();
                words.push_str(word);
                self.count += 1;
                free.insert(Known { hash, at, number: self.count });
                self.count
            }
        }
    }

    /// Ends a part, and says where it is in the order.
    pub(super) fn end_part(&mut self) -> Range<usize> {
        let start = std::mem::replace(&mut self.part, self.order.len());
        start..self.part
    }

    /// All words of all parts.
    pub(super) fn dictionary(&self) -> &str {
        &self.words
    }

    /// The order in a part.
    pub(super) fn order(&self, part: Range<usize>) -> &[u8] {
        &self.order[part]
    }

    /// As new, but for the memory held, which is bounded as the words are.
    pub(super) fn clear(&mut self) {
        self.words.clear();
        self.order.clear();
        (self.part, self.count) = (0, 0);
        self.known.clear();
        self.texts.clear();
        if self.folded.capacity() > BYTES_MAX {
            self.folded = String::new();
        }
    }
}

fn hash(hasher: &DefaultHashBuilder, bytes: &[u8]) -> u64 {
    let mut hasher = hasher.build_hasher();
    hasher.write(bytes);
    hasher.finish()
}
