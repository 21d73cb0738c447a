//! What comes with the matches of a page: <https://hl7.org/fhir/R4/search.html#include>; and how well these fit.
//!
//! It is found in rounds. The first goes from the matches by every include, each further one from what the round before found
//! by those that iterate, until nothing is new. References are read from index values, as a search matches them; what they
//! point to and what points to them is found through the session, wherever it lives. Each resource is on the page once.

mod ask;
mod back;
mod canonical;
mod forth;
mod known;

use super::{
    Parts,
    bodies::{Found, Show},
};
use crate::{bounds::Share, session::Session};
use fhir::index::Values;
use known::Known;
use proto::{
    Code, Error,
    api::v1::{SearchEntry, SearchMode},
};
use search::{Hit, query::Include};

/// A chain of references is followed so far.
const ROUNDS_MAX: usize = 100;

/// The matches of a page, then what comes with them.
///
/// # Errors
/// `TooCostly` over `limits.search_includes_max` and over [`ROUNDS_MAX`]; those of searches and reads.
pub async fn page(
    session: Session<'_>,
    share: &Share,
    includes: &[Include],
    parts: &Parts,
    hits: &[Hit],
) -> Result<Vec<SearchEntry>, Error> {
    let matches = Show { session, share, part: &parts.matches, mode: SearchMode::Match, indexed: true };
    let mut shown = matches.hits(hits).await?;
    if let Some(relevance) = &parts.relevance {
        for found in &mut shown {
            found.entry.score = Some(relevance.score(&Values::trusted(&found.values)));
        }
    }
    let mut known = Known::of(&shown, session.options().search_limits.includes_max);
    let iterating: Vec<Include> = includes.iter().filter(|include| include.iterates).cloned().collect();
    let indexed = !iterating.is_empty();
    let show = Show { part: &parts.included, mode: SearchMode::Include, indexed, ..matches };
    let mut begin = 0;
    for round in 0.. {
        let (followed, last) = (if round == 0 { includes } else { &iterating }, &shown[begin..]);
        if followed.is_empty() || last.is_empty() {
            break;
        }
        if round == ROUNDS_MAX {
            return Err(too_deep());
        }
        let mut found = forth::targets(show, followed, last, &mut known).await?;
        found.extend(back::sources(show, followed, last, &mut known).await?);
        begin = shown.len();
        shown.append(&mut found);
    }
    Ok(shown.into_iter().map(|found: Found| found.entry).collect())
}

fn too_deep() -> Error {
    let text = format!(
        "following references over {ROUNDS_MAX} steps found more and more: leave out :iterate, or let it follow fewer references"
    );
    Error::new(Code::TooCostly, text)
}
