//! JSON Pointer, RFC 6901.

use super::super::error::{ErrorKind, shown};
use std::fmt;

/// A way from the root of a document, unescaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer(Vec<String>);

impl Pointer {
    /// Reads `/name/0/given`; the empty text is the root.
    pub fn parse(text: &str) -> Result<Pointer, ErrorKind> {
        let bad = |why| ErrorKind::BadPointer { pointer: shown(text), why };
        if text.is_empty() {
            return Ok(Pointer(vec![]));
        }
        let tokens = text.strip_prefix('/').ok_or_else(|| bad("it does not begin with '/'"))?;
        let unescaped = |token: &str| {
            let mut rest = token;
            while let Some((_, after)) = rest.split_once('~') {
                if !after.starts_with(['0', '1']) {
                    return Err(bad("'~' stands only in '~0' (for '~') and '~1' (for '/')"));
                }
                rest = after;
            }
            // In this order, so that '~01' becomes '~1'.
            Ok(token.replace("~1", "/").replace("~0", "~"))
        };
        tokens.split('/').map(unescaped).collect::<Result<_, _>>().map(Pointer)
    }

    /// The names and numbers on the way, outermost first.
    pub fn tokens(&self) -> &[String] {
        &self.0
    }

    /// The container and the last token; `None` at the root.
    pub fn split_last(&self) -> Option<(&[String], &str)> {
        self.0.split_last().map(|(last, parent)| (parent, last.as_str()))
    }

    /// Whether `self` is at or below `other`.
    pub fn starts_with(&self, other: &Pointer) -> bool {
        self.0.starts_with(&other.0)
    }
}

/// The pointer's text.
pub fn text(tokens: &[String]) -> String {
    tokens.iter().map(|token| format!("/{}", token.replace('~', "~0").replace('/', "~1"))).collect()
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text(&self.0))
    }
}

/// A token as the number of an item: digits without leading zeros.
pub fn index(token: &str) -> Option<usize> {
    let canonical = token == "0" || !token.starts_with('0');
    (canonical && token.bytes().all(|byte| byte.is_ascii_digit())).then(|| token.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_resolved_once() {
        let pointer = Pointer::parse("/a~1b/~01/").unwrap();
        assert_eq!(pointer.tokens(), ["a/b", "~1", ""]);
        assert_eq!(pointer.to_string(), "/a~1b/~01/");
        assert_eq!(Pointer::parse("").unwrap().tokens(), [""; 0]);
    }

    #[test]
    fn what_is_no_pointer_is_refused() {
        for text in ["name", "name/0", "/~", "/~2", "/a~", "#/name"] {
            assert!(matches!(Pointer::parse(text), Err(ErrorKind::BadPointer { .. })), "{text}");
        }
    }

    #[test]
    fn indexes_have_one_spelling() {
        assert_eq!(["0", "7", "10"].map(index), [Some(0), Some(7), Some(10)]);
        for token in ["", "-", "-1", "+1", "01", "1.0", "1e0", " 1", "99999999999999999999999"] {
            assert_eq!(index(token), None, "{token}");
        }
    }
}
