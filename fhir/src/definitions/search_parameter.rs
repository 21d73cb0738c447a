//! The search parameters of every resource type.

use super::{ParamId, ResourceType, TypeId, TypeKind, code_systems};
use crate::fhirpath_syntax::ast::{Expr, Kind};
use crate::fhirpath_syntax::parse::parse;
use crate::fhirpath_syntax::path::{Path, Step, alternatives, type_at_start};
use std::borrow::Cow;
use std::sync::{Arc, LazyLock, OnceLock};

const TABLE: &str = include_str!("../../definitions/r4/search-parameters.txt");
const TYPE_COUNT: usize = 1024;

static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| TABLE.lines().filter_map(Row::read).collect());
/// By type code, each filled when the type is first asked for.
static BY_TYPE: [OnceLock<Vec<SearchParameter>>; TYPE_COUNT] = [const { OnceLock::new() }; TYPE_COUNT];

/// <https://hl7.org/fhir/R4/search.html#ptypes>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ParamKind {
    Number,
    Date,
    String,
    Token,
    Reference,
    Composite,
    Quantity,
    Uri,
    Special,
}

impl ParamKind {
    /// FHIR's code: <https://hl7.org/fhir/R4/valueset-search-param-type.html>.
    pub fn code(self) -> &'static str {
        match self {
            ParamKind::Number => "number",
            ParamKind::Date => "date",
            ParamKind::String => "string",
            ParamKind::Token => "token",
            ParamKind::Reference => "reference",
            ParamKind::Composite => "composite",
            ParamKind::Quantity => "quantity",
            ParamKind::Uri => "uri",
            ParamKind::Special => "special",
        }
    }
}

/// A search parameter as it applies to one resource type.
#[derive(Debug)]
pub struct SearchParameter {
    pub code: Cow<'static, str>,
    pub id: ParamId,
    pub kind: ParamKind,
    /// The resource types a reference parameter may point to.
    pub targets: Arc<[ResourceType]>,
    /// The parts of a composite parameter, in order.
    pub components: Arc<[Component]>,
    /// The last part of the canonical URL, see [`url`](Self::url); of one that is not R4's the whole.
    pub name: Cow<'static, str>,
    /// The whole expression; alternatives of other resource types included. `None` for `_text`, `_content`, `_query`.
    pub expression: Option<Cow<'static, str>>,
    /// Whether one resource can have several values of it.
    pub multiple: bool,
    /// Whether it can select a primitive of the resource type this was asked for. A token that is one (`code`, `boolean`)
    /// has no system written, but an implied one; a Coding or Identifier without system has none.
    pub implied_system: bool,
    /// The code systems of the `code`s that it can select there: of such a code one of them is implied.
    pub implied_systems: Vec<&'static str>,
    /// The operands of the expression's union that can apply to the resource type this was asked for.
    pub alternatives: Vec<Alternative>,
}

/// An operand of the union that a parameter's expression is, or the whole of an expression that is none.
#[derive(Debug)]
pub struct Alternative {
    pub expr: Expr,
    /// The same as a path, if it is one. Of R4's own only that of `Patient.deceased` is not.
    pub path: Option<Path>,
}

/// One part of a composite search parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Component {
    /// The code of the search parameter that says how the part is searched.
    pub code: &'static str,
    pub kind: ParamKind,
    pub targets: Arc<[ResourceType]>,
    /// On the elements the composite's own expression selects.
    pub expression: Cow<'static, str>,
}

/// What all canonical URLs of R4's own begin with.
const R4: &str = "http://hl7.org/fhir/SearchParameter/";

impl Component {
    /// A part that is searched as R4's own parameter of that canonical URL.
    pub fn of_r4(url: &str, expression: String) -> Option<Component> {
        component(url.strip_prefix(R4)?, expression.into())
    }
}

impl SearchParameter {
    /// The canonical URL.
    pub fn url(&self) -> String {
        match self.id.is_custom() {
            true => self.name.clone().into_owned(),
            false => format!("{R4}{}", self.name),
        }
    }

    /// One that is not R4's, as it applies to `t`; `expression` is its text, read.
    pub(crate) fn custom(t: ResourceType, id: ParamId, said: Said, expression: &Expr) -> SearchParameter {
        said.of_type(&lineage(t), id, Some(expression))
    }

    /// The alternatives that are plain paths.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.alternatives.iter().filter_map(|alternative| alternative.path.as_ref())
    }
}

/// The parameter `code` of type `t`, the ones of every resource (`_id`, `_tag`) included.
pub fn search_parameter(t: ResourceType, code: &str) -> Option<&'static SearchParameter> {
    search_parameters(t).find(|parameter| parameter.code == code)
}

/// All parameters of type `t`, the ones of every resource included.
pub fn search_parameters(t: ResourceType) -> impl ExactSizeIterator<Item = &'static SearchParameter> {
    BY_TYPE[usize::from(t.code())].get_or_init(|| of_type(t)).iter()
}

fn of_type(t: ResourceType) -> Vec<SearchParameter> {
    let lineage = lineage(t);
    let applies = |row: &&Row| row.bases.split(' ').any(|base| lineage.contains(&base));
    ROWS.iter().filter(applies).filter_map(|row| row.parameter(&lineage)).collect()
}

fn lineage(t: ResourceType) -> Vec<&'static str> {
    TypeId::from_path(t.name()).into_iter().flat_map(TypeId::lineage).map(TypeId::path).collect()
}

/// What a definition says, whatever type it is applied to.
pub(crate) struct Said {
    pub code: Cow<'static, str>,
    pub name: Cow<'static, str>,
    pub kind: ParamKind,
    pub targets: Arc<[ResourceType]>,
    pub components: Arc<[Component]>,
    pub expression: Option<Cow<'static, str>>,
}

impl Said {
    /// As it applies to a type of that lineage.
    fn of_type(self, lineage: &[&str], id: ParamId, expression: Option<&Expr>) -> SearchParameter {
        let mut operands = expression.map(alternatives).unwrap_or_default();
        operands.retain(|expr| type_at_start(expr).is_none_or(|name| lineage.contains(&name)));
        let alternatives: Vec<_> = operands
            .into_iter()
            .map(|expr| Alternative { expr: expr.clone(), path: Path::of(expr) })
            .collect();
        let Said { code, name, kind, targets, components, expression } = self;
        let multiple = repeats(lineage, &alternatives);
        let implied_system = selects_a_primitive(lineage, &alternatives);
        let implied_systems = systems_of_codes(lineage, &alternatives);
        SearchParameter {
            code,
            id,
            kind,
            targets,
            components,
            name,
            expression,
            multiple,
            implied_system,
            implied_systems,
            alternatives,
        }
    }
}

/// A line of the table.
struct Row {
    name: &'static str,
    code: &'static str,
    kind: ParamKind,
    bases: &'static str,
    targets: &'static str,
    expression: Option<&'static str>,
    components: Vec<(&'static str, &'static str)>,
}

impl Row {
    fn read(line: &'static str) -> Option<Row> {
        let mut fields = line.split('\t');
        Some(Row {
            name: fields.next()?,
            code: fields.next()?,
            kind: kind(fields.next()?)?,
            bases: fields.next()?,
            targets: fields.next()?,
            expression: fields.next().filter(|&expression| expression != "-"),
            components: fields.filter_map(|component| component.split_once('=')).collect(),
        })
    }

    fn parameter(&self, lineage: &[&str]) -> Option<SearchParameter> {
        // The tests hold every expression of the table readable.
        let expression = self.expression.and_then(|text| parse(text).ok());
        let components = self.components.iter();
        let said = Said {
            code: self.code.into(),
            name: self.name.into(),
            kind: self.kind,
            targets: targets(self.targets),
            components: components
                .filter_map(|&(name, expression)| component(name, expression.into()))
                .collect(),
            expression: self.expression.map(Cow::Borrowed),
        };
        Some(said.of_type(lineage, ParamId::from_code(self.code)?, expression.as_ref()))
    }
}

fn component(name: &str, expression: Cow<'static, str>) -> Option<Component> {
    let row = ROWS.iter().find(|row| row.name == name)?;
    Some(Component { code: row.code, kind: row.kind, targets: targets(row.targets), expression })
}

fn targets(text: &str) -> Arc<[ResourceType]> {
    match text {
        "-" => Arc::default(),
        "*" => ResourceType::all().filter(|t| t.name() != "Parameters").collect(),
        some => some.split(' ').filter_map(ResourceType::from_name).collect(),
    }
}

pub(crate) fn kind(text: &str) -> Option<ParamKind> {
    Some(match text {
        "number" => ParamKind::Number,
        "date" => ParamKind::Date,
        "string" => ParamKind::String,
        "token" => ParamKind::Token,
        "reference" => ParamKind::Reference,
        "composite" => ParamKind::Composite,
        "quantity" => ParamKind::Quantity,
        "uri" => ParamKind::Uri,
        "special" => ParamKind::Special,
        _ => return None,
    })
}

/// Whether the alternatives can select more than one element. Paths over the types of one choice element count as one.
fn repeats(lineage: &[&str], alternatives: &[Alternative]) -> bool {
    let Some(root) = lineage.first().and_then(|name| TypeId::from_path(name)) else { return false };
    let children = |path: &Path| -> Vec<Box<str>> {
        let name = |step: &Step| match step {
            Step::Child(name) => Some(name.clone()),
            _ => None,
        };
        path.steps.iter().filter_map(name).collect()
    };
    let paths: Vec<_> = alternatives.iter().filter_map(|alternative| alternative.path.as_ref()).collect();
    let names: Vec<_> = paths.iter().map(|path| children(path)).collect();
    names.windows(2).any(|pair| pair[0] != pair[1])
        || alternatives.iter().any(may_compute_several)
        || paths.iter().any(|path| ends(root, &path.steps).0)
}

/// Whether one of the alternatives can: those that are computed can give anything.
fn selects_a_primitive(lineage: &[&str], alternatives: &[Alternative]) -> bool {
    let Some(root) = lineage.first().and_then(|name| TypeId::from_path(name)) else { return false };
    let is_primitive = |id: &TypeId| id.definition().kind == TypeKind::Primitive;
    alternatives.iter().any(|alternative| match &alternative.path {
        Some(path) => ends(root, &path.steps).1.iter().any(is_primitive),
        None => true,
    })
}

/// The code systems of all `code`s that the paths among the alternatives lead to.
fn systems_of_codes(lineage: &[&str], alternatives: &[Alternative]) -> Vec<&'static str> {
    let Some(root) = lineage.first().and_then(|name| TypeId::from_path(name)) else { return Vec::new() };
    let mut systems = Vec::new();
    for path in alternatives.iter().filter_map(|alternative| alternative.path.as_ref()) {
        let last = path.steps.iter().rposition(|step| matches!(step, Step::Child(_)));
        let Some((last, Step::Child(name))) = last.map(|at| (at, &path.steps[at])) else { continue };
        for context in ends(root, &path.steps[..last]).1 {
            systems.extend(code_systems::of_element(context.path(), name));
        }
    }
    systems.sort_unstable();
    systems.dedup();
    systems
}

/// Operators give one value; of whatever else is no path, nothing is known before it is evaluated.
fn may_compute_several(alternative: &Alternative) -> bool {
    alternative.path.is_none() && !matches!(alternative.expr.kind, Kind::Binary { .. })
}

/// Whether the steps can select several values, and of which types.
fn ends(root: TypeId, steps: &[Step]) -> (bool, Vec<TypeId>) {
    let mut contexts = vec![root];
    let mut many = false;
    for step in steps {
        match step {
            Step::Child(name) => {
                let elements: Vec<_> = contexts.iter().filter_map(|context| context.element(name)).collect();
                many |= elements.iter().any(|element| element.repeats());
                contexts = elements.iter().flat_map(|element| &element.types).map(|one| one.id).collect();
            }
            Step::As(name) => contexts.retain(|context| context.path() == &**name),
            Step::Index(_) => many = false,
            Step::Where { .. } | Step::ResolvesTo(_) => {}
        }
    }
    (many, contexts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn of(t: &str, code: &str) -> &'static SearchParameter {
        search_parameter(ResourceType::from_name(t).expect(t), code).expect(code)
    }

    #[test]
    fn the_systems_of_codes_are_known() {
        assert_eq!(of("Patient", "gender").implied_systems, ["http://hl7.org/fhir/administrative-gender"]);
        assert_eq!(of("Observation", "status").implied_systems, ["http://hl7.org/fhir/observation-status"]);
        assert_eq!(of("Patient", "address-use").implied_systems, ["http://hl7.org/fhir/address-use"]);
        assert!(of("Observation", "code").implied_systems.is_empty());
        assert!(of("Patient", "active").implied_systems.is_empty());
    }

    #[test]
    fn systems_are_implied_for_primitives_only() {
        for (t, code) in [("Patient", "gender"), ("Patient", "active"), ("Patient", "deceased")] {
            assert!(of(t, code).implied_system, "{t} {code}");
        }
        for (t, code) in [("Observation", "status"), ("Patient", "_language"), ("ValueSet", "url")] {
            let known = search_parameter(ResourceType::from_name(t).expect(t), code);
            assert!(known.is_none_or(|one| one.implied_system), "{t} {code}");
        }
        for (t, code) in [
            ("Observation", "code"),
            ("Observation", "combo-code"),
            ("Observation", "value-concept"),
            ("Patient", "identifier"),
            ("Patient", "phone"),
            ("Patient", "_tag"),
            ("Encounter", "class"),
        ] {
            assert!(!of(t, code).implied_system, "{t} {code}");
        }
    }

    #[test]
    fn the_whole_of_r4_is_there_and_readable() {
        assert_eq!((TABLE.lines().count(), ROWS.len()), (1375, 1375));
        let (mut distinct, mut others) = (BTreeSet::new(), Vec::new());
        for row in ROWS.iter() {
            let expression = row.expression.map(|text| parse(text).expect(text));
            for expr in expression.as_ref().map(alternatives).unwrap_or_default() {
                distinct.insert(format!("{:?}", Path::of(expr)));
                others.extend(Path::of(expr).is_none().then_some(row.name));
            }
            for (_, text) in &row.components {
                assert!(
                    alternatives(&parse(text).expect(text)).into_iter().all(|expr| Path::of(expr).is_some())
                );
            }
        }
        assert_eq!((distinct.len(), others), (1707, vec!["Patient-deceased"]));
    }

    #[test]
    fn a_parameter_as_its_type_sees_it() {
        let subject = of("Observation", "subject");
        assert_eq!(
            (subject.kind, subject.multiple, subject.alternatives.len()),
            (ParamKind::Reference, false, 1)
        );
        assert_eq!(subject.url(), "http://hl7.org/fhir/SearchParameter/Observation-subject");
        assert_eq!(subject.targets.len(), 4);
        let code = of("Observation", "code");
        assert_eq!((code.alternatives.len(), code.multiple), (1, false));
        assert_eq!(of("Observation", "_tag").id, of("Patient", "_tag").id);
        assert!(of("Patient", "given").multiple && of("Observation", "combo-code").multiple);
        assert!(!of("Observation", "value-quantity").multiple && !of("Condition", "onset-date").multiple);
        let composite = of("Observation", "code-value-quantity");
        assert_eq!(
            composite.components.iter().map(|part| part.kind).collect::<Vec<_>>(),
            [ParamKind::Token, ParamKind::Quantity]
        );
        assert!(of("Observation", "_text").expression.is_none());
        assert!(search_parameter(ResourceType::from_name("Bundle").expect("a type"), "_text").is_none());
    }
}
