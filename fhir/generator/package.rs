//! Reads the conformance resources the tables are made from out of a package tarball.

use anyhow::{Context, Result};
use serde_json::Value;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The resource types that are read, the first part of a file's name.
const KINDS: [&str; 6] = [
    "StructureDefinition",
    "SearchParameter",
    "CompartmentDefinition",
    "CodeSystem",
    "ValueSet",
    "ConceptMap",
];

/// The resources of a package that the tables need, each list in the order of ids.
#[derive(Default)]
pub struct Package {
    /// Definitions of types; profiles and extensions are left out.
    pub structures: Vec<Value>,
    pub search_parameters: Vec<Value>,
    pub compartments: Vec<Value>,
    /// Every StructureDefinition, profiles and extensions included, as JSON.
    pub profiles: Vec<Vec<u8>>,
    /// Every CodeSystem, ValueSet and ConceptMap, as JSON.
    pub terminology: Vec<Vec<u8>>,
}

/// Reads `package` (`.tgz`).
pub fn read(package: &Path) -> Result<Package> {
    let file = File::open(package).with_context(|| package.display().to_string())?;
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(file));
    let mut read = Package::default();
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let kind = name.split('-').next();
        if !matches!(kind, Some(kind) if KINDS.contains(&kind)) {
            continue;
        }
        let mut json = Vec::new();
        entry.read_to_end(&mut json)?;
        let list = match kind {
            Some("StructureDefinition") => {
                read.profiles.push(json.clone());
                &mut read.structures
            }
            Some("SearchParameter") => &mut read.search_parameters,
            Some("CompartmentDefinition") => &mut read.compartments,
            _ => {
                read.terminology.push(json);
                continue;
            }
        };
        list.push(serde_json::from_slice(&json).with_context(|| path.display().to_string())?);
    }
    read.structures.retain(is_type);
    read.search_parameters.retain(is_base_parameter);
    for list in [&mut read.structures, &mut read.search_parameters, &mut read.compartments] {
        list.sort_by(|a, b| a["id"].as_str().cmp(&b["id"].as_str()));
    }
    Ok(read)
}

fn is_type(definition: &Value) -> bool {
    definition["derivation"] != "constraint"
        && matches!(definition["kind"].as_str(), Some("resource" | "complex-type" | "primitive-type"))
}

/// The package also carries parameters of extension and genetics profiles, three examples, and `_filter`, which is no
/// part of R4's own list (1375 parameters).
fn is_base_parameter(parameter: &Value) -> bool {
    let id = parameter["id"].as_str().unwrap_or_default();
    !(id.contains("-extensions-") || id.contains("-genetic-") || id.starts_with("example") || id == "filter")
}
