//! Writes R4's conformance resources, without what only people read, as lines of an archive. Copyright notices stay, and
//! a foreign terminology's texts only where its notice stands beside them.

use anyhow::{Context, Result};
use fhir::json::{Document, Kind, Limits, Node};
use flate2::{Compression, GzBuilder};
use std::io::Write;

/// Members that say nothing to a validator or a terminology service, left out of every resource. `copyright` is none of
/// them: it is the condition on which HL7 may carry the content.
const PROSE: [&str; 12] = [
    "text",
    "mapping",
    "contact",
    "differential",
    "purpose",
    "description",
    "publisher",
    "date",
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

/// Terminologies whose owners let HL7 carry their texts under a notice: the system, and a word of its notice.
const LICENSED: [(&str, &str); 2] = [("http://snomed.info/sct", "SNOMED"), ("http://loinc.org", "LOINC")];

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
    let notice = field("copyright").unwrap_or_default();
    // In a profile a display is part of what a value is compared with, no text of a terminology.
    let is_profile = resource_type == "StructureDefinition";
    let is_unlicensed = |(_, word): &&(&str, &str)| !is_profile && !notice.contains(word);
    let unlicensed = LICENSED.iter().filter(is_unlicensed).map(|(system, _)| *system).collect();
    let writer = Writer { unlicensed };
    writer.object(root, Place { left_out: &PROSE, ..Place::default() }, &mut line);
    line.push(b'\n');
    Ok(line)
}

/// Where in a resource an object is.
#[derive(Clone, Copy, Default)]
struct Place<'a> {
    /// Names of members that are left out.
    left_out: &'a [&'a str],
    /// The codes here are of a system whose texts are left out.
    foreign: bool,
    /// The same of the targets below, in a group of a ConceptMap.
    foreign_target: bool,
}

struct Writer {
    /// The licensed systems that the resource has no notice of.
    unlicensed: Vec<&'static str>,
}

impl Writer {
    /// The object without what is left out at its place, in document order, without white space.
    fn object(&self, node: Node<'_>, place: Place<'_>, out: &mut Vec<u8>) {
        let place = self.place(node, place);
        out.push(b'{');
        for (key, value) in node.members() {
            let name = key.as_str();
            let companion_of = name.strip_prefix('_').unwrap_or(&name);
            let is_foreign_text = place.foreign && matches!(companion_of, "display" | "designation");
            if is_foreign_text || place.left_out.contains(&companion_of) {
                continue;
            }
            if out.last() != Some(&b'{') {
                out.push(b',');
            }
            out.extend_from_slice(format!("\"{name}\":").as_bytes());
            self.value(value, below(&name, value, place), out);
        }
        out.push(b'}');
    }

    /// The place as the object's own systems make it: `system` names that of its codes, a ConceptMap's group those of two sides.
    fn place<'a>(&self, node: Node<'_>, place: Place<'a>) -> Place<'a> {
        let is_foreign = |name| {
            let system = node.get(name).and_then(Node::as_str);
            system.map(|system| self.unlicensed.contains(&&*system))
        };
        Place {
            foreign: is_foreign("system").or_else(|| is_foreign("source")).unwrap_or(place.foreign),
            foreign_target: is_foreign("target").unwrap_or(place.foreign_target),
            ..place
        }
    }

    fn value(&self, node: Node<'_>, place: Place<'_>, out: &mut Vec<u8>) {
        match node.kind() {
            Kind::Object => self.object(node, place, out),
            Kind::Array => {
                out.push(b'[');
                for (at, item) in node.items().enumerate() {
                    if at > 0 {
                        out.push(b',');
                    }
                    self.value(item, place, out);
                }
                out.push(b']');
            }
            _ => out.extend_from_slice(node.raw()),
        }
    }
}

/// The place of a member.
fn below<'a>(name: &str, value: Node<'_>, place: Place<'a>) -> Place<'a> {
    // Below a snapshot everything is about elements.
    let left_out: &[&str] = match name {
        "snapshot" => &ELEMENT_PROSE,
        "element" | "constraint" => place.left_out,
        _ => &[],
    };
    let is_target = name == "target" && value.kind() == Kind::Array;
    Place { left_out, foreign: if is_target { place.foreign_target } else { place.foreign }, ..place }
}
