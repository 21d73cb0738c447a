//! Generated patients into the server, as `salamander load` does it: transactions under keys of their content, some of
//! them in flight on one gRPC stream. Memory is bounded by what is in flight.

use super::answered;
use anyhow::{Context, Result, bail};
use bytes::Bytes;
use client::{Answer, Client, Retry, Write, Writer, api, content_key};
use futures::{StreamExt, TryStreamExt};
use generator::{Bundle, Counts, Generator, PATIENTS_PER_REGION};
use std::{
    ops::Range,
    time::{Duration, Instant},
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

/// As long as `salamander load` sends a write again.
const RETRY_DEADLINE: Duration = Duration::from_secs(120);

/// A connection to load through.
pub(super) struct Loader {
    writer: Writer,
    seed: u64,
    in_flight: usize,
}

/// What was loaded in one go.
#[derive(Default)]
pub(super) struct Chunk {
    /// The ids the patients got, by their number in the generator.
    pub(super) patients: Vec<(u64, String)>,
    /// What the server holds more.
    pub(super) counts: Counts,
    pub(super) elapsed: Duration,
}

impl Chunk {
    pub(super) fn resources(&self) -> u64 {
        self.counts.values().sum()
    }

    fn add(&mut self, counts: &Counts) {
        for (resource_type, count) in counts {
            *self.counts.entry(resource_type).or_default() += count;
        }
    }
}

impl Loader {
    pub(super) fn connect(grpc: &str, seed: u64, in_flight: usize) -> Result<Loader> {
        let retry = Retry { deadline: RETRY_DEADLINE, ..Retry::default() };
        let client = Client::connect(grpc)?.with_retry(retry);
        Ok(Loader { writer: client.writer(in_flight), seed, in_flight })
    }

    /// Loads patients of one region, all of them or until there are `resources_min` more resources. All of it is
    /// acknowledged when this returns.
    ///
    /// # Errors
    /// Any write that failed: a rate with lost writes is none.
    pub(super) async fn chunk(&self, patients: Range<u64>, resources_min: u64) -> Result<Chunk> {
        let first = patients.start;
        let mut bundles = Generator::range(patients, self.seed);
        let started = Instant::now();
        let mut chunk = Chunk::default();
        // Patients refer to what is in their region's bundle, so it comes before them, once.
        let region = bundles.next().context("the generator begins with the region")?;
        if first.is_multiple_of(PATIENTS_PER_REGION) {
            self.transaction(&region).await.context(region.name)?;
            chunk.add(&region.counts);
        }
        let left = resources_min.saturating_sub(chunk.resources());
        let (sender, generated) = mpsc::channel(self.in_flight);
        // It ends with the receiver, so also where a write fails.
        tokio::task::spawn_blocking(move || generate(bundles, left, &sender));
        let mut answers = ReceiverStream::new(generated)
            .enumerate()
            .map(|(number, bundle)| self.patient(first + number as u64, bundle))
            .buffer_unordered(self.in_flight);
        while let Some((index, id, counts)) = answers.try_next().await? {
            chunk.add(&counts);
            chunk.patients.push((index, id));
        }
        chunk.elapsed = started.elapsed();
        Ok(chunk)
    }

    async fn patient(&self, index: u64, bundle: Bundle) -> Result<(u64, String, Counts)> {
        let stored = async {
            let answer = self.transaction(&bundle).await?;
            answered::first_id(&answer, bundle.counts.values().sum())
        };
        let id = stored.await.with_context(|| bundle.name.clone())?;
        Ok((index, id, bundle.counts))
    }

    async fn transaction(&self, bundle: &Bundle) -> Result<Bytes> {
        let idempotency_key = content_key(&bundle.json, 0);
        let request = api::TransactionRequest {
            bundle: bundle.json.clone().into(),
            idempotency_key,
            ..Default::default()
        };
        match self.writer.write(Write::Transaction(request)).await? {
            Answer::Transaction(answer) => Ok(answer.bundle),
            Answer::Write(_) => bail!("a transaction was answered as a single write"),
        }
    }
}

/// The patients from `first` on to the end of their region; some 190,000 resources in a whole one.
pub(super) fn rest_of_region(first: u64) -> Range<u64> {
    first..(first / PATIENTS_PER_REGION + 1) * PATIENTS_PER_REGION
}

/// Gives bundles until they hold `resources_min`, they end, or nobody takes them.
fn generate(bundles: Generator, resources_min: u64, sender: &mpsc::Sender<Bundle>) {
    let mut resources = 0;
    for bundle in bundles {
        if resources >= resources_min {
            return;
        }
        resources += bundle.counts.values().sum::<u64>();
        if sender.blocking_send(bundle).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generated(resources_min: u64) -> Vec<Bundle> {
        let mut bundles = Generator::range(3..6, 1);
        bundles.next();
        let (sender, mut receiver) = mpsc::channel(8);
        generate(bundles, resources_min, &sender);
        drop(sender);
        std::iter::from_fn(|| receiver.blocking_recv()).collect()
    }

    #[test]
    fn a_chunk_has_one_region() {
        assert_eq!(rest_of_region(0), 0..PATIENTS_PER_REGION);
        assert_eq!(rest_of_region(PATIENTS_PER_REGION - 1).count(), 1);
        assert_eq!(rest_of_region(PATIENTS_PER_REGION).end, 2 * PATIENTS_PER_REGION);
    }

    #[test]
    fn no_more_patients_than_are_needed() {
        assert!(generated(0).is_empty());
        let one = generated(1);
        assert_eq!(one.len(), 1);
        assert_eq!(one[0].name, "patient-0000003.json");
        assert_eq!(generated(one[0].counts.values().sum::<u64>() + 1).len(), 2);
        assert_eq!(generated(u64::MAX).len(), 3);
    }

    #[test]
    fn a_writer_that_failed_ends_the_generator() {
        let (sender, receiver) = mpsc::channel(1);
        drop(receiver);
        generate(Generator::range(0..10, 1), u64::MAX, &sender);
    }
}
