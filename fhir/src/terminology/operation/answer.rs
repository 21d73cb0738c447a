//! Writes a Parameters resource.

use crate::json::write_string;

/// A Parameters resource in the making. Parts are nested with [`begin`](Self::begin) and [`end`](Self::end).
pub(super) struct Answer {
    out: Vec<u8>,
}

impl Answer {
    pub fn new() -> Answer {
        Answer { out: br#"{"resourceType":"Parameters""#.to_vec() }
    }

    /// `{"name": …, "value[suffix]": …}` with a text.
    pub fn text(&mut self, name: &str, suffix: &str, text: &str) {
        self.open(name);
        self.out.extend_from_slice(format!(",\"value{suffix}\":").as_bytes());
        write_string(&mut self.out, text);
        self.out.push(b'}');
    }

    /// The same with JSON.
    pub fn json(&mut self, name: &str, suffix: &str, json: &[u8]) {
        self.open(name);
        self.out.extend_from_slice(format!(",\"value{suffix}\":").as_bytes());
        self.out.extend_from_slice(json);
        self.out.push(b'}');
    }

    pub fn flag(&mut self, name: &str, flag: bool) {
        self.json(name, "Boolean", if flag { b"true" } else { b"false" });
    }

    /// A parameter whose parts follow.
    pub fn begin(&mut self, name: &str) {
        self.open(name);
    }

    pub fn end(&mut self) {
        self.close();
        self.out.push(b'}');
    }

    /// The bytes.
    pub fn finish(mut self) -> Vec<u8> {
        self.close();
        self.out.push(b'}');
        self.out
    }

    /// A list that was begun ends here; one that would be empty is not there at all.
    fn close(&mut self) {
        if self.out.last() == Some(&b'}') {
            self.out.push(b']');
        }
    }

    /// Begins an entry, and the list it is in if it is the first.
    fn open(&mut self, name: &str) {
        let list: &[u8] = match (self.out.last(), self.out.len()) {
            (Some(b'}'), _) => b",",
            _ if self.is_top() => b",\"parameter\":[",
            _ => b",\"part\":[",
        };
        self.out.extend_from_slice(list);
        self.out.extend_from_slice(b"{\"name\":");
        write_string(&mut self.out, name);
    }

    fn is_top(&self) -> bool {
        self.out.len() == br#"{"resourceType":"Parameters""#.len()
    }
}
