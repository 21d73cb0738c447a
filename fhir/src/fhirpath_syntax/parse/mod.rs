//! Text into a syntax tree, by precedence climbing (<https://hl7.org/fhirpath/N1/grammar.html>).

mod lexer;
mod literal;
mod term;

use super::ast::{Expr, Kind, Operator, TypeName, TypeOperator};
use super::error::Error;
use lexer::{Lexeme, Lexer, Token};

/// Bytes an expression may have. R4's longest invariant has under 3,000.
pub const LENGTH_MAX: usize = 64 << 10;
/// How deep the tree may be. `a.b.c` is three deep, so is `a | b | c`.
pub const DEPTH_MAX: usize = 256;

/// Reads a whole expression.
///
/// Errors: [`Error::TooLong`] over [`LENGTH_MAX`], [`Error::TooDeep`] over [`DEPTH_MAX`], else [`Error::Syntax`] with the
/// offset and what was expected there.
pub fn parse(text: &str) -> Result<Expr, Error> {
    if text.len() > LENGTH_MAX {
        return Err(Error::TooLong { bytes: text.len(), max: LENGTH_MAX });
    }
    let mut lexer = Lexer::new(text);
    let current = lexer.next()?;
    let mut parser = Parser { lexer, current, open: 0 };
    let tree = parser.expression(0)?;
    match parser.current.token {
        Token::End => Ok(tree.expr),
        _ => Err(parser.expected("an operator or the end")),
    }
}

struct Parser<'t> {
    lexer: Lexer<'t>,
    current: Lexeme<'t>,
    /// Expressions begun and not ended: what the parser's own recursion is bounded by.
    open: usize,
}

/// A tree under construction and how deep it is.
struct Tree {
    expr: Expr,
    depth: usize,
}

enum Infix {
    Operator(Operator),
    Type(TypeOperator),
}

impl<'t> Parser<'t> {
    /// An expression of operators that bind tighter than `floor`.
    fn expression(&mut self, floor: u8) -> Result<Tree, Error> {
        self.enter()?;
        let mut left = self.signed()?;
        while let Some((infix, precedence)) = self.infix() {
            if precedence <= floor {
                break;
            }
            let at = self.advance()?.at;
            left = match infix {
                Infix::Operator(operator) => {
                    let right = self.expression(precedence)?;
                    let depth = left.depth.max(right.depth);
                    let (left, right) = (Box::new(left.expr), Box::new(right.expr));
                    tree(Kind::Binary { operator, left, right }, at, depth)?
                }
                Infix::Type(operator) => {
                    let type_name = self.type_name()?;
                    let operand = Box::new(left.expr);
                    tree(Kind::TypeTest { operator, operand, type_name }, at, left.depth)?
                }
            };
        }
        self.open -= 1;
        Ok(left)
    }

    /// A term with the signs before it, which bind looser than paths and tighter than every operator.
    fn signed(&mut self) -> Result<Tree, Error> {
        if !self.is("-") && !self.is("+") {
            return self.postfixed();
        }
        let sign = self.advance()?;
        self.enter()?;
        let operand = self.signed()?;
        self.open -= 1;
        let kind = Kind::Sign { negative: sign.text == "-", operand: Box::new(operand.expr) };
        tree(kind, sign.at, operand.depth)
    }

    fn infix(&self) -> Option<(Infix, u8)> {
        let operator = match (self.current.token, self.current.text) {
            (Token::Word, "is") => return Some((Infix::Type(TypeOperator::Is), TypeOperator::PRECEDENCE)),
            (Token::Word, "as") => return Some((Infix::Type(TypeOperator::As), TypeOperator::PRECEDENCE)),
            (Token::Word | Token::Symbol, text) => operator(text)?,
            _ => return None,
        };
        Some((Infix::Operator(operator), operator.precedence()))
    }

    fn type_name(&mut self) -> Result<TypeName, Error> {
        let first = self.identifier("a type name")?;
        if !self.is(".") {
            return Ok(TypeName { namespace: None, name: first });
        }
        self.advance()?;
        let name = self.identifier("a type name after the namespace")?;
        Ok(TypeName { namespace: Some(first), name })
    }

    fn identifier(&mut self, what: &'static str) -> Result<Box<str>, Error> {
        let name = match self.current.token {
            Token::Word if !is_reserved(self.current.text) => self.current.text.into(),
            Token::QuotedName => literal::unquote(&self.current)?,
            _ => return Err(self.expected(what)),
        };
        self.advance()?;
        Ok(name)
    }

    fn enter(&mut self) -> Result<(), Error> {
        self.open += 1;
        match self.open > DEPTH_MAX {
            true => Err(Error::TooDeep { at: self.current.at as u32, max: DEPTH_MAX }),
            false => Ok(()),
        }
    }

    fn is(&self, symbol: &str) -> bool {
        self.current.token == Token::Symbol && self.current.text == symbol
    }

    /// The current token, having read the next.
    fn advance(&mut self) -> Result<Lexeme<'t>, Error> {
        let next = self.lexer.next()?;
        Ok(std::mem::replace(&mut self.current, next))
    }

    fn need(&mut self, symbol: &str, what: &'static str) -> Result<(), Error> {
        match self.is(symbol) {
            true => self.advance().map(|_| ()),
            false => Err(self.expected(what)),
        }
    }

    fn expected(&self, expected: &'static str) -> Error {
        let found = match self.current.token {
            Token::End => "the end".into(),
            _ => format!("'{}'", self.current.text.chars().take(64).collect::<String>()),
        };
        Error::Syntax { at: self.current.at as u32, expected, found }
    }
}

/// A node above trees the deepest of which is `below` deep.
fn tree(kind: Kind, at: usize, below: usize) -> Result<Tree, Error> {
    let at = at as u32;
    match below >= DEPTH_MAX {
        true => Err(Error::TooDeep { at, max: DEPTH_MAX }),
        false => Ok(Tree { expr: Expr { kind, at }, depth: below + 1 }),
    }
}

fn operator(text: &str) -> Option<Operator> {
    use Operator::*;
    const ALL: [Operator; 22] = [
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
    ];
    ALL.into_iter().find(|operator| operator.symbol() == text)
}

/// Keywords that are no names unless quoted; `as`, `is`, `in` and `contains` may be names.
fn is_reserved(word: &str) -> bool {
    matches!(word, "true" | "false" | "and" | "or" | "xor" | "implies" | "div" | "mod")
}
