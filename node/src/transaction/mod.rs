//! Bundles: <https://hl7.org/fhir/R4/http.html#transaction>.
//!
//! A transaction is planned ([`plan`]): conditional references and creates are resolved, ids assigned, references
//! rewritten, every resource parsed, placed and indexed; then one writer call makes it visible as a whole
//! ([`atomic`]). A batch is its entries, each by itself ([`batch`]).

mod action;
mod answering;
mod atomic;
mod batch;
mod entry;
mod identity;
mod patch;
mod plan;
mod request;
mod room;
mod written;

use crate::{draft, engine::to_its_end, session::Session};
use answering::Answering;
use fhir::{
    bundle::{self, Bundle, Entry, Kind, Target},
    definitions::ResourceType,
};
use proto::{
    Code, Error,
    api::v1::{TransactionRequest, TransactionResponse},
};

/// Carries out a bundle and answers the response bundle. It goes to its end, whoever waits: a transaction must not stop half
/// way.
pub async fn run(session: Session<'_>, request: TransactionRequest) -> Result<TransactionResponse, Error> {
    let session = session.owned();
    to_its_end(async move { run_here(session.session(), request).await }).await
}

async fn run_here(session: Session<'_>, request: TransactionRequest) -> Result<TransactionResponse, Error> {
    let answering = Answering::new(session, request.entry_return());
    let document = session.parse(request.bundle)?.document;
    let limits = bundle::Limits { entries_max: session.options().bundle_entries_max };
    let bundle = Bundle::read(&document, &limits).map_err(invalid)?;
    let answers = match bundle.kind {
        Kind::Transaction => {
            let source = document.source();
            atomic::run(session, source, &bundle, &request.idempotency_key, &answering).await?
        }
        Kind::Batch => batch::run(session, &bundle, &request.idempotency_key, &answering).await,
    };
    Ok(TransactionResponse { bundle: bundle::write_response(bundle.kind, &answers).into() })
}

fn invalid(error: bundle::Error) -> Error {
    let code = match error {
        bundle::Error::TooManyEntries { .. } => Code::TooCostly,
        _ => Code::Invalid,
    };
    Error::new(code, error.to_string())
}

/// The type that a POST creates a resource of.
struct Posted(ResourceType);

impl Posted {
    fn of(entry: &Entry<'_>) -> Result<Posted, Error> {
        match target(entry)? {
            Target::Type { resource_type } => draft::known_type(&resource_type).map(Posted),
            _ => Err(request::unsupported(entry.method, &entry.url)),
        }
    }
}

fn target(entry: &Entry<'_>) -> Result<Target, Error> {
    Target::parse(&entry.url).map_err(|error| Error::new(Code::Invalid, error.to_string()))
}

/// The error of one entry, as one of the bundle.
fn at_entry(mut error: Error, number: usize) -> Error {
    for issue in &mut error.issues {
        let inner = issue.expression.take();
        // `Patient.name[0]` is `Bundle.entry[3].resource.name[0]` here.
        issue.expression = Some(match inner.as_deref().map(|inner| inner.split_once('.')) {
            Some(Some((_, below))) => format!("Bundle.entry[{number}].resource.{below}"),
            Some(None) => format!("Bundle.entry[{number}].resource"),
            None => format!("Bundle.entry[{number}]"),
        });
        issue.diagnostics = format!("Bundle.entry[{number}]: {}", issue.diagnostics);
    }
    error
}
