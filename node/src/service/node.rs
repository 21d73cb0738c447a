//! The service of this node: each call to who carries it out.

use super::{FhirService, calls};
use crate::{
    capabilities,
    engine::Engine,
    interaction, operation,
    session::{Context, Session},
    transaction,
};
use futures::stream::BoxStream;
use proto::{Error, api::v1::*};
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
}

macro_rules! carried_out {
    ($(
        $(#[$about:meta])*
        $call:ident($request:ident) -> $response:ident:
            rpc $rpc:ident, shown $name:ident $label:literal, by $room:ident::$run:ident, weighs |$of:pat_param| $weight:expr;
    )*) => {
        impl FhirService for Node {
            $(async fn $call(&self, context: &Context, request: $request) -> Result<$response, Error> {
                $room::$run(self.session(context), request).await
            })*

            async fn search_stream(
                &self,
                context: &Context,
                request: SearchRequest,
            ) -> Result<BoxStream<'static, Result<SearchEntry, Error>>, Error> {
                interaction::search_stream(self.session(context), request).await
            }
        }
    };
}

calls!(carried_out);
