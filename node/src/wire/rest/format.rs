//! Content negotiation: <https://hl7.org/fhir/R4/http.html#mime-type>.

use http::{HeaderMap, Uri, header};
use proto::{Code, Error};

/// FHIR's own media type for JSON; what errors have where nothing else was asked for.
pub(super) const FHIR_JSON: &str = "application/fhir+json; charset=utf-8";

/// How a resource is written on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Syntax {
    Json,
    Xml,
}

/// How the answer is to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Format {
    pub syntax: Syntax,
    pub media_type: &'static str,
    pub pretty: bool,
}

/// What is answered to a range of `Accept` or to `_format`. The first that fits is taken, so JSON is where anything goes.
const OFFERS: [(&str, Syntax, &str); 13] = [
    ("application/fhir+json", Syntax::Json, FHIR_JSON),
    // A plus in a query is a space once decoded.
    ("application/fhir json", Syntax::Json, FHIR_JSON),
    ("json", Syntax::Json, FHIR_JSON),
    ("*/*", Syntax::Json, FHIR_JSON),
    ("application/*", Syntax::Json, FHIR_JSON),
    ("application/json", Syntax::Json, "application/json; charset=utf-8"),
    ("text/json", Syntax::Json, "text/json; charset=utf-8"),
    ("text/*", Syntax::Json, "text/json; charset=utf-8"),
    ("application/fhir+xml", Syntax::Xml, "application/fhir+xml; charset=utf-8"),
    ("application/fhir xml", Syntax::Xml, "application/fhir+xml; charset=utf-8"),
    ("xml", Syntax::Xml, "application/fhir+xml; charset=utf-8"),
    ("application/xml", Syntax::Xml, "application/xml; charset=utf-8"),
    ("text/xml", Syntax::Xml, "text/xml; charset=utf-8"),
];

impl Format {
    /// FHIR's JSON.
    pub(super) const JSON: Format = Format { syntax: Syntax::Json, media_type: FHIR_JSON, pretty: false };

    /// From `_format` (which wins), `Accept` and `_pretty`; takes those parameters out of `parameters`.
    ///
    /// # Errors
    /// `NotAcceptable` where neither JSON nor XML will do.
    pub(super) fn negotiate(
        headers: &HeaderMap,
        parameters: &mut Vec<(String, String)>,
    ) -> Result<Format, Error> {
        let format = take(parameters, "_format");
        let pretty = take(parameters, "_pretty").is_some_and(|value| value == "true");
        let (syntax, media_type) = match format {
            // The page around it is made of FHIR's JSON.
            Some(format) if is_html(&format) => (Syntax::Json, FHIR_JSON),
            Some(format) => {
                offered(&format).map(|(_, offer)| offer).ok_or_else(|| not_acceptable(&format))?
            }
            None => accepted(headers)?,
        };
        Ok(Format { syntax, media_type, pretty })
    }
}

/// Whether a value of `_format`, or a range of `Accept`, is HTML.
pub(super) fn is_html(asked: &str) -> bool {
    let name = asked.split(';').next().unwrap_or_default().trim();
    ["html", "text/html", "text%2Fhtml"].iter().any(|html| name.eq_ignore_ascii_case(html))
}

/// Whether FHIR's own formats will do.
pub(super) fn is_acceptable(headers: &HeaderMap) -> bool {
    accepted(headers).is_ok()
}

/// Whether a request is about Binary resources, which may be sent and wanted as any type.
pub(super) fn holds_any_type(uri: &Uri) -> bool {
    uri.path().trim_start_matches('/').split('/').nth(1) == Some("Binary")
}

/// Whether a parameter says how the answer is written.
pub(super) fn is_presentation(name: &str) -> bool {
    matches!(name, "_format" | "_pretty")
}

fn take(parameters: &mut Vec<(String, String)>, name: &str) -> Option<String> {
    let found = parameters.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone());
    parameters.retain(|(other, _)| other != name);
    found
}

/// The best of `Accept`: the highest quality, then the first.
fn accepted(headers: &HeaderMap) -> Result<(Syntax, &'static str), Error> {
    let accept: Vec<&str> =
        headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    let accept = accept.join(",");
    if accept.trim().is_empty() {
        return Ok((Syntax::Json, FHIR_JSON));
    }
    let mut best: Option<(f32, (Syntax, &'static str))> = None;
    for (quality, offer) in accept.split(',').filter_map(offered) {
        if best.is_none_or(|(highest, _)| quality > highest) {
            best = Some((quality, offer));
        }
    }
    best.map(|(_, offer)| offer).ok_or_else(|| not_acceptable(&accept))
}

/// What is answered to one range or `_format` value, and the quality it was given; `None`: nothing.
fn offered(range: &str) -> Option<(f32, (Syntax, &'static str))> {
    let mut parts = range.split(';').map(str::trim);
    let media_type = parts.next()?.to_ascii_lowercase();
    let mut quality = 1.0;
    for parameter in parts {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        match name.trim() {
            "q" => quality = value.trim().parse::<f32>().unwrap_or(0.0),
            "fhirVersion" if !is_r4(value) => return None,
            _ => {}
        }
    }
    let (_, syntax, answer) = *OFFERS.iter().find(|(name, ..)| *name == media_type)?;
    (quality > 0.0).then_some((quality, (syntax, answer)))
}

fn is_r4(version: &str) -> bool {
    matches!(version.trim().trim_matches('"'), "4.0" | "4.0.1")
}

fn not_acceptable(asked: &str) -> Error {
    let asked: String = asked.chars().take(200).collect();
    let text = format!(
        "{asked:?} is not offered: this server speaks application/fhir+json and application/fhir+xml, FHIR version 4.0"
    );
    Error::new(Code::NotAcceptable, text)
}

/// The syntax of a body by its Content-Type; none at all is taken for JSON.
///
/// # Errors
/// `UnsupportedMedia` for other types, other charsets, other FHIR versions.
pub(super) fn of_body(headers: &HeaderMap) -> Result<Syntax, Error> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return Ok(Syntax::Json) };
    let text = String::from_utf8_lossy(value.as_bytes());
    let mut parts = text.split(';').map(str::trim);
    let known = match parts.next().unwrap_or_default().to_ascii_lowercase().as_str() {
        "application/fhir+json" | "application/json" | "text/json" => Some(Syntax::Json),
        "application/fhir+xml" | "application/xml" | "text/xml" => Some(Syntax::Xml),
        _ => None,
    };
    let parameters_fit = parts.all(|parameter| match parameter.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => is_utf8(value),
        Some((name, value)) if name.trim() == "fhirVersion" => is_r4(value),
        _ => true,
    });
    if let (Some(syntax), true) = (known, parameters_fit) {
        return Ok(syntax);
    }
    let text: String = text.chars().take(200).collect();
    let text = format!(
        "a body of type {text:?} is not understood: this server reads application/fhir+json and application/fhir+xml in UTF-8, FHIR version 4.0"
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
        assert_eq!(accept("application/fhir+json; fhirVersion=4.0"), Ok(FHIR_JSON));
        assert_eq!(accept("application/json"), Ok("application/json; charset=utf-8"));
        assert_eq!(accept("text/xml"), Ok("text/xml; charset=utf-8"));
        assert_eq!(accept("text/html, */*"), Ok(FHIR_JSON));
        assert_eq!(accept("text/*"), Ok("text/json; charset=utf-8"));
        for refused in ["application/fhir+json;fhirVersion=5.0", "*/*;q=0", "text/html", "text/xml;q=much"] {
            assert_eq!(accept(refused), Err(Code::NotAcceptable), "{refused}");
        }
    }

    #[test]
    fn the_highest_quality_wins_then_the_first() {
        let xml = Ok("application/fhir+xml; charset=utf-8");
        assert_eq!(accept("application/fhir+json;q=0.5, application/fhir+xml;q=0.8"), xml);
        assert_eq!(accept("application/fhir+xml, application/fhir+json"), xml);
        assert_eq!(accept("application/fhir+json, application/fhir+xml"), Ok(FHIR_JSON));
        assert_eq!(
            accept("text/html, application/xml;q=0.9, */*;q=0.8"),
            Ok("application/xml; charset=utf-8")
        );
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
        let xml =
            Format::negotiate(&HeaderMap::new(), &mut vec![pair("_format", "application/fhir xml")]).unwrap();
        assert_eq!(xml.syntax, Syntax::Xml);
        let yaml = Format::negotiate(&HeaderMap::new(), &mut vec![pair("_format", "yaml")]).unwrap_err();
        assert!(yaml.diagnostics().contains("application/fhir+xml"));
        let html = Format::negotiate(&HeaderMap::new(), &mut vec![pair("_format", "text/html")]);
        assert_eq!(html.unwrap().media_type, FHIR_JSON);
    }

    #[test]
    fn content_types() {
        let of = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, value.parse().unwrap());
            of_body(&headers).ok()
        };
        for json in
            ["application/fhir+json", "application/json;charset=UTF-8", "text/json; charset=\"utf-8\""]
        {
            assert_eq!(of(json), Some(Syntax::Json), "{json}");
        }
        for xml in ["application/fhir+xml", "application/xml; charset=utf-8", "text/xml;fhirVersion=4.0"] {
            assert_eq!(of(xml), Some(Syntax::Xml), "{xml}");
        }
        for unfit in ["text/plain", "application/json; charset=latin1", "text/xml;fhirVersion=5.0", ""] {
            assert_eq!(of(unfit), None, "{unfit}");
        }
        assert_eq!(of_body(&HeaderMap::new()).ok(), Some(Syntax::Json));
    }
}
