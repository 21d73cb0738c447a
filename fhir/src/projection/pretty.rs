//! `_pretty=true`: <https://hl7.org/fhir/R4/http.html#parameters>.

use crate::json::{Kind, Node};

/// The document with each member and item on a line of its own, indented by two spaces a level. Not a byte of a token is
/// changed. Ends with a line feed.
pub fn pretty(node: Node<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(node.raw().len() * 2);
    value(&mut out, node, 0);
    out.push(b'\n');
    out
}

/// Documents are bounded in depth, and so is this.
fn value(out: &mut Vec<u8>, node: Node<'_>, depth: usize) {
    match node.kind() {
        Kind::Object if !node.is_empty() => {
            out.push(b'{');
            for (position, (key, member)) in node.members().enumerate() {
                line(out, position, depth + 1);
                out.extend_from_slice(&node.document().source()[key.span()]);
                out.extend_from_slice(b": ");
                value(out, member, depth + 1);
            }
            line(out, 0, depth);
            out.push(b'}');
        }
        Kind::Array if !node.is_empty() => {
            out.push(b'[');
            for (position, item) in node.items().enumerate() {
                line(out, position, depth + 1);
                value(out, item, depth + 1);
            }
            line(out, 0, depth);
            out.push(b']');
        }
        Kind::Object => out.extend_from_slice(b"{}"),
        Kind::Array => out.extend_from_slice(b"[]"),
        Kind::Null | Kind::Bool | Kind::Number | Kind::String => out.extend_from_slice(node.raw()),
    }
}

/// A new line, after a comma for all but the first of a list.
fn line(out: &mut Vec<u8>, position: usize, depth: usize) {
    out.extend_from_slice(if position == 0 { b"\n" } else { b",\n" });
    out.resize(out.len() + 2 * depth, b' ');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Document, Limits};

    #[test]
    fn tokens_stay_as_they_are() {
        let json = r#"{"a":[1.50,-2e+3 ,"x, \"{y}\\"],"b":{ }, "c":[] ,"d":{"e":null}}"#;
        let document = Document::parse(json, &Limits::default()).expect("good");
        let expected = "{\n  \"a\": [\n    1.50,\n    -2e+3,\n    \"x, \\\"{y}\\\\\"\n  ],\n  \"b\": {},\n  \"c\": [],\n  \"d\": {\n    \"e\": null\n  }\n}\n";
        assert_eq!(String::from_utf8(pretty(document.root())).expect("text"), expected);
    }
}
