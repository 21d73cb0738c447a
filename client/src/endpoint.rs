//! One endpoint: its calls, and whether it is left alone.

use crate::{Error, Options, Result, api, connect};
use proto::{
    api::v1::{fhir_client::FhirClient, routing_client::RoutingClient},
    metadata::{self, CLUSTER},
};
use std::{
    sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};
use tonic::{
    Request,
    metadata::{AsciiMetadataValue, MetadataMap},
    transport::Channel,
};

const PAUSE_FIRST: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(crate) struct Endpoint {
    /// As it was given.
    pub(crate) address: String,
    stub: FhirClient<Channel>,
    routing: RoutingClient<Channel>,
    /// Of one that a node told: the cluster that it has to be of.
    cluster: Option<AsciiMetadataValue>,
    /// Since the last answer.
    failures: AtomicU32,
    /// Left alone until then, in milliseconds since `began`; 0: not at all.
    paused_until: AtomicU64,
    /// It did not answer, or never has.
    is_lost: AtomicBool,
    began: Instant,
}

/// How little an endpoint is wanted: the least comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Reluctance {
    /// Another one answers for certain.
    is_lost: bool,
    pause_ms: u64,
}

impl Endpoint {
    /// One of the caller's.
    pub(crate) fn given(address: &str, options: &Options) -> Result<Endpoint> {
        let (stub, routing) = connect::stubs(address, options)?;
        Ok(Endpoint {
            address: address.to_owned(),
            stub,
            routing,
            cluster: None,
            failures: AtomicU32::new(0),
            paused_until: AtomicU64::new(0),
            is_lost: AtomicBool::new(false),
            began: Instant::now(),
        })
    }

    /// One that a node of that cluster told. Lost until it has answered.
    pub(crate) fn told(address: &str, cluster: u64, options: &Options) -> Result<Endpoint> {
        let cluster = metadata::cluster(cluster).parse().ok();
        Ok(Endpoint { cluster, is_lost: AtomicBool::new(true), ..Endpoint::given(address, options)? })
    }

    /// For one call.
    pub(crate) fn stub(&self) -> FhirClient<Channel> {
        self.stub.clone()
    }

    /// Has a node refuse the call that is not of the cluster it is meant for.
    pub(crate) fn mark(&self, metadata: &mut MetadataMap) {
        if let Some(cluster) = &self.cluster {
            metadata.insert(CLUSTER, cluster.clone());
        }
    }

    /// Its map, if that is another one than that version.
    pub(crate) async fn map(&self, version: u64, within: Duration) -> Result<api::MapResponse> {
        let mut request = Request::new(api::MapRequest { version });
        self.mark(request.metadata_mut());
        match tokio::time::timeout(within, self.routing.clone().map(request)).await {
            Ok(answer) => answer.map(tonic::Response::into_inner).map_err(Error::from),
            Err(_) => Err(Error::timed_out()),
        }
    }

    pub(crate) fn reluctance(&self) -> Reluctance {
        let pause_ms = self.paused_until.load(Relaxed).saturating_sub(self.now_ms());
        Reluctance { is_lost: self.is_lost.load(Relaxed), pause_ms }
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.reluctance() == Reluctance::default()
    }

    /// Another's word for it: the address may be another server's by now.
    pub(crate) fn is_told(&self) -> bool {
        self.cluster.is_some()
    }

    pub(crate) fn is_lost(&self) -> bool {
        self.is_lost.load(Relaxed)
    }

    /// It answered.
    pub(crate) fn answers(&self) {
        if self.failures.load(Relaxed) > 0 {
            self.failures.store(0, Relaxed);
            self.paused_until.store(0, Relaxed);
        }
        if self.is_lost() {
            self.is_found();
        }
    }

    /// It is there. Where it failed, it is left alone no shorter for that.
    pub(crate) fn is_found(&self) {
        self.is_lost.store(false, Relaxed);
    }

    /// It did not, or cannot now. `is_lost`: it has to show that it answers before it is asked anything.
    pub(crate) fn fails(&self, is_lost: bool) {
        let failures = self.failures.fetch_add(1, Relaxed);
        let pause = PAUSE_FIRST.saturating_mul(1 << failures.min(10)).min(PAUSE_MAX);
        self.paused_until.store(self.now_ms() + pause.as_millis() as u64, Relaxed);
        if is_lost {
            self.is_lost.store(true, Relaxed);
        }
    }

    fn now_ms(&self) -> u64 {
        self.began.elapsed().as_millis() as u64
    }
}
