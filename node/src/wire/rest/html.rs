//! Answers for people: the JSON of any GET as a page whose references can be followed, where a browser asks.
//! Behind this everything is FHIR's JSON.

use super::{
    format::{self, FHIR_JSON},
    tenant::OfPath,
};
use axum::{
    body::{Body, to_bytes},
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use fhir::definitions::ResourceType;
use http::{HeaderMap, HeaderValue, Method, Uri, header};

/// Larger answers stay JSON, which browsers show as well as they can.
const BYTES_MAX: usize = 8 << 20;

/// Nothing on the page runs, and nothing is fetched for it: what it shows comes from whoever wrote the resource.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const STYLE: &str = "body{font:14px/1.45 ui-monospace,monospace;margin:2rem;color:#222;background:#fff}\
nav{font-family:system-ui,sans-serif;margin-bottom:1rem}nav a{margin-right:1rem}a{color:#06c}pre{white-space:pre-wrap}\
.k{color:#555}.s{color:#161}.v{color:#a40}@media(prefers-color-scheme:dark){body{background:#181818;color:#ddd}\
a{color:#6af}.k{color:#aaa}.s{color:#9d9}.v{color:#fa7}}";

/// Answers with a page where one is asked for.
pub(super) async fn answers(mut request: Request, next: Next) -> Response {
    if !is_wanted(request.method(), request.uri(), request.headers()) {
        return next.run(request).await;
    }
    if request.uri().path() == "/" {
        return Redirect::to("/fhir").into_response();
    }
    let prefix = request.extensions().get::<OfPath>().map(OfPath::prefix).unwrap_or_default();
    let path = request.uri().path().to_owned();
    request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static(FHIR_JSON));
    let mut response = next.run(request).await;
    response.headers_mut().append(header::VARY, HeaderValue::from_static("user-agent"));
    let is_json = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == FHIR_JSON);
    if is_json { as_page(response, &prefix, &path).await } else { response }
}

async fn as_page(response: Response, prefix: &str, path: &str) -> Response {
    let (mut parts, body) = response.into_parts();
    // The bodies of this server are in memory already.
    let json = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let text = std::str::from_utf8(&json).ok().filter(|text| !text.is_empty() && text.len() <= BYTES_MAX);
    let Some(text) = text else { return Response::from_parts(parts, Body::from(json)) };
    let headers = &mut parts.headers;
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Response::from_parts(parts, Body::from(page(text, prefix, path)))
}

/// Whether a page is asked for: by `_format`, or by who prefers HTML and is a browser or takes nothing else. Libraries name
/// HTML, too, beside anything else, and expect data.
fn is_wanted(method: &Method, uri: &Uri, headers: &HeaderMap) -> bool {
    let reads = matches!(*method, Method::GET | Method::HEAD);
    if !reads || format::holds_any_type(uri) {
        return false;
    }
    let mut parameters = uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    if let Some((_, asked)) = parameters.rfind(|(name, _)| *name == "_format") {
        return format::is_html(asked);
    }
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let accept = text(header::ACCEPT);
    let takes_html = accept.split(',').next().is_some_and(format::is_html);
    takes_html && (text(header::USER_AGENT).contains("Mozilla/") || !format::is_acceptable(headers))
}

/// The page of a JSON text, at a path such as `/fhir/Patient/1`, before which `prefix` stands.
fn page(json: &str, prefix: &str, path: &str) -> String {
    let base = path.split('/').nth(1).map(|first| format!("{prefix}/{first}")).unwrap_or_default();
    let mut out = String::with_capacity(2 * json.len() + 1024);
    out.push_str("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>");
    escape(prefix, &mut out);
    escape(path, &mut out);
    out.push_str("</title><style>");
    out.push_str(STYLE);
    out.push_str("</style></head><body><nav>");
    for (name, link) in
        [("all", ""), ("metadata", "/metadata"), ("patients", "/Patient"), ("history", "/_history")]
    {
        out.push_str("<a href=\"");
        escape(&base, &mut out);
        out.push_str(link);
        out.push_str("\">");
        out.push_str(name);
        out.push_str("</a>");
    }
    out.push_str("</nav><pre>");
    write(json, &base, &mut out);
    out.push_str("</pre></body></html>\n");
    out
}

/// A JSON text, its members below each other and its texts, numbers and words as they stand.
fn write(json: &str, base: &str, out: &mut String) {
    let bytes = json.as_bytes();
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'{' | b'[' => {
                let next = bytes[at + 1..].iter().position(|byte| !byte.is_ascii_whitespace());
                let end = next.map(|next| at + 1 + next).filter(|&end| matches!(bytes[end], b'}' | b']'));
                out.push(char::from(*byte));
                match end {
                    Some(end) => {
                        out.push(char::from(bytes[end]));
                        at = end;
                    }
                    None => {
                        depth += 1;
                        line(depth, out);
                    }
                }
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                line(depth, out);
                out.push(char::from(*byte));
            }
            b',' => {
                out.push(',');
                line(depth, out);
            }
            b':' => out.push_str(": "),
            b'"' => {
                let end = end_of_text(bytes, at);
                let is_name = bytes[end..]
                    .iter()
                    .find(|byte| !byte.is_ascii_whitespace())
                    .is_some_and(|&byte| byte == b':');
                text(&json[at..end], is_name, base, out);
                at = end;
                continue;
            }
            byte if byte.is_ascii_whitespace() => {}
            _ => {
                let is_end = |byte: &u8| matches!(byte, b',' | b'}' | b']') || byte.is_ascii_whitespace();
                let end = bytes[at..].iter().position(is_end).map_or(bytes.len(), |length| at + length);
                marked("v", &json[at..end], out);
                at = end;
                continue;
            }
        }
        at += 1;
    }
}

/// Behind the quote that ends the text which begins at `at`.
fn end_of_text(bytes: &[u8], at: usize) -> usize {
    let mut end = at + 1;
    while let Some(byte) = bytes.get(end) {
        match byte {
            b'\\' => end += 1,
            b'"' => return end + 1,
            _ => {}
        }
        end += 1;
    }
    bytes.len()
}

/// A text with its quotes: the name of a member, or a value, perhaps a link.
fn text(quoted: &str, is_name: bool, base: &str, out: &mut String) {
    let inner = quoted.trim_matches('"');
    let link = if is_name { None } else { link(inner, base) };
    match link {
        Some(link) => {
            out.push_str("\"<a rel=\"noreferrer\" href=\"");
            escape(&link, out);
            out.push_str("\">");
            escape(inner, out);
            out.push_str("</a>\"");
        }
        None => marked(if is_name { "k" } else { "s" }, quoted, out),
    }
}

/// Where a value leads: a URL, or a resource of this server.
fn link(value: &str, base: &str) -> Option<String> {
    if value.contains(['\\', ' ']) {
        return None;
    }
    if value.starts_with("http://") || value.starts_with("https://") {
        return Some(value.to_owned());
    }
    let (resource_type, rest) = value.split_once('/')?;
    ResourceType::from_name(resource_type)?;
    let is_id = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'/');
    rest.bytes().all(is_id).then(|| format!("{base}/{value}"))
}

fn marked(class: &str, text: &str, out: &mut String) {
    out.push_str("<span class=\"");
    out.push_str(class);
    out.push_str("\">");
    escape(text, out);
    out.push_str("</span>");
}

fn line(depth: usize, out: &mut String) {
    out.push('\n');
    (0..depth).for_each(|_| out.push_str("  "));
}

fn escape(text: &str, out: &mut String) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(method: Method, uri: &str, accept: &str, agent: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, accept.parse().unwrap());
        headers.insert(header::USER_AGENT, agent.parse().unwrap());
        is_wanted(&method, &uri.parse().unwrap(), &headers)
    }

    #[test]
    fn browsers_get_pages_and_libraries_data() {
        const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        const JAVA: &str = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2";
        assert!(wanted(Method::GET, "/fhir/Patient/1", BROWSER, "Mozilla/5.0 (X11)"));
        assert!(wanted(Method::GET, "/fhir/Patient/1", "text/html", "curl/8"));
        assert!(wanted(Method::HEAD, "/fhir?_format=html", "*/*", "curl/8"));
        assert!(!wanted(Method::GET, "/fhir/Patient/1?_format=json", BROWSER, "Mozilla/5.0 (X11)"));
        assert!(!wanted(Method::GET, "/fhir/Patient/1", JAVA, "Java/17"));
        assert!(!wanted(Method::POST, "/fhir/Patient", BROWSER, "Mozilla/5.0 (X11)"));
        assert!(!wanted(Method::GET, "/fhir/Binary/1", BROWSER, "Mozilla/5.0 (X11)"));
        assert!(!wanted(Method::GET, "/fhir/Patient/1", "application/fhir+json", "Mozilla/5.0 (X11)"));
    }

    fn written(json: &str) -> String {
        let mut out = String::new();
        write(json, "/fhir", &mut out);
        out
    }

    #[test]
    fn values_stand_as_they_are_and_lead_where_they_say() {
        let page = written(
            r#"{"a":1.50,"b":[],"c":[true,"x \"y\""],"reference":"Patient/1","url":"http://a/?b=1&c"}"#,
        );
        for part in [
            "{\n  <span class=\"k\">&quot;a&quot;</span>: <span class=\"v\">1.50</span>,\n",
            "&quot;b&quot;</span>: [],\n",
            "[\n    <span class=\"v\">true</span>,\n    <span class=\"s\">&quot;x \\&quot;y\\&quot;&quot;</span>\n  ],",
            "\"<a rel=\"noreferrer\" href=\"/fhir/Patient/1\">Patient/1</a>\"",
            "href=\"http://a/?b=1&amp;c\"",
        ] {
            assert!(page.contains(part), "{part} in {page}");
        }
        assert!(page.ends_with("\n}"));
    }

    #[test]
    fn what_a_resource_says_is_no_markup() {
        let hostile = r#"{"div":"<script>alert(1)</script>","reference":"Patient/\"onclick=","u":"http://x/\"><b>","j":"javascript:alert(1)","r":"Patient/'x"}"#;
        let page = page(hostile, "", "/fhir/Patient/<b>");
        assert!(!page.contains("<script") && !page.contains("<b>") && !page.contains("onclick=\""), "{page}");
        assert!(!page.contains("href=\"javascript") && !page.contains("/'x"), "{page}");
    }

    #[test]
    fn broken_json_ends() {
        for broken in ["", "{", "\"", "\"\\", "[1", "}]", "{\"a\":", "tru"] {
            written(broken);
        }
    }
}
