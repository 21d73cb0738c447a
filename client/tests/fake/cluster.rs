//! Fakes as the nodes of one cluster.

use super::Fake;
use client::{Client, api};
use proto::{
    Code, Error,
    metadata::{self, CLUSTER},
};
use std::{
    convert::Infallible,
    sync::atomic::Ordering,
    task::{Context, Poll},
    time::{Duration, Instant},
};
use tonic::{
    Request, Response, Status,
    body::Body,
    codegen::{BoxFuture, Service, http},
    metadata::MetadataMap,
};

/// Both services of a fake, told apart by the path.
#[derive(Clone)]
pub struct Both(pub api::fhir_server::FhirServer<Fake>, pub api::routing_server::RoutingServer<Fake>);

impl Service<http::Request<Body>> for Both {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        match request.uri().path().starts_with("/salamander.api.v1.Routing/") {
            true => self.1.call(request),
            false => self.0.call(request),
        }
    }
}

/// Partitions of the fakes' clusters.
pub const PARTITIONS: u64 = 16;

/// Serves all of them as one cluster of that number, whose nodes lead the partitions in turn. Their endpoints.
pub async fn cluster_of(number: u64, fakes: &[Fake]) -> Vec<String> {
    let mut endpoints = Vec::new();
    for fake in fakes {
        endpoints.push(format!("http://{}", fake.serve().await));
    }
    let ids = 1..=fakes.len() as u64;
    let address = |endpoint: &String| endpoint.trim_start_matches("http://").to_owned();
    let addresses = endpoints.iter().map(address);
    let nodes = ids.clone().zip(addresses).map(|(node_id, address)| api::MapNode { node_id, address });
    let partition = |place: u64| api::MapPartition {
        leader: 1 + place % fakes.len() as u64,
        replicas: ids.clone().collect(),
    };
    let map = api::MapResponse {
        version: 1,
        cluster: number,
        nodes: nodes.collect(),
        partitions: (0..PARTITIONS).map(partition).collect(),
        types: vec![api::MapType { name: "Patient".into(), code: 103 }],
        ..Default::default()
    };
    for (fake, seen_by) in fakes.iter().zip(ids) {
        *fake.map.lock().unwrap() = api::MapResponse { seen_by, ..map.clone() };
    }
    endpoints
}

/// Until the client's map is as it should be.
pub async fn learnt(client: &Client, good: impl Fn(Option<String>) -> bool) {
    let began = Instant::now();
    while !good(client.leader_of("Patient", "example")) {
        assert!(began.elapsed() < Duration::from_secs(30), "{:?}", client.leader_of("Patient", "example"));
        // The first call has it learnt.
        let _ = client.capabilities().await;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

impl Fake {
    /// A read or create is here.
    pub(super) async fn arrived(&self, metadata: &MetadataMap) -> Result<(), Status> {
        self.metadata.lock().unwrap().push(metadata.clone());
        self.is_meant(metadata)?;
        let slow = *self.slow.lock().unwrap();
        if !slow.is_zero() {
            tokio::time::sleep(slow).await;
        }
        Ok(())
    }

    fn is_meant(&self, metadata: &MetadataMap) -> Result<(), Status> {
        let own = metadata::cluster(self.map.lock().unwrap().cluster);
        match metadata.get(CLUSTER).is_none_or(|meant| meant.as_bytes() == own.as_bytes()) {
            true => Ok(()),
            false => Err(Error::new(Code::Unavailable, "of another cluster").to_status()),
        }
    }
}

#[tonic::async_trait]
impl api::routing_server::Routing for Fake {
    async fn map(&self, request: Request<api::MapRequest>) -> Result<Response<api::MapResponse>, Status> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.is_meant(request.metadata())?;
        let map = self.map.lock().unwrap().clone();
        let same = request.into_inner().version == map.version;
        let api::MapResponse { version, cluster, seen_by, .. } = map;
        Ok(Response::new(match same {
            true => api::MapResponse { version, cluster, seen_by, ..Default::default() },
            false => map,
        }))
    }
}
