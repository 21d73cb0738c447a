//! From text to tape, in one loop without recursion: the open containers are linked through the tape itself, so depth
//! costs no stack.

use super::{
    duplicate,
    error::{Error, ErrorKind, Fault},
    path, scan, string,
    tape::{CHECK_AT_CLOSE, ESCAPED, Entry, NO_PARENT, Tag},
};
use crate::names::{self, NameId};

/// Reads one document.
pub(super) fn tape(text: &str, depth_max: usize) -> Result<Vec<Entry>, Error> {
    let tape = Vec::with_capacity(expected(text.as_bytes()));
    let mut parser = Parser { text, pos: 0, tape, open: NO_PARENT, depth: 0, depth_max };
    match parser.document() {
        Ok(()) => Ok(parser.tape),
        Err(fault) => Err(parser.explain(*fault)),
    }
}

/// Above this the entries are counted before: a tape that grows takes up to twice its size, and its old copy too.
const COUNTED: usize = 1 << 16;

/// The room made for entries. Compact resources have one per 9 bytes, pretty-printed ones per 25.
fn expected(text: &[u8]) -> usize {
    if text.len() < COUNTED { text.len() / 8 + 8 } else { entries_max(text) }
}

/// The room that a tape takes at most, in entries, however it grows.
pub(super) fn room_max(text: &[u8]) -> usize {
    if text.len() < COUNTED { expected(text).max(2 * entries_max(text)) } else { entries_max(text) }
}

/// No tape has more: a value stands at the beginning, after each comma and in each container, a key before each colon.
fn entries_max(text: &[u8]) -> usize {
    // Compared one by one, as many bytes at once as the machine has lanes; a `matches!` becomes a jump for each byte.
    let is_mark = |byte: u8| (byte == b',') | (byte == b':') | (byte == b'{') | (byte == b'[');
    let marks = |piece: &[u8]| piece.iter().map(|byte| u8::from(is_mark(*byte))).sum::<u8>();
    // In pieces whose sum fits a byte.
    1 + text.chunks(128).map(|piece| usize::from(marks(piece))).sum::<usize>()
}

struct Parser<'t> {
    text: &'t str,
    pos: usize,
    tape: Vec<Entry>,
    /// The innermost open container.
    open: u32,
    depth: usize,
    depth_max: usize,
}

/// What the byte after a complete value asks for.
enum Then {
    Value,
    Done,
}

impl Parser<'_> {
    fn document(&mut self) -> Result<(), Box<Fault>> {
        if self.text.starts_with('\u{FEFF}') {
            self.pos = '\u{FEFF}'.len_utf8();
        }
        self.skip_whitespace();
        if self.pos == self.text.len() {
            return Err(Fault::new(ErrorKind::Empty, 0));
        }
        loop {
            self.value()?;
            if let Then::Done = self.after_value()? {
                break;
            }
        }
        self.skip_whitespace();
        match self.text[self.pos..].chars().next() {
            Some(other) => Err(Fault::new(ErrorKind::TrailingText(other), self.pos)),
            None => Ok(()),
        }
    }

    /// A scalar or an empty container completely; of another container the opening and the first key.
    #[inline(always)]
    fn value(&mut self) -> Result<(), Box<Fault>> {
        loop {
            let start = self.pos;
            match self.peek() {
                Some(b'"') => {
                    let (end, escaped) = scan::string(self.text, start)?;
                    self.scalar(Tag::String, end, if escaped { ESCAPED } else { 0 });
                }
                Some(b'{') => {
                    self.begin(Tag::Object)?;
                    if self.peek() == Some(b'}') {
                        return Ok(());
                    }
                    self.key()?;
                    continue;
                }
                Some(b'[') => {
                    self.begin(Tag::Array)?;
                    if self.peek() == Some(b']') {
                        return Ok(());
                    }
                    continue;
                }
                Some(b't') => self.scalar(Tag::True, scan::literal(self.text, start, "true")?, 0),
                Some(b'f') => self.scalar(Tag::False, scan::literal(self.text, start, "false")?, 0),
                Some(b'-' | b'0'..=b'9') => self.scalar(Tag::Number, scan::number(self.text, start)?, 0),
                // Whatever else comes is not `null` either, and the message says what may stand here.
                _ => self.scalar(Tag::Null, scan::literal(self.text, start, "null")?, 0),
            }
            return Ok(());
        }
    }

    /// Closes what ends here, up to the comma that announces the next value, whose key is read as well.
    #[inline(always)]
    fn after_value(&mut self) -> Result<Then, Box<Fault>> {
        while self.open != NO_PARENT {
            self.skip_whitespace();
            let object = self.tape[self.open as usize].tag == Tag::Object;
            match (self.peek(), object) {
                (Some(b','), true) => {
                    self.advance();
                    self.key()?;
                    return Ok(Then::Value);
                }
                (Some(b','), false) => {
                    self.advance();
                    return Ok(Then::Value);
                }
                (Some(b'}'), true) | (Some(b']'), false) => self.close()?,
                (_, true) => return Err(Fault::unexpected("',' or '}'", self.text, self.pos)),
                (_, false) => return Err(Fault::unexpected("',' or ']'", self.text, self.pos)),
            }
        }
        Ok(Then::Done)
    }

    /// A key with its colon, up to the first byte of the value.
    #[inline(always)]
    fn key(&mut self) -> Result<(), Box<Fault>> {
        let start = self.pos;
        if self.peek() != Some(b'"') {
            return Err(Fault::unexpected("a key in quotes", self.text, start));
        }
        let (end, escaped) = scan::string(self.text, start)?;
        let name = self.name(start, end, escaped);
        self.pos = end;
        let index = self.tape.len() as u32;
        let flags = if escaped { ESCAPED } else { 0 };
        self.tape.push(Entry {
            start: start as u32,
            end: end as u32,
            next: index + 1,
            name,
            tag: Tag::Key,
            flags,
        });
        self.refuse_duplicate(index)?;
        self.skip_whitespace();
        if self.peek() != Some(b':') {
            return Err(Fault::unexpected("':' after the key", self.text, self.pos));
        }
        self.advance();
        Ok(())
    }

    #[inline(always)]
    fn name(&self, start: usize, end: usize, escaped: bool) -> NameId {
        let raw = &self.text[start + 1..end - 1];
        if escaped { names::lookup(string::unescape(raw).as_bytes()) } else { names::lookup(raw.as_bytes()) }
    }

    /// A bit set of the keys seen rules out most comparisons; see `duplicate` for the rest.
    #[inline(always)]
    fn refuse_duplicate(&mut self, key: u32) -> Result<(), Box<Fault>> {
        let bit = duplicate::bit(&self.tape[key as usize]);
        let open = &mut self.tape[self.open as usize];
        let seen = open.end & bit != 0;
        open.end |= bit;
        if !seen || open.flags & CHECK_AT_CLOSE != 0 {
            return Ok(());
        }
        match duplicate::compare(self.text, &self.tape, self.open, key) {
            duplicate::Found::None => Ok(()),
            duplicate::Found::TooMany => {
                self.tape[self.open as usize].flags |= CHECK_AT_CLOSE;
                Ok(())
            }
            duplicate::Found::Same => Err(self.duplicate_fault(key)),
        }
    }

    #[cold]
    fn duplicate_fault(&mut self, key: u32) -> Box<Fault> {
        let entry = self.tape[key as usize];
        // The key becomes the last entry, where `explain` looks for it.
        self.tape.truncate(key as usize + 1);
        let text = string::text_of(self.text, &entry).into_owned();
        Fault::new(ErrorKind::DuplicateKey(text), entry.start as usize)
    }

    #[inline(always)]
    fn scalar(&mut self, tag: Tag, end: usize, flags: u8) {
        let next = self.tape.len() as u32 + 1;
        let (start, end) = (self.pos as u32, end as u32);
        self.pos = end as usize;
        self.tape.push(Entry { start, end, next, name: NameId::UNKNOWN, tag, flags });
    }

    #[inline(always)]
    fn begin(&mut self, tag: Tag) -> Result<(), Box<Fault>> {
        if self.depth == self.depth_max {
            return Err(Fault::new(ErrorKind::TooDeep { max: self.depth_max }, self.pos));
        }
        self.depth += 1;
        let index = self.tape.len() as u32;
        let start = self.pos as u32;
        self.tape.push(Entry { start, end: 0, next: self.open, name: NameId::UNKNOWN, tag, flags: 0 });
        self.open = index;
        self.advance();
        Ok(())
    }

    #[inline(always)]
    fn close(&mut self) -> Result<(), Box<Fault>> {
        if self.tape[self.open as usize].flags & CHECK_AT_CLOSE != 0
            && let Some(key) = duplicate::first(self.text, &self.tape, self.open)
        {
            return Err(self.duplicate_fault(key));
        }
        self.pos += 1;
        let next = self.tape.len() as u32;
        let entry = &mut self.tape[self.open as usize];
        self.open = entry.next;
        entry.end = self.pos as u32;
        entry.next = next;
        self.depth -= 1;
        Ok(())
    }

    #[inline(always)]
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.pos).copied()
    }

    /// Over the byte just seen and the whitespace after it.
    #[inline(always)]
    fn advance(&mut self) {
        self.pos = scan::whitespace(self.text.as_bytes(), self.pos + 1);
    }

    #[inline(always)]
    fn skip_whitespace(&mut self) {
        self.pos = scan::whitespace(self.text.as_bytes(), self.pos);
    }

    /// The fault with line, column and path.
    #[cold]
    fn explain(mut self, fault: Fault) -> Error {
        let path = path::of_fault(self.text, &mut self.tape, self.open);
        Error::at(fault.kind, fault.offset, self.text.as_bytes()).with_path(path)
    }
}
