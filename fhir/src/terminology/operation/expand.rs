//! `$expand`: <https://hl7.org/fhir/R4/valueset-operation-expand.html>

use super::expansion::Expansion;
use super::expansion_options::Options;
use super::request::wrong;
use super::text_filter::TextFilter;
use super::{Error, Request};
use crate::conformance::Canonical;
use crate::terminology::supplements::Supplements;
use crate::terminology::{Entry, Limits, Reason, Terminology, ValueSet};

/// A ValueSet with its expansion: all codes, or from `offset` on `count` of those that pass.
///
/// `filter` takes codes each of whose words begins a word of code, display or designations; with `displayLanguage` of those in that
/// language, and of the display where there is none in it. Unless a filter or a page is
/// asked for, or `excludeNested`, codes are nested below their parents. `excludeNotForUI` leaves out abstract codes.
///
/// Errors: the value set is not known; its codes cannot be listed, because the content of a code system is not known here
/// or follows a grammar; there are more than the limit and no `count` asks for less.
pub fn expand(terminology: &Terminology, request: &Request<'_>) -> Result<Vec<u8>, Error> {
    request.refuse(&["date"])?;
    direction(request)?;
    let options = Options::read(request)?;
    let value_set = request.value_set(terminology)?;
    let supplements = terminology.supplements_needed_by(&value_set)?.and(request.supplements(terminology)?);
    let expansion = Expansion::of(&value_set, &options, terminology.limits(), &supplements)?;
    Ok(expansion.write(&value_set, &options, request.now))
}

/// Checks `contextDirection`: an element has one binding here, whichever way its codes go.
fn direction(request: &Request<'_>) -> Result<(), Error> {
    let Some(direction) = request.text("contextDirection")? else { return Ok(()) };
    if request.text("context")?.is_none() {
        return Err(Error::Missing { name: "context", problem: "contextDirection is about a context" });
    }
    match &*direction {
        "incoming" | "outgoing" => Ok(()),
        _ => Err(wrong("contextDirection", "'incoming' or 'outgoing'")),
    }
}

impl<'v> Expansion<'v> {
    pub fn of(
        value_set: &'v ValueSet,
        options: &Options,
        limits: &Limits,
        supplements: &'v Supplements,
    ) -> Result<Expansion<'v>, Error> {
        let only_part = match value_set.incomplete() {
            None => false,
            // What is known of a fragment is worth listing, and the answer says that it is not all.
            Some(Reason::Fragment(_)) => true,
            Some(reason) => {
                let reason = format!("the value set '{}' cannot be listed: {reason}", value_set.url);
                return Err(Error::UnknownContent { reason });
            }
        };
        let filter = options.filter.as_deref().map(|text| TextFilter::new(text, limits)).transpose()?;
        let left_out = |entry: Entry<'_>| {
            (options.active_only && entry.is_inactive())
                || (options.exclude_abstract && entry.is_abstract())
                || options.excluded_systems.iter().any(|system| is_of(entry, system))
        };
        let language = options.language.as_deref();
        let passes = |entry: Entry<'_>| {
            filter.as_ref().is_none_or(|filter| filter.passes(entry, language, supplements))
        };
        let offset = options.offset.unwrap_or(0);
        let count = options.count.unwrap_or(usize::MAX);
        let max = limits.expansion_codes_max;
        let mut expansion = Expansion {
            entries: Vec::new(),
            total: 0,
            only_part,
            supplements,
            versioned: versioned(value_set),
        };
        for entry in value_set.entries().filter(|entry| !left_out(*entry) && passes(*entry)) {
            if expansion.total >= offset && expansion.entries.len() < count.min(max) {
                expansion.entries.push(entry);
            }
            expansion.total += 1;
        }
        let found = expansion.total.saturating_sub(offset).min(count);
        if found > max {
            return Err(Error::TooCostly {
                what: "codes of an expansion",
                found,
                max,
                limit: "expansion_codes_max",
            });
        }
        Ok(expansion)
    }
}

/// The code systems that a value set has in several versions.
fn versioned(value_set: &ValueSet) -> Vec<&str> {
    let mut systems: Vec<_> = value_set.systems().map(|(system, _)| system).collect();
    systems.sort_unstable();
    systems.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect()
}

fn is_of(entry: Entry<'_>, system: &Canonical) -> bool {
    let version = system.version.as_deref();
    entry.system() == &*system.url && (version.is_none() || version == entry.version())
}
