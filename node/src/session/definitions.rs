//! Definitions that are stored in partitions of other nodes: what was acknowledged there is known here before a question about it
//! is answered.

use super::Session;
use crate::{
    conformance::{Definition, Known},
    partition::{Partition, ask_all, led_by_others, unreadable, version_from, version_to},
};
use bytes::Bytes;
use futures::future::try_join_all;
use prost::Message;
use proto::{Code, Error, PartitionId, TenantId, internal::v1 as wire};
use std::{collections::BTreeMap, time::Duration};

/// How another node asks.
pub const DEFINITIONS: &str = "definitions";

/// A partition may have many.
const LONG: Duration = Duration::from_secs(20);
/// So many bytes, and one partition more, go into an answer.
const ANSWER_BYTES: usize = 16 << 20;
/// How often who leads is looked for.
const TRIES: usize = 8;

impl Session<'_> {
    /// Has the definitions of these partitions be known here, of which those without a replica here are told by their leaders.
    ///
    /// # Errors
    /// `Unavailable` while one has no leader.
    pub(super) async fn learn_definitions(self, partitions: &[Partition<'_>]) -> Result<(), Error> {
        let far = partitions.iter().filter(|partition| partition.replica().is_none());
        let far: Vec<PartitionId> = far.map(Partition::id).collect();
        let stored = self.engine.conformance.stored();
        let mut left = far.clone();
        for _ in 0..TRIES {
            let mut elsewhere: BTreeMap<u64, Vec<PartitionId>> = BTreeMap::new();
            for partition in &left {
                let node = self.engine.cluster.leader_elsewhere(*partition);
                let node = node.ok_or_else(|| Error::new(Code::Unavailable, "no other node is known yet"))?;
                elsewhere.entry(node).or_default().push(*partition);
            }
            let asked = elsewhere.into_iter().map(|(node, asked)| self.definitions_of(node, asked));
            left = try_join_all(asked).await?.concat();
            if left.is_empty() {
                stored.rest_on_others(&far);
                return Ok(());
            }
        }
        Err(Error::new(Code::Unavailable, "who has some of the definitions is not known; ask again"))
    }

    /// Takes on what that node tells; those of the partitions that it does not lead.
    async fn definitions_of(
        self,
        node: u64,
        partitions: Vec<PartitionId>,
    ) -> Result<Vec<PartitionId>, Error> {
        let stored = self.engine.conformance.stored();
        loop {
            let known = partitions.iter().map(|partition| {
                let Known { life, changes } = stored.known(*partition);
                wire::KnownDefinitions { partition: u32::from(partition.0), life, changes }
            });
            let request = wire::DefinitionsRequest { known: known.collect() };
            let asked = (DEFINITIONS, &request);
            let answer: wire::DefinitionsAnswer =
                ask_all(&self.engine.cluster, self.tenant(), (node, &partitions), asked, LONG).await?;
            if !answer.led_by_others.is_empty() {
                led_by_others(&self.engine.cluster, node, &answer.led_by_others);
                return Ok(partitions);
            }
            if answer.changed.is_empty() {
                return Ok(vec![]);
            }
            for told in answer.changed {
                let known = told.known.unwrap_or_default();
                let definitions =
                    told.definitions.into_iter().map(definition_from).collect::<Result<_, _>>()?;
                let partition = PartitionId(known.partition as u16);
                let known = Known { life: known.life, changes: known.changes };
                stored.take_far(partition, known, definitions);
            }
        }
    }

    /// Tells another node what it does not know yet of partitions that this one leads.
    ///
    /// # Errors
    /// `Unavailable` where a definition changes just now; storage's.
    pub async fn tell_definitions(self, message: Bytes) -> Result<Bytes, Error> {
        let request = wire::DefinitionsRequest::decode(message).map_err(|error| unreadable(&error))?;
        let (stored, life) = (self.engine.conformance.stored(), self.engine.tokens.life());
        let mut answer = wire::DefinitionsAnswer::default();
        for known in request.known {
            let Ok(partition) = self.engine.led_here(PartitionId(known.partition as u16)) else {
                answer.led_by_others.push(known.partition);
                continue;
            };
            partition.barrier().await?;
            let is_known = known.life == life && known.changes == stored.changes(partition.id());
            if is_known || !answer.led_by_others.is_empty() || answer.encoded_len() > ANSWER_BYTES {
                continue;
            }
            let all = stored.all_of(partition.id()).map_err(crate::error::storage)?;
            let changing = || Error::new(Code::Unavailable, "a definition changes just now; ask again");
            let (changes, all) = all.ok_or_else(changing)?;
            let known = Some(wire::KnownDefinitions { partition: known.partition, life, changes });
            let definitions: Vec<_> = all.into_iter().map(definition_to).collect();
            answer.changed.push(wire::Definitions { known, definitions });
        }
        self.context.share.take(2 * answer.encoded_len())?;
        Ok(answer.encode_to_vec().into())
    }
}

fn definition_to(definition: Definition) -> wire::Definition {
    let Definition { tenant, row, index_values } = definition;
    wire::Definition { tenant: tenant.0, row: Some(version_to(row)), index_values }
}

fn definition_from(definition: wire::Definition) -> Result<Definition, Error> {
    let row = version_from(&definition.row.unwrap_or_default())?;
    Ok(Definition { tenant: TenantId(definition.tenant), row, index_values: definition.index_values })
}
