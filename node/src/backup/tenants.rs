//! Which tenants there were at the moment that is restored. Their numbers are keys of its rows: one that is not there is dropped by the
//! restored node, so that nothing of it is left, and no number is given again.

use proto::log::v1::{MetaState, MetaTenant};
use std::collections::BTreeMap;

/// Makes `state`, what was agreed on at the end, that of the moment `until_ms`. `before`: what was agreed on when the last backup of the
/// chain began. `has_dropped`: rows were dropped of the tenant by then.
pub fn at_the_moment(
    before: &MetaState,
    state: &mut MetaState,
    until_ms: u64,
    has_dropped: &mut dyn FnMut(u32) -> anyhow::Result<bool>,
) -> anyhow::Result<()> {
    // Of one that was forgotten since, only the state before knows.
    let mut all: BTreeMap<u32, MetaTenant> =
        before.tenants.iter().cloned().map(|one| (one.tenant, ended(one, until_ms))).collect();
    all.extend(state.tenants.drain(..).map(|one| (one.tenant, one)));
    for one in all.values_mut() {
        let was_there = one.created_ms <= until_ms && (one.ended_ms == 0 || one.ended_ms > until_ms);
        *one = match was_there && !has_dropped(one.tenant)? {
            true => there(one.clone()),
            false => ended(one.clone(), until_ms),
        };
    }
    state.tenants = all.into_values().collect();
    state.last_tenant = state.last_tenant.max(before.last_tenant);
    Ok(())
}

fn there(one: MetaTenant) -> MetaTenant {
    MetaTenant { ended_ms: 0, refused: false, dropped: vec![], gone: false, ..one }
}

/// Its rows, if any are restored, go. The only node of the restored cluster knows that it ended.
fn ended(one: MetaTenant, until_ms: u64) -> MetaTenant {
    let ended_ms = if one.ended_ms == 0 { until_ms.max(1) } else { one.ended_ms };
    MetaTenant { ended_ms, refused: true, dropped: vec![], gone: false, ..one }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant(tenant: u32, created_ms: u64, ended_ms: u64, gone: bool) -> MetaTenant {
        MetaTenant { tenant, created_ms, ended_ms, refused: ended_ms > 0, gone, ..MetaTenant::default() }
    }

    fn state(tenants: Vec<MetaTenant>, last_tenant: u32) -> MetaState {
        MetaState { tenants, last_tenant, ..MetaState::default() }
    }

    #[test]
    fn who_was_there_at_the_moment_is_there() {
        let before =
            state(vec![tenant(2, 10, 0, false), tenant(3, 10, 20, true), tenant(4, 10, 0, false)], 4);
        let after = state(
            vec![
                tenant(4, 10, 90, true),
                tenant(5, 40, 0, false),
                tenant(6, 70, 0, false),
                tenant(7, 40, 60, false),
            ],
            7,
        );
        let mut at = after.clone();
        at_the_moment(&before, &mut at, 50, &mut |_| Ok(false)).unwrap();
        let there: Vec<(u32, bool)> = at.tenants.iter().map(|one| (one.tenant, one.ended_ms == 0)).collect();
        // 2 was deleted and forgotten since, nobody knows when; 4 was deleted later; 6 came later.
        assert_eq!(there, [(2, false), (3, false), (4, true), (5, true), (6, false), (7, true)]);
        assert!(at.tenants.iter().all(|one| !one.gone && one.refused == (one.ended_ms > 0)));
        assert_eq!(at.last_tenant, 7);
        let mut end = after.clone();
        at_the_moment(&before, &mut end, u64::MAX, &mut |tenant| Ok(tenant == 5)).unwrap();
        let there: Vec<u32> =
            end.tenants.iter().filter(|one| one.ended_ms == 0).map(|one| one.tenant).collect();
        assert_eq!(there, [6], "rows of 5 are gone already");
    }
}
