//! From a resource to its index values.

use super::collector::{Collector, Note};
use super::custom::Set;
use super::full_text::{self, FullText};
use super::program::Program;
use super::reference::Bases;
use crate::definitions::ResourceType;
use crate::definitions::names::{self, NameId};
use crate::json::Node;
use std::sync::OnceLock;
use thiserror::Error;

const RESOURCE_TYPE: NameId = names::lookup(b"resourceType");
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
/// `_id` and `_lastUpdated` are not among them: they are in the key and the row.
pub fn extract<'o>(
    resource: Node<'_>,
    options: &'o ExtractOptions<'o>,
    out: &mut Vec<u8>,
) -> Result<Vec<Note>, Error> {
    let name = resource.get_name(RESOURCE_TYPE).and_then(Node::as_str).ok_or(Error::NoResourceType)?;
    let t = ResourceType::from_name(&name).ok_or(Error::NoResourceType)?;
    let custom = options.custom.and_then(|set| set.program(t));
    let program = custom.unwrap_or_else(|| PROGRAMS[usize::from(t.code())].get_or_init(|| Program::of(t)));
    let mut collector = Collector::new(options.bases, resource, program.slots());
    program.run(resource, &mut collector);
    full_text::extract(resource, t, options.words, &mut collector);
    Ok(collector.finish(out))
}
