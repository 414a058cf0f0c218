//! Tidegate reports.
