//! Identifier: <https://hl7.org/fhir/R4/datatypes-definitions.html#Identifier.value>.

use super::super::canonical::is_absolute;
use super::super::{Rules, shown};
use crate::json::Node;
use crate::validation::{Code, structure};

/// The system of identifiers that are URIs.
const URIS: &str = "urn:ietf:rfc:3986";

/// A system is an absolute URI, and values in the system of URIs are such.
pub(super) fn check(rules: &mut Rules<'_>, identifier: Node<'_>) {
    let Some(node) = identifier.get("system") else { return };
    let Some(system) = node.as_str() else { return };
    if !is_absolute(&system) {
        let text = format!(
            "the system '{}' is relative; write an absolute URI, such as https://… or urn:oid:…",
            shown(&system)
        );
        return rules.error(node, Code::Value, text);
    }
    if system == URIS
        && let Some(node) = identifier.get("value")
        && let Some(value) = node.as_str()
    {
        uri(rules, node, &value);
    }
}

fn uri(rules: &mut Rules<'_>, node: Node<'_>, value: &str) {
    if !is_absolute(value) {
        let text = format!(
            "'{}' is no absolute URI, which values of the system {URIS} are; begin it with its scheme, such as urn:oid: or urn:uuid:",
            shown(value)
        );
        rules.error(node, Code::Value, text);
    } else if let Err(expected) = structure::check_urn(value) {
        // Registries have given out OIDs of roots that do not exist, and those identify all the same.
        rules.issues.warning(node, Code::Value, format!("'{}' is not {expected}", shown(value)));
    }
}
