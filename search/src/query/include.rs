//! What is shown beside the matches of a page: <https://hl7.org/fhir/R4/search.html#include>.

use super::custom::Custom;
use crate::kind::problem::Problem;
use fhir::definitions::{ParamKind, ResourceType, SearchParameter};
use fhir::index::custom::Set;
use proto::Error;

/// References that are followed from what is shown, or back from it to what refers to it. They decide about no match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Include {
    /// `_revinclude`: from a resource to those that refer to it.
    pub reverse: bool,
    /// `:iterate`: from what is included, too, until nothing new is found.
    pub iterates: bool,
    /// The type that has the references; `None`: any.
    pub source: Option<ResourceType>,
    /// The code of the parameter that selects them; `None`: every reference parameter of the source.
    pub parameter: Option<Box<str>>,
    /// The one type they are followed to, or from; `None`: any.
    pub target: Option<ResourceType>,
}

impl Include {
    /// The parameters by which the references of that type are followed; none where the include is about another type.
    pub fn parameters<'a>(
        &'a self,
        set: Option<&'a Set>,
        source: ResourceType,
    ) -> impl Iterator<Item = &'a SearchParameter> {
        let all = Set::all(set, source).filter(|one| is_followed(one));
        all.filter(move |one| self.is_by(source, one))
    }

    fn is_by(&self, source: ResourceType, parameter: &SearchParameter) -> bool {
        self.source.is_none_or(|wanted| wanted == source)
            && self.parameter.as_deref().is_none_or(|code| code == parameter.code)
    }

    /// Whether references to that type are followed.
    pub fn is_to(&self, target: ResourceType) -> bool {
        self.target.is_none_or(|wanted| wanted == target)
    }
}

/// Whether includes take the parameter: what a server may say of itself.
pub fn is_followed(parameter: &SearchParameter) -> bool {
    parameter.kind == ParamKind::Reference
}

/// Whether the parameter of that name, modifier included, is an include.
pub(super) fn is_one(name: &str) -> bool {
    matches!(base(name), "_include" | "_revinclude")
}

fn base(name: &str) -> &str {
    name.split_once(':').map_or(name, |(base, _)| base)
}

/// One include. `:recurse` is what STU3 called `:iterate`.
pub(super) fn read(custom: &Custom<'_>, name: &str, text: &str) -> Result<Include, Problem> {
    let iterates = match name.split_once(':') {
        None => false,
        Some((_, "iterate" | "recurse")) => true,
        Some((_, other)) => {
            return Err(Problem::unsupported(format!(
                "the modifier ':{other}' is not supported here; it takes :iterate"
            )));
        }
    };
    if text.contains(',') {
        return Err(Problem::unusable("it takes one value; give the parameter once for each"));
    }
    let mut include = Include {
        reverse: base(name) == "_revinclude",
        iterates,
        source: None,
        parameter: None,
        target: None,
    };
    let parts: Vec<&str> = text.split(':').collect();
    let (source, parameter, target) = match parts.as_slice() {
        ["*"] => {
            ResourceType::all().for_each(|source| custom.ask_all(source, is_followed));
            return Ok(include);
        }
        [source, parameter] => (source, parameter, None),
        [source, parameter, target] => (source, parameter, Some(target)),
        _ => return Err(form(text)),
    };
    if parts.contains(&"") {
        return Err(form(text));
    }
    let source = resource_type(source)?;
    include.source = Some(source);
    if *parameter != "*" {
        include.parameter = Some((*reference(custom, source, parameter)?.code).into());
    }
    if include.parameter.is_none() {
        custom.ask_all(source, is_followed);
    }
    if let Some(target) = target {
        let target = resource_type(target)?;
        if !include.parameters(custom.set(), source).any(|one| one.targets.contains(&target)) {
            return Err(Problem::unusable(format!(
                "'{}' of {} never refers to {}",
                parameter,
                source.name(),
                target.name()
            )));
        }
        include.target = Some(target);
    }
    Ok(include)
}

fn form(text: &str) -> Problem {
    Problem::unusable(format!(
        "'{}' is no include: write [type]:[parameter], [type]:[parameter]:[target type], [type]:* or *",
        start(text)
    ))
}

fn resource_type(name: &str) -> Result<ResourceType, Problem> {
    let unknown = || Problem::unusable(format!("'{}' is no resource type of FHIR R4", start(name)));
    ResourceType::from_name(name).ok_or_else(unknown)
}

fn reference<'a>(
    custom: &Custom<'a>,
    source: ResourceType,
    code: &str,
) -> Result<&'a SearchParameter, Problem> {
    let one = custom.find(source, code)?.ok_or_else(|| {
        Problem::unusable(format!("'{}' is no search parameter of {}", start(code), source.name()))
    })?;
    match is_followed(one) {
        true => Ok(one),
        false => Err(Problem::unusable(format!("'{code}' of {} is no reference", source.name()))),
    }
}

fn start(text: &str) -> String {
    text.chars().take(100).collect()
}

/// "The _include and _revinclude parameters cannot be mixed with _summary=text":
/// <https://hl7.org/fhir/R4/search.html#summary>.
///
/// # Errors
/// `BadParameter` where they are.
pub(super) fn check_summary(includes: &[Include], used: &[(String, String)]) -> Result<(), Error> {
    let is_text = |(name, value): &(String, String)| name == "_summary" && value == "text";
    if includes.is_empty() || !used.iter().any(is_text) {
        return Ok(());
    }
    let why = "'text' cannot be asked for together with _include or _revinclude; true and data can";
    Problem::unusable(why).settle("_summary", true).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Read = (bool, bool, Option<&'static str>, Option<String>, Option<&'static str>);

    fn all(name: &str, text: &str) -> Read {
        let one = read(&Custom::of(None), name, text)
            .unwrap_or_else(|problem| panic!("{name}={text}: {problem:?}"));
        let name = |t: ResourceType| t.name();
        (
            one.reverse,
            one.iterates,
            one.source.map(name),
            one.parameter.map(String::from),
            one.target.map(name),
        )
    }

    #[test]
    fn every_form() {
        for (name, text, read) in [
            ("_include", "*", (false, false, None, None, None)),
            ("_include", "Patient:*", (false, false, Some("Patient"), None, None)),
            (
                "_include:iterate",
                "Patient:organization",
                (false, true, Some("Patient"), Some("organization"), None),
            ),
            (
                "_include:recurse",
                "Observation:subject:Group",
                (false, true, Some("Observation"), Some("subject"), Some("Group")),
            ),
            ("_revinclude", "*", (true, false, None, None, None)),
            (
                "_revinclude:iterate",
                "Observation:*:Patient",
                (true, true, Some("Observation"), None, Some("Patient")),
            ),
            (
                "_revinclude",
                "QuestionnaireResponse:questionnaire",
                (true, false, Some("QuestionnaireResponse"), Some("questionnaire"), None),
            ),
        ] {
            let (reverse, iterates, source, parameter, target): (_, _, _, Option<&str>, _) = read;
            let read = (reverse, iterates, source, parameter.map(str::to_owned), target);
            assert_eq!(all(name, text), read, "{name}={text}");
        }
    }

    #[test]
    fn wrong_forms_are_named() {
        for (text, why) in [
            ("", "write [type]"),
            (":", "write [type]"),
            ("Patient", "write [type]"),
            ("Patient:", "write [type]"),
            (":organization", "write [type]"),
            ("*:organization", "'*' is no resource type"),
            ("Patient:organization:", "write [type]"),
            ("Patient:organization:Organization:x", "write [type]"),
            ("Nothing:organization", "'Nothing' is no resource type"),
            ("Patient:nothing", "'nothing' is no search parameter of Patient"),
            ("Patient:name", "'name' of Patient is no reference"),
            ("Patient:organization:Nothing", "'Nothing' is no resource type"),
            ("Patient:organization:Patient", "'organization' of Patient never refers to Patient"),
            ("Patient:*:Observation", "'*' of Patient never refers to Observation"),
            ("Patient:organization,Patient:link", "one value"),
        ] {
            match read(&Custom::of(None), "_include", text) {
                Err(Problem::Unusable(found)) => assert!(found.contains(why), "{text}: {found}"),
                other => panic!("{text}: {other:?}"),
            }
        }
        assert!(matches!(read(&Custom::of(None), "_include:nothing", "*"), Err(Problem::Unsupported(_))));
    }

    #[test]
    fn a_star_is_every_reference_of_the_type() {
        let patient = ResourceType::PATIENT;
        let codes = |text: &str, t: ResourceType| {
            let include = read(&Custom::of(None), "_include", text).unwrap();
            include.parameters(None, t).map(|one| one.code.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(codes("Patient:organization", patient), ["organization"]);
        for text in ["*", "Patient:*"] {
            let found = codes(text, patient);
            assert!(
                found.iter().any(|code| code == "organization")
                    && found.iter().any(|code| code == "general-practitioner"),
                "{found:?}"
            );
            assert!(!found.iter().any(|code| code == "name"), "{found:?}");
        }
        assert!(codes("Observation:*", patient).is_empty());
        assert!(codes("Observation:subject", patient).is_empty());
    }
}
