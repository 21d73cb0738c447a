//! `near` of a Location: https://hl7.org/fhir/R4/location.html#positional. The earth is a sphere here, so distances are right to half a
//! percent.

use super::comparison::{Comparison, Prefix};
use super::condition::Condition;
use super::index::{Column, Interval, Lookup, Place};
use super::offer::Offer;
use super::present;
use super::problem::Problem;
use super::text::{split, unescape};
use fhir::index::{Measure, Value, decimal_range, sortable, unsortable};

/// The mean radius of the earth in metres.
const RADIUS_M: f64 = 6_371_008.8;
/// How far is near where nothing is said.
const DISTANCE: &str = "50";
const UNIT: &str = "km";
/// Degrees by which what is looked at is larger than what is meant, for what rounding takes away.
const SLACK: f64 = 1e-6;

/// What it takes.
pub fn offer() -> Offer {
    Offer::plain("special")
}

/// A place and how far around it, as sortable keys.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NearMatch {
    latitude: i64,
    longitude: i64,
    distance_m: i64,
}

/// `[latitude]|[longitude]`, and then a distance, and then its unit.
pub fn parse(part: &str) -> Result<NearMatch, Problem> {
    let pieces: Vec<String> = split(part, b'|').into_iter().map(unescape).collect();
    let (latitude, longitude, rest) = match pieces.as_slice() {
        [latitude, longitude, rest @ ..] if rest.len() <= 2 => (latitude, longitude, rest),
        _ => return Err(no_place(part)),
    };
    let degrees = |text: &str, max: f64| {
        let degrees = decimal_range(text).ok().map(|_| text)?.parse::<f64>().ok()?;
        (degrees.abs() <= max).then_some(sortable(degrees))
    };
    let (Some(latitude), Some(longitude)) = (degrees(latitude, 90.0), degrees(longitude, 180.0)) else {
        return Err(no_place(part));
    };
    let said = |at: usize, else_: &'static str| {
        rest.get(at).map(String::as_str).filter(|text| !text.is_empty()).unwrap_or(else_)
    };
    Ok(NearMatch { latitude, longitude, distance_m: metres(said(0, DISTANCE), said(1, UNIT))? })
}

fn no_place(part: &str) -> Problem {
    Problem::unusable(format!(
        "'{part}' is no place: write [latitude]|[longitude]|[distance]|[unit] in degrees of -90 to 90 and -180 to 180, such as 52.5|13.4|10|km"
    ))
}

fn metres(distance: &str, unit: &str) -> Result<i64, Problem> {
    let measure = Measure::of(unit).filter(|measure| measure.base() == "m");
    let measure = measure.ok_or_else(|| {
        Problem::unusable(format!("'{unit}' is no length of UCUM's, such as km, m or [mi_i]"))
    })?;
    let key = decimal_range(distance).ok().and_then(|_| measure.key(distance)).filter(|key| *key >= 0);
    key.ok_or_else(|| {
        Problem::unusable(format!("'{distance}' is no distance: write a number that is not negative"))
    })
}

impl NearMatch {
    fn is_around(&self, latitude: f64, longitude: f64) -> bool {
        let here = (unsortable(self.latitude), unsortable(self.longitude));
        latitude.abs() <= 90.0 && distance_m(here, (latitude, longitude)) <= unsortable(self.distance_m)
    }

    /// Degrees around the place that hold all that is meant: of latitude, and of longitude unless all of these.
    fn boxed(&self) -> ((f64, f64), Option<f64>) {
        let (latitude, radius) = (unsortable(self.latitude), unsortable(self.distance_m) / RADIUS_M);
        let degrees = radius.to_degrees() + SLACK;
        let (south, north) = (latitude - degrees, latitude + degrees);
        // A pole is inside, where all longitudes meet.
        if south <= -90.0 || north >= 90.0 {
            return ((south, north), None);
        }
        let side = (radius.sin() / latitude.to_radians().cos()).asin().to_degrees() + SLACK;
        ((south, north), Some(side).filter(|side| *side < 180.0))
    }
}

/// By the haversine formula; degrees of latitude and longitude.
fn distance_m(one: (f64, f64), other: (f64, f64)) -> f64 {
    let half_sine = |from: f64, to: f64| ((to - from).to_radians() / 2.0).sin();
    let (up, along) = (half_sine(one.0, other.0), half_sine(one.1, other.1));
    let square = up * up + one.0.to_radians().cos() * other.0.to_radians().cos() * along * along;
    2.0 * RADIUS_M * square.sqrt().min(1.0).asin()
}

/// The same place's longitude from -180 on to below 180.
fn wrapped(longitude: f64) -> f64 {
    (longitude + 180.0).rem_euclid(360.0) - 180.0
}

impl Condition for NearMatch {
    #[inline]
    fn holds(&self, value: Value<'_>) -> bool {
        let Value::Position { longitude, latitude } = value else { return false };
        self.is_around(unsortable(latitude), unsortable(longitude))
    }

    fn canonical(&self) -> Result<String, proto::Error> {
        let NearMatch { latitude, longitude, distance_m } = self;
        Ok(format!(":near {latitude} {longitude} {distance_m}"))
    }

    fn lookup(&self, place: Place) -> Lookup {
        Lookup::Term(present::term(place))
    }

    fn is_checked(&self) -> bool {
        true
    }

    /// A box around it; across the date line its longitudes are two intervals.
    fn bounds(&self) -> Vec<Vec<Interval>> {
        let ((south, north), side) = self.boxed();
        let mut bounds = vec![vec![within(Column::Latitude, south, north)]];
        let middle = wrapped(unsortable(self.longitude));
        if let Some(side) = side {
            let (west, east) = (middle - side, middle + side);
            let any = match (west < -180.0, east >= 180.0) {
                (true, _) => vec![(west + 360.0, 180.0), (-180.0, east)],
                (_, true) => vec![(west, 180.0), (-180.0, east - 360.0)],
                _ => vec![(west, east)],
            };
            bounds.push(any.into_iter().map(|(west, east)| within(Column::Longitude, west, east)).collect());
        }
        bounds
    }
}

fn within(column: Column, low: f64, high: f64) -> Interval {
    let comparison = Comparison { prefix: Prefix::Overlaps, low: sortable(low), high: sortable(high) + 1 };
    Interval { column, comparison, narrowed: false }
}

/// The intervals of a value.
pub fn intervals(value: &Value<'_>, mut add: impl FnMut(Column, (i64, i64))) {
    let Value::Position { longitude, latitude } = *value else { return };
    let longitude = sortable(wrapped(unsortable(longitude)));
    add(Column::Latitude, (latitude, latitude.saturating_add(1)));
    add(Column::Longitude, (longitude, longitude.saturating_add(1)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_the_earth() {
        // To half a percent, as the earth is no sphere.
        let berlin = (52.52, 13.405);
        for (place, km) in [
            ((48.137_2, 11.575_5), 504.0),
            ((40.712_8, -74.006), 6385.0),
            ((-33.868_8, 151.209_3), 16_090.0),
            (berlin, 0.0),
        ] {
            let found = distance_m(berlin, place) / 1000.0;
            assert!((found - km).abs() <= 1.0 + km / 200.0, "{place:?}: {found}");
        }
        assert!((distance_m((90.0, 0.0), (90.0, 77.0))).abs() < 1e-6, "there is one pole");
        assert!((distance_m((0.0, 179.9), (0.0, -179.9)) - 22_239.0).abs() < 1.0, "across the date line");
        assert!(distance_m((0.0, 0.0), (0.0, 180.0)) > 20_015_000.0);
    }

    #[test]
    fn what_is_no_place_is_refused() {
        for part in [
            "",
            "1",
            "1|2|3|km|x",
            "91|0",
            "0|181",
            "a|b",
            "1|",
            "1|2|-1",
            "1|2|x",
            "1|2|3|kg",
            "1|2|3|miles",
            "gt1|2",
        ] {
            assert!(matches!(parse(part), Err(Problem::Unusable(_))), "{part}");
        }
        let far = parse("1|2|0.5|[mi_i]").expect("a place").distance_m;
        assert_eq!(far, sortable(804.672));
        assert_eq!(parse("1|2").expect("a place"), parse("1|2|50000|m").expect("a place"));
        assert_eq!(parse("1|2||").expect("a place"), parse("1|2|50|km").expect("a place"));
    }

    #[test]
    fn the_box_holds_the_circle() {
        let mut state = 7_u64;
        let mut random = |low: f64, high: f64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            low + (high - low) * ((state >> 11) as f64 / (1_u64 << 53) as f64)
        };
        let mut inside = 0;
        for _ in 0..200_000 {
            let near = NearMatch {
                latitude: sortable(random(-90.0, 90.0)),
                longitude: sortable(random(-180.0, 180.0)),
                distance_m: sortable(10_f64.powf(random(3.0, 7.4))),
            };
            let value = Value::Position {
                latitude: sortable(random(-90.0, 90.0)),
                longitude: sortable(random(-180.0, 180.0)),
            };
            if !near.holds(value) {
                continue;
            }
            inside += 1;
            let mut kept = Vec::new();
            intervals(&value, |column, interval| kept.push((column, interval)));
            for any in near.bounds() {
                let is_in = |one: &Interval| {
                    kept.iter().any(|(column, (low, high))| {
                        *column == one.column && one.comparison.holds(*low, *high)
                    })
                };
                assert!(any.iter().any(is_in), "{near:?} {value}");
            }
        }
        assert!(inside > 10_000, "{inside}");
    }
}
