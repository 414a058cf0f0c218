//! Harness of the tests from outside.
