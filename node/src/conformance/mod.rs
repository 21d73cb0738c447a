//! Where this server's definitions come from, by tenant: what users stored, then the configured packages, then R4's own.
//!
//! [`Stored`] follows the change feed, so that what was acknowledged is found by the very next question; [`Conformance`]
//! puts the layers together and keeps what is compiled from them.

mod documents;
mod far;
mod index;
mod packages;
mod parameters;
mod stored;

pub use far::{Definition, Known};
pub use packages::{Error as PackageError, load};
pub use stored::Stored;

use fhir::{
    conformance::{Canonical, Core, Layers, Package, Source, snapshot::Snapshots},
    definitions::ResourceType,
    fhirpath::value::Temporal,
    json::Node,
    outcome::Severity,
    terminology::Terminology,
    validation::{self, Issues, Validator},
};
use parking_lot::{Mutex, RwLock};
use proto::TenantId;
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::{Arc, OnceLock};

/// The definitions of all tenants.
pub struct Conformance {
    stored: Arc<Stored>,
    packages: Vec<Arc<Package>>,
    issues_max: usize,
    profiles: Vec<String>,
    tenants: RwLock<FxHashMap<TenantId, Arc<Definitions>>>,
    /// Search parameters that the log was told of: what it cannot do a package has for as long as the node runs.
    refused: Mutex<FxHashSet<(TenantId, Box<str>)>>,
}

/// A profile that every resource of its type must follow.
#[derive(Debug)]
struct Profile {
    url: Box<str>,
    /// As soon as it is known: its definition may be another node's, which has not told it yet.
    resource_type: OnceLock<ResourceType>,
}

/// A configured profile that nobody defines.
#[derive(Debug, thiserror::Error)]
#[error(
    "the profile '{0}' (validation.profiles) is known to no package, to the store and to R4 as that of a resource"
)]
pub struct UnknownProfile(String);

/// What is compiled from a tenant's definitions; what changes is compiled anew when it is next asked for.
pub struct Definitions {
    pub terminology: Arc<Terminology>,
    validator: Validator,
    /// Each tenant may define them in its own way.
    profiles: Vec<Profile>,
    source: Arc<dyn Source>,
    /// Writes are stopped by errors alone.
    errors: validation::Options,
}

impl Conformance {
    /// Of what is stored and the packages, earlier ones first. `profiles` are canonical URLs.
    pub fn new(
        stored: Arc<Stored>,
        packages: Vec<Arc<Package>>,
        profiles: &[String],
        issues_max: usize,
    ) -> Self {
        Conformance {
            stored,
            packages,
            issues_max,
            profiles: profiles.to_vec(),
            tenants: RwLock::default(),
            refused: Mutex::default(),
        }
    }

    /// Whether every configured profile is known by now to the default tenant. One that is taken away later makes every write of its type fail.
    ///
    /// # Errors
    /// The first that is not.
    pub fn check_profiles(&self) -> Result<(), UnknownProfile> {
        let (source, definitions) = (self.source(TenantId::DEFAULT), self.of(TenantId::DEFAULT));
        let is_unknown = |profile: &&Profile| profile.resource_type(&source).is_none();
        match definitions.profiles.iter().find(is_unknown) {
            Some(unknown) => Err(unknown.is_unknown()),
            None => Ok(()),
        }
    }

    /// All that a tenant defined is gone.
    pub fn forget_tenant(&self, tenant: TenantId) {
        self.stored.forget_tenant(tenant);
        self.tenants.write().remove(&tenant);
        self.refused.lock().retain(|(of, _)| *of != tenant);
    }

    /// What users stored.
    pub fn stored(&self) -> &Stored {
        &self.stored
    }

    /// The definitions of a tenant.
    pub fn of(&self, tenant: TenantId) -> Arc<Definitions> {
        if let Some(known) = self.tenants.read().get(&tenant) {
            return known.clone();
        }
        let mut tenants = self.tenants.write();
        tenants.entry(tenant).or_insert_with(|| Arc::new(self.definitions(tenant))).clone()
    }

    fn source(&self, tenant: TenantId) -> Layers {
        let mut layers: Vec<Arc<dyn Source>> = vec![Arc::new(self.stored.of(tenant))];
        layers.extend(self.packages.iter().map(|package| package.clone() as Arc<dyn Source>));
        layers.push(Arc::new(Core));
        Layers::new(layers)
    }

    fn definitions(&self, tenant: TenantId) -> Definitions {
        // Profiles come as differentials, too; the validator reads snapshots.
        let source = Snapshots::new(Arc::new(self.source(tenant)), Default::default());
        let source: Arc<dyn Source> = Arc::new(source);
        let terminology = Arc::new(Terminology::new(source.clone(), Default::default()));
        let options = validation::Options { issues_max: self.issues_max, ..Default::default() };
        let errors = validation::Options { severity_min: Severity::Error, ..options.clone() };
        let validator = Validator::new(source.clone(), terminology.clone(), options);
        let profile = |url: &String| Profile { url: url.as_str().into(), resource_type: OnceLock::new() };
        let profiles = self.profiles.iter().map(profile).collect();
        Definitions { terminology, validator, profiles, source, errors }
    }
}

impl Definitions {
    /// What keeps a resource from being stored under full validation. `now_ms`: what invariants take for the time.
    ///
    /// # Errors
    /// A configured profile that is not known yet: it might be one for such resources. A StructureDefinition may be what makes it known.
    pub fn errors(
        &self,
        resource_type: ResourceType,
        resource: Node<'_>,
        now_ms: u64,
    ) -> Result<Issues, UnknownProfile> {
        let mut profiles = vec![];
        for profile in &*self.profiles {
            match profile.resource_type(&*self.source) {
                Some(of) if of == resource_type => profiles.push(&*profile.url),
                None if resource_type != STRUCTURE => return Err(profile.is_unknown()),
                _ => {}
            }
        }
        let now = Some(Temporal::of_unix_ms(now_ms));
        let request = validation::Request { profiles: &profiles, now, options: Some(&self.errors) };
        Ok(self.validator.validate_as(resource, &request))
    }

    /// All there is to say about a resource, also against `profiles`.
    pub fn judge(&self, resource: Node<'_>, profiles: &[&str], now_ms: u64) -> Issues {
        let now = Some(Temporal::of_unix_ms(now_ms));
        self.validator.validate_as(resource, &validation::Request { profiles, now, options: None })
    }
}

const STRUCTURE: ResourceType = ResourceType::from_name("StructureDefinition").expect("a resource type");

impl Profile {
    /// The resource type it is of; `None` as long as nobody defines it.
    fn resource_type(&self, source: &dyn Source) -> Option<ResourceType> {
        if let Some(known) = self.resource_type.get() {
            return Some(*known);
        }
        let (url, version, _) = Canonical::read(&self.url);
        let definition = source.find(STRUCTURE, url, version)?;
        let of = ResourceType::from_name(&definition.root().get("type")?.as_str()?)?;
        Some(*self.resource_type.get_or_init(|| of))
    }

    fn is_unknown(&self) -> UnknownProfile {
        UnknownProfile(self.url.clone().into())
    }
}
