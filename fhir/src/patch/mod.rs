//! Patching a resource: <https://hl7.org/fhir/R4/http.html#patch>.
//!
//! [`Patch::read`] checks a patch by itself, [`Patch::apply`] applies it to the bytes of a resource and gives the bytes of the
//! new one. What no operation touches keeps its bytes: digits of decimals, order of members, whitespace. A patch is applied
//! as a whole or not at all, and may not change `resourceType` or `id`.
//!
//! ```
//! use fhir::{json::{self, Document}, patch::{Kind, Limits, Patch}};
//! let resource = Document::parse(r#"{"resourceType":"Basic","extension":[{"url":"u","valueDecimal":1.50}]}"#,
//!     &json::Limits::default())?;
//! let patch = Patch::read(Kind::Json, r#"[{"op":"replace","path":"/extension/0/url","value":"v"}]"#, &Limits::default())?;
//! let patched = patch.apply(&resource)?;
//! assert_eq!(patched, br#"{"resourceType":"Basic","extension":[{"url":"v","valueDecimal":1.50}]}"#);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod difference;
mod error;
mod fhirpath_patch;
mod identity;
mod json_patch;
mod limits;
mod merge_patch;
mod value;

pub use difference::diff;
pub use error::{Class, Error, ErrorKind};
pub use limits::Limits;

use crate::{fhirpath::Expression, json::Document};
use bytes::Bytes;
use limits::Budget;
use value::Value;

/// The language of a patch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// RFC 6902, `application/json-patch+json`.
    Json,
    /// RFC 7386, `application/merge-patch+json`.
    Merge,
    /// <https://hl7.org/fhir/R4/fhirpatch.html>: a Parameters resource.
    FhirPath,
}

/// A well-formed patch, for any number of resources.
#[derive(Debug)]
pub struct Patch {
    kind: Kind,
    document: Document,
    /// Of the operations of a FHIRPath Patch.
    paths: Vec<Expression>,
    limits: Limits,
}

impl Patch {
    /// Reads a patch and checks all of it that can be checked without a resource.
    ///
    /// Errors are of [`Class::Malformed`] or [`Class::TooLarge`], and name the operation.
    pub fn read(kind: Kind, body: impl Into<Bytes>, limits: &Limits) -> Result<Patch, Error> {
        let document = Document::parse(body, &limits.json).map_err(ErrorKind::NotJson)?;
        let mut paths = vec![];
        match kind {
            Kind::Json => json_patch::check(document.root(), limits)?,
            Kind::Merge => merge_patch::check(document.root())?,
            Kind::FhirPath => paths = fhirpath_patch::compile(document.root(), limits)?,
        }
        Ok(Patch { kind, document, paths, limits: limits.clone() })
    }

    /// The bytes of `resource` with the patch applied. They are well-formed JSON with the same type and id; whether they
    /// are a valid resource is for the caller to check.
    ///
    /// Errors are of [`Class::Unprocessable`] or [`Class::TooLarge`], and name the operation. Cost: linear in resource and patch,
    /// and bounded by the limits.
    pub fn apply(&self, resource: &Document) -> Result<Vec<u8>, Error> {
        let mut budget = Budget::new(&self.limits);
        let mut root = Value::Kept(resource.root());
        let patch = self.document.root();
        match self.kind {
            Kind::Json => json_patch::apply(&mut root, patch, &mut budget)?,
            Kind::Merge => merge_patch::merge(&mut root, patch, &mut budget)?,
            Kind::FhirPath => {
                let patched = fhirpath_patch::apply(resource, patch, &self.paths, &self.limits, &mut budget)?;
                return written(resource, &Value::Kept(patched.as_ref().unwrap_or(resource).root()));
            }
        }
        written(resource, &root)
    }

    /// The language it is written in.
    pub fn kind(&self) -> Kind {
        self.kind
    }
}

/// The bytes of the result, if it is the next version of the same resource.
fn written(resource: &Document, root: &Value<'_>) -> Result<Vec<u8>, Error> {
    identity::check(resource.root(), root)?;
    let mut patched = Vec::with_capacity(resource.source().len() + 256);
    root.write(&mut patched);
    Ok(patched)
}
