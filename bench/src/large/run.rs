//! One run: rows that are still to come, each a load and then the probes.

use super::{
    PROGRESS, STORE,
    codes::Codes,
    load::{Loader, rest_of_region},
    meter::{self, Meter},
    options::{IN_FLIGHT_MAX, Options},
    probe,
    progress::{MILLION, Progress},
    row::{Row, Setting},
    table,
};
use crate::{node::Node, stored, usage};
use anyhow::{Context, Result, bail};
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// One run against one server.
pub(super) struct Run<'a> {
    options: &'a Options,
    node: &'a Node,
    store: PathBuf,
    file: PathBuf,
    loader: Loader,
    codes: Codes,
    setting: Setting,
    pub(super) progress: Progress,
    meter: Meter,
}

impl<'a> Run<'a> {
    /// Makes ready: what the last run left half done, and what the start of the server left to do.
    pub(super) async fn begin(
        options: &'a Options,
        node: &'a Node,
        folder: &Path,
        mut progress: Progress,
        setting: Setting,
    ) -> Result<Run<'a>> {
        let (store, file) = (folder.join(STORE), folder.join(PROGRESS));
        let age = fs::metadata(&file)?.modified()?.elapsed().unwrap_or(Duration::ZERO);
        let ahead = progress.ahead(stored::count(node, "Patient").await?, age)?;
        progress.runs = setting.run;
        let loader = Loader::connect(&node.grpc, options.seed, usize::from(options.in_flight))?;
        if ahead > 0 {
            catch_up(&loader, &mut progress, ahead).await?;
            progress.save(&file)?;
        }
        let codes = Codes::of(options.seed)?;
        // A start has its own work to do, such as replaying what was not flushed.
        meter::settle(node.pid()).await?;
        let meter = Meter::start(node.pid())?;
        Ok(Run { options, node, store, file, loader, codes, setting, progress, meter })
    }

    /// Loads and probes what is still to come; where that is nothing, probes only. Returns the last row.
    pub(super) async fn rows(&mut self) -> Result<Row> {
        let mut last = None;
        for mark in self.progress.pending(self.options.millions) {
            self.load(mark).await?;
            last = Some(self.loaded_row().await?);
        }
        match last {
            Some(row) => Ok(row),
            None if self.progress.rows.is_empty() => bail!("there is nothing to probe"),
            None => {
                let row = self.row().await?;
                println!("{}", table::line(&row));
                self.progress.save(&self.file)?;
                Ok(row)
            }
        }
    }

    /// Loads until there are that many resources. What is written down is acknowledged.
    async fn load(&mut self, mark: u64) -> Result<()> {
        while self.progress.resources() < mark {
            let left = mark - self.progress.resources();
            let chunk = self.loader.chunk(rest_of_region(self.progress.patients), left).await?;
            self.progress.span.add(chunk.resources(), chunk.elapsed, self.meter.take()?);
            self.progress.add(chunk);
            self.progress.save(&self.file)?;
            let millions = self.progress.resources() as f64 / MILLION as f64;
            eprintln!("{millions:.2} M loaded, {:.0} per s", self.progress.span.per_second());
        }
        Ok(())
    }

    /// The row behind a load. What the probes cost the server is in no row.
    async fn loaded_row(&mut self) -> Result<Row> {
        let settled = meter::settle(self.node.pid()).await?;
        self.progress.span.settle_seconds += settled.as_secs_f64();
        self.progress.span.add(0, Duration::ZERO, self.meter.take()?);
        let span = Some(self.progress.span);
        let row = Row { span, ..self.row().await? };
        println!("{}", table::line(&row));
        self.progress.push(row.clone());
        self.progress.save(&self.file)?;
        self.meter.take()?;
        Ok(row)
    }

    /// A row without a load: memory, disk, probes. Nothing acknowledged may be missing.
    async fn row(&self) -> Result<Row> {
        let memory = usage::memory(self.node.pid())?;
        let disk_bytes = usage::disk_bytes(&self.store)?;
        let resources = self.progress.resources();
        let patients = self.progress.sample.shuffled(resources + u64::from(self.setting.run));
        let repeats = usize::from(self.options.repeats);
        let probes =
            probe::run(&self.node.rest, patients, &self.codes, repeats).await.context("the probe")?;
        stored::must_hold(self.node, &self.progress.counts).await?;
        Ok(Row {
            resources,
            span: None,
            resident_bytes: memory.resident_bytes,
            disk_bytes,
            probes,
            setting: self.setting.clone(),
        })
    }
}

/// Sends again what an interrupted run sent and did not write down. It is partly there already, so it is in no row.
async fn catch_up(loader: &Loader, progress: &mut Progress, ahead: u64) -> Result<()> {
    let mut patients = rest_of_region(progress.patients);
    // Answers come in any order, so there may be gaps below the last patient that is there.
    patients.end = patients.end.min(patients.start + ahead + u64::from(IN_FLIGHT_MAX));
    progress.add(loader.chunk(patients, u64::MAX).await?);
    Ok(())
}
