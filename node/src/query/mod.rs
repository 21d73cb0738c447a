//! The parameters of a query, wherever it stands: in a URL, a form, a header, an entry of a bundle.
//! `application/x-www-form-urlencoded`.

mod history;
mod patch;

pub use history::history_request;
pub use patch::{kind_by_content, patch_kind};

use fhir::percent;
use proto::{Code, Error, api::v1::SearchParameter};

/// Decoded names and values in the order given; empty pairs are skipped.
///
/// # Errors
/// `BadRequest`, with the name of the parameter, where the decoded text is not UTF-8: what is lost would be left out of
/// what is searched for.
pub fn parse(encoded: &[u8]) -> Result<Vec<(String, String)>, Error> {
    let mut pairs = Vec::new();
    for pair in encoded.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let equals = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
        let (name, value) = (&pair[..equals], pair.get(equals + 1..).unwrap_or_default());
        let decoded = decode(name).zip(decode(value));
        pairs.push(decoded.ok_or_else(|| no_text(name))?);
    }
    Ok(pairs)
}

/// The same as a search takes them.
///
/// # Errors
/// Those of [`parse`].
pub fn parameters(query: &str) -> Result<Vec<SearchParameter>, Error> {
    let pairs = parse(query.as_bytes())?.into_iter();
    Ok(pairs.map(|(name, value)| SearchParameter { name, value }).collect())
}

fn decode(encoded: &[u8]) -> Option<String> {
    let spaced: Vec<u8> = encoded.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent::decode(&spaced).ok().map(std::borrow::Cow::into_owned)
}

fn no_text(name: &[u8]) -> Error {
    let name: String = String::from_utf8_lossy(name).chars().take(100).collect();
    let text = format!("the parameter '{name}' is not UTF-8 after percent-decoding");
    Error::new(Code::BadRequest, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip() {
        let pairs = parse(b"name:exact=J%C3%BCrg+M&a=b%7Cc&&flag&x=1=2").unwrap();
        let expected = [("name:exact", "Jürg M"), ("a", "b|c"), ("flag", ""), ("x", "1=2")];
        assert_eq!(pairs, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let mut url = "/fhir/Patient".to_owned();
        for (name, value) in &pairs {
            crate::link::append(&mut url, name, value);
        }
        assert_eq!(parse(url.split_once('?').unwrap().1.as_bytes()).unwrap(), pairs);
    }

    #[test]
    fn what_is_no_text_is_refused_by_its_name() {
        for (query, name) in
            [("a=1&identifier=%ff&b=2", "'identifier'"), ("%ff=1", "'%ff'"), ("x%C3", "'x%C3'")]
        {
            let error = parameters(query).unwrap_err();
            assert_eq!(error.code, Code::BadRequest, "{query}");
            assert!(error.diagnostics().contains(name), "{query}: {error}");
        }
    }
}
