//! Tenants, as the cluster agreed on them: which there are, and what a node knows of each.

use super::{Engine, OwnBases};
use crate::{
    error,
    partition::{Twice, ask, question},
};
use cluster::MetaTenant;
use futures::future::join_all;
use parking_lot::RwLock;
use proto::{Code, Error, TenantId, TenantName, internal::v1 as wire};
use rustc_hash::FxHashMap;
use std::{sync::Arc, time::Duration};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until, timeout};

/// How another node asks whether this one knows of all tenants.
pub const TENANTS: &str = "tenants";

/// Names that are not known here have the meta group be asked so often, whoever sends them and however many.
const BETWEEN: Duration = Duration::from_millis(50);
/// So long an answer is waited for.
const ASKED: Duration = Duration::from_secs(3);

/// What is known of tenants, as of what was last agreed on.
#[derive(Default)]
pub struct Tenants {
    known: RwLock<Known>,
    /// When it was last asked whether there are others, and whether that was answered.
    asking: Mutex<Option<(Instant, bool)>>,
}

#[derive(Default)]
struct Known {
    /// The change of the agreed state that this is of, counted from 1; 0: none yet.
    seen: u64,
    names: FxHashMap<Box<str>, TenantId>,
    there: FxHashMap<TenantId, Arc<OwnBases>>,
    /// The last number that was given.
    last: u32,
}

/// Whether a number is a tenant's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    There,
    Ended,
    /// It was given since what is known here.
    Later,
}

impl Engine {
    /// What `find` finds in what was agreed on so far.
    fn tenants_as_agreed<T>(&self, find: impl Fn(&Known) -> T) -> T {
        // Before the state is read: what is read is as new, or newer.
        let agreed = self.cluster.agreed() + 1;
        {
            let known = self.tenants.known.read();
            if known.seen >= agreed {
                return find(&known);
            }
        }
        let fresh = self.read_tenants(agreed);
        let mut known = self.tenants.known.write();
        if known.seen < agreed {
            let there = |tenant| tenant == TenantId::DEFAULT || fresh.there.contains_key(&tenant);
            self.options.bounds.tenants().are(!fresh.there.is_empty(), there);
            *known = fresh;
        }
        find(&known)
    }

    fn read_tenants(&self, seen: u64) -> Known {
        let (tenants, last) = self.cluster.tenants();
        let mut known = Known { seen, last, ..Known::default() };
        let (base, further) = (self.options.base_url.as_deref(), &self.options.further_bases);
        for MetaTenant { tenant, name, .. } in tenants.into_iter().filter(|one| one.ended_ms == 0) {
            let bases = Arc::new(OwnBases::of_tenant(base, further, &name));
            known.there.insert(TenantId(tenant), bases);
            known.names.insert(name.into(), TenantId(tenant));
        }
        known
    }

    /// The tenant of that name, and what its links have where that is configured. One that is not known here may have been made a moment
    /// ago: what was agreed on is asked for once.
    ///
    /// # Errors
    /// `NotFound` where there is none; `Unavailable` where that cannot be told.
    pub async fn tenant(&self, name: &TenantName) -> Result<(TenantId, Option<Arc<str>>), Error> {
        if name.is_default() {
            return Ok((TenantId::DEFAULT, None));
        }
        let find = |known: &Known| {
            let id = *known.names.get(name.as_str())?;
            Some((id, known.there.get(&id).and_then(|bases| bases.own().cloned())))
        };
        if let Some(found) = self.tenants_as_agreed(find) {
            return Ok(found);
        }
        self.ask_for_tenants().await?;
        self.tenants_as_agreed(find).ok_or_else(|| no_tenant(name))
    }

    /// Whether requests about it are answered, as far as is known here.
    pub fn has_tenant(&self, tenant: TenantId) -> bool {
        self.standing(tenant) == Standing::There
    }

    /// The tenants that are there, as far as is known here, in order.
    pub fn tenants_there(&self) -> Vec<TenantId> {
        let mut all = self.tenants_as_agreed(|known| known.there.keys().copied().collect::<Vec<_>>());
        all.push(TenantId::DEFAULT);
        all.sort_unstable();
        all
    }

    /// For what another node asks: its caller's tenant.
    ///
    /// # Errors
    /// `NotFound` where it ended; `Unavailable` where that cannot be told.
    pub async fn must_have_tenant(&self, tenant: TenantId) -> Result<(), Error> {
        if self.standing(tenant) == Standing::Later {
            self.ask_for_tenants().await?;
        }
        if self.has_tenant(tenant) { Ok(()) } else { Err(error::tenant_ended()) }
    }

    fn standing(&self, tenant: TenantId) -> Standing {
        if tenant == TenantId::DEFAULT {
            return Standing::There;
        }
        self.tenants_as_agreed(|known| match known.there.contains_key(&tenant) {
            true => Standing::There,
            false if tenant.0 <= known.last => Standing::Ended,
            false => Standing::Later,
        })
    }

    /// Below which addresses a tenant's resources stand.
    pub fn bases_of(&self, tenant: TenantId) -> Arc<OwnBases> {
        match tenant {
            TenantId::DEFAULT => self.bases.clone(),
            other => self.tenants_as_agreed(|known| known.there.get(&other).cloned()).unwrap_or_default(),
        }
    }

    /// Has all tenants be known here that were made before the call. Those who ask at the same time are served by one question.
    async fn ask_for_tenants(&self) -> Result<(), Error> {
        if self.cluster.is_alone() {
            return Ok(());
        }
        let came = Instant::now();
        let mut asking = self.tenants.asking.lock().await;
        if let Some((asked, answered)) = *asking
            && asked >= came
        {
            return if answered { Ok(()) } else { Err(not_told()) };
        }
        if let Some((asked, _)) = *asking {
            sleep_until(asked + BETWEEN).await;
        }
        let asked = Instant::now();
        let answered = matches!(timeout(ASKED, self.learn()).await, Ok(Ok(())));
        *asking = Some((asked, answered));
        if answered { Ok(()) } else { Err(not_told()) }
    }

    /// The nodes that do not say that they know of all tenants that the cluster agreed on before the call, and of the end of those that
    /// ended.
    pub async fn untold_of_tenants(&self) -> Vec<u64> {
        let asked = self.cluster.others().into_iter().map(|node| async move {
            let request = question(TENANTS, &wire::TenantsRequest {});
            let asked = ask::<wire::TenantsAnswer>(&self.cluster, node, &request, Twice::Harmless);
            (!matches!(timeout(ASKED, asked).await, Ok(Ok(_)))).then_some(node)
        });
        join_all(asked).await.into_iter().flatten().collect()
    }
}

fn no_tenant(name: &TenantName) -> Error {
    let text = format!("there is no tenant {:?}; `salamander tenant create {name}` makes one", name.as_str());
    Error::new(Code::NotFound, text)
}

fn not_told() -> Error {
    let text = "whether there is such a tenant cannot be told now: no node leads the meta group; send the request again";
    Error::new(Code::Unavailable, text)
}
