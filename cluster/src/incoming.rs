//! Who answers other nodes: the group that is meant, or the application above.

use crate::council::{self, Council};
use crate::observer::Observer;
use crate::raft::Handle;
use crate::transport::{Answer, Kind, Message, Pieces, Receiver};
use crate::vacating;
use bytes::Bytes;
use prost::Message as _;
use proto::log::v1::MetaCommand;
use std::io;
use std::sync::Arc;

/// All that this node can be asked.
pub(crate) struct Incoming {
    pub node_id: u64,
    /// By number.
    pub groups: Vec<Handle>,
    pub council: Council,
    pub observer: Arc<dyn Observer>,
}

impl Incoming {
    fn group(&self, message: &Message) -> io::Result<Handle> {
        let own = self.council.meta_store.addresses().cluster();
        if own != message.cluster || own == 0 || message.to != self.node_id {
            return Err(io::Error::new(io::ErrorKind::NotConnected, "a message for another node"));
        }
        let number = message.group;
        let group = self.groups.get(number as usize).cloned();
        group.ok_or_else(|| {
            io::Error::new(io::ErrorKind::NotFound, format!("there is no group {number} here"))
        })
    }
}

impl Receiver for Incoming {
    fn call(&self, message: Message) -> Answer {
        const PROPOSE: u32 = Kind::Propose as u32;
        const REQUEST: u32 = Kind::Request as u32;
        const WILLING: u32 = Kind::Willing as u32;
        const OUTSIDE: u32 = Kind::Outside as u32;
        const POSITION: u32 = Kind::Position as u32;
        let group = self.group(&message);
        match message.kind {
            REQUEST => match group {
                Ok(_) => self.observer.asked(message.body),
                Err(error) => Box::pin(async move { Err(error) }),
            },
            PROPOSE => {
                let admission = self.council.admission.clone();
                Box::pin(async move {
                    let command = MetaCommand::decode(message.body).map_err(io::Error::other)?;
                    council::propose(&group?, &admission, command).await.map(|()| Bytes::new())
                })
            }
            WILLING => {
                let council = self.council.clone();
                Box::pin(async move {
                    match council.would_lead(&group?) {
                        true => Ok(Bytes::new()),
                        false => Err(io::Error::other("this node would rather not lead now")),
                    }
                })
            }
            OUTSIDE => {
                let council = self.council.clone();
                Box::pin(async move {
                    match vacating::is_outside(&council, &group?, &message.body).await {
                        true => Ok(Bytes::new()),
                        false => Err(io::Error::other("not so, or not known here")),
                    }
                })
            }
            POSITION => Box::pin(async move {
                let position = group?.position().await.map_err(io::Error::other)?;
                Ok(Bytes::copy_from_slice(&position.to_be_bytes()))
            }),
            kind => Box::pin(async move { group?.answer(kind, message.body).await }),
        }
    }

    fn receive(&self, head: Message, pieces: Pieces) -> Answer {
        let group = self.group(&head);
        Box::pin(async move { group?.receive(head.body, pieces).await })
    }
}
