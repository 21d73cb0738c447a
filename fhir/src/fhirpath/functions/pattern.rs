//! Functions of regular expressions. Matching takes time linear in the text, whatever the pattern.

use super::strings::{argument, subject};
use super::{Function, Run, function};
use crate::fhirpath::Error;
use crate::fhirpath::eval::{Answer, Scope};
use crate::fhirpath::op::{Call, Pattern};
use crate::fhirpath::value::Value;
use regex::{Regex, RegexBuilder};

pub(super) const FUNCTIONS: &[Function] = &[
    function("matches", (1, 1), Run::Truth(matches)),
    function("matchesFull", (1, 1), Run::Truth(matches)),
    function("replaceMatches", (2, 2), Run::Value(replace_matches)),
];

/// Bytes a compiled pattern may take.
const COMPILED_BYTES_MAX: usize = 1 << 20;

/// The pattern of the function of that name. A dot matches line ends, too, as FHIRPath's single-line mode asks;
/// `matchesFull` is anchored at both ends.
pub(in crate::fhirpath) fn compile(function: &str, pattern: &str, at: u32) -> Result<Regex, Error> {
    let build = |text: &str| {
        RegexBuilder::new(text)
            .dot_matches_new_line(true)
            .size_limit(COMPILED_BYTES_MAX)
            .dfa_size_limit(COMPILED_BYTES_MAX)
            .build()
    };
    let regex = match function {
        // It must be whole by itself: `a)|(b` must not become an expression between the anchors.
        "matchesFull" => build(pattern).and_then(|_| build(&format!("^(?:{pattern})$"))),
        _ => build(pattern),
    };
    regex.map_err(|_| Error::Pattern { at, pattern: pattern.chars().take(100).collect() })
}

/// Does `work` with the function's pattern; `None` if that is empty.
fn with_pattern<T>(call: &Call, scope: &Scope<'_, '_>, work: impl FnOnce(&Regex) -> T) -> Answer<Option<T>> {
    if let Pattern::Ready(regex) = &call.pattern {
        return Ok(Some(work(regex)));
    }
    let Some(pattern) = argument(call, scope, 0)? else { return Ok(None) };
    scope.env.pay(1000 + pattern.len() as u64)?;
    Ok(Some(work(&compile(call.function.name, &pattern, call.at)?)))
}

fn matches(call: &Call, scope: &Scope<'_, '_>) -> Answer<Option<bool>> {
    let Some(text) = subject(call, scope)? else { return Ok(None) };
    scope.env.pay(text.len() as u64)?;
    with_pattern(call, scope, |regex| regex.is_match(&text))
}

/// An empty pattern replaces nothing.
fn replace_matches<'d>(call: &Call, scope: &Scope<'_, 'd>) -> Answer<Option<Value<'d>>> {
    let Some(text) = subject(call, scope)? else { return Ok(None) };
    let Some(with) = argument(call, scope, 1)? else { return Ok(None) };
    let max = scope.env.input.limits.text_bytes_max;
    scope.env.pay(text.len() as u64)?;
    let replaced = with_pattern(call, scope, |regex| match regex.as_str().is_empty() {
        true => Some(text.to_string()),
        false => replace_within(regex, &text, &with, max),
    })?;
    match replaced {
        None => Ok(None),
        Some(None) => Err(Error::TextTooLong { at: call.at, max }.into()),
        Some(Some(replaced)) => scope.env.text(replaced, call.at).map(Some),
    }
}

/// All matches replaced, groups as `$1` and `${name}`; `None` if the result is longer than `max`.
fn replace_within(regex: &Regex, text: &str, with: &str, max: usize) -> Option<String> {
    let mut replaced = String::new();
    let mut end = 0;
    for found in regex.captures_iter(text) {
        let whole = found.get(0)?;
        replaced.push_str(&text[end..whole.start()]);
        found.expand(with, &mut replaced);
        end = whole.end();
        if replaced.len() > max {
            return None;
        }
    }
    replaced.push_str(&text[end..]);
    Some(replaced)
}
