//! `bench`: the table of the README, single rows, and the echo servers they are held against.

use anyhow::{Context, Result, bail};
use bench::{
    cluster, echo, large, markdown,
    measure::Plan,
    report::{Report, Section},
    shape::SHAPES,
    single, table,
};
use clap::{Args, Parser, Subcommand};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};
use tokio::signal::unix::{SignalKind, signal};

#[derive(Parser)]
#[command(about = "Measures Salamander and what it is held against, all in one run on one machine")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// The whole table: floors, creates, reads, load, idle, searches, starts. Takes minutes.
    Table(Table),
    /// Grows a kept store to millions of resources: rate, CPU and latencies for each million. Takes up to an hour.
    Large(large::Options),
    /// Clusters of several sizes beside each other: rates, and what a write costs. Takes minutes.
    Cluster(cluster::Options),
    /// One row against any FHIR REST server.
    Run(Single),
    /// The query shapes: which there are, or with a target how long each takes.
    Shapes(Shapes),
    /// Servers that only answer these bytes; ends with its caller's kill.
    Echo {
        #[arg(long)]
        body: PathBuf,
    },
}

#[derive(Args)]
struct Table {
    /// The salamander binary; the one beside this binary where not given.
    #[arg(long)]
    binary: Option<PathBuf>,
    /// Seconds of each row's window.
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// Seconds of warm-up before each window; writes are searched for in it.
    #[arg(long, default_value_t = 1.5)]
    warm_up: f64,
    /// Numbers of connections, smallest first.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 10, 64])]
    connections: Vec<usize>,
    /// Patients the Observations are spread over.
    #[arg(long, default_value_t = 64)]
    patients: usize,
    /// A folder of bundles to load; left out where it does not exist.
    #[arg(long, default_value = "../shared/data/synthea")]
    data: PathBuf,
    /// Patients to generate and load as well; 0: none.
    #[arg(long, default_value_t = 1000)]
    generate: u32,
    /// For temporary data, removed at the end; beside the binary where not given.
    #[arg(long)]
    work: Option<PathBuf>,
    /// Writes the report here as `.md` and `.json`, instead of Markdown to stdout.
    #[arg(long)]
    out: Option<PathBuf>,
}

#[derive(Args)]
struct Single {
    /// FHIR base URL, such as http://127.0.0.1:8080/fhir
    #[arg(long)]
    target: String,
    /// `create`, `read`, or the number of a query shape.
    #[arg(long)]
    shape: single::What,
    #[arg(long, default_value_t = 1)]
    connections: usize,
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    #[arg(long, default_value_t = 1.5)]
    warm_up: f64,
    /// The server's process id, for its CPU time.
    #[arg(long)]
    pid: Option<u32>,
    /// One JSON object instead of a Markdown row.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct Shapes {
    /// FHIR base URL, such as http://127.0.0.1:8080/fhir
    #[arg(long)]
    target: Option<String>,
    /// Numbers of shapes; all where not given.
    #[arg(long, value_delimiter = ',')]
    only: Vec<u32>,
    #[arg(long, default_value_t = 1)]
    connections: usize,
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    #[arg(long, default_value_t = 1.0)]
    warm_up: f64,
}

#[tokio::main]
async fn main() -> ExitCode {
    match until_signalled(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn until_signalled(cli: Cli) -> Result<()> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    // Dropping the work drops the guards of its child processes and its temporary folders.
    tokio::select! {
        result = work(cli.command) => result,
        _ = interrupt.recv() => bail!("interrupted"),
        _ = terminate.recv() => bail!("terminated"),
    }
}

async fn work(command: Command) -> Result<()> {
    match command {
        Command::Table(table) => run_table(table).await,
        Command::Large(options) => large::run(&options, &salamander(options.binary.clone())?).await,
        Command::Cluster(options) => {
            let (binary, work) = (salamander(options.binary.clone())?, work_folder(options.work.clone())?);
            cluster::run(&options, &plan(options.warm_up, options.seconds)?, &binary, &work).await
        }
        Command::Run(single) => run_single(single).await,
        Command::Shapes(shapes) => run_shapes(shapes).await,
        Command::Echo { body } => {
            let bytes = fs::read(&body).with_context(|| format!("reading {}", body.display()))?;
            let (addresses, serving) = echo::serve(bytes.into()).await?;
            println!("{} {addresses}", echo::READY);
            serving.await
        }
    }
}

async fn run_shapes(asked: Shapes) -> Result<()> {
    let Some(target) = asked.target else {
        for shape in SHAPES {
            println!("{:3}  {:10?}  {}", shape.number, shape.scope, shape.name());
        }
        return Ok(());
    };
    let plan = plan(asked.warm_up, asked.seconds)?;
    let rows = single::shapes(&target, &asked.only, asked.connections, &plan, table::progress).await?;
    let failed = rows.iter().filter(|row| row.figures().is_none()).count();
    let mut out = String::new();
    let about = "First pages over REST, each with other values; see README.md of this crate.".to_owned();
    let section = Section { title: target, about, rows, ..Section::default() };
    markdown::render_section(&mut out, &section);
    print!("{out}");
    match failed {
        0 => Ok(()),
        some => bail!("{some} of the rows failed"),
    }
}

fn plan(warm_up: f64, seconds: f64) -> Result<Plan> {
    if !(0.0..=3600.0).contains(&warm_up) || !(0.05..=3600.0).contains(&seconds) {
        bail!("warm-up is 0 to 3600 seconds, a window 0.05 to 3600");
    }
    Ok(Plan { warm_up: Duration::from_secs_f64(warm_up), window: Duration::from_secs_f64(seconds) })
}

/// The folder of this binary.
fn beside() -> Result<PathBuf> {
    Ok(env::current_exe()?.parent().unwrap_or(Path::new(".")).to_owned())
}

/// Where temporary data goes: the folder given, or one beside this binary.
fn work_folder(given: Option<PathBuf>) -> Result<PathBuf> {
    given.map_or_else(|| beside().map(|beside| beside.join("bench-work")), Ok)
}

/// The `salamander` binary: the one given, or the one beside this.
fn salamander(given: Option<PathBuf>) -> Result<PathBuf> {
    let binary = match given {
        Some(binary) => binary,
        None => beside()?.join("salamander"),
    };
    if !binary.is_file() {
        bail!("there is no {}; build it with `make build` or name it with --binary", binary.display());
    }
    Ok(binary)
}

async fn run_table(table: Table) -> Result<()> {
    let binary = salamander(table.binary)?;
    let in_range = |count: &usize| (1..=1024).contains(count);
    if table.connections.is_empty() || !table.connections.iter().all(in_range) || !in_range(&table.patients) {
        bail!("--connections and --patients take 1 to 1024");
    }
    let options = table::Options {
        binary,
        bench: env::current_exe()?,
        work: work_folder(table.work)?,
        plan: plan(table.warm_up, table.seconds)?,
        levels: table.connections,
        patients: table.patients,
        data: Some(table.data).filter(|data| data.exists()),
        generate: table.generate,
    };
    let report = table::run(&options).await?;
    write(&report, table.out.as_deref())?;
    let failures = report.failures();
    if !failures.is_empty() {
        bail!("{} of the table failed:\n{}", failures.len(), failures.join("\n"));
    }
    Ok(())
}

fn write(report: &Report, out: Option<&Path>) -> Result<()> {
    let markdown = markdown::render(report);
    let Some(out) = out else {
        print!("{markdown}");
        return Ok(());
    };
    fs::write(out.with_extension("md"), markdown)?;
    fs::write(out.with_extension("json"), serde_json::to_vec_pretty(report)?)?;
    Ok(())
}

async fn run_single(single: Single) -> Result<()> {
    let plan = plan(single.warm_up, single.seconds)?;
    let row = single::run(&single.target, single.shape, single.connections, &plan, single.pid).await?;
    let failed = row.figures().is_none();
    if single.json {
        println!("{}", serde_json::to_string(&row)?);
    } else {
        let mut out = String::new();
        let about = "Closed loop; see README.md of this crate.".to_owned();
        let section = Section { title: single.target, about, rows: vec![row], ..Section::default() };
        markdown::render_section(&mut out, &section);
        print!("{out}");
    }
    if failed {
        bail!("the row failed");
    }
    Ok(())
}
