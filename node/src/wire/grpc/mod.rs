//! The gRPC adapter: maps metadata to a [`Context`](crate::session::Context) and errors to statuses; the messages go
//! through as they are.

mod admin;
mod body;
mod context;
mod detail;
mod fhir;
mod health;
mod paced;
mod routing;
mod write_stream;

use crate::{
    bounds::Bounds,
    config::Config,
    observe::{Wire, access, health::Health},
    service::{AdminService, FhirService},
    stop::Stop,
};
use axum::{Router, response::IntoResponse, response::Response};
use proto::api::v1::{admin_server::AdminServer, fhir_server::FhirServer, routing_server::RoutingServer};
use std::{sync::Arc, time::Duration};
use tonic::codec::CompressionEncoding;
use tower::util::{MapRequestLayer, MapResponse};
use tower_http::catch_panic::CatchPanicLayer;

/// The gRPC services as routes: `salamander.api.v1.Fhir`, health checking, reflection.
///
/// # Errors
/// Where the descriptors of the contracts cannot be read: a defect of the build.
pub fn router<S: FhirService>(
    service: Arc<S>,
    admin: Arc<dyn AdminService>,
    config: &Config,
    bounds: Arc<Bounds>,
    health: Health,
    stop: Stop,
) -> Result<Router, String> {
    let joined_by_nodes_only = !config.tls.peer_roots.as_os_str().is_empty();
    let patience = Duration::from_millis(config.rest.write_timeout_ms);
    let admin = admin::Adapter { service: admin, joined_by_nodes_only, patience };
    let routing = RoutingServer::new(routing::Adapter(service.clone()));
    let fhir = FhirServer::new(fhir::Adapter {
        service,
        timeout: Duration::from_millis(config.limits.request_timeout_ms),
        patience,
        write_stream_in_flight_max: config.grpc.write_stream_in_flight_max,
        stop,
    })
    .max_decoding_message_size(config.grpc.message_bytes_max)
    .max_encoding_message_size(config.grpc.message_bytes_max)
    // Answers are compressed for those who ask for it; what comes compressed is bounded by what it unpacks to.
    .accept_compressed(CompressionEncoding::Gzip)
    .send_compressed(CompressionEncoding::Gzip);
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(proto::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let reflection_v1 = reflection().build_v1().map_err(|error| error.to_string())?;
    // Many tools still speak the version before.
    let reflection_v1alpha = reflection().build_v1alpha().map_err(|error| error.to_string())?;
    let routes = Router::new()
        .route_service("/salamander.api.v1.Fhir/{method}", MapResponse::new(fhir, detail::tell))
        .route_service(
            "/salamander.api.v1.Admin/{method}",
            MapResponse::new(AdminServer::new(admin), detail::tell),
        )
        .route_service("/salamander.api.v1.Routing/{method}", MapResponse::new(routing, detail::tell))
        .route_service(
            "/grpc.health.v1.Health/{method}",
            MapResponse::new(health::service(health), detail::tell),
        )
        .route_service(
            "/grpc.reflection.v1.ServerReflection/{method}",
            MapResponse::new(reflection_v1, detail::tell),
        )
        .route_service(
            "/grpc.reflection.v1alpha.ServerReflection/{method}",
            MapResponse::new(reflection_v1alpha, detail::tell),
        )
        .fallback(unknown)
        .layer(MapRequestLayer::new(move |request| body::counted(&bounds, request)))
        .layer(CatchPanicLayer::custom(panicked));
    Ok(if config.logging.access { access::log(routes, Wire::Grpc) } else { routes })
}

/// What gRPC answers for a service that is not here.
async fn unknown(uri: http::Uri) -> Response {
    let text = format!("there is no {} here; the service is salamander.api.v1.Fhir", uri.path());
    let error = proto::Error::new(proto::Code::NotSupported, text);
    error.to_status().into_http::<axum::body::Body>().into_response()
}

/// The service's own panics are caught before; this is for the adapter's.
fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    let error = proto::Error::new(proto::Code::Internal, "a defect of the server's gRPC adapter");
    error.to_status().into_http::<axum::body::Body>().into_response()
}

#[cfg(test)]
mod tests;
