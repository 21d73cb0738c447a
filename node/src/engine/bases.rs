//! Below which addresses the resources of a tenant stand.

use fhir::index::Bases;
use std::sync::Arc;

/// Of one tenant, as they are configured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnBases {
    own: Option<Arc<str>>,
    further: Arc<[String]>,
}

impl OwnBases {
    /// Of the default tenant, of what is configured: also what stands below its own path among the tenants' is its.
    pub fn of_default(base: Option<&str>, further: &[String]) -> OwnBases {
        let own = base.into_iter().chain(further.iter().map(String::as_str));
        let named = own.map(|base| crate::link::of_tenant(base, proto::TenantName::DEFAULT));
        OwnBases { own: base.map(Arc::from), further: further.iter().cloned().chain(named).collect() }
    }

    /// Of another one.
    pub fn of_tenant(base: Option<&str>, further: &[String], name: &str) -> OwnBases {
        OwnBases {
            own: base.map(|base| crate::link::of_tenant(base, name).into()),
            further: further.iter().map(|base| crate::link::of_tenant(base, name)).collect(),
        }
    }

    /// What stands below one of these is this tenant's.
    pub fn bases(&self) -> Bases<'_> {
        Bases { own: self.own.as_deref(), further: &self.further }
    }

    /// What its links have, where that is configured.
    pub fn own(&self) -> Option<&Arc<str>> {
        self.own.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fhir::index::{ReferenceText, parse_reference};

    #[test]
    fn what_stands_below_a_tenants_base_is_its_alone() {
        let further = ["http://inner:8080/fhir".to_owned(), "https://b.example/r4".to_owned()];
        let base = Some("https://a.example/fhir");
        let default = OwnBases::of_default(base, &further);
        let x = OwnBases::of_tenant(base, &further, "x");
        let y = OwnBases::of_tenant(base, &further, "y");
        let is_local = |url: &str, of: &OwnBases| {
            matches!(parse_reference(url, of.bases()), ReferenceText::Local { .. })
        };
        for (url, whose) in [
            ("https://a.example/fhir/Patient/1", [true, false, false]),
            ("https://a.example/t/default/fhir/Patient/1", [true, false, false]),
            ("https://a.example/t/x/fhir/Patient/1", [false, true, false]),
            ("http://inner:8080/t/x/fhir/Patient/1", [false, true, false]),
            ("https://b.example/r4/t/x/fhir/Patient/1", [false, true, false]),
            ("https://b.example/r4/Patient/1", [true, false, false]),
            ("https://a.example/t/y/fhir/Patient/1", [false, false, true]),
            ("https://a.example/t/z/fhir/Patient/1", [false, false, false]),
            ("Patient/1", [true, true, true]),
        ] {
            assert_eq!([&default, &x, &y].map(|of| is_local(url, of)), whose, "{url}");
        }
    }
}
