//! From a resource to its index values.

use super::collector::{Collector, Note};
use super::custom::Set;
use super::full_text::{self, FullText};
use super::program::Program;
use super::reference::Bases;
use super::value::{Contained, Value};
use crate::definitions::names::{self, NameId};
use crate::definitions::{ParamId, ResourceType};
use crate::json::Node;
use std::sync::OnceLock;
use thiserror::Error;

const RESOURCE_TYPE: NameId = names::lookup(b"resourceType");
const CONTAINED: NameId = names::lookup(b"contained");
const ID: NameId = names::lookup(b"id");
const TYPE_COUNT: usize = 1024;

/// By type code, compiled when the first resource of the type comes.
static PROGRAMS: [OnceLock<Program>; TYPE_COUNT] = [const { OnceLock::new() }; TYPE_COUNT];

/// What extraction depends on beside the resource.
#[derive(Clone, Copy, Debug, Default)]
pub struct ExtractOptions<'o> {
    /// References below one of them are stored as local ones.
    pub bases: Bases<'o>,
    /// Parameters beside R4's.
    pub custom: Option<&'o Set>,
    /// What is kept for `_text` and `_content`.
    pub words: FullText,
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Error {
    #[error("not a resource of a type R4 knows")]
    NoResourceType,
}

/// Appends the index values of `resource` to `out` (read them with [`Values`](super::Values)) and reports the values
/// left out. The same resource and options always give the same bytes.
///
/// `_id` and `_lastUpdated` are not among them: they are in the key and the row. Those of contained resources are, apart from the
/// resource's own, but for the words of contained resources.
pub fn extract<'o>(
    resource: Node<'_>,
    options: &'o ExtractOptions<'o>,
    out: &mut Vec<u8>,
) -> Result<Vec<Note>, Error> {
    let name = resource.get_name(RESOURCE_TYPE).and_then(Node::as_str).ok_or(Error::NoResourceType)?;
    let t = ResourceType::from_name(&name).ok_or(Error::NoResourceType)?;
    let mut collector = walked(resource, t, options);
    full_text::extract(resource, t, options.words, &mut collector);
    for one in resource.get_name(CONTAINED).into_iter().flat_map(Node::items) {
        contained(one, options, &mut collector);
    }
    Ok(collector.finish(out))
}

/// What the parameters of its type select.
fn walked<'o, 'd>(resource: Node<'d>, t: ResourceType, options: &'o ExtractOptions<'o>) -> Collector<'o, 'd> {
    let custom = options.custom.and_then(|set| set.program(t));
    let program = custom.unwrap_or_else(|| PROGRAMS[usize::from(t.code())].get_or_init(|| Program::of(t)));
    let mut collector = Collector::new(options.bases, resource, program.slots());
    program.run(resource, &mut collector);
    collector
}

/// Adds a contained resource with its own index values; one without an id, or of no type, is found by nothing.
fn contained<'o>(one: Node<'_>, options: &'o ExtractOptions<'o>, container: &mut Collector<'o, '_>) {
    let name = one.get_name(RESOURCE_TYPE).and_then(Node::as_str);
    let Some(t) = name.and_then(|name| ResourceType::from_name(&name)) else { return };
    let Some(id) = one.get_name(ID).and_then(Node::as_str) else { return };
    let mut values = Vec::new();
    let notes = walked(one, t, options).finish(&mut values);
    container.add_of(
        ParamId::CONTAINED,
        Value::Contained(Contained { type_code: t.code(), id: &id, values: &values }),
    );
    container.add_notes(notes);
}
