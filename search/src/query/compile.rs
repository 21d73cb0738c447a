//! From parameters to the tree.

use super::compiled::Query;
use super::custom::Custom;
use super::expr::{Expr, Leaf};
use super::filter::{self, Test};
use super::include;
use super::join::{self, Joined};
use super::limits::Limits;
use super::parameter::{self, Budget};
use super::request::Request;
use super::result;
use super::scope::{self, Scope};
use super::words;
use crate::kind::offer::{Asked, Context};
use crate::kind::problem::Problem;
use crate::kind::terminology::Terminology;
use crate::kind::{id, last_updated};
use crate::sort::Sort;
use crate::tally::Tell;
use fhir::definitions::{ParamId, ResourceType, SearchParameter};
use fhir::index::FullText;
use proto::id::{ResourceId, TenantId};
use proto::{Code, Error};
use xxhash_rust::xxh3::Xxh3;

/// Parameters that say how to answer, not what to find; others take them, and they do not matter here.
const PRESENTATION: &[&str] = &["_format", "_pretty", "_elements"];

impl Query {
    /// Compiles a request. `terminology` lists the codes of value sets that the request names; it may take milliseconds.
    ///
    /// # Errors
    /// `UnknownType`; `BadParameter` for an unusable value and for a modifier, a chain or another filter that is not
    /// supported, and under strict handling for an unknown parameter; `TooCostly` over a limit.
    pub fn compile(
        tenant: TenantId,
        request: &Request<'_>,
        limits: &Limits,
        terminology: &dyn Terminology,
    ) -> Result<Query, Error> {
        check_size(request, limits)?;
        let mut compiler = Compiler {
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
            query: Query {
                tenant,
                types: types(request)?,
                expr: Expr::And(Vec::new()),
                sort: Sort::default(),
                count: limits.count_default,
                tell: Tell::Few,
                digest: 0,
                issues: Vec::new(),
                used: Vec::new(),
                includes: Vec::new(),
                custom: Vec::new(),
                scope: Scope::Population,
                work: None,
            },
            joined: request.joined,
            custom: Custom::of(request.custom),
            conditions: Vec::new(),
        };
        // Types first, whose parameters the others are.
        let turn = |name: &str| match name {
            "_type" => 0,
            "_sort" => 2,
            _ => 1,
        };
        let mut parameters: Vec<_> = request.parameters.iter().collect();
        parameters.sort_by_key(|(name, _)| turn(name));
        for (name, text) in parameters {
            match compiler.parameter(name, text) {
                Ok(()) => compiler.query.used.push((name.clone(), text.clone())),
                Err(problem) => compiler.query.issues.push(problem.settle(name, request.strict)?),
            }
        }
        let Compiler { mut query, mut conditions, custom, .. } = compiler;
        include::check_summary(&query.includes, &query.used)?;
        query.custom = custom.asked();
        query.digest = digest(tenant, request, &query.used, &query.custom);
        if let Some((kind, id)) = request.compartment {
            let (owner, id) = compartment(kind, id)?;
            query.types = scope::members(owner, &query.types)?;
            conditions.push(scope::membership(owner, &query.types, id));
            query.expr = Expr::and(conditions);
            query.scope = scope::of_membership(tenant, owner, &query.types, id);
        } else {
            query.expr = Expr::and(conditions);
            query.scope = scope::of_conditions(tenant, &query.types, &query.expr, limits.point_reads_max);
        }
        Ok(query)
    }
}

fn check_size(request: &Request<'_>, limits: &Limits) -> Result<(), Error> {
    let over = |what: String| Err(Error::new(Code::TooCostly, what));
    if request.parameters.len() > limits.parameters_max {
        return over(format!(
            "{} search parameters, but at most {} are allowed",
            request.parameters.len(),
            limits.parameters_max
        ));
    }
    let size = |(name, text): &(String, String)| name.len() + text.len();
    let bytes: usize = request.parameters.iter().map(size).sum();
    if bytes > limits.bytes_max {
        return over(format!(
            "{bytes} bytes of search parameters, but at most {} are allowed",
            limits.bytes_max
        ));
    }
    match request.parameters.iter().find(|(_, text)| text.len() > limits.value_bytes_max) {
        Some((name, _)) => {
            let name: String = name.chars().take(100).collect();
            over(format!("the value of '{name}' is longer than {} bytes", limits.value_bytes_max))
        }
        None => Ok(()),
    }
}

/// Whether searches take the parameter, as far as that can be told without a value: what a server may say of itself.
pub fn is_offered(parameter: &SearchParameter, kept: FullText) -> bool {
    let is_kept = !words::is_one(&parameter.code) || words::check_kept(&parameter.code, kept).is_ok();
    is_kept && refuse_later(&parameter.code, None).is_ok()
}

fn types(request: &Request<'_>) -> Result<Vec<ResourceType>, Error> {
    request.resource_type.map(resource_type).into_iter().collect()
}

fn resource_type(name: &str) -> Result<ResourceType, Error> {
    let unknown = || {
        let name: String = name.chars().take(100).collect();
        Error::new(Code::UnknownType, format!("'{name}' is no resource type of FHIR R4"))
    };
    ResourceType::from_name(name).ok_or_else(unknown)
}

fn compartment(kind: &str, id: &str) -> Result<(ResourceType, ResourceId), Error> {
    let id = ResourceId::parse(id).map_err(|error| Error::new(Code::BadRequest, error.to_string()))?;
    Ok((resource_type(kind)?, id))
}

/// Everything that decides which resources match, in the order given: of the parameters those that are used, as the links
/// to other pages have no others. What comes with the matches of a page, and how they are shown, does not.
fn digest(tenant: TenantId, request: &Request<'_>, used: &[(String, String)], custom: &[ParamId]) -> u64 {
    let mut hash = Xxh3::new();
    let mut add = |text: &str| {
        hash.update(&(text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    };
    add(&tenant.0.to_string());
    add(request.resource_type.unwrap_or_default());
    let (kind, id) = request.compartment.unwrap_or_default();
    add(kind);
    add(id);
    for (name, text) in used {
        if !matches!(name.as_str(), "_count" | "_total" | "_summary" | "_explain")
            && !PRESENTATION.contains(&name.as_str())
            && !include::is_one(name)
        {
            add(name);
            add(text);
        }
    }
    for parameter in custom {
        add(&parameter.0.to_string());
    }
    hash.digest()
}

struct Compiler<'a> {
    limits: &'a Limits,
    context: Context<'a>,
    budget: Budget,
    query: Query,
    joined: &'a [Joined],
    custom: Custom<'a>,
    conditions: Vec<Expr>,
}

impl<'a> Compiler<'a> {
    fn parameter(&mut self, name: &str, text: &str) -> Result<(), Problem> {
        match name {
            "_count" => result::count(&mut self.query, text, self.limits.count_max),
            "_total" => result::total(&mut self.query, text),
            "_summary" => result::summary(&mut self.query, text),
            "_type" => result::types(&mut self.query, text),
            "_explain" => result::explain(&mut self.query, text),
            "_sort" => self.sort(text),
            "_filter" => self.filter(text),
            "_text" | "_content" => self.words(name, text),
            "_id" => self.ids(text),
            "_lastUpdated" => self.last_updated(text),
            _ if PRESENTATION.contains(&name) => Ok(()),
            _ if include::is_one(name) => self.include(name, text),
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
        sort.read(text, |name| self.find(name))?;
        self.query.sort = sort;
        Ok(())
    }

    fn joined(&mut self, name: &str, text: &str) -> Result<(), Problem> {
        let joins = join::read(&self.custom, &self.query.types, name)?;
        let found = self.joined.iter().find(|joined| joined.name == name && joined.value == text);
        let found = found.ok_or_else(|| Problem::unsupported("what it rests on was not searched for"))?;
        let condition = join::condition(self.query.tenant, &self.query.types, &joins, found);
        self.budget.take(&condition)?;
        self.conditions.push(condition);
        Ok(())
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

/// What FHIR has and a later version of this server will: named, so that nobody takes it for a misspelling. What would
/// choose among resources is never left out: the answer would be what nobody asked for.
fn refuse_later(base: &str, modifier: Option<&str>) -> Result<(), Problem> {
    const CHOOSING: &[&str] = &["_query"];
    const SHOWING: &[&str] = &["_contained", "_containedType", "_score"];
    /// Given to the whole search, so no modifier has a meaning.
    const PLAIN: &[&str] = &[
        "_filter",
        "_list",
        "_id",
        "_lastUpdated",
        "_text",
        "_content",
        "_type",
        "_count",
        "_total",
        "_summary",
        "_explain",
        "_sort",
    ];
    if CHOOSING.contains(&base) {
        return Err(Problem::unsupported("not supported yet"));
    }
    if SHOWING.contains(&base) {
        return Err(Problem::ignorable("not supported yet"));
    }
    match modifier {
        Some(modifier) if PLAIN.contains(&base) || PRESENTATION.contains(&base) => {
            Err(Problem::unsupported(format!("it takes no modifier, and ':{modifier}' is one")))
        }
        _ => Ok(()),
    }
}
