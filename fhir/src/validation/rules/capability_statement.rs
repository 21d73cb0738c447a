//! CapabilityStatement: <https://hl7.org/fhir/R4/capabilitystatement.html>.

use super::{Rules, items, known_parameter, shown, text};
use crate::json::Node;
use crate::validation::Code;

/// A search parameter must be of the type its definition gives it.
pub(super) fn check(rules: &mut Rules<'_>, resource: Node<'_>) {
    for rest in items(resource, "rest") {
        let lists = items(rest, "resource").chain([rest]);
        for parameter in lists.flat_map(|list| items(list, "searchParam")) {
            let (Some(definition), Some(stated)) = (text(parameter, "definition"), text(parameter, "type"))
            else {
                continue;
            };
            let Some(known) = known_parameter(&definition) else { continue };
            if known.kind.code() != stated {
                let text = format!(
                    "the search parameter '{}' is of type {}, not {}",
                    shown(&definition),
                    known.kind.code(),
                    shown(&stated)
                );
                rules.error(parameter, Code::Value, text);
            }
        }
    }
}
