//! The tree as a Tantivy query. It finds exactly what the matcher finds.

use super::by_key::{ByKey, Wanted};
use super::checked::Checked;
use super::one_of::OneOf;
use super::pairs::{PairTest, Source};
use super::refers::Refers;
use super::schema::Fields;
use super::stored::StoredTest;
use super::term_range::TermRange;
use crate::kind::comparison::Comparison;
use crate::kind::condition::Condition;
use crate::kind::contained;
use crate::kind::index::{self, Interval, Lookup, Owner, Place, VALUE_AT};
use crate::kind::text::has_word;
use crate::query::{Expr, Leaf, Query};
use fhir::definitions::{ParamId, ResourceType};
use proto::id::{ResourceId, TypeCode};
use std::sync::Arc;
use tantivy::Term;
use tantivy::query::{BooleanQuery, EmptyQuery, Occur, Query as TantivyQuery, TermQuery, TermSetQuery};
use tantivy::schema::IndexRecordOption;

type Boxed = Box<dyn TantivyQuery>;

/// The query for one shard.
pub fn translate(query: &Query, fields: &Fields) -> Boxed {
    let types = match query.types.as_slice() {
        [] => ResourceType::all().map(|t| TypeCode(t.code())).collect(),
        some => some.iter().map(|t| TypeCode(t.code())).collect(),
    };
    let translation = Translation { query, fields, types, is_checked: false };
    match &query.expr {
        Expr::And(all) => translation.and(all),
        other => translation.and(std::slice::from_ref(other)),
    }
}

struct Translation<'q> {
    query: &'q Query,
    fields: &'q Fields,
    types: Vec<TypeCode>,
    /// Whether the stored values of what is found are looked at anyway.
    is_checked: bool,
}

impl Translation<'_> {
    fn expr(&self, expr: &Expr) -> Boxed {
        match expr {
            Expr::And(all) => self.and(all),
            Expr::Or(any) => self.or(any),
            Expr::Not(_) => self.and(std::slice::from_ref(expr)),
            Expr::Leaf(leaf) => self.leaf(leaf),
        }
    }

    /// All of them, within the query's types. Where a condition's terms name the type, the type need not be asked for.
    fn and(&self, all: &[Expr]) -> Boxed {
        if let Some(only) = all.iter().find_map(only_type)
            && self.types != [only]
        {
            // What is asked besides is asked of that type alone.
            return Translation { types: vec![only], ..*self }.and(all);
        }
        let mut clauses = Vec::with_capacity(all.len() + 1);
        for expr in all {
            clauses.push(match expr {
                Expr::Not(inner) => (Occur::MustNot, self.expr(inner)),
                other => (Occur::Must, self.expr(other)),
            });
        }
        if !all.iter().any(names_type) {
            clauses.push((Occur::Must, self.scope()));
        }
        match clauses.len() {
            1 => clauses.remove(0).1,
            _ => Box::new(BooleanQuery::new(clauses)),
        }
    }

    /// Any of them. Ids are looked up together, however many: in one pass over a segment.
    fn or(&self, any: &[Expr]) -> Boxed {
        let mut ids = Vec::new();
        let mut others = Vec::new();
        for expr in any {
            match expr {
                Expr::Leaf(Leaf::Id(id)) => ids.extend(self.wanted(id)),
                other => others.push(self.expr(other)),
            }
        }
        if !ids.is_empty() {
            others.push(Box::new(ByKey::any(ids)));
        }
        union(others)
    }

    /// Everything of the query's types.
    fn scope(&self) -> Boxed {
        if self.query.types.is_empty() {
            return self.term(&index::tenant(self.query.tenant));
        }
        union(self.owners().map(|owner| self.term(&index::of_type(owner))).collect())
    }

    fn owners(&self) -> impl Iterator<Item = Owner> {
        let tenant = self.query.tenant;
        self.types.iter().map(move |&type_code| Owner { tenant, type_code })
    }

    /// The resources of that id, one of each of the types.
    fn wanted(&self, id: &ResourceId) -> impl Iterator<Item = Wanted> {
        self.owners().map(move |owner| Wanted::resource(owner.tenant, owner.type_code, id.as_str()))
    }

    fn leaf(&self, leaf: &Leaf) -> Boxed {
        match leaf {
            Leaf::Id(id) => Box::new(ByKey::any(self.wanted(id).collect())),
            Leaf::LastUpdated(date) => pairs(Source::LastUpdated, date.0, None),
            Leaf::Type(type_code) => {
                self.term(&index::of_type(Owner { tenant: self.query.tenant, type_code: *type_code }))
            }
            Leaf::OneOf(among) => Box::new(OneOf(Arc::clone(&among.set))),
            Leaf::Refers(param, among) => Box::new(Refers { param: *param, set: Arc::clone(&among.set) }),
            _ => match leaf.condition() {
                Some((param, condition)) if condition.is_checked() && !self.is_checked => {
                    let inside = Translation { is_checked: true, types: self.types.clone(), ..*self };
                    Box::new(Checked { inner: inside.wide(leaf, param, condition), test: self.stored(leaf) })
                }
                Some((param, condition)) => self.wide(leaf, param, condition),
                None => Box::new(EmptyQuery),
            },
        }
    }

    /// What fulfils the leaf; where that has to be checked, maybe more.
    fn wide(&self, leaf: &Leaf, param: ParamId, condition: &dyn Condition) -> Boxed {
        let part = |part: &Vec<Leaf>| union(part.iter().map(|leaf| self.leaf(leaf)).collect());
        let mut parts: Vec<Boxed> = match leaf {
            Leaf::Composite(_, composite) => composite.parts.iter().map(part).collect(),
            Leaf::Contained(_, contained) => {
                self.inside(contained.type_code, &contained.expr).into_iter().collect()
            }
            _ => return self.condition(leaf, param, condition),
        };
        parts.push(self.lookup(param, condition));
        Box::new(BooleanQuery::intersection(parts))
    }

    /// What contains a resource of the type that may fulfil the condition, by the terms of that; `None` where these do not narrow it.
    fn inside(&self, type_code: TypeCode, expr: &Expr) -> Option<Boxed> {
        match expr {
            Expr::And(all) => {
                let narrow: Vec<Boxed> = all.iter().filter_map(|one| self.inside(type_code, one)).collect();
                (!narrow.is_empty()).then(|| Box::new(BooleanQuery::intersection(narrow)) as Boxed)
            }
            Expr::Or(any) => {
                any.iter().map(|one| self.inside(type_code, one)).collect::<Option<_>>().map(union)
            }
            Expr::Not(_) => None,
            Expr::Leaf(leaf) => {
                let (param, condition) = leaf.condition()?;
                let owners = self.owners();
                let queries = owners.map(|owner| self.term_inside(owner, type_code, param, condition));
                queries.collect::<Option<_>>().map(union)
            }
        }
    }

    fn term_inside(
        &self,
        owner: Owner,
        type_code: TypeCode,
        param: ParamId,
        condition: &dyn Condition,
    ) -> Option<Boxed> {
        let place = Place { owner, param: ParamId::CONTAINED };
        let its_own = Place { owner: Owner { type_code, ..owner }, param };
        let inside = |term: &[u8]| contained::inside(place, type_code, term);
        let starts = |prefix: &[u8]| -> Boxed {
            Box::new(TermRange { field: self.fields.terms, prefix: inside(prefix), test: None })
        };
        Some(match condition.lookup(its_own) {
            Lookup::Term(term) => self.term(&inside(&term)),
            Lookup::Terms(terms) => {
                let field = self.fields.terms;
                let terms = terms.iter().map(|term| Term::from_field_bytes(field, &inside(term)));
                Box::new(TermSetQuery::new(terms.collect::<Vec<_>>()))
            }
            Lookup::Prefix(prefix) => starts(&prefix),
            Lookup::Prefixes(prefixes) => union(prefixes.iter().map(|prefix| starts(prefix)).collect()),
            Lookup::Contains(..) | Lookup::Ends(..) | Lookup::Word(..) | Lookup::None => return None,
        })
    }

    fn stored(&self, leaf: &Leaf) -> StoredTest {
        StoredTest { field: self.fields.values, leaf: Arc::new(leaf.clone()) }
    }

    fn condition(&self, leaf: &Leaf, param: ParamId, condition: &dyn Condition) -> Boxed {
        let Some(interval) = condition.interval() else { return self.bounded(param, condition) };
        let source = Source::Pair(interval.column, param);
        if !interval.narrowed {
            return pairs(source, interval.comparison, None);
        }
        let several = (!self.is_checked).then(|| self.stored(leaf));
        let inside = pairs(source, interval.comparison, several);
        Box::new(BooleanQuery::new(vec![(Occur::Must, self.lookup(param, condition)), (Occur::Must, inside)]))
    }

    /// What the terms find, within the bounds of the condition.
    fn bounded(&self, param: ParamId, condition: &dyn Condition) -> Boxed {
        let found = self.lookup(param, condition);
        let bounds = condition.bounds();
        if bounds.is_empty() {
            return found;
        }
        let any = |any: Vec<Interval>| {
            union(
                any.iter().map(|one| pairs(Source::Pair(one.column, param), one.comparison, None)).collect(),
            )
        };
        Box::new(BooleanQuery::intersection(bounds.into_iter().map(any).chain([found]).collect()))
    }

    fn lookup(&self, param: ParamId, condition: &dyn Condition) -> Boxed {
        let mut exact = Vec::new();
        let mut any: Vec<Boxed> = Vec::new();
        for owner in self.owners() {
            match condition.lookup(Place { owner, param }) {
                Lookup::Term(term) => exact.push(Term::from_field_bytes(self.fields.terms, &term)),
                Lookup::Terms(terms) => {
                    exact.extend(terms.iter().map(|term| Term::from_field_bytes(self.fields.terms, term)));
                }
                Lookup::Prefixes(prefixes) => {
                    for prefix in prefixes {
                        any.push(Box::new(TermRange { field: self.fields.terms, prefix, test: None }));
                    }
                }
                Lookup::Prefix(prefix) => {
                    any.push(Box::new(TermRange { field: self.fields.terms, prefix, test: None }));
                }
                Lookup::Contains(prefix, text) => {
                    let finder = memchr::memmem::Finder::new(text.as_bytes()).into_owned();
                    let test = Arc::new(move |term: &[u8]| finder.find(&term[VALUE_AT..]).is_some());
                    any.push(Box::new(TermRange { field: self.fields.terms, prefix, test: Some(test) }));
                }
                Lookup::Ends(prefix, text) => {
                    let test = Arc::new(move |term: &[u8]| term[VALUE_AT..].ends_with(text.as_bytes()));
                    any.push(Box::new(TermRange { field: self.fields.terms, prefix, test: Some(test) }));
                }
                Lookup::Word(prefix, text) => {
                    let test = Arc::new(move |term: &[u8]| {
                        std::str::from_utf8(&term[VALUE_AT..]).is_ok_and(|term| has_word(term, &text))
                    });
                    any.push(Box::new(TermRange { field: self.fields.terms, prefix, test: Some(test) }));
                }
                Lookup::None => {}
            }
        }
        match exact.len() {
            0 => {}
            1 => any.push(Box::new(TermQuery::new(exact.remove(0), IndexRecordOption::Basic))),
            _ => any.push(Box::new(TermSetQuery::new(exact))),
        }
        union(any)
    }

    fn term(&self, bytes: &[u8]) -> Boxed {
        Box::new(TermQuery::new(Term::from_field_bytes(self.fields.terms, bytes), IndexRecordOption::Basic))
    }
}

fn only_type(expr: &Expr) -> Option<TypeCode> {
    if let Expr::Leaf(Leaf::Type(only)) = expr { Some(*only) } else { None }
}

/// Whether every document the condition finds is of the query's types, because its terms say so.
fn names_type(expr: &Expr) -> bool {
    match expr {
        Expr::And(all) => all.iter().any(names_type),
        Expr::Or(any) => any.iter().all(names_type),
        Expr::Not(_) => false,
        Expr::Leaf(Leaf::LastUpdated(_) | Leaf::OneOf(_) | Leaf::Refers(..)) => false,
        Expr::Leaf(leaf) => interval(leaf).is_none_or(|interval| interval.narrowed),
    }
}

/// How the matches of a segment are counted best.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counting {
    /// By Tantivy: from the dictionary, or in whole blocks of documents.
    Whole,
    /// One candidate after the other: terms leave few, and blocks would test intervals, or stored values, of all documents.
    Each,
}

/// The better way for a condition.
pub fn how_to_count(expr: &Expr) -> Counting {
    if names_type(expr) && asks_each(expr) { Counting::Each } else { Counting::Whole }
}

/// Whether documents are held against an interval, or their stored values are.
fn asks_each(expr: &Expr) -> bool {
    match expr {
        Expr::And(all) | Expr::Or(all) => all.iter().any(asks_each),
        Expr::Not(expr) => asks_each(expr),
        Expr::Leaf(Leaf::LastUpdated(_) | Leaf::OneOf(_) | Leaf::Refers(..)) => true,
        Expr::Leaf(leaf) => {
            interval(leaf).is_some() || leaf.condition().is_some_and(|(_, condition)| condition.is_checked())
        }
    }
}

fn interval(leaf: &Leaf) -> Option<Interval> {
    leaf.condition().and_then(|(_, condition)| condition.interval())
}

fn pairs(source: Source, comparison: Comparison, several: Option<StoredTest>) -> Boxed {
    Box::new(PairTest { source, comparison, several })
}

fn union(mut any: Vec<Boxed>) -> Boxed {
    match any.len() {
        1 => any.remove(0),
        _ => Box::new(BooleanQuery::union(any)),
    }
}
