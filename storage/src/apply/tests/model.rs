//! The state machine as anybody would write it who had no disk: plain maps, a copy of everything before each command,
//! which is taken back where the command is refused. Slow, and right at a glance.

// A refusal is what the machine answers, as large as that is.
#![allow(clippy::result_large_err)]

use crate::apply::time::STEP_MAX_MS;
use crate::{Answered, Applied, Entry, EntryPayload, FeedPosition, HistoryPlace, Lock, Method, Version};
use bytes::Bytes;
use proto::id::{CompartmentKey, PartitionId, ResourceId, ResourceKey, Slot, TypeCode};
use proto::log::v1::{self as log, command::Kind, mutation};
use std::collections::BTreeMap;

/// What a directory row is found by.
pub type Home = (Slot, TypeCode, ResourceId);

/// One partition, one tenant.
#[derive(Clone, Default)]
pub struct Model {
    /// All versions of a resource, oldest first.
    pub resources: BTreeMap<ResourceKey, Vec<Version>>,
    /// Of the current versions that are no deletions.
    pub index_values: BTreeMap<ResourceKey, Bytes>,
    /// Which resource a place in the histories belongs to: that of the last who took it.
    pub listed: BTreeMap<HistoryPlace, ResourceKey>,
    pub directory: BTreeMap<Home, CompartmentKey>,
    /// Resources that moved away: with the version they had.
    pub evicted: BTreeMap<FeedPosition, (ResourceKey, u64)>,
    /// Versions that got other index values.
    pub reindexed: BTreeMap<FeedPosition, (ResourceKey, u64)>,
    /// The least generation of index values that is taken.
    generation: u32,
    /// Key → when it expires, and the answer.
    pub dedup: BTreeMap<Bytes, Answered>,
    /// Criteria → when it expires, and the holder.
    pub reservations: BTreeMap<Bytes, (u64, Bytes)>,
    pub decisions: BTreeMap<Bytes, bool>,
    pub prepared: BTreeMap<Bytes, log::Prepare>,
    index: u64,
    seq: u32,
    /// The partition's.
    pub time_ms: u64,
    /// The command's.
    command_ms: u64,
}

/// A command that goes on, or what it is refused with.
type Step<T> = Result<T, Applied>;

impl Model {
    /// What becomes of the entry.
    pub fn apply(&mut self, entry: &Entry) -> Applied {
        let EntryPayload::Command(command) = &entry.payload else { return Applied::Done };
        (self.index, self.seq) = (entry.index, 0);
        self.command_ms = command.time_ms;
        self.time_ms = match self.time_ms {
            0 => command.time_ms,
            now_ms => command.time_ms.max(now_ms).min(now_ms + STEP_MAX_MS),
        };
        if entry.index.is_multiple_of(16) {
            let now_ms = self.time_ms;
            self.reservations.retain(|_, (expires_ms, _)| *expires_ms > now_ms);
        }
        let before = self.clone();
        self.command(command.kind.as_ref().unwrap()).unwrap_or_else(|refused| {
            *self = before;
            refused
        })
    }

    fn command(&mut self, kind: &Kind) -> Step<Applied> {
        match kind {
            Kind::Write(write) => self.write(write),
            Kind::Prepare(prepare) => self.prepare(prepare),
            Kind::Decide(decide) => Ok(self.decide(decide)),
            Kind::Finish(finish) => self.finish(finish),
            Kind::Reserve(reserve) => self.reserve(reserve),
            Kind::Release(release) => {
                self.release(release);
                Ok(Applied::Done)
            }
            Kind::Forget(forget) => {
                self.decisions.retain(|name, _| !forget.transactions.contains(name));
                Ok(Applied::Done)
            }
            Kind::Reindex(reindex) => self.reindex(reindex),
            Kind::DropTenant(_) => panic!("the model has one tenant, which never ends"),
        }
    }

    fn write(&mut self, write: &log::Write) -> Step<Applied> {
        let dedup = write.dedup.as_ref();
        let kept = dedup.and_then(|dedup| self.dedup.get(&dedup.key));
        if let Some(kept) = kept.filter(|row| row.expires_ms > self.time_ms) {
            let known = |fingerprint| fingerprint != 0;
            let asked = dedup.map_or(0, |dedup| dedup.fingerprint);
            return Err(match known(asked) && known(kept.fingerprint) && asked != kept.fingerprint {
                true => Applied::KeyTaken,
                false => Applied::Duplicate { response: kept.response.clone() },
            });
        }
        for release in &write.releases {
            self.held(release)?;
            self.release(release);
        }
        self.mutations(&write.mutations, None)?;
        if let Some(dedup) = dedup {
            let kept_ms = dedup.expires_ms.saturating_sub(self.command_ms);
            let expires_ms = self.time_ms.max(self.command_ms) + kept_ms;
            let (fingerprint, response) = (dedup.fingerprint, dedup.response.clone());
            self.dedup.insert(dedup.key.clone(), Answered { expires_ms, fingerprint, response });
        }
        Ok(Applied::Done)
    }

    fn reindex(&mut self, reindex: &log::Reindex) -> Step<Applied> {
        self.taken(reindex.generation)?;
        self.generation = reindex.generation;
        for row in &reindex.rows {
            let key = resource(row.key.as_ref().unwrap());
            let is_current = self.current(&key).is_some_and(|version| version.version == row.version);
            if is_current && self.index_values.contains_key(&key) {
                self.index_values.insert(key, row.index_values.clone());
                let at = self.place();
                self.reindexed.insert(at, (key, row.version));
            }
        }
        Ok(Applied::Done)
    }

    fn taken(&self, generation: u32) -> Step<()> {
        match generation < self.generation {
            true => Err(Applied::Outdated { generation: self.generation }),
            false => Ok(()),
        }
    }

    fn prepare(&mut self, prepare: &log::Prepare) -> Step<Applied> {
        if !self.prepared.contains_key(&prepare.transaction) {
            prepare.releases.iter().try_for_each(|release| self.held(release))?;
            self.clone().mutations(&prepare.mutations, None)?;
            self.prepared.insert(prepare.transaction.clone(), prepare.clone());
        }
        Ok(Applied::Done)
    }

    fn decide(&mut self, decide: &log::Decide) -> Applied {
        if let Some(commit) = self.decisions.get(&decide.transaction) {
            return Applied::Decided { commit: *commit };
        }
        let own = decide.write.as_ref().filter(|_| decide.commit);
        let before = self.clone();
        let outcome = match own.map(|write| self.write(write)) {
            None => Applied::Decided { commit: decide.commit },
            Some(Ok(_)) => Applied::Decided { commit: true },
            Some(Err(refused)) => {
                *self = before;
                refused
            }
        };
        let commit = outcome == Applied::Decided { commit: true };
        self.decisions.insert(decide.transaction.clone(), commit);
        outcome
    }

    fn finish(&mut self, finish: &log::Finish) -> Step<Applied> {
        if let Some(prepare) = self.prepared.get(&finish.transaction).cloned() {
            if finish.commit {
                self.mutations(&prepare.mutations, Some(&finish.transaction))?;
                prepare.releases.iter().for_each(|release| self.release(release));
            }
            self.prepared.remove(&finish.transaction);
        }
        Ok(Applied::Done)
    }

    fn reserve(&mut self, reserve: &log::Reserve) -> Step<Applied> {
        self.unlocked(Touched::Criteria(reserve.criteria.clone()), None)?;
        if let Some((expires_ms, holder)) = self.reservations.get(&reserve.criteria)
            && *expires_ms > self.time_ms
            && *holder != reserve.holder
        {
            return Err(Applied::ReservationHeld { expires_ms: *expires_ms, holder: holder.clone() });
        }
        let expires_ms = self.time_ms + reserve.expires_ms.saturating_sub(self.command_ms);
        self.reservations.insert(reserve.criteria.clone(), (expires_ms, reserve.holder.clone()));
        Ok(Applied::Done)
    }

    fn held(&self, release: &log::Release) -> Step<()> {
        self.unlocked(Touched::Criteria(release.criteria.clone()), None)?;
        match self.reservations.get(&release.criteria) {
            Some((_, holder)) if *holder == release.holder => Ok(()),
            _ => Err(Applied::ReservationLost { criteria: release.criteria.clone() }),
        }
    }

    fn release(&mut self, release: &log::Release) {
        let held = self.reservations.get(&release.criteria);
        if held.is_some_and(|(_, holder)| *holder == release.holder) {
            self.reservations.remove(&release.criteria);
        }
    }

    fn mutations(&mut self, messages: &[log::Mutation], holder: Option<&Bytes>) -> Step<()> {
        for message in messages {
            self.unlocked(touched(message), holder)?;
            match message.kind.as_ref().unwrap() {
                mutation::Kind::Put(put) => self.put(put, holder)?,
                mutation::Kind::Evict(evict) => self.evict(evict)?,
                mutation::Kind::Locate(locate) => self.locate(locate, holder)?,
            }
        }
        Ok(())
    }

    /// The prepared transaction, other than `holder`, that will write what is touched, or rests on it.
    pub fn lock(&self, wanted: &Touched, holder: Option<&Bytes>) -> Option<Lock> {
        let mut others = self.prepared.iter().filter(|(transaction, _)| Some(*transaction) != holder);
        let names = |prepare: &log::Prepare| {
            let written = prepare.mutations.iter().flat_map(needed);
            let reserved = prepare.releases.iter().map(|one| Touched::Criteria(one.criteria.clone()));
            written.chain(reserved).any(|named| named == *wanted)
        };
        let (transaction, prepare) = others.find(|(_, prepare)| names(prepare))?;
        let coordinator = PartitionId(prepare.coordinator_partition as u16);
        Some(Lock { transaction: transaction.clone(), coordinator })
    }

    fn put(&mut self, put: &log::Put, holder: Option<&Bytes>) -> Step<()> {
        let key = resource(put.key.as_ref().unwrap());
        let deletes = put.version.as_ref().unwrap().method == log::Method::Delete as i32;
        if !deletes && holder.is_none() {
            self.taken(put.generation)?;
        }
        self.fence(&key, put.expected_version)?;
        if let Some(expected) = put.expected_content {
            let current = self.current(&key);
            let holds =
                current.map(|held| proto::content(held.last_updated_ms, held.is_deleted(), &held.body));
            if holds != Some(expected) {
                let current = current.map_or(0, |held| held.version);
                return Err(Applied::Conflict { key, current });
            }
        }
        if put.unplaced {
            let (home_slot, type_code, id) = (key.compartment.slot, key.type_code, key.id);
            let home = (home_slot, type_code, id);
            self.unlocked(Touched::Place(home), holder)?;
            if let Some(current) = self.directory.get(&home).copied() {
                return Err(Applied::LocateConflict { home_slot, type_code, id, current: Some(current) });
            }
        }
        let version = put.version.as_ref().unwrap();
        for message in put.adopted.iter().chain([version]) {
            let FeedPosition { index, seq } = self.place();
            let version = Version {
                key,
                version: message.version,
                last_updated_ms: message.last_updated_ms,
                method: Method::from_log(message.method).unwrap(),
                body: message.body.clone(),
                index,
                seq,
            };
            self.listed.insert(version.place(), key);
            self.resources.entry(key).or_default().push(version);
        }
        match Method::from_log(version.method).unwrap() {
            Method::Delete => self.index_values.remove(&key),
            Method::Create | Method::Update => self.index_values.insert(key, put.index_values.clone()),
        };
        Ok(())
    }

    fn evict(&mut self, evict: &log::Evict) -> Step<()> {
        let key = resource(evict.key.as_ref().unwrap());
        self.fence(&key, evict.expected_version)?;
        if let Some(versions) = self.resources.remove(&key) {
            self.index_values.remove(&key);
            self.listed.retain(|_, listed| *listed != key);
            let at = self.place();
            self.evicted.insert(at, (key, versions.last().unwrap().version));
        }
        Ok(())
    }

    fn locate(&mut self, locate: &log::Locate, holder: Option<&Bytes>) -> Step<()> {
        let home = home(locate);
        let current = self.directory.get(&home).copied();
        if current != locate.expected.as_ref().map(compartment) {
            let (home_slot, type_code, id) = home;
            return Err(Applied::LocateConflict { home_slot, type_code, id, current });
        }
        if locate.unplaced {
            let own = CompartmentKey { slot: home.0, type_code: home.1, id: home.2 }.own();
            self.unlocked(Touched::Resource(own), holder)?;
            self.fence(&own, 0)?;
        }
        match &locate.compartment {
            Some(to) => self.directory.insert(home, compartment(to)),
            None => self.directory.remove(&home),
        };
        Ok(())
    }

    fn unlocked(&self, row: Touched, holder: Option<&Bytes>) -> Step<()> {
        match self.lock(&row, holder) {
            None => Ok(()),
            Some(Lock { transaction, coordinator }) => Err(Applied::Locked { transaction, coordinator }),
        }
    }

    fn fence(&self, key: &ResourceKey, expected: u64) -> Step<()> {
        let current = self.current(key).map_or(0, |version| version.version);
        if current == expected { Ok(()) } else { Err(Applied::Conflict { key: *key, current }) }
    }

    /// The newest version, deletions included.
    pub fn current(&self, key: &ResourceKey) -> Option<&Version> {
        self.resources.get(key)?.last()
    }

    fn place(&mut self) -> FeedPosition {
        let at = FeedPosition { index: self.index, seq: self.seq };
        self.seq += 1;
        at
    }
}

/// The row that a command needs to itself.
#[derive(Debug, PartialEq, Eq)]
pub enum Touched {
    Resource(ResourceKey),
    Place(Home),
    Criteria(Bytes),
}

fn touched(message: &log::Mutation) -> Touched {
    match message.kind.as_ref().unwrap() {
        mutation::Kind::Put(put) => Touched::Resource(resource(put.key.as_ref().unwrap())),
        mutation::Kind::Evict(evict) => Touched::Resource(resource(evict.key.as_ref().unwrap())),
        mutation::Kind::Locate(locate) => Touched::Place(home(locate)),
    }
}

/// That row, and the one that must stay absent.
fn needed(message: &log::Mutation) -> Vec<Touched> {
    let absent = match message.kind.as_ref().unwrap() {
        mutation::Kind::Put(put) if put.unplaced => {
            let own = resource(put.key.as_ref().unwrap());
            Some(Touched::Place((own.compartment.slot, own.type_code, own.id)))
        }
        mutation::Kind::Locate(locate) if locate.unplaced => {
            let (slot, type_code, id) = home(locate);
            Some(Touched::Resource(CompartmentKey { slot, type_code, id }.own()))
        }
        _ => None,
    };
    [Some(touched(message)), absent].into_iter().flatten().collect()
}

fn home(locate: &log::Locate) -> Home {
    let (slot, type_code) = (locate.home_slot as u16, locate.type_code as u16);
    (Slot(slot), TypeCode(type_code), ResourceId::parse(&locate.id).unwrap())
}

fn compartment(message: &log::Compartment) -> CompartmentKey {
    CompartmentKey {
        slot: Slot(message.slot as u16),
        type_code: TypeCode(message.type_code as u16),
        id: ResourceId::parse(&message.id).unwrap(),
    }
}

fn resource(message: &log::ResourceKey) -> ResourceKey {
    ResourceKey {
        compartment: compartment(message.compartment.as_ref().unwrap()),
        type_code: TypeCode(message.type_code as u16),
        id: ResourceId::parse(&message.id).unwrap(),
    }
}
