//! `near`, <https://hl7.org/fhir/R4/location.html#positional>: by the angle between two directions from the middle of the earth.

use super::Asked;
use crate::naive::{
    select::{Found, member},
    text::split,
};
use anyhow::{Context, bail};

const RADIUS_M: f64 = 6_371_008.8;

pub fn holds(asked: Asked<'_>, found: &[Found<'_>]) -> anyhow::Result<bool> {
    let parts = split(asked.value, '|');
    let number = |at: usize| -> anyhow::Result<f64> { Ok(parts.get(at).context("a number")?.parse()?) };
    let here = direction(number(0)?, number(1)?);
    let unit = match parts.get(3).map_or("km", String::as_str) {
        "km" => 1000.0,
        "m" => 1.0,
        "[mi_i]" => 1609.344,
        other => bail!("no unit: {other}"),
    };
    let distance_m = unit * if parts.len() > 2 { number(2)? } else { 50.0 };
    let place = |one: &Found<'_>| {
        let of = |name: &str| member(one.node()?, name)?.parse::<f64>().ok();
        Some(direction(of("latitude")?, of("longitude")?))
    };
    Ok(found.iter().filter_map(place).any(|there| RADIUS_M * angle(here, there) <= distance_m))
}

fn direction(latitude: f64, longitude: f64) -> [f64; 3] {
    let (latitude, longitude) = (latitude.to_radians(), longitude.to_radians());
    [latitude.cos() * longitude.cos(), latitude.cos() * longitude.sin(), latitude.sin()]
}

fn angle([a, b, c]: [f64; 3], [x, y, z]: [f64; 3]) -> f64 {
    let cross = [b * z - c * y, c * x - a * z, a * y - b * x];
    cross.iter().map(|one| one * one).sum::<f64>().sqrt().atan2(a * x + b * y + c * z)
}
