//! What one validation is asked for.

use super::Options;
use crate::fhirpath::value::Temporal;

/// What [`Validator::validate_as`](super::Validator::validate_as) is given besides the resource. All of it may be left out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Request<'r> {
    /// Canonical URLs of profiles, with or without `|version`, besides those of `meta.profile`.
    pub profiles: &'r [&'r str],
    /// What `now()`, `today()` and `timeOfDay()` are in invariants: [`Temporal::of_unix_ms`] makes it of a clock. Without it
    /// [`Options::now`] counts, and without that an invariant that asks for the time is not evaluated, which a warning says.
    pub now: Option<Temporal>,
    /// In place of the validator's own.
    pub options: Option<&'r Options>,
}
