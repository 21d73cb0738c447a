//! Finds, compiles and keeps code systems; finds and keeps value sets, which [`compilation`](super::compilation) makes.

use super::cache::{Cache, Kept, is_same_document};
use super::code_system::{self, CodeSystem, ContentMode};
use super::grammar::Grammar;
use super::value_set::{Content, Dependencies, Dependency, Reason, ValueSet};
use super::{CODE_SYSTEM, Error, Limits, registry, supplement_index};
use crate::conformance::{Canonical, Layers, Resources, Source};
use crate::definitions::ResourceType;
use crate::json::Document;
use std::sync::Arc;

/// Code systems and value sets by canonical URL. Cheap to share; all methods may be called from many threads.
pub struct Terminology {
    source: Arc<dyn Source>,
    limits: Limits,
    cache: Arc<Cache>,
    supplements: Arc<supplement_index::Index>,
    /// What this one is laid over for one request.
    base: Option<Base>,
}

/// A terminology under another one, and the supplements that are only in that.
struct Base {
    source: Arc<dyn Source>,
    cache: Arc<Cache>,
    given: supplement_index::Index,
    resources: Arc<Resources>,
}

/// A code system that codes can be looked up in.
pub(super) enum System {
    Known(Arc<CodeSystem>),
    /// By its URL.
    Grammar(Box<str>, Grammar),
}

impl System {
    pub fn url(&self) -> &str {
        match self {
            System::Known(system) => &system.url,
            System::Grammar(url, _) => url,
        }
    }

    /// The version, where it is known; a grammar has none.
    pub fn version(&self) -> Option<&str> {
        match self {
            System::Known(system) => system.version.as_deref(),
            System::Grammar(..) => None,
        }
    }
}

impl Terminology {
    /// Terminology over the resources of `source`.
    pub fn new(source: Arc<dyn Source>, limits: Limits) -> Self {
        Terminology { source, limits, cache: Arc::default(), supplements: Arc::default(), base: None }
    }

    /// The same over resources that are found first: those that came with a request. What is compiled for it is not kept beyond it; code
    /// systems that are compiled already are not compiled again.
    pub fn over(&self, resources: Resources) -> Terminology {
        let resources = Arc::new(resources);
        let layers: Vec<Arc<dyn Source>> = vec![resources.clone(), self.source.clone()];
        let base = Base {
            source: self.source.clone(),
            cache: self.cache.clone(),
            given: supplement_index::Index::default(),
            resources,
        };
        Terminology {
            source: Arc::new(Layers::new(layers)),
            limits: self.limits.clone(),
            cache: Arc::default(),
            supplements: self.supplements.clone(),
            base: Some(base),
        }
    }

    /// The supplements of that system, those that came with the request first.
    pub(super) fn supplements_about(&self, system: &str) -> Vec<Canonical> {
        let Some(base) = &self.base else { return self.supplements.of(&*self.source, system) };
        let mut all = base.given.of(&*base.resources, system);
        let known = self.supplements.of(&*base.source, system);
        all.extend(known.into_iter().filter(|one| !all.contains(one)).collect::<Vec<_>>());
        all
    }

    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    pub fn source(&self) -> &Arc<dyn Source> {
        &self.source
    }

    /// About how many bytes what is kept takes, never more than `cached_bytes_max`.
    pub fn cached_bytes(&self) -> usize {
        self.cache.bytes()
    }

    pub(super) fn keep(&self, canonical: &str, kept: Kept) {
        self.cache.keep_value_set(canonical, kept, &self.limits);
    }

    /// What is kept of that canonical URL and right for that revision of the source.
    pub(super) fn kept(&self, canonical: &str, revision: u64) -> Option<Result<Arc<ValueSet>, Error>> {
        let kept = self.cache.value_set(canonical)?;
        if kept.revision == revision {
            return Some(kept.compiled);
        }
        let value_set = kept.compiled.ok()?;
        if !value_set.dependencies.iter().all(|one| self.is_same(one)) {
            return None;
        }
        self.keep(canonical, Kept { revision, compiled: Ok(value_set.clone()) });
        Some(Ok(value_set))
    }

    fn is_same(&self, dependency: &Dependency) -> bool {
        let Dependency { resource_type, url, version, found } = dependency;
        match (self.source.find(*resource_type, url, version.as_deref()), found) {
            (Some(now), Some(then)) => is_same_document(&now, then),
            (None, None) => true,
            _ => false,
        }
    }

    /// The code system of that URL and version: that of the source, unless it has no content and ISO's crates have; else
    /// theirs.
    pub fn code_system(&self, url: &str, version: Option<&str>) -> Result<Option<Arc<CodeSystem>>, Error> {
        self.code_system_on(url, version, &mut Dependencies::new())
    }

    fn code_system_on(
        &self,
        url: &str,
        version: Option<&str>,
        dependencies: &mut Dependencies,
    ) -> Result<Option<Arc<CodeSystem>>, Error> {
        let document = match self.stand_in(url, dependencies) {
            Some(document) => Some(document.clone()),
            None => self.find(CODE_SYSTEM, url, version, dependencies),
        };
        document.map(|document| self.compiled_system(document)).transpose()
    }

    /// The CodeSystem made from a crate, unless the source has one with content, whatever its version.
    fn stand_in(&self, url: &str, dependencies: &mut Dependencies) -> Option<&'static Arc<Document>> {
        let document = registry::code_system(url)?;
        let own = self.find(CODE_SYSTEM, url, None, dependencies);
        let is_empty =
            |own: &Document| super::member::text(own.root(), "content").as_deref() == Some("not-present");
        own.is_none_or(|own| is_empty(&own)).then_some(document)
    }

    /// The code system of that URL and version. Errors: it is not known, or its content is not.
    pub(super) fn system(&self, url: &str, version: Option<&str>) -> Result<System, Error> {
        match self.content(url, version, &mut Dependencies::new())? {
            Content::Known(system) => Ok(System::Known(system)),
            Content::Grammar(grammar) => Ok(System::Grammar(url.into(), grammar)),
            Content::Absent(Reason::NotKnown(_) | Reason::VersionNotKnown(_)) => {
                let url = version.map_or_else(|| url.to_owned(), |version| format!("{url}|{version}"));
                Err(Error::NotFound { resource_type: "CodeSystem", url })
            }
            Content::Absent(reason) => Err(without_codes(reason)),
        }
    }

    /// The code system in a CodeSystem resource that may not be in the source; it is not kept. Errors: it has no codes.
    pub(super) fn system_of(&self, document: Arc<Document>) -> Result<System, Error> {
        let url = super::member::text(document.root(), "url").unwrap_or_default();
        if let Some(grammar) = Grammar::of(&url) {
            return Ok(System::Grammar(url, grammar));
        }
        match content_of(Arc::new(CodeSystem::read(document, &self.limits)?)) {
            Content::Known(system) => Ok(System::Known(system)),
            Content::Absent(Reason::NotPresent(_)) if registry::code_system(&url).is_some() => {
                self.system(&url, None)
            }
            Content::Absent(reason) => Err(without_codes(reason)),
            Content::Grammar(grammar) => Ok(System::Grammar(url, grammar)),
        }
    }

    /// The compiled form of that very document.
    pub(super) fn compiled_system(&self, document: Arc<Document>) -> Result<Arc<CodeSystem>, Error> {
        let text = |name| super::member::text(document.root(), name).unwrap_or_default();
        let key = code_system::key(&text("url"), Some(&text("version")));
        let below = self.base.as_ref().and_then(|base| base.cache.code_system(&key, &document));
        if let Some(kept) = below.or_else(|| self.cache.code_system(&key, &document)) {
            return Ok(kept);
        }
        let compiled = Arc::new(CodeSystem::read(document, &self.limits)?);
        Ok(self.cache.keep_code_system(&key, compiled, &self.limits))
    }

    /// What is known of the codes of a system.
    pub(super) fn content(
        &self,
        url: &str,
        version: Option<&str>,
        dependencies: &mut Dependencies,
    ) -> Result<Content, Error> {
        if let Some(grammar) = Grammar::of(url) {
            return Ok(Content::Grammar(grammar));
        }
        let Some(system) = self.code_system_on(url, version, dependencies)? else {
            return Ok(Content::Absent(self.not_known(url, version)));
        };
        Ok(content_of(system))
    }

    fn not_known(&self, url: &str, version: Option<&str>) -> Reason {
        match version {
            Some(version) if self.source.find(CODE_SYSTEM, url, None).is_some() => {
                Reason::VersionNotKnown(format!("{url}|{version}").into())
            }
            _ => Reason::NotKnown(url.into()),
        }
    }

    pub(super) fn find(
        &self,
        resource_type: ResourceType,
        url: &str,
        version: Option<&str>,
        dependencies: &mut Dependencies,
    ) -> Option<Arc<Document>> {
        let found = self.source.find(resource_type, url, version);
        dependencies.insert(Dependency {
            resource_type,
            url: url.into(),
            version: version.map(Into::into),
            found: found.clone(),
        });
        found
    }
}

/// What is known of the codes of a compiled code system.
fn content_of(system: Arc<CodeSystem>) -> Content {
    match system.content {
        ContentMode::NotPresent => Content::Absent(Reason::NotPresent((&*system.url).into())),
        ContentMode::Supplement => {
            let supplemented = system.supplements.as_deref().unwrap_or_default();
            Content::Absent(Reason::Supplement((&*system.url).into(), supplemented.into()))
        }
        ContentMode::Example | ContentMode::Fragment | ContentMode::Complete => Content::Known(system),
    }
}

/// The error of who asks for the codes of a system that has none here.
fn without_codes(reason: Reason) -> Error {
    match reason {
        // Who names a supplement as a code system can mend that.
        Reason::Supplement(..) => Error::Invalid { problem: reason.to_string() },
        reason => Error::UnknownContent { reason: reason.to_string() },
    }
}
