//! The condition of one parameter, read by its kind.

use super::expr::{Expr, Leaf};
use crate::kind::composite::{self, CompositeMatch};
use crate::kind::offer::{Asked, Kind, Offer};
use crate::kind::problem::Problem;
use crate::kind::{date, near, number, present, quantity, reference, string, text, token, uri};
use fhir::definitions::{ParamId, ParamKind, SearchParameter, search_parameter};

/// How much the values of a search may come to.
pub(super) struct Budget {
    /// Values of one parameter.
    pub values_max: usize,
    /// Conditions of the whole search, for the error.
    pub conditions_max: usize,
    /// Conditions that the rest of the search may stand for.
    pub conditions_left: usize,
}

impl Budget {
    /// Counts the conditions of one value: a short text may stand for very many.
    pub(super) fn take(&mut self, value: &Expr) -> Result<(), Problem> {
        let left = self.conditions_left.checked_sub(value.conditions());
        self.conditions_left = left.ok_or_else(|| {
            let max = self.conditions_max;
            Problem::Limit(format!(
                "its values stand for more conditions than the {max} a search may have; write [type]/[id] for ids, name fewer values"
            ))
        })?;
        Ok(())
    }
}

/// The condition of `parameter[:modifier]=text`: one of the values has to hold, or with some modifiers none of them.
pub(super) fn compile(asked: &Asked<'_>, text: &str, budget: &mut Budget) -> Result<Expr, Problem> {
    if asked.modifier == Some("missing") {
        let condition = missing(asked.parameter, text)?;
        budget.take(&condition)?;
        return Ok(condition);
    }
    let Reader { read, negates } = reader(asked)?;
    let parts = text::split(text, b',');
    if parts.len() > budget.values_max {
        return Err(Problem::too_many_values(parts.len(), budget.values_max));
    }
    let mut any = Vec::with_capacity(parts.len());
    for part in parts {
        if part.is_empty() {
            return Err(Problem::unusable("a value is empty"));
        }
        let value = match versioned(asked, part)? {
            Some(both) => both,
            None => Expr::or(read(part)?.into_iter().map(Expr::Leaf).collect()),
        };
        budget.take(&value)?;
        any.push(value);
    }
    let any = Expr::or(any);
    Ok(if negates { Expr::Not(Box::new(any)) } else { any })
}

/// `url=[canonical]|[version]` of what has a canonical URL: of that URL and that business version, as a reference to it would name it
/// (<https://hl7.org/fhir/R4/references.html#canonical>). A bar of the URL itself is written `\|`.
fn versioned(asked: &Asked<'_>, part: &str) -> Result<Option<Expr>, Problem> {
    let is_url = asked.modifier.is_none() && &*asked.parameter.code == "url";
    let [url, version] = text::split(part, b'|')[..] else { return Ok(None) };
    if url.is_empty() || version.is_empty() {
        return Ok(None);
    }
    let of_type = asked.types.first().filter(|_| is_url && asked.parameter.kind == ParamKind::Uri);
    let Some(parameter) = of_type.and_then(|t| search_parameter(*t, "version")) else { return Ok(None) };
    let any = |leaves: Vec<Leaf>| Expr::or(leaves.into_iter().map(Expr::Leaf).collect());
    let version = leaves(&Asked { parameter, ..*asked }, version)?;
    Ok(Some(Expr::And(vec![any(leaves(asked, url)?), any(version)])))
}

/// The condition of one value.
pub(super) fn value(asked: &Asked<'_>, part: &str) -> Result<Expr, Problem> {
    let Reader { read, negates } = reader(asked)?;
    let value = Expr::or(read(part)?.into_iter().map(Expr::Leaf).collect());
    Ok(if negates { Expr::Not(Box::new(value)) } else { value })
}

/// The conditions that one value without a modifier stands for: one of them has to hold.
pub(super) fn leaves(asked: &Asked<'_>, part: &str) -> Leaves {
    (reader(&Asked { modifier: None, ..*asked })?.read)(part)
}

/// The conditions that a value stands for: one of them has to hold.
type Leaves = Result<Vec<Leaf>, Problem>;

/// How the values of a parameter are read.
struct Reader<'a> {
    /// Reads one.
    read: Box<dyn Fn(&str) -> Leaves + 'a>,
    /// Whether what fulfils none of the values is found.
    negates: bool,
}

fn reader<'a>(asked: &'a Asked<'a>) -> Result<Reader<'a>, Problem> {
    match asked.parameter.kind {
        ParamKind::String => of_kind(&string::KIND, Leaf::String, asked),
        ParamKind::Token => of_kind(&token::KIND, Leaf::Token, asked),
        ParamKind::Reference => of_kind(&reference::KIND, Leaf::Reference, asked),
        ParamKind::Uri => of_kind(&uri::KIND, Leaf::Uri, asked),
        ParamKind::Date => of_kind(&date::KIND, Leaf::Date, asked),
        ParamKind::Number => of_kind(&number::KIND, Leaf::Number, asked),
        ParamKind::Quantity => of_kind(&quantity::KIND, Leaf::Quantity, asked),
        ParamKind::Composite => match asked.modifier {
            None => Ok(Reader { read: Box::new(|part| composed(asked, part)), negates: false }),
            Some(name) => Err(not_taken(name, &composite::offer())),
        },
        ParamKind::Special => match asked.modifier {
            None => {
                let read = |part: &str| Ok(vec![Leaf::Near(asked.parameter.id, near::parse(part)?)]);
                Ok(Reader { read: Box::new(read), negates: false })
            }
            Some(name) => Err(not_taken(name, &near::offer())),
        },
    }
}

fn of_kind<'a, C: 'static>(
    kind: &'static Kind<C>,
    leaf: fn(ParamId, C) -> Leaf,
    asked: &'a Asked<'a>,
) -> Result<Reader<'a>, Problem> {
    let (read, negates) = match asked.modifier {
        None => (kind.plain, false),
        Some(name) => {
            let modifier = kind.modifier(asked.parameter, name);
            let modifier = modifier.ok_or_else(|| not_taken(name, &kind.offer()))?;
            (modifier.read, modifier.negates)
        }
    };
    let read = move |part: &str| {
        let mut conditions = Vec::new();
        read(asked, part, &mut conditions)?;
        Ok(conditions.into_iter().map(|one| leaf(asked.parameter.id, one)).collect())
    };
    Ok(Reader { read: Box::new(read), negates })
}

fn not_taken(name: &str, offer: &Offer) -> Problem {
    Problem::unsupported(format!("the modifier ':{name}' is not supported here; {offer}"))
}

/// The condition of a composite's value. Each component is asked for by its own parameter, which selects all that the composite
/// does (`tests/composite.rs`).
fn composed(asked: &Asked<'_>, part: &str) -> Leaves {
    let mut parts = Vec::new();
    for (component, piece) in asked.parameter.components.iter().zip(composite::pieces(asked.parameter, part)?)
    {
        let its_own = asked.types.first().and_then(|t| search_parameter(*t, component.code));
        let parameter = its_own.filter(|parameter| parameter.kind == component.kind).ok_or_else(|| {
            Problem::unsupported(format!("its component '{}' cannot be searched", component.code))
        })?;
        parts.push(leaves(&Asked { parameter, implied_system: false, ..*asked }, piece)?);
    }
    Ok(vec![Leaf::Composite(asked.parameter.id, CompositeMatch { parts })])
}

pub(super) fn missing(parameter: &SearchParameter, text: &str) -> Result<Expr, Problem> {
    if matches!(&*parameter.code, "_id" | "_lastUpdated") {
        return Err(Problem::unsupported("':missing' is not supported here"));
    }
    let present = Expr::Leaf(Leaf::Present(parameter.id));
    Ok(if present::is_missing(text)? { Expr::Not(Box::new(present)) } else { present })
}
