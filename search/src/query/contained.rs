//! Which of the resources that stand inside others are searched: <https://hl7.org/fhir/R4/search.html#contained>

use super::expr::{Expr, Leaf};
use crate::kind::contained::ContainedMatch;
use crate::kind::problem::Problem;
use fhir::definitions::ResourceType;
use proto::id::TypeCode;

/// The parameters that say so.
pub const NAMES: &[&str] = &["_contained", "_containedType"];

/// What a search that looks inside others has besides.
#[derive(Clone, Debug, Default)]
pub struct Inside {
    /// Whether resources that stand alone are found, too.
    with_own: bool,
    /// Whether what is inside is wanted.
    wanted: bool,
    /// Whether that is shown without what it stands in.
    pub alone: bool,
    /// What resources that stand alone have to fulfil, with their types.
    pub(crate) own: Option<Expr>,
}

impl Inside {
    /// Takes one of the parameters.
    ///
    /// # Errors
    /// A value that it does not take.
    pub(super) fn read(&mut self, name: &str, text: &str) -> Result<(), Problem> {
        match (name, text) {
            ("_contained", "false") => (self.wanted, self.with_own) = (false, false),
            ("_contained", "true") => (self.wanted, self.with_own) = (true, false),
            ("_contained", "both") => (self.wanted, self.with_own) = (true, true),
            ("_contained", _) => return Err(Problem::unusable("it takes true, false or both")),
            (_, "container") => self.alone = false,
            (_, "contained") => self.alone = true,
            _ => return Err(Problem::unusable("it takes container or contained")),
        }
        Ok(())
    }

    /// Whether the search looks there.
    pub(super) fn is_asked(&self) -> bool {
        self.wanted
    }

    /// The condition on resources of any type, of one on resources of these.
    pub(super) fn around(&mut self, types: &[ResourceType], expr: Expr) -> Expr {
        let code = |t: &ResourceType| TypeCode(t.code());
        let inside = types.iter().map(|t| {
            let contained = ContainedMatch { type_code: code(t), expr: Box::new(expr.clone()) };
            Expr::Leaf(Leaf::Contained(None, contained))
        });
        let inside: Vec<Expr> = inside.collect();
        if !self.with_own {
            return Expr::or(inside);
        }
        let alone = types.iter().map(|t| Expr::And(vec![Expr::Leaf(Leaf::Type(code(t))), expr.clone()]));
        let own = Expr::or(alone.collect());
        self.own = Some(own.clone());
        Expr::or(std::iter::once(own).chain(inside).collect())
    }
}
