//! `$match` of Patient: <https://hl7.org/fhir/R4/patient-operation-match.html>. Which stored patients may be the one that is described.
//!
//! | file | is |
//! |---|---|
//! | `person` | what of a Patient is compared, in the form it is compared in |
//! | `similar` | how alike two names, dates or addresses are |
//! | `score` | the weights, and what they come to: a probability and a grade |
//! | `candidates` | the searches for who is compared at all, each bounded, so that the cost does not grow with the store |
//! | `answer` | the Bundle |

mod answer;
mod candidates;
mod person;
mod score;
mod similar;

use super::{
    Invocation,
    definition::{Definition, Kind, Parameter, Types},
};
use bytes::Bytes;
use candidates::Candidates;
use fhir::json::Node;
use futures::FutureExt;
use person::Person;
use proto::{Code, Error};
use score::{Grade, Score};

pub(super) const DEFINITIONS: &[Definition] = &[DEFINITION];

const DEFINITION: Definition = Definition {
    name: "match",
    url: "http://hl7.org/fhir/OperationDefinition/Patient-match",
    system: false,
    types: Types::Only(&["Patient"]),
    on_type: true,
    on_instance: false,
    affects_state: false,
    parameters: &[
        Parameter::one("resource", Kind::Complex),
        Parameter::one("onlyCertainMatches", Kind::Boolean),
        Parameter::one("count", Kind::Integer),
    ],
    unsupported: &[],
    bare: Some("resource"),
    run: |invocation| run(invocation).boxed(),
};

/// A stored patient and how likely it is the one that is described.
struct Match {
    id: String,
    body: Bytes,
    score: Score,
}

async fn run(mut invocation: Invocation) -> Result<Bytes, Error> {
    let only_certain = invocation.input.flag("onlyCertainMatches")?.unwrap_or_default();
    let count = count(&invocation)?;
    let session = invocation.caller.session();
    let given = invocation.input.take_resource("resource", &session.options().json)?;
    let given = given.ok_or_else(|| {
        Error::new(Code::BadParameter, "send the Patient to be matched, as 'resource'").as_issue("required")
    })?;
    if given.root().get("resourceType").and_then(Node::as_str).as_deref() != Some("Patient") {
        return Err(Error::new(Code::BadRequest, "the resource to be matched is a Patient"));
    }
    let wanted = Person::read(given.root());
    let found = Candidates::find(session, &wanted).await?;
    let mut matches = vec![];
    for (id, body) in found.patients {
        let document = crate::interaction::part::document(body.clone())?;
        let score = score::of(&wanted, &Person::read(document.root()));
        // Who has the identifier and contradicts all the same is worth knowing of.
        if score.grade != Grade::CertainlyNot || score.has_identifier {
            matches.push(Match { id, body, score });
        }
    }
    // Equal ones in a fixed order.
    matches.sort_by(|one, other| {
        let likely = other.score.probability.total_cmp(&one.score.probability);
        likely.then_with(|| one.id.cmp(&other.id))
    });
    Ok(answer::bundle(session, matches, only_certain, count, found.is_cut))
}

fn count(invocation: &Invocation) -> Result<usize, Error> {
    let limits = &invocation.caller.session().options().search_limits;
    let Some(text) = invocation.input.text("count") else { return Ok(limits.count_default) };
    let count = text.parse::<usize>().ok().filter(|count| *count > 0);
    count.map(|count| count.min(limits.count_max)).ok_or_else(|| {
        let text: String = text.chars().take(100).collect();
        Error::new(Code::BadParameter, format!("count is '{text}'; it takes a number from 1"))
            .as_issue("value")
    })
}
