//! Group: <https://hl7.org/fhir/R4/group-definitions.html#Group.type>.

use super::{Rules, items, text};
use crate::json::Node;
use crate::validation::Code;
use crate::validation::literal_reference::named_type;

/// "Group members SHALL be of the appropriate resource type." Groups within groups are not looked into.
pub(super) fn check(rules: &mut Rules<'_>, resource: Node<'_>) {
    let kind = text(resource, "type").unwrap_or_default();
    let allowed: &[&str] = match &*kind {
        "person" | "animal" => &["Patient"],
        "practitioner" => &["Practitioner", "PractitionerRole"],
        "device" => &["Device"],
        "medication" => &["Medication"],
        "substance" => &["Substance"],
        _ => return,
    };
    for member in items(resource, "member") {
        let Some(entity) = member.get("entity") else { continue };
        let Some(named) = text(entity, "reference").and_then(|reference| named_type(&reference)) else {
            continue;
        };
        let name = named.name();
        if name != "Group" && !allowed.contains(&name) {
            let text =
                format!("a group of type {kind} has no member of type {name}, but {}", allowed.join(" or "));
            rules.error(entity, Code::BusinessRule, text);
        }
    }
}
