//! How leaders prove that they lead.

mod support;

use cluster::Proof;
use std::time::Duration;
use support::world::{run, three_nodes};
use testkit::simulation::network::Ways;
use tokio::time::timeout;

/// Whether a leader answers reads right after it was cut off from all others.
fn answers_cut_off(proof: Proof) -> bool {
    let mut answers = false;
    run(9, async |world| {
        *world.proof.lock() = proof;
        three_nodes(&world).await;
        world.settled(&[1, 2, 3]).await;
        let founder = world.living()[0].clone();
        let group = founder.groups().iter().find(|group| group.is_leader()).unwrap();
        group.read_barrier().await.unwrap();
        group.position().await.unwrap();
        for other in ["n2", "n3"] {
            world.network.cut("n1", other);
            world.network.cut(other, "n1");
        }
        let within = Duration::from_millis(200);
        let read = timeout(within, group.read_barrier()).await;
        let position = timeout(within, group.position()).await;
        assert_eq!(matches!(read, Ok(Ok(()))), matches!(position, Ok(Ok(_))));
        answers = matches!(read, Ok(Ok(())));
    });
    answers
}

/// No other can lead while the lease lasts, if clocks run alike; who does not rely on that asks a majority.
#[test]
fn a_leader_that_was_just_cut_off_answers_by_its_lease_alone() {
    assert!(answers_cut_off(Proof::Lease));
    assert!(!answers_cut_off(Proof::Quorum));
}
