//! What the meta group agrees on about tenants: their numbers, which are keys of stored rows and so are given once, who is there, and
//! how far the rows of those are that ended.

use proto::TenantId;
use proto::log::v1::{
    MetaDropped, MetaEndedTenant, MetaNewTenant, MetaPartitionDropped, MetaState, MetaTenant,
};

/// Nodes before that know nothing of it.
pub(crate) const FEATURE_LEVEL: u32 = 4;
/// The name that is always taken.
const DEFAULT: &str = proto::TenantName::DEFAULT;
/// Tenants of which nothing is left and that are known all the same: a backup may go on from a moment at which they were there.
const GONE_MAX: usize = 64;

/// Whether requests about it are answered.
pub(crate) fn is_there(state: &MetaState, tenant: u32) -> bool {
    tenant == TenantId::DEFAULT.0 || state.tenants.iter().any(|one| one.tenant == tenant && one.ended_ms == 0)
}

/// A new tenant under the next number; nothing where it was asked for before, its name is taken, or there are too many.
pub(crate) fn create(state: &mut MetaState, new: &MetaNewTenant) {
    let is_again = state.tenants.iter().any(|one| one.token == new.token);
    let is_taken = |one: &MetaTenant| one.ended_ms == 0 && one.name == new.name;
    let held = state.tenants.iter().filter(|one| !one.gone).count();
    if is_again
        || new.name == DEFAULT
        || state.tenants.iter().any(is_taken)
        || held >= new.tenants_max as usize
        || state.last_tenant == u32::MAX
    {
        return;
    }
    state.last_tenant = state.last_tenant.max(TenantId::DEFAULT.0) + 1;
    state.tenants.push(MetaTenant {
        tenant: state.last_tenant,
        name: new.name.clone(),
        token: new.token.clone(),
        created_ms: new.time_ms,
        ..MetaTenant::default()
    });
}

/// A tenant ends. The first moment stands.
pub(crate) fn end(state: &mut MetaState, ended: &MetaEndedTenant) {
    if let Some(one) = of(state, ended.tenant).filter(|one| one.ended_ms == 0) {
        one.ended_ms = ended.time_ms.max(1);
    }
}

/// Every node knows that it ended.
pub(crate) fn refuse(state: &mut MetaState, tenant: u32) {
    if let Some(one) = of(state, tenant).filter(|one| one.ended_ms > 0) {
        one.refused = true;
    }
}

/// Partitions got on with its rows. With the last one it is gone.
pub(crate) fn advance(state: &mut MetaState, told: &MetaDropped) {
    let partitions = state.partitions;
    let Some(one) = of(state, told.tenant).filter(|one| one.refused && !one.gone) else { return };
    for part in told.partitions.iter().filter(|part| (1..=partitions).contains(&part.partition)) {
        match one.dropped.binary_search_by_key(&part.partition, |known| known.partition) {
            Ok(place) => {
                let known = &mut one.dropped[place];
                let rows = known.rows.max(part.rows);
                *known =
                    MetaPartitionDropped { partition: part.partition, rows, done: known.done || part.done };
            }
            Err(place) => one.dropped.insert(place, *part),
        }
    }
    if one.dropped.len() == partitions as usize && one.dropped.iter().all(|part| part.done) {
        one.gone = true;
        one.dropped.clear();
        forget_old(state);
    }
}

/// What was agreed on about search parameters of tenants goes with the last that is known of them.
fn forget_old(state: &mut MetaState) {
    let gone = state.tenants.iter().filter(|one| one.gone).count();
    for _ in GONE_MAX..gone {
        let oldest = state.tenants.iter().filter(|one| one.gone).min_by_key(|one| one.ended_ms);
        let Some(tenant) = oldest.map(|one| one.tenant) else { return };
        state.tenants.retain(|one| one.tenant != tenant);
        state.indexing.retain(|one| one.tenant != tenant);
    }
}

fn of(state: &mut MetaState, tenant: u32) -> Option<&mut MetaTenant> {
    state.tenants.iter_mut().find(|one| one.tenant == tenant)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn make(state: &mut MetaState, name: &str, token: &'static [u8], tenants_max: u32) {
        let token = Bytes::from_static(token);
        create(state, &MetaNewTenant { name: name.to_owned(), token, time_ms: 5, tenants_max });
    }

    fn finish(state: &mut MetaState, tenant: u32) {
        end(state, &MetaEndedTenant { tenant, time_ms: u64::from(tenant) });
        refuse(state, tenant);
        let part = |partition| MetaPartitionDropped { partition, rows: 3, done: true };
        advance(state, &MetaDropped { tenant, partitions: vec![part(1), part(2)] });
    }

    fn known(state: &MetaState) -> Vec<(u32, &str, bool)> {
        state.tenants.iter().map(|one| (one.tenant, &*one.name, is_there(state, one.tenant))).collect()
    }

    #[test]
    fn numbers_are_given_once_whatever_becomes_of_the_names() {
        let mut state = MetaState { partitions: 2, ..MetaState::default() };
        make(&mut state, "a", b"1", 2);
        make(&mut state, "a", b"1", 2);
        make(&mut state, "a", b"other", 2);
        make(&mut state, DEFAULT, b"2", 2);
        assert_eq!(known(&state), [(2, "a", true)]);
        make(&mut state, "b", b"3", 2);
        make(&mut state, "c", b"4", 2);
        assert_eq!(known(&state).len(), 2, "there are as many as may be");
        end(&mut state, &MetaEndedTenant { tenant: 2, time_ms: 9 });
        end(&mut state, &MetaEndedTenant { tenant: 2, time_ms: 10 });
        end(&mut state, &MetaEndedTenant { tenant: TenantId::DEFAULT.0, time_ms: 9 });
        assert_eq!(state.tenants[0].ended_ms, 9);
        assert!(is_there(&state, TenantId::DEFAULT.0) && !is_there(&state, 2) && !is_there(&state, 7));
        make(&mut state, "a", b"5", 2);
        assert_eq!(known(&state).len(), 2, "what is going still counts");
        make(&mut state, "a", b"5", 3);
        assert_eq!(known(&state), [(2, "a", false), (3, "b", true), (4, "a", true)]);
    }

    #[test]
    fn rows_go_only_when_every_node_knows_and_gone_is_what_all_partitions_are_through_with() {
        let mut state = MetaState { partitions: 2, ..MetaState::default() };
        make(&mut state, "a", b"1", 9);
        refuse(&mut state, 2);
        let told = |partition, rows, done| MetaDropped {
            tenant: 2,
            partitions: vec![MetaPartitionDropped { partition, rows, done }],
        };
        advance(&mut state, &told(1, 1, true));
        assert!(!state.tenants[0].refused && state.tenants[0].dropped.is_empty(), "it is there");
        end(&mut state, &MetaEndedTenant { tenant: 2, time_ms: 9 });
        advance(&mut state, &told(1, 1, true));
        assert!(state.tenants[0].dropped.is_empty(), "not every node knows");
        refuse(&mut state, 2);
        advance(&mut state, &told(2, 4, true));
        advance(&mut state, &told(2, 1, false));
        advance(&mut state, &told(9, 1, true));
        advance(&mut state, &told(1, 1, false));
        let dropped: Vec<_> = state.tenants[0].dropped.iter().map(|one| (one.rows, one.done)).collect();
        assert_eq!(dropped, [(1, false), (4, true)], "nobody goes back");
        advance(&mut state, &told(1, 2, true));
        assert!(state.tenants[0].gone && state.tenants[0].dropped.is_empty());
    }

    #[test]
    fn the_last_ones_that_are_gone_are_known() {
        let mut state = MetaState { partitions: 2, ..MetaState::default() };
        for number in 0..GONE_MAX as u32 + 3 {
            create(
                &mut state,
                &MetaNewTenant {
                    name: "a".to_owned(),
                    token: number.to_be_bytes().to_vec().into(),
                    time_ms: 1,
                    tenants_max: 1,
                },
            );
            let tenant = number + 2;
            assert!(is_there(&state, tenant), "those that are gone do not count");
            crate::indexing::of(&mut state.indexing, tenant);
            finish(&mut state, tenant);
        }
        assert_eq!((state.tenants.len(), state.indexing.len()), (GONE_MAX, GONE_MAX));
        assert_eq!(state.tenants[0].tenant, 5);
    }
}
