//! `salamander load`

use super::access::Access;
use crate::load::{LoadOptions, run};
use clap::Args;
use proto::TenantName;
use std::{io::Write, path::PathBuf, time::Duration};

#[derive(Debug, Args)]
pub(super) struct Load {
    #[command(flatten)]
    access: Access,
    /// Whose data it is to be.
    #[arg(long, value_name = "NAME", default_value = TenantName::DEFAULT)]
    tenant: TenantName,
    /// Writes in flight at a time.
    #[arg(long, default_value_t = 8)]
    in_flight: usize,
    /// Seconds for which a write is retried, so how long a restart of the server may take.
    #[arg(long, default_value_t = 120)]
    retry_s: u64,
    /// Bundles (.json) and resources (.ndjson): files, or folders searched for them.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
}

impl Load {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let options = LoadOptions {
            in_flight: self.in_flight.max(1),
            retry_deadline: Duration::from_secs(self.retry_s),
            connect: runtime.block_on(self.access.agreed())?,
            tenant: self.tenant,
            ..LoadOptions::new(self.access.grpc, self.paths)
        };
        let report = runtime.block_on(run(options))?;
        // Who reads it may have gone: `salamander load … | head -1`.
        let _ = writeln!(std::io::stdout(), "{report}");
        match report.failed.len() as u64 + report.failures_unlisted {
            0 => Ok(()),
            failed => Err(anyhow::anyhow!(
                "{failed} failed; mend them and load again, what is there stays as it is"
            )),
        }
    }
}
