//! The form in which texts are compared.

use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// `text` in lower case without accents: Unicode canonical decomposition, combining marks dropped, lower case, in that
/// order. String searches compare this form on both sides (<https://hl7.org/fhir/R4/search.html#string>).
pub fn normalize(text: &str) -> Cow<'_, str> {
    if !text.is_ascii() {
        return Cow::Owned(spell_out(
            text.nfd().filter(|&letter| !is_combining_mark(letter)).flat_map(char::to_lowercase),
        ));
    }
    match text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => Cow::Owned(text.to_ascii_lowercase()),
        false => Cow::Borrowed(text),
    }
}

/// Text that was [`normalize`]d by this build or by an older one, which left some letters as they were.
pub fn renormalize(text: &str) -> Cow<'_, str> {
    match !text.is_ascii() && text.chars().any(|letter| spelled_out(letter).is_some()) {
        true => Cow::Owned(spell_out(text.chars())),
        false => Cow::Borrowed(text),
    }
}

fn spell_out(letters: impl Iterator<Item = char>) -> String {
    let mut text = String::new();
    for letter in letters {
        match spelled_out(letter) {
            Some(spelled) => text.push_str(spelled),
            None => text.push(letter),
        }
    }
    text
}

/// What people without the letter on their keyboard type for it. Unicode takes accents off letters, but these are letters of
/// their own to it; the spellings are those of ICU's Latin-ASCII, none longer than the letter in UTF-8.
fn spelled_out(letter: char) -> Option<&'static str> {
    Some(match letter {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'þ' => "th",
        'ħ' => "h",
        'ı' => "i",
        'ŋ' => "n",
        'ŧ' => "t",
        'ĸ' => "q",
        'ƀ' => "b",
        'ɨ' => "i",
        'ʉ' => "u",
        // The same letter at the end of a word.
        'ς' => "σ",
        _ => return None,
    })
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
    use super::{fold, normalize, renormalize};

    #[test]
    fn case_and_accents_fold() {
        for (text, folded) in [
            ("Müller", "muller"),
            ("Mu\u{308}ller", "muller"),
            ("ÉCOLE", "ecole"),
            ("ŁÓDŹ", "lodz"),
            ("Lodz", "lodz"),
            ("Søren Ørsted", "soren orsted"),
            ("STRASSE", "strasse"),
            ("STRAẞE", "strasse"),
            ("Ǽgir Þór Œuvre", "aegir thor oeuvre"),
            ("ΟΔΟΣ", "οδοσ"),
            ("οδός", "οδοσ"),
            ("Işık", "isik"),
            ("abc 1", "abc 1"),
            ("Straße", "strasse"),
            ("山田", "山田"),
            ("", ""),
        ] {
            assert_eq!(normalize(text), folded);
            assert_eq!(fold(text, &mut "before".to_owned()), folded);
            assert_eq!(renormalize(folded), folded, "once is enough");
        }
    }

    #[test]
    fn what_an_older_build_normalized_is_brought_up_to_date() {
        for (old, now) in [("straße", "strasse"), ("łodz", "lodz"), ("山田", "山田"), ("abc", "abc")] {
            assert_eq!(renormalize(old), now);
        }
    }
}
