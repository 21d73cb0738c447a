pub(crate) mod fixture;
mod model;
mod naive;
mod property;
mod reservations;
mod time;
mod transactions;
mod writes;
