//! Expressions that are plain paths: members, type filters, simple conditions. Many such paths can be merged into one
//! trie and followed in one walk over a document (`index::plan`); almost all search parameters are of them. Whatever
//! else an expression holds is for the evaluator.

use super::ast::{Expr, Kind, Literal, Operator, TypeName, TypeOperator};

/// An expression as steps from its root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    pub root: Root,
    pub steps: Vec<Step>,
}

/// Where a path begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Root {
    /// At a resource of that type or, for `Resource` and `DomainResource`, of a derived one.
    Type(Box<str>),
    /// At the element the expression is evaluated on.
    Context,
    /// At the resource that contains that element (`%resource`).
    Resource,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Child(Box<str>),
    /// `as` and `ofType`: keeps values of that type. R4's search parameters use `as` on collections, so it filters.
    As(Box<str>),
    /// `where(child = 'equals')`, and `extension('url')` after its child step.
    Where {
        child: Box<str>,
        equals: Box<str>,
    },
    /// `where(resolve() is T)`: keeps references to resources of that type.
    ResolvesTo(Box<str>),
    /// `[0]`, `first()`: the item at that place of what the child step before it gives.
    Index(usize),
}

/// The operands of the unions at the top of an expression, from left to right; the expression itself if it is no union.
pub fn alternatives(expr: &Expr) -> Vec<&Expr> {
    let mut found = Vec::new();
    let mut rest = expr;
    // Unions are left-associative, so a long one is deep on its left.
    while let Kind::Binary { operator: Operator::Union, left, right } = &rest.kind {
        found.extend(alternatives(right).into_iter().rev());
        rest = left;
    }
    found.push(rest);
    found.reverse();
    found
}

/// The name an expression begins with, if it is that of a type: an expression that begins with another type than the
/// resource's selects nothing. `None` where operands begin differently.
pub fn type_at_start(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        Kind::Member { on: None, name } => is_type(name).then_some(&**name),
        Kind::Member { on: Some(on), .. } | Kind::Call { on: Some(on), .. } | Kind::Indexer { on, .. } => {
            type_at_start(on)
        }
        Kind::TypeTest { operand, .. } => type_at_start(operand),
        _ => None,
    }
}

impl Path {
    /// The path an expression is; `None` if it is something else.
    pub fn of(expr: &Expr) -> Option<Path> {
        match &expr.kind {
            Kind::This => Some(Path { root: Root::Context, steps: Vec::new() }),
            Kind::Variable(name) if &**name == "resource" => {
                Some(Path { root: Root::Resource, steps: Vec::new() })
            }
            Kind::Member { on: None, name } if is_type(name) => {
                Some(Path { root: Root::Type(name.clone()), steps: Vec::new() })
            }
            Kind::Member { on: None, name } => {
                Some(Path { root: Root::Context, steps: vec![Step::Child(name.clone())] })
            }
            Kind::Member { on: Some(on), name } => Path::of(on)?.then(Step::Child(name.clone())),
            Kind::Indexer { on, index } => match &index.kind {
                Kind::Literal(Literal::Integer(digits)) => Path::of(on)?.indexed(digits.parse().ok()?),
                _ => None,
            },
            Kind::Call { on: Some(on), name, arguments } => Path::of(on)?.called(name, arguments),
            Kind::TypeTest { operator: TypeOperator::As, operand, type_name } => {
                Path::of(operand)?.then(Step::As(fhir_type(type_name)?))
            }
            _ => None,
        }
    }

    fn then(mut self, step: Step) -> Option<Path> {
        self.steps.push(step);
        Some(self)
    }

    /// Positions are those of the array a child step leads to; behind a filter they would be others.
    fn indexed(self, index: usize) -> Option<Path> {
        match self.steps.last() {
            Some(Step::Child(_)) => self.then(Step::Index(index)),
            _ => None,
        }
    }

    fn called(self, name: &str, arguments: &[Expr]) -> Option<Path> {
        match (name, arguments) {
            ("as" | "ofType", [argument]) => self.then(Step::As(fhir_type(&argument.as_type_name()?)?)),
            ("first", []) => self.indexed(0),
            ("where", [condition]) => self.filtered(condition),
            ("extension", [url]) => {
                let equals = text(url)?;
                self.then(Step::Child("extension".into()))?.then(Step::Where { child: "url".into(), equals })
            }
            _ => None,
        }
    }

    fn filtered(self, condition: &Expr) -> Option<Path> {
        match &condition.kind {
            Kind::Binary { operator: Operator::And, left, right } => self.filtered(left)?.filtered(right),
            Kind::Binary { operator: Operator::Equal, left, right } => match &left.kind {
                Kind::Member { on: None, name } if !is_type(name) => {
                    self.then(Step::Where { child: name.clone(), equals: text(right)? })
                }
                _ => None,
            },
            Kind::TypeTest { operator: TypeOperator::Is, operand, type_name } => match &operand.kind {
                Kind::Call { on: None, name, arguments } if &**name == "resolve" && arguments.is_empty() => {
                    self.then(Step::ResolvesTo(fhir_type(type_name)?))
                }
                _ => None,
            },
            _ => None,
        }
    }
}

fn text(expr: &Expr) -> Option<Box<str>> {
    match &expr.kind {
        Kind::Literal(Literal::String(text)) => Some(text.clone()),
        _ => None,
    }
}

/// Elements of FHIR begin in lower case, resource types in upper case.
fn is_type(name: &str) -> bool {
    name.starts_with(|letter: char| letter.is_ascii_uppercase())
}

fn fhir_type(name: &TypeName) -> Option<Box<str>> {
    matches!(name.namespace.as_deref(), None | Some("FHIR")).then(|| name.name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fhirpath_syntax::parse::parse;

    fn path(text: &str) -> Option<Path> {
        Path::of(&parse(text).expect(text))
    }

    fn steps(text: &str) -> Vec<Step> {
        path(text).expect(text).steps
    }

    fn child(name: &str) -> Step {
        Step::Child(name.into())
    }

    fn equals(child: &str, equals: &str) -> Step {
        Step::Where { child: child.into(), equals: equals.into() }
    }

    #[test]
    fn every_kind_of_step() {
        let is = |name: &str| Step::As(name.into());
        for (text, expected) in [
            ("(A.value as CodeableConcept).text", vec![child("value"), is("CodeableConcept"), child("text")]),
            ("Condition.onset.as(Age)", vec![child("onset"), is("Age")]),
            ("value.ofType(FHIR.Quantity)", vec![child("value"), is("Quantity")]),
            ("Task.for.where(resolve() is Patient)", vec![child("for"), Step::ResolvesTo("Patient".into())]),
            ("P.telecom.where(system = 'email')", vec![child("telecom"), equals("system", "email")]),
            ("a.where(b='1' and c='2')", vec![child("a"), equals("b", "1"), equals("c", "2")]),
            ("P.extension('http://x')", vec![child("extension"), equals("url", "http://x")]),
            ("Bundle.entry[1].resource", vec![child("entry"), Step::Index(1), child("resource")]),
            ("entry.first()", vec![child("entry"), Step::Index(0)]),
            ("$this", vec![]),
        ] {
            assert_eq!(steps(text), expected, "{text}");
        }
        assert_eq!(path("%resource.a").expect("a path").root, Root::Resource);
        assert_eq!(path("value").expect("a path").root, Root::Context);
        assert_eq!(path("Patient.name").expect("a path").root, Root::Type("Patient".into()));
    }

    #[test]
    fn anything_else_is_no_path() {
        for text in [
            "A.b + A.c",
            "A.b.where(c=1)",
            "A.b.where(c='1')[0]",
            "A.b.where(c.d='1')",
            "A.b.where(resolve().exists())",
            "A.b.exists() and A.b != false",
            "A.b.value as System.String",
            "A.b | A.c",
            "%context.a",
            "A.b[c]",
            "A.b.last()",
            "'text'",
        ] {
            assert_eq!(path(text), None, "{text}");
        }
    }

    #[test]
    fn a_union_is_its_operands() {
        let union = parse("A.b | (C.d as e).f[0] | (G.h | G.i) | G.j.exists()").expect("a union");
        let starts: Vec<_> = alternatives(&union).into_iter().map(type_at_start).collect();
        assert_eq!(starts, [Some("A"), Some("C"), Some("G"), Some("G"), Some("G")]);
        assert_eq!(type_at_start(&parse("A.b and C.d").expect("a condition")), None);
    }
}
