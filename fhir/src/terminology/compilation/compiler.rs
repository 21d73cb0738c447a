//! A value set from its resource (<https://hl7.org/fhir/R4/valueset.html#compositions>).

use super::Compilation;
use super::group::{self, Draft, Group};
use crate::json::{Document, Node};
use crate::terminology::code_system::Filter;
use crate::terminology::value_set::{Content, Dependencies, Listed, Reason, Selection, Sequence, ValueSet};
use crate::terminology::{Designation, Error, Limits, member};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

/// Compiles one value set, and those it imports through the compilation.
pub(super) struct Compiler<'t> {
    pub(super) compilation: &'t Compilation<'t>,
    /// The value sets being compiled, this one last.
    pub(super) path: &'t [&'t str],
    pub(super) url: &'t str,
    /// The resource that contains what `#id` names.
    pub(super) outer: Option<Arc<Document>>,
    pub(super) drafts: Vec<Draft>,
    pub(super) sequence: Sequence,
    pub(super) dependencies: Dependencies,
    /// The codes of value sets it has imported already.
    pub(super) imported: BTreeMap<Box<str>, Rc<Group>>,
}

impl<'t> Compiler<'t> {
    /// For the value set `url`; `path` are the value sets that led to it, itself included.
    pub fn new(compilation: &'t Compilation<'t>, path: &'t [&'t str], url: &'t str) -> Self {
        Compiler {
            compilation,
            path,
            url,
            outer: None,
            drafts: Vec::new(),
            sequence: Sequence::default(),
            dependencies: Dependencies::new(),
            imported: BTreeMap::new(),
        }
    }

    /// Compiles the resource: its `compose`, or its `expansion` if it has no other.
    pub fn resource(mut self, document: Arc<Document>) -> Result<ValueSet, Error> {
        self.outer.get_or_insert_with(|| document.clone());
        let root = document.root();
        let codes = match (root.get("compose"), root.get("expansion")) {
            (Some(compose), _) => self.compose(compose)?,
            (None, Some(expansion)) => self.stored(expansion)?,
            (None, None) => return Err(self.problem("it has neither compose nor expansion")),
        };
        let active_only =
            root.get("compose").and_then(|compose| member::flag(compose, "inactive")) == Some(false);
        let mut value_set = self.finish(codes, active_only);
        value_set.url = member::text(root, "url").unwrap_or_default();
        value_set.version = member::text(root, "version");
        value_set.name = member::text(root, "title").or_else(|| member::text(root, "name"));
        value_set.document = Some(document.clone());
        Ok(value_set)
    }

    /// All codes of a system, or those a filter selects: what an implicit value set is.
    pub fn implicit(
        mut self,
        system: &str,
        version: Option<&str>,
        filter: Option<Filter>,
    ) -> Result<ValueSet, Error> {
        let universe = self.universe(system, version)?;
        let selection = match filter {
            Some(filter) => self.filtered(universe, &[filter])?,
            None => self.drafts[universe].everything(),
        };
        self.sequence.list_all(universe);
        Ok(self.finish(Group::from([(universe, selection)]), false))
    }

    fn finish(self, mut codes: Group, active_only: bool) -> ValueSet {
        let universes = self.drafts.into_iter().enumerate().map(|(universe, draft)| {
            draft.finish(codes.remove(&universe).unwrap_or_else(Selection::none), active_only)
        });
        ValueSet {
            universes: universes.collect(),
            sequence: self.sequence.finish(),
            dependencies: self.dependencies,
            url: self.url.into(),
            version: None,
            name: None,
            document: None,
        }
    }

    pub(super) fn problem(&self, problem: impl Into<String>) -> Error {
        let url = if self.url.is_empty() { "(without url)" } else { self.url };
        Error::Resource { resource_type: "ValueSet", url: url.into(), problem: problem.into() }
    }

    pub(super) fn limits(&self) -> &'t Limits {
        self.compilation.terminology.limits()
    }

    fn compose(&mut self, compose: Node<'_>) -> Result<Group, Error> {
        let (found, max) = (
            member::list(compose, "include").chain(member::list(compose, "exclude")).count(),
            self.limits().includes_max,
        );
        if found > max {
            return Err(Error::TooCostly {
                what: "includes of a value set",
                found,
                max,
                limit: "includes_max",
            });
        }
        let mut codes = Group::new();
        for include in member::list(compose, "include") {
            let included = self.include(include)?;
            self.compilation.spend(group::steps(&codes))?;
            codes = group::or(codes, included);
        }
        // What is excluded has no place in the order.
        let sequence = std::mem::take(&mut self.sequence);
        for exclude in member::list(compose, "exclude") {
            let excluded = self.include(exclude)?;
            self.compilation.spend(group::steps(&codes))?;
            codes = group::without(codes, &excluded);
        }
        self.sequence = sequence;
        Ok(codes)
    }

    /// One include or exclude: the codes of its system, as far as they are in every value set it names.
    fn include(&mut self, include: Node<'_>) -> Result<Group, Error> {
        self.compilation.spend(1)?;
        let mut codes = match member::text(include, "system") {
            Some(system) => Some(self.of_system(include, &system)?),
            None => None,
        };
        for url in member::list(include, "valueSet").filter_map(Node::as_str) {
            let imported = self.import(&url)?;
            self.compilation.spend(1 + group::steps(&imported))?;
            codes = Some(match codes {
                Some(codes) => group::and(&codes, &imported),
                None => (*imported).clone(),
            });
        }
        let codes = codes.ok_or_else(|| self.problem("an include has neither system nor valueSet"))?;
        self.compilation.spend(group::steps(&codes))?;
        Ok(codes)
    }

    fn of_system(&mut self, include: Node<'_>, system: &str) -> Result<Group, Error> {
        let version = member::text(include, "version");
        let universe = self.universe(system, version.as_deref())?;
        let selection = match (include.get("concept"), include.get("filter")) {
            (Some(_), Some(_)) => return Err(self.problem("an include has both concepts and filters")),
            (Some(concepts), None) => self.enumerated(universe, concepts)?,
            (None, Some(filters)) => {
                let filters = filters.items().map(Filter::read).collect::<Result<Vec<_>, _>>();
                let filters = filters.map_err(|problem| self.problem(problem))?;
                self.sequence.list_all(universe);
                self.filtered(universe, &filters)?
            }
            (None, None) => {
                self.sequence.list_all(universe);
                self.drafts[universe].everything()
            }
        };
        Ok(Group::from([(universe, selection)]))
    }

    fn enumerated(&mut self, universe: usize, concepts: Node<'_>) -> Result<Selection, Error> {
        let mut numbers = Vec::new();
        for concept in concepts.items() {
            self.compilation.spend(1)?;
            let Some(code) = member::text(concept, "code") else { continue };
            let designations = member::list(concept, "designation").filter_map(Designation::read).collect();
            let listed =
                Listed { code, display: member::text(concept, "display"), designations, ..Listed::default() };
            numbers.push(self.drafts[universe].number(Arc::new(listed)));
        }
        let draft = &self.drafts[universe];
        numbers.retain(|number| draft.may_be(*number));
        let yes = numbers.iter().copied().collect();
        self.sequence.list(universe, numbers.into_iter());
        Ok(Selection::only(yes))
    }

    /// The codes that pass all filters.
    fn filtered(&mut self, universe: usize, filters: &[Filter]) -> Result<Selection, Error> {
        let (found, max) = (filters.len(), self.limits().filters_max);
        if found > max {
            return Err(Error::TooCostly { what: "filters of an include", found, max, limit: "filters_max" });
        }
        let draft = &self.drafts[universe];
        let system = match &draft.content {
            Content::Known(system) => system,
            Content::Absent(reason) => return Ok(Selection::unknown(reason.clone())),
            Content::Grammar(_) => return Ok(Selection::unknown(Reason::Filter((&*draft.url).into()))),
        };
        let mut yes = system.all().clone();
        for filter in filters {
            self.compilation.spend(filter.steps(system))?;
            match filter.select(system, self.limits()) {
                Ok(selected) => yes &= selected,
                // A part of a system need not have what a filter names.
                Err(Error::UnknownCode { .. } | Error::NotSupported { .. }) if !system.is_complete() => {
                    return Ok(Selection::unknown(Reason::Filter((&*draft.url).into())));
                }
                Err(error) => return Err(self.problem(error.to_string())),
            }
        }
        let (rest, doubt) = draft.content.rest();
        Ok(Selection::new(yes, rest, doubt))
    }

    /// The draft of that system and version.
    pub(super) fn universe(&mut self, url: &str, version: Option<&str>) -> Result<usize, Error> {
        let rules = self.compilation.rules;
        let version = rules.version(url, version);
        let content = self.compilation.content(url, version, &mut self.dependencies)?;
        let universe = self.draft(url, version, content);
        rules.check(url, self.drafts[universe].version.as_deref())?;
        Ok(universe)
    }

    /// The draft of that system with that content.
    pub(super) fn draft(&mut self, url: &str, version: Option<&str>, content: Content) -> usize {
        let same = |draft: &Draft| *draft.url == *url && draft.content.same(&content);
        if let Some(found) = self.drafts.iter().position(same) {
            return found;
        }
        self.drafts.push(Draft::new(url, version, content));
        self.drafts.len() - 1
    }
}
