//! `_pretty=true`: white space between tokens, and not a byte of a token changed.

use bytes::Bytes;

/// Indents well-formed JSON by two spaces.
pub(super) fn indent(json: &Bytes) -> Bytes {
    let mut out = Vec::with_capacity(json.len() * 2);
    let mut depth = 0_usize;
    let tokens = Marked { bytes: json.iter().copied(), in_string: false, escaped: false };
    let mut opened = false;
    for (byte, in_string) in tokens {
        if in_string {
            line_after_open(&mut out, &mut opened, depth);
            out.push(byte);
            continue;
        }
        match byte {
            b'{' | b'[' => {
                line_after_open(&mut out, &mut opened, depth);
                out.push(byte);
                depth += 1;
                opened = true;
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if !std::mem::take(&mut opened) {
                    new_line(&mut out, depth);
                }
                out.push(byte);
            }
            b',' => {
                out.push(byte);
                new_line(&mut out, depth);
            }
            b':' => out.extend_from_slice(b": "),
            _ => {
                line_after_open(&mut out, &mut opened, depth);
                out.push(byte);
            }
        }
    }
    out.push(b'\n');
    Bytes::from(out)
}

fn line_after_open(out: &mut Vec<u8>, opened: &mut bool, depth: usize) {
    if std::mem::take(opened) {
        new_line(out, depth);
    }
}

fn new_line(out: &mut Vec<u8>, depth: usize) {
    out.push(b'\n');
    out.resize(out.len() + 2 * depth, b' ');
}

/// The bytes with a mark whether they belong to a string; white space outside strings is left out.
struct Marked<I> {
    bytes: I,
    in_string: bool,
    escaped: bool,
}

impl<I: Iterator<Item = u8>> Iterator for Marked<I> {
    type Item = (u8, bool);

    fn next(&mut self) -> Option<(u8, bool)> {
        loop {
            let byte = self.bytes.next()?;
            if self.in_string {
                self.in_string = byte != b'"' || self.escaped;
                self.escaped = byte == b'\\' && !self.escaped;
                return Some((byte, true));
            }
            if byte == b'"' {
                self.in_string = true;
                return Some((byte, true));
            }
            if !byte.is_ascii_whitespace() {
                return Some((byte, false));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_stay_as_they_are() {
        let json = Bytes::from_static(br#"{"a":[1.50,-2e+3 ,"x, \"{y}\\"],"b":{}, "c":[] ,"d":{"e":null}}"#);
        let expected = "{\n  \"a\": [\n    1.50,\n    -2e+3,\n    \"x, \\\"{y}\\\\\"\n  ],\n  \"b\": {},\n  \"c\": [],\n  \"d\": {\n    \"e\": null\n  }\n}\n";
        assert_eq!(indent(&json), expected);
    }
}
