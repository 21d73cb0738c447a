//! How values are written, in a search URL (https://hl7.org/fhir/R4/search.html#escaping) and in the canonical text.

/// Splits at unescaped `separator`s; the parts keep their escapes.
pub fn split(text: &str, separator: u8) -> Vec<&str> {
    let (mut parts, mut start, mut escaped) = (Vec::new(), 0, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            _ if byte == separator => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// Takes the escapes off: `\,` `\|` `\$` `\\`. A backslash before anything else stands for itself.
pub fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match (char, chars.peek()) {
            ('\\', Some(&next @ (',' | '|' | '$' | '\\'))) => {
                out.push(next);
                chars.next();
            }
            _ => out.push(char),
        }
    }
    out
}

/// Puts them on: for a value that a search is made of.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        if matches!(char, ',' | '|' | '$' | '\\') {
            out.push('\\');
        }
        out.push(char);
    }
    out
}

/// Whether `text` starts with `wanted`, or a word in it does. A word is what follows something that is neither letter nor
/// digit.
pub fn has_word(text: &str, wanted: &str) -> bool {
    if memchr::memmem::find(text.as_bytes(), wanted.as_bytes()).is_none() {
        return false;
    }
    let mut inside = false;
    text.char_indices().any(|(at, char)| {
        let starts = !inside;
        inside = char.is_alphanumeric();
        starts && text[at..].starts_with(wanted)
    })
}

/// In the canonical text: so that no value can look like another condition.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_where_they_start() {
        for wanted in ["b", "blood", "blood p", "pressure", "press", "(sys", "sys", "2", "ste"] {
            assert!(has_word("blood pressure (systolic), stage-2 ste", wanted), "{wanted}");
        }
        for wanted in ["lood", "ressure", "tolic", "bloodp", "blood  p", "stages", "-3"] {
            assert!(!has_word("blood pressure (systolic), stage-2 ste", wanted), "{wanted}");
        }
        assert!(has_word("ba a a", "a a") && !has_word("", "a") && has_word("日本", "日"));
        assert!(!has_word("日本", "本"));
    }

    #[test]
    fn escapes_protect() {
        assert_eq!(split(r"a\,b,c", b','), [r"a\,b", "c"]);
        assert_eq!(split(r"a\\,b", b','), [r"a\\", "b"]);
        assert_eq!(split("", b','), [""]);
        assert_eq!(split("s|ü|", b'|'), ["s", "ü", ""]);
        assert_eq!(unescape(r"a\,b\|c\$d\\e\f\"), r"a,b|c$d\e\f\");
        for text in [r"a,b|c$d\e\f\", r"\,", ""] {
            assert_eq!(unescape(&escape(text)), text);
            assert_eq!(split(&escape(text), b',').len(), 1);
        }
    }
}
