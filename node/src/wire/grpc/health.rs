//! `grpc.health.v1.Health` follows the node's readiness.

use crate::observe::health::Health;
use tonic_health::{
    ServingStatus,
    pb::health_server::HealthServer,
    server::{HealthReporter, HealthService},
};

/// Both names a client may ask for: the whole server and the FHIR service.
const NAMES: [&str; 2] = ["", "salamander.api.v1.Fhir"];

/// The service; a task keeps its statuses up to date until the node stops.
pub(super) fn service(mut health: Health) -> HealthServer<HealthService> {
    let reporter = HealthReporter::new();
    let service = HealthService::from_health_reporter(reporter.clone());
    tokio::spawn(async move {
        loop {
            report(&reporter, &health).await;
            if !health.changed().await {
                break;
            }
        }
        report(&reporter, &health).await;
    });
    HealthServer::new(service)
}

async fn report(reporter: &HealthReporter, health: &Health) {
    let status = match health.current().is_ready() {
        true => ServingStatus::Serving,
        false => ServingStatus::NotServing,
    };
    for name in NAMES {
        reporter.set_service_status(name, status).await;
    }
}
