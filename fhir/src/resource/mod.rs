//! A resource as the server stores it: the bytes the client sent, with identity and `meta` spliced in.
//!
//! Nothing else of a resource is ever rewritten: whitespace, order of members and digits of decimals stay.

mod envelope;
mod instant;
mod stored;
mod unchanged;

pub use envelope::{Envelope, Error, is_id, last_updated_of, version_id_of};
pub use instant::{instant, parse_instant};
pub use stored::stored;
pub use unchanged::unchanged;

pub(crate) use instant::{INSTANT_LEN, instant_bytes};
