//! Latencies of one row, at three significant digits from a nanosecond to a minute.

use anyhow::Result;
use hdrhistogram::Histogram;
use std::time::Duration;

const NANOSECONDS_MAX: u64 = 60_000_000_000;

/// A histogram that never refuses: what is longer than a minute counts as a minute.
#[derive(Clone)]
pub struct Latency(Histogram<u64>);

impl Latency {
    /// An empty one, about 0.4 MB.
    ///
    /// # Errors
    /// Never with the bounds above; the library says so at run time only.
    pub fn new() -> Result<Latency> {
        Ok(Latency(Histogram::new_with_bounds(1, NANOSECONDS_MAX, 3)?))
    }

    /// Counts one.
    pub fn record(&mut self, elapsed: Duration) {
        self.0.saturating_record(u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX));
    }

    /// Adds another worker's.
    ///
    /// # Errors
    /// Never: all have the same bounds.
    pub fn add(&mut self, other: &Latency) -> Result<()> {
        Ok(self.0.add(&other.0)?)
    }

    /// How many were recorded.
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// The latency that `percentile` (0 to 100) of all did not exceed, in microseconds; 0 where nothing was recorded.
    pub fn microseconds_at(&self, percentile: f64) -> f64 {
        self.0.value_at_percentile(percentile) as f64 / 1000.0
    }

    /// The longest, microseconds.
    pub fn microseconds_max(&self) -> f64 {
        self.0.max() as f64 / 1000.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(value: f64, expected: f64) -> bool {
        (value - expected).abs() <= expected * 0.001
    }

    #[test]
    fn percentiles_of_a_ramp() -> Result<()> {
        let mut latency = Latency::new()?;
        for microseconds in 1..=1000 {
            latency.record(Duration::from_micros(microseconds));
        }
        assert_eq!(latency.count(), 1000);
        assert!(near(latency.microseconds_at(50.0), 500.0), "{}", latency.microseconds_at(50.0));
        assert!(near(latency.microseconds_at(99.0), 990.0), "{}", latency.microseconds_at(99.0));
        assert!(near(latency.microseconds_max(), 1000.0));
        Ok(())
    }

    #[test]
    fn workers_add_up_and_an_hour_is_a_minute() -> Result<()> {
        let (mut one, mut two) = (Latency::new()?, Latency::new()?);
        one.record(Duration::from_millis(1));
        two.record(Duration::from_secs(3600));
        one.add(&two)?;
        assert_eq!(one.count(), 2);
        assert!(near(one.microseconds_max(), 60e6));
        assert!(near(one.microseconds_at(50.0), 1000.0));
        Ok(())
    }

    #[test]
    fn nothing_recorded_is_zero() -> Result<()> {
        assert_eq!(Latency::new()?.microseconds_at(99.0), 0.0);
        Ok(())
    }
}
