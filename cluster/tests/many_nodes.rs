//! Several nodes in one thread, on parts in memory and a simulated network: a cluster grows from one node, is cut into pieces
//! and loses nodes at any moment, and what it acknowledged stays.

mod support;

use cluster::{Kind, Message, Peer, Standing, Transport};
use prost::Message as _;
use proto::internal::v1 as wire;
use std::time::Duration;
use support::network::Way;
use support::world::{run, three_nodes, within, writers};
use testkit::simulation::network::Ways;
use tokio::time::{Instant, sleep};

/// So many, or as many as are asked for.
fn seeds(many: u64) -> std::ops::Range<u64> {
    let number = |name: &str, default| std::env::var(name).map_or(default, |value| value.parse().unwrap());
    let first = number("SIMULATION_SEED", 0);
    first..first + number("SIMULATION_SEEDS", many)
}

#[test]
fn a_node_becomes_three_while_it_serves() {
    run(1, async |world| {
        let first = world.add_machine();
        let founder = world.start(first).await;
        let until = Instant::now() + Duration::from_secs(20);
        let writing = writers(&world, until);
        sleep(Duration::from_secs(5)).await;
        world.join(&founder).await;
        world.join(&founder).await;
        for writer in writing {
            writer.await.unwrap();
        }
        world.settled(&[1, 2, 3]).await;
        world.check(&[1, 2, 3]);
        let written: u64 = world.known.lock().values().map(|(acknowledged, _)| acknowledged).sum();
        assert!(written > 1_000, "{written}");
    });
}

#[test]
fn a_drained_node_is_replaced_by_a_fourth() {
    run(2, async |world| {
        three_nodes(&world).await;
        let until = Instant::now() + Duration::from_secs(30);
        let writing = writers(&world, until);
        world.settled(&[1, 2, 3]).await;
        let founder = world.living()[0].clone();
        world.join(&founder).await;
        founder.stand(1, Standing::Draining).await.unwrap();
        for writer in writing {
            writer.await.unwrap();
        }
        world.settled(&[2, 3, 4]).await;
        world.check(&[2, 3, 4]);
    });
}

#[test]
fn a_node_whose_disk_was_emptied_is_another_node() {
    run(3, async |world| {
        three_nodes(&world).await;
        world.settled(&[1, 2, 3]).await;
        let founder = world.living()[0].clone();
        world.crash(2);
        world.wipe(2);
        let refused = world.join_at(2, &founder).await.unwrap_err().to_string();
        assert!(refused.contains("node 3") && refused.contains("remove"), "{refused}");
        founder.stand(3, Standing::Removed).await.unwrap();
        world.join_at(2, &founder).await.unwrap();
        world.settled(&[1, 2, 4]).await;
        world.check(&[1, 2, 4]);
    });
}

#[test]
fn a_node_that_stops_hands_over_and_nobody_waits_for_an_election() {
    run(5, async |world| {
        three_nodes(&world).await;
        world.settled(&[1, 2, 3]).await;
        let stops = world.living()[1].clone();
        assert!(stops.groups().iter().any(|group| group.is_leader()));
        within("the stop", stops.shutdown()).await.unwrap();
        world.crash(1);
        let others = world.living();
        // An election would take three quarters of a second at the least.
        sleep(Duration::from_millis(100)).await;
        let led = |group: usize| others.iter().any(|node| node.groups()[group].is_leader());
        assert!((0..stops.groups().len()).all(led), "led by nobody");
        world.start(1).await;
        world.settled(&[1, 2, 3]).await;
        world.check(&[1, 2, 3]);
    });
}

/// The library would hand over to itself for ever (seed 1171 of the whole nodes' simulation, of its first day).
#[test]
fn a_leader_that_is_told_to_hand_over_to_itself_goes_on() {
    run(6, async |world| {
        let first = world.add_machine();
        let founder = world.start(first).await;
        founder.hand_over(1).await.unwrap();
        sleep(Duration::from_secs(5)).await;
        world.join(&founder).await;
        world.join(&founder).await;
        world.settled(&[1, 2, 3]).await;
    });
}

/// The operator drains the wrong one of two.
#[test]
fn votes_are_not_moved_to_who_could_decide_nothing() {
    run(4, async |world| {
        three_nodes(&world).await;
        world.settled(&[1, 2, 3]).await;
        let founder = world.living()[0].clone();
        world.crash(1);
        sleep(Duration::from_secs(5)).await;
        founder.stand(3, Standing::Draining).await.unwrap();
        let until = Instant::now() + Duration::from_secs(10);
        for writer in writers(&world, until) {
            writer.await.unwrap();
        }
        assert!(founder.views().iter().all(|(_, view)| view.voters.iter().eq(&[1, 2, 3])));
        founder.stand(3, Standing::Member).await.unwrap();
        world.start(1).await;
        world.settled(&[1, 2, 3]).await;
        world.check(&[1, 2, 3]);
    });
}

/// A break in the middle costs what was under way, and nothing begins anew.
#[test]
fn a_snapshot_goes_on_where_it_broke() {
    run(9, async |world| {
        three_nodes(&world).await;
        world.settled(&[1, 2, 3]).await;
        for pieces in [1, 5, 25] {
            world.crash(2);
            let until = Instant::now() + Duration::from_secs(10);
            for writer in writers(&world, until) {
                writer.await.unwrap();
            }
            ["n1", "n2"].iter().for_each(|from| world.network.break_after(from, "n3", pieces));
            let before = world.snapshots.all().len();
            world.start(2).await;
            world.settled(&[1, 2, 3]).await;
            world.check(&[1, 2, 3]);
            let sent = world.snapshots.all().split_off(before);
            eprintln!("{sent:#?}");
            let of_group = |group: u32| sent.iter().filter(move |sent| sent.group == group);
            for first in sent.iter() {
                let is_it = of_group(first.group).all(|sent| sent.transfer == first.transfer);
                assert!(
                    is_it && first.transfer.is_some() && first.to == 3,
                    "group {} began anew",
                    first.group
                );
            }
            let resumed = (0..5).filter(|group| of_group(*group).any(|sent| sent.first == pieces)).count();
            assert!(resumed > 0, "nothing broke after {pieces} pieces");
        }
        assert!(world.digests.compared() > 0);
    });
}

#[test]
fn nothing_acknowledged_is_lost_whatever_crashes_or_is_cut_off() {
    for seed in seeds(12) {
        run(seed, async |world| {
            three_nodes(&world).await;
            let until = Instant::now() + Duration::from_secs(40);
            let writing = writers(&world, until);
            world.chaos(until).await;
            for writer in writing {
                writer.await.unwrap();
            }
            world.network.heal();
            world.settled(&[1, 2, 3]).await;
            world.check(&[1, 2, 3]);
            let written: u64 = world.known.lock().values().map(|(acknowledged, _)| acknowledged).sum();
            let (compared, resumed) = (world.digests.compared(), world.snapshots.resumed());
            eprintln!(
                "{written} writes, {} messages, {compared} snapshots compared, {resumed} went on",
                world.network.messages()
            );
            assert!(written > 200, "{written}");
        });
    }
}

/// Three nodes become five, one is drained, and comes back.
#[test]
fn a_replica_that_went_elsewhere_leaves_nothing_and_may_come_back() {
    run(7, async |world| {
        three_nodes(&world).await;
        world.settled(&[1, 2, 3]).await;
        let until = Instant::now() + Duration::from_secs(60);
        let writing = writers(&world, until);
        let founder = world.living()[0].clone();
        let held = |node: u64| {
            let nodes = world.living();
            let node = nodes.iter().find(|known| known.node_id() == node).unwrap().clone();
            node.groups().iter().filter(|group| group.partition().applied().index > 0).count()
        };
        let all = founder.groups().len();
        world.join(&founder).await;
        world.join(&founder).await;
        world.placed(&[1, 2, 3, 4, 5]).await;
        assert!((1..=5).all(|node| (1..all).contains(&held(node))));
        founder.stand(2, Standing::Draining).await.unwrap();
        world.placed(&[1, 3, 4, 5]).await;
        assert_eq!(held(2), 0, "drained, and so empty");
        founder.stand(2, Standing::Member).await.unwrap();
        world.placed(&[1, 2, 3, 4, 5]).await;
        assert!(held(2) > 0);
        for writer in writing {
            writer.await.unwrap();
        }
        // The founder's log of the first partitions began with itself as the only voter.
        founder.stand(1, Standing::Draining).await.unwrap();
        world.placed(&[2, 3, 4, 5]).await;
        (0..5).for_each(|at| world.crash(at));
        for at in 0..5 {
            world.start(at).await;
        }
        world.placed(&[2, 3, 4, 5]).await;
        assert_eq!(held(1), 0);
        world.living()[0].stand(1, Standing::Member).await.unwrap();
        world.placed(&[1, 2, 3, 4, 5]).await;
        world.check_placed();
    });
}

/// A candidate of an old configuration must not get the vote of a node that had more before it forgot.
#[test]
fn a_node_votes_as_if_it_had_forgotten_nothing() {
    run(8, async |world| {
        three_nodes(&world).await;
        world.settled(&[1, 2, 3]).await;
        let until = Instant::now() + Duration::from_secs(3);
        for writer in writers(&world, until) {
            writer.await.unwrap();
        }
        world.settled(&[1, 2, 3]).await;
        let founder = world.living()[0].clone();
        let (group, had) = founder.views().into_iter().next_back().unwrap();
        world.join(&founder).await;
        founder.stand(2, Standing::Draining).await.unwrap();
        world.placed(&[1, 3, 4]).await;
        let probe = Way::of(&world.network, "probe");
        let vote = async |term: u64, last: Option<wire::LogId>| {
            let vote = wire::Vote { term, node_id: 3, committed: false };
            let request = wire::VoteRequest { vote: Some(vote), last, transfer: false };
            let cluster = u64::from_str_radix(&founder.meta().cluster_id[..16], 16).unwrap();
            let (kind, body) = (Kind::Vote as u32, request.encode_to_vec().into());
            let peer = Peer { node_id: 2, address: "n2".into() };
            let answer = probe.call(&peer, Message { cluster, to: 2, group, kind, body }).await;
            answer
                .map(|body| wire::VoteAnswer::decode(body).unwrap().granted)
                .map_err(|error| error.to_string())
        };
        let refused = Err("less than was here once".to_owned());
        let less = wire::LogId { term: had.term, index: had.appended - 2 };
        for term in [1_000, 1_001] {
            // A run that has just begun may be bound by what the one before promised a leader.
            sleep(Duration::from_secs(2)).await;
            assert_eq!(vote(term, None).await, refused);
            assert_eq!(vote(term, Some(less)).await, refused);
            let more = wire::LogId { term: had.term + 100, index: 0 };
            assert_eq!(vote(term, Some(more)).await, Ok(true));
            world.crash(1);
            world.start(1).await;
        }
    });
}

/// Replicas move all the time, and the power goes between any two steps of their going.
#[test]
fn replicas_come_and_go_and_nothing_is_lost_whatever_crashes() {
    for seed in seeds(6) {
        run(seed, async |world| {
            three_nodes(&world).await;
            let until = Instant::now() + Duration::from_secs(60);
            let writing = writers(&world, until);
            world.settled(&[1, 2, 3]).await;
            let founder = world.living()[0].clone();
            world.join(&founder).await;
            world.join(&founder).await;
            drop(founder);
            let crashes = world.crash_givers(until);
            let standings = world.drain_and_undo(until);
            tokio::join!(crashes, standings);
            for writer in writing {
                writer.await.unwrap();
            }
            world.network.heal();
            world.placed(&[1, 2, 3, 4, 5]).await;
            world.check_placed();
            (0..5).for_each(|at| world.crash(at));
            for at in 0..5 {
                world.start(at).await;
            }
            world.placed(&[1, 2, 3, 4, 5]).await;
            world.check_placed();
            let written: u64 = world.known.lock().values().map(|(acknowledged, _)| acknowledged).sum();
            eprintln!("{written} writes, {} replicas went", world.went());
            assert!(written > 200 && world.went() > 5);
        });
    }
}
