//! Tests from outside, in one binary.
