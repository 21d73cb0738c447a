//! Writes in bulk over one stream.

use super::detail;
use crate::{service::FhirService, session::Context, stop::Stop, wire::caller::deadline};
use futures::{Stream, StreamExt, future::ready, stream};
use parking_lot::Mutex;
use prost::Message;
use proto::{
    Code, Error,
    api::v1::{
        WriteStreamRequest, WriteStreamResponse, write_stream_request::Request,
        write_stream_response::Response,
    },
};
use std::{sync::Arc, time::Duration};
use tonic::Status;

/// A message's flag and length on the wire.
const FRAME_BYTES: usize = 5;

/// What the writes of one stream share.
pub(super) struct Writes<S> {
    pub service: Arc<S>,
    pub context: Context,
    pub timeout: Duration,
}

impl<S: FhirService> Writes<S> {
    /// Starts the writes in the order they come, at most `in_flight_max` at a time, and answers each when it is done.
    /// An error of one write is its in-band answer. When the node stops, or a message cannot be read, no more are read,
    /// those under way are answered, and the stream ends with that error: what got no answer was not begun.
    pub(super) fn answer(
        self,
        requests: impl Stream<Item = Result<WriteStreamRequest, Status>> + Send + 'static,
        in_flight_max: usize,
        stop: Stop,
    ) -> impl Stream<Item = Result<WriteStreamResponse, Status>> + Send + 'static {
        let writes = Arc::new(self);
        let broken = Arc::new(Mutex::new(None));
        let unreadable = broken.clone();
        let answers = requests
            .take_until(stop.clone().wait())
            .scan((), move |(), request| {
                ready(request.map_err(|status| *unreadable.lock() = Some(detail::told(status))).ok())
            })
            .map(move |request| {
                let writes = writes.clone();
                async move { Ok(writes.one(request).await) }
            })
            .buffer_unordered(in_flight_max.max(1));
        let end = move || broken.lock().take().or_else(|| stop.is_set().then(unavailable));
        let last = stream::once(async move { end() });
        answers.chain(last.filter_map(|end| ready(end.map(Err))))
    }

    async fn one(&self, request: WriteStreamRequest) -> WriteStreamResponse {
        let bytes = request.encoded_len() + FRAME_BYTES;
        // What the stream took for this message is its own from here on.
        let share = self.context.share.split(bytes);
        let unpacked = bytes - share.bytes().min(bytes);
        let context = Context { deadline: deadline(self.timeout, None), share, ..self.context.clone() };
        let answer = match context.share.take(unpacked) {
            Ok(()) => self.dispatch(&context, request.request).await,
            Err(refused) => Err(refused),
        };
        let response = answer.unwrap_or_else(|error| Response::Error(error.to_detail()));
        WriteStreamResponse { sequence: request.sequence, response: Some(response) }
    }

    async fn dispatch(&self, context: &Context, request: Option<Request>) -> Result<Response, Error> {
        match request {
            Some(Request::Create(create)) => self.service.create(context, create).await.map(Response::Write),
            Some(Request::Update(update)) => self.service.update(context, update).await.map(Response::Write),
            Some(Request::Patch(patch)) => self.service.patch(context, patch).await.map(Response::Write),
            Some(Request::Delete(delete)) => self.service.delete(context, delete).await.map(Response::Write),
            Some(Request::Transaction(bundle)) => {
                self.service.transaction(context, bundle).await.map(Response::Transaction)
            }
            None => Err(Error::new(Code::BadRequest, "the message holds no request this server knows")),
        }
    }
}

fn unavailable() -> Status {
    Error::new(Code::Unavailable, "the node is stopping; send what was not answered to another node")
        .to_status()
}
