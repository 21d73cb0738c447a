//! From the log's messages to checked values. Proposers call [`check`] first; apply rejects what fails here.

use crate::error::{Error, Result};
use crate::version::{Method, Origin};
use bytes::Bytes;
use proto::id::{CompartmentKey, PartitionId, ResourceId, ResourceKey, Slot, TenantId, TypeCode};
use proto::log::v1 as log;

pub use log::command::Kind;

/// The longest dedup key, transaction id and holder.
const NAME_BYTES_MAX: usize = 1024;
/// The longest normalised criteria; they come from a URL.
const CRITERIA_BYTES_MAX: usize = 16 << 10;

/// Whether a command can be applied, whatever the state is.
///
/// # Errors
/// [`Error::Malformed`] with the reason: a missing part, a bad id, a number out of range, a name that is too long.
pub fn check(command: &log::Command) -> Result<()> {
    match self::command(command)? {
        Kind::Write(write) => check_write(write),
        Kind::Prepare(prepare) => {
            prepare.releases.iter().try_for_each(release)?;
            check_mutations(&prepare.mutations)
        }
        Kind::Decide(decide) => decide.write.as_ref().map_or(Ok(()), check_write),
        Kind::Reindex(message) => message.rows.iter().try_for_each(|row| reindexed(row).map(drop)),
        Kind::Finish(_) | Kind::Reserve(_) | Kind::Release(_) | Kind::Forget(_) | Kind::DropTenant(_) => {
            Ok(())
        }
    }
}

fn check_write(write: &log::Write) -> Result<()> {
    if let Some(dedup) = &write.dedup {
        name("dedup key", &dedup.key)?;
    }
    write.releases.iter().try_for_each(release)?;
    check_mutations(&write.mutations)
}

fn check_mutations(mutations: &[log::Mutation]) -> Result<()> {
    mutations.iter().try_for_each(|message| mutation(message).map(drop))
}

/// The command's kind, with everything checked but its mutations, dedup and releases.
pub fn command(command: &log::Command) -> Result<&Kind> {
    if command.tenant == 0 {
        return Err(malformed("tenant 0"));
    }
    let kind = command.kind.as_ref().ok_or_else(|| malformed("no kind"))?;
    match kind {
        Kind::Write(_) => {}
        Kind::Reindex(message) if message.generation == 0 => return Err(malformed("generation 0")),
        Kind::Reindex(_) => {}
        Kind::DropTenant(_) if command.tenant == TenantId::DEFAULT.0 => {
            return Err(malformed("the default tenant never ends"));
        }
        Kind::DropTenant(message) if message.rows_max == 0 => return Err(malformed("no rows to drop")),
        Kind::DropTenant(_) => {}
        Kind::Prepare(prepare) => {
            name("transaction", &prepare.transaction)?;
            partition(prepare.coordinator_partition)?;
        }
        Kind::Decide(decide) => {
            name("transaction", &decide.transaction)?;
            decide.participants.iter().try_for_each(|number| partition(*number).map(drop))?;
        }
        Kind::Finish(finish) => name("transaction", &finish.transaction)?,
        Kind::Reserve(reserve) => {
            criteria(&reserve.criteria)?;
            name("holder", &reserve.holder)?;
        }
        Kind::Release(message) => release(message)?,
        Kind::Forget(forget) => {
            forget.transactions.iter().try_for_each(|transaction| name("transaction", transaction))?;
        }
    }
    Ok(kind)
}

/// A checked mutation.
pub enum Mutation<'c> {
    Put(Put<'c>),
    Evict(Evict),
    Locate(Locate),
}

/// A new version, and the older ones that come along.
pub struct Put<'c> {
    pub key: ResourceKey,
    pub expected_version: u64,
    /// What that version must hold, where it was not applied yet when this was decided.
    pub expected_content: Option<u64>,
    pub version: Version<'c>,
    pub index_values: &'c Bytes,
    pub adopted: Vec<Version<'c>>,
    /// No directory row may say that the resource lives elsewhere.
    pub unplaced: bool,
    /// Of the parameters that the index values were made with.
    pub generation: u32,
}

/// The version part of a put.
pub struct Version<'c> {
    pub version: u64,
    pub last_updated_ms: u64,
    pub method: Method,
    pub body: &'c Bytes,
    /// Where it was written first, of one that comes along from elsewhere.
    pub origin: Option<Origin>,
}

/// The resource moved away.
pub struct Evict {
    pub key: ResourceKey,
    pub expected_version: u64,
}

/// A directory row: set, or removed where `compartment` is absent.
pub struct Locate {
    pub home_slot: Slot,
    pub type_code: TypeCode,
    pub id: ResourceId,
    pub compartment: Option<CompartmentKey>,
    pub expected: Option<CompartmentKey>,
    /// The resource may have no row under its own key.
    pub unplaced: bool,
}

/// Checks one mutation.
pub fn mutation(message: &log::Mutation) -> Result<Mutation<'_>> {
    match message.kind.as_ref().ok_or_else(|| malformed("a mutation without kind"))? {
        log::mutation::Kind::Put(message) => put(message).map(Mutation::Put),
        log::mutation::Kind::Evict(message) => Ok(Mutation::Evict(Evict {
            key: resource(message.key.as_ref())?,
            expected_version: message.expected_version,
        })),
        log::mutation::Kind::Locate(message) => Ok(Mutation::Locate(Locate {
            home_slot: Slot(narrow("home slot", message.home_slot)?),
            type_code: TypeCode(narrow("type code", message.type_code)?),
            id: id(&message.id)?,
            compartment: message.compartment.as_ref().map(compartment).transpose()?,
            expected: message.expected.as_ref().map(compartment).transpose()?,
            unplaced: message.unplaced,
        })),
    }
}

fn put(message: &log::Put) -> Result<Put<'_>> {
    let put = Put {
        key: resource(message.key.as_ref())?,
        expected_version: message.expected_version,
        expected_content: message.expected_content,
        version: version(message.version.as_ref().ok_or_else(|| malformed("a put without version"))?)?,
        index_values: &message.index_values,
        adopted: message.adopted.iter().map(version).collect::<Result<_>>()?,
        unplaced: message.unplaced,
        generation: message.generation,
    };
    if put.unplaced && !put.key.is_own() {
        return Err(malformed("a resource of another's compartment cannot be unplaced"));
    }
    let before = put.adopted.iter().map(|version| version.version).chain([put.version.version]);
    let mut last = put.expected_version;
    for number in before {
        if number <= last {
            return Err(malformed(format!("version {number} after {last}")));
        }
        last = number;
    }
    Ok(put)
}

fn version(message: &log::Version) -> Result<Version<'_>> {
    Ok(Version {
        version: message.version,
        last_updated_ms: message.last_updated_ms,
        method: Method::from_log(message.method).ok_or_else(|| malformed("a version without method"))?,
        body: &message.body,
        origin: origin(message)?,
    })
}

fn origin(message: &log::Version) -> Result<Option<Origin>> {
    if message.origin_index == 0 {
        return Ok(None);
    }
    let partition = Some(PartitionId(partition(message.origin_partition)?)).filter(|id| id.0 != 0);
    Ok(Some(Origin { partition, index: message.origin_index }))
}

/// Checks a row of a Reindex; its key.
pub fn reindexed(message: &log::Reindexed) -> Result<ResourceKey> {
    resource(message.key.as_ref())
}

fn resource(key: Option<&log::ResourceKey>) -> Result<ResourceKey> {
    let key = key.ok_or_else(|| malformed("a mutation without key"))?;
    let own = key.compartment.as_ref().ok_or_else(|| malformed("a key without compartment"))?;
    Ok(ResourceKey {
        compartment: compartment(own)?,
        type_code: TypeCode(narrow("type code", key.type_code)?),
        id: id(&key.id)?,
    })
}

fn compartment(key: &log::Compartment) -> Result<CompartmentKey> {
    Ok(CompartmentKey {
        slot: Slot(narrow("slot", key.slot)?),
        type_code: TypeCode(narrow("type code", key.type_code)?),
        id: id(&key.id)?,
    })
}

/// Checks a release.
pub fn release(message: &log::Release) -> Result<()> {
    criteria(&message.criteria)?;
    name("holder", &message.holder)
}

/// Checks a partition's number.
pub fn partition(number: u32) -> Result<u16> {
    narrow("partition", number)
}

/// Checks a dedup key, a transaction id or a holder.
pub fn name(what: &str, name: &[u8]) -> Result<()> {
    bounded(what, name, NAME_BYTES_MAX)
}

fn criteria(criteria: &[u8]) -> Result<()> {
    bounded("criteria", criteria, CRITERIA_BYTES_MAX)
}

fn bounded(what: &str, bytes: &[u8], max: usize) -> Result<()> {
    if bytes.is_empty() || bytes.len() > max {
        return Err(malformed(format!("{what} of {} bytes; 1 to {max} are allowed", bytes.len())));
    }
    Ok(())
}

fn id(text: &str) -> Result<ResourceId> {
    ResourceId::parse(text).map_err(|error| malformed(error.to_string()))
}

fn narrow(what: &str, number: u32) -> Result<u16> {
    u16::try_from(number).map_err(|_| malformed(format!("{what} {number} is beyond 65535")))
}

fn malformed(reason: impl Into<String>) -> Error {
    Error::Malformed(reason.into())
}
