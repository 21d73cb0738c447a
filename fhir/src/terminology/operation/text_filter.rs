//! The text filter of `$expand`.

use crate::index::query::normalize;
use crate::terminology::Entry;
use crate::terminology::supplements::Supplements;
use memchr::memmem::Finder;

/// Words, all of which must begin a word of a concept's code, display or designations; case and accents do not count.
pub(super) struct TextFilter {
    words: Vec<Finder<'static>>,
}

impl TextFilter {
    pub fn new(text: &str) -> TextFilter {
        let normalized = normalize(text);
        let words = normalized.split_whitespace().map(|word| Finder::new(word.as_bytes()).into_owned());
        TextFilter { words: words.collect() }
    }

    pub fn passes(&self, entry: Entry<'_>, supplements: &Supplements) -> bool {
        let (own, system) = (entry.own_text(), entry.system_text());
        let more = if supplements.is_empty() { String::new() } else { text_of(supplements, entry) };
        self.words.iter().all(|word| [system, own, &more].iter().any(|text| begins_a_word(text, word)))
    }
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
    fn words_begin_words() {
        let begins = |text: &str, word: &str| begins_a_word(text, &Finder::new(word));
        assert!(begins("acute asthma", "ast"));
        assert!(begins("non-acute", "acute"));
        assert!(!begins("subacute asthma", "acute"));
        assert!(begins("subacute acute", "acute"));
        assert!(begins("östlich", "östl"));
    }
}
