//! Several sources as one.

use super::{Canonical, Source};
use crate::definitions::ResourceType;
use crate::json::Document;
use std::sync::Arc;

/// Sources in the order of precedence: the first that knows a resource answers.
pub struct Layers(Vec<Arc<dyn Source>>);

impl Layers {
    /// Those sources, first come first asked.
    pub fn new(sources: Vec<Arc<dyn Source>>) -> Self {
        Layers(sources)
    }
}

impl Source for Layers {
    fn find(&self, resource_type: ResourceType, url: &str, version: Option<&str>) -> Option<Arc<Document>> {
        self.0.iter().find_map(|source| source.find(resource_type, url, version))
    }

    fn fault(&self, resource_type: ResourceType, url: &str, version: Option<&str>) -> Option<String> {
        let first = self.0.iter().find(|source| source.find(resource_type, url, version).is_some());
        first.and_then(|source| source.fault(resource_type, url, version))
    }

    fn canonicals(&self, resource_type: ResourceType) -> Vec<Canonical> {
        let mut all: Vec<_> = self.0.iter().flat_map(|source| source.canonicals(resource_type)).collect();
        all.sort();
        all.dedup();
        all
    }

    fn revision(&self) -> u64 {
        self.0.iter().map(|source| source.revision()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Core;
    use super::*;

    /// Knows one value set, by the URL of one of the specification's.
    struct One(Arc<Document>);

    impl Source for One {
        fn find(&self, _: ResourceType, url: &str, version: Option<&str>) -> Option<Arc<Document>> {
            (url == URL && version.is_none()).then(|| self.0.clone())
        }
        fn canonicals(&self, _: ResourceType) -> Vec<Canonical> {
            vec![Canonical { url: URL.into(), version: Some("9".into()) }]
        }
        fn revision(&self) -> u64 {
            7
        }
    }

    const URL: &str = "http://hl7.org/fhir/ValueSet/administrative-gender";

    #[test]
    fn the_first_layer_that_knows_answers() {
        let value_set = ResourceType::from_name("ValueSet").expect("a type");
        let own = Arc::new(Document::parse("{}", &Default::default()).expect("JSON"));
        let layers = Layers::new(vec![Arc::new(One(own.clone())), Arc::new(Core)]);
        assert!(Arc::ptr_eq(&layers.find(value_set, URL, None).expect("known"), &own));
        assert!(!Arc::ptr_eq(&layers.find(value_set, URL, Some("4.0.1")).expect("known"), &own));
        assert!(layers.find(value_set, "http://nowhere", None).is_none());
        assert_eq!(layers.canonicals(value_set).len(), Core.canonicals(value_set).len() + 1);
        assert_eq!(layers.revision(), 7);
    }
}
