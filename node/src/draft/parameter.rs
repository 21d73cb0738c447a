//! A SearchParameter that is active must be one that this server can carry out, whatever the level of validation.

use super::Parsed;
use crate::engine::Engine;
use fhir::{
    definitions::ResourceType,
    index::custom::{Definition, Entry, Meaning, Refusal},
};
use proto::{Code, Error, TenantId, error::Issue};

const SEARCH_PARAMETER: ResourceType = ResourceType::from_name("SearchParameter").expect("a resource type");
/// Each is evaluated with every write of its types.
pub const PARAMETERS_MAX: usize = 256;

/// Refuses one that cannot be carried out, or that would be taken for another one.
///
/// # Errors
/// `Invalid`, with the element and why.
pub fn written(node: &Engine, tenant: TenantId, parsed: &Parsed) -> Result<(), Error> {
    if parsed.resource_type != SEARCH_PARAMETER {
        return Ok(());
    }
    let wanted = match Definition::read(parsed.document.root()).map_err(refused)? {
        Meaning::Custom(wanted) => wanted,
        Meaning::Inactive | Meaning::AsR4 => return Ok(()),
    };
    let set = node.parameters(tenant);
    let others = || set.iter().flat_map(|set| set.entries()).filter(|one| one.definition.url != wanted.url);
    if let Some(other) = others().find(|other| other.definition.clashes_with(&wanted)) {
        return Err(refused(clash(&wanted, other)));
    }
    match others().count() >= PARAMETERS_MAX {
        true => Err(refused(Refusal {
            expression: "SearchParameter",
            code: "too-costly",
            text: format!(
                "there are {PARAMETERS_MAX} search parameters of your own already; retire one first"
            ),
        })),
        false => Ok(()),
    }
}

fn clash(wanted: &Definition, other: &Entry) -> Refusal {
    Refusal {
        expression: "SearchParameter.code",
        code: "duplicate",
        text: format!(
            "'{}' is the code of {} for the same base; give it another one",
            wanted.code, other.definition.url
        ),
    }
}

fn refused(refusal: Refusal) -> Error {
    let Refusal { expression, code, text } = refusal;
    let diagnostics = format!("this search parameter cannot be carried out: {text}");
    let issue = Issue { severity: "error", code, diagnostics, expression: Some(expression.to_owned()) };
    Error { code: Code::Invalid, issues: vec![issue] }
}
