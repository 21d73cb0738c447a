//! Compartment definitions: by which parameters a resource belongs to whom.

use super::ResourceType;

const TABLE: &str = include_str!("../../definitions/r4/compartments.txt");

/// The parameters of `t` that make it a member of a compartment of type `compartment`, in the order of the
/// CompartmentDefinition; none if it never is one. Of the definition's table only, so `Patient` itself is by `link`.
pub fn membership_params(compartment: &str, t: ResourceType) -> impl Iterator<Item = &'static str> {
    let line = TABLE.lines().find_map(|line| {
        let (found, rest) = line.split_once('\t')?;
        let (name, params) = rest.split_once('\t')?;
        (found == compartment && name == t.name()).then_some(params)
    });
    line.unwrap_or_default().split_ascii_whitespace()
}
