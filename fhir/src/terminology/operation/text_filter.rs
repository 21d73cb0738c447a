//! The text filter of `$expand`.

use super::display::in_language_only;
use crate::index::query::normalize;
use crate::terminology::error::within;
use crate::terminology::supplements::Supplements;
use crate::terminology::{Entry, Error, Limits};
use memchr::memmem::Finder;
use std::collections::BTreeSet;

/// Words, all of which must begin a word of a concept's code, display or designations; case and accents do not count.
pub(super) struct TextFilter {
    words: Vec<Finder<'static>>,
}

impl TextFilter {
    /// Errors: the text is too long, or has too many words.
    pub fn new(text: &str, limits: &Limits) -> Result<TextFilter, Error> {
        within("bytes of a text filter", text.len(), limits.filter_bytes_max, "filter_bytes_max")?;
        let normalized = normalize(text);
        let words = distinct(normalized.split_whitespace());
        within("words of a text filter", words.len(), limits.filter_words_max, "filter_words_max")?;
        let words = words.into_iter().map(|word| Finder::new(word.as_bytes()).into_owned());
        Ok(TextFilter { words: words.collect() })
    }

    /// Whether the code, and what it is called in `language` (none: in any), has all words.
    pub fn passes(&self, entry: Entry<'_>, language: Option<&str>, supplements: &Supplements) -> bool {
        let (own, system) = (entry.own_text(), entry.system_text());
        let more = if supplements.is_empty() { String::new() } else { text_of(supplements, entry) };
        if !self.has_all(&[system, own, &more]) {
            return false;
        }
        let Some(language) = language else { return true };
        let texts = in_language_only(entry, language, supplements);
        let texts: Vec<_> = [entry.code()].into_iter().chain(texts).collect();
        self.has_all(&[&normalize(&texts.join("\n"))])
    }

    fn has_all(&self, texts: &[&str]) -> bool {
        self.words.iter().all(|word| texts.iter().any(|text| begins_a_word(text, word)))
    }
}

/// Each word once; what begins a word that begins with another, begins with that other as well.
fn distinct<'t>(words: impl Iterator<Item = &'t str>) -> Vec<&'t str> {
    let sorted: BTreeSet<_> = words.collect();
    // A word's extensions follow it.
    let mut following = sorted.iter().skip(1).map(Some).chain([None]);
    let mut is_extended = |word: &str| following.next().flatten().is_some_and(|next| next.starts_with(word));
    sorted.iter().copied().filter(|word| !is_extended(word)).collect()
}

/// What supplements call the code.
fn text_of(supplements: &Supplements, entry: Entry<'_>) -> String {
    let concepts = supplements.of(entry.system(), entry.version(), entry.code());
    let texts: Vec<_> = concepts.flat_map(|(_, one)| &one.designations).map(|one| &*one.value).collect();
    normalize(&texts.join("\n")).into_owned()
}

fn begins_a_word(text: &str, word: &Finder<'_>) -> bool {
    let begins = |at: usize| !text[..at].chars().next_back().is_some_and(char::is_alphanumeric);
    word.find_iter(text.as_bytes()).any(begins)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_looked_for_once() {
        let words = |text: &'static str| distinct(text.split_whitespace());
        assert_eq!(words("asthma ast acute asthma as"), ["acute", "asthma"]);
        assert_eq!(words("b a c"), ["a", "b", "c"]);
        assert_eq!(words(""), [""; 0]);
    }

    #[test]
    fn long_filters_are_refused() {
        let limits = Limits::default();
        let limit = |text: &str| match TextFilter::new(text, &limits).err() {
            Some(Error::TooCostly { limit, .. }) => limit,
            _ => "none",
        };
        let words = |count: usize| (10..10 + count).map(|word| format!("w{word} ")).collect::<String>();
        assert_eq!(limit(&words(32)), "none");
        assert_eq!(limit(&words(33)), "filter_words_max");
        assert_eq!(limit(&"same ".repeat(200)), "none");
        assert_eq!(limit(&"a".repeat(1_025)), "filter_bytes_max");
    }

    #[test]
    fn words_begin_words() {
        let begins = |text: &str, word: &str| begins_a_word(text, &Finder::new(word));
        assert!(begins("acute asthma", "ast"));
        assert!(begins("non-acute", "acute"));
        assert!(!begins("subacute asthma", "acute"));
        assert!(begins("subacute acute", "acute"));
        assert!(begins("östlich", "östl"));
    }
}
