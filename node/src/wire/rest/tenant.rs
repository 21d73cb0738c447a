//! The tenant of a path: `/t/NAME/fhir` and what stands below it is what `/fhir` is to the default one. Behind this every path begins
//! there.

use axum::extract::Request;
use proto::{Code, Error, TenantName};

/// Where tenants' paths begin.
const TENANTS: &str = "/t/";

/// The name in the path of a request, where it has one.
#[derive(Clone)]
pub(super) struct OfPath(pub Result<TenantName, Error>);

impl OfPath {
    /// What was taken from the path's start, or would have been.
    pub(super) fn prefix(&self) -> String {
        self.0.as_ref().map(|name| format!("{TENANTS}{name}")).unwrap_or_default()
    }
}

/// Takes the tenant out of the path.
pub(super) async fn settle(mut request: Request) -> Request {
    let uri = request.uri();
    let Some((name, path)) = apart(uri.path()) else { return request };
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let name = TenantName::parse(name).map_err(|error| Error::new(Code::BadRequest, error.to_string()));
    // What was a path is one still without its beginning; if not, the routes answer what was asked.
    if let Ok(rest) = format!("{path}{query}").parse() {
        *request.uri_mut() = rest;
        request.extensions_mut().insert(OfPath(name));
    }
    request
}

/// The tenant's segment of a path, and the rest that begins with `/fhir`.
fn apart(path: &str) -> Option<(&str, &str)> {
    let below = path.strip_prefix(TENANTS)?;
    let (name, path) = below.split_at(below.find('/')?);
    let rest = path.strip_prefix(crate::link::FHIR)?;
    (rest.is_empty() || rest.starts_with('/')).then_some((name, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenants_path_is_its_name_and_what_the_default_ones_is() {
        assert_eq!(apart("/t/a/fhir"), Some(("a", "/fhir")));
        assert_eq!(apart("/t/a-1/fhir/Patient/x"), Some(("a-1", "/fhir/Patient/x")));
        assert_eq!(apart("/t/A%62/fhir/"), Some(("A%62", "/fhir/")));
        assert_eq!(apart("/t//fhir"), Some(("", "/fhir")));
        for other in
            ["/fhir", "/fhir/t/a/fhir", "/t/a", "/t/a/", "/t/a/fhirx", "/t/a/b/fhir", "/tt/a/fhir", "/t/fhir"]
        {
            assert_eq!(apart(other), None, "{other}");
        }
    }
}
