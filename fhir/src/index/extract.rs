//! From a resource to its index values.

use super::collector::{Collector, ExtractOptions, Note};
use super::program::Program;
use crate::definitions::ResourceType;
use crate::definitions::names::{self, NameId};
use crate::json::Node;
use std::sync::OnceLock;
use thiserror::Error;

const RESOURCE_TYPE: NameId = names::lookup(b"resourceType");
const TYPE_COUNT: usize = 1024;

/// By type code, compiled when the first resource of the type comes.
static PROGRAMS: [OnceLock<Program>; TYPE_COUNT] = [const { OnceLock::new() }; TYPE_COUNT];

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Error {
    #[error("not a resource of a type R4 knows")]
    NoResourceType,
}

/// Appends the index values of `resource` to `out` (read them with [`Values`](super::Values)) and reports the values
/// left out. The same resource and options always give the same bytes.
///
/// `_id` and `_lastUpdated` are not among them (they are in the key and the row), nor `_text` and `_content`.
pub fn extract(
    resource: Node<'_>,
    options: &ExtractOptions<'_>,
    out: &mut Vec<u8>,
) -> Result<Vec<Note>, Error> {
    let name = resource.get_name(RESOURCE_TYPE).and_then(Node::as_str).ok_or(Error::NoResourceType)?;
    let t = ResourceType::from_name(&name).ok_or(Error::NoResourceType)?;
    let program = PROGRAMS[usize::from(t.code())].get_or_init(|| Program::of(t));
    let mut collector = Collector::new(options, resource, program.slots());
    program.run(resource, &mut collector);
    Ok(collector.finish(out))
}
