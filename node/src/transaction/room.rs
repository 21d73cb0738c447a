//! How much the answers of one bundle may hold: a small bundle can ask for the same large page ten thousand times.

use fhir::bundle::{Method, ResponseEntry};
use proto::{Code, Error};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// The bytes that are left for the resources in a bundle's answer, shared by the entries that are worked on.
pub struct Room {
    taken: AtomicUsize,
    max: usize,
}

impl Room {
    /// Of `max` bytes.
    pub fn new(max: usize) -> Self {
        Room { taken: AtomicUsize::new(0), max }
    }

    /// To be asked before an entry is carried out. What writes always is: its answer is small.
    ///
    /// # Errors
    /// `TooCostly` for what reads, once the answers so far have filled the room. Those under way may still go beyond it.
    pub fn admit(&self, method: Method, is_operation: bool) -> Result<(), Error> {
        let reads = matches!(method, Method::Get | Method::Head) || is_operation;
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
        self.taken.fetch_add(answer.resource.as_ref().map_or(0, bytes::Bytes::len), Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_are_refused_once_it_is_full() {
        let room = Room::new(10);
        let answer =
            |bytes: usize| ResponseEntry { resource: Some(vec![b' '; bytes].into()), ..Default::default() };
        room.take(&answer(9));
        assert!(room.admit(Method::Get, false).is_ok());
        room.take(&answer(1));
        assert_eq!(room.admit(Method::Get, false).unwrap_err().code, Code::TooCostly);
        assert!(room.admit(Method::Post, true).is_err());
        assert!(room.admit(Method::Post, false).is_ok() && room.admit(Method::Delete, false).is_ok());
    }
}
