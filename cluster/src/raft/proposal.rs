//! What a log entry carries: bytes.

use super::record;
use bytes::Bytes;
use prost::Message;
use proto::log::v1 as log;
use std::fmt;
use std::io;

/// A command as the log keeps it: encoded once, by who proposes it, and decoded by whoever applies it.
pub(crate) struct Proposal {
    /// The whole record of the entry; its term is right from the append on.
    record: Bytes,
    /// The command, where this node encoded it itself: spares the leader's apply the decoding. An optional cache.
    command: Option<Command>,
}

/// What a record says.
pub(super) enum Command {
    Partition(Box<log::Command>),
    Meta(Box<log::MetaCommand>),
}

impl Proposal {
    /// For a partition's group.
    pub(crate) fn partition(command: log::Command) -> Self {
        let record = record::encode_command(record::COMMAND, &command);
        Proposal { record, command: Some(Command::Partition(Box::new(command))) }
    }

    /// For the meta group.
    pub(crate) fn meta(command: log::MetaCommand) -> Self {
        let record = record::encode_command(record::META, &command);
        Proposal { record, command: Some(Command::Meta(Box::new(command))) }
    }

    /// As the log has it.
    pub(super) fn stored(record: Bytes) -> Self {
        Proposal { record, command: None }
    }

    /// The record of the entry in a term. Copies nothing: a proposer's bytes are nobody else's yet, and those of another
    /// node's entry have their term.
    pub(super) fn record_in(&mut self, term: u64) -> Bytes {
        record::set_term(&mut self.record, term);
        self.record.clone()
    }

    /// Whether the command is here beside its bytes.
    pub(super) fn is_decoded(&self) -> bool {
        self.command.is_some()
    }

    /// The command. Bodies in one that is decoded now are slices of the record.
    pub(super) fn into_command(self) -> io::Result<Command> {
        let Some(command) = self.command else {
            let (kind, message) = record::command(self.record)?;
            return Ok(match kind {
                record::COMMAND => {
                    Command::Partition(Box::new(Message::decode(message).map_err(record::bad)?))
                }
                _ => Command::Meta(Box::new(Message::decode(message).map_err(record::bad)?)),
            });
        };
        Ok(command)
    }
}

// The library prints proposals in its own logs: never their content, which is patient data.
impl fmt::Debug for Proposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "command of {} bytes", self.record.len())
    }
}

impl fmt::Display for Proposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
