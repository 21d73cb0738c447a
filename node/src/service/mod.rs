//! The one service trait under both wires. It mirrors the gRPC service of `proto/api/v1/fhir.proto`, with a concrete
//! error; gRPC hands its messages through, REST builds the same messages from HTTP and calls the same trait. What is
//! not here, neither wire can do.

mod admin;
pub(crate) mod age;
mod backup;
mod calls;
pub(crate) mod clocks;
mod forward;
mod node;
pub(crate) mod routing;
mod status;
mod tenants;

pub use admin::AdminService;
pub use backup::{Answers, BackupService, STREAMS_MAX};
pub(crate) use calls::calls;
pub use node::Node;
pub use routing::RoutingService;
pub use tenants::{TenancyService, Tenant, TenantService};

use crate::session::Context;
use futures::stream::BoxStream;
use proto::{Code, Error, api::v1::*, metadata::STALE};
use std::future::Future;

macro_rules! service {
    ($(
        $(#[$about:meta])*
        $call:ident($request:ident) -> $response:ident:
            rpc $rpc:ident, shown $name:ident $label:literal, by $room:ident::$run:ident, about |$named:pat_param| $id:expr, weighs |$of:pat_param| $weight:expr;
    )*) => {
        /// FHIR R4's interactions over protobuf messages. Errors are the ones of the table in `proto::error`.
        pub trait FhirService: RoutingService + TenantService {
            $(
                $(#[$about])*
                fn $call(
                    &self,
                    context: &Context,
                    request: $request,
                ) -> impl Future<Output = Result<$response, Error>> + Send;
            )*

            /// Every match of a search, without pages. Reads ahead no further than one page.
            fn search_stream(
                &self,
                context: &Context,
                request: SearchRequest,
            ) -> impl Future<Output = Result<BoxStream<'static, Result<SearchEntry, Error>>, Error>> + Send;
        }

        /// The calls, as the metrics know them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Call {
            $($name,)*
            SearchStream,
        }

        /// The labels, FHIR's own words where it has them, in the order of [`Call`].
        pub const LABELS: &[&str] = &[$($label,)* "search-stream"];
    };
}

calls!(service);

impl Call {
    /// The label's value.
    pub fn label(self) -> &'static str {
        LABELS[self as usize]
    }

    /// Whether it only reads what is stored, and may do so of a moment that has passed.
    fn may_be_stale(self) -> bool {
        matches!(self, Call::Read | Call::VRead | Call::History | Call::Search)
    }

    /// # Errors
    /// `BadRequest` where the caller wants an older moment of what is not read.
    fn accept(self, context: &Context) -> Result<(), Error> {
        match context.stale.is_none() || self.may_be_stale() {
            true => Ok(()),
            false => {
                let text =
                    format!("{STALE} goes with read, vread, history and search, not with {}", self.label());
                Err(Error::new(Code::BadRequest, text))
            }
        }
    }
}
