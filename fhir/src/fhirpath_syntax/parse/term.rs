//! Terms and what follows them: invocations and indexers.

use super::lexer::Token;
use super::literal;
use super::{Parser, Tree, tree};
use crate::fhirpath_syntax::Error;
use crate::fhirpath_syntax::ast::{CalendarUnit, Kind, Literal, Unit};

impl Parser<'_> {
    /// A term followed by any number of `.name`, `.name(…)` and `[index]`.
    pub(super) fn postfixed(&mut self) -> Result<Tree, Error> {
        let mut on = self.term()?;
        loop {
            if self.is(".") {
                self.advance()?;
                on = self.invocation(Some(on))?;
            } else if self.is("[") {
                let at = self.advance()?.at;
                let index = self.expression(0)?;
                self.need("]", "']'")?;
                let depth = on.depth.max(index.depth);
                let kind = Kind::Indexer { on: Box::new(on.expr), index: Box::new(index.expr) };
                on = tree(kind, at, depth)?;
            } else {
                return Ok(on);
            }
        }
    }

    fn term(&mut self) -> Result<Tree, Error> {
        match self.current.token {
            Token::Symbol if self.is("(") => {
                self.advance()?;
                let inner = self.expression(0)?;
                self.need(")", "')'")?;
                Ok(inner)
            }
            Token::Symbol if self.is("{") => {
                let at = self.advance()?.at;
                self.need("}", "'}'")?;
                tree(Kind::Empty, at, 0)
            }
            Token::Percent => self.variable(),
            Token::String | Token::Integer | Token::Decimal | Token::Temporal => self.literal(),
            Token::Word if matches!(self.current.text, "true" | "false") => self.literal(),
            Token::Word | Token::QuotedName | Token::Dollar => self.invocation(None),
            Token::Symbol | Token::End => Err(self.expected("a value")),
        }
    }

    /// `name`, `name(…)`, `$this`, `$index`, `$total`, alone or after a dot.
    fn invocation(&mut self, on: Option<Tree>) -> Result<Tree, Error> {
        let at = self.current.at;
        if self.current.token == Token::Dollar {
            return self.dollar(on);
        }
        let name = match (&on, self.current.token) {
            // No operator can stand after a dot: the element `div` of a narrative needs no quotes there, as everybody writes it.
            (Some(_), Token::Word) => self.advance()?.text.into(),
            _ => self.identifier("a name")?,
        };
        let mut depth = on.as_ref().map_or(0, |on| on.depth);
        let on = on.map(|on| Box::new(on.expr));
        if !self.is("(") {
            return tree(Kind::Member { on, name }, at, depth);
        }
        self.advance()?;
        let mut arguments = Vec::new();
        while !self.is(")") {
            if !arguments.is_empty() {
                self.need(",", "',' or ')'")?;
            }
            let argument = self.expression(0)?;
            depth = depth.max(argument.depth);
            arguments.push(argument.expr);
        }
        self.advance()?;
        tree(Kind::Call { on, name, arguments }, at, depth)
    }

    /// `$this`; `on.$this` is `on` itself. The others say nothing about what is before them.
    fn dollar(&mut self, on: Option<Tree>) -> Result<Tree, Error> {
        let kind = match (self.current.text, &on) {
            ("$this", _) => Kind::This,
            ("$index", None) => Kind::Index,
            ("$total", None) => Kind::Total,
            (_, None) => return Err(self.expected("$this, $index or $total")),
            (_, Some(_)) => return Err(self.expected("a name")),
        };
        let at = self.advance()?.at;
        match on {
            Some(on) => Ok(on),
            None => tree(kind, at, 0),
        }
    }

    /// `%name`, `` %`vs-name` ``, `%"name"`, `%'name'`; nothing may stand after the percent sign but the name.
    fn variable(&mut self) -> Result<Tree, Error> {
        let at = self.advance()?.at;
        let name = match self.current.token {
            _ if self.current.at != at + 1 => return Err(self.expected("a variable's name")),
            Token::String | Token::QuotedName => literal::unquote(&self.current)?,
            Token::Word => self.current.text.into(),
            _ => return Err(self.expected("a variable's name")),
        };
        self.advance()?;
        tree(Kind::Variable(name), at, 0)
    }

    fn literal(&mut self) -> Result<Tree, Error> {
        let lexeme = self.advance()?;
        let literal = match lexeme.token {
            Token::String => Literal::String(literal::unquote(&lexeme)?),
            Token::Temporal => literal::temporal(&lexeme)?,
            Token::Integer | Token::Decimal => match self.unit()? {
                Some(unit) => Literal::Quantity { value: lexeme.text.into(), unit },
                None if lexeme.token == Token::Integer => Literal::Integer(lexeme.text.into()),
                None => Literal::Decimal(lexeme.text.into()),
            },
            _ => Literal::Boolean(lexeme.text == "true"),
        };
        tree(Kind::Literal(literal), lexeme.at, 0)
    }

    /// The unit of the number just read.
    fn unit(&mut self) -> Result<Option<Unit>, Error> {
        let unit = match self.current.token {
            Token::String => Unit::Ucum(literal::unquote(&self.current)?),
            Token::Word => match CalendarUnit::from_word(self.current.text) {
                Some(unit) => Unit::Calendar(unit),
                None => return Ok(None),
            },
            _ => return Ok(None),
        };
        self.advance()?;
        Ok(Some(unit))
    }
}
