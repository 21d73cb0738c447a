//! A partition's own time, by which rows expire. It follows the clocks of those who propose, none of which is trusted: it
//! never runs back, and one command moves it by a bounded step, so one wrong clock expires next to nothing. After silence it
//! lags and catches up step by step.

/// The longest step. A week of silence is caught up with in 168 commands.
pub const STEP_MAX_MS: u64 = 60 * 60 * 1000;

/// The time after a command whose clock says `command_ms`. The first command sets it.
pub fn advance(time_ms: u64, command_ms: u64) -> u64 {
    match time_ms {
        0 => command_ms,
        _ => command_ms.clamp(time_ms, time_ms.saturating_add(STEP_MAX_MS)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_follows_in_steps_and_never_runs_back() {
        assert_eq!(advance(0, 9_000), 9_000);
        assert_eq!(advance(9_000, 9_001), 9_001);
        assert_eq!(advance(9_000, 100), 9_000);
        assert_eq!(advance(9_000, u64::MAX), 9_000 + STEP_MAX_MS);
        assert_eq!(advance(u64::MAX - 1, u64::MAX), u64::MAX);
    }
}
