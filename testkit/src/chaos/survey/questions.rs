//! What is asked once the histories are known, and what has to be found.

use super::{KINDS, Listing, Survey, Version};
use crate::chaos::{
    content::{Content, KEY, OP},
    record::{Level, Name, kind_of},
    wire::Call,
};
use std::collections::BTreeSet;

/// A search and what it has to find.
type Question = (Call, Vec<(Name, u64)>);

/// Histories of all levels, in pages of several sizes; their rows are to be filled in.
pub(super) fn listings(survey: &Survey) -> Vec<Listing> {
    let mut times: Vec<u64> = survey.histories.values().flatten().map(|version| version.updated_ms).collect();
    times.sort_unstable();
    let middle = times.get(times.len() / 2).copied().unwrap_or_default();
    let of = |level: &Level, page_size, since_ms| Listing {
        level: level.clone(),
        page_size,
        since_ms,
        rows: vec![],
    };
    let mut listings = Vec::new();
    for level in [Level::System, Level::Type(KINDS[0]), Level::Type(KINDS[1])] {
        listings.extend(
            [(1000, 0), (97, 0), (13, 0), (200, middle)].map(|(size, since)| of(&level, size, since)),
        );
    }
    // Smaller pages cost a request for every few versions: of those that were written most.
    let mut busy: Vec<_> = survey.histories.iter().collect();
    busy.sort_by_key(|(_, versions)| std::cmp::Reverse(versions.len()));
    for (name, _) in busy.into_iter().take(6) {
        listings.push(of(&Level::Instance(name.clone()), 7, 0));
    }
    listings
}

/// Searches for all, for each, for what each was before, and for what belongs to a patient.
pub(super) fn searches(survey: &Survey) -> Vec<Question> {
    let mut questions = Vec::new();
    for kind in KINDS {
        for count in ["500", "7"] {
            let all = Call::search(kind, &[("identifier", format!("{KEY}|").as_str()), ("_count", count)]);
            questions.push((all, wanted(survey, |name, _| kind_of(name) == kind)));
        }
    }
    let mut subjects = BTreeSet::new();
    for (name, versions) in &survey.histories {
        let contents: Vec<_> = versions.iter().filter_map(|version| version.content.as_ref()).collect();
        subjects.extend(contents.iter().filter_map(|content| content.subject.clone()));
        if let (Some(kind), Some(first)) =
            (KINDS.into_iter().find(|kind| *kind == kind_of(name)), contents.first())
        {
            let by_key = Call::search(kind, &[("identifier", format!("{KEY}|{}", first.key).as_str())]);
            questions.push((by_key, wanted(survey, |_, content| content.key == first.key)));
            questions.extend(of_the_past(survey, kind, versions, &contents));
        }
    }
    for patient in subjects {
        for parameter in ["subject", "patient"] {
            let of_patient = Call::search("Observation", &[(parameter, patient.as_str()), ("_count", "50")]);
            questions
                .push((of_patient, wanted(survey, |_, content| content.subject.as_ref() == Some(&patient))));
        }
    }
    questions
}

/// The names of writes whose versions are no longer the current ones: nothing bears them any more, unless a transaction gave
/// its name to another resource as well.
fn of_the_past(
    survey: &Survey,
    kind: &'static str,
    versions: &[Version],
    contents: &[&Content],
) -> Vec<Question> {
    let current = versions.last().and_then(|version| version.content.as_ref()).map(|content| &content.op);
    let old: Vec<_> = contents.iter().map(|content| &content.op).filter(|op| Some(*op) != current).collect();
    let question = |some: &[&String]| {
        let values: Vec<_> = some.iter().map(|op| format!("{OP}|{op}")).collect();
        let call = Call::search(kind, &[("identifier", values.join(",").as_str())]);
        (call, wanted(survey, |name, content| kind_of(name) == kind && some.contains(&&content.op)))
    };
    old.chunks(20).take(3).map(question).collect()
}

/// What is there now of those.
fn wanted(survey: &Survey, of: impl Fn(&str, &Content) -> bool) -> Vec<(Name, u64)> {
    let alive = survey.alive().filter(|(name, _, content)| of(name, content));
    alive.map(|(name, version, _)| (name.clone(), version.version)).collect()
}
