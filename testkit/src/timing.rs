//! How long small pieces take, for the benches of the crates: what is printed is the median of 30 samples of one thread, the tenth and
//! ninetieth percentile, and the throughput where the amount of one run is known. Nothing is kept and nothing compared: figures that
//! count are taken alternately from two binaries.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

const SAMPLES: usize = 30;
const WARM_UP: Duration = Duration::from_millis(300);
const MEASURED: Duration = Duration::from_secs(2);

/// What one run works through.
#[derive(Clone, Copy)]
pub enum Amount {
    Bytes(usize),
    Elements(usize),
}

/// The benches of one program; `cargo bench --bench NAME -- TEXT` runs those whose name has the text.
pub struct Benches {
    filter: Option<String>,
}

impl Benches {
    /// As the command line asks for: cargo's own flags are passed over.
    pub fn from_arguments() -> Benches {
        Benches { filter: std::env::args().skip(1).find(|argument| !argument.starts_with('-')) }
    }

    /// Benches under one heading.
    pub fn group(&self, name: impl Into<String>) -> Group<'_> {
        Group { benches: self, name: name.into(), amount: None }
    }

    /// Measures `run` and prints a line.
    pub fn run<T>(&self, name: &str, run: impl FnMut() -> T) {
        self.measure(name, None, run);
    }

    fn measure<T>(&self, name: &str, amount: Option<Amount>, mut run: impl FnMut() -> T) {
        if self.filter.as_ref().is_some_and(|text| !name.contains(text.as_str())) {
            return;
        }
        let mut runs = 0;
        let began = Instant::now();
        while began.elapsed() < WARM_UP {
            black_box(run());
            runs += 1;
        }
        let each = began.elapsed() / runs;
        let batch = (MEASURED / SAMPLES as u32).as_nanos() / each.as_nanos().max(1);
        let batch = batch.clamp(1, u128::from(u32::MAX)) as u32;
        let mut samples: Vec<Duration> = (0..SAMPLES)
            .map(|_| {
                let began = Instant::now();
                (0..batch).for_each(|_| drop(black_box(run())));
                began.elapsed() / batch
            })
            .collect();
        samples.sort_unstable();
        println!("{name}: {}", line(&samples, amount));
    }
}

/// See [`Benches::group`].
pub struct Group<'b> {
    benches: &'b Benches,
    name: String,
    amount: Option<Amount>,
}

impl Group<'_> {
    /// What a run of the benches that follow works through.
    pub fn amount(&mut self, amount: Amount) {
        self.amount = Some(amount);
    }

    /// Measures `run` and prints a line.
    pub fn run<T>(&self, name: &str, run: impl FnMut() -> T) {
        self.benches.measure(&format!("{}/{name}", self.name), self.amount, run);
    }
}

/// A line for sorted samples.
fn line(samples: &[Duration], amount: Option<Amount>) -> String {
    let at = |percent: usize| samples[(samples.len() - 1) * percent / 100];
    let median = at(50);
    let rate = |amount: usize| amount as f64 / median.as_secs_f64();
    let rate = match amount {
        None => String::new(),
        Some(Amount::Bytes(bytes)) => format!(", {:.1} MB/s", rate(bytes) / 1e6),
        Some(Amount::Elements(elements)) => format!(", {:.0} per s", rate(elements)),
    };
    format!("{median:.2?} ({:.2?} to {:.2?}){rate}", at(10), at(90))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_median_spread_and_rate() {
        let samples: Vec<_> = (1..=11).map(Duration::from_micros).collect();
        assert_eq!(line(&samples, None), "6.00µs (2.00µs to 10.00µs)");
        assert_eq!(line(&samples, Some(Amount::Bytes(600))), "6.00µs (2.00µs to 10.00µs), 100.0 MB/s");
        assert_eq!(line(&samples, Some(Amount::Elements(3))), "6.00µs (2.00µs to 10.00µs), 500000 per s");
    }

    #[test]
    fn what_the_filter_does_not_name_is_not_run() {
        let benches = Benches { filter: Some("parse".into()) };
        benches.run("extract", || panic!("it ran"));
    }
}
