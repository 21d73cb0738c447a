//! Media types: RFC 6838 section 4.2 for the names, RFC 2045 section 5.1 for parameters.

/// Whether `text` is `type/subtype` with any number of `;name=value`, or one of the short names FHIR gives its own formats
/// (<https://hl7.org/fhir/R4/http.html#parameters>), which CapabilityStatements list among media types.
pub(super) fn is_media_type(text: &str) -> bool {
    if matches!(text, "xml" | "json" | "ttl") {
        return true;
    }
    let (essence, mut rest) = match text.find(';') {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let Some((top, sub)) = essence.trim_end().split_once('/') else { return false };
    if !is_name(top) || !is_name(sub) {
        return false;
    }
    while let Some(parameter) = rest.strip_prefix(';') {
        let Some((name, value)) = parameter.trim_start().split_once('=') else { return false };
        if !is_token(name) {
            return false;
        }
        let Some(after) = after_value(value) else { return false };
        rest = after.trim_start();
    }
    rest.is_empty()
}

/// What follows a token or quoted string; `None` if there is neither.
fn after_value(text: &str) -> Option<&str> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.bytes().position(|byte| !is_token_byte(byte)).unwrap_or(text.len());
        return (end > 0).then(|| &text[end..]);
    };
    let mut escaped = false;
    for (at, byte) in quoted.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(&quoted[at + 1..]),
            _ => {}
        }
    }
    None
}

fn is_name(name: &str) -> bool {
    let first = name.as_bytes().first().is_some_and(|byte| byte.is_ascii_alphanumeric());
    first
        && name.len() <= 127
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token_byte)
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?=".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::is_media_type;

    #[test]
    fn media_types() {
        for text in [
            "application/pdf",
            "application/fhir+json",
            "text/plain;charset=utf-8",
            "text/plain; charset=\"utf-8\"",
            "application/fhir+xml; fhirVersion=4.0; charset=x",
            "image/svg+xml",
            "application/vnd.api+json",
        ] {
            assert!(is_media_type(text), "{text}");
        }
        for text in [
            "",
            "pdf",
            "application/",
            "/pdf",
            "text/plain;",
            "text/plain;charset",
            "text /plain",
            "a/b/c",
            "text/pl ain",
            "text/plain; a=\"b",
        ] {
            assert!(!is_media_type(text), "{text}");
        }
    }
}
