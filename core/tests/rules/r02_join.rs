//! Rule 2.
