//! Places are found by their distance on a sphere, which is told another way here: by the angle between two directions.

mod support;

use proptest::prelude::*;
use storage::Change;
use support::*;

const RADIUS_KM: f64 = 6_371.008_8;

type Place = (f64, f64);

/// Poles, both sides of the date line, and anywhere; in thousandths of degrees, so that digits say it all.
fn place() -> impl Strategy<Value = Place> {
    let latitude = prop_oneof![Just(90_000), Just(-90_000), Just(0), 89_000..90_000, -90_000..90_000];
    let longitude = prop_oneof![
        Just(180_000),
        Just(-180_000),
        Just(0),
        179_000..180_000,
        -180_000..-179_000,
        -180_000..180_000
    ];
    (latitude, longitude).prop_map(|(latitude, longitude): (i32, i32)| {
        (f64::from(latitude) / 1000.0, f64::from(longitude) / 1000.0)
    })
}

fn direction((latitude, longitude): Place) -> [f64; 3] {
    let (latitude, longitude) = (latitude.to_radians(), longitude.to_radians());
    [latitude.cos() * longitude.cos(), latitude.cos() * longitude.sin(), latitude.sin()]
}

fn distance_km(one: Place, other: Place) -> f64 {
    let ([a, b, c], [x, y, z]) = (direction(one), direction(other));
    let cross = [b * z - c * y, c * x - a * z, a * y - b * x];
    let sine = cross.iter().map(|one| one * one).sum::<f64>().sqrt();
    RADIUS_KM * sine.atan2(a * x + b * y + c * z)
}

fn change(number: usize, place: &Option<Place>) -> Change {
    let position = place.map_or(String::new(), |(latitude, longitude)| {
        format!(r#","position":{{"longitude":{longitude},"latitude":{latitude}}}"#)
    });
    let json = format!(r#"{{"resourceType":"Location","id":"l{number}","status":"active"{position}}}"#);
    put("Location", &format!("l{number}"), 1, &json)
}

proptest! {
    // A failing case prints its seed and shrinks.
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn what_is_near_is_found(
        places in prop::collection::vec(prop::option::weighted(0.9, place()), 1..60),
        asked in prop::collection::vec((place(), prop::sample::select(vec![0_u32, 1, 30, 50, 200, 2_000, 9_000, 19_000, 20_100])), 30),
        sealed in 0usize..60,
    ) {
        let changes: Vec<Change> = places.iter().enumerate().map(|(number, place)| change(number, place)).collect();
        let (_dir, [engine, memory]) = sealed_in_part(&changes, sealed);
        let type_code = code("Location").0;
        for ((latitude, longitude), km) in asked {
            let far = |place: &Place| distance_km((latitude, longitude), *place) - f64::from(km);
            // What is just as far is told by the last digit.
            if places.iter().flatten().any(|place| far(place).abs() < 1e-4) && km > 0 {
                continue;
            }
            let is_near = |place: &Option<Place>| place.as_ref().is_some_and(|place| far(place) <= 1e-4);
            let mut expected: Vec<String> = places.iter().enumerate()
                .filter(|(_, place)| is_near(place)).map(|(number, _)| format!("{type_code}/l{number}")).collect();
            expected.sort();
            let distance = match km {
                0 => "|0".to_owned(),
                50 => String::new(),
                30 => "|30000|m".to_owned(),
                _ => format!("|{km}|km"),
            };
            for condition in [
                format!("near={latitude}|{longitude}{distance}"),
                format!("near={latitude}|{longitude}{distance},0.5|0.5|0"),
            ] {
                let url = format!("Location?{condition}&_total=accurate&_count=7");
                let query = query(&url).expect(&url);
                assert_same_pages(&engine, &memory, &query);
                if km > 0 {
                    prop_assert_eq!(&found(&engine, &query), &expected, "{} sealed {}\n{:?}", url, sealed, places);
                }
                prop_assert_eq!(support::expected(&changes, &query), found(&engine, &query), "{}", url);
            }
        }
    }
}

#[test]
fn other_uses_are_refused() {
    for url in [
        "Location?near:exact=1|2",
        "Location?_sort=near",
        "Location?_filter=near eq 1|2",
        "Patient?near=1|2",
        "?near=1|2",
    ] {
        assert!(query(url).is_err(), "{url}");
    }
    for url in
        ["Location?near:missing=true", "Location?_filter=near pr false", "Location?near=1|2&near=2|3|4|km"]
    {
        assert!(query(url).is_ok(), "{url}");
    }
}
