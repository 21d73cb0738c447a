//! The properties of a code: <https://hl7.org/fhir/R4/codesystem.html#properties>.

use crate::json::write_string;
use crate::terminology::{CodeSystem, Concept, PropertyType};

/// One value of a property.
pub(super) struct Property<'c> {
    pub code: &'c str,
    /// The type of the value, as `value[x]` names it.
    pub suffix: &'static str,
    /// The value's text; of what is no text in JSON that JSON.
    text: &'c str,
    /// What a code that is the value is called.
    pub description: Option<&'c str>,
}

impl Property<'_> {
    /// The value as JSON.
    pub fn json(&self) -> Vec<u8> {
        let types =
            [PropertyType::Boolean, PropertyType::Integer, PropertyType::Decimal, PropertyType::Coding];
        if types.iter().any(|plain| plain.suffix() == self.suffix) {
            return self.text.as_bytes().to_vec();
        }
        let mut out = Vec::with_capacity(self.text.len() + 2);
        write_string(&mut out, self.text);
        out
    }
}

/// The properties of a concept that are wanted: definition, abstract, inactive, parents, children, those the resource gives, and those
/// that supplements (`more`) give.
pub(super) fn of<'c>(
    system: &'c CodeSystem,
    number: u32,
    more: &[(&'c CodeSystem, &'c Concept)],
    wanted: impl Fn(&str) -> bool,
) -> Vec<Property<'c>> {
    let concept = system.concept(number);
    let mut all = Vec::new();
    let plain = |code, suffix, text| Property { code, suffix, text, description: None };
    if let Some(definition) = concept.definition.as_deref().filter(|_| wanted("definition")) {
        all.push(plain("definition", "String", definition));
    }
    for (code, flag) in [("abstract", concept.is_abstract), ("inactive", system.inactive().contains(number))]
    {
        if flag && wanted(code) {
            all.push(plain(code, "Boolean", "true"));
        }
    }
    for (code, related) in [("parent", system.parents(number)), ("child", system.children(number))] {
        for other in related.iter().filter(|_| wanted(code)).map(|other| system.concept(*other)) {
            all.push(Property { description: other.display.as_deref(), ..plain(code, "Code", &other.code) });
        }
    }
    for (system, concept) in [(system, concept)].iter().chain(more) {
        all.extend(given(system, concept, &wanted));
    }
    all
}

/// Those the resource gives, except what has been said already.
fn given<'c>(
    system: &'c CodeSystem,
    concept: &'c Concept,
    wanted: &impl Fn(&str) -> bool,
) -> impl Iterator<Item = Property<'c>> {
    const SAID: [&str; 4] = ["abstract", "inactive", "parent", "child"];
    concept.properties.iter().filter_map(move |one| {
        let code = system.property_code(one);
        let text = one.coding.as_deref().unwrap_or(&one.text);
        let is_new = !SAID.contains(&code) && wanted(code);
        is_new.then_some(Property { code, suffix: one.value_type.suffix(), text, description: None })
    })
}
