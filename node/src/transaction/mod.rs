//! Bundles: <https://hl7.org/fhir/R4/http.html#transaction>.
//!
//! A transaction is planned ([`plan`]): conditional references and creates are resolved, ids assigned, references
//! rewritten, every resource parsed, placed and indexed; then one writer call makes it visible as a whole
//! ([`atomic`]). A batch is its entries, each by itself ([`batch`]).

mod atomic;
mod batch;
pub mod conditional;
mod entry;
mod patch;
mod plan;
mod references;
mod room;

pub(crate) use entry::parameters;
pub use references::ReferenceCache;

use crate::{engine::Node, service::Context};
use fhir::{
    bundle::{self, Bundle, Kind},
    json::Document,
};
use proto::{
    Code, Error,
    api::v1::{TransactionRequest, TransactionResponse},
};
use std::sync::Arc;

/// Carries out a bundle and answers the response bundle.
pub async fn run(
    node: &Node,
    context: &Context,
    request: TransactionRequest,
) -> Result<TransactionResponse, Error> {
    let document = crate::draft::parse(request.bundle, &node.inner.options)?.document;
    let kind = read(node, &document)?.kind;
    let answers = match kind {
        Kind::Transaction => atomic::run(node, context, document.clone(), &request.idempotency_key).await?,
        Kind::Batch => batch::run(node, context, document.clone(), &request.idempotency_key).await?,
    };
    Ok(TransactionResponse { bundle: bundle::write_response(kind, &answers).into() })
}

/// The bundle in a document that was read before; reading is cheap, entries are nodes of the document.
fn read<'d>(node: &Node, document: &'d Arc<Document>) -> Result<Bundle<'d>, Error> {
    let limits = bundle::Limits { entries_max: node.inner.options.bundle_entries_max };
    Bundle::read(document, &limits).map_err(invalid)
}

fn invalid(error: bundle::Error) -> Error {
    let code = match error {
        bundle::Error::TooManyEntries { .. } => Code::TooCostly,
        _ => Code::Invalid,
    };
    Error::new(code, error.to_string())
}
