//! Request bodies: bounded each, bounded together, and no waiting for a peer that stalls.

use super::{
    call::{Settings, Shared},
    format::{self, Syntax},
    outcome::Failure,
    raw, xml,
};
use crate::{bounds::Share, query};
use axum::{body::Body, extract::FromRequest};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use http::{HeaderMap, Request, header};
use proto::{Code, Error};
use std::time::Duration;
use tokio::time::timeout;

/// A body in memory, as JSON. Its bytes are held by the share of its [`Call`](super::call::Call).
pub(super) struct Payload {
    pub bytes: Bytes,
}

/// The parameters of a `POST _search` form.
pub(super) struct Form(pub Vec<(String, String)>);

impl<S: Send + Sync> FromRequest<Shared<S>> for Payload {
    type Rejection = Failure;

    async fn from_request(request: Request<Body>, shared: &Shared<S>) -> Result<Payload, Failure> {
        if let Some(kind) = raw::kind_of_body(request.uri(), request.headers()) {
            let (uri, headers) = (request.uri().clone(), request.headers().clone());
            let share = share(&request, &shared.settings);
            let held = read(request, &shared.settings).await?.bytes;
            // The resource that holds it is longer by a third.
            share.take(held.len() / 3 * 4 + 256)?;
            return Ok(Payload { bytes: raw::to_json(&kind, &held, &uri, &headers) });
        }
        let syntax = format::of_body(request.headers())?;
        let share = share(&request, &shared.settings);
        let payload = read(request, &shared.settings).await?;
        match syntax {
            Syntax::Json => Ok(payload),
            Syntax::Xml => {
                // The JSON that says the same, and its room to grow.
                share.take(2 * payload.bytes.len())?;
                let bytes = xml::to_json(payload.bytes, shared.settings.body_bytes_max, share).await?;
                Ok(Payload { bytes })
            }
        }
    }
}

impl<S: Send + Sync> FromRequest<Shared<S>> for Form {
    type Rejection = Failure;

    async fn from_request(request: Request<Body>, shared: &Shared<S>) -> Result<Form, Failure> {
        check_form(request.headers())?;
        let payload = read(request, &shared.settings).await?;
        Ok(Form(query::parse(&payload.bytes)?))
    }
}

fn check_form(headers: &HeaderMap) -> Result<(), Error> {
    let content_type = headers.get(header::CONTENT_TYPE).map(|value| value.as_bytes()).unwrap_or_default();
    let media_type = content_type.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    // A POST without a body carries all its parameters in the URL and needs no type.
    if media_type.is_empty() || media_type.eq_ignore_ascii_case(b"application/x-www-form-urlencoded") {
        return Ok(());
    }
    Err(Error::new(Code::UnsupportedMedia, "the body of _search is application/x-www-form-urlencoded"))
}

/// The share that the head of the request was given.
fn share(request: &Request<Body>, settings: &Settings) -> Share {
    request.extensions().get().cloned().unwrap_or_else(|| settings.bounds.share())
}

/// Reads the whole body, whatever its type; its bytes join the share of the request as they come.
pub(super) async fn read(request: Request<Body>, settings: &Settings) -> Result<Payload, Error> {
    let declared = declared_length(request.headers());
    let expects = request.headers().contains_key(header::EXPECT);
    let share = share(&request, settings);
    let mut frames = request.into_body().into_data_stream();
    if declared.is_some_and(|length| length > settings.body_bytes_max) {
        // A client that waits for "100 Continue" sends nothing after the refusal.
        if !expects {
            discard(frames, settings).await;
        }
        return Err(too_large(settings));
    }
    let mut body = Collected { declared: declared.unwrap_or(0) as usize, ..Collected::default() };
    while let Some(frame) =
        timeout(settings.body_timeout, frames.next()).await.map_err(|_| stalled(settings))?
    {
        let frame = frame
            .map_err(|error| Error::new(Code::Malformed, format!("the body cannot be read: {error}")))?;
        let fits = match body.len() + frame.len() as u64 > settings.body_bytes_max {
            true => Err(too_large(settings)),
            false => share.take(frame.len()),
        };
        if let Err(refused) = fits {
            drop(body);
            discard(frames, settings).await;
            return Err(refused);
        }
        body.push(frame);
    }
    Ok(Payload { bytes: body.finish() })
}

/// Only without a Content-Encoding does the length say how large the decoded body is.
fn declared_length(headers: &HeaderMap) -> Option<u64> {
    if headers.contains_key(header::CONTENT_ENCODING) {
        return None;
    }
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// One frame stays the slice it arrived as; more are joined.
#[derive(Default)]
struct Collected {
    first: Bytes,
    joined: BytesMut,
    /// What the head says the length is; 0: nothing.
    declared: usize,
}

impl Collected {
    fn len(&self) -> u64 {
        (self.first.len() + self.joined.len()) as u64
    }

    fn push(&mut self, frame: Bytes) {
        if self.len() == 0 {
            self.first = frame;
            return;
        }
        if !self.first.is_empty() {
            // In one piece where the length is known: a buffer that grows takes up to twice its size.
            self.joined.reserve(self.declared);
            self.joined.extend_from_slice(&std::mem::take(&mut self.first));
        }
        self.joined.extend_from_slice(&frame);
    }

    fn finish(self) -> Bytes {
        if self.first.is_empty() { self.joined.freeze() } else { self.first }
    }
}

/// Reads on for a moment and forgets: a peer that is still sending when the connection closes would lose the answer.
async fn discard(mut frames: axum::body::BodyDataStream, settings: &Settings) {
    let rest = async {
        let mut left = settings.body_bytes_max;
        while let Some(Ok(frame)) = frames.next().await {
            left = left.saturating_sub(frame.len() as u64);
            if left == 0 {
                break;
            }
        }
    };
    // Whether it ended or not, the answer is the same.
    let _ = timeout(Duration::from_secs(5).min(settings.body_timeout), rest).await;
}

fn too_large(settings: &Settings) -> Error {
    let limit = settings.body_bytes_max;
    Error::new(Code::TooLarge, format!("the body is larger than {limit} bytes (rest.body_bytes_max)"))
}

fn stalled(settings: &Settings) -> Error {
    let pause = settings.body_timeout.as_millis();
    Error::new(Code::BodyTimeout, format!("no more of the body came for {pause} ms (rest.body_timeout_ms)"))
}
