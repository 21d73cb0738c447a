//! https://hl7.org/fhir/R4/search.html#token

use super::condition::Condition;
use super::index::{Lookup, Place, exact, head, pair, tag, whole};
use super::offer::{Asked, Kind, Lists, Modifier, Name};
use super::problem::Problem;
use super::string::{folded, normal};
use super::terminology::TokenSet;
use super::text::{has_word, quoted, split, unescape};
use fhir::definitions::search_parameter;
use fhir::index::Value;
use xxhash_rust::xxh3::Xxh3;

/// What a token takes.
pub const KIND: Kind<TokenMatch> = Kind {
    name: "token",
    plain: one,
    prefixes: &[],
    modifiers: &[
        Modifier { name: Name::Word("not"), read: one, negates: true, lists: None },
        Modifier { name: Name::Word("in"), read: is_in, negates: false, lists: Some(Lists::ValueSet) },
        Modifier { name: Name::Word("not-in"), read: is_in, negates: true, lists: Some(Lists::ValueSet) },
        Modifier { name: Name::Word("below"), read: below, negates: false, lists: Some(Lists::Branch) },
        Modifier { name: Name::Word("above"), read: above, negates: false, lists: Some(Lists::Branch) },
        Modifier { name: Name::Word("text"), read: says, negates: false, lists: None },
        Modifier { name: Name::Word("of-type"), read: of_type, negates: false, lists: None },
    ],
};

/// Longest text that `:text` takes: it is held against each word of a value.
const TEXT_BYTES_MAX: usize = 1024;

/// A condition on tokens.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TokenMatch {
    /// `code`: whatever the system.
    Code(String),
    /// `system|code`
    Full(String, String),
    /// `|code`: a code without system.
    NoSystem(String),
    /// `system|`: any code of the system.
    System(String),
    /// One of many codes.
    OneOf(TokenSet),
    /// `:text`: what a person reads of it starts so, or a word in that does.
    Text(String),
    /// `:of-type`: an identifier with a type of that system and code, and its value.
    OfType(String, String, String),
}

/// A `code` has no system written: one that is implied there is taken for it.
fn one(asked: &Asked<'_>, part: &str, all: &mut Vec<TokenMatch>) -> Result<(), Problem> {
    let token = parse(part)?;
    if let TokenMatch::Full(system, code) = &token
        && implies(asked, system)
    {
        all.push(TokenMatch::NoSystem(code.clone()));
    }
    all.push(token);
    Ok(())
}

/// Whether the parameter selects `code`s of that system in resources of a type that is searched.
fn implies(asked: &Asked<'_>, system: &str) -> bool {
    let of_types = asked.types.iter().filter_map(|t| search_parameter(*t, &asked.parameter.code));
    { of_types }.chain([asked.parameter]).any(|parameter| parameter.implied_systems.contains(&system))
}

fn says(_: &Asked<'_>, part: &str, all: &mut Vec<TokenMatch>) -> Result<(), Problem> {
    let text = normal(part)?;
    if text.len() > TEXT_BYTES_MAX {
        return Err(Problem::unusable(format!("':text' takes at most {TEXT_BYTES_MAX} bytes")));
    }
    all.push(TokenMatch::Text(text));
    Ok(())
}

fn of_type(_: &Asked<'_>, part: &str, all: &mut Vec<TokenMatch>) -> Result<(), Problem> {
    let pieces = split(part, b'|');
    let [system, code, value] = pieces.as_slice() else { return Err(no_type(part)) };
    if pieces.contains(&"") {
        return Err(no_type(part));
    }
    all.push(TokenMatch::OfType(unescape(system), unescape(code), unescape(value)));
    Ok(())
}

fn no_type(part: &str) -> Problem {
    Problem::unusable(format!(
        "'{part}' is no identifier of a type: write [system]|[code]|[value], the first two of the type"
    ))
}

fn is_in(asked: &Asked<'_>, part: &str, all: &mut Vec<TokenMatch>) -> Result<(), Problem> {
    let context = asked.context;
    let codes = context.terminology.value_set(&unescape(part), context.codes_max)?;
    all.push(TokenMatch::OneOf(TokenSet::new(codes, asked.implied_system)));
    Ok(())
}

fn below(asked: &Asked<'_>, part: &str, all: &mut Vec<TokenMatch>) -> Result<(), Problem> {
    let ((system, code), context) = (branch("below", part)?, asked.context);
    let codes = context.terminology.at_or_below(&system, &code, context.codes_max)?;
    all.push(TokenMatch::OneOf(TokenSet::new(codes, asked.implied_system)));
    Ok(())
}

fn above(asked: &Asked<'_>, part: &str, all: &mut Vec<TokenMatch>) -> Result<(), Problem> {
    let ((system, code), context) = (branch("above", part)?, asked.context);
    let codes = context.terminology.at_or_above(&system, &code, context.codes_max)?;
    all.push(TokenMatch::OneOf(TokenSet::new(codes, asked.implied_system)));
    Ok(())
}

/// The system and code where a branch of a code system begins.
fn branch(modifier: &str, part: &str) -> Result<(String, String), Problem> {
    match parse(part)? {
        TokenMatch::Full(system, code) => Ok((system, code)),
        _ => {
            let why = format!("':{modifier}' needs the code system of '{part}'; write [system]|[code]");
            Err(Problem::unusable(why))
        }
    }
}

/// `code`, `system|code`, `|code` or `system|`.
pub(super) fn parse(part: &str) -> Result<TokenMatch, Problem> {
    let pieces = split(part, b'|');
    Ok(match pieces.as_slice() {
        [code] => TokenMatch::Code(unescape(code)),
        ["", ""] => return Err(Problem::unusable("'|' names neither a system nor a code")),
        ["", code] => TokenMatch::NoSystem(unescape(code)),
        [system, ""] => TokenMatch::System(unescape(system)),
        [system, code] => TokenMatch::Full(unescape(system), unescape(code)),
        _ => {
            let why = format!(
                "'{part}' has more than one '|'; write [system]|[code], and '\\|' for a bar in the code"
            );
            return Err(Problem::unusable(why));
        }
    })
}

impl TokenMatch {
    /// Whether a code with its system fulfils it.
    #[inline]
    pub(super) fn is(&self, system: Option<&str>, code: Option<&str>) -> bool {
        match self {
            TokenMatch::Code(wanted) => code == Some(wanted),
            TokenMatch::Full(wanted_system, wanted) => system == Some(wanted_system) && code == Some(wanted),
            TokenMatch::NoSystem(wanted) => system.is_none() && code == Some(wanted),
            TokenMatch::System(wanted) => system == Some(wanted),
            TokenMatch::OneOf(wanted) => code.is_some_and(|code| wanted.has(system, code)),
            TokenMatch::Text(_) | TokenMatch::OfType(..) => false,
        }
    }
}

impl Condition for TokenMatch {
    #[inline]
    fn holds(&self, value: Value<'_>) -> bool {
        match (value, self) {
            (Value::Token { system, code }, _) => self.is(system, code),
            (Value::TokenText(text), TokenMatch::Text(wanted)) => has_word(&folded(text), wanted),
            (Value::TokenOfType { system, code, value }, TokenMatch::OfType(of, wanted, number)) => {
                system == of && code == wanted && value == number
            }
            _ => false,
        }
    }

    fn canonical(&self) -> Result<String, proto::Error> {
        Ok(match self {
            TokenMatch::Code(code) => format!("={}", quoted(code)),
            TokenMatch::Full(system, code) => format!("={}|{}", quoted(system), quoted(code)),
            TokenMatch::NoSystem(code) => format!("=|{}", quoted(code)),
            TokenMatch::System(system) => format!("={}|", quoted(system)),
            TokenMatch::OneOf(set) => format!(":of{:032x}", digest(set)),
            TokenMatch::Text(text) => format!(":text{}", quoted(text)),
            TokenMatch::OfType(system, code, value) => {
                format!("={}|{}|{}", quoted(system), quoted(code), quoted(value))
            }
        })
    }

    fn trace(&self) -> Option<&str> {
        match self {
            TokenMatch::Code(code) | TokenMatch::Full(_, code) | TokenMatch::NoSystem(code) => Some(code),
            // An identifier's value is its code.
            TokenMatch::OfType(_, _, value) => Some(value),
            TokenMatch::System(_) | TokenMatch::OneOf(_) | TokenMatch::Text(_) => None,
        }
    }

    fn lookup(&self, place: Place) -> Lookup {
        Lookup::Term(match self {
            TokenMatch::Code(code) => exact(place, tag::TOKEN_CODE, code.as_bytes()),
            TokenMatch::Full(system, code) => pair(place, tag::TOKEN_FULL, system, code),
            TokenMatch::NoSystem(code) => exact(place, tag::TOKEN_NO_SYSTEM, code.as_bytes()),
            TokenMatch::System(system) => exact(place, tag::TOKEN_SYSTEM, system.as_bytes()),
            TokenMatch::OfType(_, _, value) => exact(place, tag::TOKEN_CODE, value.as_bytes()),
            TokenMatch::OneOf(set) => return Lookup::Terms(terms_of_set(place, set)),
            TokenMatch::Text(text) => return Lookup::Word(head(place, tag::TOKEN_TEXT), text.clone()),
        })
    }

    fn is_checked(&self) -> bool {
        matches!(self, TokenMatch::OfType(..))
    }

    fn count(&self) -> usize {
        match self {
            TokenMatch::OneOf(set) => set.tokens().len(),
            _ => 1,
        }
    }
}

/// Ten thousand codes are too long for a text.
fn digest(set: &TokenSet) -> u128 {
    let mut hash = Xxh3::new();
    hash.update(&[u8::from(set.implied_system())]);
    for token in set.tokens() {
        for text in [&token.system, &token.code] {
            hash.update(&(text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        }
    }
    hash.digest128()
}

/// The text by which the sieve knows a value.
#[inline]
pub fn trace<'v>(value: &Value<'v>) -> Option<&'v str> {
    if let Value::Token { code, .. } = *value { code } else { None }
}

/// The terms of a value.
pub fn terms(place: Place, value: &Value<'_>, mut add: impl FnMut(Vec<u8>)) {
    match *value {
        Value::Token { system, code } => terms_of(place, system, code, add),
        Value::TokenText(text) => add(whole(place, tag::TOKEN_TEXT, folded(text).as_bytes())),
        _ => {}
    }
}

/// The terms of a code with its system.
pub(super) fn terms_of(place: Place, system: Option<&str>, code: Option<&str>, mut add: impl FnMut(Vec<u8>)) {
    if let Some(code) = code {
        add(exact(place, tag::TOKEN_CODE, code.as_bytes()));
        add(match system {
            Some(system) => pair(place, tag::TOKEN_FULL, system, code),
            None => exact(place, tag::TOKEN_NO_SYSTEM, code.as_bytes()),
        });
    }
    if let Some(system) = system {
        add(exact(place, tag::TOKEN_SYSTEM, system.as_bytes()));
    }
}

/// Each code with its system, and without any where that is implied.
fn terms_of_set(place: Place, set: &TokenSet) -> Vec<Vec<u8>> {
    let mut terms = Vec::with_capacity(2 * set.tokens().len());
    let mut last = None;
    for token in set.tokens() {
        terms.push(pair(place, tag::TOKEN_FULL, &token.system, &token.code));
        if set.implied_system() && last != Some(&token.code) {
            terms.push(exact(place, tag::TOKEN_NO_SYSTEM, token.code.as_bytes()));
            last = Some(&token.code);
        }
    }
    terms
}
