//! What a search is about to do, in words: for `_explain`.

use super::compiled::Query;
use super::expr::{Expr, Leaf};
use super::scope::Scope;
use crate::kind::condition::Condition;
use crate::kind::index::{Lookup, Owner, Place};
use fhir::definitions::{ParamId, ResourceType};
use proto::id::{CompartmentKey, TypeCode};

/// A plan has about so many characters at most: a search may have thousands of conditions.
const CHARACTERS_MAX: usize = 2000;

impl Query {
    /// Who answers it, and how the index finds what fulfils each condition.
    pub fn plan(&self) -> String {
        let who = match &self.scope {
            Scope::Ids(ids) => format!("reads {} ids one by one", ids.len()),
            Scope::Compartment(key) => format!("goes through the rows of {}/{}", owner(key), key.id),
            Scope::Membership(key) => {
                format!("goes through the rows of {}/{}, and asks the index for others", owner(key), key.id)
            }
            Scope::Population => "asks the index".to_owned(),
        };
        let mut text = format!("{who}; conditions: ");
        self.tell(&self.expr, &mut text);
        if !self.sort.is_default() {
            text.push_str("; in an order that was asked for");
        }
        text
    }

    fn tell(&self, expr: &Expr, text: &mut String) {
        if text.len() > CHARACTERS_MAX {
            if !text.ends_with('…') {
                text.push('…');
            }
            return;
        }
        match expr {
            Expr::And(all) if all.is_empty() => text.push_str("none"),
            Expr::Or(any) if any.is_empty() => text.push_str("nothing fulfils them"),
            Expr::And(all) => self.list(all, " and ", text),
            Expr::Or(any) => self.list(any, " or ", text),
            Expr::Not(inner) => {
                text.push_str("not ");
                self.tell(inner, text);
            }
            Expr::Leaf(leaf) => text.push_str(&self.leaf(leaf)),
        }
    }

    fn list(&self, parts: &[Expr], between: &str, text: &mut String) {
        text.push('(');
        for (at, part) in parts.iter().enumerate() {
            if at > 0 {
                text.push_str(between);
            }
            if at == 3 && parts.iter().all(|part| matches!(part, Expr::Leaf(_))) && parts.len() > 5 {
                text.push_str(&format!("{} more", parts.len() - at));
                break;
            }
            self.tell(part, text);
        }
        text.push(')');
    }

    fn leaf(&self, leaf: &Leaf) -> String {
        match (leaf, leaf.condition()) {
            (Leaf::Id(_), _) => "_id by the order of documents".to_owned(),
            (Leaf::LastUpdated(_), _) => "_lastUpdated by its column".to_owned(),
            (Leaf::Type(_), _) => "_type by a term".to_owned(),
            (Leaf::OneOf(among), _) => {
                format!("one of {} resources by the order of documents", among.set.hashes().len())
            }
            (Leaf::Refers(param, among), _) => {
                let named = named(*param);
                format!("{named} to one of {} resources by its column", among.set.hashes().len())
            }
            (Leaf::Contained(by, contained), _) => {
                let t = ResourceType::from_code(contained.type_code.0).map_or("", ResourceType::name);
                let by = by.map_or_else(String::new, |by| format!(" that {} refers to", named(by)));
                format!("{t} inside{by} by terms, then stored values")
            }
            (_, Some((param, condition))) => format!("{} by {}", named(param), self.way(param, condition)),
            (_, None) => String::new(),
        }
    }

    fn way(&self, param: ParamId, condition: &dyn Condition) -> String {
        let t = self.types.first().copied().unwrap_or(ResourceType::PATIENT);
        let owner = Owner { tenant: self.tenant, type_code: TypeCode(t.code()) };
        let mut ways = vec![];
        match condition.lookup(Place { owner, param }) {
            Lookup::Term(_) => ways.push("a term".to_owned()),
            Lookup::Terms(terms) => ways.push(format!("{} terms", terms.len())),
            Lookup::Prefix(_) | Lookup::Prefixes(_) => ways.push("terms that start so".to_owned()),
            Lookup::Contains(..) => ways.push("terms that contain it".to_owned()),
            Lookup::Ends(..) => ways.push("terms that end so".to_owned()),
            Lookup::Word(..) => ways.push("terms with such a word".to_owned()),
            Lookup::None => {}
        }
        if condition.interval().is_some() || !condition.bounds().is_empty() {
            ways.push("columns of intervals".to_owned());
        }
        if condition.is_checked() {
            ways.push("stored values".to_owned());
        }
        ways.join(", then ")
    }
}

fn owner(key: &CompartmentKey) -> &'static str {
    ResourceType::from_code(key.type_code.0).map_or("", ResourceType::name)
}

fn named(param: ParamId) -> String {
    param.code().map_or_else(|| format!("parameter {}", param.0), str::to_owned)
}
