//! The absolute address under which the client reached this server.

use super::tenant::OfPath;
use crate::{
    link::{self, FHIR},
    tls::Shown,
};
use http::{HeaderMap, header, request::Parts};

/// The configured base, else scheme and host as the client (or the proxy before us) says, else a relative base; of a tenant's path that
/// tenant's.
pub(super) fn of(configured: &str, parts: &Parts) -> String {
    let base = of_default(configured, parts);
    match parts.extensions.get::<OfPath>() {
        Some(OfPath(Ok(name))) => link::of_tenant(&base, name.as_str()),
        _ => base,
    }
}

fn of_default(configured: &str, parts: &Parts) -> String {
    if !configured.is_empty() {
        return configured.to_owned();
    }
    let headers = &parts.headers;
    let host = first(headers, "x-forwarded-host")
        .or_else(|| headers.get(header::HOST)?.to_str().ok())
        .or_else(|| parts.uri.authority().map(|authority| authority.as_str()))
        .filter(|host| is_host(host));
    let is_plain = parts.extensions.get::<Shown>().is_none_or(|shown| *shown == Shown::Plain);
    let scheme = match first(headers, "x-forwarded-proto") {
        Some("https") => "https",
        None if !is_plain => "https",
        _ => "http",
    };
    let prefix = first(headers, "x-forwarded-prefix").filter(|prefix| is_path(prefix)).unwrap_or_default();
    match host {
        Some(host) => format!("{scheme}://{host}{}{FHIR}", prefix.trim_end_matches('/')),
        None => FHIR.to_owned(),
    }
}

/// The first of a list: what the proxy nearest to the client says.
fn first<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let value = headers.get(name)?.to_str().ok()?;
    value.split(',').next().map(str::trim).filter(|value| !value.is_empty())
}

fn is_host(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte))
}

fn is_path(text: &str) -> bool {
    text.starts_with('/') && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/.-_~".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(configured: &str, headers: &[(&str, &str)]) -> String {
        base_of(None, configured, headers)
    }

    fn base_of(tenant: Option<&str>, configured: &str, headers: &[(&str, &str)]) -> String {
        let mut request = http::Request::get("/fhir/Patient");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut parts = request.body(()).unwrap().into_parts().0;
        if let Some(tenant) = tenant {
            parts.extensions.insert(OfPath(Ok(tenant.parse().unwrap())));
        }
        of(configured, &parts)
    }

    #[test]
    fn of_a_tenant_it_is_its_own() {
        let forwarded =
            [("host", "inner:1"), ("x-forwarded-host", "a.example"), ("x-forwarded-prefix", "/ehr/")];
        let of = |configured: &str, headers: &[(&str, &str)]| base_of(Some("x"), configured, headers);
        assert_eq!(of("", &forwarded), "http://a.example/ehr/t/x/fhir");
        assert_eq!(of("https://c.example/fhir", &forwarded), "https://c.example/t/x/fhir");
        assert_eq!(of("https://c.example/r4", &[]), "https://c.example/r4/t/x/fhir");
        assert_eq!(of("", &[]), "/t/x/fhir");
    }

    #[test]
    fn configured_then_forwarded_then_host() {
        let forwarded = [
            ("host", "inner:1"),
            ("x-forwarded-host", "a.example, b"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-prefix", "/ehr/"),
        ];
        assert_eq!(base("https://c.example/r4", &forwarded), "https://c.example/r4");
        assert_eq!(base("", &forwarded), "https://a.example/ehr/fhir");
        assert_eq!(base("", &[("host", "[::1]:8080")]), "http://[::1]:8080/fhir");
        assert_eq!(base("", &[("host", "bad\"host")]), "/fhir");
        assert_eq!(base("", &[]), "/fhir");
    }
}
