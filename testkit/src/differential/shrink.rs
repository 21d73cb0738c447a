//! The smallest case that still shows a difference. It is looked for on the server that showed it, since a difference may rest on
//! what was written before: parameters and values are left out, then resources deleted, then members of resources left out.

use super::{judge::judge, now_ms, server::Server};
use crate::naive::{Name, Query, Store, split};
use fhir::json::{Document, Node};
use std::fmt;

/// Until there is one.
const NONE: &str = "it came and went";

/// What remains.
#[derive(Debug)]
pub struct Case {
    pub query: Query,
    /// What the server holds.
    pub resources: Vec<String>,
    pub difference: String,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n  {}", self.query, self.difference)?;
        self.resources.iter().try_for_each(|resource| writeln!(f, "  {resource}"))
    }
}

/// Makes a case of a query that showed a difference on `server`, which holds what `store` does.
pub async fn smallest<S: Server>(server: &S, store: Store, query: Query) -> Case {
    let mut shrinking = Shrinking { server, store, query, difference: NONE.to_owned() };
    shrinking.differs(&shrinking.query.clone()).await;
    shrinking.query().await;
    shrinking.resources().await;
    shrinking.query().await;
    shrinking.members().await;
    let Shrinking { store, query, difference, .. } = shrinking;
    let text = |one: &crate::naive::Stored| String::from_utf8_lossy(one.document.source()).into_owned();
    Case { query, resources: store.current().map(text).collect(), difference }
}

struct Shrinking<'s, S> {
    server: &'s S,
    store: Store,
    query: Query,
    difference: String,
}

impl<S: Server> Shrinking<'_, S> {
    /// Whether both sides still differ. Another refusal is another case, and none where there was one, too.
    async fn differs(&mut self, query: &Query) -> bool {
        let answer = self.server.search(query).await;
        let judged = judge(&self.store, query, &answer, now_ms());
        let Some(difference) = judged.ok().and_then(|judged| judged.difference) else { return false };
        let refusal = |text: &str| text.starts_with("it was refused").then(|| text.to_owned());
        if self.difference != NONE && refusal(&difference) != refusal(&self.difference) {
            return false;
        }
        self.difference = difference;
        true
    }

    async fn query(&mut self) {
        let mut again = true;
        while again {
            again = false;
            for smaller in smaller(&self.query) {
                if self.differs(&smaller).await {
                    self.query = smaller;
                    again = true;
                    break;
                }
            }
        }
    }

    /// Deletes as many as it can, large parts first.
    async fn resources(&mut self) {
        let mut size = self.store.current().count().div_ceil(2);
        while size > 0 {
            let names: Vec<Name> = self.store.current().map(|one| one.name.clone()).collect();
            for part in names.chunks(size) {
                self.without(part).await;
            }
            size /= 2;
        }
    }

    async fn without(&mut self, names: &[Name]) {
        let mut bodies = vec![];
        for name in names {
            let Some(stored) = self.store.get(name) else { continue };
            bodies.push((name, String::from_utf8_lossy(stored.document.source()).into_owned()));
            let Ok(version) = self.server.delete(name).await else { return };
            self.store.delete(name, version);
        }
        if !self.differs(&self.query.clone()).await {
            for (name, body) in bodies {
                self.put(name, body).await;
            }
        }
    }

    async fn put(&mut self, name: &Name, body: String) -> bool {
        let Ok(written) = self.server.put(name, body).await else { return false };
        self.store.put(name, written.version, written.last_updated_ms, written.body).is_ok()
    }

    async fn members(&mut self) {
        let names: Vec<Name> = self.store.current().map(|one| one.name.clone()).take(10).collect();
        for name in names {
            let mut tried = 0;
            while let Some(stored) = self.store.get(&name) {
                let before = String::from_utf8_lossy(stored.document.source()).into_owned();
                let Some(less) = without_member(&stored.document, tried) else { break };
                // What the server refuses stays as it is; what it puts in again is no less.
                let is_less = self.put(&name, less).await
                    && self.store.get(&name).is_some_and(|one| one.document.source().len() < before.len())
                    && self.differs(&self.query.clone()).await;
                if !is_less {
                    self.put(&name, before).await;
                    tried += 1;
                }
            }
        }
        self.differs(&self.query.clone()).await;
    }
}

/// The query without one of its parts, each in turn.
fn smaller(query: &Query) -> Vec<Query> {
    let mut all = vec![];
    if query.patient.is_some() {
        all.push(Query { patient: None, ..query.clone() });
    }
    for (number, (name, value)) in query.parameters.iter().enumerate() {
        let mut without = query.clone();
        without.parameters.remove(number);
        all.push(without);
        let values = split(value, ',');
        for left_out in 0..values.len() * usize::from(values.len() > 1) {
            let mut values = values.clone();
            values.remove(left_out);
            let mut with_less = query.clone();
            with_less.parameters[number] = (name.clone(), values.join(","));
            all.push(with_less);
        }
    }
    all
}

/// The resource without the member of that number; `meta` loses what the server gives it in any case.
fn without_member(document: &Document, number: usize) -> Option<String> {
    let is_needed = |name: &str| matches!(name, "resourceType" | "id");
    let members: Vec<(String, Node<'_>)> =
        document.root().members().map(|(key, value)| (key.as_str().into_owned(), value)).collect();
    let optional = members.iter().filter(|(name, _)| !is_needed(name));
    let left_out = optional.map(|(name, _)| name).nth(number)?;
    let kept = members.iter().filter(|(name, _)| name != left_out);
    let text =
        |(name, value): &(String, Node<'_>)| format!("\"{name}\":{}", String::from_utf8_lossy(value.raw()));
    Some(format!("{{{}}}", kept.map(text).collect::<Vec<_>>().join(",")))
}
