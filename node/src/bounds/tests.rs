use super::*;
use rand::{RngExt, SeedableRng, rngs::StdRng};

fn held(bounds: &Bounds) -> (usize, usize) {
    let Held { requests, bytes } = bounds.held();
    (requests, bytes)
}

#[test]
fn a_share_is_given_back_whole_and_once() {
    let bounds = Bounds::new(2, 100);
    let share = bounds.share();
    share.admit(40).unwrap();
    share.admit(10).unwrap();
    share.take(20).unwrap();
    let inside_the_work = share.clone();
    drop(share);
    assert_eq!(held(&bounds), (1, 70), "the caller left, the work did not");
    drop(inside_the_work);
    assert_eq!(held(&bounds), (0, 0));
}

#[test]
fn what_does_not_fit_now_is_told_from_what_never_fits() {
    let bounds = Bounds::new(2, 100);
    let first = bounds.share();
    first.admit(60).unwrap();
    let second = bounds.share();
    assert_eq!(second.admit(41).unwrap_err().code, Code::Overloaded);
    assert_eq!(second.admit(101).unwrap_err().code, Code::TooLarge);
    assert_eq!(first.take(41).unwrap_err().code, Code::TooLarge, "together with what it has");
    assert_eq!(held(&bounds), (1, 60), "what was refused took nothing");
    second.admit(40).unwrap();
    let third = bounds.share().admit(0).unwrap_err();
    assert_eq!(third.code, Code::Overloaded);
    assert!(third.diagnostics().contains("limits.requests_in_flight_max"), "{third}");
    drop(first);
    assert_eq!(held(&bounds), (1, 40));
}

#[test]
fn a_stream_hands_each_request_what_it_took_for_it() {
    let bounds = Bounds::new(10, 100);
    let stream = bounds.share();
    stream.take(30).unwrap();
    let (one, other) = (stream.split(20), stream.split(20));
    assert_eq!((one.bytes(), other.bytes(), stream.bytes()), (20, 10, 0));
    drop(stream);
    assert_eq!(held(&bounds), (0, 30));
    drop((one, other));
    assert_eq!(held(&bounds), (0, 0));
}

#[test]
fn many_threads_never_hold_more_than_the_bounds_and_nothing_at_rest() {
    let seed = rand::random::<u64>();
    println!("seed {seed}");
    let bounds = Bounds::new(3, 1000);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let bounds = bounds.clone();
            scope.spawn(move || {
                let mut random = StdRng::seed_from_u64(seed ^ thread);
                for _ in 0..2000 {
                    let share = bounds.share();
                    let admitted = share.admit(random.random_range(0..500)).is_ok();
                    let part = share.split(random.random_range(0..500));
                    let _ = share.take(random.random_range(0..500));
                    let held = bounds.held();
                    assert!(held.requests <= 3 && held.bytes <= 1000, "{held:?}");
                    assert!(!admitted || held.requests > 0, "{held:?}");
                    drop((share.clone(), share, part));
                }
            });
        }
    });
    assert_eq!(bounds.held(), Held { requests: 0, bytes: 0 });
}

#[test]
fn a_weight_is_never_below_what_the_tape_takes() {
    let compact = format!("[{}]", vec!["0"; 50_000].join(","));
    let pretty = format!("[\n{}\n]", vec!["    \"a, b: c\""; 20_000].join(",\n"));
    let small = r#"{"resourceType":"Patient","active":true}"#.to_owned();
    for body in [compact, pretty, small] {
        let document = fhir::json::Document::parse(body.clone(), &Default::default()).unwrap();
        let tape = document.memory_bytes() - body.len();
        assert!(weight::of_input(body.as_bytes()) >= tape, "{tape}");
    }
}

#[test]
fn a_tenant_leaves_something_to_others_where_there_are_others() {
    let bounds = Bounds::shared(4, 100, 50);
    let request = |tenant, bytes| {
        let share = bounds.share();
        share.take(bytes)?;
        share.belongs_to(TenantId(tenant))?;
        share.admit(0).map(|()| share)
    };
    let alone: Vec<Share> = (0..4).map(|_| request(1, 20).unwrap()).collect();
    drop(alone);
    bounds.tenants().are(true, |_| true);
    let held_by_one: Vec<Share> = (0..2).map(|_| request(1, 20).unwrap()).collect();
    let third = request(1, 0).unwrap_err();
    assert_eq!(third.code, Code::Overloaded);
    assert!(third.diagnostics().contains("limits.tenant_percent"), "{third}");
    assert_eq!(request(1, 11).unwrap_err().code, Code::Overloaded);
    assert_eq!(request(1, 51).unwrap_err().code, Code::TooLarge);
    assert_eq!(held(&bounds), (2, 40), "what was refused took nothing");
    let other = request(2, 20).unwrap();
    assert_eq!(other.take(31).unwrap_err().code, Code::TooLarge);
    assert_eq!(held_by_one[0].take(11).unwrap_err().code, Code::Overloaded);
    held_by_one[0].take(10).unwrap();
    let of_a_stream = held_by_one[0].split(25);
    assert_eq!(of_a_stream.take(1).unwrap_err().code, Code::Overloaded, "it is the same tenant's");
    drop((held_by_one, of_a_stream));
    assert_eq!(held(&bounds), (1, 20));
    request(1, 50).unwrap();
}
