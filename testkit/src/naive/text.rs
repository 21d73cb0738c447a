//! How values are written: <https://hl7.org/fhir/R4/search.html#escaping>.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// The parts between separators that have no backslash before them; they keep their escapes.
pub fn split(text: &str, separator: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut escaped = false;
    for letter in text.chars() {
        if letter == separator && !escaped {
            parts.push(String::new());
        } else if let Some(last) = parts.last_mut() {
            last.push(letter);
        }
        escaped = letter == '\\' && !escaped;
    }
    parts
}

/// Without the escapes.
pub fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text.chars();
    while let Some(letter) = rest.next() {
        let next = rest.clone().next().filter(|next| ",|$\\".contains(*next));
        match (letter, next) {
            ('\\', Some(next)) => {
                rest.next();
                out.push(next);
            }
            _ => out.push(letter),
        }
    }
    out
}

/// With them.
pub fn escape(text: &str) -> String {
    text.replace('\\', r"\\").replace(',', r"\,").replace('|', r"\|").replace('$', r"\$")
}

/// As a person would type it who has neither accents nor capitals. Letters that are in no name of the tests are taken as they are.
pub fn plain(text: &str) -> String {
    let mut out = String::new();
    let letters = text.nfd().filter(|letter| !is_combining_mark(*letter)).flat_map(char::to_lowercase);
    for letter in letters {
        match letter {
            'ł' => out.push('l'),
            'ø' => out.push('o'),
            'đ' => out.push('d'),
            'ß' => out.push_str("ss"),
            'æ' => out.push_str("ae"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_letters() {
        assert_eq!(split(r"a\,b,c\\,", ','), [r"a\,b", r"c\\", ""]);
        assert_eq!(unescape(r"a\,b\|\$\\\x"), r"a,b|$\\x");
        assert_eq!(unescape(&escape(r"a,b|c$d\e")), r"a,b|c$d\e");
        assert_eq!(plain("Łódź MU\u{308}LLER Straße Nguyễn"), "lodz muller strasse nguyen");
    }
}
