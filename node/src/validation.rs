//! What is stored is valid, as far as `validation.level` asks for it; and what `$validate` says.

use crate::{draft::Parsed, engine::Inner};
use fhir::{
    json::Node,
    validation::{self, Issues},
};
use proto::{Code, Error, TenantId, error::Issue};

/// How far every write is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Well-formed JSON of a known resource type, no more.
    Off,
    /// Names, shapes, cardinality, types and primitives, as the specification's own types have them.
    Structure,
    /// Everything the definitions say: bindings, invariants, references, extensions, profiles too.
    Full,
}

impl Level {
    /// The level of that name in the configuration.
    pub fn of(name: &str) -> Option<Level> {
        match name {
            "off" => Some(Level::Off),
            "structure" => Some(Level::Structure),
            "full" => Some(Level::Full),
            _ => None,
        }
    }
}

/// Refuses what must not be stored.
///
/// # Errors
/// `Invalid` with every finding.
pub fn written(node: &Inner, tenant: TenantId, parsed: &Parsed) -> Result<(), Error> {
    let resource = parsed.document.root();
    let issues = match node.options.validation {
        Level::Off => return Ok(()),
        Level::Structure => validation::structure(resource, node.options.issues_max),
        // It may take milliseconds, where other tasks of the thread wait.
        Level::Full => tokio::task::block_in_place(|| {
            let definitions = node.conformance.of(tenant);
            definitions.errors(parsed.resource_type, resource, node.clock.now_ms())
        }),
    };
    if issues.is_valid() { Ok(()) } else { Err(refusal(&issues)) }
}

/// All there is to say about a resource, whatever the level of writes is; also against `profile`.
pub fn judge(node: &Inner, tenant: TenantId, resource: Node<'_>, profile: Option<&str>) -> Issues {
    node.conformance.of(tenant).judge(resource, profile.as_slice(), node.clock.now_ms())
}

fn refusal(issues: &Issues) -> Error {
    let issue = |issue: &validation::Issue| Issue {
        severity: issue.severity.code(),
        code: issue.code.code(),
        diagnostics: issue.text.clone(),
        expression: Some(issue.expression.clone()),
    };
    let mut all: Vec<Issue> = issues.iter().map(issue).collect();
    if issues.left_out() > 0 {
        all.push(Issue {
            severity: "information",
            code: "incomplete",
            diagnostics: format!("{} more are not shown (validation.issues_max)", issues.left_out()),
            expression: None,
        });
    }
    Error { code: Code::Invalid, issues: all }
}
