//! The text of a search for words taken apart. Words that stand side by side are all wanted; `OR`, `|` and a comma stand between
//! alternatives, `AND` may stand between the others; `NOT` or a hyphen goes before what is not wanted; brackets group, a phrase
//! is in quotation marks, and an asterisk at its end makes a word the start of one. The three words are in any case.

use crate::kind::problem::Problem;
use fhir::index::words;

/// Brackets go no deeper.
const DEPTH_MAX: usize = 32;

/// What a resource has to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// All of them.
    All(Vec<Ask>),
    /// One of them.
    Any(Vec<Ask>),
    /// Not that.
    Not(Box<Ask>),
    /// Those words.
    One(Terms),
}

/// Words as they have to stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Terms {
    /// Side by side, one at least.
    Phrase(Vec<String>),
    /// One that starts so.
    Start(String),
}

/// Reads a whole text.
///
/// # Errors
/// What is wrong with it, and where.
pub fn parse(text: &str) -> Result<Ask, Problem> {
    let mut parser = Parser { text, at: 0, depth: 0 };
    let ask = parser.any()?;
    match parser.next_is(&Token::End)? {
        true => Ok(ask),
        false => Err(parser.wrong("')' closes no bracket")),
    }
}

/// How many words and phrases are asked for.
pub fn terms(ask: &Ask) -> usize {
    match ask {
        Ask::All(several) | Ask::Any(several) => several.iter().map(terms).sum(),
        Ask::Not(inner) => terms(inner),
        Ask::One(Terms::Phrase(words)) => words.len(),
        Ask::One(Terms::Start(_)) => 1,
    }
}

struct Parser<'t> {
    text: &'t str,
    /// Where the last token begins.
    at: usize,
    depth: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Terms(Terms),
    Or,
    And,
    Not,
    Open,
    Close,
    End,
}

impl<'t> Parser<'t> {
    fn any(&mut self) -> Result<Ask, Problem> {
        let mut any = vec![self.all()?];
        while self.next_is(&Token::Or)? {
            any.push(self.all()?);
        }
        Ok(if any.len() == 1 { any.remove(0) } else { Ask::Any(any) })
    }

    fn all(&mut self) -> Result<Ask, Problem> {
        let mut all = vec![self.one()?];
        loop {
            let at = self.at;
            match self.token()? {
                Token::And => all.push(self.one()?),
                Token::Terms(_) | Token::Not | Token::Open => {
                    self.at = at;
                    all.push(self.one()?);
                }
                Token::Or | Token::Close | Token::End => {
                    self.at = at;
                    break;
                }
            }
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Ask::All(all) })
    }

    fn one(&mut self) -> Result<Ask, Problem> {
        let start = self.at;
        match self.token()? {
            Token::Terms(terms) => Ok(Ask::One(terms)),
            Token::Not => Ok(Ask::Not(Box::new(self.nested(Self::one)?))),
            Token::Open => {
                let inner = self.nested(Self::any)?;
                match self.next_is(&Token::Close)? {
                    true => Ok(inner),
                    false => Err(self.wrong("')' is expected")),
                }
            }
            Token::Or | Token::And | Token::Close | Token::End => {
                self.at = start;
                self.space();
                Err(self.wrong("a word is expected"))
            }
        }
    }

    fn nested(&mut self, inner: fn(&mut Self) -> Result<Ask, Problem>) -> Result<Ask, Problem> {
        if self.depth == DEPTH_MAX {
            return Err(self.wrong(&format!("brackets go no deeper than {DEPTH_MAX}")));
        }
        self.depth += 1;
        let ask = inner(self);
        self.depth -= 1;
        ask
    }

    fn next_is(&mut self, wanted: &Token) -> Result<bool, Problem> {
        let at = self.at;
        let is_it = self.token()? == *wanted;
        if !is_it {
            self.at = at;
        }
        Ok(is_it)
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    /// The next one; what has neither letter nor digit is passed over.
    fn token(&mut self) -> Result<Token, Problem> {
        loop {
            self.space();
            let rest = self.rest();
            let Some(first) = rest.chars().next() else { return Ok(Token::End) };
            let single = match first {
                '(' => Some(Token::Open),
                ')' => Some(Token::Close),
                '|' | ',' => Some(Token::Or),
                '&' => Some(Token::And),
                '-' if rest[1..]
                    .starts_with(|next: char| next.is_alphanumeric() || next == '"' || next == '(') =>
                {
                    Some(Token::Not)
                }
                _ => None,
            };
            if let Some(token) = single {
                self.at += 1;
                return Ok(token);
            }
            let token = if first == '"' { self.quoted()? } else { self.bare()? };
            if let Some(token) = token {
                return Ok(token);
            }
        }
    }

    fn quoted(&mut self) -> Result<Option<Token>, Problem> {
        let inside = &self.rest()[1..];
        let Some(end) = inside.find('"') else {
            return Err(self.wrong("the quotation mark is never closed"));
        };
        self.at += end + 2;
        Ok(phrase(&inside[..end]))
    }

    fn bare(&mut self) -> Result<Option<Token>, Problem> {
        let rest = self.rest();
        let text = &rest[..bare_length(rest)];
        if let Some(at) = text.trim_end_matches('*').find('*') {
            self.at += at;
            return Err(self.wrong("'*' stands at the end of a word"));
        }
        let token = match text.strip_suffix('*') {
            Some(start) => match words(start).as_slice() {
                [word] if start.ends_with(char::is_alphanumeric) => {
                    Some(Token::Terms(Terms::Start(word.clone())))
                }
                _ => return Err(self.wrong("'*' stands behind a single word")),
            },
            None => match text.to_ascii_lowercase().as_str() {
                "or" => Some(Token::Or),
                "and" => Some(Token::And),
                "not" => Some(Token::Not),
                _ => phrase(text),
            },
        };
        self.at += text.len();
        Ok(token)
    }

    fn wrong(&self, what: &str) -> Problem {
        let character = self.text[..self.at].chars().count() + 1;
        Problem::unusable(format!("at character {character}: {what}"))
    }
}

/// Up to a space, a bracket, a quotation mark or what stands between alternatives; a backslash takes the meaning off what follows.
fn bare_length(text: &str) -> usize {
    let mut escaped = false;
    let ends = |letter: char| letter.is_whitespace() || matches!(letter, '(' | ')' | '"' | '|' | ',' | '&');
    for (at, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if ends(letter) => return at,
            _ => {}
        }
    }
    text.len()
}

fn phrase(text: &str) -> Option<Token> {
    let words = words(text);
    (!words.is_empty()).then_some(Token::Terms(Terms::Phrase(words)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As it was understood.
    fn said(ask: &Ask) -> String {
        let list = |several: &[Ask], between: &str| {
            let all: Vec<String> = several.iter().map(said).collect();
            format!("({})", all.join(between))
        };
        match ask {
            Ask::All(all) => list(all, " "),
            Ask::Any(any) => list(any, "|"),
            Ask::Not(inner) => format!("-{}", said(inner)),
            Ask::One(Terms::Phrase(words)) => words.join("+"),
            Ask::One(Terms::Start(start)) => format!("{start}*"),
        }
    }

    #[test]
    fn words_and_what_is_between() {
        for (text, expected) in [
            ("Knee", "knee"),
            ("knee pain", "(knee pain)"),
            ("knee AND pain & left", "(knee pain left)"),
            ("knee OR hip|ankle,foot", "(knee|hip|ankle|foot)"),
            ("a b or c d", "((a b)|(c d))"),
            ("(bone OR liver) and metastases", "((bone|liver) metastases)"),
            ("pain -knee NOT \"left hip\"", "(pain -knee -left+hip)"),
            ("-(a b)", "-(a b)"),
            ("not not a", "--a"),
            ("\"Müller, Söhne\"", "muller+sohne"),
            ("8480-6 O'Neil", "(8480+6 o+neil)"),
            ("card* \"a*b\"", "(card* a+b)"),
            ("a - b % c", "(a b c)"),
            (r"a\,b a\|b", "(a+b a+b)"),
            ("日本 \u{1f600} x", "(日本 x)"),
            ("\"or\" \"and\"", "(or and)"),
        ] {
            assert_eq!(said(&parse(text).expect(text)), expected, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (text, place) in [
            ("", 1),
            ("  %", 3),
            ("a OR", 5),
            ("OR a", 1),
            ("a OR OR b", 6),
            ("(a b", 5),
            ("a) b", 2),
            ("a ()", 4),
            ("a \"b", 3),
            ("a *", 3),
            ("*a", 1),
            ("a*b", 2),
            ("a-b*", 1),
            ("NOT", 4),
            (&"(".repeat(40), 34),
        ] {
            let problem = parse(text).expect_err(text);
            let Problem::Unusable(why) = &problem else { panic!("{text}: {problem:?}") };
            assert!(why.starts_with(&format!("at character {place}: ")), "{text}: {why}");
        }
    }
}
