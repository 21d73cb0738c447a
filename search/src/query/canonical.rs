//! One text for all spellings of the same conditions: whatever their order, repetition and escapes, and however a date or a
//! name is written, since it is made of what was understood and not of what was sent.
//!
//! Texts are kept for as long as answers to idempotency keys are: a change of the form loses those.

use super::compiled::Query;
use super::expr::{Expr, Leaf};
use crate::kind::condition::Condition;
use crate::kind::{id, last_updated};
use fhir::definitions::ParamId;
use proto::Error;
use std::borrow::Cow;

impl Query {
    /// The text of the query's conditions on resources; empty where it has none and everything matches. How many are
    /// wanted and how they are shown is no part of it.
    ///
    /// # Errors
    /// `BadParameter` for a condition whose meaning changes from moment to moment: the prefix `ap` on a date.
    pub fn canonical(&self) -> Result<String, Error> {
        expr(&self.expr)
    }
}

fn expr(node: &Expr) -> Result<String, Error> {
    Ok(match node {
        Expr::And(all) => list(all, '&')?,
        Expr::Or(any) => list(any, ',')?,
        Expr::Not(inner) => format!("!{}", expr(inner)?),
        Expr::Leaf(one) => leaf(one)?,
    })
}

/// Sorted, each once. A list of one is its member.
fn list(members: &[Expr], separator: char) -> Result<String, Error> {
    let mut texts = members.iter().map(expr).collect::<Result<Vec<_>, _>>()?;
    texts.sort_unstable();
    texts.dedup();
    Ok(match texts.len() {
        0 => String::new(),
        1 => texts.remove(0),
        _ => format!("({})", texts.join(&separator.to_string())),
    })
}

fn leaf(leaf: &Leaf) -> Result<String, Error> {
    let told = leaf.condition().map(|(param, condition)| (named(param), condition));
    Ok(match (leaf, told) {
        (Leaf::Id(one), _) => id::canonical(one),
        (Leaf::LastUpdated(date), _) => last_updated::canonical(date)?,
        (Leaf::Type(one), _) => format!("_type={}", one.0),
        (_, Some((code, condition))) => format!("{code}{}", condition.canonical()?),
        (Leaf::OneOf(among), _) => among.canonical()?,
        (_, None) => String::new(),
    })
}

/// Of what is not FHIR's own the number, which no other definition ever has.
fn named(param: ParamId) -> Cow<'static, str> {
    match param.code() {
        Some(code) => code.into(),
        None => format!("#{}", param.0).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Limits, NoTerminology, Request};
    use super::*;
    use fhir::index::Bases;
    use proto::Code;
    use proto::id::TenantId;

    fn canonical(resource_type: &str, pairs: &[(&str, &str)]) -> Result<String, Error> {
        let parameters: Vec<_> =
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let request = Request {
            resource_type: Some(resource_type),
            parameters: &parameters,
            compartment: None,
            strict: true,
            bases: Bases::of(Some("http://here/fhir")),
            came_by: None,
            joined: &[],
            custom: None,
            now_ms: 0,
        };
        Query::compile(TenantId(1), &request, &Limits::default(), &NoTerminology)?.canonical()
    }

    fn patient(pairs: &[(&str, &str)]) -> String {
        canonical("Patient", pairs).unwrap()
    }

    #[test]
    fn spellings_of_one_thing_are_one() {
        let same: &[[&[(&str, &str)]; 2]] = &[
            [&[("gender", "male"), ("family", "x")], &[("family", "x"), ("gender", "male")]],
            [&[("gender", "male")], &[("gender", "male"), ("gender", "male")]],
            [&[("gender", "male,female")], &[("gender", "female,male,female")]],
            [&[("identifier", "a|b")], &[("identifier", "a|b"), ("_count", "5"), ("_format", "json")]],
            [&[("identifier", r"a\$b")], &[("identifier", "a$b")]],
            [&[("family", "MÜLLER")], &[("family", "muller")]],
            [&[("birthdate", "2020-01-01")], &[("birthdate", "eq2020-01-01")]],
            [
                &[("general-practitioner", "http://here/fhir/Practitioner/1")],
                &[("general-practitioner", "Practitioner/1")],
            ],
        ];
        for [one, other] in same {
            assert_eq!(patient(one), patient(other), "{one:?} {other:?}");
        }
    }

    #[test]
    fn different_things_stay_two() {
        let all: &[&[(&str, &str)]] = &[
            &[("identifier", "a|b")],
            &[("identifier", r"a\|b")],
            &[("identifier", "|b")],
            &[("identifier", "b|")],
            &[("identifier", "b")],
            &[("identifier", "'a'|'b'")],
            &[("identifier:not", "b")],
            &[("identifier", "b,c")],
            &[("identifier", "b"), ("identifier", "c")],
            &[("family", "b")],
            &[("family:exact", "b")],
            &[("family:contains", "b")],
            &[("family:missing", "true")],
            &[("family:missing", "false")],
            &[("birthdate", "2020")],
            &[("birthdate", "ge2020")],
            &[("birthdate", "2020-01")],
            &[("_id", "b")],
        ];
        let mut texts: Vec<String> = all.iter().map(|pairs| patient(pairs)).collect();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), all.len(), "{texts:#?}");
    }

    #[test]
    fn what_names_nothing_is_empty_and_what_changes_with_the_moment_is_refused() {
        assert_eq!(patient(&[("_count", "2"), ("_summary", "true")]), "");
        assert_eq!(canonical("Patient", &[("birthdate", "ap2020")]).unwrap_err().code, Code::BadParameter);
    }

    /// Rows in stores depend on it.
    #[test]
    fn the_form_never_changes() {
        let text = patient(&[("identifier", "urn:s|v'1"), ("family", "Smith"), ("birthdate", "1970-01-01")]);
        assert_eq!(text, r"(birthdate eq 0..86400000&family^'smith'&identifier='urn:s'|'v\'1')");
    }
}
