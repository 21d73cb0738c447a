//! What is wanted of an expansion.

use super::{Error, Request};
use crate::conformance::Canonical;
use crate::terminology::VersionRules;

/// The parameters of `$expand` that are about its answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Options {
    pub filter: Option<String>,
    pub offset: Option<usize>,
    pub count: Option<usize>,
    pub include_designations: bool,
    pub include_definition: bool,
    /// Languages, or `system|code` of uses, of the designations wanted; empty: all.
    pub designations: Vec<String>,
    /// The codes of the properties wanted.
    pub properties: Vec<String>,
    pub active_only: bool,
    pub exclude_nested: bool,
    pub exclude_abstract: bool,
    pub language: Option<String>,
    pub excluded_systems: Vec<Canonical>,
    /// Obeyed when the value set is compiled; here to be told in the answer.
    pub versions: VersionRules,
}

impl Options {
    pub fn read(request: &Request<'_>) -> Result<Options, Error> {
        let flag = |name| Ok::<bool, Error>(request.flag(name)?.unwrap_or(false));
        // There are no post-coordinated codes here: with or without them the answer is the same.
        flag("excludePostCoordinated")?;
        let include_designations = request.flag("includeDesignations")?;
        let designations: Vec<_> = request.texts("designation")?.into_iter().map(Into::into).collect();
        Ok(Options {
            filter: request.text("filter")?.map(Into::into).filter(|text: &String| !text.trim().is_empty()),
            offset: request.count("offset")?,
            count: request.count("count")?,
            include_designations: include_designations.unwrap_or(!designations.is_empty()),
            include_definition: flag("includeDefinition")?,
            designations,
            properties: request.texts("property")?.into_iter().map(Into::into).collect(),
            active_only: flag("activeOnly")?,
            exclude_nested: flag("excludeNested")?,
            exclude_abstract: flag("excludeNotForUI")?,
            language: request.language()?.map(Into::into),
            excluded_systems: request.excluded_systems()?,
            versions: request.version_rules()?,
        })
    }
}
