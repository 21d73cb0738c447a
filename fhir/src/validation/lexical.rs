//! Regular expressions of values (<https://hl7.org/fhir/R4/extension-regex.html>).

use regex::{Regex, RegexBuilder};
use std::sync::OnceLock;

/// Bytes of an expression as written, and compiled; matching is linear in the text.
const TEXT_BYTES_MAX: usize = 4 << 10;
const PROGRAM_BYTES_MAX: usize = 1 << 20;

/// A regular expression that a whole value must match, compiled on first use.
#[derive(Debug)]
pub(super) struct Lexical {
    text: Box<str>,
    compiled: OnceLock<Option<Regex>>,
}

impl Lexical {
    pub fn new(text: &str) -> Self {
        Lexical { text: text.into(), compiled: OnceLock::new() }
    }

    /// Whether the value matches; `None` if the expression is none within the limits.
    pub fn fits(&self, value: &str) -> Option<bool> {
        self.compiled.get_or_init(|| compile(&self.text)).as_ref().map(|regex| regex.is_match(value))
    }

    /// For messages.
    pub fn shown(&self) -> String {
        self.text.chars().take(120).collect()
    }
}

impl PartialEq for Lexical {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

fn compile(text: &str) -> Option<Regex> {
    if text.len() > TEXT_BYTES_MAX {
        return None;
    }
    let build = |text: &str| RegexBuilder::new(text).size_limit(PROGRAM_BYTES_MAX).build().ok();
    // What is no expression by itself, such as `a)|(b`, must not become one between the anchors.
    build(text)?;
    build(&format!(r"\A(?:{text})\z"))
}

#[cfg(test)]
mod tests {
    use super::Lexical;

    #[test]
    fn the_whole_value_matches() {
        let fits = |text: &str, value: &str| Lexical::new(text).fits(value);
        assert_eq!(fits("[a-z]+", "abc"), Some(true));
        assert_eq!(fits("[a-z]+", "abc1"), Some(false));
        assert_eq!(fits("a|b", "ab"), Some(false), "an alternative is the whole value, too");
        assert_eq!(fits("a", "a\n"), Some(false));
        assert_eq!(fits("(", "a"), None);
        assert_eq!(fits("a)|(b", "ax"), None, "the anchors cannot be escaped");
        assert_eq!(fits("(?!a)b", "b"), None, "looking ahead is not linear");
        assert_eq!(fits("(a{1000}){1000}", "a"), None);
        assert_eq!(fits(&"a".repeat(5_000), "a"), None);
    }
}
