//! A JSON writer that puts the commas and escapes strings; the order of members is the order of calls.

use super::vocabulary::Code;
use std::io::Write;

#[derive(Default)]
pub(super) struct Json {
    out: Vec<u8>,
    /// The next element follows another one.
    comma: bool,
}

impl Json {
    pub(super) fn finish(self) -> Vec<u8> {
        self.out
    }

    /// An object as the next array item (or the whole document).
    pub(super) fn object(&mut self, fill: impl FnOnce(&mut Json)) {
        self.nested(b'{', b'}', fill);
    }

    /// A member that is an object.
    pub(super) fn member(&mut self, name: &str, fill: impl FnOnce(&mut Json)) {
        self.key(name);
        self.nested(b'{', b'}', fill);
    }

    /// A member that is an array; `fill` writes items.
    pub(super) fn array(&mut self, name: &str, fill: impl FnOnce(&mut Json)) {
        self.key(name);
        self.nested(b'[', b']', fill);
    }

    /// A string member.
    pub(super) fn text(&mut self, name: &str, value: &str) {
        self.key(name);
        self.quoted(value);
    }

    /// A string member of something that needs no escaping, such as a date.
    pub(super) fn shown(&mut self, name: &str, value: impl std::fmt::Display) {
        self.key(name);
        // Writing into a Vec cannot fail.
        let _ = write!(self.out, "\"{value}\"");
        self.comma = true;
    }

    /// A number or boolean member.
    pub(super) fn plain(&mut self, name: &str, value: impl std::fmt::Display) {
        self.key(name);
        let _ = write!(self.out, "{value}");
        self.comma = true;
    }

    /// A string item of an array.
    pub(super) fn item(&mut self, value: &str) {
        self.separate();
        self.quoted(value);
        self.comma = true;
    }

    /// A Coding as the next item.
    pub(super) fn coding(&mut self, code: &Code) {
        self.object(|j| code_members(j, code));
    }

    /// A member that is a Coding.
    pub(super) fn coding_member(&mut self, name: &str, code: &Code) {
        self.member(name, |j| code_members(j, code));
    }

    /// A member that is a CodeableConcept of one coding, with its text.
    pub(super) fn concept(&mut self, name: &str, code: &Code) {
        self.member(name, |j| concept_members(j, code));
    }

    /// A member that is a list of one CodeableConcept.
    pub(super) fn concepts(&mut self, name: &str, code: &Code) {
        self.array(name, |j| j.object(|j| concept_members(j, code)));
    }

    /// A member that is a Reference.
    pub(super) fn reference(&mut self, name: &str, target: &str) {
        self.member(name, |j| j.text("reference", target));
    }

    fn nested(&mut self, open: u8, close: u8, fill: impl FnOnce(&mut Json)) {
        self.separate();
        self.out.push(open);
        self.comma = false;
        fill(self);
        self.out.push(close);
        self.comma = true;
    }

    fn key(&mut self, name: &str) {
        self.separate();
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
        // The value follows without a comma, the next member with one.
        self.comma = false;
    }

    fn separate(&mut self) {
        if self.comma {
            self.out.push(b',');
        }
        self.comma = true;
    }

    fn quoted(&mut self, value: &str) {
        self.out.push(b'"');
        for byte in value.bytes() {
            match byte {
                b'"' | b'\\' => self.out.extend_from_slice(&[b'\\', byte]),
                0..0x20 => {
                    let _ = write!(self.out, "\\u{byte:04x}");
                }
                _ => self.out.push(byte),
            }
        }
        self.out.push(b'"');
        self.comma = true;
    }
}

fn code_members(j: &mut Json, code: &Code) {
    j.text("system", code.system);
    j.text("code", code.code);
    j.text("display", code.display);
}

fn concept_members(j: &mut Json, code: &Code) {
    j.array("coding", |j| j.coding(code));
    j.text("text", code.display);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_and_escapes() {
        let mut json = Json::default();
        json.object(|j| {
            j.text("a", "x\"\\\n");
            j.array("b", |j| {
                j.item("1");
                j.object(|j| j.plain("c", true));
                j.object(|_| ());
            });
            j.plain("d", 1.5);
            j.shown("e", 2);
        });
        let text = String::from_utf8(json.finish()).unwrap();
        assert_eq!(text, r#"{"a":"x\"\\\u000a","b":["1",{"c":true},{}],"d":1.5,"e":"2"}"#);
    }
}
