//! What an expression says, before anything in it is resolved.

/// A node of the syntax tree with the place it was written at. The tree is never deeper than
/// [`DEPTH_MAX`](super::parse::DEPTH_MAX), so what walks it may recurse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expr {
    pub kind: Kind,
    /// Byte offset of the name, literal or operator in the text.
    pub at: u32,
}

/// <https://hl7.org/fhirpath/N1/grammar.html>
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `{}`
    Empty,
    Literal(Literal),
    /// `$this`
    This,
    /// `$index`
    Index,
    /// `$total`
    Total,
    /// `%name`, without the percent sign and quotes.
    Variable(Box<str>),
    /// `name` or `on.name`. At the beginning of a path it may also be a type name.
    Member {
        on: Option<Box<Expr>>,
        name: Box<str>,
    },
    /// `name(…)` or `on.name(…)`.
    Call {
        on: Option<Box<Expr>>,
        name: Box<str>,
        arguments: Vec<Expr>,
    },
    /// `on[index]`
    Indexer {
        on: Box<Expr>,
        index: Box<Expr>,
    },
    /// `-operand`, `+operand`
    Sign {
        negative: bool,
        operand: Box<Expr>,
    },
    Binary {
        operator: Operator,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    /// `operand is T`, `operand as T`
    TypeTest {
        operator: TypeOperator,
        operand: Box<Expr>,
        type_name: TypeName,
    },
}

/// A literal, still as text where text is the truth (decimals, partial dates).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal {
    Boolean(bool),
    /// Escapes resolved.
    String(Box<str>),
    /// Digits only.
    Integer(Box<str>),
    /// Digits, dot, digits.
    Decimal(Box<str>),
    /// `2015`, `2015-02`, `2015-02-04`, without the `@`.
    Date(Box<str>),
    /// `2015T`, `2015-02-04T14:34:28.123+10:00`, without the `@`.
    DateTime(Box<str>),
    /// `14`, `14:34`, `14:34:28.123`, without the `@T`.
    Time(Box<str>),
    /// A number and a unit.
    Quantity {
        value: Box<str>,
        unit: Unit,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unit {
    /// `'mg'`
    Ucum(Box<str>),
    /// `day`, `days`
    Calendar(CalendarUnit),
}

/// A calendar duration's unit: a month has as many days as the calendar says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CalendarUnit {
    Year,
    Month,
    Week,
    Day,
    Hour,
    Minute,
    Second,
    Millisecond,
}

impl CalendarUnit {
    const WORDS: [(&'static str, CalendarUnit); 8] = [
        ("year", CalendarUnit::Year),
        ("month", CalendarUnit::Month),
        ("week", CalendarUnit::Week),
        ("day", CalendarUnit::Day),
        ("hour", CalendarUnit::Hour),
        ("minute", CalendarUnit::Minute),
        ("second", CalendarUnit::Second),
        ("millisecond", CalendarUnit::Millisecond),
    ];

    /// The unit of a word in singular or plural.
    pub fn from_word(word: &str) -> Option<Self> {
        let singular = word.strip_suffix('s').unwrap_or(word);
        Self::WORDS.iter().find(|(name, _)| *name == singular).map(|&(_, unit)| unit)
    }

    /// The word in singular.
    pub fn word(self) -> &'static str {
        Self::WORDS[self as usize].0
    }
}

/// `Patient`, `FHIR.Patient`, `System.String`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeName {
    pub namespace: Option<Box<str>>,
    pub name: Box<str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TypeOperator {
    Is,
    As,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Multiply,
    Divide,
    Div,
    Mod,
    Add,
    Subtract,
    Concatenate,
    Union,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
    Equivalent,
    NotEquivalent,
    In,
    Contains,
    And,
    Or,
    Xor,
    Implies,
}

impl Operator {
    /// As it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            Operator::Multiply => "*",
            Operator::Divide => "/",
            Operator::Div => "div",
            Operator::Mod => "mod",
            Operator::Add => "+",
            Operator::Subtract => "-",
            Operator::Concatenate => "&",
            Operator::Union => "|",
            Operator::Less => "<",
            Operator::LessOrEqual => "<=",
            Operator::Greater => ">",
            Operator::GreaterOrEqual => ">=",
            Operator::Equal => "=",
            Operator::NotEqual => "!=",
            Operator::Equivalent => "~",
            Operator::NotEquivalent => "!~",
            Operator::In => "in",
            Operator::Contains => "contains",
            Operator::And => "and",
            Operator::Or => "or",
            Operator::Xor => "xor",
            Operator::Implies => "implies",
        }
    }

    /// Higher binds tighter; all are left-associative.
    pub(super) fn precedence(self) -> u8 {
        match self {
            Operator::Multiply | Operator::Divide | Operator::Div | Operator::Mod => 11,
            Operator::Add | Operator::Subtract | Operator::Concatenate => 10,
            // `is` and `as` are between: TypeOperator::PRECEDENCE.
            Operator::Union => 8,
            Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => 7,
            Operator::Equal | Operator::NotEqual | Operator::Equivalent | Operator::NotEquivalent => 6,
            Operator::In | Operator::Contains => 5,
            Operator::And => 4,
            Operator::Or | Operator::Xor => 3,
            Operator::Implies => 2,
        }
    }
}

impl TypeOperator {
    pub(super) const PRECEDENCE: u8 = 9;
}

impl Expr {
    /// The type name an argument of `is()`, `as()`, `ofType()` stands for: `T` or `Namespace.T`.
    pub fn as_type_name(&self) -> Option<TypeName> {
        let Kind::Member { on, name } = &self.kind else { return None };
        let namespace = match on.as_deref() {
            None => None,
            Some(Expr { kind: Kind::Member { on: None, name }, .. }) => Some(name.clone()),
            Some(_) => return None,
        };
        Some(TypeName { namespace, name: name.clone() })
    }
}
