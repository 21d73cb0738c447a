//! `salamander generate`

use anyhow::Context;
use clap::Args;
use generator::Generator;
use std::{
    fs,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

#[derive(Debug, Args)]
pub(super) struct Generate {
    /// How many patients.
    #[arg(long)]
    patients: u64,
    /// The same seed gives the same bytes.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder that gets one file per bundle; `-`: NDJSON on stdout.
    #[arg(long, value_name = "DIR", default_value = "-")]
    out: PathBuf,
}

impl Generate {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let bundles = Generator::new(self.patients, self.seed);
        if self.out == Path::new("-") { to_stdout(bundles) } else { to_folder(bundles, &self.out) }
    }
}

fn to_stdout(bundles: Generator) -> anyhow::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, io::stdout().lock());
    for bundle in bundles {
        let written = out.write_all(&bundle.json).and_then(|()| out.write_all(b"\n"));
        match written {
            // `salamander generate … | head` is no failure.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            other => other?,
        }
    }
    Ok(out.flush()?)
}

fn to_folder(bundles: Generator, folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for bundle in bundles {
        let path = folder.join(&bundle.name);
        fs::write(&path, &bundle.json).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_per_bundle_and_the_same_for_the_same_seed() {
        let dir = tempfile::tempdir().unwrap();
        let run = |name: &str| {
            let out = dir.path().join(name);
            Generate { patients: 3, seed: 7, out: out.clone() }.run().unwrap();
            let mut files: Vec<_> = fs::read_dir(out).unwrap().map(|file| file.unwrap().path()).collect();
            files.sort();
            files
                .iter()
                .map(|file| (file.file_name().unwrap().to_owned(), fs::read(file).unwrap()))
                .collect::<Vec<_>>()
        };
        let first = run("a");
        assert_eq!(first.len(), Generator::new(3, 7).count());
        assert_eq!(first, run("b"));
    }
}
