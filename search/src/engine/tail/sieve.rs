//! What a tail entry surely does not have: 256 bits that spare most entries from being read.

use crate::kind::kept;
use crate::query::{Expr, Leaf};
use fhir::definitions::ParamId;
use fhir::index::Values;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Two bits for each parameter of a resource and for each of its codes, references and URIs. With the 20 of an
/// Observation a wrong bit pair is there by chance in 2 % of all cases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signature(pub [u64; 4]);

impl Signature {
    /// The signature of a resource.
    pub fn of(values: &Values<'_>) -> Self {
        let mut signature = Signature::default();
        let mut last = None;
        for (param, value) in values.iter() {
            if last != Some(param) {
                signature.add(present(param));
                last = Some(param);
            }
            if let Some(trace) = kept::trace(&value) {
                signature.add(text(param, trace));
            }
        }
        signature
    }

    fn add(&mut self, hash: u64) {
        for bit in [hash as u8, (hash >> 8) as u8] {
            self.0[usize::from(bit >> 6)] |= 1 << (bit & 63);
        }
    }

    #[inline]
    fn has(&self, wanted: &Signature) -> bool {
        let missing =
            self.0.iter().zip(wanted.0).fold(0, |missing, (have, wanted)| missing | (wanted & !have));
        missing == 0
    }
}

fn present(param: ParamId) -> u64 {
    text(param, "")
}

fn text(param: ParamId, text: &str) -> u64 {
    xxh3_64_with_seed(text.as_bytes(), u64::from(param.0))
}

/// What a resource has, as numbers: each parameter, and each of its codes, references and URIs. What a query asks for by [`trace_of`] is among
/// them in every match.
pub fn traces(values: &Values<'_>) -> Vec<u64> {
    let each = values.iter().flat_map(|(param, value)| {
        [Some(present(param)), kept::trace(&value).map(|trace| text(param, trace))].into_iter().flatten()
    });
    each.collect()
}

/// One thing that every match has, the rarest there is: of what is asked for by codes one of those; `None` where nothing is sure.
pub fn trace_of(expr: &Expr) -> Option<u64> {
    match expr {
        Expr::And(all) => {
            let sure = all.iter().filter_map(|one| Some((trace_of(one)?, names_text(one))));
            sure.max_by_key(|(_, names_text)| *names_text).map(|(trace, _)| trace)
        }
        Expr::Leaf(leaf) => hash_of(leaf),
        Expr::Or(any) => match any.as_slice() {
            [only] => trace_of(only),
            _ => None,
        },
        Expr::Not(_) => None,
    }
}

fn names_text(expr: &Expr) -> bool {
    match expr {
        Expr::And(all) | Expr::Or(all) => all.iter().any(names_text),
        Expr::Leaf(leaf) => leaf.condition().is_some_and(|(_, condition)| condition.trace().is_some()),
        Expr::Not(_) => false,
    }
}

/// A query as a condition on signatures.
#[derive(Debug, PartialEq, Eq)]
pub enum Sieve {
    /// Any signature may match.
    Pass,
    /// Only one with these bits can match.
    Needs(Signature),
    Any(Vec<Sieve>),
    All(Vec<Sieve>),
}

impl Sieve {
    /// The sieve of a condition.
    pub fn of(expr: &Expr) -> Self {
        match expr {
            Expr::And(all) => Sieve::all(all.iter().map(Sieve::of)),
            Expr::Or(any) => {
                let any: Vec<_> = any.iter().map(Sieve::of).collect();
                if any.contains(&Sieve::Pass) { Sieve::Pass } else { Sieve::Any(any) }
            }
            Expr::Not(_) => Sieve::Pass,
            Expr::Leaf(leaf) => Sieve::of_leaf(leaf),
        }
    }

    fn of_leaf(leaf: &Leaf) -> Self {
        let own = needs(leaf).map_or(Sieve::Pass, Sieve::Needs);
        let Leaf::Composite(_, composite) = leaf else { return own };
        let part = |part: &Vec<Leaf>| Sieve::Any(part.iter().map(Sieve::of_leaf).collect());
        Sieve::all(composite.parts.iter().map(part).chain([own]))
    }

    fn all(parts: impl Iterator<Item = Sieve>) -> Self {
        let (mut bits, mut rest) = (Signature::default(), Vec::new());
        for part in parts {
            match part {
                Sieve::Pass => {}
                Sieve::Needs(more) => bits.0.iter_mut().zip(more.0).for_each(|(bits, more)| *bits |= more),
                other => rest.push(other),
            }
        }
        if bits != Signature::default() {
            rest.insert(0, Sieve::Needs(bits));
        }
        match rest.len() {
            0 => Sieve::Pass,
            1 => rest.remove(0),
            _ => Sieve::All(rest),
        }
    }

    /// False: a resource of that signature does not match.
    #[inline]
    pub fn lets_pass(&self, signature: &Signature) -> bool {
        match self {
            Sieve::Pass => true,
            Sieve::Needs(bits) => signature.has(bits),
            Sieve::Any(any) => any.iter().any(|sieve| sieve.lets_pass(signature)),
            Sieve::All(all) => all.iter().all(|sieve| sieve.lets_pass(signature)),
        }
    }
}

/// The bits of the one thing a match must have; `None` where the index values are not asked.
fn needs(leaf: &Leaf) -> Option<Signature> {
    let mut signature = Signature::default();
    signature.add(hash_of(leaf)?);
    Some(signature)
}

fn hash_of(leaf: &Leaf) -> Option<u64> {
    let (param, condition) = leaf.condition()?;
    Some(condition.trace().map_or_else(|| present(param), |trace| text(param, trace)))
}
