//! Patterns in expectations: `*` stands for any text.

/// What the stars of `pattern` stand for in `text`, each as short as possible; `None` where it does not match.
pub(super) fn stars<'t>(pattern: &str, text: &'t str) -> Option<Vec<&'t str>> {
    let mut parts = pattern.split('*');
    let mut rest = text.strip_prefix(parts.next()?)?;
    let parts: Vec<&str> = parts.collect();
    let mut found = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        let last = index + 1 == parts.len();
        let at = if last {
            rest.len().checked_sub(part.len()).filter(|_| rest.ends_with(part))
        } else {
            rest.find(part)
        }?;
        found.push(&rest[..at]);
        rest = &rest[at + part.len()..];
    }
    rest.is_empty().then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        assert_eq!(stars("W/\"*\"", "W/\"12\""), Some(vec!["12"]));
        assert_eq!(
            stars("*Patient/*/_history/*", "http://h/Patient/x/_history/1"),
            Some(vec!["http://h/", "x", "1"])
        );
        assert_eq!(stars("abc", "abc"), Some(vec![]));
        for (pattern, text) in [("abc", "abcd"), ("W/\"*\"", "\"1\""), ("a*a", "a"), ("a*b", "ac")] {
            assert_eq!(stars(pattern, text), None, "{pattern}");
        }
    }
}
