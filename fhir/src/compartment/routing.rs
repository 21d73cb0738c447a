//! Which parameters name members of a compartment, and which name nobody but its owner.

use crate::definitions::{
    ParamKind, ResourceType, SearchParameter, membership_params, search_parameter, search_parameters,
};
use crate::fhirpath_syntax::path::{Path, Root, Step};
use std::sync::OnceLock;

const TYPE_COUNT: usize = 1024;
static PARAMS: [OnceLock<Params>; TYPE_COUNT] = [const { OnceLock::new() }; TYPE_COUNT];

struct Params {
    membership: Vec<&'static str>,
    routing: Vec<&'static str>,
}

/// The parameters by which a resource of type `t` is in a patient's compartment (`Patient/x/Observation`), in the order
/// that decides which patient's it lives in. Empty for types that never are.
pub fn patient_params(t: ResourceType) -> &'static [&'static str] {
    &params(t).membership
}

/// The parameters `p` for which "every resource of type `t` with `p=Patient/x` lives in x's compartment" holds.
///
/// They are the reference parameters of `t` that select the very element the first of [`patient_params`] selects,
/// provided that this element cannot stand twice in a resource. No parameter comes before the first one, and one
/// element names one patient; so whoever `p` names is the compartment. `Observation.subject` makes it `subject` and
/// `patient`; an `Appointment` has several actors, so nothing routes and its searches ask every partition.
pub fn routing_params(t: ResourceType) -> &'static [&'static str] {
    &params(t).routing
}

fn params(t: ResourceType) -> &'static Params {
    PARAMS[usize::from(t.code())].get_or_init(|| {
        let mut membership: Vec<_> = membership_params("Patient", t).collect();
        membership.sort_by_key(|code| rank(t, code)); // stable: else the definition's order
        if t == ResourceType::PATIENT {
            return Params { membership, routing: Vec::new() };
        }
        let routing = routing(t, &membership);
        Params { membership, routing }
    })
}

/// `subject` and `patient` first, then what is the same element under another code.
fn rank(t: ResourceType, code: &str) -> usize {
    let path_of = |code: &str| search_parameter(t, code).and_then(element_path);
    match code {
        "subject" => 0,
        "patient" => 1,
        _ if path_of(code)
            .is_some_and(|path| [path_of("subject"), path_of("patient")].contains(&Some(path))) =>
        {
            2
        }
        _ => 3,
    }
}

fn routing(t: ResourceType, membership: &[&'static str]) -> Vec<&'static str> {
    let first = membership.first().and_then(|code| search_parameter(t, code));
    let Some(path) = first.filter(|first| !first.multiple).and_then(element_path) else { return Vec::new() };
    let same = |parameter: &&SearchParameter| {
        parameter.kind == ParamKind::Reference
            && !parameter.multiple
            && element_path(parameter).as_ref() == Some(&path)
    };
    search_parameters(t).filter(same).map(|parameter| &*parameter.code).collect()
}

/// The names down to the element a parameter selects, filters left out; `None` if it selects several elements.
fn element_path(parameter: &SearchParameter) -> Option<Vec<&str>> {
    let [alternative] = parameter.alternatives.as_slice() else { return None };
    let Some(Path { root: Root::Type(_), steps }) = &alternative.path else { return None };
    let names = steps.iter().filter_map(|step| match step {
        Step::Child(name) => Some(&**name),
        _ => None,
    });
    Some(names.collect())
}
