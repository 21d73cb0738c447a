//! The form in which texts are compared.

use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// `text` in lower case without accents: Unicode canonical decomposition, combining marks dropped, lower case, in that
/// order. String searches compare this form on both sides (<https://hl7.org/fhir/R4/search.html#string>).
pub fn normalize(text: &str) -> Cow<'_, str> {
    if !text.is_ascii() {
        return Cow::Owned(
            text.nfd().filter(|&letter| !is_combining_mark(letter)).flat_map(char::to_lowercase).collect(),
        );
    }
    match text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => Cow::Owned(text.to_ascii_lowercase()),
        false => Cow::Borrowed(text),
    }
}

/// [`normalize`] into memory that is used again.
pub(super) fn fold<'t>(text: &str, memory: &'t mut String) -> &'t str {
    memory.clear();
    if text.is_ascii() {
        memory.push_str(text);
        memory.make_ascii_lowercase();
    } else {
        memory.push_str(&normalize(text));
    }
    memory
}

#[cfg(test)]
mod tests {
    use super::{fold, normalize};

    #[test]
    fn case_and_accents_fold() {
        for (text, folded) in [
            ("Müller", "muller"),
            ("Mu\u{308}ller", "muller"),
            ("ÉCOLE", "ecole"),
            ("ŁÓDŹ", "łodz"),
            ("abc 1", "abc 1"),
            ("Straße", "straße"),
            ("山田", "山田"),
            ("", ""),
        ] {
            assert_eq!(normalize(text), folded);
            assert_eq!(fold(text, &mut "before".to_owned()), folded);
        }
    }
}
