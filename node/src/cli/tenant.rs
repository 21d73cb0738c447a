//! `salamander tenant`: id spaces of their own in one cluster, over the admin API of any node.

use super::access::Access;
use anyhow::bail;
use clap::{Args, Subcommand};
use client::{Admin, api::TenantStatus};
use std::{io::Write, time::Duration};

#[derive(Debug, Args)]
pub(super) struct Tenant {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    access: Access,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Makes a tenant: ids, history, definitions and searches of its own, at /t/NAME/fhir and by the header x-salamander-tenant.
    Create {
        /// 1 to 63 lower-case letters, digits and `-`, with a letter or digit at both ends.
        name: String,
    },
    /// Shows the tenants, and how far deleted ones are gone.
    List {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Deletes a tenant with all that is in it, for good. When this ends no node answers a request of it, and its data goes in the background.
    Delete {
        name: String,
        /// The name once more: what is deleted is in backups alone.
        #[arg(long, value_name = "NAME")]
        confirm: String,
        /// Ends when all of its data is gone.
        #[arg(long)]
        wait: bool,
    },
}

const PAUSE: Duration = Duration::from_secs(1);

impl Tenant {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let admin = Admin::connect_with(&self.access.grpc, &self.access.agreed().await?)?;
            match &self.command {
                Command::Create { name } => create(&admin, name).await,
                Command::List { json } => list(&admin, *json).await,
                Command::Delete { name, confirm, wait } => delete(&admin, name, confirm, *wait).await,
            }
        })
    }
}

async fn create(admin: &Admin, name: &str) -> anyhow::Result<()> {
    let token = rand::random::<u128>().to_be_bytes().to_vec().into();
    let made = admin.create_tenant(name, token).await?;
    Ok(writeln!(
        std::io::stdout().lock(),
        "tenant {} is there: number {}, at /t/{}/fhir",
        made.name,
        made.number,
        made.name
    )?)
}

async fn list(admin: &Admin, json: bool) -> anyhow::Result<()> {
    let tenants = admin.tenants().await?;
    let text = if json { as_json(&tenants).to_string() + "\n" } else { as_text(&tenants) };
    Ok(std::io::stdout().lock().write_all(text.as_bytes())?)
}

async fn delete(admin: &Admin, name: &str, confirm: &str, wait: bool) -> anyhow::Result<()> {
    if name != confirm {
        bail!("--confirm {confirm} is not the name {name}: nothing is deleted");
    }
    let ended = admin.delete_tenant(name).await?;
    let mut out = std::io::stdout();
    writeln!(out, "tenant {name} is deleted: no node answers requests of it")?;
    if !wait {
        return Ok(());
    }
    loop {
        let tenants = admin.tenants().await?;
        let Some(left) = tenants.iter().find(|one| one.number == ended.number) else {
            writeln!(out, "all of its data is gone")?;
            return Ok(());
        };
        writeln!(out, "{}", progress(left))?;
        tokio::time::sleep(PAUSE).await;
    }
}

fn progress(one: &TenantStatus) -> String {
    match one.state.as_str() {
        "dropping" => format!(
            "{} of {} partitions through, {} rows gone",
            one.partitions_done, one.partitions, one.rows_gone
        ),
        "ending" => "a node has not said yet that it knows".to_owned(),
        _ => String::new(),
    }
}

fn as_text(tenants: &[TenantStatus]) -> String {
    let mut text = String::from("number  state     name\n");
    for one in tenants {
        let line = format!("{:>6}  {:<8}  {:<20}  {}", one.number, one.state, one.name, progress(one));
        text += line.trim_end();
        text.push('\n');
    }
    text
}

fn as_json(tenants: &[TenantStatus]) -> serde_json::Value {
    let one = |one: &TenantStatus| {
        serde_json::json!({
            "name": one.name, "number": one.number, "state": one.state, "created_ms": one.created_ms,
            "ended_ms": one.ended_ms, "partitions_done": one.partitions_done, "partitions": one.partitions,
            "rows_gone": one.rows_gone,
        })
    };
    tenants.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenants_are_told_in_lines_and_in_json() {
        let default =
            TenantStatus { name: "default".into(), number: 1, state: "active".into(), ..Default::default() };
        let going = TenantStatus {
            name: "clinic".into(),
            number: 7,
            state: "dropping".into(),
            partitions_done: 3,
            partitions: 16,
            rows_gone: 12_345,
            ..Default::default()
        };
        let text = as_text(&[default.clone(), going.clone()]);
        assert!(text.contains("     1  active    default\n"), "{text}");
        assert!(text.contains("3 of 16 partitions through, 12345 rows gone"), "{text}");
        assert_eq!(as_json(&[default, going])[1]["number"], 7);
    }
}
