//! The absolute address under which the client reached this server.

use crate::tls::Shown;
use http::{HeaderMap, header, request::Parts};

const PATH: &str = "/fhir";

/// The configured base, else scheme and host as the client (or the proxy before us) says, else a relative base.
pub(super) fn of(configured: &str, parts: &Parts) -> String {
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
        Some(host) => format!("{scheme}://{host}{}{PATH}", prefix.trim_end_matches('/')),
        None => PATH.to_owned(),
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
        let mut request = http::Request::get("/fhir/Patient");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        of(configured, &request.body(()).unwrap().into_parts().0)
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
