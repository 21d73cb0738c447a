//! Evaluation: operations push their items to whoever wants them, who may say when it has enough.

mod arithmetic;
mod distinct;
mod equality;
mod membership;
pub(super) mod navigate;
mod order;
mod run;
mod scope;
mod truth;
mod type_test;

pub(super) use distinct::Distinct;
pub(super) use equality::items_equal;
pub(super) use order::compare_items;
pub(super) use scope::{Env, Scope};
pub(super) use type_test::is_of;

use super::Error;
use super::item::Item;

/// Why an operation ended before its items did.
#[derive(Debug)]
pub(super) enum Stop {
    /// The receiver wants no more. Only the receiver's own call of [`Scope::run`] may swallow it.
    Enough,
    Failed(Box<Error>),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Stop::Failed(Box::new(error))
    }
}

pub(super) type Answer<T> = Result<T, Stop>;
pub(super) type Step = Answer<()>;
/// Takes one item after the other.
pub(super) type Out<'o, 'd> = dyn FnMut(Item<'d>) -> Step + 'o;
