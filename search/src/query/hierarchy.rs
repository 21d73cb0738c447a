//! `:above` and `:below` of references to what is part of others of its type, such as locations and organisations:
//! <https://hl7.org/fhir/R4/search.html#recursive>. Whoever carries out a search goes through the hierarchy first, and says what is in it.

use super::custom::Custom;
use crate::kind::problem::Problem;
use crate::kind::text::{split, unescape};
use fhir::definitions::{ParamId, ParamKind, ResourceType, SearchParameter, search_parameter};
use fhir::index::{Bases, ReferenceText, parse_reference};
use proto::Error;
use proto::id::ResourceId;

/// How R4 calls the parameter by which a resource says what it is part of. No two are of one type.
const PARENTS: &[&str] = &["partof", "part-of", "parent"];

/// Which way a hierarchy is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// To what it is part of.
    Above,
    /// To its parts.
    Below,
}

impl Way {
    fn of(modifier: &str) -> Option<Way> {
        match modifier {
            "above" => Some(Way::Above),
            "below" => Some(Way::Below),
            _ => None,
        }
    }
}

/// Whether a parameter with that modifier asks for a hierarchy of resources.
pub(super) fn is_asked(parameter: &SearchParameter, modifier: Option<&str>) -> bool {
    parameter.kind == ParamKind::Reference && modifier.and_then(Way::of).is_some()
}

/// The parameter by which resources of a type say which others of the type they are part of.
pub(super) fn parent(t: ResourceType) -> Option<&'static SearchParameter> {
    let mut all = PARENTS.iter().filter_map(|code| search_parameter(t, code));
    all.find(|parameter| parameter.kind == ParamKind::Reference && parameter.targets.contains(&t))
}

/// A hierarchy that a parameter asks for.
pub(super) struct Asked {
    /// Which refers to something in it.
    pub parameter: ParamId,
    /// Where that is.
    pub way: Way,
    /// The types of which it may be, each with the parameter that says what one is part of.
    pub types: Vec<(ResourceType, String)>,
}

/// What a parameter of that name, modifier included, asks for; `None` where that is no hierarchy.
///
/// # Errors
/// What the parameter refers to is part of nothing.
pub(super) fn asked(
    custom: &Custom<'_>,
    types: &[ResourceType],
    name: &str,
) -> Result<Option<Asked>, Problem> {
    let Some((code, way)) = name.split_once(':').and_then(|(code, word)| Some((code, Way::of(word)?))) else {
        return Ok(None);
    };
    let found = types.iter().find_map(|t| custom.known(*t, code));
    let Some(parameter) = found.filter(|found| found.kind == ParamKind::Reference) else {
        return Ok(None);
    };
    let part = |t: &ResourceType| Some((*t, parent(*t)?.code.clone().into_owned()));
    let types: Vec<_> = parameter.targets.iter().filter_map(part).collect();
    if types.is_empty() {
        let why = format!("nothing that '{code}' refers to is part of others of its type");
        return Err(Problem::unsupported(why));
    }
    Ok(Some(Asked { parameter: parameter.id, way, types }))
}

/// The resources of a type that the values of such a parameter name; those of other types are left out.
///
/// # Errors
/// `BadParameter` for a value that names no resource of this server, with the name of the parameter.
pub fn named(
    name: &str,
    text: &str,
    t: ResourceType,
    bases: Bases<'_>,
    came_by: Option<&str>,
) -> Result<Vec<ResourceId>, Error> {
    let ids = split(text, b',').into_iter().map(|part| one(&unescape(part), t, bases, came_by));
    let ids: Result<Vec<_>, Problem> = ids.filter_map(Result::transpose).collect();
    ids.map_err(|problem| problem.refused(name))
}

/// `None` where it is of another type.
fn one(
    text: &str,
    t: ResourceType,
    bases: Bases<'_>,
    came_by: Option<&str>,
) -> Result<Option<ResourceId>, Problem> {
    let own = parse_reference(text, bases);
    let named = match own {
        ReferenceText::Local { .. } => own,
        _ => parse_reference(text, Bases::of(came_by)),
    };
    let id = match named {
        ReferenceText::Local { resource_type, .. } if resource_type != t => return Ok(None),
        ReferenceText::Local { id, .. } => id,
        _ if !text.contains(['/', ':']) => text,
        _ => {
            let why = format!("'{text}' is no resource of this server: write [type]/[id] or [id]");
            return Err(Problem::unusable(why));
        }
    };
    ResourceId::parse(id).map(Some).map_err(|error| Problem::unusable(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_part_of_others_of_its_type() {
        let with_parents: Vec<String> = ResourceType::all()
            .filter_map(|t| parent(t).map(|parameter| format!("{t}.{}", parameter.code)))
            .collect();
        for known in [
            "Location.partof",
            "Organization.partof",
            "Encounter.part-of",
            "Procedure.part-of",
            "Specimen.parent",
        ] {
            assert!(with_parents.iter().any(|one| one == known), "{known}: {with_parents:?}");
        }
        assert!(parent(ResourceType::PATIENT).is_none());
    }

    #[test]
    fn values_name_resources_of_this_server() {
        let location = ResourceType::from_name("Location").unwrap();
        let bases = Bases::of(Some("http://here/fhir"));
        let ids = |text| {
            let ids = named("x", text, location, bases, Some("http://there/fhir"))?;
            Ok::<_, Error>(ids.iter().map(|id| id.as_str().to_owned()).collect::<Vec<_>>().join(" "))
        };
        let text = "a,Location/b,http://here/fhir/Location/c,http://there/fhir/Location/d,Organization/e";
        assert_eq!(ids(text).unwrap(), "a b c d");
        for wrong in ["", "http://elsewhere/Location/a", "Location/", "é"] {
            assert!(ids(wrong).is_err(), "{wrong}");
        }
    }
}
