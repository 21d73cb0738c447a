//! Evaluation: operations push their items to whoever wants them, who may say when it has enough.

mod arithmetic;
mod distinct;
mod equality;
mod membership;
pub(super) mod navigate;
mod operand;
mod order;
pub(super) mod resolve;
mod run;
mod truth;
mod type_test;

pub(super) use distinct::Distinct;
pub(super) use equality::items_equal;
pub(super) use order::compare_items;

pub(super) use super::scope::{Answer, Env, Out, Scope, Step, Stop};
