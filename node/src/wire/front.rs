//! What both wires put around the service: admission, deadline, a stop for panics, metrics, the slow-request log.

use crate::{
    bounds::{Share, weight},
    config,
    observe::{Interactions, Wire, interactions::InFlight},
    service::{Call, FhirService, LABELS, RoutingService, Tenant, TenantService, calls},
    session::Context,
};
use futures::{FutureExt, StreamExt, stream::BoxStream};
use proto::{Code, Error, TenantName, api::v1::*};
use std::{
    future::Future,
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};
use tracing::Instrument;

/// A service as one wire sees it.
pub struct Front<S> {
    inner: Arc<S>,
    interactions: Interactions,
    slow: Option<Duration>,
}

impl<S: FhirService> Front<S> {
    /// Around `inner`. The metrics recorder must be installed before.
    pub fn new(inner: Arc<S>, wire: Wire, logging: &config::Logging) -> Self {
        let slow = (logging.slow_request_ms > 0).then(|| Duration::from_millis(logging.slow_request_ms));
        Front { inner, interactions: Interactions::new(wire, LABELS), slow }
    }

    /// One call from admission to its line in the metrics. `weight`: bytes of memory it takes besides its body.
    async fn run<T>(
        &self,
        interaction: Call,
        context: &Context,
        weight: usize,
        call: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let started = Instant::now();
        let _in_flight = self.interactions.begin();
        let result = match context.share.admit(weight) {
            Ok(()) => contained(context.deadline, call).instrument(span(interaction, context)).await,
            Err(refused) => Err(refused),
        };
        self.finish(interaction, context, started, result.as_ref().err());
        result
    }

    fn finish(&self, interaction: Call, context: &Context, started: Instant, error: Option<&Error>) {
        let elapsed = started.elapsed();
        self.interactions.finish(interaction as usize, elapsed, error.map(|error| error.code));
        let (wire, name) = (self.interactions.wire().name(), interaction.label());
        let request_id = &*context.request_id;
        if let Some(error) = error.filter(|error| error.code == Code::Internal) {
            tracing::error!(wire, interaction = name, request_id, %error, "request failed");
        }
        if self.slow.is_some_and(|slow| elapsed >= slow) {
            tracing::warn!(
                wire,
                interaction = name,
                request_id,
                elapsed_ms = elapsed.as_millis() as u64,
                "slow request"
            );
        }
    }
}

fn span(interaction: Call, context: &Context) -> tracing::Span {
    let trace_id = context.trace.map(|trace| trace.id());
    tracing::info_span!(
        "request",
        interaction = interaction.label(),
        request_id = &*context.request_id,
        trace_id
    )
}

impl<S: FhirService> TenantService for Front<S> {
    async fn tenant(&self, name: &TenantName) -> Result<Tenant, Error> {
        self.inner.tenant(name).await
    }
}

/// Nothing that takes time or memory.
impl<S: FhirService> RoutingService for Front<S> {
    fn map(&self, request: MapRequest) -> MapResponse {
        self.inner.map(request)
    }

    fn led_elsewhere(&self, context: &Context, resource_type: &str, id: &str) -> Option<u64> {
        self.inner.led_elsewhere(context, resource_type, id)
    }

    fn cluster(&self) -> u64 {
        self.inner.cluster()
    }
}

/// What a caller is told whose deadline passed.
const LATE: &str = "the deadline of the request passed; a write may have been applied, or may yet be: read what is there, or send it \
                    again under the idempotency key it had";

/// The call with its deadline, and a panic inside it turned into an error: one bad request ends nothing but itself.
async fn contained<T>(
    deadline: Option<Instant>,
    call: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let call = AssertUnwindSafe(call).catch_unwind();
    let outcome = match deadline {
        None => call.await,
        Some(deadline) => match tokio::time::timeout_at(deadline.into(), call).await {
            Ok(outcome) => outcome,
            Err(_) => return Err(Error::new(Code::Timeout, LATE)),
        },
    };
    outcome.unwrap_or_else(|_panic| {
        Err(Error::new(
            Code::Internal,
            "a defect of the server; its log has the details under the request id",
        ))
    })
}

/// What a stream of results holds until its reader is done with it.
struct StreamGuard {
    _share: Share,
    _in_flight: InFlight,
}

macro_rules! fronted {
    ($(
        $(#[$about:meta])*
        $call:ident($request:ident) -> $response:ident:
            rpc $rpc:ident, shown $name:ident $label:literal, by $room:ident::$run:ident, about |$named:pat_param| $id:expr, weighs |$of:pat_param| $weight:expr;
    )*) => {
        impl<S: FhirService> FhirService for Front<S> {
            $(async fn $call(&self, context: &Context, request: $request) -> Result<$response, Error> {
                let weigh = |$of: &$request| -> usize { $weight };
                let weight = weigh(&request);
                // Boxed: it is large, and all that is around it would be copied with it.
                self.run(Call::$name, context, weight, Box::pin(self.inner.$call(context, request))).await
            })*

            async fn search_stream(
                &self,
                context: &Context,
                request: SearchRequest,
            ) -> Result<BoxStream<'static, Result<SearchEntry, Error>>, Error> {
                self.stream(context, request).await
            }
        }
    };
}

calls!(fronted);

impl<S: FhirService> Front<S> {
    async fn stream(
        &self,
        context: &Context,
        request: SearchRequest,
    ) -> Result<BoxStream<'static, Result<SearchEntry, Error>>, Error> {
        let started = Instant::now();
        context.share.admit(0)?;
        let guard = StreamGuard { _in_flight: self.interactions.begin(), _share: context.share.clone() };
        let call = self.inner.search_stream(context, request);
        let opened = contained(context.deadline, call).instrument(span(Call::SearchStream, context)).await;
        self.finish(Call::SearchStream, context, started, opened.as_ref().err());
        let entries = opened?.map(move |entry| {
            let _ = &guard;
            entry
        });
        Ok(entries.boxed())
    }
}
