//! The parameters that choose no resource by its values, but say which types, how many, and whether to count them.

use super::compiled::Query;
use crate::kind::problem::Problem;
use crate::tally::Tell;
use fhir::definitions::ResourceType;
use std::sync::Arc;

/// https://hl7.org/fhir/R4/search.html#count
pub(super) fn count(query: &mut Query, text: &str, max: usize) -> Result<(), Problem> {
    let count: usize =
        text.parse().map_err(|_| Problem::unusable(format!("'{text}' is no number of resources")))?;
    query.count = count.min(max);
    if count == 0 {
        query.tell = Tell::All;
    }
    Ok(())
}

/// Of R5, https://hl7.org/fhir/R5/search.html#maxresults, a hint: where it is no more than a page nothing comes behind that, otherwise it
/// bounds nothing.
pub(super) fn most(query: &mut Query, text: &str) -> Result<(), Problem> {
    let most: usize =
        text.parse().map_err(|_| Problem::unusable(format!("'{text}' is no number of resources")))?;
    if most == 0 {
        return Err(Problem::unusable("it is 1 at least; _count=0 counts"));
    }
    if query.count > 0 && most <= query.count {
        (query.count, query.is_cut) = (most, true);
    }
    Ok(())
}

/// https://hl7.org/fhir/R4/search.html#total. An estimate would cost as much as the number. Without it the number is told where it is known:
/// a page is all there is, the rows of one compartment were looked at, or the first page shows that there are few.
pub(super) fn total(query: &mut Query, text: &str) -> Result<(), Problem> {
    match text {
        "none" if query.count > 0 => query.tell = Tell::Nothing,
        "none" => {}
        "estimate" | "accurate" => query.tell = Tell::All,
        _ => return Err(Problem::unusable("it takes none, estimate or accurate")),
    }
    Ok(())
}

/// https://hl7.org/fhir/R4/search.html#summary
pub(super) fn summary(query: &mut Query, text: &str) -> Result<(), Problem> {
    match text {
        "count" => {
            (query.count, query.tell) = (0, Tell::All);
            Ok(())
        }
        // Which part of a resource is shown is not the index's business.
        "false" | "true" | "text" | "data" => Ok(()),
        _ => Err(Problem::unusable("it takes true, text, data, count or false")),
    }
}

/// Ours: whether the answer tells how it came about.
pub(super) fn explain(query: &mut Query, text: &str) -> Result<(), Problem> {
    query.work = match text {
        "true" => Some(Arc::default()),
        "false" => None,
        _ => return Err(Problem::unusable("it takes true or false")),
    };
    Ok(())
}

/// https://hl7.org/fhir/R4/search.html#all
pub(super) fn types(query: &mut Query, text: &str) -> Result<(), Problem> {
    if !query.types.is_empty() {
        return Err(Problem::unusable("it is for searches over all types, and may be given once"));
    }
    for name in text.split(',') {
        let t = ResourceType::from_name(name);
        let t = t.ok_or_else(|| Problem::unusable(format!("'{name}' is no resource type of FHIR R4")))?;
        if !query.types.contains(&t) {
            query.types.push(t);
        }
    }
    Ok(())
}
