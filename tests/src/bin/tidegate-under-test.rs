//! The binary `tidegate` again, in the package of the tests, so that cargo builds it before them and tells them where
//! it is. Must stay what `sim/src/main.rs` is: `tidy` compares the two.

use std::process::ExitCode;

fn main() -> ExitCode {
    tidegate_sim::cli::main()
}
