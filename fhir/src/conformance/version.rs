//! The order of business versions.

use std::cmp::Ordering;

/// Compares two business versions by their parts between dots: numbers by value, others as text, a missing part
/// before any other; what follows the first `-` (a pre-release) orders before its absence. Total, whatever the texts.
pub fn compare(a: &str, b: &str) -> Ordering {
    let (a_release, a_label) = split(a);
    let (b_release, b_label) = split(b);
    compare_parts(a_release, b_release)
        .then_with(|| match (a_label, b_label) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(a), Some(b)) => compare_parts(a, b),
        })
        .then_with(|| a.cmp(b))
}

fn split(version: &str) -> (&str, Option<&str>) {
    match version.split_once('-') {
        Some((release, label)) => (release, Some(label)),
        None => (version, None),
    }
}

fn compare_parts(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(a), Some(b)) => compare_part(a, b),
        };
        if order.is_ne() {
            return order;
        }
    }
}

fn compare_part(a: &str, b: &str) -> Ordering {
    match (a.parse::<u64>(), b.parse::<u64>()) {
        (Ok(a), Ok(b)) => a.cmp(&b),
        _ if a.is_empty() || b.is_empty() => a.cmp(b),
        (Ok(_), Err(_)) => Ordering::Less,
        (Err(_), Ok(_)) => Ordering::Greater,
        (Err(_), Err(_)) => a.cmp(b),
    }
}

#[cfg(test)]
mod tests {
    use super::compare;

    #[test]
    fn versions_from_old_to_new() {
        let rising = [
            "",
            "0.9",
            "1.0.0-ballot",
            "1.0.0-ballot2",
            "1.0.0",
            "1.2",
            "1.10",
            "2",
            "2.0",
            "20201231",
            "r5",
        ];
        for pair in rising.windows(2) {
            assert!(compare(pair[0], pair[1]).is_lt(), "{pair:?}");
            assert!(compare(pair[1], pair[0]).is_gt(), "{pair:?}");
        }
        assert!(compare("1.0", "1.0").is_eq());
    }
}
