//! Asking until there is an answer.

use crate::chaos::wire::{Call, Entry, Reply, Wire, Wires};
use anyhow::{bail, ensure};
use proto::Code;
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use tokio::task::JoinSet;

/// So many are asked at a time.
const LANES: usize = 8;

/// The entries of all pages of each list, in the order asked; the calls go over both wires in turn. What is gone or was
/// never there has none.
pub(super) async fn entries_of_all(wires: &Wires, calls: Vec<Call>) -> anyhow::Result<Vec<Vec<Entry>>> {
    let calls = Arc::new(calls);
    let mut lanes = JoinSet::new();
    for lane in 0..LANES {
        let (wires, calls) = (wires.clone(), calls.clone());
        lanes.spawn(async move {
            let mut answers = Vec::new();
            for at in (lane..calls.len()).step_by(LANES) {
                // Not by the lane, which has the same wire always.
                let wire = Wire::ALL[at / LANES % Wire::ALL.len()];
                answers.push((at, entries(&wires, wire, &calls[at]).await?));
            }
            anyhow::Ok(answers)
        });
    }
    let mut all = Vec::new();
    while let Some(answers) = lanes.join_next().await {
        all.extend(answers??);
    }
    all.sort_unstable_by_key(|(at, _)| *at);
    Ok(all.into_iter().map(|(_, entries)| entries).collect())
}

async fn entries(wires: &Wires, wire: Wire, call: &Call) -> anyhow::Result<Vec<Entry>> {
    let (mut all, mut seen, mut next) = (Vec::new(), BTreeSet::new(), Some(call.clone()));
    while let Some(call) = next {
        next = match answer(wires, wire, &call).await? {
            Reply::Entries { entries, more, .. } => {
                all.extend(entries);
                if let Some(more) = &more {
                    ensure!(seen.insert(more.clone()), "{call:?} over {wire:?}: the page {more} comes again");
                }
                more.map(|more| call.page(more))
            }
            Reply::Refused(Some(Code::Gone | Code::NotFound), _) => None,
            other => bail!("{call:?} over {wire:?}: {other:?}"),
        };
    }
    Ok(all)
}

/// An answer other than "come again".
async fn answer(wires: &Wires, wire: Wire, call: &Call) -> anyhow::Result<Reply> {
    let mut last = String::new();
    for _ in 0..100 {
        match wires.send(wire, call, None).await {
            Reply::Unknown(text) => last = text,
            Reply::Refused(code, text) if code.is_none_or(Code::retryable) => last = text,
            reply => return Ok(reply),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    bail!("{call:?} over {wire:?}: no answer: {last}")
}
