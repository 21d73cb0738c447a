//! XML in and out: <https://hl7.org/fhir/R4/xml.html>.
//!
//! XML is read as the JSON that says the same, and a JSON document is written as XML; everything else of this crate knows JSON
//! only. Both go by the tables of [`definitions`](crate::definitions), in one pass, without building a tree.
//!
//! | XML | JSON |
//! |---|---|
//! | `<Patient xmlns="http://hl7.org/fhir">` | `{"resourceType":"Patient"` |
//! | `<active value="true"/>` | `"active":true`: a number, boolean or string by the element's type; digits stay as written |
//! | `<birthDate id="b" value="1970"><extension …/></birthDate>` | `"birthDate":"1970","_birthDate":{"id":"b","extension":[…]}` |
//! | `<given value="A"/><given><extension …/></given>` | `"given":["A",null],"_given":[null,{"extension":[…]}]` |
//! | attributes `id` of any element, `url` of an extension | members |
//! | `<contained><Organization>…` | `"contained":[{"resourceType":"Organization",…}]` |
//! | `<div xmlns="http://www.w3.org/1999/xhtml">…</div>` | a string of that text, as it was written |
//!
//! Comments, processing instructions, `xsi:schemaLocation` and JSON's `fhir_comments` are dropped. What has no meaning on the
//! other side is an error, never lost: unknown elements and attributes, text, an element twice. Elements in another order than
//! the definition's are read as long as repetitions stand together.
//!
//! Safe: a DOCTYPE is refused, so there are no entities to expand; size, depth, attributes and namespaces are bounded.

mod attributes;
mod error;
mod input;
mod layout;
mod namespace;
mod read;
mod run;
mod value;
mod write;
mod xhtml;

pub use error::{Error, ErrorKind};
pub use read::to_json;
pub use write::{from_json, from_json_pretty};
