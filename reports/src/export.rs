//! The exporters: one result, one small file for each format. Knows which formats there are; must not touch files.

pub mod csv;
pub mod json;
pub mod terminal;
pub mod tune;
