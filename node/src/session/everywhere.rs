//! Looks over all partitions where this node has replicas of some: each other node looks for its share, and all looks are of one
//! moment. Nobody finds half a transaction.
//!
//! 1. Every node that will look says which moment it has: how many parts of transactions have become visible there.
//! 2. After all have, each finishes what was decided before in its partitions, looks, and says whether its moment still is.
//!
//! All moments last from before the second step began to behind every look, so all looks are of that instant. A transaction of which
//! a part was visible then had been decided, so what was finished in the second step made the rest visible, and that
//! ended a moment: then all is done again.

use super::{Search, Session, moment::thick};
use crate::{
    engine::Moment,
    host::aside,
    partition::{
        ANSWER, ask_all, digest_to, hit_from, hit_to, incomplete, led_by_others, looked_from, looked_to,
        split, start_from, start_to,
    },
};
use fhir::definitions::ParamId;
use futures::future::{join, try_join_all};
use proto::{
    Code, Error, PartitionId,
    internal::v1::{self as wire, look_request::Look},
};
use search::{Gather, Page, Part, Query, Scope, Tell};
use std::time::Duration;
use tokio::{
    sync::RwLockWriteGuard,
    time::{sleep, timeout},
};

/// How another node asks.
pub const MOMENT: &str = "moment";
/// The same.
pub const LOOK: &str = "look";

/// A look takes no longer, or its caller asks again: more than any search may take.
const LONG: Duration = Duration::from_secs(60);
/// How often a look is begun anew before transactions that this node coordinates stand still, and how often at all.
const FREE: usize = 5;
const TRIES: usize = 100;
/// Between two of those.
const PAUSE: Duration = Duration::from_millis(2);

/// Looks for a moment that lasts.
pub struct Moments<'s> {
    session: Session<'s>,
    partitions: Vec<PartitionId>,
    tries: usize,
    /// Transactions that this node coordinates wait meanwhile.
    still: Option<RwLockWriteGuard<'s, ()>>,
}

/// A moment of all nodes that hold some of the partitions looked at.
pub struct Everywhere<'s> {
    session: Session<'s>,
    own: Moment,
    here: Vec<PartitionId>,
    there: Vec<There>,
}

/// Another node, its moment, and its share.
struct There {
    node: u64,
    moment: wire::Moment,
    partitions: Vec<PartitionId>,
}

/// How other nodes are asked.
///
/// # Errors
/// `Unavailable` where this node had all partitions until a moment ago.
fn asked(search: &Search) -> Result<&wire::SearchLook, Error> {
    let moved = || Error::new(Code::Unavailable, "this node lost a replica just now; ask again");
    search.asked.as_deref().ok_or_else(moved)
}

impl<'s> Session<'s> {
    /// Moments to look at these partitions, one after the other until nothing passed during a look.
    pub fn moments(self, partitions: Vec<PartitionId>) -> Moments<'s> {
        Moments { session: self, partitions, tries: 0, still: None }
    }

    /// The page at `cursor` of a search, each node looking in its partitions.
    pub(super) async fn search_everywhere(
        self,
        search: &Search,
        cursor: Option<&str>,
    ) -> Result<Page, Error> {
        let query = &search.query;
        let start = self.engine.search.start(query, cursor).map_err(Error::from)?;
        let mut look = wire::SearchLook {
            count: query.count as u64,
            total: query.tell == Tell::All,
            total_of_few: query.tell == Tell::Few,
            ..asked(search)?.clone()
        };
        if let Some(start) = &start {
            start_to(start, &mut look);
        }
        look.digest = digest_to(query.digest, &look);
        let here = |only: &[PartitionId]| self.part(query, &only.iter().copied().collect(), start.as_ref());
        let there = |answer: wire::LookAnswer| {
            if let (Some(work), Some(looked)) = (&query.work, &answer.looked) {
                work.add(looked_from(looked));
            }
            let hits = answer.hits.iter().map(|hit| hit_from(query.tenant, hit)).collect::<Result<_, _>>()?;
            // A node of the version before leaves out a number that is none.
            let all = (query.tell == Tell::All).then_some(0);
            Ok(Part { hits, total: answer.total.or(all) })
        };
        let parts = self.look_everywhere(query, Look::Search(look), here, there).await?;
        Ok(self.engine.search.merged(query, start.as_ref(), parts))
    }

    /// What is gathered of a search, each node gathering in its partitions.
    pub(super) async fn gather_everywhere(
        self,
        search: &Search,
        wanted: Gather,
        max: usize,
    ) -> Result<Vec<u64>, Error> {
        let query = &search.query;
        let mut told = asked(search)?.clone();
        told.digest = digest_to(query.digest, &told);
        let targets = match wanted {
            Gather::Itself => None,
            Gather::Targets(parameter) => Some(u32::from(parameter.0)),
        };
        let look = Look::Gather(wire::GatherLook { search: Some(told), targets, max: max as u64 });
        let here = |only: &[PartitionId]| {
            self.gather_here(query, Some(&only.iter().copied().collect()), wanted, max)
        };
        let there = |answer: wire::LookAnswer| Ok(answer.gathered);
        let shares = self.look_everywhere(query, look, here, there).await?;
        search::united(&shares, max).map_err(Error::from)
    }

    /// What each node finds at one moment in its share of the partitions that can hold matches.
    async fn look_everywhere<T>(
        self,
        query: &Query,
        look: Look,
        here: impl Fn(&[PartitionId]) -> Result<T, Error>,
        there: impl Fn(wire::LookAnswer) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let partitions: Vec<PartitionId> = match query.scope() {
            Scope::Compartment(compartment) => vec![self.engine.partition_of(compartment.slot)],
            _ => self.engine.partitions().collect(),
        };
        let mut moments = self.moments(partitions);
        loop {
            if let Some(parts) = moments.next().await?.look(&look, &here, &there).await? {
                return Ok(parts);
            }
        }
    }

    /// This node's moment, for another that is about to have it look.
    pub fn tell_moment(self) -> wire::MomentAnswer {
        let moment = self.engine.visibility.moment().map(Moment::number);
        let life = self.engine.tokens.life();
        wire::MomentAnswer { moment: moment.map(|windows| wire::Moment { life, windows }) }
    }

    /// Looks for another node in partitions that this one leads, at the moment that it told before.
    ///
    /// # Errors
    /// Those of `look`; `Unavailable` without a leader.
    pub async fn look_for(
        self,
        moment: Option<&wire::Moment>,
        partitions: &[u32],
        look: impl FnOnce(&[PartitionId]) -> Result<wire::LookAnswer, Error>,
    ) -> Result<wire::LookAnswer, Error> {
        let passed = || wire::LookAnswer { has_passed: true, ..Default::default() };
        let moment = moment.ok_or_else(|| incomplete("a moment"))?;
        let partitions: Vec<_> = partitions.iter().map(|number| PartitionId(*number as u16)).collect();
        let is_led = |partition: &PartitionId| self.engine.led_here(*partition).is_ok();
        let others: Vec<u32> =
            partitions.iter().filter(|one| !is_led(one)).map(|one| u32::from(one.0)).collect();
        if !others.is_empty() {
            return Ok(wire::LookAnswer { led_by_others: others, ..Default::default() });
        }
        let own = Moment::from_number(moment.windows);
        if moment.life != self.engine.tokens.life() || !self.engine.visibility.is_still(own) {
            return Ok(passed());
        }
        for partition in &partitions {
            self.engine.led_here(*partition)?.indexed()?;
        }
        self.settle_these(partitions.iter().copied()).await?;
        let seen = aside(|| look(&partitions))?;
        // Rows that another leader's replaced meanwhile are of no moment.
        let stands = self.engine.visibility.is_still(own) && partitions.iter().all(is_led);
        Ok(if stands { seen } else { passed() })
    }

    /// What partitions that this node leads have to a page of another node's search.
    ///
    /// # Errors
    /// The search's own.
    pub fn look_for_hits(
        self,
        query: &Query,
        look: &wire::SearchLook,
        only: &[PartitionId],
    ) -> Result<wire::LookAnswer, Error> {
        let start = start_from(look)?;
        let part = self.part(query, &only.iter().copied().collect(), start.as_ref())?;
        let hits = part.hits.iter().map(hit_to).collect();
        let looked = query.work.as_ref().map(|work| looked_to(&work.looked()));
        Ok(wire::LookAnswer { hits, total: part.total, looked, ..Default::default() })
    }

    /// What partitions that this node leads have to what another node gathers.
    ///
    /// # Errors
    /// The search's own.
    pub fn look_to_gather(
        self,
        query: &Query,
        look: &wire::GatherLook,
        only: &[PartitionId],
    ) -> Result<wire::LookAnswer, Error> {
        let wanted = match look.targets {
            None => Gather::Itself,
            Some(number) => Gather::Targets(ParamId(number as u16)),
        };
        let only = only.iter().copied().collect();
        let gathered = self.gather_here(query, Some(&only), wanted, look.max as usize)?;
        Ok(wire::LookAnswer { gathered, ..Default::default() })
    }

    /// How many entries each of these partitions has applied here.
    ///
    /// # Errors
    /// `Unavailable` where one has no replica here.
    pub fn positions(self, partitions: &[PartitionId]) -> Result<Vec<u64>, Error> {
        let replicas = self.replicas(partitions)?;
        Ok(replicas.iter().map(|(_, rows)| rows.applied().index).collect())
    }
}

impl<'s> Moments<'s> {
    /// The next one.
    ///
    /// # Errors
    /// `Unavailable` while a partition has no leader, or where transactions come too thick.
    pub async fn next(&mut self) -> Result<Everywhere<'s>, Error> {
        while self.tries < TRIES {
            match self.tries {
                0 => {}
                1..FREE => tokio::task::yield_now().await,
                _ => {
                    if self.still.is_none() {
                        let late = |_| thick();
                        let still = self.session.engine.visibility.stand_still();
                        self.still = Some(timeout(ANSWER, still).await.map_err(late)?);
                    }
                    sleep(PAUSE).await;
                }
            }
            self.tries += 1;
            if let Some(moment) = Everywhere::begin(self.session, &self.partitions).await? {
                return Ok(moment);
            }
        }
        Err(thick())
    }
}

impl<'s> Everywhere<'s> {
    /// `None`: a part of a transaction is becoming visible just now.
    async fn begin(
        session: Session<'s>,
        partitions: &[PartitionId],
    ) -> Result<Option<Everywhere<'s>>, Error> {
        let engine = session.engine;
        let (here, elsewhere) = split(&engine.cluster, partitions.iter().copied())?;
        let here = here.into_iter().map(|partition| Ok(partition.indexed()?.id()));
        let here = here.collect::<Result<Vec<PartitionId>, Error>>()?;
        let Some(own) = engine.visibility.moment() else { return Ok(None) };
        let asked = elsewhere.into_iter().map(|(node, partitions)| async move {
            let answer: wire::MomentAnswer = ask_all(
                &engine.cluster,
                session.tenant(),
                (node, &partitions),
                (MOMENT, &wire::MomentRequest {}),
                ANSWER,
            )
            .await?;
            Ok::<_, Error>(answer.moment.map(|moment| There { node, moment, partitions }))
        });
        let there: Option<Vec<There>> = try_join_all(asked).await?.into_iter().collect();
        Ok(there.map(|there| Everywhere { session, own, here, there }))
    }

    /// What `here` finds in the partitions of this node, then what `there` reads of the answers of the others to `look`. `None`: the
    /// moment has passed.
    pub async fn look<T>(
        &self,
        look: &Look,
        here: impl Fn(&[PartitionId]) -> Result<T, Error>,
        there: impl Fn(wire::LookAnswer) -> Result<T, Error>,
    ) -> Result<Option<Vec<T>>, Error> {
        let near = async {
            self.session.settle_these(self.here.iter().copied()).await?;
            here(&self.here)
        };
        let far = try_join_all(self.there.iter().map(|one| self.look_there(one, look)));
        let (near, far) = join(near, far).await;
        let (near, far) = (near?, far?);
        if !self.session.engine.visibility.is_still(self.own) {
            return Ok(None);
        }
        let Some(far) = far.into_iter().collect::<Option<Vec<_>>>() else { return Ok(None) };
        let far = far.into_iter().map(there).collect::<Result<Vec<T>, Error>>()?;
        Ok(Some(std::iter::once(near).chain(far).collect()))
    }

    /// The partitions of each answer, in the order of the answers of [`Everywhere::look`].
    pub fn shares(&self) -> impl Iterator<Item = &[PartitionId]> {
        std::iter::once(self.here.as_slice()).chain(self.there.iter().map(|one| one.partitions.as_slice()))
    }

    async fn look_there(&self, one: &There, look: &Look) -> Result<Option<wire::LookAnswer>, Error> {
        let engine = self.session.engine;
        let request = wire::LookRequest {
            moment: Some(one.moment),
            partitions: one.partitions.iter().map(|partition| u32::from(partition.0)).collect(),
            look: Some(look.clone()),
        };
        let answer: wire::LookAnswer = ask_all(
            &engine.cluster,
            self.session.tenant(),
            (one.node, &one.partitions),
            (LOOK, &request),
            LONG,
        )
        .await?;
        led_by_others(&engine.cluster, one.node, &answer.led_by_others);
        Ok(Some(answer).filter(|answer| !answer.has_passed && answer.led_by_others.is_empty()))
    }
}
