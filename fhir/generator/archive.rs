//! Writes R4's conformance resources, without what only people read, as lines of an archive.

use anyhow::{Context, Result};
use fhir::json::{Document, Kind, Limits, Node};
use flate2::{Compression, GzBuilder};
use std::io::Write;

/// Members that say nothing to a validator or a terminology service, left out of every resource.
const PROSE: [&str; 13] = [
    "text",
    "mapping",
    "contact",
    "differential",
    "purpose",
    "description",
    "publisher",
    "date",
    "copyright",
    "jurisdiction",
    "useContext",
    "meta",
    "experimental",
];
/// The same of ElementDefinitions and their constraints.
const ELEMENT_PROSE: [&str; 11] = [
    "mapping",
    "definition",
    "comment",
    "requirements",
    "alias",
    "example",
    "short",
    "isModifierReason",
    "meaningWhenMissing",
    "orderMeaning",
    "xpath",
];

/// The lines of an archive: `type, url, version, JSON` separated by tabs, in the order of type and url. Resources without
/// a url (and so without a way to name them) are left out.
pub fn lines(resources: &[Vec<u8>]) -> Result<Vec<u8>> {
    let mut lines = resources.iter().map(|json| line(json)).collect::<Result<Vec<_>>>()?;
    lines.retain(|line| !line.is_empty());
    lines.sort();
    Ok(lines.concat())
}

/// The archive as it is checked in.
pub fn compressed(lines: &[u8]) -> Result<Vec<u8>> {
    let mut gzip = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
    gzip.write_all(lines)?;
    Ok(gzip.finish()?)
}

fn line(json: &[u8]) -> Result<Vec<u8>> {
    let document = Document::parse(json.to_vec(), &Limits::default())?;
    let root = document.root();
    let field = |name| root.get(name).and_then(Node::as_str);
    let resource_type = field("resourceType").context("no resourceType")?;
    let Some(url) = field("url") else { return Ok(Vec::new()) };
    let version = field("version").unwrap_or_default();
    let mut line = format!("{resource_type}\t{url}\t{version}\t").into_bytes();
    object(root, &PROSE, &mut line);
    line.push(b'\n');
    Ok(line)
}

/// The object without the members named in `left_out`, in document order, without white space.
fn object(node: Node<'_>, left_out: &[&str], out: &mut Vec<u8>) {
    out.push(b'{');
    for (key, value) in node.members() {
        let name = key.as_str();
        let companion_of = name.strip_prefix('_').unwrap_or(&name);
        if left_out.contains(&companion_of) {
            continue;
        }
        if out.last() != Some(&b'{') {
            out.push(b',');
        }
        out.extend_from_slice(format!("\"{name}\":").as_bytes());
        // Below a snapshot everything is about elements.
        let left_out: &[&str] = match &*name {
            "snapshot" => &ELEMENT_PROSE,
            "element" | "constraint" => left_out,
            _ => &[],
        };
        value_of(value, left_out, out);
    }
    out.push(b'}');
}

fn value_of(node: Node<'_>, left_out: &[&str], out: &mut Vec<u8>) {
    match node.kind() {
        Kind::Object => object(node, left_out, out),
        Kind::Array => {
            out.push(b'[');
            for (at, item) in node.items().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                value_of(item, left_out, out);
            }
            out.push(b']');
        }
        _ => out.extend_from_slice(node.raw()),
    }
}
