//! How alike two values are.

use super::person::{Address, Date, Name};

/// What a comparison says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likeness {
    Different,
    /// A part of it: an initial, a year, the town.
    Partly,
    /// But for what people mistype.
    Nearly,
    Same,
}

/// Texts whose Jaro-Winkler similarity is at least this are nearly the same: `Smith` and `Smyth`, not `Smith` and `Schmidt`.
const NEARLY: f64 = 0.88;

/// The best of all pairs; `None` where one side has none.
pub fn best<T, U>(
    ones: &[T],
    others: &[U],
    compare: impl Fn(&T, &U) -> Option<Likeness>,
) -> Option<Likeness> {
    ones.iter()
        .flat_map(|one| others.iter().map(move |other| (one, other)))
        .filter_map(|(one, other)| compare(one, other))
        .max()
}

/// Two folded texts; `None` where one is empty.
pub fn texts(one: &str, other: &str) -> Option<Likeness> {
    if one.is_empty() || other.is_empty() {
        return None;
    }
    Some(match one == other {
        true => Likeness::Same,
        false if strsim::jaro_winkler(one, other) >= NEARLY => Likeness::Nearly,
        false => Likeness::Different,
    })
}

/// Family names.
pub fn families(one: &Name, other: &Name) -> Option<Likeness> {
    texts(&one.family, &other.family)
}

/// Given names: the best of all, as people use their second one, too; an initial is a part.
pub fn given(one: &Name, other: &Name) -> Option<Likeness> {
    best(&one.given, &other.given, |one, other| {
        let likeness = texts(one, other)?;
        let is_initial = |short: &str, long: &str| short.chars().count() == 1 && long.starts_with(short);
        let is_part = likeness < Likeness::Partly && (is_initial(one, other) || is_initial(other, one));
        Some(if is_part { Likeness::Partly } else { likeness })
    })
}

/// Whether one's family name is the other's given name and the other way round: as forms are filled in.
pub fn exchanged(one: &Name, other: &Name) -> bool {
    let is_given =
        |family: &str, name: &Name| !family.is_empty() && name.given.iter().any(|given| given == family);
    is_given(&one.family, other) && is_given(&other.family, one)
}

/// Dates: nearly the same with day and month exchanged, or where one of their three parts differs by what one digit may be mistyped;
/// partly where one of them tells less, or where two of the three are the same.
pub fn dates(one: Date, other: Date) -> Likeness {
    if one == other {
        // Of the year alone nobody is told from others of that year.
        return if one.day.is_some() { Likeness::Same } else { Likeness::Partly };
    }
    if one.swapped() == Some(other) {
        return Likeness::Nearly;
    }
    let agree = |one: Option<u8>, other: Option<u8>| one.is_none() || other.is_none() || one == other;
    let parts = [one.year == other.year, agree(one.month, other.month), agree(one.day, other.day)];
    let is_known = one.day.is_some() && other.day.is_some();
    match parts {
        [true, true, true] => Likeness::Partly,
        _ if is_known && one_digit(&one.text(), &other.text()) => Likeness::Nearly,
        [true, true, false] | [true, false, true] | [false, true, true] if is_known => Likeness::Partly,
        _ => Likeness::Different,
    }
}

/// Whether two texts of one length differ in one place.
fn one_digit(one: &str, other: &str) -> bool {
    one.len() == other.len()
        && one.bytes().zip(other.bytes()).filter(|(one, other)| one != other).count() == 1
}

/// Addresses: the same where line and town or postal code are, nearly with another spelling of the line, partly in the same place.
pub fn addresses(one: &Address, other: &Address) -> Option<Likeness> {
    let line = texts(&one.line, &other.line);
    let postal_code = texts(&one.postal_code, &other.postal_code).map(|likeness| likeness == Likeness::Same);
    let city = texts(&one.city, &other.city).map(|likeness| likeness >= Likeness::Nearly);
    let is_same_place = postal_code.or(city)?;
    Some(match (is_same_place, line) {
        (true, Some(Likeness::Same)) => Likeness::Same,
        (true, Some(Likeness::Nearly)) => Likeness::Nearly,
        (true, _) => Likeness::Partly,
        (false, _) => Likeness::Different,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let name = |family: &str, given: &[&str]| Name {
            family: family.into(),
            given: given.iter().map(|one| (*one).to_owned()).collect(),
            ..Name::default()
        };
        for (one, other, likeness) in [
            ("smith", "smith", Likeness::Same),
            ("smith", "smyth", Likeness::Nearly),
            ("chalmers", "chalmer", Likeness::Nearly),
            ("smith", "jones", Likeness::Different),
            ("smith", "schmidt", Likeness::Different),
        ] {
            assert_eq!(texts(one, other), Some(likeness), "{one} {other}");
        }
        assert_eq!(families(&name("", &[]), &name("smith", &[])), None);
        assert_eq!(given(&name("", &["peter", "james"]), &name("", &["james"])), Some(Likeness::Same));
        assert_eq!(given(&name("", &["p"]), &name("", &["peter"])), Some(Likeness::Partly));
        assert_eq!(given(&name("", &["p"]), &name("", &["james"])), Some(Likeness::Different));
        assert!(exchanged(&name("peter", &["smith"]), &name("smith", &["peter"])));
        assert!(!exchanged(&name("smith", &["peter"]), &name("smith", &["peter"])));
    }

    #[test]
    fn birthdays() {
        for (one, other, likeness) in [
            ("1980-02-03", "1980-02-03", Likeness::Same),
            ("1980-02-03", "1980-03-02", Likeness::Nearly),
            ("1980-02-03", "1981-02-03", Likeness::Nearly),
            ("1980-02-03", "1980-02-13", Likeness::Nearly),
            ("1980-02-03", "1980-02-14", Likeness::Partly),
            ("1980-02-03", "1980-02", Likeness::Partly),
            ("1980", "1980", Likeness::Partly),
            ("1980-02-03", "1991-02-14", Likeness::Different),
            ("1980", "1981", Likeness::Different),
        ] {
            let date = |text| Date::read(text).unwrap();
            assert_eq!(dates(date(one), date(other)), likeness, "{one} {other}");
            assert_eq!(dates(date(other), date(one)), likeness, "{other} {one}");
        }
    }

    #[test]
    fn places() {
        let address = |line: &str, city: &str, postal_code: &str| Address {
            line: line.into(),
            city: city.into(),
            postal_code: postal_code.into(),
        };
        let one = address("1mainst", "boston", "02115");
        assert_eq!(addresses(&one, &one), Some(Likeness::Same));
        assert_eq!(addresses(&one, &address("1mainstreet", "", "02115")), Some(Likeness::Nearly));
        assert_eq!(addresses(&one, &address("9elm", "boston", "")), Some(Likeness::Partly));
        assert_eq!(addresses(&one, &address("1mainst", "", "99999")), Some(Likeness::Different));
        assert_eq!(addresses(&one, &address("1mainst", "", "")), None);
    }
}
