//! Why a command stops in the middle.

use crate::entry::Applied;
use crate::error::Error;

/// The result of a step of a command.
pub type Step<T> = Result<T, Stop>;

/// Either an outcome that every replica reaches alike, or a failure of this replica alone.
#[derive(Debug)]
pub enum Stop {
    Refused(Box<Applied>),
    Failed(Error),
}

impl Stop {
    /// The command ends with this outcome and changes nothing.
    pub fn refused(applied: Applied) -> Self {
        Stop::Refused(Box::new(applied))
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        match error {
            // Every replica reads the same bytes and rejects them alike.
            Error::Malformed(reason) => Stop::refused(Applied::Rejected { reason }),
            error => Stop::Failed(error),
        }
    }
}
