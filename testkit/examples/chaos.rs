//! The consistency checker: `cargo run --release -p testkit --example chaos -- PATH/salamander [--seconds N] [--seed N]
//! [--kill-every N|never] [--clients N] [--without ACTION,…]`. Ends with 1 where an invariant does not hold.

use anyhow::{Context, bail, ensure};
use std::{process::ExitCode, time::Duration};
use testkit::chaos::{ACTIONS, Action, Options, run};

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let options = options()?;
    let report = run(&options).await?;
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
            "--kill-every" if value == "never" => options.kill_every = None,
            "--kill-every" => options.kill_every = Some(Duration::from_secs(number()?)),
            "--without" => options.without = value.split(',').map(action).collect::<anyhow::Result<_>>()?,
            _ => bail!("there is no option {name}"),
        }
    }
    ensure!(options.clients > 0, "--clients 0: nobody would do anything");
    Ok(options)
}

fn action(name: &str) -> anyhow::Result<Action> {
    let known = || ACTIONS.iter().map(|(action, _)| format!("{action:?}")).collect::<Vec<_>>().join(", ");
    let found = ACTIONS.iter().find(|(action, _)| format!("{action:?}").eq_ignore_ascii_case(name));
    found.map(|&(action, _)| action).with_context(|| format!("there is no {name:?}; there are {}", known()))
}
