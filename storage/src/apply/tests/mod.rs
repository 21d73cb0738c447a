pub(crate) mod fixture;
mod model;
mod naive;
pub(crate) mod property;
mod reindex;
mod reservations;
mod time;
mod transactions;
mod writes;
