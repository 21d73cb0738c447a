//! What is sent to other nodes, counted by stream.

use super::Load;
use metrics::{Counter, counter, describe_counter};
use proto::internal::v1::Frame;

/// Of all streams; those that are not there yet show zeros.
pub struct Meters {
    raft: Sent,
    bulk: Sent,
    requests: Sent,
    answers: Sent,
}

/// Of one kind of stream.
#[derive(Clone)]
pub struct Sent {
    frames: Counter,
    bytes: Counter,
}

impl Default for Meters {
    fn default() -> Meters {
        describe_counter!(
            "salamander_peers_frames_total",
            "Questions and answers sent to other nodes, by stream; many go in one message"
        );
        describe_counter!(
            "salamander_peers_bytes_total",
            "What questions and answers to other nodes carry, by stream"
        );
        let sent = |stream: &'static str| Sent {
            frames: counter!("salamander_peers_frames_total", "stream" => stream),
            bytes: counter!("salamander_peers_bytes_total", "stream" => stream),
        };
        let (raft, bulk, requests, answers) = (sent("raft"), sent("bulk"), sent("requests"), sent("answers"));
        Meters { raft, bulk, requests, answers }
    }
}

impl Meters {
    /// Questions of a stream.
    pub fn questions(&self, load: Load) -> Sent {
        match load {
            Load::Raft => self.raft.clone(),
            Load::Bulk => self.bulk.clone(),
            Load::Requests => self.requests.clone(),
        }
    }

    /// Answers to others.
    pub fn answers(&self) -> Sent {
        self.answers.clone()
    }
}

impl Sent {
    /// These go out.
    pub fn count(&self, frames: &[Frame]) {
        self.frames.increment(frames.len() as u64);
        self.bytes.increment(frames.iter().map(|frame| frame.body.len() as u64).sum());
    }
}
