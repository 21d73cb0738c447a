//! Value sets made of their resources. What the value sets that one question compiles have in common is here.

mod compiler;
mod group;
mod import;
mod stored;

use super::cache::Kept;
use super::code_system::Filter;
use super::error::within;
use super::value_set::{Content, Dependencies, ValueSet};
use super::{CODE_SYSTEM, Error, Terminology, VALUE_SET, VersionRules, member};
use crate::conformance::Canonical;
use crate::json::{Document, Limits as JsonLimits, Node};
use compiler::Compiler;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;

impl Terminology {
    /// The value set of a canonical URL (with or without `|version`), compiled on first use and again when what it was
    /// compiled from has changed.
    ///
    /// Implicit value sets are known as well: that of all codes of a system by the URL its CodeSystem names as `valueSet`,
    /// and `<system>?fhir_vs` with or without `=isa/<code>`. Errors: it is not known, it imports itself, a filter is not
    /// possible, a limit is met.
    pub fn value_set(&self, canonical: &str) -> Result<Arc<ValueSet>, Error> {
        self.value_set_with(canonical, &VersionRules::default())
    }

    /// The same with wishes about versions; what they lead to is not kept.
    pub fn value_set_with(&self, canonical: &str, rules: &VersionRules) -> Result<Arc<ValueSet>, Error> {
        Compilation::new(self, rules).value_set(canonical, &[])
    }

    /// The value set that the resource `outer` contains under that id; it is not kept. Errors: it contains none.
    pub fn contained_value_set(&self, outer: &Arc<Document>, id: &str) -> Result<Arc<ValueSet>, Error> {
        let rules = VersionRules::default();
        let found = Compilation::new(self, &rules).contained(outer, id, &[])?;
        found.ok_or_else(|| Error::NotFound { resource_type: "ValueSet", url: format!("#{id}") })
    }

    /// Compiles a ValueSet resource that is not in the source; it is not kept.
    pub fn value_set_of(&self, document: Arc<Document>, rules: &VersionRules) -> Result<ValueSet, Error> {
        Compilation::new(self, rules).of_document(document)
    }
}

/// One compilation: every value set it comes across is compiled once, however many imports lead to it, and all of them
/// together have the steps and bytes that the limits allow.
struct Compilation<'t> {
    terminology: &'t Terminology,
    rules: &'t VersionRules,
    steps: Cell<usize>,
    bytes: Cell<usize>,
    value_sets: RefCell<BTreeMap<Box<str>, Arc<ValueSet>>>,
    /// By the address of the resource that contains them, and their ids.
    contained: RefCell<BTreeMap<(usize, Box<str>), Contained>>,
    contents: RefCell<BTreeMap<Versioned, Found>>,
}

/// The URL and version of a code system.
type Versioned = (Box<str>, Option<Box<str>>);

/// A contained value set, known by the address of the resource it is in. That is held, so that no other gets its address.
struct Contained {
    _outer: Arc<Document>,
    value_set: Arc<ValueSet>,
}

/// What is known of a code system.
struct Found {
    content: Content,
    dependencies: Dependencies,
}

impl<'t> Compilation<'t> {
    pub fn new(terminology: &'t Terminology, rules: &'t VersionRules) -> Self {
        Compilation {
            terminology,
            rules,
            steps: Cell::default(),
            bytes: Cell::default(),
            value_sets: RefCell::default(),
            contained: RefCell::default(),
            contents: RefCell::default(),
        }
    }

    /// The value set of that canonical URL, which those of `path` import, one the other.
    pub fn value_set(&self, canonical: &str, path: &[&str]) -> Result<Arc<ValueSet>, Error> {
        // What is read before asking is what the answer is at least as new as.
        let revision = self.terminology.source().revision();
        if let Some(made) = self.value_sets.borrow().get(canonical) {
            return Ok(made.clone());
        }
        if let Some(kept) = self.terminology.kept(canonical, revision).filter(|_| self.rules.is_empty()) {
            return kept;
        }
        let path = self.longer(path, canonical)?;
        let compiled = self.compile(canonical, &path).map(Arc::new);
        // A failure that depends on who asked is not kept.
        let lasts = !matches!(compiled, Err(Error::Cycle { .. } | Error::TooCostly { .. }));
        if self.rules.is_empty() && (lasts || path.len() == 1) {
            self.terminology.keep(canonical, Kept { revision, compiled: compiled.clone() });
        }
        let compiled = compiled?;
        self.made(&compiled)?;
        self.value_sets.borrow_mut().insert(canonical.into(), compiled.clone());
        Ok(compiled)
    }

    /// The value set in a resource that is not in the source.
    pub fn of_document(&self, document: Arc<Document>) -> Result<ValueSet, Error> {
        let url = member::text(document.root(), "url").unwrap_or_default();
        Compiler::new(self, &[&url], &url).resource(document)
    }

    /// The value set of that id which the resource `outer` contains
    /// (<https://hl7.org/fhir/R4/references.html#canonical-fragments>). `None`: it contains none.
    pub fn contained(
        &self,
        outer: &Arc<Document>,
        id: &str,
        path: &[&str],
    ) -> Result<Option<Arc<ValueSet>>, Error> {
        let key = (Arc::as_ptr(outer) as usize, Box::from(id));
        if let Some(made) = self.contained.borrow().get(&key) {
            return Ok(Some(made.value_set.clone()));
        }
        let is_it = |one: &Node<'_>| {
            let is = |name, text: &str| member::text(*one, name).as_deref() == Some(text);
            is("resourceType", "ValueSet") && is("id", id)
        };
        let Some(found) = member::list(outer.root(), "contained").find(is_it) else { return Ok(None) };
        let url = member::text(outer.root(), "url").unwrap_or_default();
        let name = format!("{url}#{id}");
        let path = self.longer(path, &name)?;
        let document = Document::parse(outer.source().slice_ref(found.raw()), &JsonLimits::default());
        let problem = |error: crate::json::Error| Error::Resource {
            resource_type: "ValueSet",
            url: name.clone(),
            problem: error.to_string(),
        };
        let document = Arc::new(document.map_err(problem)?);
        let mut compiler = Compiler::new(self, &path, &name);
        compiler.outer = Some(outer.clone());
        let value_set = Arc::new(compiler.resource(document)?);
        self.made(&value_set)?;
        let made = Contained { _outer: outer.clone(), value_set: value_set.clone() };
        self.contained.borrow_mut().insert(key, made);
        Ok(Some(value_set))
    }

    /// What is known of the codes of a system, and what that depends on: the same throughout.
    pub fn content(
        &self,
        url: &str,
        version: Option<&str>,
        dependencies: &mut Dependencies,
    ) -> Result<Content, Error> {
        let key = (Box::from(url), version.map(Box::from));
        if let Some(found) = self.contents.borrow().get(&key) {
            dependencies.extend(found.dependencies.iter().cloned());
            return Ok(found.content.clone());
        }
        let mut own = Dependencies::new();
        let content = self.terminology.content(url, version, &mut own)?;
        self.spend(1 + content.count() as usize)?;
        dependencies.extend(own.iter().cloned());
        self.contents.borrow_mut().insert(key, Found { content: content.clone(), dependencies: own });
        Ok(content)
    }

    /// Counts steps. Errors: there were too many.
    pub fn spend(&self, steps: usize) -> Result<(), Error> {
        let (found, max) =
            (self.steps.get().saturating_add(steps), self.terminology.limits().compile_steps_max);
        self.steps.set(found);
        let what = "steps of compiling a value set and all that it imports";
        within(what, found, max, "compile_steps_max")
    }

    /// Counts the bytes of a value set that is made.
    fn made(&self, value_set: &ValueSet) -> Result<(), Error> {
        let (found, max) =
            (self.bytes.get() + value_set.bytes(), self.terminology.limits().compile_bytes_max);
        self.bytes.set(found);
        let what = "bytes of a value set and all that it imports, compiled";
        within(what, found, max, "compile_bytes_max")
    }

    /// The path of imports with one more value set. Errors: it is on it already, or the path gets too long.
    fn longer<'p>(&self, path: &[&'p str], next: &'p str) -> Result<Vec<&'p str>, Error> {
        if path.contains(&next) {
            return Err(Error::Cycle { url: next.into() });
        }
        let max = self.terminology.limits().import_depth_max;
        within("imports of value sets", path.len() + 1, max, "import_depth_max")?;
        Ok([path, &[next]].concat())
    }

    fn compile(&self, canonical: &str, path: &[&str]) -> Result<ValueSet, Error> {
        let (url, version, _) = Canonical::read(canonical);
        let mut dependencies = Dependencies::new();
        let document = self.terminology.find(VALUE_SET, url, version, &mut dependencies);
        let compiler = Compiler::new(self, path, url);
        let mut value_set = match document {
            Some(document) => compiler.resource(document)?,
            None => self.implicit(compiler, url, version)?,
        };
        value_set.dependencies.append(&mut dependencies);
        Ok(value_set)
    }

    /// A value set that has no resource of its own. Its version is that of its code system, or the one by which the code
    /// system names it.
    fn implicit(&self, compiler: Compiler<'_>, url: &str, version: Option<&str>) -> Result<ValueSet, Error> {
        if let Some((system, rest)) = url.split_once("?fhir_vs") {
            return match rest.strip_prefix("=isa/") {
                None if rest.is_empty() => compiler.implicit(system, version, None),
                Some(code) => {
                    let filter = Filter { property: "concept".into(), op: "is-a".into(), value: code.into() };
                    compiler.implicit(system, version, Some(filter))
                }
                None => Err(Error::NotSupported { what: format!("the implicit value set '{url}'") }),
            };
        }
        match self.all_of(url, version)? {
            Some(system) => compiler.implicit(&system.url, system.version.as_deref(), None),
            None => {
                let url = version.map_or_else(|| url.to_owned(), |version| format!("{url}|{version}"));
                Err(Error::NotFound { resource_type: "ValueSet", url })
            }
        }
    }

    /// The code system all of whose codes are that value set: without a version its latest one.
    fn all_of(&self, url: &str, version: Option<&str>) -> Result<Option<Canonical>, Error> {
        let source = self.terminology.source();
        if version.is_some() && source.find(VALUE_SET, url, None).is_some() {
            return Ok(None);
        }
        let known = source.canonicals(CODE_SYSTEM);
        self.spend(known.len())?;
        for one in known {
            let asked = version.and(one.version.as_deref());
            let Some(document) = source.find(CODE_SYSTEM, &one.url, asked) else { continue };
            let Some(named) = member::text(document.root(), "valueSet") else { continue };
            let (own, own_version, _) = Canonical::read(&named);
            let is_version = |version: &str| [own_version, one.version.as_deref()].contains(&Some(version));
            if own == url && version.is_none_or(is_version) {
                let version = asked.map(Into::into);
                return Ok(Some(Canonical { url: one.url, version }));
            }
        }
        Ok(None)
    }
}
