//! Writes whose callers left, on a real node: they hold what they take for as long as they take it, so that those who come
//! after are refused rather than piled up; and then they hold nothing.

use super::{Bounds, Held, weight};
use crate::{
    budget::Budget, cli::options, compartment::Lease, config::Config, draft, observe::Wire,
    service::FhirService, service::Node, session::Context, wire::Front,
};
use bytes::Bytes;
use futures::{StreamExt, poll};
use proto::{Code, CompartmentKey, Error, ResourceId, TenantId, api::v1::*};
use std::{pin::pin, sync::Arc, task::Poll, time::Duration};

struct Fixture {
    node: Node,
    front: Front<Node>,
    bounds: Arc<Bounds>,
    _folder: tempfile::TempDir,
}

impl Fixture {
    async fn with(requests_max: usize, bytes_max: usize) -> Fixture {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.node.data = folder.path().to_owned();
        config.storage.partitions = 2;
        let config = Budget { total: 256 << 20, origin: "a test" }.fill(config);
        let node = Node::open(options::engine(&config), Arc::new(cluster::Nowhere)).await.unwrap();
        let front = Front::new(Arc::new(node.clone()), Wire::Rest, &config.logging);
        Fixture { node, front, bounds: Bounds::new(requests_max, bytes_max), _folder: folder }
    }

    fn context(&self, body: &Bytes) -> Result<Context, Error> {
        Fixture::within(&self.bounds, body)
    }

    /// As an adapter makes it, with the body's bytes in its share.
    fn within(bounds: &Arc<Bounds>, body: &Bytes) -> Result<Context, Error> {
        let share = bounds.share();
        share.take(body.len())?;
        Ok(Context {
            tenant: TenantId::DEFAULT,
            request_id: "a test".into(),
            trace: None,
            deadline: None,
            base: None,
            stale: None,
            share,
        })
    }

    /// A patient who is busy until the lease is dropped.
    async fn busy(&self, patient: &str) -> Lease {
        let inner = &self.node.engine;
        let id = ResourceId::parse(patient).unwrap();
        let compartment = CompartmentKey::of(TenantId::DEFAULT, draft::patient_type(), id);
        let partition = inner.partition_of(compartment.slot);
        inner.actors.lease(partition, TenantId::DEFAULT, compartment).await.unwrap()
    }

    /// A write into the patient's compartment whose caller leaves as soon as it waits for somebody.
    async fn abandon(&self, body: &Bytes) -> Result<(), Error> {
        let context = self.context(body)?;
        let request =
            CreateRequest { resource_type: "Observation".into(), body: body.clone(), ..Default::default() };
        let mut call = pin!(self.front.create(&context, request));
        match poll!(&mut call) {
            Poll::Pending => Ok(()),
            Poll::Ready(answer) => answer.map(|_| ()),
        }
    }

    fn queued(&self) -> usize {
        self.node.engine.actors.queued()
    }

    async fn at_rest(&self) {
        let rest = async {
            while self.bounds.held() != (Held { requests: 0, bytes: 0 }) || self.queued() > 0 {
                tokio::task::yield_now().await;
            }
        };
        let rest = tokio::time::timeout(Duration::from_secs(20), rest).await;
        assert!(rest.is_ok(), "still held: {:?}, queued {}", self.bounds.held(), self.queued());
    }

    async fn observations(&self) -> u64 {
        let total = SearchParameter { name: "_summary".into(), value: "count".into() };
        let request = SearchRequest {
            resource_type: "Observation".into(),
            parameters: vec![total],
            ..Default::default()
        };
        let context = self.context(&Bytes::new()).unwrap();
        self.node.search(&context, request).await.unwrap().total.unwrap()
    }
}

fn observation(bytes: usize) -> Bytes {
    let text = "x".repeat(bytes);
    let body = format!(
        r#"{{"resourceType":"Observation","status":"final","code":{{"text":"{text}"}},"subject":{{"reference":"Patient/p"}}}}"#
    );
    body.into()
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_busy_patient_they_count_as_requests() {
    let fixture = Fixture::with(8, 1 << 30).await;
    let lease = fixture.busy("p").await;
    let body = observation(10);
    for before in 0..8 {
        assert_eq!((fixture.queued(), fixture.bounds.held().requests), (before, before));
        fixture.abandon(&body).await.unwrap();
    }
    let refused = fixture.abandon(&body).await.unwrap_err();
    assert_eq!(refused.code, Code::Overloaded);
    assert!(refused.diagnostics().contains("limits.requests_in_flight_max"), "{refused}");
    assert_eq!((fixture.queued(), fixture.bounds.held().requests), (8, 8));
    drop(lease);
    fixture.at_rest().await;
    assert_eq!(fixture.observations().await, 0, "what was let go before it was begun is not written");
    fixture.node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_busy_patient_they_hold_their_memory() {
    let body = observation(100_000);
    let each = body.len() + weight::of_write(&body);
    let fixture = Fixture::with(1000, 5 * each + each / 2).await;
    let lease = fixture.busy("p").await;
    for held in 1..=5 {
        fixture.abandon(&body).await.unwrap();
        assert_eq!(fixture.bounds.held(), Held { requests: held, bytes: held * each });
    }
    for _ in 0..20 {
        let refused = fixture.abandon(&body).await.unwrap_err();
        assert_eq!(refused.code, Code::Overloaded);
        assert!(refused.diagnostics().contains("limits.requests_bytes_max"), "{refused}");
    }
    assert_eq!((fixture.queued(), fixture.bounds.held().bytes), (5, 5 * each));
    drop(lease);
    fixture.at_rest().await;
    fixture.node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_holds_its_share_to_its_end() {
    let fixture = Fixture::with(8, 1 << 30).await;
    let lease = fixture.busy("p").await;
    let entry = |patient: &str| {
        format!(
            r#"{{"resource":{{"resourceType":"Patient","id":"{patient}"}},"request":{{"method":"PUT","url":"Patient/{patient}"}}}}"#
        )
    };
    let entries: Vec<String> = ["p", "q", "r"].map(entry).into();
    let bundle: Bytes =
        format!(r#"{{"resourceType":"Bundle","type":"transaction","entry":[{}]}}"#, entries.join(",")).into();
    let context = fixture.context(&bundle).unwrap();
    let each = bundle.len() + weight::of_bundle(&bundle);
    let request = TransactionRequest { bundle, ..Default::default() };
    {
        let mut call = pin!(fixture.front.transaction(&context, request));
        assert!(poll!(&mut call).is_pending());
    }
    drop(context);
    // Nobody waits for it, and it goes on.
    assert_eq!(fixture.bounds.held(), Held { requests: 1, bytes: each });
    drop(lease);
    fixture.at_rest().await;
    let context = fixture.context(&Bytes::new()).unwrap();
    let read = ReadRequest { resource_type: "Patient".into(), id: "q".into(), ..Default::default() };
    assert!(fixture.node.read(&context, read).await.is_ok(), "it was carried out");
    fixture.node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bodies_of_a_page_are_held_too() {
    let fixture = Fixture::with(8, 1 << 30).await;
    let body = observation(20_000);
    for _ in 0..3 {
        let context = fixture.context(&body).unwrap();
        let request =
            CreateRequest { resource_type: "Observation".into(), body: body.clone(), ..Default::default() };
        fixture.front.create(&context, request).await.unwrap();
    }
    let bounds = Bounds::new(1, 100_000);
    let context = || Fixture::within(&bounds, &Bytes::new()).unwrap();
    let of = |count: &str| SearchRequest {
        resource_type: "Observation".into(),
        parameters: vec![SearchParameter { name: "_count".into(), value: count.into() }],
        ..Default::default()
    };
    let front = &fixture.front;
    assert_eq!(front.search(&context(), of("3")).await.unwrap_err().code, Code::TooLarge);
    assert_eq!(front.history(&context(), HistoryRequest::default()).await.unwrap_err().code, Code::TooLarge);
    let one = context();
    assert_eq!(front.search(&one, of("1")).await.unwrap().entries.len(), 1);
    assert!(bounds.held().bytes > 40_000, "{:?}", bounds.held());
    drop(one);
    // A stream holds one page at a time.
    let entries: Vec<_> = front.search_stream(&context(), of("1")).await.unwrap().collect().await;
    assert!(entries.len() == 3 && entries.iter().all(Result::is_ok), "{entries:?}");
    assert_eq!(bounds.held(), Held { requests: 0, bytes: 0 });
    fixture.node.shutdown().await;
}
