//! https://hl7.org/fhir/R4/search.html#reference

use super::condition::Condition;
use super::index::{Lookup, Place, head, tag};
use super::offer::{Asked, Kind, Modifier, Name};
use super::problem::Problem;
use super::text::{quoted, split, unescape};
use super::token::{self, TokenMatch};
use super::uri;
use crate::page::sort_hash;
use fhir::definitions::{ResourceType, search_parameter};
use fhir::index::{Bases, ReferenceText, Value, parse_reference};
use proto::id::{ResourceId, TenantId, TypeCode};
use std::collections::BTreeSet;

/// What a reference takes.
pub const KIND: Kind<ReferenceMatch> = Kind {
    name: "reference",
    plain: read,
    prefixes: &[],
    modifiers: &[
        Modifier { name: Name::TargetType, read, negates: false, lists: None },
        Modifier { name: Name::Word("identifier"), read: identified, negates: false, lists: None },
        Modifier { name: Name::Word("above"), read: in_hierarchy, negates: false, lists: None },
        Modifier { name: Name::Word("below"), read: in_hierarchy, negates: false, lists: None },
    ],
};

/// A condition on references.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ReferenceMatch {
    /// A resource of this server.
    Resource(TypeCode, ResourceId),
    /// An absolute URL elsewhere.
    Url(String),
    /// A canonical and the business version that stands behind it.
    Version(String, String),
    /// `:identifier`: the reference names an identifier, as a token does.
    Identifier(TokenMatch),
}

/// What is above and below rests on other searches, which have the values.
fn in_hierarchy(_: &Asked<'_>, _: &str, _: &mut Vec<ReferenceMatch>) -> Result<(), Problem> {
    Err(Problem::unsupported("a hierarchy of resources cannot be asked for here"))
}

fn identified(_: &Asked<'_>, part: &str, all: &mut Vec<ReferenceMatch>) -> Result<(), Problem> {
    all.push(ReferenceMatch::Identifier(token::parse(part)?));
    Ok(())
}

fn read(asked: &Asked<'_>, part: &str, all: &mut Vec<ReferenceMatch>) -> Result<(), Problem> {
    let (parameter, text) = (asked.parameter, unescape(part));
    if let [url, version] = split(part, b'|').as_slice()
        && url.contains(':')
        && !version.is_empty()
    {
        all.push(ReferenceMatch::Version(unescape(url), unescape(version)));
        return Ok(());
    }
    let of_type = asked.modifier.and_then(ResourceType::from_name);
    let context = asked.context;
    let named = parse_reference(&text, context.bases);
    if let ReferenceText::Url { .. } = named
        && let ReferenceText::Local { resource_type, id, .. } =
            parse_reference(&text, Bases::of(context.came_by))
        && of_type.is_none_or(|wanted| wanted == resource_type)
    {
        // What is stored by that URL, not known as a base, is found by it, too.
        all.push(resource(resource_type, id)?);
    }
    match named {
        ReferenceText::Local { resource_type, id, .. } => {
            if of_type.is_some_and(|wanted| wanted != resource_type) {
                return Err(Problem::unusable(format!(
                    "'{text}' is not of the type that the modifier names"
                )));
            }
            all.push(resource(resource_type, id)?);
        }
        ReferenceText::Url { url, .. } if !url.contains(['/', ':']) => {
            // R4 lists Group among the targets of some `patient` parameters, but their expressions select patients only.
            let patient = (parameter.code == "patient").then_some(ResourceType::PATIENT);
            let one = of_type.or(patient);
            let types = one.map_or_else(|| targets(asked), |one| BTreeSet::from([one]));
            for t in types {
                all.push(resource(t, url)?);
            }
        }
        ReferenceText::Url { url, .. } if url.contains(':') => all.push(ReferenceMatch::Url(url.to_owned())),
        _ => {
            return Err(Problem::unusable(format!(
                "'{text}' is no reference: write [type]/[id] with a type of R4, [id], or an absolute URL"
            )));
        }
    }
    Ok(())
}

/// What the parameter refers to in resources of any of the types that are searched.
fn targets(asked: &Asked<'_>) -> BTreeSet<ResourceType> {
    let of_types = asked.types.iter().filter_map(|t| search_parameter(*t, &asked.parameter.code));
    of_types
        .flat_map(|parameter| parameter.targets.iter())
        .chain(asked.parameter.targets.iter())
        .copied()
        .collect()
}

fn resource(t: ResourceType, id: &str) -> Result<ReferenceMatch, Problem> {
    let id = ResourceId::parse(id).map_err(|error| Problem::unusable(error.to_string()))?;
    Ok(ReferenceMatch::Resource(TypeCode(t.code()), id))
}

impl Condition for ReferenceMatch {
    #[inline]
    fn holds(&self, value: Value<'_>) -> bool {
        match (value, self) {
            (Value::Reference { type_code, id, .. }, ReferenceMatch::Resource(wanted_type, wanted)) => {
                type_code == wanted_type.0 && id == wanted.as_str()
            }
            (Value::ReferenceUrl { url, .. }, ReferenceMatch::Url(wanted)) => url == wanted,
            (Value::ReferenceUrl { url, version, .. }, ReferenceMatch::Version(wanted, of)) => {
                url == wanted && version == Some(of)
            }
            (Value::ReferenceIdentifier { system, value }, ReferenceMatch::Identifier(wanted)) => {
                wanted.is(system, value)
            }
            _ => false,
        }
    }

    fn canonical(&self) -> Result<String, proto::Error> {
        Ok(match self {
            ReferenceMatch::Resource(type_code, id) => format!("={}/{}", type_code.0, quoted(id.as_str())),
            ReferenceMatch::Url(url) => format!("={}", quoted(url)),
            ReferenceMatch::Version(url, version) => format!("={}|{}", quoted(url), quoted(version)),
            ReferenceMatch::Identifier(token) => format!(":identifier{}", token.canonical()?),
        })
    }

    fn trace(&self) -> Option<&str> {
        match self {
            ReferenceMatch::Resource(_, id) => Some(id.as_str()),
            ReferenceMatch::Url(url) | ReferenceMatch::Version(url, _) => Some(url),
            ReferenceMatch::Identifier(token) => token.trace(),
        }
    }

    fn lookup(&self, place: Place) -> Lookup {
        Lookup::Term(match self {
            ReferenceMatch::Resource(type_code, id) => term(place, type_code.0, id.as_str()),
            ReferenceMatch::Url(url) | ReferenceMatch::Version(url, _) => uri::term(place, url),
            ReferenceMatch::Identifier(token) => return token.lookup(place),
        })
    }

    fn is_checked(&self) -> bool {
        matches!(self, ReferenceMatch::Version(..))
    }
}

/// The text by which the sieve knows a value.
#[inline]
pub fn trace<'v>(value: &Value<'v>) -> Option<&'v str> {
    match *value {
        Value::Reference { id, .. } => Some(id),
        Value::ReferenceUrl { url, .. } => Some(url),
        Value::ReferenceIdentifier { value, .. } => value,
        _ => None,
    }
}

/// The hash of the resource of this server that a value refers to; `None` of others.
#[inline]
pub fn target(tenant: TenantId, value: &Value<'_>) -> Option<u64> {
    match *value {
        Value::Reference { type_code, id, .. } if id.len() <= ResourceId::LEN_MAX => {
            Some(sort_hash(tenant, TypeCode(type_code), id))
        }
        _ => None,
    }
}

/// The terms of a value.
pub fn terms(place: Place, value: &Value<'_>, mut add: impl FnMut(Vec<u8>)) {
    match *value {
        Value::Reference { type_code, id, .. } => add(term(place, type_code, id)),
        Value::ReferenceUrl { url, .. } => add(uri::term(place, url)),
        // No other value of a reference has the terms of tokens.
        Value::ReferenceIdentifier { system, value } => token::terms_of(place, system, value, add),
        _ => {}
    }
}

fn term(place: Place, type_code: u16, id: &str) -> Vec<u8> {
    let mut term = head(place, tag::REFERENCE);
    term.extend_from_slice(&type_code.to_be_bytes());
    term.extend_from_slice(id.as_bytes());
    term
}
