//! The text of a `_filter` taken apart: <https://hl7.org/fhir/R4/search_filter.html>.

use super::operator::Operator;
use crate::kind::problem::Problem;
use std::borrow::Cow;

/// Brackets, and changes between `and` and `or`, go no deeper.
const DEPTH_MAX: usize = 32;

/// What a resource has to fulfil.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter<'t> {
    /// All of them.
    All(Vec<Filter<'t>>),
    /// One of them.
    Any(Vec<Filter<'t>>),
    /// Not that.
    Not(Box<Filter<'t>>),
    /// One comparison.
    Test(Test<'t>),
}

/// `parameter operator value`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Test<'t> {
    /// The parameter.
    pub name: &'t str,
    /// How it is compared.
    pub operator: Operator,
    /// With what, without quotation marks.
    pub value: Cow<'t, str>,
    /// Which character of the text it begins at, from 1.
    pub at: usize,
}

/// Reads a whole text. `and` and `or` bind alike, from left to right.
///
/// # Errors
/// What is wrong with it, and where.
pub fn parse(text: &str) -> Result<Filter<'_>, Problem> {
    let mut parser = Parser { text, at: 0 };
    let (filter, _) = parser.filter(0)?;
    match parser.rest().chars().next() {
        None => Ok(filter),
        Some(')') => Err(parser.wrong("')' closes no bracket")),
        Some(_) => Err(parser.wrong("'and' or 'or' is expected")),
    }
}

/// All comparisons.
pub fn tests<'f, 't>(filter: &'f Filter<'t>) -> Vec<&'f Test<'t>> {
    match filter {
        Filter::All(several) | Filter::Any(several) => several.iter().flat_map(tests).collect(),
        Filter::Not(inner) => tests(inner),
        Filter::Test(test) => vec![test],
    }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
}

/// How deep a filter is, besides.
type Deep<'t> = (Filter<'t>, usize);

impl<'t> Parser<'t> {
    fn filter(&mut self, depth: usize) -> Result<Deep<'t>, Problem> {
        let mut left = self.term(depth)?;
        loop {
            self.space();
            let at = self.at;
            let is_and = match self.name() {
                "and" => true,
                "or" => false,
                _ => {
                    self.at = at;
                    return Ok(left);
                }
            };
            let right = self.term(depth)?;
            left = joined(left, right, is_and);
            if left.1 > DEPTH_MAX {
                return Err(self.too_deep());
            }
        }
    }

    fn term(&mut self, depth: usize) -> Result<Deep<'t>, Problem> {
        if depth > DEPTH_MAX {
            return Err(self.too_deep());
        }
        self.space();
        if self.eat('(') {
            return self.closed(depth);
        }
        let start = self.at;
        if self.name() == "not" {
            self.space();
            if !self.eat('(') {
                return Err(self.wrong("'(' is expected after 'not'"));
            }
            let (inner, height) = self.closed(depth)?;
            return Ok((Filter::Not(Box::new(inner)), height + 1));
        }
        self.at = start;
        Ok((Filter::Test(self.test()?), 1))
    }

    /// What is inside brackets, of which the first is read.
    fn closed(&mut self, depth: usize) -> Result<Deep<'t>, Problem> {
        let inner = self.filter(depth + 1)?;
        match self.eat(')') {
            true => Ok(inner),
            false => Err(self.wrong("')', 'and' or 'or' is expected")),
        }
    }

    fn test(&mut self) -> Result<Test<'t>, Problem> {
        let at = self.character();
        let name = self.path()?;
        match self.rest().chars().next() {
            Some('[') => {
                let why = "what is in square brackets is not supported; compare what is referred to by a condition of its own";
                return Err(Problem::unsupported(self.placed(why)));
            }
            Some(':') => return Err(self.wrong("a parameter of a filter takes no modifier")),
            _ => {}
        }
        self.separated("an operator")?;
        let from = self.at;
        let word = self.name();
        let operator = Operator::from_code(word).ok_or_else(|| {
            self.at = from;
            self.wrong(&format!("one of {} is expected", Operator::list(&Operator::ALL)))
        })?;
        self.separated("a value")?;
        Ok(Test { name, operator, value: self.value()?, at })
    }

    /// A parameter, or several with dots between: each but the last refers to what the next is of, whose type may be named.
    fn path(&mut self) -> Result<&'t str, Problem> {
        let start = self.at;
        loop {
            let name = self.name();
            if name.is_empty() {
                return Err(self.wrong("the name of a search parameter is expected"));
            }
            let at = self.at;
            if self.eat(':') && (self.name().is_empty() || !self.rest().starts_with('.')) {
                self.at = at;
            }
            if !self.eat('.') {
                return Ok(&self.text[start..self.at]);
            }
        }
    }

    fn value(&mut self) -> Result<Cow<'t, str>, Problem> {
        if self.eat('"') {
            return self.quoted().map(Cow::Owned);
        }
        let end = |char: char| char.is_whitespace() || char == ')';
        let rest = self.rest();
        let value = &rest[..rest.find(end).unwrap_or(rest.len())];
        if value.is_empty() {
            return Err(self.wrong("a value is expected"));
        }
        self.at += value.len();
        Ok(Cow::Borrowed(value))
    }

    /// A JSON string, whose first quotation mark is read.
    fn quoted(&mut self) -> Result<String, Problem> {
        let mut out = String::new();
        loop {
            let Some(char) = self.next() else { return Err(self.wrong("'\"' is expected")) };
            match char {
                '"' => return Ok(out),
                '\\' => out.push(self.escaped()?),
                other => out.push(other),
            }
        }
    }

    fn escaped(&mut self) -> Result<char, Problem> {
        let start = self.at - 1;
        let char = match self.next() {
            Some(same @ ('"' | '\\' | '/')) => Some(same),
            Some('b') => Some('\u{8}'),
            Some('f') => Some('\u{c}'),
            Some('n') => Some('\n'),
            Some('r') => Some('\r'),
            Some('t') => Some('\t'),
            Some('u') => self.unicode(),
            _ => None,
        };
        char.ok_or_else(|| {
            self.at = start;
            self.wrong("it is no escape of a JSON string")
        })
    }

    fn unicode(&mut self) -> Option<char> {
        let first = self.unit()?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first);
        }
        let second = (self.eat('\\') && self.eat('u')).then(|| self.unit()).flatten()?;
        let low = second.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
        char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + low)
    }

    fn unit(&mut self) -> Option<u32> {
        let digits = self.rest().get(..4)?;
        let unit =
            digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16));
        self.at += 4;
        unit?.ok()
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn next(&mut self) -> Option<char> {
        let char = self.rest().chars().next()?;
        self.at += char.len_utf8();
        Some(char)
    }

    fn eat(&mut self, wanted: char) -> bool {
        let is = self.rest().starts_with(wanted);
        self.at += if is { wanted.len_utf8() } else { 0 };
        is
    }

    fn space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn separated(&mut self, before: &str) -> Result<(), Problem> {
        let start = self.at;
        self.space();
        match self.at > start && !self.rest().is_empty() {
            true => Ok(()),
            false => Err(self.wrong(&format!("{before} is expected"))),
        }
    }

    /// Letters, digits, `-` and `_`.
    fn name(&mut self) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|char: char| !(char.is_ascii_alphanumeric() || matches!(char, '-' | '_')));
        let name = &rest[..end.unwrap_or(rest.len())];
        self.at += name.len();
        name
    }

    fn character(&self) -> usize {
        self.text[..self.at].chars().count() + 1
    }

    fn placed(&self, what: &str) -> String {
        format!("at character {}: {what}", self.character())
    }

    fn wrong(&self, what: &str) -> Problem {
        Problem::unusable(self.placed(what))
    }

    fn too_deep(&self) -> Problem {
        let what = format!("brackets, and changes between 'and' and 'or', go {DEPTH_MAX} deep at most");
        Problem::Limit(self.placed(&what))
    }
}

/// What is joined by the same word again is one list.
fn joined<'t>(left: Deep<'t>, right: Deep<'t>, is_and: bool) -> Deep<'t> {
    let (right, height) = (right.0, right.1 + 1);
    match (left, is_and) {
        ((Filter::All(mut all), high), true) => {
            all.push(right);
            (Filter::All(all), high.max(height))
        }
        ((Filter::Any(mut any), high), false) => {
            any.push(right);
            (Filter::Any(any), high.max(height))
        }
        ((other, high), true) => (Filter::All(vec![other, right]), height.max(high + 1)),
        ((other, high), false) => (Filter::Any(vec![other, right]), height.max(high + 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(filter: &Filter<'_>) -> String {
        let list = |all: &[Filter<'_>], word: &str| {
            format!("({})", all.iter().map(said).collect::<Vec<_>>().join(word))
        };
        match filter {
            Filter::All(all) => list(all, " & "),
            Filter::Any(any) => list(any, " | "),
            Filter::Not(inner) => format!("!{}", said(inner)),
            Filter::Test(test) => {
                format!("{} {} {:?}@{}", test.name, test.operator.code(), test.value, test.at)
            }
        }
    }

    #[test]
    fn filters_are_read_from_left_to_right() {
        for (text, wanted) in [
            ("a eq b", r#"a eq "b"@1"#),
            (" a-b  eq \"x \\\"y\\u00e9\\ud83d\\ude00\\n\" ", "a-b eq \"x \\\"yé😀\\n\"@2"),
            ("a eq 1 and b eq 2 and c eq 3", r#"(a eq "1"@1 & b eq "2"@12 & c eq "3"@23)"#),
            ("a eq 1 or b eq 2 and c eq 3", r#"((a eq "1"@1 | b eq "2"@11) & c eq "3"@22)"#),
            ("a eq 1 and (b eq 2 or c eq 3)", r#"(a eq "1"@1 & (b eq "2"@13 | c eq "3"@23))"#),
            ("not(a eq 1) or not (b pr true)", r#"(!a eq "1"@5 | !b pr "true"@21)"#),
            ("((a eq http://x|1))", r#"a eq "http://x|1"@3"#),
            ("a:B.c eq 1 and d.e.f sw x", r#"(a:B.c eq "1"@1 & d.e.f sw "x"@16)"#),
        ] {
            assert_eq!(parse(text).as_ref().map(said), Ok(wanted.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (text, at, what) in [
            ("", 1, "name"),
            ("é eq 1", 1, "name"),
            ("a", 2, "operator"),
            ("a is b", 3, "eq, ne"),
            ("a eq", 5, "value"),
            ("a eq  ", 7, "value"),
            ("a eq )", 6, "value"),
            ("a eq \"é", 8, "'\"'"),
            ("a eq \"é\\x\"", 8, "escape"),
            ("a eq \"\\ud83d\"", 7, "escape"),
            ("a eq \"\\u00é\"", 7, "escape"),
            ("a eq 1 b eq 2", 8, "'and'"),
            ("a eq 1 and", 11, "name"),
            ("(a eq 1", 8, "')'"),
            ("a eq 1)", 7, "closes no"),
            ("not a eq 1", 5, "'('"),
            ("a. eq 1", 3, "name"),
            ("a.b[b eq 1].c eq 1", 4, "square"),
            ("a:exact eq 1", 2, "modifier"),
            ("a.b:exact eq 1", 4, "modifier"),
            ("a:B", 2, "modifier"),
        ] {
            let problem = parse(text).expect_err(text);
            let (Problem::Unusable(why) | Problem::Unsupported(why)) = problem else { panic!("{problem:?}") };
            assert!(why.starts_with(&format!("at character {at}: ")) && why.contains(what), "{text}: {why}");
        }
    }

    #[test]
    fn depth_is_bounded_and_length_is_not() {
        let nested = |depth: usize| format!("{}a eq 1{}", "(".repeat(depth), ")".repeat(depth));
        assert!(parse(&nested(DEPTH_MAX)).is_ok());
        assert!(matches!(parse(&nested(DEPTH_MAX + 1)), Err(Problem::Limit(_))));
        assert!(matches!(parse(&"not(".repeat(100_000)), Err(Problem::Limit(_))));
        let alternating = |count: usize| "a eq 1 and b eq 2 or ".repeat(count) + "c eq 3";
        assert!(parse(&alternating(10)).is_ok());
        assert!(matches!(parse(&alternating(1000)), Err(Problem::Limit(_))));
        let nots = |count: usize| format!("{}a eq 1{}", "not(".repeat(count), ")".repeat(count));
        assert!(parse(&nots(DEPTH_MAX)).is_ok());
        assert_eq!(tests(&parse(&("a eq 1 and ".repeat(1000) + "b eq 2")).unwrap()).len(), 1001);
    }
}
