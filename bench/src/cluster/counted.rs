//! What nodes count of themselves, on their metrics pages.

use crate::wire::http::Http;
use anyhow::Result;

/// Sums, over as many nodes as were asked; or a part of them, for one operation.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Counted {
    /// Questions and answers between nodes.
    pub(super) frames: f64,
    pub(super) frame_bytes: f64,
    pub(super) fsyncs: f64,
    pub(super) log_bytes: f64,
}

impl Counted {
    /// Of the node with its metrics page there.
    ///
    /// # Errors
    /// It does not answer.
    pub(super) async fn ask(origin: &str) -> Result<Counted> {
        let page = Http::connect(origin).await?.get("metrics").await?;
        Ok(Counted::read(&String::from_utf8_lossy(&page.body)))
    }

    fn read(page: &str) -> Counted {
        let sum = |name: &str| {
            let of_name = page.lines().filter(|line| line.split(['{', ' ']).next() == Some(name));
            of_name.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
        };
        Counted {
            frames: sum("salamander_peers_frames_total"),
            frame_bytes: sum("salamander_peers_bytes_total"),
            fsyncs: sum("salamander_log_fsyncs_total"),
            log_bytes: sum("salamander_log_written_bytes_total"),
        }
    }

    pub(super) fn add(&mut self, other: &Counted) {
        self.frames += other.frames;
        self.frame_bytes += other.frame_bytes;
        self.fsyncs += other.fsyncs;
        self.log_bytes += other.log_bytes;
    }

    /// What came since.
    pub(super) fn since(self, before: &Counted) -> Counted {
        Counted {
            frames: self.frames - before.frames,
            frame_bytes: self.frame_bytes - before.frame_bytes,
            fsyncs: self.fsyncs - before.fsyncs,
            log_bytes: self.log_bytes - before.log_bytes,
        }
    }

    /// For each of so many.
    pub(super) fn each(self, count: u64) -> Counted {
        let count = count.max(1) as f64;
        Counted {
            frames: self.frames / count,
            frame_bytes: self.frame_bytes / count,
            fsyncs: self.fsyncs / count,
            log_bytes: self.log_bytes / count,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_samples_of_a_name_are_added_and_others_are_not() {
        let page = "# HELP salamander_peers_frames_total Questions\n\
                    salamander_peers_frames_total{stream=\"raft\"} 3\n\
                    salamander_peers_frames_total{stream=\"answers\"} 4\n\
                    salamander_log_fsyncs_total 5\n\
                    salamander_log_fsyncs_total_of_another 6\n";
        let counted = Counted::read(page);
        assert_eq!(counted, Counted { frames: 7.0, fsyncs: 5.0, ..Counted::default() });
        let mut two = counted;
        two.add(&counted);
        assert_eq!(two.since(&counted), counted);
        assert!((counted.each(2).frames - 3.5).abs() < 1e-9);
    }
}
