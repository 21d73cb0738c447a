//! Content negotiation: <https://hl7.org/fhir/R4/http.html#mime-type>. JSON only for now.

use http::{HeaderMap, header};
use proto::{Code, Error};

/// FHIR's own media type; also that of every error.
pub(super) const FHIR_JSON: &str = "application/fhir+json; charset=utf-8";

/// How the answer is to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Format {
    pub media_type: &'static str,
    pub pretty: bool,
}

impl Format {
    /// From `_format` (which wins), `Accept` and `_pretty`; takes those parameters out of `parameters`.
    ///
    /// # Errors
    /// `NotAcceptable` where JSON will not do.
    pub(super) fn negotiate(
        headers: &HeaderMap,
        parameters: &mut Vec<(String, String)>,
    ) -> Result<Format, Error> {
        let format = take(parameters, "_format");
        let pretty = take(parameters, "_pretty").is_some_and(|value| value == "true");
        let media_type = match format {
            Some(format) => offered(&format).ok_or_else(|| not_acceptable(&format))?,
            None => accepted(headers)?,
        };
        Ok(Format { media_type, pretty })
    }
}

fn take(parameters: &mut Vec<(String, String)>, name: &str) -> Option<String> {
    let found = parameters.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone());
    parameters.retain(|(other, _)| other != name);
    found
}

/// The first range of `Accept` that JSON satisfies.
fn accepted(headers: &HeaderMap) -> Result<&'static str, Error> {
    let accept: Vec<&str> =
        headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    let accept = accept.join(",");
    if accept.trim().is_empty() {
        return Ok(FHIR_JSON);
    }
    accept.split(',').find_map(offered).ok_or_else(|| not_acceptable(&accept))
}

/// What is answered to one range or `_format` value; `None`: nothing.
fn offered(range: &str) -> Option<&'static str> {
    let mut parts = range.split(';').map(str::trim);
    let media_type = parts.next()?.to_ascii_lowercase();
    for parameter in parts {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let refused = match name.trim() {
            "q" => value.trim().parse() == Ok(0.0_f32),
            "fhirVersion" => !is_r4(value),
            _ => false,
        };
        if refused {
            return None;
        }
    }
    match media_type.as_str() {
        // A plus in a query is a space once decoded.
        "json" | "application/fhir+json" | "application/fhir json" | "*/*" | "application/*" => {
            Some(FHIR_JSON)
        }
        "application/json" => Some("application/json; charset=utf-8"),
        "text/json" | "text/*" => Some("text/json; charset=utf-8"),
        _ => None,
    }
}

fn is_r4(version: &str) -> bool {
    matches!(version.trim().trim_matches('"'), "4.0" | "4.0.1")
}

fn not_acceptable(asked: &str) -> Error {
    let asked: String = asked.chars().take(200).collect();
    let text =
        format!("{asked:?} is not offered: this server speaks JSON only for now (application/fhir+json)");
    Error::new(Code::NotAcceptable, text)
}

/// Whether a body of this Content-Type is JSON; none at all is taken for it.
///
/// # Errors
/// `UnsupportedMedia` for XML, other types, other charsets, other FHIR versions.
pub(super) fn check_content_type(headers: &HeaderMap) -> Result<(), Error> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    let text = String::from_utf8_lossy(value.as_bytes());
    let mut parts = text.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default().to_ascii_lowercase();
    let known = matches!(media_type.as_str(), "application/fhir+json" | "application/json" | "text/json");
    let parameters_fit = parts.all(|parameter| match parameter.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => is_utf8(value),
        Some((name, value)) if name.trim() == "fhirVersion" => is_r4(value),
        _ => true,
    });
    if known && parameters_fit {
        return Ok(());
    }
    let text: String = text.chars().take(200).collect();
    let text = format!(
        "a body of type {text:?} is not understood: this server reads JSON in UTF-8 only for now (application/fhir+json)"
    );
    Err(Error::new(Code::UnsupportedMedia, text))
}

fn is_utf8(charset: &str) -> bool {
    let charset = charset.trim().trim_matches('"');
    ["utf-8", "utf8", "us-ascii"].iter().any(|fit| charset.eq_ignore_ascii_case(fit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accept(value: &str) -> Result<&'static str, Code> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, value.parse().unwrap());
        Format::negotiate(&headers, &mut Vec::new())
            .map(|format| format.media_type)
            .map_err(|error| error.code)
    }

    #[test]
    fn accept_ranges() {
        assert_eq!(accept("text/html, application/xml;q=0.9, */*;q=0.8"), Ok(FHIR_JSON));
        assert_eq!(accept("application/fhir+json; fhirVersion=4.0"), Ok(FHIR_JSON));
        assert_eq!(accept("application/json"), Ok("application/json; charset=utf-8"));
        for refused in
            ["application/fhir+xml", "application/fhir+json;fhirVersion=5.0", "*/*;q=0", "text/html"]
        {
            assert_eq!(accept(refused), Err(Code::NotAcceptable), "{refused}");
        }
    }

    #[test]
    fn the_parameter_wins_and_is_taken_out() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut parameters = vec![pair("_format", "json"), pair("name", "x"), pair("_pretty", "true")];
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, "application/fhir+xml".parse().unwrap());
        let format = Format::negotiate(&headers, &mut parameters).unwrap();
        assert_eq!((format.media_type, format.pretty), (FHIR_JSON, true));
        assert_eq!(parameters, [pair("name", "x")]);
        let xml = Format::negotiate(&HeaderMap::new(), &mut vec![pair("_format", "xml")]).unwrap_err();
        assert!(xml.diagnostics().contains("JSON only"));
    }

    #[test]
    fn content_types() {
        let check = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, value.parse().unwrap());
            check_content_type(&headers).is_ok()
        };
        for fit in ["application/fhir+json", "application/json;charset=UTF-8", "text/json; charset=\"utf-8\""]
        {
            assert!(check(fit), "{fit}");
        }
        for unfit in ["application/fhir+xml", "text/plain", "application/json; charset=latin1", ""] {
            assert!(!check(unfit), "{unfit}");
        }
        assert!(check_content_type(&HeaderMap::new()).is_ok());
    }
}
