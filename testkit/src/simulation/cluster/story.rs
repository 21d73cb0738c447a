//! A run from its first node to its last look.

use super::{
    Nodes, Options, Plan,
    calm::{self, Replicas},
    check::{self, Seen},
    doors::Anyone,
    name,
    operator::Operator,
    plan,
    stage::{Being, Stage},
    weather,
};
use crate::{
    chaos::{
        Report,
        check::Evidence,
        record::Record,
        survey::Survey,
        wire::{Served, Wires},
        workload::{self, Shared},
    },
    simulation::{Outcome, TICK, trace},
};
use generator::random::Random;
use std::{collections::BTreeMap, rc::Rc, sync::Arc, time::Duration};
use tokio::time::{Instant, sleep};

/// Numbers for one part of a run.
fn random(options: &Options, part: &[u8; 8]) -> Random {
    Random::of(options.seed, u64::from_be_bytes(*part), 0)
}

pub(super) async fn play<N: Nodes>(options: &Options, stage: Rc<Stage<N>>) -> anyhow::Result<Outcome> {
    let mut dice = random(options, b"sim plan");
    let plan = options.plan.unwrap_or_else(|| Plan::any(&mut dice));
    stage.tell(&format!("{plan:?}"));
    let operator = Operator::<N>::new(stage.doors.clone(), random(options, b"sim oper"));
    let first = stage.place();
    while stage.doors.guest(first).is_alone() {
        sleep(TICK).await;
    }
    if plan != Plan::Grow {
        plan::grow(&stage, 3);
        calm::rest(&stage, &operator).await?;
    }
    let wires = Wires::of(Anyone::of(stage.doors.clone(), random(options, b"sim anyo")));
    let shared = Arc::new(Shared::new(wires, options.seed, options.time, &[]));
    workload::set_up(&shared).await?;
    let until = Instant::now() + options.time;
    let clients = async {
        workload::work(&shared, options.clients).await?;
        stage.tell("the clients are done");
        anyhow::Ok(())
    };
    let winds = [*b"sim fall", *b"sim ways", *b"sim wish"].map(|part| random(options, &part));
    let winds = weather::blow(&stage, &operator, until, winds);
    let planned = plan::carry_out(plan, &stage, &operator, &mut dice);
    // In this order in each step.
    let (worked, (), planned) = tokio::join!(biased; clients, winds, planned);
    worked?;
    planned?;
    calm::rest(&stage, &operator).await?;
    let record = shared.recorded();
    let before = look(&stage, &operator, &record).await?;
    let mut seen = Seen { before, ..Seen::default() };
    calm::rest(&stage, &operator).await?;
    let mut last = random(options, b"sim last");
    for at in stage.all(Being::Up) {
        stage.crash(at, &mut last).await;
    }
    for at in stage.all(Being::Away) {
        stage.start(at).await;
    }
    calm::rest(&stage, &operator).await?;
    seen.after = look(&stage, &operator, &record).await?;
    seen.replicas = calm::replicas(&stage, &operator).await?;
    seen.left = calm::left(&stage, &operator).await?;
    for (told, replicas) in wholes(&stage, &seen.replicas) {
        seen.places.push((told, stage.nodes.places(&replicas)?));
    }
    seen.leaders = stage.nodes.leaders();
    Ok(outcome(options, &stage, &shared, &record, &seen))
}

/// Reads all back at each node in turn, while that one leads where it can.
async fn look<N: Nodes>(
    stage: &Stage<N>,
    operator: &Operator<N>,
    record: &Record,
) -> anyhow::Result<Vec<(String, Survey)>> {
    let mut surveys = Vec::new();
    for at in stage.all(Being::Up) {
        let id = operator.id_of(&name(at)).await?;
        let leads = operator.has_lead(id).await;
        let wires = Wires::of(Served(stage.doors.guest(at)));
        let survey = Survey::take(&wires, record).await;
        let survey = survey.map_err(|error| error.context(format!("read back at {}", name(at))))?;
        surveys.push((name(at), survey));
        stage.tell(&format!("all is read back at {}, which leads: {leads}", name(at)));
    }
    Ok(surveys)
}

/// All partitions once, so that each replica of each is in one of them: the names of the nodes, and which of them for which partition.
fn wholes<N: Nodes>(stage: &Stage<N>, replicas: &Replicas) -> Vec<(String, BTreeMap<u32, usize>)> {
    let up = stage.all(Being::Up);
    let number = |node: &String| up.iter().copied().find(|at| name(*at) == *node);
    let many = replicas.values().map(BTreeMap::len).max().unwrap_or_default();
    let whole = |turn: usize| {
        let replica = |(partition, digests): (&u32, &BTreeMap<String, u32>)| {
            let node = digests.keys().nth(turn % digests.len())?;
            Some((*partition, number(node)?))
        };
        let whole: BTreeMap<u32, usize> = replicas.iter().filter_map(replica).collect();
        let nodes: Vec<String> = whole.values().map(|at| name(*at)).collect();
        (nodes.join(" "), whole)
    };
    (0..many).map(whole).collect()
}

fn outcome<N: Nodes>(
    options: &Options,
    stage: &Stage<N>,
    shared: &Shared,
    record: &Record,
    seen: &Seen,
) -> Outcome {
    let mut findings = Vec::new();
    if let Some((_, before)) = seen.before.first() {
        findings = crate::chaos::check::all(&Evidence::new(record, before, &seen.after));
    }
    findings.extend(check::all(seen));
    let surveys: Vec<&Survey> = seen.before.iter().chain(&seen.after).map(|(_, survey)| survey).collect();
    let mut lines = stage.told();
    lines.extend(trace(record, &surveys));
    lines.push(format!("{:?} {:?} {:?}", seen.replicas, seen.places, seen.leaders));
    let report = Report {
        run: format!("{options:?}\n  {}", stage.told().join("\n  ")),
        tally: shared.tallied(),
        starts: vec![Duration::ZERO; stage.crashes() as usize],
        findings,
        surprises: record.surprises.clone(),
        ..Report::default()
    };
    Outcome { report, trace: lines }
}
