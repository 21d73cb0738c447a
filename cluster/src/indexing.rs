//! What the meta group agrees on about search parameters: which numbers they have, since numbers stand in stored index values, and
//! which of them serve, since nobody may ask for one whose values some rows lack.

use proto::log::v1::{MetaIndexed, MetaIndexing, MetaParameter, MetaParameters, MetaWalk};

/// Numbers below are FHIR's own parameters'.
const FIRST: u32 = 1024;
/// Nodes before that know nothing of it.
pub(crate) const FEATURE_LEVEL: u32 = 3;
/// Numbers are stored in 16 bits.
const LAST: u32 = 65_535;
/// Steps that partitions may still have before them: who asks for more waits.
pub const WALKS_MAX: usize = 64;

/// A tenant's part of the state.
pub(crate) fn of(all: &mut Vec<MetaIndexing>, tenant: u32) -> &mut MetaIndexing {
    let place = match all.binary_search_by_key(&tenant, |one| one.tenant) {
        Ok(place) => place,
        Err(place) => {
            all.insert(place, MetaIndexing { tenant, last_number: FIRST - 1, ..MetaIndexing::default() });
            place
        }
    };
    &mut all[place]
}

/// Other parameters; nothing where they changed since who asks looked, or numbers or steps run out.
pub(crate) fn change(own: &mut MetaIndexing, change: &MetaParameters) {
    let has_room = own.last_number as usize + change.add.len() <= LAST as usize;
    let walks = !(change.add.is_empty() && change.walk_types.is_empty());
    if own.revision != change.revision || !has_room || (walks && own.walks.len() >= WALKS_MAX) {
        return;
    }
    own.revision += 1;
    own.parameters.retain(|one| !change.retire.contains(&one.number));
    if walks {
        own.generation += 1;
        own.walks.push(MetaWalk { generation: own.generation, types: change.walk_types.clone() });
    }
    for added in &change.add {
        own.last_number += 1;
        own.parameters.push(MetaParameter {
            number: own.last_number,
            generation: own.generation,
            serves: false,
            ..added.clone()
        });
    }
}

/// Partitions got on. Parameters whose values all of them have serve from now on, in place of the others of their URL.
pub(crate) fn advance(own: &mut MetaIndexing, told: &MetaIndexed, partitions: u32) {
    for one in &told.partitions {
        if !(1..=partitions).contains(&one.partition) || one.generation > own.generation {
            continue;
        }
        match own.partitions.binary_search_by_key(&one.partition, |known| known.partition) {
            Ok(place) => {
                let known = &mut own.partitions[place];
                if one.generation >= known.generation {
                    known.clone_from(one);
                }
            }
            Err(place) => own.partitions.insert(place, *one),
        }
    }
    let done = done(own, partitions);
    let ready = |one: &MetaParameter| !one.serves && one.generation <= done;
    let urls: Vec<String> =
        own.parameters.iter().filter(|one| ready(one)).map(|one| one.url.clone()).collect();
    if !urls.is_empty() {
        own.revision += 1;
        own.parameters.retain(|one| !(one.serves && urls.contains(&one.url)));
        own.parameters.iter_mut().filter(|one| one.generation <= done).for_each(|one| one.serves = true);
    }
    own.walks.retain(|walk| walk.generation > done);
}

/// The generation that all partitions have.
fn done(own: &MetaIndexing, partitions: u32) -> u32 {
    let all = own.partitions.len() == partitions as usize;
    own.partitions.iter().map(|one| one.generation).min().filter(|_| all).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::log::v1::MetaPartitionIndexed;

    fn parameter(url: &str) -> MetaParameter {
        MetaParameter { url: url.to_owned(), definition: format!("of {url}"), ..MetaParameter::default() }
    }

    fn add(own: &mut MetaIndexing, revision: u64, urls: &[&str], retire: &[u32]) {
        let add = urls.iter().map(|url| parameter(url)).collect();
        change(own, &MetaParameters { revision, add, retire: retire.to_vec(), ..MetaParameters::default() });
    }

    fn told(own: &mut MetaIndexing, partition: u32, generation: u32, permille: u32) {
        let partitions = vec![MetaPartitionIndexed { partition, generation, permille }];
        advance(own, &MetaIndexed { tenant: 1, partitions }, 2);
    }

    fn known(own: &MetaIndexing) -> Vec<(u32, u32, &str, bool)> {
        own.parameters.iter().map(|one| (one.number, one.generation, &*one.url, one.serves)).collect()
    }

    #[test]
    fn numbers_are_given_once_and_serve_when_all_partitions_are_through() {
        let mut all = vec![];
        let own = of(&mut all, 1);
        add(own, 0, &["a", "b"], &[]);
        assert_eq!(known(own), [(1024, 1, "a", false), (1025, 1, "b", false)]);
        add(own, 0, &["late"], &[]);
        assert_eq!((own.revision, own.parameters.len()), (1, 2), "that was asked of older ones");
        told(own, 1, 1, 0);
        told(own, 7, 1, 0);
        told(own, 2, 9, 0);
        assert!(own.parameters.iter().all(|one| !one.serves));
        assert_eq!(own.walks.len(), 1);
        told(own, 2, 1, 0);
        assert!(own.parameters.iter().all(|one| one.serves) && own.walks.is_empty());
        assert_eq!(own.revision, 2);
        add(own, 2, &["c"], &[1025]);
        assert_eq!(known(own), [(1024, 1, "a", true), (1026, 2, "c", false)]);
    }

    #[test]
    fn what_is_replaced_serves_until_the_new_one_does() {
        let mut all = vec![];
        let own = of(&mut all, 1);
        add(own, 0, &["a"], &[]);
        told(own, 1, 1, 0);
        told(own, 2, 1, 0);
        add(own, 2, &["a"], &[]);
        assert_eq!(known(own), [(1024, 1, "a", true), (1025, 2, "a", false)]);
        told(own, 1, 2, 0);
        told(own, 2, 1, 500);
        told(own, 1, 1, 999);
        assert_eq!(own.partitions[0].generation, 2, "nobody goes back");
        assert_eq!(known(own).len(), 2);
        told(own, 2, 2, 0);
        assert_eq!(known(own), [(1025, 2, "a", true)]);
    }

    #[test]
    fn what_runs_out_is_refused() {
        let mut own = MetaIndexing { last_number: LAST - 1, ..MetaIndexing::default() };
        add(&mut own, 0, &["a", "b"], &[]);
        assert!(own.parameters.is_empty());
        add(&mut own, 0, &["a"], &[]);
        assert_eq!(own.parameters[0].number, LAST);
        for revision in 1..100 {
            change(&mut own, &MetaParameters { revision, walk_types: vec![1], ..MetaParameters::default() });
        }
        assert_eq!(own.walks.len(), WALKS_MAX);
    }
}
