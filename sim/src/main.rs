//! The binary `tidegate`. Knows how to call the command line; everything else is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    tidegate_sim::cli::main()
}
