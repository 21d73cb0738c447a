//! `salamander.api.v1.Fhir` over the service trait, call by call.

use super::{
    context::{answer, open},
    paced::Paced,
    routing::is_meant,
    write_stream,
};
use crate::{
    service::{FhirService, calls},
    session::Context,
    stop::Stop,
};
use futures::{StreamExt, stream::BoxStream};
use proto::api::v1::{fhir_server::Fhir, *};
use std::{sync::Arc, time::Duration};
use tonic::{Request, Response, Status, Streaming};

/// The adapter and what it needs of the configuration.
pub(super) struct Adapter<S> {
    pub service: Arc<S>,
    pub timeout: Duration,
    /// How long the reader of a stream may take nothing.
    pub patience: Duration,
    pub write_stream_in_flight_max: usize,
    pub stop: Stop,
}

type Matches = BoxStream<'static, Result<SearchEntry, Status>>;
type Answers = BoxStream<'static, Result<WriteStreamResponse, Status>>;

macro_rules! adapted {
    ($(
        $(#[$about:meta])*
        $call:ident($request:ident) -> $response:ident:
            rpc $rpc:ident, shown $name:ident $label:literal, by $room:ident::$run:ident, about |$named:pat_param| $id:expr, weighs |$of:pat_param| $weight:expr;
    )*) => {
        #[tonic::async_trait]
        impl<S: FhirService> Fhir for Adapter<S> {
            $(async fn $rpc(&self, request: Request<$request>) -> Result<Response<$response>, Status> {
                let (context, request) = self.open(request).await?;
                let leader = {
                    fn about($named: &$request) -> Option<(&str, &str)> {
                        $id
                    }
                    about(&request).and_then(|(of, id)| self.service.led_elsewhere(&context, of, id))
                };
                answer(&context, self.service.$call(&context, request).await, leader)
            })*

            async fn search_stream(
                &self,
                request: Request<SearchRequest>,
            ) -> Result<Response<Matches>, Status> {
                self.matches(request).await
            }

            async fn write_stream(
                &self,
                request: Request<Streaming<WriteStreamRequest>>,
            ) -> Result<Response<Answers>, Status> {
                self.writes(request).await
            }
        }
    };
}

calls!(adapted);

impl<S: FhirService> Adapter<S> {
    async fn open<T>(&self, mut request: Request<T>) -> Result<(Context, T), Status> {
        is_meant(request.metadata_mut(), &*self.service)?;
        open(request, self.timeout, &*self.service).await
    }

    async fn matches(&self, request: Request<SearchRequest>) -> Result<Response<Matches>, Status> {
        let (context, request) = self.open(request).await?;
        let entries = self.service.search_stream(&context, request).await;
        let in_status = |entry: Result<SearchEntry, proto::Error>| entry.map_err(|error| error.to_status());
        let paced =
            |entries: BoxStream<'static, _>| Paced::new(entries.map(in_status).boxed(), self.patience);
        answer(&context, entries.map(|entries| paced(entries).boxed()), None)
    }

    async fn writes(
        &self,
        request: Request<Streaming<WriteStreamRequest>>,
    ) -> Result<Response<Answers>, Status> {
        let (context, requests) = self.open(request).await?;
        let writes = write_stream::Writes {
            service: self.service.clone(),
            context: context.clone(),
            timeout: self.timeout,
        };
        let answers = writes.answer(requests, self.write_stream_in_flight_max, self.stop.clone());
        answer(&context, Ok(Paced::new(answers.boxed(), self.patience).boxed()), None)
    }
}
