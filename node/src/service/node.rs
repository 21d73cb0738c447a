//! The service of this node: each call to who carries it out.

use super::{Call, FhirService, calls};
use crate::{
    bounds::weight,
    capabilities,
    engine::{Engine, Level},
    interaction, operation,
    partition::unreadable,
    session::{Context, Patience, Session},
    transaction,
};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream::BoxStream};
use prost::Message;
use proto::{Code, Error, api::v1::*};
use std::sync::Arc;

/// A running node. Cheap to clone; [`Node::shutdown`] ends it.
#[derive(Clone)]
pub struct Node {
    pub(crate) engine: Arc<Engine>,
}

impl Node {
    pub(crate) fn session<'s>(&'s self, context: &'s Context) -> Session<'s> {
        Session::new(&self.engine, context)
    }

    /// The same where other nodes write, too: what every write is held against is known here.
    pub(super) async fn ready_session<'s>(&'s self, context: &'s Context) -> Result<Session<'s>, Error> {
        let session = self.session(context);
        if self.engine.options.validation == Level::Full && context.stale.is_none() {
            session.catch_up().await?;
        }
        Ok(session)
    }
}

macro_rules! carried_out {
    ($(
        $(#[$about:meta])*
        $call:ident($request:ident) -> $response:ident:
            rpc $rpc:ident, shown $name:ident $label:literal, by $room:ident::$run:ident, about |$named:pat_param| $id:expr, weighs |$of:pat_param| $weight:expr;
    )*) => {
        impl FhirService for Node {
            $(async fn $call(&self, context: &Context, request: $request) -> Result<$response, Error> {
                Call::$name.accept(context)?;
                if self.engine.cluster.is_alone() {
                    let session = self.session(context);
                    return session.unless_ended($room::$run(session, request).await);
                }
                // Boxed: alone there is none, and every call would carry its future along.
                Box::pin(async move {
                    let patience = Patience::begin();
                    let home = {
                        fn about($named: &$request) -> Option<(&str, &str)> {
                            $id
                        }
                        about(&request).and_then(|(of, id)| self.home(context, of, id))
                    };
                    loop {
                        let answer = match self.serves(context, home) {
                            true => match self.ready_session(context).await {
                                Ok(session) => $room::$run(session, request.clone()).await,
                                Err(error) => Err(error),
                            },
                            false => self.forward(context, Call::$name, home, &request).await,
                        };
                        if let Some(answer) = patience.with(answer).await {
                            return self.session(context).unless_ended(answer);
                        }
                    }
                })
                .await
            })*

            async fn search_stream(
                &self,
                context: &Context,
                request: SearchRequest,
            ) -> Result<BoxStream<'static, Result<SearchEntry, Error>>, Error> {
                self.matches(context, request).await
            }
        }

        impl Node {
            /// Carries out, here, a call of another node.
            pub(super) async fn carry_out(
                &self,
                context: &Context,
                call: &str,
                message: Bytes,
            ) -> Result<Bytes, Error> {
                $(if call == Call::$name.label() {
                    let weigh = |$of: &$request| -> usize { $weight };
                    let request = $request::decode(message).map_err(|error| unreadable(&error))?;
                    context.share.admit(weigh(&request))?;
                    Call::$name.accept(context)?;
                    let session = self.ready_session(context).await?;
                    let answer = session.unless_ended($room::$run(session, request).await)?;
                    return Ok(answer.encode_to_vec().into());
                })*
                let text = format!("another node asks for `{call}`, which this version does not know");
                Err(Error::new(Code::NotSupported, text))
            }
        }
    };
}

calls!(carried_out);

impl Node {
    /// The matches of a search, read here where this node holds any data, else page by page from one that does.
    async fn matches(
        &self,
        context: &Context,
        request: SearchRequest,
    ) -> Result<BoxStream<'static, Result<SearchEntry, Error>>, Error> {
        Call::SearchStream.accept(context)?;
        if self.serves(context, None) {
            let matches = interaction::search_stream(self.session(context), request).await?;
            let (node, context) = (self.clone(), context.clone());
            // Also the end: what is deleted under way is no shorter answer.
            let end = futures::stream::once(std::future::ready(None));
            let whole = matches.map(Some).chain(end).filter_map(move |entry| {
                let session = node.session(&context);
                std::future::ready(match (entry, session.unless_ended(Ok::<(), Error>(()))) {
                    (Some(entry), Ok(())) => Some(entry),
                    (None, Ok(())) => None,
                    (_, Err(ended)) => Some(Err(ended)),
                })
            });
            return Ok(whole.boxed());
        }
        let (node, context) = (self.clone(), context.clone());
        let first = node.search(&context, request.clone()).await?;
        let pages = futures::stream::try_unfold(Some(first), move |page| {
            let (node, context, request) = (node.clone(), context.clone(), request.clone());
            async move {
                let Some(page) = page else { return Ok::<_, Error>(None) };
                let entries = futures::stream::iter(page.entries.into_iter().map(Ok));
                let next = match page.next_cursor.is_empty() {
                    true => None,
                    false => {
                        let cursor = page.next_cursor;
                        Some(node.search(&context, SearchRequest { cursor, ..request }).await?)
                    }
                };
                Ok(Some((entries, next)))
            }
        });
        Ok(pages.try_flatten().boxed())
    }
}
