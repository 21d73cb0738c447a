//! `salamander count`: how many resources of each type a server holds, over the public API.

use super::access::Access;
use clap::Args;
use client::Client;
use fhir::definitions::ResourceType;
use proto::{
    TenantName,
    api::v1::{SearchParameter, SearchRequest},
};
use std::io::Write;

#[derive(Debug, Args)]
pub(super) struct Count {
    #[command(flatten)]
    access: Access,
    /// Whose data is counted.
    #[arg(long, value_name = "NAME", default_value = TenantName::DEFAULT)]
    tenant: TenantName,
}

impl Count {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let counts = runtime.block_on(counts(&self.access, &self.tenant))?;
        let all: u64 = counts.iter().map(|(_, count)| count).sum();
        let mut out = std::io::stdout().lock();
        for (name, count) in counts {
            writeln!(out, "{count:>9}  {name}")?;
        }
        Ok(writeln!(out, "{all:>9}  resources")?)
    }
}

/// The counts of all types that have any, in the order of the names.
async fn counts(access: &Access, tenant: &TenantName) -> anyhow::Result<Vec<(&'static str, u64)>> {
    let options = access.agreed().await?;
    crate::load::reach(&access.grpc, &options).await?;
    let client = Client::connect_with(&access.grpc, &options)?.with_tenant(tenant.as_str())?;
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
