//! A search as it is sent.

use fhir::definitions::ResourceType;
use std::fmt;

/// What is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Nothing: those that `_type` names.
    pub resource_type: Option<ResourceType>,
    /// In the compartment of the patient with this id.
    pub patient: Option<String>,
    /// Decoded, in their order; those that choose nothing, too.
    pub parameters: Vec<(String, String)>,
}

impl Query {
    /// The values of the parameters of that name.
    pub fn all<'q>(&'q self, name: &'q str) -> impl Iterator<Item = &'q str> {
        let named = self.parameters.iter().filter(move |(one, _)| one == name);
        named.map(|(_, value)| value.as_str())
    }

    /// Which types are searched; none: all.
    pub fn types(&self) -> Vec<ResourceType> {
        let named = self.all("_type").flat_map(|types| types.split(',')).filter_map(ResourceType::from_name);
        self.resource_type.into_iter().chain(named).collect()
    }
}

/// As a URL without percent signs.
impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(patient) = &self.patient {
            write!(f, "Patient/{patient}/")?;
        }
        f.write_str(self.resource_type.map_or("", ResourceType::name))?;
        for (number, (name, value)) in self.parameters.iter().enumerate() {
            write!(f, "{}{name}={value}", if number == 0 { '?' } else { '&' })?;
        }
        Ok(())
    }
}
