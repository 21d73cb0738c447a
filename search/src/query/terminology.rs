//! What the modifiers `:in`, `:not-in`, `:below` and `:above` of tokens ask a terminology service:
//! https://hl7.org/fhir/R4/search.html#token

use super::Problem;
use std::sync::Arc;

/// A code with its system.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token {
    pub code: String,
    pub system: String,
}

/// Lists codes. What cannot be listed in full is refused: a search must not silently miss matches.
pub trait Terminology {
    /// The codes of the value set of that canonical URL, which may carry a version; at most `max`.
    ///
    /// # Errors
    /// [`Problem::Unusable`] for a value set that is not known or cannot be listed, [`Problem::Limit`] for too many codes.
    fn value_set(&self, canonical: &str, max: usize) -> Result<Vec<Token>, Problem>;

    /// That code and those below it; at most `max`. Errors as of [`value_set`](Self::value_set).
    fn at_or_below(&self, system: &str, code: &str, max: usize) -> Result<Vec<Token>, Problem>;

    /// That code and those above it; at most `max`. Errors as of [`value_set`](Self::value_set).
    fn at_or_above(&self, system: &str, code: &str, max: usize) -> Result<Vec<Token>, Problem>;
}

/// Where there is no terminology service: every question is refused.
#[derive(Clone, Copy, Debug)]
pub struct NoTerminology;

impl Terminology for NoTerminology {
    fn value_set(&self, _: &str, _: usize) -> Result<Vec<Token>, Problem> {
        Err(Problem::unsupported("there is no terminology service here"))
    }

    fn at_or_below(&self, system: &str, _: &str, max: usize) -> Result<Vec<Token>, Problem> {
        self.value_set(system, max)
    }

    fn at_or_above(&self, system: &str, _: &str, max: usize) -> Result<Vec<Token>, Problem> {
        self.value_set(system, max)
    }
}

/// Codes, found by binary search. A value without a system (an element of type `code`) is in if its code is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TokenSet(Arc<[Token]>);

impl TokenSet {
    pub fn new(mut tokens: Vec<Token>) -> TokenSet {
        tokens.sort();
        tokens.dedup();
        TokenSet(tokens.into())
    }

    /// In the order of codes, then systems.
    pub fn tokens(&self) -> &[Token] {
        &self.0
    }

    /// Whether a value is in.
    pub fn has(&self, system: Option<&str>, code: &str) -> bool {
        let start = self.0.partition_point(|token| token.code.as_str() < code);
        let same = self.0[start..].iter().take_while(|token| token.code == code);
        same.into_iter().any(|token| system.is_none_or(|system| token.system == system))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_in_with_its_system_or_without_any() {
        let token = |system: &str, code: &str| Token { code: code.to_owned(), system: system.to_owned() };
        let set = TokenSet::new(vec![token("b", "2"), token("a", "2"), token("a", "1"), token("a", "1")]);
        assert_eq!(set.tokens().len(), 3);
        assert!(set.has(Some("a"), "1") && set.has(Some("b"), "2") && set.has(None, "2"));
        assert!(
            !set.has(Some("b"), "1") && !set.has(None, "3") && !set.has(None, "") && !set.has(Some(""), "1")
        );
    }
}
