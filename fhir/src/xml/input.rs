//! Markup of an XML document, checked where `quick-xml` leaves checking to its caller: characters, declaration, document
//! type, entities, namespaces.

use super::error::{ErrorKind, Fault, shown};
use super::namespace::{self, Scopes};
use quick_xml::XmlVersion;
use quick_xml::errors::{Error as XmlError, IllFormedError};
use quick_xml::escape::{EscapeError, resolve_html5_entity, resolve_xml_entity};
use quick_xml::events::attributes::{Attribute, Attributes};
use quick_xml::events::{BytesDecl, Event};
use quick_xml::reader::Reader;
use std::borrow::Cow;

pub(super) type Result<T> = std::result::Result<T, Box<Fault>>;

/// Attributes of one element; comparing their names with each other is quadratic.
const ATTRIBUTES_MAX: usize = 64;

/// Of `&#0;`, `&#xD800;`, `&#x;`.
pub(super) const NO_CHARACTER: &str = "a character reference must name a character";

/// The events of a document with their place in the source.
pub(super) struct Input<'x> {
    source: &'x str,
    reader: Reader<&'x [u8]>,
    pub scopes: Scopes<'x>,
    /// Where the last event began.
    at: usize,
}

/// A start tag. An empty element is followed by its end.
#[derive(Clone, Copy)]
pub(super) struct Tag<'x> {
    /// Offset of its `<`.
    pub at: usize,
    /// The qualified name.
    pub name: &'x str,
    /// From the name to before `>` or `/>`.
    content: &'x str,
    /// What follows the name, `>` or `/>` included.
    pub rest: &'x str,
}

/// What follows in an element that holds elements.
pub(super) enum Markup<'x> {
    Open(Tag<'x>),
    Close,
    /// The end of the document.
    End,
}

impl<'x> Input<'x> {
    /// `source` without byte order mark.
    pub fn new(source: &'x str) -> Result<Self> {
        refuse_characters(source)?;
        if source.starts_with('\u{feff}') {
            // The parser would skip it and count its bytes as never there.
            return Err(syntax("only one byte order mark may precede the document", 0));
        }
        let mut reader = Reader::from_str(source);
        let config = reader.config_mut();
        config.check_comments = true;
        config.expand_empty_elements = true;
        Ok(Input { source, reader, scopes: Scopes::default(), at: 0 })
    }

    /// The next event and its text in the source (empty for the end of an empty element). Refuses a DOCTYPE, and a
    /// declaration that is not at the start, or of another version or encoding.
    pub fn event(&mut self) -> Result<(Event<'x>, &'x str)> {
        self.at = self.reader.buffer_position() as usize;
        let event = match self.reader.read_event() {
            Ok(event) => event,
            Err(error) => return Err(fault(error, self.reader.error_position() as usize)),
        };
        match &event {
            Event::Start(_) => self.scopes.open(),
            Event::End(_) => self.scopes.close(),
            Event::DocType(_) => return Err(Fault::new(ErrorKind::Doctype, self.at)),
            Event::Eof if self.scopes.any_open() => {
                return Err(syntax("the document ends within an element", self.at));
            }
            Event::Decl(declaration) => self.declaration(declaration)?,
            Event::PI(instruction) if instruction.target().eq_ignore_ascii_case("xml") => {
                return Err(syntax("a processing instruction must not be called xml", self.at));
            }
            _ => {}
        }
        Ok((event, &self.source[self.at..self.reader.buffer_position() as usize]))
    }

    /// The next tag; comments, processing instructions and white space are skipped, text is refused.
    pub fn markup(&mut self) -> Result<Markup<'x>> {
        loop {
            let (event, text) = self.event()?;
            match event {
                Event::Start(_) => return self.open(text).map(Markup::Open),
                Event::End(_) => return Ok(Markup::Close),
                Event::Eof => return Ok(Markup::End),
                Event::Text(_) if text.bytes().all(|byte| byte.is_ascii_whitespace()) => {}
                Event::Text(_) | Event::CData(_) | Event::GeneralRef(_) => {
                    let blank = text.len() - text.trim_start().len();
                    return Err(Fault::new(ErrorKind::Text, self.at + blank));
                }
                _ => {}
            }
        }
    }

    /// The start tag that was just read, with its namespace declarations in scope.
    pub fn open(&mut self, text: &'x str) -> Result<Tag<'x>> {
        let inner = text.strip_prefix('<').unwrap_or(text);
        let content = inner.strip_suffix('>').unwrap_or(inner);
        let content = content.strip_suffix('/').unwrap_or(content);
        let end = content.find(|c: char| c.is_ascii_whitespace()).unwrap_or(content.len());
        let tag = Tag { at: self.at, name: &content[..end], content, rest: &inner[end..] };
        // Most tags declare none, and have no x in their attributes.
        if memchr::memchr(b'x', &tag.content.as_bytes()[end..]).is_some() {
            for attribute in tag.attributes() {
                let attribute = attribute?;
                let Some(prefix) = declared_prefix(attribute.key) else { continue };
                if !self.scopes.declare(prefix, attribute.value()?.into_owned()) {
                    let max = namespace::IN_SCOPE_MAX;
                    return Err(Fault::new(ErrorKind::TooManyAttributes { max }, self.at));
                }
            }
        }
        Ok(tag)
    }

    /// The local name of an element, which must be of the namespace `expected`.
    pub fn local_name(&self, tag: &Tag<'x>, expected: &'static str) -> Result<&'x str> {
        let (prefix, local) = namespace::split(tag.name);
        match self.scopes.resolve(prefix) {
            Some(name) if name == expected => Ok(local),
            Some(name) => Err(Fault::new(ErrorKind::Namespace { expected, found: shown(name) }, tag.at)),
            None => Err(Fault::new(ErrorKind::UnknownPrefix(shown(prefix)), tag.at)),
        }
    }

    /// Where the last event began.
    pub fn at(&self) -> usize {
        self.at
    }

    fn declaration(&self, declaration: &BytesDecl<'_>) -> Result<()> {
        if self.at > 0 {
            return Err(syntax("the XML declaration must be the very first", self.at));
        }
        match declaration.version() {
            Ok(version) if version == "1.0" => {}
            Ok(version) => return Err(syntax(&format!("XML version {} is not 1.0", shown(&version)), 0)),
            Err(error) => return Err(fault(error, 0)),
        }
        match declaration.encoding() {
            None => Ok(()),
            Some(Ok(name)) if ["utf-8", "us-ascii"].iter().any(|known| name.eq_ignore_ascii_case(known)) => {
                Ok(())
            }
            Some(Ok(name)) => Err(Fault::new(ErrorKind::Encoding(shown(&name)), 0)),
            Some(Err(error)) => Err(fault(error.into(), 0)),
        }
    }
}

/// An attribute as written.
pub(super) struct Written<'x> {
    /// The qualified name.
    pub key: &'x str,
    /// Between the quotes.
    raw: Cow<'x, str>,
    at: usize,
}

impl<'x> Tag<'x> {
    /// The attributes, namespace declarations included. Names are unique.
    pub fn attributes(&self) -> impl Iterator<Item = Result<Written<'x>>> + use<'x> {
        let tag = *self;
        Attributes::new(tag.content, tag.name.len()).enumerate().map(move |(position, attribute)| {
            if position == ATTRIBUTES_MAX {
                return Err(Fault::new(ErrorKind::TooManyAttributes { max: ATTRIBUTES_MAX }, tag.at));
            }
            tag.written(attribute.map_err(|error| fault(error.into(), tag.at))?)
        })
    }

    /// `quick-xml` accepts attributes without space between them and `<` in values; XML does not.
    fn written(&self, attribute: Attribute<'x>) -> Result<Written<'x>> {
        let key = attribute.key.0;
        let before = (key.as_ptr() as usize - self.content.as_ptr() as usize).saturating_sub(1);
        if !self.content.as_bytes()[before].is_ascii_whitespace() {
            return Err(syntax("attributes must be separated by white space", self.at));
        }
        if attribute.value.as_bytes().contains(&b'<') {
            return Err(syntax("< in an attribute must be written as &lt;", self.at));
        }
        Ok(Written { key, raw: attribute.value, at: self.at })
    }
}

impl<'x> Written<'x> {
    /// The value, references resolved and white space normalized (<https://www.w3.org/TR/xml/#AVNormalize>). Refuses
    /// entities that XML itself does not define, as nothing declares them here.
    pub fn value(&self) -> Result<Cow<'x, str>> {
        self.resolved(resolve_xml_entity)
    }

    /// The same with the entities HTML defines.
    pub fn html_value(&self) -> Result<Cow<'x, str>> {
        self.resolved(|name| resolve_xml_entity(name).or_else(|| resolve_html5_entity(name)))
    }

    fn resolved(&self, entity: fn(&str) -> Option<&'static str>) -> Result<Cow<'x, str>> {
        let attribute = Attribute { key: quick_xml::name::QName(self.key), value: self.raw.clone() };
        // What an entity stands for has no entities in it.
        let value = attribute.normalized_value_with(XmlVersion::Implicit1_0, 1, entity);
        let value = value.map_err(|error| fault(error, self.at))?;
        if matches!(value, Cow::Owned(_)) {
            refuse_characters(&value).map_err(|fault| Fault::new(fault.kind, self.at))?;
        }
        Ok(value)
    }

    /// Whether it declares a namespace.
    pub fn is_declaration(&self) -> bool {
        declared_prefix(self.key).is_some()
    }
}

/// The prefix (empty: none) an attribute of that name declares a namespace for.
fn declared_prefix(key: &str) -> Option<&str> {
    match key.strip_prefix("xmlns")? {
        "" => Some(""),
        rest => rest.strip_prefix(':'),
    }
}

/// Refuses what XML 1.0 cannot hold, whether written as itself or as a reference.
pub(super) fn refuse_characters(text: &str) -> Result<()> {
    let forbidden = |byte: u8| byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r');
    // Folding without leaving early lets the compiler look at many bytes at once.
    if text.bytes().fold(false, |found, byte| found | forbidden(byte)) {
        let at = text.bytes().position(forbidden).unwrap_or_default();
        return Err(Fault::new(ErrorKind::Character(text.as_bytes()[at].into()), at));
    }
    for (bytes, code) in [(b"\xef\xbf\xbe", 0xfffe), (b"\xef\xbf\xbf", 0xffff)] {
        if let Some(at) = memchr::memmem::find(text.as_bytes(), bytes) {
            return Err(Fault::new(ErrorKind::Character(code), at));
        }
    }
    Ok(())
}

pub(super) fn syntax(message: &str, at: usize) -> Box<Fault> {
    Fault::new(ErrorKind::Syntax(message.into()), at)
}

/// What `quick-xml` found, in our words where we have some.
fn fault(error: XmlError, at: usize) -> Box<Fault> {
    let kind = match error {
        XmlError::Escape(EscapeError::UnrecognizedEntity(_, name)) => ErrorKind::UnknownEntity(shown(&name)),
        XmlError::Escape(EscapeError::InvalidCharRef(_)) => ErrorKind::Syntax(NO_CHARACTER.into()),
        XmlError::IllFormed(IllFormedError::MismatchedEndTag { expected, found }) => ErrorKind::Syntax(
            format!("expected the end tag </{}>, found </{}>", shown(&expected), shown(&found)),
        ),
        XmlError::IllFormed(IllFormedError::UnmatchedEndTag(found)) => {
            ErrorKind::Syntax(format!("the end tag </{}> closes nothing", shown(&found)))
        }
        other => ErrorKind::Syntax(shown(&other.to_string())),
    };
    Fault::new(kind, at)
}
