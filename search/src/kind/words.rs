//! `_text` and `_content`: https://hl7.org/fhir/R4/search.html#text. Words, their starts, and words side by side; what a search makes of
//! them is in `query/words`.

use super::condition::Condition;
use super::index::{Lookup, Place, exact, head, tag};
use super::text::quoted;
use fhir::index::{Value, Words};

/// Whether a parameter is one of the two.
pub fn is_one(name: &str) -> bool {
    matches!(name, "_text" | "_content")
}

/// A condition on the words of a resource.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum WordsMatch {
    /// It has the word.
    Word(String),
    /// It has a word that starts so.
    Start(String),
    /// It has these side by side; two at least.
    Phrase(Vec<String>),
}

impl WordsMatch {
    /// How often a text has it.
    pub fn times(&self, text: Words<'_>) -> usize {
        match self {
            WordsMatch::Word(word) => text.times(word),
            WordsMatch::Start(start) => text.times_started(start),
            WordsMatch::Phrase(phrase) => text.times_phrase(phrase),
        }
    }
}

impl Condition for WordsMatch {
    #[inline]
    fn holds(&self, value: Value<'_>) -> bool {
        let Value::Words(words) = value else { return false };
        match self {
            WordsMatch::Word(word) => words.has(word),
            WordsMatch::Start(start) => words.has_start(start),
            WordsMatch::Phrase(phrase) => words.has_phrase(phrase),
        }
    }

    fn canonical(&self) -> Result<String, proto::Error> {
        Ok(match self {
            WordsMatch::Word(word) => format!(":word{}", quoted(word)),
            WordsMatch::Start(start) => format!(":start{}", quoted(start)),
            WordsMatch::Phrase(phrase) => format!(":phrase{}", quoted(&phrase.join(" "))),
        })
    }

    /// Of a phrase its longest word's, which few others have.
    fn lookup(&self, place: Place) -> Lookup {
        match self {
            WordsMatch::Word(word) => Lookup::Term(term(place, word)),
            WordsMatch::Start(start) => {
                let mut prefix = head(place, tag::WORD);
                prefix.extend_from_slice(start.as_bytes());
                Lookup::Prefix(prefix)
            }
            WordsMatch::Phrase(phrase) => {
                let longest = phrase.iter().max_by_key(|word| word.len());
                Lookup::Term(term(place, longest.map_or("", String::as_str)))
            }
        }
    }

    fn is_checked(&self) -> bool {
        matches!(self, WordsMatch::Phrase(_))
    }
}

/// The terms of a value.
pub fn terms(place: Place, value: &Value<'_>, mut add: impl FnMut(Vec<u8>)) {
    if let Value::Words(words) = *value {
        words.each(|word| add(term(place, word)));
    }
}

fn term(place: Place, word: &str) -> Vec<u8> {
    exact(place, tag::WORD, word.as_bytes())
}
