//! What is often written for a unit of UCUM, and what UCUM writes (<https://hl7.org/fhir/R4/valueset-ucum-common.html>).

pub(super) const UCUM: &str = "http://unitsofmeasure.org";

const OFTEN: [(&str, &str); 27] = [
    ("bpm", "/min"),
    ("cc", "mL"),
    ("day", "d"),
    ("days", "d"),
    ("degC", "Cel"),
    ("degF", "[degF]"),
    ("drop", "[drp]"),
    ("ea", "{each}"),
    ("hr", "h"),
    ("hrs", "h"),
    ("in", "[in_i]"),
    ("inch", "[in_i]"),
    ("IU", "[iU]"),
    ("lb", "[lb_av]"),
    ("lbs", "[lb_av]"),
    ("mcg", "ug"),
    ("mEq", "meq"),
    ("ml/hr", "mL/h"),
    ("mmHg", "mm[Hg]"),
    ("month", "mo"),
    ("months", "mo"),
    ("oz", "[oz_av]"),
    ("sec", "s"),
    ("tab", "{tbl}"),
    ("week", "wk"),
    ("year", "a"),
    ("years", "a"),
];

/// What to say of a code that is none of UCUM.
pub(super) fn no_unit(code: &str) -> String {
    match OFTEN.iter().find(|(often, _)| often.eq_ignore_ascii_case(code)) {
        Some((_, right)) => format!("'{code}' is no code of UCUM; write '{right}'"),
        None => {
            format!("'{code}' is no code of UCUM; write one, such as mg, mL or mm[Hg], and words in unit")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::OFTEN;
    use crate::terminology::Grammar;

    #[test]
    fn what_is_proposed_is_right() {
        let is_wrong =
            |(often, right): &&(&str, &str)| Grammar::Unit.allows(often) || !Grammar::Unit.allows(right);
        assert_eq!(OFTEN.iter().filter(is_wrong).collect::<Vec<_>>(), [&("", ""); 0]);
    }
}
