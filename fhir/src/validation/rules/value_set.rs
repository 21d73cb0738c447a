//! ValueSet: <https://hl7.org/fhir/R4/valueset.html>.

use super::canonical::is_absolute;
use super::{Rules, items, shown, text};
use crate::json::Node;
use crate::validation::Code;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// Says how the value of a filter is computed: <http://hl7.org/fhir/StructureDefinition/cqf-expression>.
const EXPRESSION: &str = "http://hl7.org/fhir/StructureDefinition/cqf-expression";
const PARAMETER: &str = "http://hl7.org/fhir/tools/StructureDefinition/valueset-parameter";

/// Checks what is included and excluded: systems, listed codes, filters.
pub(super) fn check(rules: &mut Rules<'_>, resource: Node<'_>) {
    let Some(compose) = resource.get("compose") else { return };
    let declared = declared(resource);
    for include in items(compose, "include").chain(items(compose, "exclude")) {
        let Some(node) = include.get("system") else { continue };
        let Some(system) = node.as_str() else { continue };
        if !is_absolute(&system) {
            let text = format!(
                "the system '{}' is relative; write the URL of the code system, also of a contained one",
                shown(&system)
            );
            rules.error(node, Code::Value, text);
            continue;
        }
        codes(rules, include, &system);
        for filter in items(include, "filter") {
            coding_property(rules, filter, &system);
            computed(rules, filter, &declared);
        }
    }
}

/// Codes that are listed must be in their system, if a CodeSystem with all of its codes is known.
fn codes(rules: &mut Rules<'_>, include: Node<'_>, system: &str) {
    let version = text(include, "version");
    let Ok(Some(all)) = rules.terminology.code_system(system, version.as_deref()) else { return };
    if !all.is_complete() {
        return;
    }
    for concept in items(include, "concept") {
        let Some(code) = text(concept, "code") else { continue };
        if all.find(&code).is_none() {
            let text = format!("the code system '{}' has no code '{}'", shown(system), shown(&code));
            rules.error(concept, Code::CodeInvalid, text);
        }
    }
}

/// A property of type Coding is compared with `system#code`.
fn coding_property(rules: &mut Rules<'_>, filter: Node<'_>, system: &str) {
    let (Some(property), Some(value)) = (text(filter, "property"), text(filter, "value")) else { return };
    let known = crate::definitions::ResourceType::from_name("CodeSystem")
        .and_then(|code_systems| rules.terminology.source().find(code_systems, system, None));
    let Some(known) = known else { return };
    let is_coding = items(known.root(), "property").any(|own| {
        text(own, "code").as_deref() == Some(&*property) && text(own, "type").as_deref() == Some("Coding")
    });
    if is_coding && text(filter, "op").as_deref() == Some("=") && !value.contains('#') {
        let text = format!(
            "the property '{}' is a Coding; write the value as system#code, not '{}'",
            shown(&property),
            shown(&value)
        );
        rules.error(filter, Code::Value, text);
    }
}

/// A computed value is FHIRPath, and names parameters that the value set declares.
fn computed(rules: &mut Rules<'_>, filter: Node<'_>, declared: &BTreeSet<Cow<'_, str>>) {
    let companion = filter.get("_value");
    let extensions = companion.into_iter().flat_map(|companion| items(companion, "extension"));
    for extension in extensions.filter(|extension| text(*extension, "url").as_deref() == Some(EXPRESSION)) {
        let Some(value) = extension.get("valueExpression") else { continue };
        let language = text(value, "language");
        if language.as_deref() != Some("text/fhirpath") {
            let text = "the value of a filter is computed by an expression in text/fhirpath only".to_owned();
            rules.error(value, Code::BusinessRule, text);
            continue;
        }
        let name =
            text(value, "expression").and_then(|expression| expression.strip_prefix('%').map(str::to_owned));
        if let Some(name) = name.filter(|name| !declared.contains(&**name)) {
            let text = format!("the value set declares no parameter '{}'", shown(&name));
            rules.error(value, Code::BusinessRule, text);
        }
    }
}

/// The names of the parameters the value set declares.
fn declared(resource: Node<'_>) -> BTreeSet<Cow<'_, str>> {
    let parameters = items(resource, "extension")
        .filter(|extension| text(*extension, "url").as_deref() == Some(PARAMETER));
    let parts = parameters.flat_map(|parameter| items(parameter, "extension"));
    let names = parts.filter(|part| text(*part, "url").as_deref() == Some("name"));
    names.filter_map(|part| text(part, "valueCode")).collect()
}
