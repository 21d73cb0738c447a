//! Members of the JSON being written, above all those that are arrays.

use super::value::Form;
use crate::definitions::Element;

/// A repeating element while its repetitions come.
pub(super) struct Run {
    /// Of the JSON member.
    name: &'static str,
    pub count: usize,
    /// Whether it is a primitive, with values and companions in two arrays.
    pub primitive: bool,
    /// Where the member begins in the output.
    start: usize,
    pub any_value: bool,
    pub any_companion: bool,
    /// The companions' array so far.
    pub companions: Vec<u8>,
}

impl Run {
    /// Begins the member in the output.
    pub fn begin(element: &'static Element, form: Form, out: &mut Vec<u8>) -> Run {
        let start = out.len();
        begin_member(out, "", element.name);
        out.push(b'[');
        Run {
            name: element.name,
            count: 0,
            primitive: form.is_primitive(),
            start,
            any_value: false,
            any_companion: false,
            companions: Vec::new(),
        }
    }

    /// The last repetition has been written.
    pub fn finish(self, out: &mut Vec<u8>) {
        out.push(b']');
        // Without any value there are companions only.
        if self.primitive && !self.any_value {
            out.truncate(self.start);
        }
        if self.any_companion {
            begin_member(out, "_", self.name);
            out.push(b'[');
            out.extend_from_slice(&self.companions);
            out.push(b']');
        }
    }
}

/// The name of the next member of the object being written.
pub(super) fn begin_member(out: &mut Vec<u8>, prefix: &str, name: &str) {
    if !matches!(out.last(), None | Some(b'{')) {
        out.push(b',');
    }
    out.push(b'"');
    out.extend_from_slice(prefix.as_bytes());
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}
