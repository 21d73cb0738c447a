//! The FHIRPath subset that R4's search parameters are written in.
//!
//! Paths with `as`, `ofType`, `where(a='b')`, `where(resolve() is T)`, `[n]`, unions, and
//! `p.exists() and p != false`. Anything else is an error, never a silent miss.

use thiserror::Error;

/// One alternative of a union.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch<'e> {
    pub root: Root<'e>,
    pub steps: Vec<Step<'e>>,
}

/// Where a path begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root<'e> {
    /// At a resource of that type or, for `Resource` and `DomainResource`, of a derived one.
    Type(&'e str),
    /// At the element the expression is evaluated on (components of composites).
    Context,
    /// At the resource that contains that element (`%resource`).
    Resource,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step<'e> {
    Child(&'e str),
    /// `as` and `ofType`: keeps values of that type. R4's search parameters use `as` on collections, so it filters.
    As(&'e str),
    Where {
        child: &'e str,
        equals: &'e str,
    },
    /// Keeps references to resources of that type.
    ResolvesTo(&'e str),
    Index(usize),
    /// Ends `p.exists() and p != false`: one boolean, whatever the number of values.
    ExistsAndNotFalse,
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("search expression '{expression}': {what} expected at {at}")]
pub struct ExpressionError {
    pub expression: String,
    pub what: &'static str,
    /// Byte offset in `expression`.
    pub at: usize,
}

/// Reads an expression into its alternatives.
pub fn parse(expression: &str) -> Result<Vec<Branch<'_>>, ExpressionError> {
    let mut reader = Reader { text: expression, at: 0 };
    let mut branches = vec![reader.branch()?];
    while reader.skip(" | ") || reader.skip("|") {
        branches.push(reader.branch()?);
    }
    match reader.at == expression.len() {
        true => Ok(branches),
        false => Err(reader.expected("an operator of the subset")),
    }
}

struct Reader<'e> {
    text: &'e str,
    at: usize,
}

impl<'e> Reader<'e> {
    fn branch(&mut self) -> Result<Branch<'e>, ExpressionError> {
        self.skip(" ");
        if !self.skip("(") {
            return self.path();
        }
        let mut branch = self.path()?;
        self.need(" as ", "' as '")?;
        branch.steps.push(Step::As(self.name()?));
        self.need(")", "')'")?;
        self.steps(&mut branch.steps, self.at)?;
        Ok(branch)
    }

    fn path(&mut self) -> Result<Branch<'e>, ExpressionError> {
        let start = self.at;
        let mut steps = Vec::new();
        let root = if self.skip("%resource") {
            Root::Resource
        } else {
            let first = self.name()?;
            if first.starts_with(|letter: char| letter.is_ascii_uppercase()) {
                Root::Type(first)
            } else {
                steps.push(Step::Child(first));
                Root::Context
            }
        };
        self.steps(&mut steps, start)?;
        Ok(Branch { root, steps })
    }

    fn steps(&mut self, steps: &mut Vec<Step<'e>>, start: usize) -> Result<(), ExpressionError> {
        loop {
            let path = &self.text[start..self.at];
            if self.skip("[") {
                steps.push(Step::Index(self.number()?));
                self.need("]", "']'")?;
            } else if self.skip(".as(") || self.skip(".ofType(") {
                steps.push(Step::As(self.name()?));
                self.need(")", "')'")?;
            } else if self.skip(".where(resolve() is ") {
                steps.push(Step::ResolvesTo(self.name()?));
                self.need(")", "')'")?;
            } else if self.skip(".where(") {
                let child = self.name()?;
                self.need("='", "=' and a text")?;
                let equals = self.until('\'')?;
                steps.push(Step::Where { child, equals });
                self.need("')", "' and ')'")?;
            } else if self.skip(".exists() and ") {
                self.need(path, "the same path")?;
                self.need(" != false", "' != false'")?;
                steps.push(Step::ExistsAndNotFalse);
                return Ok(());
            } else if self.skip(".") {
                steps.push(Step::Child(self.name()?));
            } else {
                return Ok(());
            }
        }
    }

    fn name(&mut self) -> Result<&'e str, ExpressionError> {
        let rest = &self.text[self.at..];
        let len = rest.find(|letter: char| !letter.is_ascii_alphanumeric()).unwrap_or(rest.len());
        if len == 0 {
            return Err(self.expected("a name"));
        }
        self.at += len;
        Ok(&rest[..len])
    }

    fn number(&mut self) -> Result<usize, ExpressionError> {
        let digits = self.name()?;
        digits.parse().map_err(|_| self.expected("a number"))
    }

    fn until(&mut self, end: char) -> Result<&'e str, ExpressionError> {
        let rest = &self.text[self.at..];
        let len = rest.find(end).ok_or_else(|| self.expected("the end of a text"))?;
        self.at += len;
        Ok(&rest[..len])
    }

    fn need(&mut self, token: &str, what: &'static str) -> Result<(), ExpressionError> {
        if self.skip(token) { Ok(()) } else { Err(self.expected(what)) }
    }

    fn skip(&mut self, token: &str) -> bool {
        let found = self.text[self.at..].starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn expected(&self, what: &'static str) -> ExpressionError {
        ExpressionError { expression: self.text.to_owned(), what, at: self.at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(expression: &str) -> Branch<'_> {
        let branches = parse(expression).expect(expression);
        assert_eq!(branches.len(), 1);
        branches.into_iter().next().expect("one")
    }

    #[test]
    fn every_form_of_the_subset() {
        use Step::*;
        assert_eq!(
            one("(Observation.value as CodeableConcept).text").steps,
            [Child("value"), As("CodeableConcept"), Child("text")]
        );
        assert_eq!(one("Condition.onset.as(Age)").steps, [Child("onset"), As("Age")]);
        assert_eq!(one("Task.for.where(resolve() is Patient)").steps, [Child("for"), ResolvesTo("Patient")]);
        assert_eq!(
            one("P.telecom.where(system='email')").steps,
            [Child("telecom"), Where { child: "system", equals: "email" }]
        );
        assert_eq!(one("Bundle.entry[0].resource").steps, [Child("entry"), Index(0), Child("resource")]);
        assert_eq!(
            one("Patient.deceased.exists() and Patient.deceased != false").steps,
            [Child("deceased"), ExistsAndNotFalse]
        );
        assert_eq!(one("%resource.referenceSeq.chromosome").root, Root::Resource);
        assert_eq!(one("value").root, Root::Context);
        assert_eq!(parse("A.b | (A.c as d) | A.e").expect("a union").len(), 3);
    }

    #[test]
    fn anything_else_is_an_error() {
        for wrong in [
            "",
            "A.",
            "A.b.first()",
            "A.b + A.c",
            "(A.b as c",
            "A.b.where(c=1)",
            "A.b.exists()",
            "A.b.exists() and A.c != false",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
