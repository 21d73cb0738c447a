//! Words: how a text is taken apart into them, and how they are stored.

use super::heap::read_number;
use super::text::normalize;

/// In an order what stands between two texts.
const BETWEEN: u64 = 0;
/// Bytes of a word that count.
pub(super) const WORD_BYTES_MAX: usize = 64;

/// Distinct words, maybe of more texts than these, and the order in which they come in these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words<'a> {
    /// A space between.
    pub(super) dictionary: &'a str,
    /// Numbers of words, from 1; 0 between two texts.
    pub(super) order: &'a [u8],
}

impl<'a> Words<'a> {
    /// Whether the word is there.
    pub fn has(self, word: &str) -> bool {
        self.number(word).is_some_and(|number| self.numbers().any(|one| one == number))
    }

    /// Whether a word is there that starts so.
    pub fn has_start(self, start: &str) -> bool {
        let mut numbers = (1..).zip(self.dictionary.split(' ')).filter(|(_, word)| word.starts_with(start));
        numbers.any(|(number, _)| self.numbers().any(|one| one == number))
    }

    /// Whether these stand side by side.
    pub fn has_phrase(self, words: &[String]) -> bool {
        self.places_of(words).next().is_some()
    }

    /// What is left of the order at each place where these stand side by side.
    fn places_of(self, words: &[String]) -> impl Iterator<Item = &'a [u8]> {
        let wanted: Option<Vec<u64>> = words.iter().map(|word| self.number(word)).collect();
        let mut rest = if wanted.is_some() { self.order } else { &[] };
        let wanted = wanted.unwrap_or_default();
        std::iter::from_fn(move || {
            while !rest.is_empty() {
                let place = rest;
                rest = if read_number(&mut rest).is_some() { rest } else { &[] };
                if (Numbers { rest: place }).take(wanted.len()).eq(wanted.iter().copied()) {
                    return Some(place);
                }
            }
            None
        })
    }

    /// How many words the text has, repeated ones counted each.
    #[expect(clippy::len_without_is_empty, reason = "a text without words is none")]
    pub fn len(self) -> usize {
        self.numbers().filter(|number| *number != BETWEEN).count()
    }

    /// How often the word is there.
    pub fn times(self, word: &str) -> usize {
        self.number(word).map_or(0, |number| self.numbers().filter(|one| *one == number).count())
    }

    /// How often a word is there that starts so.
    pub fn times_started(self, start: &str) -> usize {
        let words = (1..).zip(self.dictionary.split(' ')).filter(|(_, word)| word.starts_with(start));
        let wanted: Vec<u64> = words.map(|(number, _)| number).collect();
        self.numbers().filter(|number| wanted.binary_search(number).is_ok()).count()
    }

    /// How often these stand side by side.
    pub fn times_phrase(self, words: &[String]) -> usize {
        self.places_of(words).count()
    }

    /// Hands out each of them once.
    pub fn each(self, mut see: impl FnMut(&'a str)) {
        let mut is_there = vec![false; self.dictionary.len() + 2];
        for number in self.numbers() {
            if let Some(one) = usize::try_from(number).ok().and_then(|number| is_there.get_mut(number)) {
                *one = true;
            }
        }
        let words = is_there.iter().skip(1).zip(self.dictionary.split(' '));
        words.filter(|(is_there, _)| **is_there).for_each(|(_, word)| see(word));
    }

    fn number(self, word: &str) -> Option<u64> {
        (1..).zip(self.dictionary.split(' ')).find(|(_, known)| *known == word).map(|(number, _)| number)
    }

    fn numbers(self) -> Numbers<'a> {
        Numbers { rest: self.order }
    }
}

struct Numbers<'a> {
    rest: &'a [u8],
}

impl Iterator for Numbers<'_> {
    type Item = u64;

    #[inline]
    fn next(&mut self) -> Option<u64> {
        read_number(&mut self.rest)
    }
}

/// The words of a text that a search asks for, as those of resources are kept: letters and digits side by side, without case and
/// accents, of each its first 64 bytes.
pub fn words(text: &str) -> Vec<String> {
    split(&normalize(text)).map(str::to_owned).collect()
}

/// The words of a text that is normalized.
pub(super) fn split(normalized: &str) -> impl Iterator<Item = &str> {
    let words = normalized.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(|word| &word[..word.floor_char_boundary(WORD_BYTES_MAX)])
}
