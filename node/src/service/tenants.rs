//! Whose data requests are about: the tenants of the cluster, for the wires and for operators.

use super::Node;
use crate::{
    bounds::Share,
    session::{Context, Session},
};
use bytes::Bytes;
use cluster::MetaTenant;
use futures::future::BoxFuture;
use proto::{Code, Error, TenantId, TenantName, api::v1::*, log::v1::MetaNewTenant};
use std::{future::Future, sync::Arc};

/// A tenant as a wire finds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// The number that every key begins with.
    pub id: TenantId,
    /// What its links have, where that is configured and it is not the default one.
    pub base: Option<Arc<str>>,
}

/// How a wire finds the tenant that a request names.
pub trait TenantService: Send + Sync + 'static {
    /// The tenant of that name. Asks others at most once in a while.
    ///
    /// # Errors
    /// `NotFound` where there is none, `Unavailable` where that cannot be told now.
    fn tenant(&self, name: &TenantName) -> impl Future<Output = Result<Tenant, Error>> + Send;
}

impl TenantService for Node {
    async fn tenant(&self, name: &TenantName) -> Result<Tenant, Error> {
        let (id, base) = self.engine.tenant(name).await?;
        Ok(Tenant { id, base })
    }
}

/// The operator's calls about tenants, as `proto/api/v1/admin.proto` has them.
pub trait TenancyService: Send + Sync + 'static {
    /// Makes a tenant.
    fn create_tenant(
        &self,
        request: CreateTenantRequest,
    ) -> BoxFuture<'_, Result<CreateTenantResponse, Error>>;
    /// All there are.
    fn list_tenants(&self, request: ListTenantsRequest) -> BoxFuture<'_, Result<ListTenantsResponse, Error>>;
    /// Deletes one.
    fn delete_tenant(
        &self,
        request: DeleteTenantRequest,
    ) -> BoxFuture<'_, Result<DeleteTenantResponse, Error>>;
}

impl TenancyService for Node {
    fn create_tenant(
        &self,
        request: CreateTenantRequest,
    ) -> BoxFuture<'_, Result<CreateTenantResponse, Error>> {
        Box::pin(async move {
            let name = named(&request.name)?;
            let made = self.make(&name, request.token).await?;
            // Who is not reached asks as soon as somebody names it.
            self.engine.untold_of_tenants().await;
            self.agree_on_definitions(TenantId(made.tenant)).await;
            Ok(CreateTenantResponse { tenant: Some(self.status_of(made)) })
        })
    }

    fn list_tenants(&self, _: ListTenantsRequest) -> BoxFuture<'_, Result<ListTenantsResponse, Error>> {
        Box::pin(async move {
            self.engine.learn().await?;
            let mut tenants: Vec<MetaTenant> = self.engine.cluster.tenants().0;
            tenants.retain(|one| !one.gone);
            tenants
                .sort_by(|one, other| (one.ended_ms > 0, &one.name).cmp(&(other.ended_ms > 0, &other.name)));
            let default = TenantStatus {
                name: TenantName::DEFAULT.to_owned(),
                number: TenantId::DEFAULT.0,
                state: ACTIVE.to_owned(),
                ..TenantStatus::default()
            };
            let others = tenants.into_iter().map(|one| self.status_of(one));
            Ok(ListTenantsResponse { tenants: std::iter::once(default).chain(others).collect() })
        })
    }

    fn delete_tenant(
        &self,
        request: DeleteTenantRequest,
    ) -> BoxFuture<'_, Result<DeleteTenantResponse, Error>> {
        Box::pin(async move {
            let name = named(&request.name)?;
            if name.is_default() {
                let text = "the default tenant is always there; its resources are deleted one by one";
                return Err(Error::new(Code::BadRequest, text));
            }
            let ended = self.end(&name).await?;
            Ok(DeleteTenantResponse { tenant: Some(self.status_of(ended)) })
        })
    }
}

const ACTIVE: &str = "active";

impl Node {
    async fn make(&self, name: &TenantName, token: Bytes) -> Result<MetaTenant, Error> {
        let token = match token.len() {
            0 => Bytes::copy_from_slice(&self.engine.entropy.number().to_be_bytes()),
            8..=64 => token,
            _ => return Err(Error::new(Code::BadRequest, "a token has 8 to 64 bytes, or is left out")),
        };
        let tenants_max = self.engine.options.tenants_max;
        let new = MetaNewTenant {
            name: name.as_str().to_owned(),
            token,
            time_ms: self.engine.clock.now_ms(),
            tenants_max: tenants_max as u32,
        };
        let made = self.engine.cluster.create_tenant(new).await.map_err(|error| unavailable(&error))?;
        let is_taken = || self.known(|one| one.ended_ms == 0 && one.name == name.as_str()).is_some();
        made.ok_or_else(|| match name.is_default() || is_taken() {
            true => Error::new(Code::PreconditionFailed, format!("there is a tenant {:?} already", name.as_str())),
            false => {
                let text = format!(
                    "there are {tenants_max} tenants besides the default one (limits.tenants_max), those included whose data is going"
                );
                Error::new(Code::TooLarge, text)
            }
        })
    }

    /// What packages of implementation guides define is a new tenant's, too.
    async fn agree_on_definitions(&self, tenant: TenantId) {
        if self.engine.options.packages.is_empty() {
            return;
        }
        let context = Context {
            tenant,
            request_id: "a new tenant".into(),
            trace: None,
            deadline: None,
            base: None,
            stale: None,
            share: Share::default(),
        };
        if let Err(error) = Session::new(&self.engine, &context).agree_on_parameters().await {
            tracing::debug!(tenant = tenant.0, %error, "search parameters are agreed on later");
        }
    }

    async fn end(&self, name: &TenantName) -> Result<MetaTenant, Error> {
        self.engine.learn().await?;
        let of_name = |one: &MetaTenant| !one.gone && one.name == name.as_str();
        // Of several the one that is there has the name; else the last that had it.
        let there = self.known(|one| of_name(one) && one.ended_ms == 0);
        let Some(one) = there.or_else(|| self.known(of_name)) else {
            let text = format!(
                "there is no tenant {:?}; `salamander tenant list` shows those that are there",
                name.as_str()
            );
            return Err(Error::new(Code::NotFound, text));
        };
        let tenant = TenantId(one.tenant);
        if one.ended_ms == 0 {
            let now_ms = self.engine.clock.now_ms();
            self.engine.cluster.end_tenant(tenant, now_ms).await.map_err(|error| unavailable(&error))?;
        }
        if !one.refused {
            self.tell_all(name).await?;
            self.engine.cluster.refuse_tenant(tenant).await.map_err(|error| unavailable(&error))?;
        }
        Ok(self.known(|known| known.tenant == tenant.0).unwrap_or(one))
    }

    /// # Errors
    /// `Unavailable` where a node does not say that it knows: it may answer requests yet.
    async fn tell_all(&self, name: &TenantName) -> Result<(), Error> {
        let untold = self.engine.untold_of_tenants().await;
        if untold.is_empty() {
            return Ok(());
        }
        let nodes: Vec<String> = untold.iter().map(u64::to_string).collect();
        let text = format!(
            "tenant {:?} is deleted, and node {} has not said yet that it knows, so that it may answer requests of it where it runs;              the data goes as soon as every node knows, or is removed from the cluster. Ask again to wait for that",
            name.as_str(),
            nodes.join(", ")
        );
        Err(Error::new(Code::Unavailable, text))
    }

    /// The last one of which that holds.
    fn known(&self, is_it: impl Fn(&MetaTenant) -> bool) -> Option<MetaTenant> {
        self.engine.cluster.tenants().0.into_iter().rev().find(is_it)
    }

    fn status_of(&self, one: MetaTenant) -> TenantStatus {
        let state = match (one.ended_ms, one.refused) {
            (0, _) => ACTIVE,
            (_, false) => "ending",
            (_, true) => "dropping",
        };
        let partitions = self.engine.partitions().count() as u32;
        let done = one.dropped.iter().filter(|part| part.done).count() as u32;
        TenantStatus {
            name: one.name,
            number: one.tenant,
            state: state.to_owned(),
            created_ms: one.created_ms,
            ended_ms: one.ended_ms,
            partitions_done: if one.gone { partitions } else { done },
            partitions,
            rows_gone: one.dropped.iter().map(|part| part.rows).sum(),
        }
    }
}

fn unavailable(error: &cluster::Error) -> Error {
    Error::new(Code::Unavailable, format!("the nodes cannot agree on tenants now: {error}"))
}

fn named(name: &str) -> Result<TenantName, Error> {
    TenantName::parse(name).map_err(|error| Error::new(Code::BadRequest, error.to_string()))
}
