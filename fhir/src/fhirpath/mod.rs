//! FHIRPath 2.0 as FHIR R4 uses it (<https://hl7.org/fhirpath/N1/>, <https://hl7.org/fhir/R4/fhirpath.html>).
//!
//! ```
//! use fhir::fhirpath::{Expression, Input};
//! use fhir::json::{Document, Limits};
//! let given = Expression::compile("name.where(use = 'official').given")?;
//! let patient = r#"{"resourceType":"Patient","name":[{"use":"official","given":["Ada","Mary"]}]}"#;
//! let document = Document::parse(patient, &Limits::default())?;
//! let names = given.evaluate(&Input::resource(document.root()))?;
//! assert_eq!(names[1].value().map(|name| name.to_string()).as_deref(), Some("Mary"));
//! assert_eq!(names[1].element().map(|name| name.path()).as_deref(), Some("Patient.name[0].given[1]"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod check;
mod compile;
mod eval;
mod expression;
mod functions;
mod input;
mod item;
mod model;
mod op;
mod scope;
pub mod value;

pub use crate::fhirpath_syntax::{Error, ast, parse, path};
pub use compile::Options;
pub use expression::Expression;
pub use input::{Collection, Host, Input, Limits, NoHost};
pub use item::{Element, Item};
pub use model::System;
pub use value::Value;
