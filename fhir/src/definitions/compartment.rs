//! Compartment definitions: by which parameters a resource belongs to whom.

use super::ResourceType;

const TABLE: &str = include_str!("../../definitions/r4/compartments.txt");

/// The types whose resources have compartments: <https://hl7.org/fhir/R4/compartmentdefinition.html>
pub const COMPARTMENTS: [&str; 5] = ["Patient", "Encounter", "RelatedPerson", "Practitioner", "Device"];

/// The parameters of `t` that make it a member of a compartment of type `compartment`, in the order of the
/// CompartmentDefinition; none if it never is one. Of the definition's table only, so `Patient` itself is by `link`.
pub fn membership_params(compartment: &str, t: ResourceType) -> impl Iterator<Item = &'static str> {
    let line = members(compartment).find_map(|(name, params)| (name == t.name()).then_some(params));
    line.unwrap_or_default().split_ascii_whitespace()
}

/// The types that are members of compartments of type `compartment`, its own type included.
pub fn compartment_members(compartment: &str) -> impl Iterator<Item = ResourceType> {
    let own = ResourceType::from_name(compartment).filter(|_| COMPARTMENTS.contains(&compartment));
    let others = members(compartment).filter_map(|(name, _)| ResourceType::from_name(name));
    own.into_iter().chain(others.filter(move |t| Some(*t) != own))
}

fn members(compartment: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    TABLE.lines().filter_map(move |line| {
        let (found, rest) = line.split_once('\t')?;
        rest.split_once('\t').filter(|_| found == compartment)
    })
}
