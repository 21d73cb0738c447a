//! XML, as far as a narrative may use it: elements, attributes, text, comments, the five entities and character references.

/// A part of the text.
pub(super) enum Piece<'t> {
    Start { name: &'t str, attributes: Vec<Attribute<'t>>, closed: bool },
    End(&'t str),
    Text(&'t str),
}

pub(super) struct Attribute<'t> {
    pub name: &'t str,
    pub value: &'t str,
}

pub(super) struct Scanner<'t> {
    rest: &'t str,
}

impl<'t> Scanner<'t> {
    pub fn new(text: &'t str) -> Self {
        Scanner { rest: text }
    }

    /// The next part; comments are passed over.
    pub fn next(&mut self) -> Result<Option<Piece<'t>>, String> {
        while let Some(comment) = self.rest.strip_prefix("<!--") {
            let end = comment.find("-->").ok_or("a comment is never closed")?;
            self.rest = &comment[end + 3..];
        }
        if self.rest.is_empty() {
            return Ok(None);
        }
        if let Some(after) = self.rest.strip_prefix("</") {
            self.rest = after;
            let name = self.name()?;
            self.space();
            self.need('>')?;
            return Ok(Some(Piece::End(name)));
        }
        if let Some(after) = self.rest.strip_prefix('<') {
            self.rest = after;
            return self.start().map(Some);
        }
        let text = self.until_mark('<');
        check_entities(text)?;
        if text.contains("]]>") {
            return Err("']]>' in text; write ]]&gt;".into());
        }
        Ok(Some(Piece::Text(text)))
    }

    fn start(&mut self) -> Result<Piece<'t>, String> {
        let name = self.name()?;
        let mut attributes = Vec::new();
        loop {
            let spaced = self.space();
            if self.skip("/>") {
                return Ok(Piece::Start { name, attributes, closed: true });
            }
            if self.skip(">") {
                return Ok(Piece::Start { name, attributes, closed: false });
            }
            if !spaced {
                return Err(format!("white space is missing in <{name}>"));
            }
            if attributes.len() == ATTRIBUTES_MAX {
                return Err(format!("<{name}> has more than {ATTRIBUTES_MAX} attributes"));
            }
            attributes.push(self.attribute()?);
        }
    }

    fn attribute(&mut self) -> Result<Attribute<'t>, String> {
        let name = self.name()?;
        self.space();
        self.need('=')?;
        self.space();
        let quote = self.rest.chars().next().filter(|quote| matches!(quote, '"' | '\''));
        let quote = quote.ok_or_else(|| format!("the value of the attribute '{name}' is not quoted"))?;
        self.rest = &self.rest[1..];
        let value = self.until_mark(quote);
        self.need(quote)?;
        if value.contains('<') {
            return Err(format!("a '<' in the attribute '{name}'; write &lt;"));
        }
        check_entities(value)?;
        Ok(Attribute { name, value })
    }

    fn name(&mut self) -> Result<&'t str, String> {
        let fits = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_' | ':' | '.');
        let end = self.rest.find(|letter| !fits(letter)).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        match name.chars().next() {
            Some(first) if first.is_alphabetic() => {
                self.rest = rest;
                // Names are named in messages.
                if name.len() > 40 { Err("a name is too long".into()) } else { Ok(name) }
            }
            _ => Err("a name must follow '<'; write &lt; for the sign itself".into()),
        }
    }

    fn until_mark(&mut self, mark: char) -> &'t str {
        let (before, rest) = self.rest.split_at(self.rest.find(mark).unwrap_or(self.rest.len()));
        self.rest = rest;
        before
    }

    fn space(&mut self) -> bool {
        let trimmed = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
        let moved = trimmed.len() < self.rest.len();
        self.rest = trimmed;
        moved
    }

    fn skip(&mut self, token: &str) -> bool {
        let after = self.rest.strip_prefix(token);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }

    fn need(&mut self, mark: char) -> Result<(), String> {
        self.rest = self.rest.strip_prefix(mark).ok_or_else(|| format!("a '{mark}' is missing"))?;
        Ok(())
    }
}

/// More than any element has names for.
const ATTRIBUTES_MAX: usize = 40;

/// XML knows five entities by name; HTML's others are not declared in a FHIR document.
fn check_entities(text: &str) -> Result<(), String> {
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let after = &rest[at + 1..];
        let name = after.find(';').map(|end| &after[..end]).filter(|name| name.len() <= 10);
        let name = name.ok_or("a '&' that begins no entity; write &amp;")?;
        let known = match name.strip_prefix('#') {
            Some(number) => is_reference(number),
            None => matches!(name, "amp" | "lt" | "gt" | "quot" | "apos"),
        };
        if !known {
            return Err(format!("&{name}; is not known in XML; write the character itself"));
        }
        rest = &after[name.len() + 1..];
    }
    Ok(())
}

/// Whether XML 1.0 has the character (<https://www.w3.org/TR/xml/#charsets>).
pub(crate) fn is_character(letter: char) -> bool {
    matches!(letter, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}

fn is_reference(number: &str) -> bool {
    let code = match number.strip_prefix('x') {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => number.parse(),
    };
    code.ok().and_then(char::from_u32).is_some_and(is_character)
}
