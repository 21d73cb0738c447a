//! What is stored is valid, as far as `validation.level` asks for it.

use super::{Parsed, parameter};
use crate::{
    engine::{Engine, Level},
    host::aside,
};
use fhir::validation::{self, Issues};
use proto::{Code, Error, TenantId, error::Issue};

/// Refuses what must not be stored.
///
/// # Errors
/// `Invalid` with every finding; `Unavailable` where a configured profile is not known yet.
pub fn written(node: &Engine, tenant: TenantId, parsed: &Parsed) -> Result<(), Error> {
    let resource = parsed.document.root();
    parameter::written(node, tenant, parsed)?;
    let issues = match node.options.validation {
        Level::Off => return Ok(()),
        Level::Structure => validation::structure(resource, node.options.issues_max),
        // It may take milliseconds, where other tasks of the thread wait.
        Level::Full => aside(|| {
            let definitions = node.conformance.of(tenant);
            definitions.errors(parsed.resource_type, resource, node.clock.now_ms())
        })
        .map_err(|unknown| {
            Error::new(Code::Unavailable, format!("{unknown}; nothing is stored without it"))
        })?,
    };
    if issues.is_valid() { Ok(()) } else { Err(refusal(&issues)) }
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
