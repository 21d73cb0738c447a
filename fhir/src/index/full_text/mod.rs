//! The words of a resource, for `_text` and `_content`: <https://hl7.org/fhir/R4/search.html#text>.
//!
//! `_text` has those of the narrative, `_content` has those of everything else that people read: a search of the content asks both.

mod elements;
mod gather;
mod markup;

use super::collector::Collector;
use super::value::Value;
use super::words::Words;
use crate::definitions::names::{self, NameId};
use crate::definitions::{ParamId, ResourceType, TypeId};
use crate::json::Node;
use gather::Gatherer;
use std::cell::Cell;
use std::str::FromStr;
use thiserror::Error;

/// What `_text` asks.
pub const NARRATIVE: ParamId = ParamId::from_code("_text").expect("a parameter");
/// What `_content` asks besides.
pub const CONTENT: ParamId = ParamId::from_code("_content").expect("a parameter");

const TEXT: NameId = names::lookup(b"text");
const DIV: NameId = names::lookup(b"div");

/// Which words of resources are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FullText {
    /// None.
    #[default]
    Off,
    /// Those of narratives: `_text`.
    Narrative,
    /// All that people read: `_text` and `_content`.
    All,
}

/// Not one of the three.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("it is 'off', 'narrative' or 'all'")]
pub struct UnknownFullText;

impl FromStr for FullText {
    type Err = UnknownFullText;

    fn from_str(code: &str) -> Result<Self, UnknownFullText> {
        match code {
            "off" => Ok(FullText::Off),
            "narrative" => Ok(FullText::Narrative),
            "all" => Ok(FullText::All),
            _ => Err(UnknownFullText),
        }
    }
}

thread_local! {
    static GATHERER: Cell<Option<Box<Gatherer>>> = const { Cell::new(None) };
}

/// Adds the words of a resource of type `t`.
pub(super) fn extract(
    resource: Node<'_>,
    t: ResourceType,
    kept: FullText,
    collector: &mut Collector<'_, '_>,
) {
    if kept == FullText::Off {
        return;
    }
    let mut gatherer = GATHERER.take().unwrap_or_default();
    let div = resource.get_name(TEXT).and_then(|text| text.get_name(DIV)).and_then(Node::as_str);
    if let Some(div) = div {
        markup::blocks(&div, |block| gatherer.add(block));
    }
    let narrative = gatherer.end_part();
    if let Some(id) = TypeId::from_path(t.name()).filter(|_| kept == FullText::All) {
        elements::texts(resource, id, Some(TEXT), &mut gatherer);
    }
    let content = gatherer.end_part();
    for (param, part) in [(NARRATIVE, narrative), (CONTENT, content)] {
        if !part.is_empty() {
            let (dictionary, order) = (gatherer.dictionary(), gatherer.order(part));
            collector.add_of(param, Value::Words(Words { dictionary, order }));
        }
    }
    gatherer.clear();
    GATHERER.set(Some(gatherer));
}

#[cfg(test)]
mod tests;
