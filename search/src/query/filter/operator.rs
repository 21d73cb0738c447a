//! The operators of a filter, and which of them parameters of a kind take.

use fhir::definitions::ParamKind;

/// An operator: <https://hl7.org/fhir/R4/search_filter.html#ops>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// A value is equal.
    Eq,
    /// A value is not.
    Ne,
    /// A value contains it.
    Co,
    /// A value starts with it.
    Sw,
    /// A value ends with it.
    Ew,
    /// A value is greater.
    Gt,
    /// A value is less.
    Lt,
    /// A value is greater or equal.
    Ge,
    /// A value is less or equal.
    Le,
    /// A value is about the same.
    Ap,
    /// A value starts after it.
    Sa,
    /// A value ends before it.
    Eb,
    /// There is a value: `true`, or none: `false`.
    Pr,
    /// The periods overlap.
    Po,
    /// It subsumes a value.
    Ss,
    /// It is subsumed by a value.
    Sb,
    /// A value is in the value set.
    In,
    /// No value is.
    Ni,
    /// A value refers to it.
    Re,
}

use Operator::*;

impl Operator {
    /// In the order of the specification.
    pub const ALL: [Operator; 19] =
        [Eq, Ne, Co, Sw, Ew, Gt, Lt, Ge, Le, Ap, Sa, Eb, Pr, Po, Ss, Sb, In, Ni, Re];

    /// As it is written.
    pub fn code(self) -> &'static str {
        match self {
            Eq => "eq",
            Ne => "ne",
            Co => "co",
            Sw => "sw",
            Ew => "ew",
            Gt => "gt",
            Lt => "lt",
            Ge => "ge",
            Le => "le",
            Ap => "ap",
            Sa => "sa",
            Eb => "eb",
            Pr => "pr",
            Po => "po",
            Ss => "ss",
            Sb => "sb",
            In => "in",
            Ni => "ni",
            Re => "re",
        }
    }

    /// The operator that is written so.
    pub fn from_code(code: &str) -> Option<Operator> {
        Operator::ALL.into_iter().find(|operator| operator.code() == code)
    }

    /// To be told.
    pub fn list(operators: &[Operator]) -> String {
        operators.iter().map(|operator| operator.code()).collect::<Vec<_>>().join(", ")
    }

    /// Those that make sense of a kind's values.
    pub fn taken_by(kind: ParamKind) -> &'static [Operator] {
        match kind {
            ParamKind::String => &[Eq, Ne, Co, Sw, Ew, Pr],
            ParamKind::Token => &[Eq, Ne, Pr, Ss, Sb, In, Ni],
            ParamKind::Reference => &[Eq, Ne, Pr, Re],
            ParamKind::Uri => &[Eq, Ne, Pr],
            ParamKind::Date => &[Eq, Ne, Gt, Lt, Ge, Le, Ap, Sa, Eb, Pr, Po],
            ParamKind::Number | ParamKind::Quantity => &[Eq, Ne, Gt, Lt, Ge, Le, Ap, Sa, Eb, Pr],
            ParamKind::Composite => &[Eq, Pr],
            ParamKind::Special => &[Pr],
        }
    }

    /// The modifier of a parameter that means the same.
    pub fn modifier(self) -> Option<&'static str> {
        match self {
            Co => Some("contains"),
            Ss => Some("below"),
            Sb => Some("above"),
            In => Some("in"),
            Ni => Some("not-in"),
            _ => None,
        }
    }
}
