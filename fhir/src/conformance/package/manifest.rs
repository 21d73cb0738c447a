//! `package.json`.

use super::Error;
use crate::json::{Document, Node};

/// What a package says of itself (<https://confluence.hl7.org/display/FHIR/NPM+Package+Specification>).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    pub name: String,
    pub version: String,
    /// The base of the package's canonical URLs, if it names one.
    pub canonical: Option<String>,
    /// Versions of FHIR the package is made for; at least one is of R4.
    pub fhir_versions: Vec<String>,
    /// Packages this one needs, name and version, in the order written. They are not loaded with it.
    pub dependencies: Vec<(String, String)>,
}

impl Manifest {
    pub(super) fn read(document: &Document) -> Result<Manifest, Error> {
        let root = document.root();
        let text = |name| root.get(name).and_then(Node::as_str).map(String::from);
        let manifest = Manifest {
            name: text("name").ok_or(Error::ManifestField { field: "name" })?,
            version: text("version").ok_or(Error::ManifestField { field: "version" })?,
            canonical: text("canonical"),
            fhir_versions: fhir_versions(root),
            dependencies: dependencies(root),
        };
        manifest.check_version()?;
        Ok(manifest)
    }

    fn check_version(&self) -> Result<(), Error> {
        if self.fhir_versions.iter().any(|version| version == "4.0" || version.starts_with("4.0.")) {
            return Ok(());
        }
        let found = match self.fhir_versions.is_empty() {
            true => "of no stated version".to_owned(),
            false => self.fhir_versions.join(", "),
        };
        Err(Error::NotR4 { name: self.name.clone(), version: self.version.clone(), found })
    }
}

/// Older packages call the list `fhir-version-list`; core packages may only depend on themselves.
fn fhir_versions(root: Node<'_>) -> Vec<String> {
    let list = root.get("fhirVersions").or_else(|| root.get("fhir-version-list"));
    list.into_iter().flat_map(Node::items).filter_map(Node::as_str).map(String::from).collect()
}

fn dependencies(root: Node<'_>) -> Vec<(String, String)> {
    let members = root.get("dependencies").into_iter().flat_map(Node::members);
    members
        .filter_map(|(name, version)| Some((name.as_str().into_owned(), version.as_str()?.into_owned())))
        .collect()
}
