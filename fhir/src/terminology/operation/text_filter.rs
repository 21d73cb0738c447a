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
        match own_texts(entry, supplements) {
            // The value set adds no text of its own: the code system's are normalized already.
            None => self.words.iter().all(|word| begins_a_word(entry.system_text(), word)),
            Some(texts) => {
                let own = normalize(&texts).into_owned();
                let begins = |word| begins_a_word(&own, word) || begins_a_word(entry.system_text(), word);
                self.words.iter().all(begins)
            }
        }
    }
}

/// The texts that the code system itself does not give: those of the value set and of supplements.
fn own_texts(entry: Entry<'_>, supplements: &Supplements) -> Option<String> {
    let own = entry.own_texts();
    if supplements.is_empty() {
        return own;
    }
    let more = supplements.of(entry.system(), entry.version(), entry.code());
    let more: Vec<_> = more.flat_map(|(_, concept)| &concept.designations).map(|one| &*one.value).collect();
    match (own, more.is_empty()) {
        (own, true) => own,
        (own, false) => Some(format!("{}\n{}", own.unwrap_or_default(), more.join("\n"))),
    }
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
