pub(crate) mod fixture;
mod model;
mod naive;
mod property;
mod transactions;
mod writes;
