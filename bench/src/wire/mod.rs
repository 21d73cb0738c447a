//! What the workers do, over each wire. One worker is one TCP connection.

pub mod grpc;
pub mod http;
pub mod rest;
pub mod stream;

use crate::observation::Draft;

/// During warm-up every so many writes of a row are searched for, right behind the answer.
const CHECK_EVERY: u64 = 8;

/// Whether this write is one of those that are searched for.
fn is_sampled(draft: &Draft) -> bool {
    draft.number.is_multiple_of(CHECK_EVERY)
}

/// The search that must find the write: by identifier over all patients, or within the patient's own record, in
/// turns, since the server answers the two from different places.
fn finding(draft: &Draft) -> Vec<(&'static str, String)> {
    let mut parameters = vec![("identifier", format!("{}|{}", crate::observation::SYSTEM, draft.identifier))];
    if (draft.number / CHECK_EVERY) % 2 == 1 {
        parameters.push(("patient", draft.patient.clone()));
    }
    parameters
}
