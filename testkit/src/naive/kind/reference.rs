//! <https://hl7.org/fhir/R4/search.html#reference>

use super::{Asked, Key};
use crate::naive::{select::Found, store::Name, text::unescape};
use anyhow::{bail, ensure};
use fhir::definitions::ResourceType;

/// Where a reference leads.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// To a resource of this server, maybe to one version of it.
    Here(Name, Option<String>),
    /// Elsewhere; without a version.
    Url(String),
    /// To what the resource contains under this id.
    Inside(String),
    /// To what is known by an identifier alone.
    Identified,
}

pub fn holds(asked: Asked<'_>, found: &[Found<'_>]) -> anyhow::Result<bool> {
    let of_type = match asked.modifier {
        Some(name) => Some(ResourceType::from_name(name).ok_or_else(|| anyhow::anyhow!("no type: {name}"))?),
        None => None,
    };
    let wanted = unescape(asked.value);
    let places = found.iter().flat_map(|one| places(one, asked.base));
    if !wanted.contains(['/', ':']) {
        let is_it = |place: Place| {
            matches!(place, Place::Here(name, _)
            if name.id == wanted && of_type.is_none_or(|wanted| wanted == name.resource_type))
        };
        return Ok({ places }.any(is_it));
    }
    match place(&wanted, asked.base) {
        Place::Here(name, _) => {
            ensure!(of_type.is_none_or(|wanted| wanted == name.resource_type), "two types: {wanted}");
            Ok({ places }.any(|place| matches!(place, Place::Here(one, _) if one == name)))
        }
        Place::Url(url) => Ok({ places }.any(|place| place == Place::Url(url.clone()))),
        other => bail!("{other:?} is not asked for"),
    }
}

pub fn keys(found: &[Found<'_>], base: &str) -> Vec<Key> {
    let key = |place| match place {
        Place::Here(name, _) => Some(Key::Texts(vec![name.resource_type.name().to_owned(), name.id])),
        Place::Url(url) => Some(Key::Texts(vec![url])),
        Place::Inside(_) | Place::Identified => None,
    };
    found.iter().flat_map(|one| places(one, base)).filter_map(key).collect()
}

pub fn is_there(found: &[Found<'_>], base: &str) -> bool {
    found.iter().flat_map(|one| places(one, base)).any(|place| place != Place::Inside(String::new()))
}

/// Where an element leads: a Reference, a canonical or a URI.
pub fn places(found: &Found<'_>, base: &str) -> Vec<Place> {
    if let Some(text) = found.text() {
        // A canonical may end with a version.
        return vec![place(text.split('|').next().unwrap_or_default(), base)];
    }
    let named = found.member("reference").map(|text| place(&text, base));
    let identified = found.node().and_then(|node| node.get("identifier")).map(|_| Place::Identified);
    named.into_iter().chain(identified).collect()
}

/// Where a text leads.
pub fn place(text: &str, base: &str) -> Place {
    if let Some(id) = text.strip_prefix('#') {
        return Place::Inside(id.to_owned());
    }
    let (path, version) = match text.split_once("/_history/") {
        Some((path, version)) => (path, Some(version.to_owned())),
        None => (text, None),
    };
    let below = path.strip_prefix(base).and_then(|path| path.strip_prefix('/')).unwrap_or(path);
    let (resource_type, id) = below.split_once('/').unwrap_or_default();
    match ResourceType::from_name(resource_type) {
        Some(resource_type) if !id.is_empty() && !id.contains('/') => {
            Place::Here(Name { resource_type, id: id.to_owned() }, version)
        }
        _ => Place::Url(path.to_owned()),
    }
}
