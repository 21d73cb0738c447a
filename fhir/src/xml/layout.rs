//! Tags and attributes of an XML document being written.

/// A document as far as it is written.
pub(super) struct Layout {
    out: Vec<u8>,
    /// The innermost start tag still lacks its `>`.
    in_tag: bool,
    pretty: bool,
    depth: usize,
}

impl Layout {
    /// Without white space between elements.
    pub fn compact() -> Layout {
        let out = br#"<?xml version="1.0" encoding="UTF-8"?>"#.to_vec();
        Layout { out, in_tag: false, pretty: false, depth: 0 }
    }

    /// With a line for each element.
    pub fn pretty() -> Layout {
        Layout { pretty: true, ..Layout::compact() }
    }

    /// Begins an element.
    pub fn begin(&mut self, name: &str) {
        self.new_line();
        self.out.push(b'<');
        self.out.extend_from_slice(name.as_bytes());
        self.in_tag = true;
        self.depth += 1;
    }

    /// Appends an attribute to the start tag just begun. `text` has only characters XML can hold.
    pub fn attribute(&mut self, name: &str, text: &str) {
        debug_assert!(self.in_tag);
        self.out.push(b' ');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"=\"");
        escape(&mut self.out, text);
        self.out.push(b'"');
    }

    /// Ends the element that was begun last.
    pub fn end(&mut self, name: &str) {
        self.depth -= 1;
        if self.in_tag {
            self.out.extend_from_slice(b"/>");
            self.in_tag = false;
            return;
        }
        self.new_line();
        self.out.extend_from_slice(b"</");
        self.out.extend_from_slice(name.as_bytes());
        self.out.push(b'>');
    }

    /// Where a whole element may be appended as it is.
    pub fn raw(&mut self) -> &mut Vec<u8> {
        self.new_line();
        &mut self.out
    }

    pub fn finish(mut self) -> Vec<u8> {
        if self.pretty {
            self.out.push(b'\n');
        }
        self.out
    }

    /// Closes an open start tag, and starts a line if there are lines.
    fn new_line(&mut self) {
        if std::mem::take(&mut self.in_tag) {
            self.out.push(b'>');
        }
        if self.pretty {
            self.out.push(b'\n');
            self.out.resize(self.out.len() + 2 * self.depth, b' ');
        }
    }
}

/// Appends a text as it stands in an attribute. White space other than the space is written as a reference, as a reader
/// would otherwise see a space.
fn escape(out: &mut Vec<u8>, text: &str) {
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        let reference: &[u8] = match byte {
            b'&' => b"&amp;",
            b'<' => b"&lt;",
            b'"' => b"&quot;",
            b'\n' => b"&#xA;",
            b'\r' => b"&#xD;",
            b'\t' => b"&#x9;",
            _ => continue,
        };
        out.extend_from_slice(&text.as_bytes()[plain..at]);
        out.extend_from_slice(reference);
        plain = at + 1;
    }
    out.extend_from_slice(&text.as_bytes()[plain..]);
}
