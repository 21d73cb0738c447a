//! How much the answers of one bundle may hold: a small bundle can ask for the same large page ten thousand times.

use crate::bounds::Share;
use fhir::bundle::{Method, ResponseEntry};
use proto::{Code, Error};
use std::sync::{
    OnceLock,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

/// The bytes that are left for the resources in a bundle's answer, shared by the entries that are worked on.
pub struct Room {
    taken: AtomicUsize,
    max: usize,
    share: Share,
    /// Why the memory for requests has no room for more, if so.
    refused: OnceLock<Error>,
}

impl Room {
    /// Of `max` bytes, as far as the share of the request can hold them.
    pub fn new(max: usize, share: Share) -> Self {
        Room { taken: AtomicUsize::new(0), max, share, refused: OnceLock::new() }
    }

    /// To be asked before an entry is carried out. What writes always is: its answer is small.
    ///
    /// # Errors
    /// `TooCostly` for what reads, once the answers so far have filled the room. Those under way may still go beyond it.
    pub fn admit(&self, method: Method, is_operation: bool) -> Result<(), Error> {
        let reads = matches!(method, Method::Get | Method::Head) || is_operation;
        if let Some(refused) = self.refused.get().filter(|_| reads) {
            return Err(refused.clone());
        }
        if !reads || self.taken.load(Relaxed) < self.max {
            return Ok(());
        }
        let text = format!(
            "the answers to the entries before hold {} bytes already (limits.bundle_answer_bytes_max); ask for the rest in another bundle",
            self.max
        );
        Err(Error::new(Code::TooCostly, text))
    }

    /// Counts an answer.
    pub fn take(&self, answer: &ResponseEntry) {
        let bytes = answer.resource.as_ref().map_or(0, bytes::Bytes::len);
        self.taken.fetch_add(bytes, Relaxed);
        // Once by itself, and once in the bundle that is written of all.
        if let Err(refused) = self.share.take(2 * bytes) {
            let _ = self.refused.set(refused);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bounds::Bounds;

    fn answer(bytes: usize) -> ResponseEntry {
        ResponseEntry { resource: Some(vec![b' '; bytes].into()), ..Default::default() }
    }

    #[test]
    fn reads_are_refused_once_it_is_full() {
        let room = Room::new(10, Share::default());
        room.take(&answer(9));
        assert!(room.admit(Method::Get, false).is_ok());
        room.take(&answer(1));
        assert_eq!(room.admit(Method::Get, false).unwrap_err().code, Code::TooCostly);
        assert!(room.admit(Method::Post, true).is_err());
        assert!(room.admit(Method::Post, false).is_ok() && room.admit(Method::Delete, false).is_ok());
    }

    #[test]
    fn reads_are_refused_once_the_memory_for_requests_is_full() {
        let bounds = Bounds::new(1, 100);
        let room = Room::new(1000, bounds.share());
        room.take(&answer(50));
        assert!(room.admit(Method::Get, false).is_ok());
        room.take(&answer(1));
        let refused = room.admit(Method::Get, false).unwrap_err();
        assert!(refused.diagnostics().contains("limits.requests_bytes_max"), "{refused}");
        assert!(room.admit(Method::Delete, false).is_ok());
        drop(room);
        assert_eq!(bounds.held().bytes, 0);
    }
}
