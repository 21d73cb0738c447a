//! `salamander count`: how many resources of each type a server holds, over the public API.

use client::Client;
use fhir::definitions::ResourceType;
use proto::api::v1::{SearchParameter, SearchRequest};

/// The counts of all types that have any, in the order of the names.
pub async fn run(grpc: &str) -> anyhow::Result<Vec<(&'static str, u64)>> {
    let client = Client::connect(grpc)?;
    let mut counts = vec![];
    for resource_type in ResourceType::all() {
        let request = SearchRequest {
            resource_type: resource_type.name().to_owned(),
            parameters: vec![SearchParameter { name: "_summary".to_owned(), value: "count".to_owned() }],
            ..Default::default()
        };
        let total = client.search(request).await?.total.unwrap_or(0);
        if total > 0 {
            counts.push((resource_type.name(), total));
        }
    }
    Ok(counts)
}
