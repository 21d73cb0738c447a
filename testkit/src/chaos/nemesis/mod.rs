//! What goes wrong: one fault after the other, sometimes two at a time, at moments that the seed gives.

mod fault;

use super::{
    kind::{KINDS, Kind},
    nodes::Nodes,
    record::Micros,
};
use fault::Fault;
use generator::random::Random;
use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// What is to go wrong, and when.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) seed: u64,
    pub(super) kinds: Vec<Kind>,
    /// The pause before each, on average.
    pub(super) every: Duration,
    /// When the clients began: times of events are counted from then.
    pub(super) began: Instant,
    pub(super) until: Instant,
    /// Says on stderr what it does.
    pub(super) told: bool,
    /// Set where the run is given up.
    pub(super) stop: Arc<AtomicBool>,
}

/// One round: from the first fault's beginning on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The kind, and whose: for the report.
    pub what: String,
    pub start: Micros,
}

/// Permille of the rounds in which two things go wrong.
const TWO_AT_A_TIME: u64 = 120;
/// The last fault is followed by some time in which the clients find the nodes again.
const TAIL: Duration = Duration::from_secs(1);

/// Lets things go wrong until it is time; all is made good then.
///
/// # Errors
/// A node that does not start again; the run was given up.
pub(super) fn haunt(nodes: &mut Nodes, plan: Plan) -> anyhow::Result<Vec<Event>> {
    let random = Random::of(plan.seed, u64::from_be_bytes(*b"chaos km"), 0);
    let mut nemesis = Nemesis { random, plan, events: Vec::new() };
    while nemesis.pause()? {
        nemesis.round(nodes)?;
    }
    Ok(nemesis.events)
}

struct Nemesis {
    random: Random,
    plan: Plan,
    events: Vec<Event>,
}

impl Nemesis {
    /// Whether there is time for another round.
    fn pause(&mut self) -> anyhow::Result<bool> {
        let pause = self.plan.every.mul_f64(0.5 + self.random.below(1000) as f64 / 1000.0);
        let in_time = Instant::now() + pause + TAIL < self.plan.until;
        let until = if in_time { pause } else { self.plan.until.saturating_duration_since(Instant::now()) };
        self.sleep(until)?;
        Ok(in_time)
    }

    fn sleep(&self, time: Duration) -> anyhow::Result<()> {
        let until = Instant::now() + time;
        loop {
            anyhow::ensure!(!self.plan.stop.load(Ordering::Relaxed), "the run was given up");
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            std::thread::sleep(left.min(Duration::from_millis(50)));
        }
    }

    fn round(&mut self, nodes: &mut Nodes) -> anyhow::Result<()> {
        let leaders = tokio::runtime::Handle::current().block_on(nodes.leaders());
        let first = self.fault(nodes, &leaders, None);
        let second = (nodes.count() > 2 && first.kind.is_plain() && self.random.chance(TWO_AT_A_TIME))
            .then(|| self.fault(nodes, &leaders, Some(first.at)));
        let faults: Vec<Fault> = [first].into_iter().chain(second).collect();
        let named = |fault: &Fault| match leaders.contains(&fault.at) {
            _ if nodes.count() == 1 => format!("{:?}", fault.kind),
            true => format!("{:?} of a leader", fault.kind),
            false if leaders.is_empty() => format!("{:?} while nobody led", fault.kind),
            false => format!("{:?} of another", fault.kind),
        };
        let what = faults.iter().map(named).collect::<Vec<_>>().join(" and ");
        self.tell(&format!("{what}: {faults:?}, led by {leaders:?}"));
        self.events.push(Event { what, start: self.plan.began.elapsed().as_micros() as Micros });
        for fault in &faults {
            fault.begin(nodes)?;
            self.sleep(fault.lasts)?;
        }
        faults.iter().try_for_each(|fault| fault.heal(nodes))?;
        nodes.ready()?;
        self.tell("healed");
        if let Err(error) = tokio::runtime::Handle::current().block_on(nodes.whole()) {
            nodes.troubles.push(error.to_string());
        }
        Ok(())
    }

    /// `taken`: the node to which something is done already.
    fn fault(&mut self, nodes: &Nodes, leaders: &BTreeSet<usize>, taken: Option<usize>) -> Fault {
        let fits = |kind: &Kind| taken.is_none() || kind.is_plain();
        let kinds: Vec<(Kind, u64)> =
            KINDS.iter().copied().filter(|(kind, _)| self.plan.kinds.contains(kind) && fits(kind)).collect();
        let mut at = self.random.below(kinds.iter().map(|(_, weight)| weight).sum());
        let kind = kinds.iter().find(|(_, weight)| {
            let here = at < *weight;
            at = at.saturating_sub(*weight);
            here
        });
        let kind = kind.map_or(Kind::Kill, |(kind, _)| *kind);
        let others =
            |not: Option<usize>| (0..nodes.count()).filter(|at| Some(*at) != not).collect::<Vec<_>>();
        let any = self.random.pick(&others(taken));
        let leaders: Vec<usize> = leaders.iter().copied().filter(|leader| Some(*leader) != taken).collect();
        // Most of what goes wrong elsewhere is seen by nobody.
        let at =
            if !leaders.is_empty() && self.random.chance(400) { self.random.pick(&leaders) } else { any };
        let other = if nodes.count() > 1 { self.random.pick(&others(Some(at))) } else { at };
        let (least, most) = if nodes.count() > 1 { kind.lasts() } else { (0, 200) };
        Fault { kind, at, other, lasts: Duration::from_millis(least + self.random.below(most - least)) }
    }

    fn tell(&self, what: &str) {
        if self.plan.told {
            eprintln!("{:8.3} {what}", self.plan.began.elapsed().as_secs_f64());
        }
    }
}
