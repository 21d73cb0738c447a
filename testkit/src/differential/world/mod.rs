//! A small world whose resources are alike: few names, few codes, dates around midnights and ends of years, numbers that are equal
//! and written otherwise, references of every form. Ids are those of all types, so that one is taken for another.

mod json;
mod resources;
mod values;

use crate::naive::{Name, Stored};
use fhir::definitions::ResourceType;
use generator::random::Random;
pub use values::DECIMALS;
use values::World;

const TYPES: [&str; 13] = [
    "Patient",
    "Patient",
    "Observation",
    "Observation",
    "Observation",
    "Encounter",
    "Condition",
    "Practitioner",
    "Organization",
    "Group",
    "List",
    "MedicationRequest",
    "Location",
];
/// Those that are fewer.
const OTHERS: [&str; 3] = ["Medication", "ValueSet", "RiskAssessment"];
const IDS: u64 = 7;

/// Of something that may be there or not.
pub fn name(random: &mut Random) -> Name {
    let types: &[&str] = if random.chance(220) { &OTHERS } else { &TYPES };
    let resource_type = ResourceType::from_name(random.pick(types)).expect("a type of R4");
    // Of the types in the middle of all there are more.
    let ids =
        if matches!(resource_type.name(), "Observation" | "Encounter" | "Condition") { 3 * IDS } else { IDS };
    Name { resource_type, id: format!("x{}", random.below(ids)) }
}

/// A resource of that name.
pub fn resource(random: &mut Random, name: &Name, base: &str) -> String {
    resources::of(&mut World { random, base }, name)
}

/// The same, of another subject where it has one, and else another.
pub fn moved(random: &mut Random, stored: &Stored, base: &str) -> String {
    let text = String::from_utf8_lossy(stored.document.source()).into_owned();
    let subject = stored.document.root().get("subject").filter(|_| random.chance(800));
    let Some(subject) = subject else { return resource(random, &stored.name, base) };
    let reference = World { random, base }.reference(&["Patient", "Patient", "Group"]);
    format!("{}{reference}{}", &text[..subject.span().start], &text[subject.span().end..])
}
