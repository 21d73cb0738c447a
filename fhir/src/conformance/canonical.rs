//! Canonical URLs.

/// A canonical URL with its business version, if one is named.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Canonical {
    pub url: Box<str>,
    pub version: Option<Box<str>>,
}

impl Canonical {
    /// Takes `url|version#fragment` apart: URL, version, fragment. An empty part counts as absent.
    pub fn read(text: &str) -> (&str, Option<&str>, Option<&str>) {
        let (rest, fragment) = split(text, '#');
        let (url, version) = split(rest, '|');
        (url, version, fragment)
    }
}

fn split(text: &str, mark: char) -> (&str, Option<&str>) {
    match text.split_once(mark) {
        Some((before, after)) => (before, (!after.is_empty()).then_some(after)),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::Canonical;

    #[test]
    fn the_parts_of_a_canonical() {
        assert_eq!(Canonical::read("http://a/b"), ("http://a/b", None, None));
        assert_eq!(Canonical::read("http://a/b|1.0"), ("http://a/b", Some("1.0"), None));
        assert_eq!(Canonical::read("http://a/b|1.0#c"), ("http://a/b", Some("1.0"), Some("c")));
        assert_eq!(Canonical::read("http://a/b|"), ("http://a/b", None, None));
        assert_eq!(Canonical::read("#c"), ("", None, Some("c")));
    }
}
