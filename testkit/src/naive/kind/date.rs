//! <https://hl7.org/fhir/R4/search.html#date>: what is said of a time is a span, from its first millisecond to the one after its last.

use super::{Asked, Key};
use crate::naive::{
    select::{Found, member},
    text::unescape,
};
use anyhow::{Context, bail, ensure};
use fhir::json::Node;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    low: i64,
    high: i64,
}

pub fn holds(asked: Asked<'_>, found: &[Found<'_>]) -> anyhow::Result<bool> {
    let (prefix, wanted) = read(asked)?;
    for span in found.iter().filter_map(of) {
        if compare(&prefix, span, wanted)? {
            return Ok(true);
        }
    }
    Ok(false)
}

pub fn is_of_time(asked: Asked<'_>, ms: u64) -> anyhow::Result<bool> {
    let (prefix, wanted) = read(asked)?;
    compare(&prefix, Span { low: ms as i64, high: ms as i64 + 1 }, wanted)
}

pub fn keys(found: &[Found<'_>]) -> Vec<Key> {
    found.iter().filter_map(of).map(|span| Key::Number(span.low.into())).collect()
}

fn read(asked: Asked<'_>) -> anyhow::Result<(String, Span)> {
    let text = unescape(asked.value);
    let letters = text.find(|c: char| c.is_ascii_digit()).unwrap_or(0);
    let (prefix, date) = text.split_at(letters);
    let Span { low, high } = span(date)?;
    // A tenth of how long ago it was.
    let about = if prefix == "ap" { (asked.now_ms - low).abs() / 10 } else { 0 };
    Ok((prefix.to_owned(), Span { low: low - about, high: high + about }))
}

/// <https://hl7.org/fhir/R4/search.html#prefix>
fn compare(prefix: &str, it: Span, wanted: Span) -> anyhow::Result<bool> {
    let inside = wanted.low <= it.low && it.high <= wanted.high;
    Ok(match prefix {
        "" | "eq" => inside,
        "ne" => !inside,
        "gt" => it.high > wanted.high,
        "lt" => it.low < wanted.low,
        "ge" => it.high > wanted.high || inside,
        "le" => it.low < wanted.low || inside,
        "sa" => it.low >= wanted.high,
        "eb" => it.high <= wanted.low,
        "ap" => it.low < wanted.high && wanted.low < it.high,
        other => bail!("no prefix: {other}"),
    })
}

fn of(found: &Found<'_>) -> Option<Span> {
    match found.node() {
        Some(node) if found.is("Period") => period(node),
        Some(node) if found.is("Timing") => {
            let events = node.get("event").into_iter().flat_map(Node::items);
            let events = events.filter_map(|event| span(&event.as_str()?).ok());
            let bounds = node.get("repeat").and_then(|repeat| period(repeat.get("boundsPeriod")?));
            // Only the outer limits matter.
            let outer =
                |one: Span, two: Span| Span { low: one.low.min(two.low), high: one.high.max(two.high) };
            events.chain(bounds).reduce(outer)
        }
        _ => span(&found.text()?).ok(),
    }
}

/// An end that is not told is open.
fn period(node: Node<'_>) -> Option<Span> {
    let (start, end) = (member(node, "start"), member(node, "end"));
    if start.is_none() && end.is_none() {
        return None;
    }
    let low = start.map_or(Some(i64::MIN), |start| Some(span(&start).ok()?.low))?;
    let high = end.map_or(Some(i64::MAX), |end| Some(span(&end).ok()?.high))?;
    Some(Span { low, high })
}

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

/// What a text stands for. Without a zone it is in Greenwich.
fn span(text: &str) -> anyhow::Result<Span> {
    let (date, time) = text.split_once('T').unwrap_or((text, ""));
    let numbers = date.split('-').map(number).collect::<anyhow::Result<Vec<i64>>>()?;
    let (low, high) = match numbers[..] {
        [year] => (day(year, 1, 1), day(year + 1, 1, 1)),
        [year, 12] => (day(year, 12, 1), day(year + 1, 1, 1)),
        [year, month] => (day(year, month, 1), day(year, month + 1, 1)),
        [year, month, of_month] => (day(year, month, of_month), day(year, month, of_month) + 1),
        _ => bail!("no date: {text}"),
    };
    if time.is_empty() {
        return Ok(Span { low: low * DAY, high: high * DAY });
    }
    let zone_at = time.find(['Z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = time.split_at(zone_at);
    let (since_midnight, width) = of_clock(clock)?;
    let at = low * DAY + since_midnight - of_zone(zone)?;
    Ok(Span { low: at, high: at + width })
}

fn number(text: &str) -> anyhow::Result<i64> {
    text.parse().with_context(|| format!("no number: {text}"))
}

/// Milliseconds, and how many are meant.
fn of_clock(text: &str) -> anyhow::Result<(i64, i64)> {
    let mut parts = text.split(':');
    let mut next = || parts.next();
    let (hour, minute) = (next().context("an hour")?, next().context("minutes")?);
    let at = (number(hour)? * 60 + number(minute)?) * MINUTE;
    let Some(seconds) = next() else { return Ok((at, MINUTE)) };
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    let width = [1000, 100, 10, 1][fraction.len().min(3)];
    let fraction = format!("{:0<3}", &fraction[..fraction.len().min(3)]);
    Ok((at + number(whole)? * 1000 + number(&fraction)?, width))
}

fn of_zone(text: &str) -> anyhow::Result<i64> {
    if text.is_empty() || text == "Z" {
        return Ok(0);
    }
    let (sign, zone) = text.split_at(1);
    ensure!(sign == "+" || sign == "-", "no zone: {text}");
    let (hours, minutes) = zone.split_once(':').context("hh:mm")?;
    let ahead = (number(hours)? * 60 + number(minutes)?) * MINUTE;
    Ok(if sign == "+" { ahead } else { -ahead })
}

/// Days since 1970.
fn day(year: i64, month: i64, of_month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let months = [31, if is_leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let before = |year: i64| {
        let last = year - 1;
        365 * last + last / 4 - last / 100 + last / 400
    };
    let of_year: i64 = months[..month as usize - 1].iter().sum();
    before(year) - before(1970) + of_year + of_month - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_those_of_date() {
        // By `date -u -d … +%s%3N`.
        for (text, low, width) in [
            ("1970", 0, 365 * DAY),
            ("2012-02", 1_328_054_400_000, 29 * DAY),
            ("2012-12", 1_354_320_000_000, 31 * DAY),
            ("2013-01-14", 1_358_121_600_000, DAY),
            ("2013-01-14T10:00", 1_358_157_600_000, MINUTE),
            ("2013-01-14T10:00:00+02:00", 1_358_150_400_000, 1000),
            ("2013-01-14T10:00:00.5-05:00", 1_358_175_600_500, 100),
            ("2013-01-14T10:00:00.123456Z", 1_358_157_600_123, 1),
            ("0001-01-01", -62_135_596_800_000, DAY),
        ] {
            assert_eq!(span(text).unwrap(), Span { low, high: low + width }, "{text}");
        }
    }
}
