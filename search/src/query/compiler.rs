//! One parameter after the other, by its name.

use super::compiled::Query;
use super::contained::{self, Inside};
use super::custom::Custom;
use super::expr::{Expr, Leaf};
use super::filter::{self, Test};
use super::hierarchy;
use super::include;
use super::join::{self, By, Join, Joined};
use super::known::{PRESENTATION, refuse_later};
use super::limits::Limits;
use super::parameter::{self, Budget};
use super::request::Request;
use super::result;
use super::words;
use crate::kind::contained::ContainedMatch;
use crate::kind::offer::{Asked, Context};
use crate::kind::problem::Problem;
use crate::kind::terminology::Terminology;
use crate::kind::{id, last_updated};
use crate::sort::NO_WORDS;
use fhir::definitions::{ResourceType, SearchParameter};
use proto::id::{TenantId, TypeCode};
use std::sync::Arc;

/// What is made of a request so far.
pub(super) struct Compiler<'a> {
    limits: &'a Limits,
    context: Context<'a>,
    budget: Budget,
    pub(super) query: Query,
    joined: &'a [Joined],
    pub(super) custom: Custom<'a>,
    pub(super) conditions: Vec<Expr>,
    pub(super) inside: Inside,
}

impl<'a> Compiler<'a> {
    /// Before the first parameter.
    pub(super) fn new(
        tenant: TenantId,
        request: &Request<'a>,
        limits: &'a Limits,
        terminology: &'a dyn Terminology,
        types: Vec<ResourceType>,
    ) -> Compiler<'a> {
        Compiler {
            limits,
            context: Context {
                bases: request.bases,
                came_by: request.came_by,
                now_ms: i64::try_from(request.now_ms).unwrap_or(i64::MAX),
                terminology,
                codes_max: limits.codes_max,
            },
            budget: Budget {
                values_max: limits.values_max,
                conditions_max: limits.conditions_max,
                conditions_left: limits.conditions_max,
            },
            query: Query::of(tenant, types, limits.count_default),
            joined: request.joined,
            custom: Custom::of(request.custom),
            conditions: Vec::new(),
            inside: Inside::default(),
        }
    }

    /// Takes one.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parameter(&mut self, name: &str, text: &str) -> Result<(), Problem> {
        match name {
            "_count" => result::count(&mut self.query, text, self.limits.count_max),
            "_maxresults" => result::most(&mut self.query, text),
            "_total" => result::total(&mut self.query, text),
            "_summary" => result::summary(&mut self.query, text),
            "_type" => result::types(&mut self.query, text),
            "_explain" => result::explain(&mut self.query, text),
            "_sort" => self.sort(text),
            "_score" => self.score(text),
            "_filter" => self.filter(text),
            "_text" | "_content" => self.words(name, text),
            "_id" => self.ids(text),
            "_lastUpdated" => self.last_updated(text),
            _ if PRESENTATION.contains(&name) => Ok(()),
            _ if include::is_one(name) => self.include(name, text),
            _ if contained::NAMES.contains(&name) => self.inside.read(name, text),
            _ if join::is_join(name) => self.joined(name, text),
            _ => self.search(name, text),
        }
    }

    fn filter(&mut self, text: &str) -> Result<(), Problem> {
        let tests_max = self.budget.values_max;
        let condition = filter::compile(text, tests_max, |test| self.test(test))?;
        self.conditions.push(condition);
        Ok(())
    }

    /// One comparison of a filter.
    fn test(&mut self, test: &Test<'_>) -> Result<Expr, Problem> {
        let condition = match test.name {
            "_id" => filter::of_id(test)?,
            "_lastUpdated" => filter::of_last_updated(test, self.context.now_ms)?,
            name if name.contains('.') => return self.chained(test),
            name if words::is_one(name) => {
                return Err(Problem::unsupported("ask for words by the parameter beside the filter"));
            }
            name => {
                refuse_later(name, None)?;
                let parameter = self.find(name)?;
                let implied_system = self.implies_a_system(parameter);
                let types = self.query.types.as_slice();
                let context = &self.context;
                let asked = Asked { parameter, types, modifier: None, implied_system, context };
                filter::condition(&asked, test)?
            }
        };
        self.budget.take(&condition)?;
        Ok(condition)
    }

    /// One of what is referred to.
    fn chained(&mut self, test: &Test<'_>) -> Result<Expr, Problem> {
        let one = join::of_filter(&self.custom, &self.query.types, test)?;
        self.resting(&one.joins, &one.name, &one.value)
    }

    fn words(&mut self, name: &str, text: &str) -> Result<(), Problem> {
        self.find(name)?;
        words::check_kept(name, self.limits.full_text)?;
        let condition = words::compile(name, text, self.budget.values_max)?;
        self.budget.take(&condition)?;
        self.conditions.push(condition);
        Ok(())
    }

    fn ids(&mut self, text: &str) -> Result<(), Problem> {
        let ids = id::parse(text, self.budget.values_max)?;
        self.conditions.push(Expr::or(ids.into_iter().map(|id| Expr::Leaf(Leaf::Id(id))).collect()));
        Ok(())
    }

    fn last_updated(&mut self, text: &str) -> Result<(), Problem> {
        let dates = last_updated::parse(text, self.context.now_ms)?;
        let leaf = |date| Expr::Leaf(Leaf::LastUpdated(date));
        self.conditions.push(Expr::or(dates.into_iter().map(leaf).collect()));
        Ok(())
    }

    fn sort(&mut self, text: &str) -> Result<(), Problem> {
        let mut sort = std::mem::take(&mut self.query.sort);
        let relevance = words::asked(&self.conditions);
        let relevance = (!relevance.is_empty()).then(|| Arc::new(relevance));
        sort.read(text, relevance.as_ref(), |name| self.find(name))?;
        self.query.sort = sort;
        Ok(())
    }

    /// Whether matches are told how well they fit.
    fn score(&mut self, text: &str) -> Result<(), Problem> {
        let relevance = words::asked(&self.conditions);
        self.query.relevance = match text {
            "true" if relevance.is_empty() => return Err(Problem::ignorable(NO_WORDS)),
            "true" => Some(relevance),
            "false" => None,
            _ => return Err(Problem::unusable("it takes true or false")),
        };
        Ok(())
    }

    fn joined(&mut self, name: &str, text: &str) -> Result<(), Problem> {
        let joins = join::read(&self.custom, &self.query.types, name, text)?;
        let condition = self.resting(&joins, name, text)?;
        self.conditions.push(condition);
        Ok(())
    }

    /// The condition that rests on what was searched for first. What a chain asks is asked of contained resources, too:
    /// <https://hl7.org/fhir/R4/search.html#contained>.
    fn resting(&mut self, joins: &[Join], name: &str, text: &str) -> Result<Expr, Problem> {
        let found = self.joined.iter().find(|joined| joined.name == name && joined.value == text);
        let found = found.ok_or_else(|| Problem::unsupported("what it rests on was not searched for"))?;
        let mut any = vec![join::condition(self.query.tenant, &self.query.types, joins, found)];
        self.budget.take(&any[0])?;
        for join in joins {
            let By::Reference(param) = join.by else { continue };
            if let Some(expr) = self.of_target(join)? {
                let type_code = TypeCode(join.resource_type.code());
                let contained = ContainedMatch { type_code, expr: Box::new(expr) };
                any.push(Expr::Leaf(Leaf::Contained(Some(param), contained)));
            }
        }
        Ok(Expr::or(any))
    }

    /// What a join asks of resources of its type; `None` where that rests on others in turn.
    fn of_target(&mut self, join: &Join) -> Result<Option<Expr>, Problem> {
        let types = vec![join.resource_type];
        if !join::of(&self.custom, &types, &join.name, &join.value)?.is_empty() {
            return Ok(None);
        }
        let types = std::mem::replace(&mut self.query.types, types);
        let conditions = std::mem::take(&mut self.conditions);
        let read = self.parameter(&join.name, &join.value);
        self.query.types = types;
        let asked = std::mem::replace(&mut self.conditions, conditions);
        read.map(|()| Some(Expr::and(asked)))
    }

    fn include(&mut self, name: &str, text: &str) -> Result<(), Problem> {
        self.query.includes.push(include::read(&self.custom, name, text)?);
        Ok(())
    }

    fn search(&mut self, name: &str, text: &str) -> Result<(), Problem> {
        let (base, modifier) = match name.split_once(':') {
            Some((base, modifier)) => (base, Some(modifier)),
            None => (name, None),
        };
        refuse_later(base, modifier)?;
        let parameter = self.find(base)?;
        if hierarchy::is_asked(parameter, modifier) {
            return self.joined(name, text);
        }
        let implied_system = self.implies_a_system(parameter);
        let types = self.query.types.as_slice();
        let asked = Asked { parameter, types, modifier, implied_system, context: &self.context };
        self.conditions.push(parameter::compile(&asked, text, &mut self.budget)?);
        Ok(())
    }

    /// Whether the parameter selects elements with an implied system in one of the searched types: a condition is one for
    /// them all.
    fn implies_a_system(&self, parameter: &SearchParameter) -> bool {
        let mut each = self.query.types.iter().filter_map(|t| self.custom.known(*t, &parameter.code));
        parameter.implied_system || each.any(|one| one.implied_system)
    }

    /// The parameter as all searched types have it.
    fn find(&self, code: &str) -> Result<&'a SearchParameter, Problem> {
        let types = self.query.types.as_slice();
        if types.is_empty() {
            // Over all types only what every resource has: FHIR writes those with an underscore.
            let common = Some(ResourceType::PATIENT).filter(|_| code.starts_with('_'));
            let found = common.map_or(Ok(None), |t| self.custom.find(t, code))?;
            return found.ok_or_else(|| {
                Problem::ignorable("unknown in a search over all types; name types by _type")
            });
        }
        let mut found: Option<&'a SearchParameter> = None;
        for t in types {
            let one = self.custom.find(*t, code)?;
            let one = one.ok_or_else(|| Problem::ignorable(format!("unknown for {}", t.name())))?;
            if found.is_some_and(|other| (other.kind, other.id) != (one.kind, one.id)) {
                return Err(Problem::unsupported("the types searched mean different things by it"));
            }
            found = Some(one);
        }
        found.ok_or_else(|| Problem::ignorable("unknown"))
    }
}
