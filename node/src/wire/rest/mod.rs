//! The REST facade: FHIR R4's HTTP interactions (<https://hl7.org/fhir/R4/http.html>) mapped to the service trait.
//! Bodies go through as bytes. Every answer of 400 and above is an OperationOutcome.

mod base;
mod call;
mod cors;
mod create;
mod delete;
mod encoding;
mod etag;
mod format;
mod graphql;
mod head;
mod history;
mod html;
mod layers;
mod metadata;
mod operation;
mod outcome;
mod patch;
mod payload;
mod prefer;
mod raw;
mod read;
pub(crate) mod refusal;
mod response;
mod search;
mod tenant;
mod transaction;
mod update;
mod xml;

use crate::{
    bounds::Bounds,
    config::Config,
    link::FHIR,
    observe::{Wire, access},
    service::FhirService,
};
use axum::{
    Router, middleware,
    routing::{get, post},
};
use call::{Settings, Shared};
use std::sync::Arc;
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{CompressionLayer, predicate::SizeAbove},
    decompression::RequestDecompressionLayer,
};

/// The routes of REST, ready to be served.
pub fn router<S: FhirService>(service: Arc<S>, config: &Config, bounds: Arc<Bounds>) -> Router {
    let shared = Shared { service, settings: Arc::new(Settings::new(config, bounds)) };
    let routes = fhir_routes(FHIR)
        .fallback(layers::no_route)
        .layer(middleware::from_fn(access::note))
        .with_state(shared.clone());
    // Around the routes as a whole: a route would put its own methods into the answer of an operation.
    let routes = Router::new()
        .fallback_service(routes)
        .layer(middleware::from_fn_with_state(shared, operation::intercept::<S>))
        .layer(middleware::from_fn(layers::without_last_slash))
        .layer(RequestDecompressionLayer::new())
        .layer(CatchPanicLayer::custom(layers::panicked))
        .layer(middleware::from_fn(layers::errors_are_outcomes))
        .layer(middleware::from_fn(xml::answers))
        .layer(middleware::from_fn(html::answers))
        .layer(CompressionLayer::new().compress_when(SizeAbove::new(config.rest.gzip_bytes_min)))
        .layer(middleware::map_request(tenant::settle))
        .layer(middleware::map_request(encoding::settle))
        .layer(middleware::from_fn(layers::origin));
    let routes = match cors::layer(&config.rest.cors_origins) {
        Some(cors) => routes.layer(cors),
        None => routes,
    };
    if config.logging.access { access::log(routes, Wire::Rest) } else { routes }
}

/// FHIR's routes below `base`; those of tenants are the same below a base of their own, see [`tenant`]. HEAD is answered wherever GET is.
fn fhir_routes<S: FhirService>(base: &str) -> Router<Shared<S>> {
    let of_type = get(search::of_type::<S>)
        .post(create::create::<S>)
        .put(update::conditional::<S>)
        .patch(patch::conditional::<S>)
        .delete(delete::conditional::<S>);
    let instance =
        get(read::read::<S>).put(update::update::<S>).patch(patch::instance::<S>).delete(delete::delete::<S>);
    Router::new()
        .route(base, get(search::system::<S>).post(transaction::transaction::<S>))
        .route(&format!("{base}/metadata"), get(metadata::metadata::<S>))
        .route(&format!("{base}/_search"), post(search::system_form::<S>))
        .route(&format!("{base}/_history"), get(history::system::<S>))
        .route(&format!("{base}/{{type}}"), of_type)
        .route(&format!("{base}/{{type}}/_search"), post(search::of_type_form::<S>))
        .route(&format!("{base}/{{type}}/_history"), get(history::of_type::<S>))
        .route(&format!("{base}/{{type}}/{{id}}"), instance)
        .route(&format!("{base}/{{type}}/{{id}}/_history"), get(history::instance::<S>))
        .route(&format!("{base}/{{type}}/{{id}}/_history/{{version}}"), get(read::vread::<S>))
        .route(&format!("{base}/{{type}}/{{id}}/{{target}}"), get(search::compartment::<S>))
        .route(&format!("{base}/{{type}}/{{id}}/{{target}}/_search"), post(search::compartment_form::<S>))
}

#[cfg(test)]
mod tests;
