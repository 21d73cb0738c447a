//! The search parameters that a tenant's definitions ask for beside FHIR's own.

use super::Conformance;
use fhir::{
    conformance::Source,
    definitions::ResourceType,
    index::custom::{Definition, Meaning},
};
use proto::TenantId;

const SEARCH_PARAMETER: ResourceType = ResourceType::from_name("SearchParameter").expect("a resource type");

impl Conformance {
    /// Those that are active, in the order of their URLs; of several versions the latest counts. What cannot be carried out is
    /// left out: what is stored was refused then, so a package has it.
    pub fn parameters(&self, tenant: TenantId) -> Vec<Definition> {
        let source = self.source(tenant);
        let mut urls: Vec<Box<str>> =
            source.canonicals(SEARCH_PARAMETER).into_iter().map(|one| one.url).collect();
        urls.sort_unstable();
        urls.dedup();
        let read = |url: Box<str>| {
            let document = source.find(SEARCH_PARAMETER, &url, None)?;
            match Definition::read(document.root()) {
                Ok(Meaning::Custom(definition)) => Some(definition),
                Ok(Meaning::Inactive | Meaning::AsR4) => None,
                Err(refusal) => {
                    if self.refused.lock().insert((tenant, url.clone())) {
                        tracing::warn!(tenant = tenant.0, %url, %refusal, "a search parameter is not offered");
                    }
                    None
                }
            }
        };
        urls.into_iter().filter_map(read).collect()
    }

    /// Rises before [`Conformance::parameters`] gives others.
    pub fn revision(&self, tenant: TenantId) -> u64 {
        self.source(tenant).revision()
    }
}
