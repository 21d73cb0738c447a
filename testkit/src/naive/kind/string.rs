//! <https://hl7.org/fhir/R4/search.html#string>

use super::{Asked, Key};
use crate::naive::{
    select::Found,
    text::{plain, unescape},
};
use anyhow::bail;
use fhir::json::Node;

pub fn holds(asked: Asked<'_>, found: &[Found<'_>]) -> anyhow::Result<bool> {
    let wanted = unescape(asked.value);
    let (texts, folded) = (texts(found), plain(&wanted));
    Ok(match asked.modifier {
        None => texts.iter().any(|text| plain(text).starts_with(&folded)),
        Some("contains") => texts.iter().any(|text| plain(text).contains(&folded)),
        Some("exact") => texts.contains(&wanted),
        Some(other) => bail!("a string takes no :{other}"),
    })
}

pub fn keys(found: &[Found<'_>]) -> Vec<Key> {
    texts(found).iter().map(|text| Key::Texts(vec![plain(text)])).collect()
}

/// Each part of a name and of an address is a text of its own.
fn texts(found: &[Found<'_>]) -> Vec<String> {
    found
        .iter()
        .flat_map(|one| match one.node() {
            Some(node) if one.is("HumanName") => {
                parts(node, &["family", "given", "prefix", "suffix", "text"])
            }
            Some(node) if one.is("Address") => {
                parts(node, &["line", "city", "district", "state", "postalCode", "country", "text"])
            }
            _ => one.text().into_iter().collect(),
        })
        .collect()
}

fn parts(node: Node<'_>, names: &[&str]) -> Vec<String> {
    let members = names.iter().filter_map(|name| node.get(name));
    let texts = members.flat_map(|member| match member.as_str() {
        Some(text) => vec![text.into_owned()],
        None => member.items().filter_map(|item| Some(item.as_str()?.into_owned())).collect(),
    });
    texts.collect()
}
