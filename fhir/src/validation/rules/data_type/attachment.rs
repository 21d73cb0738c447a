//! Attachment: <https://hl7.org/fhir/R4/datatypes-definitions.html#Attachment.size>, `#Attachment.hash`.

use super::super::Rules;
use crate::json::Node;
use crate::validation::Code;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};
use std::borrow::Cow;

/// Size and hash must be those of the data, if the data is here. Data that is no base64 is a fault of structure.
pub(super) fn check(rules: &mut Rules<'_>, attachment: Node<'_>) {
    let Some(data) = attachment.get("data").and_then(Node::as_str) else { return };
    if let Some(node) = attachment.get("size") {
        size(rules, node, &data);
    }
    if let Some(node) = attachment.get("hash") {
        hash(rules, node, &data);
    }
}

fn size(rules: &mut Rules<'_>, node: Node<'_>, data: &str) {
    let Some(stated) = node.number_text().and_then(|digits| digits.parse::<usize>().ok()) else { return };
    let actual = decoded_length(data);
    if stated != actual {
        let text =
            format!("the data has {actual} bytes once decoded, not {stated}; write {actual} or leave it out");
        rules.error(node, Code::Value, text);
    }
}

/// How many bytes base64 stands for: three for four digits, without the padding.
fn decoded_length(data: &str) -> usize {
    data.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=').count() * 3 / 4
}

fn hash(rules: &mut Rules<'_>, node: Node<'_>, data: &str) {
    let (Some(stated), Some(bytes)) = (node.as_str().and_then(|text| decode(&text)), decode(data)) else {
        return;
    };
    let actual = Sha1::digest(bytes);
    if stated == actual.as_slice() {
        return;
    }
    let actual = STANDARD.encode(actual);
    let text = match stated.len() {
        20 => format!("this is not the SHA-1 of the data, which is {actual}"),
        // Hexadecimal digits are base64 by their look.
        length => format!("a SHA-1 in base64 has 20 bytes, not {length}; that of the data is {actual}"),
    };
    rules.error(node, Code::Value, text);
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let mut text = Cow::Borrowed(text);
    if text.contains(|c: char| c.is_ascii_whitespace()) {
        text.to_mut().retain(|c| !c.is_ascii_whitespace());
    }
    STANDARD.decode(&*text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_those_of_what_is_decoded() {
        for text in ["", "YQ==", "YWI=", "YWJj", "YWJj YW\nI="] {
            assert_eq!(Some(decoded_length(text)), decode(text).map(|bytes| bytes.len()), "{text}");
        }
    }
}
