//! What the modifiers `:in`, `:not-in`, `:below` and `:above` of tokens ask a terminology service:
//! https://hl7.org/fhir/R4/search.html#token

use super::problem::Problem;
use std::sync::Arc;

/// A code with its system.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token {
    /// The code.
    pub code: String,
    /// The URI of its system.
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

/// Codes, found by binary search. They compare exactly, in code systems that ignore case as well.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TokenSet {
    tokens: Arc<[Token]>,
    implied_system: bool,
}

impl TokenSet {
    /// With `implied_system` a value without a system (an element of type `code`) is in if its code is; else it is a Coding
    /// that names no system, and not in.
    pub fn new(mut tokens: Vec<Token>, implied_system: bool) -> TokenSet {
        tokens.sort();
        tokens.dedup();
        TokenSet { tokens: tokens.into(), implied_system }
    }

    /// In the order of codes, then systems.
    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// Whether values without a system can be in.
    pub fn implied_system(&self) -> bool {
        self.implied_system
    }

    /// Whether a value is in.
    pub fn has(&self, system: Option<&str>, code: &str) -> bool {
        let start = self.tokens.partition_point(|token| token.code.as_str() < code);
        let mut same = self.tokens[start..].iter().take_while(|token| token.code == code);
        match system {
            Some(system) => same.any(|token| token.system == system),
            None => self.implied_system && same.next().is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_in_with_its_system_or_an_implied_one() {
        let token = |system: &str, code: &str| Token { code: code.to_owned(), system: system.to_owned() };
        let tokens = vec![token("b", "2"), token("a", "2"), token("a", "1"), token("a", "1")];
        let implied = TokenSet::new(tokens.clone(), true);
        assert_eq!(implied.tokens().len(), 3);
        assert!(implied.has(None, "2") && !implied.has(None, "3") && !implied.has(None, ""));
        let explicit = TokenSet::new(tokens, false);
        assert!(!explicit.has(None, "2"), "a Coding without system is of no code system");
        for set in [implied, explicit] {
            assert!(set.has(Some("a"), "1") && set.has(Some("b"), "2"));
            assert!(!set.has(Some("b"), "1") && !set.has(Some(""), "1"));
        }
    }
}
