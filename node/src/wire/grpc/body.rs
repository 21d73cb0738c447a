//! The bytes of a call's messages join its share as they come: before tonic has put a message together, and whoever
//! sends it.

use crate::bounds::{Bounds, Share};
use axum::{
    body::{Body, HttpBody},
    extract::Request,
};
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

/// The call with a share of its own, in its extensions, that its body counts into.
pub(super) fn counted(bounds: &Arc<Bounds>, mut request: Request) -> Request {
    let share = bounds.share();
    request.extensions_mut().insert(share.clone());
    request.map(|body| Body::new(Counted { body, share }))
}

struct Counted {
    body: Body,
    share: Share,
}

impl HttpBody for Counted {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        let bytes = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref()).map_or(0, Bytes::len);
        if let Err(refused) = self.share.take(bytes) {
            return Poll::Ready(Some(Err(refused.to_status().into())));
        }
        Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
