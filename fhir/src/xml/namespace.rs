//! Namespaces in scope (<https://www.w3.org/TR/xml-names/>).

/// The namespace of FHIR's elements.
pub(super) const FHIR: &str = "http://hl7.org/fhir";
/// The namespace of the narrative.
pub(super) const XHTML: &str = "http://www.w3.org/1999/xhtml";
/// The namespace of `schemaLocation`, which is tolerated and ignored.
pub(super) const SCHEMA_INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";
/// Bound by definition to the prefix `xml`.
const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// Declarations in scope at once; every lookup may look at all of them.
pub(super) const IN_SCOPE_MAX: usize = 64;

/// The declarations in scope, innermost last.
#[derive(Default)]
pub(super) struct Scopes<'x> {
    bindings: Vec<Binding<'x>>,
    level: usize,
}

struct Binding<'x> {
    /// Empty for the default namespace.
    prefix: &'x str,
    name: String,
    level: usize,
}

impl<'x> Scopes<'x> {
    /// An element begins.
    pub fn open(&mut self) {
        self.level += 1;
    }

    /// Whether an element has begun and not ended.
    pub fn any_open(&self) -> bool {
        self.level > 0
    }

    /// The innermost element ends, and its declarations with it.
    pub fn close(&mut self) {
        self.level -= 1;
        let kept = self.bindings.iter().rposition(|binding| binding.level <= self.level);
        self.bindings.truncate(kept.map_or(0, |last| last + 1));
    }

    /// Declares a prefix (empty: the default namespace) for the innermost element. Whether there is room for it.
    #[must_use]
    pub fn declare(&mut self, prefix: &'x str, name: String) -> bool {
        let room = self.bindings.len() < IN_SCOPE_MAX;
        if room {
            self.bindings.push(Binding { prefix, name, level: self.level });
        }
        room
    }

    /// The namespace a prefix stands for: none if it is not declared, empty for the default namespace without
    /// declaration.
    pub fn resolve(&self, prefix: &str) -> Option<&str> {
        match self.bindings.iter().rev().find(|binding| binding.prefix == prefix) {
            Some(binding) => Some(&binding.name),
            None if prefix.is_empty() => Some(""),
            None => (prefix == "xml").then_some(XML),
        }
    }
}

/// A qualified name as prefix (empty for none) and local part.
pub(super) fn split(name: &str) -> (&str, &str) {
    name.split_once(':').unwrap_or(("", name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inner_declarations_hide_outer_ones_and_end() {
        let mut scopes = Scopes::default();
        assert_eq!(
            (scopes.resolve(""), scopes.resolve("f"), scopes.resolve("xml")),
            (Some(""), None, Some(XML))
        );
        scopes.open();
        assert!(scopes.declare("", FHIR.into()) && scopes.declare("f", FHIR.into()));
        scopes.open();
        assert!(scopes.declare("", XHTML.into()));
        assert_eq!((scopes.resolve(""), scopes.resolve("f")), (Some(XHTML), Some(FHIR)));
        scopes.close();
        assert_eq!(scopes.resolve(""), Some(FHIR));
        scopes.close();
        assert_eq!((scopes.resolve(""), scopes.resolve("f")), (Some(""), None));
    }

    #[test]
    fn scopes_are_bounded() {
        let mut scopes = Scopes::default();
        scopes.open();
        assert!((0..IN_SCOPE_MAX).all(|_| scopes.declare("f", FHIR.into())));
        assert!(!scopes.declare("f", FHIR.into()));
    }
}
