//! `application/x-www-form-urlencoded`, of a URL or a form.

use percent_encoding::percent_decode;
use proto::{Code, Error};

/// Decoded names and values in the order given; empty pairs are skipped.
///
/// # Errors
/// `BadRequest` where the decoded text is not UTF-8.
pub(super) fn parse(encoded: &[u8]) -> Result<Vec<(String, String)>, Error> {
    let mut pairs = Vec::new();
    for pair in encoded.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let equals = pair.iter().position(|byte| *byte == b'=');
        let (name, value) = match equals {
            Some(at) => (&pair[..at], &pair[at + 1..]),
            None => (pair, &pair[pair.len()..]),
        };
        pairs.push((decode(name)?, decode(value)?));
    }
    Ok(pairs)
}

fn decode(encoded: &[u8]) -> Result<String, Error> {
    let spaced: Vec<u8> = encoded.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    let text = percent_decode(&spaced).decode_utf8();
    text.map(|text| text.into_owned())
        .map_err(|_| Error::new(Code::BadRequest, "a parameter is not UTF-8 after percent-decoding"))
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
        assert_eq!(parse(b"a=%ff").unwrap_err().code, Code::BadRequest);
    }
}
