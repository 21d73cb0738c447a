//! From parameters to the tree.

use super::param::{self, Context};
use super::problem::Problem;
use super::{Expr, Leaf, Limits, Query, Request, Scope, Terminology, scope, value};
use fhir::definitions::{ParamKind, ResourceType, SearchParameter, search_parameter};
use proto::id::{ResourceId, TenantId};
use proto::{Code, Error};
use std::cell::Cell;
use xxhash_rust::xxh3::Xxh3;

/// Parameters that say how to answer, not what to find; others take them, and they do not matter here.
const PRESENTATION: &[&str] = &["_format", "_pretty", "_elements"];

pub(super) fn compile(
    tenant: TenantId,
    request: &Request<'_>,
    limits: &Limits,
    terminology: &dyn Terminology,
) -> Result<Query, Error> {
    check_size(request, limits)?;
    let mut compiler = Compiler {
        context: Context {
            limits,
            base: request.base,
            now_ms: i64::try_from(request.now_ms).unwrap_or(i64::MAX),
            terminology,
            conditions_left: Cell::new(limits.conditions_max),
        },
        query: Query {
            tenant,
            types: types(request)?,
            expr: Expr::And(Vec::new()),
            count: limits.count_default,
            total: false,
            digest: 0,
            issues: Vec::new(),
            used: Vec::new(),
            scope: Scope::Population,
        },
        conditions: Vec::new(),
    };
    for (name, text) in request.parameters {
        match compiler.parameter(name, text) {
            Ok(()) => compiler.query.used.push((name.clone(), text.clone())),
            Err(problem) => compiler.query.issues.push(problem.settle(name, request.strict)?),
        }
    }
    let Compiler { mut query, mut conditions, .. } = compiler;
    query.digest = digest(tenant, request, &query.used);
    if let Some((kind, id)) = request.compartment {
        let (t, id) = compartment(&query, kind, id)?;
        conditions.push(scope::membership(t, id));
        query.expr = Expr::and(conditions);
        query.scope = scope::of_membership(tenant, t, id);
    } else {
        query.expr = Expr::and(conditions);
        query.scope = scope::of_conditions(&query, limits.point_reads_max);
    }
    Ok(query)
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

/// Whether searches take the parameter, as far as that can be told without a value.
pub(super) fn is_offered(parameter: &SearchParameter) -> bool {
    let searched = !matches!(parameter.kind, ParamKind::Composite | ParamKind::Special);
    searched && refuse_later(parameter.code, None).is_ok()
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

fn compartment(query: &Query, kind: &str, id: &str) -> Result<(ResourceType, ResourceId), Error> {
    if resource_type(kind)? != ResourceType::PATIENT {
        return Err(Error::new(Code::NotSupported, "only Patient compartments can be searched"));
    }
    let id = ResourceId::parse(id).map_err(|error| Error::new(Code::BadRequest, error.to_string()))?;
    let [t] = query.types.as_slice() else {
        return Err(Error::new(Code::NotSupported, "a compartment search must name one resource type"));
    };
    let is_member = *t == ResourceType::PATIENT || !fhir::compartment::patient_params(*t).is_empty();
    match is_member {
        true => Ok((*t, id)),
        false => Err(Error::new(Code::BadRequest, format!("{} is never in a Patient compartment", t.name()))),
    }
}

/// Everything that decides which resources match, in the order given: of the parameters those that are used, as the links
/// to other pages have no others.
fn digest(tenant: TenantId, request: &Request<'_>, used: &[(String, String)]) -> u64 {
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
        if !matches!(name.as_str(), "_count" | "_total" | "_summary")
            && !PRESENTATION.contains(&name.as_str())
        {
            add(name);
            add(text);
        }
    }
    hash.digest()
}

struct Compiler<'a> {
    context: Context<'a>,
    query: Query,
    conditions: Vec<Expr>,
}

impl Compiler<'_> {
    fn parameter(&mut self, name: &str, text: &str) -> Result<(), Problem> {
        match name {
            "_count" => self.count(text),
            "_total" => self.total(text),
            "_summary" => self.summary(text),
            "_type" => self.type_list(text),
            "_id" => self.ids(text),
            "_lastUpdated" => self.last_updated(text),
            _ if PRESENTATION.contains(&name) => Ok(()),
            _ => self.search(name, text),
        }
    }

    /// https://hl7.org/fhir/R4/search.html#count
    fn count(&mut self, text: &str) -> Result<(), Problem> {
        let count: usize =
            text.parse().map_err(|_| Problem::unusable(format!("'{text}' is no number of resources")))?;
        self.query.count = count.min(self.context.limits.count_max);
        self.query.total |= count == 0;
        Ok(())
    }

    /// https://hl7.org/fhir/R4/search.html#total. An estimate would cost as much as the number.
    fn total(&mut self, text: &str) -> Result<(), Problem> {
        match text {
            "none" => {}
            "estimate" | "accurate" => self.query.total = true,
            _ => return Err(Problem::unusable("it takes none, estimate or accurate")),
        }
        Ok(())
    }

    /// https://hl7.org/fhir/R4/search.html#summary
    fn summary(&mut self, text: &str) -> Result<(), Problem> {
        match text {
            "count" => {
                (self.query.count, self.query.total) = (0, true);
                Ok(())
            }
            // Which part of a resource is shown is not the index's business.
            "false" | "true" | "text" | "data" => Ok(()),
            _ => Err(Problem::unusable("it takes true, text, data, count or false")),
        }
    }

    fn type_list(&mut self, text: &str) -> Result<(), Problem> {
        if !self.query.types.is_empty() {
            return Err(Problem::unusable("it is for searches over all types, and may be given once"));
        }
        for name in text.split(',') {
            let t = ResourceType::from_name(name);
            let t = t.ok_or_else(|| Problem::unusable(format!("'{name}' is no resource type of FHIR R4")))?;
            if !self.query.types.contains(&t) {
                self.query.types.push(t);
            }
        }
        Ok(())
    }

    fn ids(&mut self, text: &str) -> Result<(), Problem> {
        let parts = value::split(text, b',');
        if parts.len() > self.context.limits.values_max {
            return Err(Problem::Limit(format!(
                "{} values, but at most {} are allowed",
                parts.len(),
                self.context.limits.values_max
            )));
        }
        let mut any = Vec::with_capacity(parts.len());
        for part in parts {
            let id = ResourceId::parse(part).map_err(|error| Problem::unusable(error.to_string()))?;
            any.push(Expr::Leaf(Leaf::Id(id)));
        }
        self.conditions.push(Expr::or(any));
        Ok(())
    }

    fn last_updated(&mut self, text: &str) -> Result<(), Problem> {
        let parts = value::split(text, b',');
        let mut any = Vec::with_capacity(parts.len());
        for part in parts {
            any.push(Expr::Leaf(Leaf::LastUpdated(param::date_comparison(part, self.context.now_ms)?)));
        }
        self.conditions.push(Expr::or(any));
        Ok(())
    }

    fn search(&mut self, name: &str, text: &str) -> Result<(), Problem> {
        let (base, modifier) = match name.split_once(':') {
            Some((base, modifier)) => (base, Some(modifier)),
            None => (name, None),
        };
        refuse_later(base, modifier)?;
        let parameter = self.find(base)?;
        let implied = self.implies_a_system(parameter);
        self.conditions.push(param::compile(parameter, implied, modifier, text, &self.context)?);
        Ok(())
    }

    /// Whether the parameter selects elements with an implied system in one of the searched types: a condition is one for
    /// them all.
    fn implies_a_system(&self, parameter: &SearchParameter) -> bool {
        let mut each = self.query.types.iter().filter_map(|t| search_parameter(*t, parameter.code));
        parameter.implied_system || each.any(|one| one.implied_system)
    }

    /// The parameter as all searched types have it.
    fn find(&self, code: &str) -> Result<&'static SearchParameter, Problem> {
        let types = self.query.types.as_slice();
        if types.is_empty() {
            // Over all types only what every resource has: FHIR writes those with an underscore.
            let common = Some(ResourceType::PATIENT).filter(|_| code.starts_with('_'));
            let found = common.and_then(|t| search_parameter(t, code));
            return found.ok_or_else(|| {
                Problem::ignorable("unknown in a search over all types; name types by _type")
            });
        }
        let mut found: Option<&'static SearchParameter> = None;
        for t in types {
            let one = search_parameter(*t, code);
            let one = one.ok_or_else(|| Problem::ignorable(format!("unknown for {}", t.name())))?;
            if found.is_some_and(|other| other.kind != one.kind) {
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
    const CHOOSING: &[&str] = &["_has", "_text", "_content", "_filter", "_query", "_list"];
    const SHOWING: &[&str] = &["_sort", "_include", "_revinclude", "_contained", "_containedType", "_score"];
    /// Given to the whole search, so no modifier has a meaning.
    const PLAIN: &[&str] = &["_id", "_lastUpdated", "_type", "_count", "_total", "_summary"];
    if CHOOSING.contains(&base) {
        return Err(Problem::unsupported("not supported yet"));
    }
    if SHOWING.contains(&base) {
        return Err(Problem::ignorable("not supported yet"));
    }
    if base.contains('.') || modifier.is_some_and(|modifier| modifier.contains('.')) {
        return Err(Problem::unsupported("chained parameters are not supported yet"));
    }
    match modifier {
        Some(modifier) if PLAIN.contains(&base) || PRESENTATION.contains(&base) => {
            Err(Problem::unsupported(format!("it takes no modifier, and ':{modifier}' is one")))
        }
        _ => Ok(()),
    }
}
