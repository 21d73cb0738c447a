//! The Bundle that `$match` answers: the likeliest first, each with its score and grade.

use super::{
    Match,
    score::{Grade, Score},
};
use crate::{outcome, pages, session::Session};
use bytes::Bytes;
use fhir::bundle::{SearchMode, Writer};
use proto::error::Issue;

/// Of matches in their order; without others where only certain ones are wanted, and then none where several are certain.
pub fn bundle(
    session: Session<'_>,
    mut matches: Vec<Match>,
    only_certain: bool,
    count: usize,
    is_cut: bool,
) -> Bytes {
    let mut issues = vec![];
    let of_grade = |grade: Grade| matches.iter().filter(|one| one.score.grade == grade).count();
    let (certain, probable) = (of_grade(Grade::Certain), of_grade(Grade::Probable));
    if is_cut {
        issues.push(issue(
            "information",
            "informational",
            "many patients have as much in common with this one: not all were compared, tell more of it",
        ));
    }
    if only_certain {
        matches.retain(|one| one.score.grade == Grade::Certain);
        if certain > 1 {
            issues.push(issue(
                "warning",
                "multiple-matches",
                "several patients match for certain, so none of them does: they may be duplicates",
            ));
            matches.clear();
        }
    } else if certain > 1 || certain == 0 && probable > 1 {
        issues.push(issue(
            "warning",
            "multiple-matches",
            "several patients match equally well: which is meant is for people to decide",
        ));
    }
    let total = matches.len();
    matches.truncate(count);
    let bodies = matches.iter().map(|one| one.body.len() + 320).sum();
    let mut out = Writer::new("searchset", Some(total as u64), &[], bodies);
    if !issues.is_empty() {
        out.search_entry(None, &outcome::json(&issues), SearchMode::Outcome, None);
    }
    for Match { id, body, score: Score { probability, grade, .. } } in &matches {
        let full_url = pages::below(session.base(), format!("Patient/{id}"));
        out.match_entry(&full_url, body, *probability, grade.code());
    }
    out.finish().into()
}

fn issue(severity: &'static str, code: &'static str, text: &str) -> Issue {
    Issue { severity, code, diagnostics: text.to_owned(), expression: None }
}
