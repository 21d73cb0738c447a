//! Finds, compiles and keeps code systems and value sets.

use super::code_system::{CodeSystem, ContentMode, Filter};
use super::grammar::Grammar;
use super::value_set::{Compiler, Content, Dependency, Reason, ValueSet};
use super::{Error, Limits, VersionRules, registry, supplements};
use crate::conformance::{Canonical, Source};
use crate::definitions::ResourceType;
use crate::json::Document;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

pub(super) const CODE_SYSTEM: ResourceType = ResourceType::from_name("CodeSystem").expect("a resource type");
pub(super) const VALUE_SET: ResourceType = ResourceType::from_name("ValueSet").expect("a resource type");

/// Code systems and value sets by canonical URL. Cheap to share; all methods may be called from many threads.
pub struct Terminology {
    source: Arc<dyn Source>,
    limits: Limits,
    value_sets: RwLock<HashMap<Box<str>, Kept>>,
    code_systems: RwLock<HashMap<Box<str>, Arc<CodeSystem>>>,
    pub(super) supplements: supplements::Index,
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
}

/// What was compiled, or why not, and the revision of the source it is right for.
struct Kept {
    revision: u64,
    compiled: Result<Arc<ValueSet>, Error>,
}

impl Terminology {
    /// Terminology over the resources of `source`.
    pub fn new(source: Arc<dyn Source>, limits: Limits) -> Self {
        Terminology {
            source,
            limits,
            value_sets: RwLock::default(),
            code_systems: RwLock::default(),
            supplements: supplements::Index::default(),
        }
    }

    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    pub fn source(&self) -> &Arc<dyn Source> {
        &self.source
    }

    /// The value set of a canonical URL (with or without `|version`), compiled on first use and again when what it was
    /// compiled from has changed.
    ///
    /// Implicit value sets are known as well: that of all codes of a system by the URL its CodeSystem names as `valueSet`,
    /// and `<system>?fhir_vs` with or without `=isa/<code>`. Errors: it is not known, it imports itself, a filter is not
    /// possible, a limit is met.
    pub fn value_set(&self, canonical: &str) -> Result<Arc<ValueSet>, Error> {
        self.value_set_on(canonical, &[], &VersionRules::default())
    }

    /// The same with wishes about versions; what they lead to is not kept.
    pub fn value_set_with(&self, canonical: &str, rules: &VersionRules) -> Result<Arc<ValueSet>, Error> {
        self.value_set_on(canonical, &[], rules)
    }

    /// Compiles a ValueSet resource that is not in the source; it is not kept.
    pub fn value_set_of(&self, document: Arc<Document>, rules: &VersionRules) -> Result<ValueSet, Error> {
        let url = super::member::text(document.root(), "url").unwrap_or_default();
        Compiler::new(self, &[&url], rules, &url).resource(document)
    }

    /// The same for a value set that those of `path` import, one the other.
    pub(super) fn value_set_on(
        &self,
        canonical: &str,
        path: &[&str],
        rules: &VersionRules,
    ) -> Result<Arc<ValueSet>, Error> {
        // What is read before asking is what the answer is at least as new as.
        let revision = self.source.revision();
        if let Some(kept) = self.kept(canonical, revision).filter(|_| rules.is_empty()) {
            return kept;
        }
        let path = self.longer(path, canonical)?;
        let compiled = self.compile(canonical, &path, rules).map(Arc::new);
        // A failure that depends on who asked is not kept.
        if rules.is_empty() && !matches!(compiled, Err(Error::Cycle { .. } | Error::TooCostly { .. })) {
            self.keep(canonical, Kept { revision, compiled: compiled.clone() });
        }
        compiled
    }

    /// The path of imports with one more value set. Errors: it is on it already, or the path gets too long.
    pub(super) fn longer<'p>(&self, path: &[&'p str], next: &'p str) -> Result<Vec<&'p str>, Error> {
        if path.contains(&next) {
            return Err(Error::Cycle { url: next.into() });
        }
        let (found, max) = (path.len() + 1, self.limits.import_depth_max);
        if found > max {
            let what = "imports of value sets";
            return Err(Error::TooCostly { what, found, max, limit: "import_depth_max" });
        }
        Ok([path, &[next]].concat())
    }

    fn keep(&self, canonical: &str, kept: Kept) {
        let mut value_sets = self.value_sets.write().unwrap_or_else(PoisonError::into_inner);
        if value_sets.len() >= self.limits.cached_max {
            value_sets.clear();
        }
        value_sets.insert(canonical.into(), kept);
    }

    fn kept(&self, canonical: &str, revision: u64) -> Option<Result<Arc<ValueSet>, Error>> {
        let value_sets = self.value_sets.read().unwrap_or_else(PoisonError::into_inner);
        let kept = value_sets.get(canonical)?;
        if kept.revision == revision {
            return Some(kept.compiled.clone());
        }
        let value_set = kept.compiled.as_ref().ok()?.clone();
        drop(value_sets);
        if !value_set.dependencies.iter().all(|one| self.is_same(one)) {
            return None;
        }
        self.keep(canonical, Kept { revision, compiled: Ok(value_set.clone()) });
        Some(Ok(value_set))
    }

    fn is_same(&self, dependency: &Dependency) -> bool {
        let Dependency { resource_type, url, version, found } = dependency;
        match (self.source.find(*resource_type, url, version.as_deref()), found) {
            (Some(now), Some(then)) => Arc::ptr_eq(&now, then),
            (None, None) => true,
            _ => false,
        }
    }

    fn compile(&self, canonical: &str, path: &[&str], rules: &VersionRules) -> Result<ValueSet, Error> {
        let (url, version, _) = Canonical::read(canonical);
        let mut dependencies = Vec::new();
        let document = self.find(VALUE_SET, url, version, &mut dependencies);
        let compiler = Compiler::new(self, path, rules, url);
        let mut value_set = match document {
            Some(document) => compiler.resource(document)?,
            None => self.implicit(compiler, url)?,
        };
        value_set.dependencies.append(&mut dependencies);
        Ok(value_set)
    }

    /// A value set that has no resource of its own.
    fn implicit(&self, compiler: Compiler<'_>, url: &str) -> Result<ValueSet, Error> {
        if let Some((system, rest)) = url.split_once("?fhir_vs") {
            return match rest.strip_prefix("=isa/") {
                None if rest.is_empty() => compiler.implicit(system, None),
                Some(code) => {
                    let filter = Filter { property: "concept".into(), op: "is-a".into(), value: code.into() };
                    compiler.implicit(system, Some(filter))
                }
                None => Err(Error::NotSupported { what: format!("the implicit value set '{url}'") }),
            };
        }
        let named = |one: &Canonical| {
            let document = self.source.find(CODE_SYSTEM, &one.url, None)?;
            let value_set = document.root().get("valueSet")?.as_str()?;
            (Canonical::read(&value_set).0 == url).then(|| one.url.clone())
        };
        match self.source.canonicals(CODE_SYSTEM).iter().find_map(named) {
            Some(system) => compiler.implicit(&system, None),
            None => Err(Error::NotFound { resource_type: "ValueSet", url: url.into() }),
        }
    }

    /// The code system of that URL and version: that of the source, unless it has no content and ISO's crates have; else
    /// theirs.
    pub fn code_system(&self, url: &str, version: Option<&str>) -> Result<Option<Arc<CodeSystem>>, Error> {
        self.code_system_on(url, version, &mut Vec::new())
    }

    fn code_system_on(
        &self,
        url: &str,
        version: Option<&str>,
        dependencies: &mut Vec<Dependency>,
    ) -> Result<Option<Arc<CodeSystem>>, Error> {
        let document = match self.stand_in(url, dependencies) {
            Some(document) => Some(document.clone()),
            None => self.find(CODE_SYSTEM, url, version, dependencies),
        };
        document.map(|document| self.compiled_system(document)).transpose()
    }

    /// The CodeSystem made from a crate, unless the source has one with content, whatever its version.
    fn stand_in(&self, url: &str, dependencies: &mut Vec<Dependency>) -> Option<&'static Arc<Document>> {
        let document = registry::code_system(url)?;
        let own = self.find(CODE_SYSTEM, url, None, dependencies);
        let is_empty =
            |own: &Document| super::member::text(own.root(), "content").as_deref() == Some("not-present");
        own.is_none_or(|own| is_empty(&own)).then_some(document)
    }

    /// The code system of that URL and version. Errors: it is not known, or its content is not.
    pub(super) fn system(&self, url: &str, version: Option<&str>) -> Result<System, Error> {
        match self.content(url, version, &mut Vec::new())? {
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
        let key = format!("{}|{}", text("url"), text("version"));
        let code_systems = self.code_systems.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = code_systems.get(&*key).filter(|kept| Arc::ptr_eq(&kept.document, &document)) {
            return Ok(kept.clone());
        }
        drop(code_systems);
        let compiled = Arc::new(CodeSystem::read(document.clone(), &self.limits)?);
        let mut code_systems = self.code_systems.write().unwrap_or_else(PoisonError::into_inner);
        // Who was first wins: value sets compare code systems by identity.
        if let Some(kept) = code_systems.get(&*key).filter(|kept| Arc::ptr_eq(&kept.document, &document)) {
            return Ok(kept.clone());
        }
        if code_systems.len() >= self.limits.cached_max {
            code_systems.clear();
        }
        code_systems.insert(key.into(), compiled.clone());
        Ok(compiled)
    }

    /// What is known of the codes of a system.
    pub(super) fn content(
        &self,
        url: &str,
        version: Option<&str>,
        dependencies: &mut Vec<Dependency>,
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

    fn find(
        &self,
        resource_type: ResourceType,
        url: &str,
        version: Option<&str>,
        dependencies: &mut Vec<Dependency>,
    ) -> Option<Arc<Document>> {
        let found = self.source.find(resource_type, url, version);
        dependencies.push(Dependency {
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
