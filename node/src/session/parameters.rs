//! Search parameters that are not FHIR's own: what is defined becomes what the nodes agree on, and searches rest on that.
//!
//! Definitions are rows like others; numbers, and which of them serve, are the meta group's. Whoever wrote a definition has the two
//! agree before it answers; who did not live to do that is made up for by `indexing`.

use super::Session;
use crate::{
    draft::{self, PARAMETERS_MAX},
    engine::WALKS_MAX,
};
use bytes::Bytes;
use fhir::{
    definitions::ResourceType,
    index::custom::{Definition, Set},
    json::Node,
};
use proto::{
    Code, Error,
    log::v1::{MetaIndexing, MetaParameter, MetaParameters},
};
use search::Query;
use std::sync::Arc;

/// How often somebody else's change may come first.
const TRIES: usize = 20;

impl Session<'_> {
    /// The tenant's search parameters beside FHIR's own; `None`: it never had any.
    pub fn parameters(self) -> Option<Arc<Set>> {
        self.engine.parameters(self.tenant())
    }

    /// The index values of a stored resource, by all search parameters that are known.
    ///
    /// # Errors
    /// `Invalid` where it is none.
    pub fn index_values(self, resource: Node<'_>) -> Result<Bytes, Error> {
        draft::values(self.engine, self.tenant(), resource).map(|(values, _)| values)
    }

    /// What the nodes agreed on, and how far the rows are.
    pub fn indexing(self) -> MetaIndexing {
        self.engine.indexing(self.tenant())
    }

    /// Has all that was agreed on before be known here.
    ///
    /// # Errors
    /// `Unavailable` while nobody leads the meta group.
    pub async fn learn(self) -> Result<(), Error> {
        self.engine.learn().await
    }

    /// Whether the parameters that the query rests on still are what they were, as far as is known here.
    pub fn still_means(self, query: &Query) -> bool {
        let set = self.parameters();
        let serving = set.iter().flat_map(|set| set.entries()).filter(|entry| entry.serves);
        query.custom.iter().all(|id| serving.clone().any(|entry| entry.id == *id))
    }

    /// Refuses what was found by a parameter that has ended: what was written since has no values for it.
    pub(super) async fn check_meaning(self, query: &Query) -> Result<(), Error> {
        if query.custom.is_empty() {
            return Ok(());
        }
        if !self.is_alone() {
            self.learn().await?;
        }
        if self.still_means(query) { Ok(()) } else { Err(redefined()) }
    }

    /// The error of a parameter that is not searchable yet, with how far its values are.
    pub fn told_how_far(self, mut error: Error) -> Error {
        if error.code == Code::Conflict
            && let Some(issue) = error.issues.first_mut()
        {
            let percent = self.reindexed() / 10;
            issue.diagnostics.push_str(&format!(": {percent} % indexed"));
        }
        error
    }

    /// How much of the way to what was agreed on is done, in thousandths.
    pub fn reindexed(self) -> u64 {
        self.engine.reindexed(self.tenant())
    }

    /// Has the rows of these types be gone through once more.
    ///
    /// # Errors
    /// `Conflict` where too many such steps are under way.
    pub async fn reindex(self, types: &[ResourceType]) -> Result<(), Error> {
        let walk_types: Vec<u32> = types.iter().map(|t| u32::from(t.code())).collect();
        for _ in 0..TRIES {
            self.learn().await?;
            let MetaIndexing { tenant, revision, generation, walks, .. } = self.indexing();
            let change =
                MetaParameters { tenant, revision, walk_types: walk_types.clone(), ..Default::default() };
            self.engine.change_parameters(change).await?;
            let now = self.indexing();
            let mut new = now.walks.iter().filter(|walk| walk.generation > generation).peekable();
            // It may be through already.
            if now.generation > generation
                && (new.peek().is_none() || new.any(|walk| walk.types == walk_types))
            {
                return Ok(());
            }
            if walks.len() >= WALKS_MAX {
                break;
            }
        }
        Err(Error::new(
            Code::Conflict,
            "too many walks over the stored resources are under way; ask again later",
        ))
    }

    /// Has the nodes agree on what is defined.
    ///
    /// # Errors
    /// `Unavailable` while a partition or the meta group has no leader.
    pub async fn agree_on_parameters(self) -> Result<(), Error> {
        for _ in 0..TRIES {
            self.learn().await?;
            // Before the definitions are looked at: who looked later has the last word.
            let agreed = self.indexing();
            self.catch_up().await?;
            let wanted = self.engine.conformance.parameters(self.tenant());
            match difference(&agreed, wanted) {
                None => return Ok(()),
                Some(change) => self.engine.change_parameters(change).await?,
            }
        }
        Err(Error::new(Code::Unavailable, "search parameters change too often to agree on them; ask again"))
    }
}

/// What a search rested on has ended.
pub fn redefined() -> Error {
    let text = "a search parameter that the search rests on was defined anew just now; send it again";
    Error::new(Code::Conflict, text).as_issue("transient")
}

/// What has to be agreed on, so that it is what is wanted.
fn difference(agreed: &MetaIndexing, wanted: Vec<Definition>) -> Option<MetaParameters> {
    let mut change =
        MetaParameters { tenant: agreed.tenant, revision: agreed.revision, ..Default::default() };
    let mut kept: Vec<Definition> = vec![];
    let mut new: Vec<Definition> = vec![];
    let retired = agreed.parameters.iter().filter(|one| !wanted.iter().any(|wanted| *wanted.url == *one.url));
    change.retire.extend(retired.map(|one| one.number));
    for definition in wanted {
        let text = definition.text();
        let of_url = || agreed.parameters.iter().filter(|one| *one.url == *definition.url);
        let known = of_url().find(|one| one.definition == text);
        // Of the others one that serves goes on until the new one does.
        let goes = |one: &&MetaParameter| match known {
            Some(known) => one.number != known.number && (known.serves || !one.serves),
            None => !one.serves,
        };
        change.retire.extend(of_url().filter(goes).map(|one| one.number));
        match known {
            Some(_) => kept.push(definition),
            None => new.push(definition),
        }
    }
    for definition in new {
        let clash = kept.iter().find(|other| other.clashes_with(&definition));
        if let Some(other) = clash {
            tracing::warn!(url = %definition.url, other = %other.url, "a search parameter is not offered: another one has its code");
            continue;
        }
        if kept.len() >= PARAMETERS_MAX {
            tracing::warn!(url = %definition.url, max = PARAMETERS_MAX, "a search parameter is not offered: there are too many");
            continue;
        }
        change.walk_types.extend(definition.bases.iter().map(|base| u32::from(base.code())));
        let (url, text) = (definition.url.to_string(), definition.text());
        change.add.push(MetaParameter { url, definition: text, ..Default::default() });
        kept.push(definition);
    }
    change.walk_types.sort_unstable();
    change.walk_types.dedup();
    (!(change.add.is_empty() && change.retire.is_empty())).then_some(change)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fhir::{index::custom::Meaning, json::Document};

    fn definition(url: &str, code: &str, expression: &str) -> Definition {
        let body = format!(
            r#"{{"resourceType":"SearchParameter","url":"{url}","status":"active","code":"{code}","base":["Patient"],"type":"token","expression":"{expression}"}}"#
        );
        let document = Document::parse(body, &Default::default()).unwrap();
        match Definition::read(document.root()).unwrap() {
            Meaning::Custom(definition) => definition,
            other => panic!("{other:?}"),
        }
    }

    fn known(number: u32, definition: &Definition, serves: bool) -> MetaParameter {
        MetaParameter {
            number,
            url: definition.url.to_string(),
            definition: definition.text(),
            serves,
            ..Default::default()
        }
    }

    fn added(change: &MetaParameters) -> Vec<&str> {
        change.add.iter().map(|one| &*one.url).collect()
    }

    #[test]
    fn what_serves_is_replaced_only_when_the_new_one_does() {
        let (one, other) = (definition("u", "a", "Patient.gender"), definition("u", "a", "Patient.active"));
        let mut agreed = MetaIndexing { revision: 7, ..Default::default() };
        let change = difference(&agreed, vec![one.clone()]).unwrap();
        assert_eq!((added(&change), change.retire.len(), change.revision), (vec!["u"], 0, 7));
        assert_eq!(change.walk_types, [u32::from(ResourceType::PATIENT.code())]);
        agreed.parameters = vec![known(1024, &one, true)];
        assert_eq!(difference(&agreed, vec![one.clone()]), None);
        let change = difference(&agreed, vec![other.clone()]).unwrap();
        assert_eq!((added(&change), change.retire.len()), (vec!["u"], 0));
        agreed.parameters.push(known(1025, &other, false));
        assert_eq!(difference(&agreed, vec![other.clone()]), None);
        assert_eq!(difference(&agreed, vec![one]).unwrap().retire, [1025], "as it was before");
        let third = difference(&agreed, vec![definition("u", "a", "Patient.address.country")]).unwrap();
        assert_eq!((added(&third), third.retire.clone()), (vec!["u"], vec![1025]));
        assert_eq!(difference(&agreed, vec![]).unwrap().retire, [1024, 1025]);
    }

    #[test]
    fn one_code_is_one_definitions() {
        let (first, second) =
            (definition("a", "x", "Patient.gender"), definition("b", "x", "Patient.active"));
        let change = difference(&MetaIndexing::default(), vec![first.clone(), second.clone()]).unwrap();
        assert_eq!(added(&change), ["a"]);
        let agreed = MetaIndexing { parameters: vec![known(1024, &second, true)], ..Default::default() };
        assert_eq!(difference(&agreed, vec![first, second]), None);
    }
}
