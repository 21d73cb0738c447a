pub(crate) mod fixture;
mod property;
mod transactions;
mod writes;
