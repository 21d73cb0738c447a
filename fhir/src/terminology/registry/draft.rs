//! A CodeSystem resource in the making.

use crate::json::{Document, Limits, write_string};
use std::sync::Arc;

/// A complete, case-sensitive code system.
pub(super) struct Draft {
    out: Vec<u8>,
}

impl Draft {
    /// Without concepts. `properties` are codes and types of the properties its concepts have.
    pub fn new(url: &str, name: &str, properties: &[(&str, &str)]) -> Draft {
        let mut out = br#"{"resourceType":"CodeSystem","url":"#.to_vec();
        write_string(&mut out, url);
        out.extend_from_slice(b",\"name\":");
        write_string(&mut out, name);
        out.extend_from_slice(
            br#","status":"active","caseSensitive":true,"content":"complete","property":["#,
        );
        for (at, (code, value_type)) in properties.iter().enumerate() {
            out.extend_from_slice(if at == 0 { b"{\"code\":" } else { b",{\"code\":" });
            write_string(&mut out, code);
            out.extend_from_slice(b",\"type\":");
            write_string(&mut out, value_type);
            out.push(b'}');
        }
        out.extend_from_slice(b"],\"concept\":[");
        Draft { out }
    }

    /// One more concept; `properties` are codes and values, of which empty ones are left out. With `inactive`, the code
    /// is no longer in use.
    pub fn concept(&mut self, code: &str, display: &str, properties: &[(&str, &str)], inactive: bool) {
        if self.out.last() == Some(&b'}') {
            self.out.push(b',');
        }
        self.out.extend_from_slice(b"{\"code\":");
        write_string(&mut self.out, code);
        self.out.extend_from_slice(b",\"display\":");
        write_string(&mut self.out, display);
        let mut count = 0;
        for (name, value) in properties.iter().filter(|(_, value)| !value.is_empty()) {
            self.property(&mut count, name, "String");
            write_string(&mut self.out, value);
            self.out.push(b'}');
        }
        if inactive {
            self.property(&mut count, "inactive", "Boolean");
            self.out.extend_from_slice(b"true}");
        }
        if count > 0 {
            self.out.push(b']');
        }
        self.out.push(b'}');
    }

    fn property(&mut self, count: &mut usize, code: &str, value_type: &str) {
        self.out.extend_from_slice(if *count == 0 { b",\"property\":[{\"code\":" } else { b",{\"code\":" });
        write_string(&mut self.out, code);
        self.out.extend_from_slice(format!(",\"value{value_type}\":").as_bytes());
        *count += 1;
    }

    /// The resource.
    pub fn finish(mut self) -> Arc<Document> {
        self.out.extend_from_slice(b"]}");
        Arc::new(Document::parse(self.out, &Limits::default()).expect("what is written here is JSON"))
    }
}
