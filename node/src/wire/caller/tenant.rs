//! Whose data a request is about.

use crate::service::{Tenant, TenantService};
use http::HeaderMap;
use proto::{
    Code, Error, TenantId, TenantName,
    metadata::{TENANT, misspelt},
};

/// The tenant that the headers (gRPC's metadata) name, or the path; the default one where neither does.
///
/// # Errors
/// `NotFound` for one that is not there; `BadRequest` for what is no name, for two that are not the same, and for a key that looks like
/// the tenant's and is not.
pub async fn of(
    headers: &HeaderMap,
    of_path: Option<&TenantName>,
    service: &impl TenantService,
) -> Result<Tenant, Error> {
    match named(headers, of_path)? {
        Some(name) if !name.is_default() => service.tenant(&name).await,
        _ => Ok(Tenant { id: TenantId::DEFAULT, base: None }),
    }
}

fn named(headers: &HeaderMap, of_path: Option<&TenantName>) -> Result<Option<TenantName>, Error> {
    if let Some(error) = headers.keys().find_map(|key| misspelt(key.as_str())) {
        return Err(error);
    }
    let mut named = of_path.cloned();
    for value in headers.get_all(TENANT) {
        let text = String::from_utf8_lossy(value.as_bytes());
        let name =
            TenantName::parse(&text).map_err(|error| Error::new(Code::BadRequest, error.to_string()))?;
        if let Some(other) = named.as_ref().filter(|other| **other != name) {
            let place = if of_path.is_some() { "the path" } else { "another one" };
            let text = format!(
                "the header {TENANT} names tenant {name}, and {place} names {other}: name one of them"
            );
            return Err(Error::new(Code::BadRequest, text));
        }
        named = Some(name);
    }
    Ok(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (TENANT.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn header_and_path_name_one_tenant_or_none() {
        let of = |values: &[&str], path: Option<&str>| {
            let path = path.map(|path| TenantName::parse(path).unwrap());
            named(&headers(values), path.as_ref()).map(|name| name.map(|name| name.to_string()))
        };
        assert_eq!(of(&[], None), Ok(None));
        assert_eq!(of(&["a"], None), Ok(Some("a".to_owned())));
        assert_eq!(of(&[], Some("a")), Ok(Some("a".to_owned())));
        assert_eq!(of(&["a", "a"], Some("a")), Ok(Some("a".to_owned())));
        for (values, path) in [(&["b"][..], Some("a")), (&["a", "b"], None), (&["default"], Some("a"))] {
            let refused = of(values, path).unwrap_err();
            assert!(
                refused.code == Code::BadRequest && refused.diagnostics().contains("name one"),
                "{refused}"
            );
        }
        let refused = of(&["A b"], None).unwrap_err();
        assert!(
            refused.code == Code::BadRequest && refused.diagnostics().contains("lower-case"),
            "{refused}"
        );
    }
}
