//! Values near to those that elements have.

use crate::{
    differential::world::DECIMALS,
    naive::{Found, Place, UCUM, escape, place},
};
use fhir::{
    definitions::{ParamKind, SearchParameter},
    json::Node,
};
use generator::random::Random;

const PREFIXES: [&str; 12] = ["", "", "", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"];
const MOMENTS: [&str; 5] = ["2020", "2019-12", "2020-01-01", "2019-12-31T23:59:59.999Z", "2020-01-01T00:00Z"];
const TEXTS: [&str; 5] = ["ann", "MU", "strass", "lodz", "o"];
const CODES: [&str; 3] = ["c1", "c2", "c9"];
const SYSTEMS: [&str; 2] = ["http://s0", "http://s1"];
/// Of a number of one unit in another one: so many digits behind it.
const OTHERS: [(&str, &str, i32); 11] = [
    ("mg", "g", -3),
    ("g", "mg", 3),
    ("g", "kg", -3),
    ("kg", "g", 3),
    ("mg/dL", "g/L", -2),
    ("g/dL", "mg/dL", 3),
    ("mmol/L", "mol/L", -3),
    ("cm", "m", -2),
    ("%", "1", -2),
    ("Cel", "[degF]", 0),
    ("[degF]", "K", 0),
];
const URLS: [&str; 3] = ["http://a.org", "http://a.org/x", "http://a.org/x/y"];

/// A value of `parameter:modifier` that is that of the element, or near it.
pub fn near(
    random: &mut Random,
    parameter: &SearchParameter,
    modifier: Option<&str>,
    found: Option<&Found<'_>>,
    base: &str,
) -> String {
    match parameter.kind {
        ParamKind::String => string(random, modifier, found),
        ParamKind::Token => token(random, found),
        ParamKind::Reference => reference(random, parameter, modifier, found, base),
        ParamKind::Uri => uri(random, modifier, found),
        ParamKind::Date => {
            let text = found.and_then(|one| date_of(random, one));
            let text = text.unwrap_or_else(|| random.pick(&MOMENTS).to_owned());
            near_date(random, &text)
        }
        ParamKind::Number => format!("{}{}", random.pick(&PREFIXES), number(random, found)),
        ParamKind::Quantity => quantity(random, found),
        other => panic!("{other:?} is not asked for"),
    }
}

fn string(random: &mut Random, modifier: Option<&str>, found: Option<&Found<'_>>) -> String {
    let texts = found.map(words).unwrap_or_default();
    if texts.is_empty() || random.chance(100) {
        return random.pick(&TEXTS).to_owned();
    }
    let text = &texts[random.below(texts.len() as u64) as usize];
    if modifier == Some("exact") && random.chance(800) {
        return escape(text);
    }
    let letters: Vec<char> = text.chars().take(40).collect();
    let from = if modifier == Some("contains") { random.below(letters.len() as u64) as usize } else { 0 };
    let rest = &letters[from..];
    let part: String = rest[..1 + random.below(rest.len() as u64) as usize].iter().collect();
    escape(&match random.below(4) {
        0 => part.to_uppercase(),
        1 => part.to_lowercase(),
        _ => part,
    })
}

/// The texts in an element that is one or has some.
fn words(found: &Found<'_>) -> Vec<String> {
    if let Some(text) = found.text() {
        return vec![text].into_iter().filter(|text| !text.is_empty()).collect();
    }
    let members = found.node().into_iter().flat_map(|node| node.members()).map(|(_, value)| value);
    let values = members
        .flat_map(|value| if value.as_str().is_some() { vec![value] } else { value.items().collect() });
    values.filter_map(|value| Some(value.as_str()?.into_owned())).filter(|text| !text.is_empty()).collect()
}

fn token(random: &mut Random, found: Option<&Found<'_>>) -> String {
    let coded = found.and_then(|one| code_of(random, one));
    let (system, code) = coded.unwrap_or_else(|| (None, Some(random.pick(&CODES).to_owned())));
    let code = escape(&code.unwrap_or_else(|| random.pick(&CODES).to_owned()));
    let system = system.unwrap_or_else(|| random.pick(&SYSTEMS).to_owned());
    let system = if random.chance(850) { system } else { random.pick(&SYSTEMS).to_owned() };
    match random.below(10) {
        0 => format!("|{code}"),
        1 => format!("{}|", escape(&system)),
        2..6 => format!("{}|{code}", escape(&system)),
        _ => code,
    }
}

type Coded = (Option<String>, Option<String>);

fn code_of(random: &mut Random, found: &Found<'_>) -> Option<Coded> {
    if let Some(text) = found.text() {
        return Some((None, Some(text)));
    }
    let node = found.node()?;
    let text = |node: Node<'_>, name: &str| Some(node.get(name)?.as_str()?.into_owned());
    let codings: Vec<Node<'_>> = node.get("coding").into_iter().flat_map(Node::items).collect();
    if !codings.is_empty() {
        let coding = random.pick(&codings);
        return Some((text(coding, "system"), text(coding, "code")));
    }
    Some((text(node, "system"), text(node, "code").or_else(|| text(node, "value"))))
}

fn reference(
    random: &mut Random,
    parameter: &SearchParameter,
    modifier: Option<&str>,
    found: Option<&Found<'_>>,
    base: &str,
) -> String {
    let text = found.and_then(|one| one.member("reference").or_else(|| one.text()));
    let id = match text.as_deref().map(|text| place(text, base)) {
        Some(Place::Here(name, _)) if random.chance(900) => {
            let (t, id) = (name.resource_type, name.id);
            if modifier.is_none_or(|wanted| wanted == t.name()) {
                return match random.below(10) {
                    0..5 => format!("{t}/{id}"),
                    5 if !base.is_empty() => format!("{base}/{t}/{id}"),
                    6 => format!("{t}/{id}/_history/1"),
                    _ => id,
                };
            }
            id
        }
        Some(Place::Url(url)) if modifier.is_none() => return escape(&url),
        _ => "x1".to_owned(),
    };
    match modifier {
        Some(t) if random.chance(300) => format!("{t}/{id}"),
        None if random.chance(500) => format!("{}/{id}", random.pick(&parameter.targets[..])),
        _ => id,
    }
}

fn uri(random: &mut Random, modifier: Option<&str>, found: Option<&Found<'_>>) -> String {
    let text = found.and_then(Found::text).filter(|text| modifier.is_none() || text.contains("://"));
    let text = text.unwrap_or_else(|| random.pick(&URLS).to_owned());
    let slashes: Vec<usize> = text.match_indices('/').map(|(at, _)| at).filter(|at| *at > 7).collect();
    escape(&match modifier {
        Some("below") if !slashes.is_empty() && random.chance(500) => {
            text[..random.pick(&slashes) + random.below(2) as usize].to_owned()
        }
        Some("above") if random.chance(700) => format!("{text}{}", random.pick(&["/z", "/", "z"])),
        _ if random.chance(100) => format!("{text}/"),
        _ => text,
    })
}

fn date_of(random: &mut Random, found: &Found<'_>) -> Option<String> {
    if let Some(text) = found.text() {
        return Some(text);
    }
    let node = found.node()?;
    let events = node.get("event").into_iter().flat_map(Node::items);
    let ends = [node.get("start"), node.get("end")].into_iter().flatten();
    let texts: Vec<String> = ends.chain(events).filter_map(|one| Some(one.as_str()?.into_owned())).collect();
    (!texts.is_empty()).then(|| texts[random.below(texts.len() as u64) as usize].clone())
}

/// The same time, or what it is part of.
pub fn near_date(random: &mut Random, text: &str) -> String {
    let zone = random.pick(&["Z", "", "+01:00", "-02:00"]);
    let text = match random.below(6) {
        0 => text[..4].to_owned(),
        1 if text.len() >= 7 => text[..7].to_owned(),
        2 if text.len() >= 10 => text[..10].to_owned(),
        3 if text.len() >= 16 => format!("{}{zone}", &text[..16]),
        4 if text.len() >= 19 => format!("{}{zone}", &text[..19]),
        _ => text.to_owned(),
    };
    format!("{}{text}", random.pick(&PREFIXES))
}

fn number(random: &mut Random, found: Option<&Found<'_>>) -> String {
    let ends = |one: &Found<'_>| {
        let node = one.node()?;
        let of = |node: Node<'_>| Some(node.get("value")?.number_text()?.to_owned());
        let limit = || Some(node.get("upperLimit")?.number_text()?.to_owned());
        of(node).or_else(|| of(node.get("low")?)).or_else(|| of(node.get("high")?)).or_else(limit)
    };
    let text = found.and_then(|one| ends(one).or_else(|| one.text()));
    let text = text.filter(|_| random.chance(800)).unwrap_or_else(|| random.pick(&DECIMALS).to_owned());
    match random.below(5) {
        // With another digit, which is zero.
        0 if text.contains('.') && text.len() < 12 => format!("{text}0"),
        1 if !text.contains(['.', 'e', 'E']) => format!("{text}.0"),
        // With one less.
        2 if text.contains('.') && !text.contains(['e', 'E']) => {
            text[..text.len() - 1].trim_end_matches('.').to_owned()
        }
        _ => text,
    }
}

/// The same amount in another unit, or the same number of that.
fn in_other_unit(random: &mut Random, number: String, code: String) -> (String, String) {
    let others: Vec<(&str, i32)> =
        OTHERS.iter().filter(|(one, ..)| *one == code).map(|(_, other, power)| (*other, *power)).collect();
    if others.is_empty() || random.chance(300) {
        return (number, code);
    }
    let (other, power) = random.pick(&others);
    let digits = number.trim_start_matches(char::is_alphabetic);
    match digits.contains(['e', 'E']) || power == 0 || random.chance(200) {
        true => (number, other.to_owned()),
        false => (format!("{number}e{power}"), other.to_owned()),
    }
}

fn quantity(random: &mut Random, found: Option<&Found<'_>>) -> String {
    let number = format!("{}{}", random.pick(&PREFIXES), number(random, found));
    let of = |name: &str| {
        let one = found?;
        let within = |name: &str| one.node()?.get(name);
        let member = one.member(name);
        let inner =
            || Some(within("low").or(within("high")).or(within("origin"))?.get(name)?.as_str()?.into_owned());
        Some(escape(&member.or_else(inner)?))
    };
    let (system, code, unit) = (of("system"), of("code"), of("unit"));
    match random.below(4) {
        0 | 3 if system.as_deref() == Some(UCUM) => {
            let code = code.unwrap_or_else(|| "mg".to_owned());
            let (number, code) = in_other_unit(random, number, code);
            format!("{number}|{UCUM}|{code}")
        }
        0 => {
            let system = system.unwrap_or_else(|| "http://u0".to_owned());
            format!("{number}|{system}|{}", code.unwrap_or_else(|| "mg".to_owned()))
        }
        1 => format!("{number}||{}", unit.or(code).unwrap_or_else(|| "mg".to_owned())),
        _ => number,
    }
}
