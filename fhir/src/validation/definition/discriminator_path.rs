//! The paths that discriminators are written in.

use crate::definitions::{NameId, names};

/// Steps of one path.
const STEPS_MAX: usize = 32;

/// The FHIRPath subset of discriminators (<https://hl7.org/fhir/R4/profiling.html#discriminator>), as steps from the item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::validation) struct Path(pub Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::validation) enum Step {
    /// An element by its name without `[x]`.
    Child(NameId, Box<str>),
    /// Extensions of that URL.
    Extension(Box<str>),
    /// The target of a reference.
    Resolve,
    OfType(Box<str>),
}

impl Path {
    /// Errors: what is not of the subset.
    pub fn parse(text: &str) -> Result<Path, String> {
        let mut steps = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let end = end_of_step(rest);
            let (step, after) = rest.split_at(end);
            rest = after.strip_prefix('.').unwrap_or(after);
            if step != "$this" {
                steps.push(
                    Step::parse(step).ok_or_else(|| format!("'{text}' is no path of a discriminator"))?,
                );
            }
            if steps.len() > STEPS_MAX {
                return Err(format!("the path of a discriminator has more than {STEPS_MAX} steps"));
            }
        }
        Ok(Path(steps))
    }
}

/// Where the first step ends: at a dot outside of parentheses.
fn end_of_step(text: &str) -> usize {
    let mut depth = 0usize;
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            '.' if depth == 0 => return at,
            _ => {}
        }
    }
    text.len()
}

impl Step {
    fn parse(text: &str) -> Option<Step> {
        let Some((function, rest)) = text.split_once('(') else {
            let name = text.trim_end_matches("[x]");
            let fits = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
            return fits.then(|| Step::Child(names::lookup(name.as_bytes()), name.into()));
        };
        let argument = rest.strip_suffix(')')?.trim();
        match function {
            "extension" => Some(Step::Extension(argument.trim_matches(['\'', '"']).into())),
            "resolve" if argument.is_empty() => Some(Step::Resolve),
            "ofType" | "as" => Some(Step::OfType(argument.into())),
            _ => None,
        }
    }
}
