//! The attributes of FHIR's elements.

use super::error::{ErrorKind, Fault, shown};
use super::input::{Input, Result, Tag};
use super::namespace::{self, SCHEMA_INSTANCE};
use std::borrow::Cow;

/// The attributes FHIR has.
#[derive(Default)]
pub(super) struct Attributes<'x> {
    pub id: Option<Cow<'x, str>>,
    pub url: Option<Cow<'x, str>>,
    pub value: Option<Cow<'x, str>>,
}

impl<'x> Attributes<'x> {
    /// Those of a start tag. Namespace declarations and the location of a schema are skipped, others than those allowed
    /// refused.
    pub fn read(input: &Input<'x>, tag: &Tag<'x>, allowed: &[&str]) -> Result<Attributes<'x>> {
        let mut read = Attributes::default();
        for attribute in tag.attributes() {
            let attribute = attribute?;
            let place = match attribute.key {
                "value" => &mut read.value,
                "id" => &mut read.id,
                "url" => &mut read.url,
                _ if attribute.is_declaration() || is_schema_location(input, attribute.key) => continue,
                other => return Err(Fault::new(ErrorKind::UnknownAttribute(shown(other)), tag.at)),
            };
            if !allowed.contains(&attribute.key) {
                return Err(Fault::new(ErrorKind::UnknownAttribute(attribute.key.into()), tag.at));
            }
            *place = Some(attribute.value()?);
        }
        Ok(read)
    }
}

fn is_schema_location(input: &Input<'_>, key: &str) -> bool {
    let (prefix, local) = namespace::split(key);
    matches!(local, "schemaLocation" | "noNamespaceSchemaLocation")
        && !prefix.is_empty()
        && input.scopes.resolve(prefix) == Some(SCHEMA_INSTANCE)
}
