//! Rows of the reference's checklist that go through many phases at once, and the table in
//! `tests/README.md` that maps rows to tests.

mod configuration;
mod documents;
mod failing;
mod late;
mod refusals;
mod rows;
mod rules;
mod table;
