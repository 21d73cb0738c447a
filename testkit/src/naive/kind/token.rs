//! <https://hl7.org/fhir/R4/search.html#token>

use super::{Asked, Key};
use crate::naive::{
    select::{Found, member},
    text::{split, unescape},
};
use anyhow::bail;
use fhir::json::Node;

#[derive(Debug)]
struct Token {
    system: Option<String>,
    code: Option<String>,
}

pub fn holds(asked: Asked<'_>, found: &[Found<'_>]) -> anyhow::Result<bool> {
    if let Some(modifier) = asked.modifier {
        bail!("a token takes no :{modifier} here");
    }
    let parts: Vec<String> = split(asked.value, '|').iter().map(|part| unescape(part)).collect();
    let is_code = |token: &Token, code: &String| token.code.as_ref() == Some(code);
    let is_system = |token: &Token, system: &String| token.system.as_ref() == Some(system);
    let is_it = |token: &Token| match parts.as_slice() {
        [code] => is_code(token, code),
        [system, code] if system.is_empty() => token.system.is_none() && is_code(token, code),
        [system, code] if code.is_empty() => is_system(token, system),
        [system, code] => is_system(token, system) && is_code(token, code),
        _ => false,
    };
    Ok(tokens(found).iter().any(is_it))
}

pub fn keys(found: &[Found<'_>]) -> Vec<Key> {
    let text = |text: Option<String>| text.unwrap_or_default();
    tokens(found)
        .into_iter()
        .filter(|token| token.code.is_some())
        .map(|token| Key::Texts(vec![text(token.code)]))
        .collect()
}

/// Words without a code are a value, too.
pub fn is_there(found: &[Found<'_>]) -> bool {
    let is_said = |one: &Found<'_>| {
        let codings = one.node().and_then(|node| node.get("coding")).into_iter().flat_map(Node::items);
        let words = one.is("CodeableConcept") || one.is("Coding");
        words
            && ["text", "display"]
                .iter()
                .any(|name| one.member(name).is_some() || codings.clone().any(|one| one.get(name).is_some()))
    };
    !tokens(found).is_empty() || found.iter().any(is_said)
}

fn tokens(found: &[Found<'_>]) -> Vec<Token> {
    found.iter().flat_map(of).filter(|token| token.system.is_some() || token.code.is_some()).collect()
}

fn of(found: &Found<'_>) -> Vec<Token> {
    let named =
        |node: Node<'_>, code: &str| Token { system: member(node, "system"), code: member(node, code) };
    match found.node() {
        Some(node) if found.is("CodeableConcept") => {
            node.get("coding").into_iter().flat_map(Node::items).map(|one| named(one, "code")).collect()
        }
        Some(node) if found.is("Coding") => vec![named(node, "code")],
        Some(node) if found.is("Identifier") => vec![named(node, "value")],
        // Its system is none of codes: it says phone or email.
        Some(node) if found.is("ContactPoint") => vec![Token { system: None, code: member(node, "value") }],
        _ => vec![Token { system: None, code: found.text() }],
    }
}
