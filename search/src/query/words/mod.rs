//! What `_text` and `_content` ask: <https://hl7.org/fhir/R4/search.html#text>. They compile to the same tree as parameters do, each word a
//! condition.

mod syntax;

pub use crate::kind::words::is_one;

use super::expr::{Expr, Leaf};
use crate::kind::problem::Problem;
use crate::kind::words::WordsMatch;
use crate::relevance::Relevance;
use fhir::index::FullText;
use fhir::index::full_text::{CONTENT, NARRATIVE};
use syntax::{Ask, Terms};

/// Whether what it asks is kept.
///
/// # Errors
/// What would have to be set.
pub fn check_kept(name: &str, kept: FullText) -> Result<(), Problem> {
    let (is_kept, wanted) = match name {
        "_text" => (kept != FullText::Off, "'narrative' or 'all'"),
        _ => (kept == FullText::All, "'all'"),
    };
    match is_kept {
        true => Ok(()),
        false => Err(Problem::unsupported(format!(
            "the words that it asks for are not kept here; they are, of what is written from then on, where search.full_text is {wanted}"
        ))),
    }
}

/// The condition of a value, of at most `terms_max` words and phrases.
///
/// # Errors
/// What is wrong with it and where.
pub fn compile(name: &str, text: &str, terms_max: usize) -> Result<Expr, Problem> {
    let ask = syntax::parse(text)?;
    let terms = syntax::terms(&ask);
    if terms > terms_max {
        return Err(Problem::too_many_values(terms, terms_max));
    }
    Ok(expr(&ask, name == "_content"))
}

fn expr(ask: &Ask, in_all: bool) -> Expr {
    match ask {
        Ask::All(all) => Expr::And(all.iter().map(|one| expr(one, in_all)).collect()),
        Ask::Any(any) => Expr::Or(any.iter().map(|one| expr(one, in_all)).collect()),
        Ask::Not(inner) => Expr::Not(Box::new(expr(inner, in_all))),
        Ask::One(terms) => match in_all {
            false => one(terms, false),
            // A phrase is in the one or in the other.
            true => Expr::Or(vec![one(terms, false), one(terms, true)]),
        },
    }
}

/// The words of conditions, by which what fulfils them is ranked. What is not wanted is none of them.
pub fn asked(conditions: &[Expr]) -> Relevance {
    let mut relevance = Relevance::default();
    conditions.iter().for_each(|one| gather(one, &mut relevance));
    relevance
}

fn gather(condition: &Expr, into: &mut Relevance) {
    match condition {
        Expr::And(all) | Expr::Or(all) => all.iter().for_each(|one| gather(one, into)),
        Expr::Leaf(Leaf::Words(param, words)) => into.add(*param, words),
        Expr::Not(_) | Expr::Leaf(_) => {}
    }
}

fn one(terms: &Terms, in_content: bool) -> Expr {
    let param = if in_content { CONTENT } else { NARRATIVE };
    let leaf = |condition| Expr::Leaf(Leaf::Words(param, condition));
    match terms {
        Terms::Start(start) => leaf(WordsMatch::Start(start.clone())),
        Terms::Phrase(words) => {
            // Each word is looked up, so that the order is looked at in few.
            let mut all: Vec<Expr> = words.iter().cloned().map(WordsMatch::Word).map(leaf).collect();
            if words.len() > 1 {
                all.push(leaf(WordsMatch::Phrase(words.clone())));
            }
            Expr::and(all)
        }
    }
}
