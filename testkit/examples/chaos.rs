//! The consistency checker: `cargo run --release -p testkit --example chaos -- PATH/salamander [--seconds N] [--seed N]
//! [--nodes N] [--kill-every N|never] [--faults FAULT,…] [--clients N] [--without ACTION,…]
//! [--set OPTION=VALUE,…] [--logs FOLDER]`. Ends with 1 where
//! an invariant does not hold.

use anyhow::{Context, bail, ensure};
use std::{process::ExitCode, time::Duration};
use testkit::chaos::{ACTIONS, KINDS, Options, enter_apart, is_apart, run};
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let options = options()?;
    if options.nodes > 1 && !is_apart() {
        let why = enter_apart()?;
        eprintln!("no network of its own, so nothing is cut and no disk is filled: {why}");
    }
    let (mut interrupted, mut terminated) =
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let report = tokio::select! {
        report = run(&options) => report?,
        _ = interrupted.recv() => bail!("interrupted"),
        _ = terminated.recv() => bail!("terminated"),
    };
    print!("{report}");
    Ok(if report.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn options() -> anyhow::Result<Options> {
    let mut arguments = std::env::args().skip(1);
    let seed = std::time::UNIX_EPOCH.elapsed()?.as_secs() % 1_000_000;
    let mut options = Options::new(arguments.next().context("which binary?")?, seed);
    while let Some(name) = arguments.next() {
        let value = arguments.next().with_context(|| format!("{name} needs a value"))?;
        let number = || value.parse::<u64>().with_context(|| format!("{name} {value}: a number, please"));
        match name.as_str() {
            "--seconds" => options.time = Duration::from_secs(number()?),
            "--seed" => options.seed = number()?,
            "--clients" => options.clients = number()?,
            "--nodes" => options.nodes = number()? as usize,
            "--kill-every" if value == "never" => options.kill_every = None,
            "--kill-every" => options.kill_every = Some(Duration::from_secs(number()?)),
            "--faults" => options.faults = named(&value, KINDS)?,
            "--without" => options.without = named(&value, ACTIONS)?,
            "--set" => {
                let one =
                    |pair: &str| pair.split_once('=').map(|(option, value)| (option.into(), value.into()));
                options.set =
                    value.split(',').map(one).collect::<Option<_>>().context("--set OPTION=VALUE,…")?;
            }
            "--logs" => options.logs = Some(value.into()),
            _ => bail!("there is no option {name}"),
        }
    }
    ensure!(options.clients > 0, "--clients 0: nobody would do anything");
    ensure!((1..=5).contains(&options.nodes), "--nodes: 1 to 5");
    options.told = options.nodes > 1;
    Ok(options)
}

/// Those of the names, which commas separate.
fn named<T: Copy + std::fmt::Debug>(names: &str, known: &[(T, u64)]) -> anyhow::Result<Vec<T>> {
    let one = |name: &str| {
        let found = known.iter().find(|(known, _)| format!("{known:?}").eq_ignore_ascii_case(name));
        let all = || known.iter().map(|(known, _)| format!("{known:?}")).collect::<Vec<_>>().join(", ");
        found.map(|&(known, _)| known).with_context(|| format!("there is no {name:?}; there are {}", all()))
    };
    names.split(',').map(one).collect()
}
