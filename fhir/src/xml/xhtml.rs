//! The narrative: XHTML that is kept as it was written (<https://hl7.org/fhir/R4/narrative.html#xhtml>).

use super::error::{ErrorKind, Fault, shown};
use super::input::{Input, Markup, NO_CHARACTER, Result, Tag, refuse_characters, syntax};
use super::namespace::{self, XHTML};
use quick_xml::escape::{resolve_html5_entity, resolve_xml_entity};
use quick_xml::events::{BytesRef, Event};
use std::fmt::Write;

/// Open elements of a narrative.
const DEPTH_MAX: usize = 256;

/// A return as it must be written in XML to be one.
const RETURN: &str = "&#xD;";

/// Which way the narrative goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    /// Line ends become line feeds, as XML asks; a return written as a reference becomes one.
    ToJson,
    /// The reverse; and what HTML names but XML does not, `&nbsp;`, becomes `&#160;`.
    ToXml,
}

/// Hands the text of the element that `root` opened to `out`, piece by piece, until its end.
///
/// It is the source's text but for what would say something else outside of it: prefixes go, the root has an `xmlns`.
pub(super) fn read<'x>(input: &mut Input<'x>, root: &Tag<'x>, mut out: impl FnMut(&str)) -> Result<()> {
    copy(input, root, Direction::ToJson, &mut out)
}

/// The same for the narrative of a JSON document, which must be one `div` that XML can hold.
pub(super) fn write(text: &str, mut out: impl FnMut(&str)) -> Result<()> {
    let mut input = Input::new(text)?;
    // A narrative without xmlns is common in JSON and means the same.
    let _ = input.scopes.declare("", XHTML.into());
    let root = match input.markup()? {
        Markup::Open(root) if namespace::split(root.name).1 == "div" => root,
        _ => return Err(syntax("a narrative is one div", 0)),
    };
    copy(&mut input, &root, Direction::ToXml, &mut out)?;
    match input.markup()? {
        Markup::End => Ok(()),
        _ => Err(syntax("a narrative is one div", input.at())),
    }
}

fn copy<'x>(
    input: &mut Input<'x>,
    root: &Tag<'x>,
    direction: Direction,
    out: &mut impl FnMut(&str),
) -> Result<()> {
    start_tag(input, root, true, direction, out)?;
    let mut depth = 1;
    while depth > 0 {
        let (event, text) = input.event()?;
        let at = input.at();
        match event {
            Event::Start(_) if depth == DEPTH_MAX => {
                return Err(Fault::new(ErrorKind::TooDeep { max: DEPTH_MAX }, at));
            }
            Event::Start(_) => {
                depth += 1;
                let tag = input.open(text)?;
                start_tag(input, &tag, false, direction, out)?;
            }
            Event::End(_) => {
                depth -= 1;
                end_tag(text, out);
            }
            Event::GeneralRef(reference) => self::reference(&reference, text, direction, at, out)?,
            Event::Text(_) if memchr::memmem::find(text.as_bytes(), b"]]>").is_some() => {
                return Err(syntax("]]> in text must be written as ]]&gt;", at));
            }
            Event::Text(_) if direction == Direction::ToXml => returns(text, RETURN, out),
            _ => line_feeds(text, out),
        }
    }
    Ok(())
}

fn start_tag<'x>(
    input: &Input<'x>,
    tag: &Tag<'x>,
    root: bool,
    direction: Direction,
    out: &mut impl FnMut(&str),
) -> Result<()> {
    let local = input.local_name(tag, XHTML)?;
    let mut declared = false;
    for attribute in tag.attributes() {
        let attribute = attribute?;
        let value = match direction {
            Direction::ToJson => attribute.value()?,
            Direction::ToXml => attribute.html_value()?,
        };
        if attribute.key == "xmlns" && value != XHTML {
            return Err(Fault::new(ErrorKind::Namespace { expected: XHTML, found: shown(&value) }, tag.at));
        }
        declared |= attribute.key == "xmlns";
        let (prefix, name) = namespace::split(attribute.key);
        if !matches!(prefix, "" | "xml" | "xmlns") || !is_name(name) {
            return Err(Fault::new(ErrorKind::UnknownAttribute(shown(attribute.key)), tag.at));
        }
    }
    if !is_name(local) {
        return Err(syntax("this is not the name of an element", tag.at));
    }
    out("<");
    out(local);
    if root && !declared {
        out(" xmlns=\"http://www.w3.org/1999/xhtml\"");
    }
    match direction {
        Direction::ToJson => quoted_returns_as_written(tag.rest, out),
        Direction::ToXml => quoted_returns_as_references(tag.rest, out),
    }
    Ok(())
}

/// `text` is empty for the end of an empty element.
fn end_tag(text: &str, out: &mut impl FnMut(&str)) {
    match text.split_once(':') {
        Some((_, local)) => {
            out("</");
            out(local);
        }
        None => out(text),
    }
}

fn reference(
    reference: &BytesRef<'_>,
    text: &str,
    direction: Direction,
    at: usize,
    out: &mut impl FnMut(&str),
) -> Result<()> {
    match reference.resolve_char_ref() {
        Err(_) => return Err(syntax(NO_CHARACTER, at)),
        Ok(Some('\r')) if direction == Direction::ToJson => out("\r"),
        Ok(Some(character)) => {
            refuse_characters(character.encode_utf8(&mut [0; 4]))
                .map_err(|fault| Fault::new(fault.kind, at))?;
            out(text);
        }
        Ok(None) if resolve_xml_entity(reference).is_some() => out(text),
        Ok(None) => match numeric(reference).filter(|_| direction == Direction::ToXml) {
            None => return Err(Fault::new(ErrorKind::UnknownEntity(shown(reference)), at)),
            Some(numeric) => out(&numeric),
        },
    }
    Ok(())
}

/// The entity HTML names so, as XML has it: `&#160;` for `nbsp`.
fn numeric(name: &str) -> Option<String> {
    let characters = resolve_html5_entity(name)?.chars();
    let mut numeric = String::new();
    for character in characters {
        write!(numeric, "&#{};", u32::from(character)).expect("a String takes all");
    }
    Some(numeric)
}

/// The text with every line end a line feed.
fn line_feeds(text: &str, out: &mut impl FnMut(&str)) {
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'\r', rest.as_bytes()) {
        out(&rest[..at]);
        rest = &rest[at + 1..];
        if !rest.starts_with('\n') {
            out("\n");
        }
    }
    out(rest);
}

/// Attributes with line feeds for line ends, and with the returns that were written as references.
fn quoted_returns_as_written(attributes: &str, out: &mut impl FnMut(&str)) {
    let mut pieces = attributes.split(RETURN);
    line_feeds(pieces.next().unwrap_or_default(), out);
    for piece in pieces {
        out("\r");
        line_feeds(piece, out);
    }
}

/// The reverse. A reference cannot stand between attributes; there a return is a line end.
fn quoted_returns_as_references(attributes: &str, out: &mut impl FnMut(&str)) {
    let mut rest = attributes;
    while let Some(open) = rest.find(['"', '\'']) {
        let quote = char::from(rest.as_bytes()[open]);
        let close = rest[open + 1..].find(quote).map_or(rest.len(), |length| open + 1 + length);
        line_feeds(&rest[..open], out);
        quoted(&rest[open..close], out);
        rest = &rest[close..];
        if let Some(after) = rest.strip_prefix(quote) {
            out(&rest[..1]);
            rest = after;
        }
    }
    line_feeds(rest, out);
}

/// A value with what XML cannot have in it replaced: returns, and entities that only HTML defines.
fn quoted(value: &str, out: &mut impl FnMut(&str)) {
    let mut rest = value;
    while let Some(at) = memchr::memchr(b'&', rest.as_bytes()) {
        returns(&rest[..at], RETURN, out);
        let end = rest[at..].find(';').map_or(rest.len(), |length| at + length);
        let name = &rest[at + 1..end];
        match numeric(name).filter(|_| resolve_xml_entity(name).is_none()) {
            Some(numeric) => out(&numeric),
            None => {
                out(&rest[at..end]);
                out(";");
            }
        }
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    returns(rest, RETURN, out);
}

/// The text with every return replaced.
fn returns(text: &str, replacement: &str, out: &mut impl FnMut(&str)) {
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'\r', rest.as_bytes()) {
        out(&rest[..at]);
        out(replacement);
        rest = &rest[at + 1..];
    }
    out(rest);
}

/// Whether XHTML may have an element or attribute of that name.
fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'))
}
