//! Compartment definitions: by which parameters a resource belongs to whom.

use super::ResourceType;
use std::sync::LazyLock;

const TABLE: &str = include_str!("../../definitions/r4/compartments.txt");

/// The types whose resources have compartments: <https://hl7.org/fhir/R4/compartmentdefinition.html>
pub const COMPARTMENTS: [&str; 5] = ["Patient", "Encounter", "RelatedPerson", "Practitioner", "Device"];

/// Of each of them what the table says, line by line.
static MEMBERS: LazyLock<[Vec<Member>; COMPARTMENTS.len()]> = LazyLock::new(|| COMPARTMENTS.map(read));

/// A type with resources in a compartment, and the parameters that put them there.
struct Member {
    resource_type: ResourceType,
    params: Vec<&'static str>,
}

/// The parameters of `t` that make it a member of a compartment of type `compartment`, in the order of the
/// CompartmentDefinition; none if it never is one. Of the definition's table only, so `Patient` itself is by `link`.
pub fn membership_params(compartment: &str, t: ResourceType) -> impl Iterator<Item = &'static str> {
    let member = members(compartment).iter().find(|member| member.resource_type == t);
    member.into_iter().flat_map(|member| member.params.iter().copied())
}

/// The types that are members of compartments of type `compartment`, its own type included.
pub fn compartment_members(compartment: &str) -> impl Iterator<Item = ResourceType> {
    let own = ResourceType::from_name(compartment).filter(|_| COMPARTMENTS.contains(&compartment));
    let others = members(compartment).iter().map(|member| member.resource_type);
    own.into_iter().chain(others.filter(move |t| Some(*t) != own))
}

fn members(compartment: &str) -> &'static [Member] {
    let at = COMPARTMENTS.iter().position(|name| *name == compartment);
    at.map_or(&[], |at| &MEMBERS[at])
}

fn read(compartment: &str) -> Vec<Member> {
    let line = |line: &'static str| {
        let (found, rest) = line.split_once('\t')?;
        let (name, params) = rest.split_once('\t').filter(|_| found == compartment)?;
        let resource_type = ResourceType::from_name(name)?;
        Some(Member { resource_type, params: params.split_ascii_whitespace().collect() })
    };
    TABLE.lines().filter_map(line).collect()
}
