//! Everything a bundle or a single interaction writes in one partition, all or nothing.

use super::decode::{self, Mutation};
use super::stop::{Step, Stop};
use super::{Stage, evict, fence, locate, put, release};
use crate::entry::Applied;
use crate::table::{self, Table};
use crate::version::Answered;
use proto::id::TenantId;
use proto::log::v1 as log;

/// Answers a repeated request from the dedup row, or applies all.
pub fn write(stage: &mut Stage<'_>, write: &log::Write) -> Step<Applied> {
    if let Some(dedup) = &write.dedup {
        answer_again(stage, dedup)?;
    }
    for message in &write.releases {
        decode::release(message)?;
        release::fence(stage, message)?;
        release::release(stage, message)?;
    }
    mutations(stage, &write.mutations)?;
    if let Some(message) = &write.dedup {
        let expires_ms = stage.lasting(message.expires_ms);
        let row =
            Answered { expires_ms, fingerprint: message.fingerprint, response: message.response.clone() };
        let key = table::Dedup::key(stage.tenant(), &message.key);
        stage.put_expiring(key, table::Dedup::encode(&row), expires_ms);
    }
    Ok(Applied::Done)
}

fn answer_again(stage: &Stage<'_>, message: &log::Dedup) -> Step<()> {
    decode::name("dedup key", &message.key)?;
    if let Some(value) = stage.get(&table::Dedup::key(stage.tenant(), &message.key))? {
        let row = table::Dedup::decode(&value)?;
        if row.expires_ms > stage.time_ms() {
            let repeated = row.is_of(message.fingerprint);
            return Err(Stop::refused(match repeated {
                true => Applied::Duplicate { response: row.response },
                false => Applied::KeyTaken,
            }));
        }
    }
    Ok(())
}

/// Applies mutations in order; each sees the ones before it.
pub fn mutations(stage: &mut Stage<'_>, messages: &[log::Mutation]) -> Step<()> {
    for message in messages {
        match decode::mutation(message)? {
            Mutation::Put(mutation) => put::put(stage, &mutation)?,
            Mutation::Evict(mutation) => evict::evict(stage, &mutation)?,
            Mutation::Locate(mutation) => locate::locate(stage, &mutation)?,
        }
    }
    Ok(())
}

/// The rows mutations need to themselves, those that only fence them included.
pub fn rows(tenant: TenantId, messages: &[log::Mutation]) -> crate::Result<Vec<Vec<u8>>> {
    let mut rows = Vec::with_capacity(messages.len());
    for message in messages {
        match decode::mutation(message)? {
            Mutation::Put(put) => {
                rows.push(table::Resource::key(tenant, &put.key));
                if put.unplaced {
                    rows.push(fence::directory_row(tenant, &put.key));
                }
            }
            Mutation::Evict(evict) => rows.push(table::Resource::key(tenant, &evict.key)),
            Mutation::Locate(locate) => {
                rows.push(table::Directory::key(tenant, (locate.home_slot, locate.type_code, &locate.id)));
                if locate.unplaced {
                    rows.push(table::Resource::key(tenant, &locate.own()));
                }
            }
        }
    }
    Ok(rows)
}
