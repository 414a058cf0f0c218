//! The daemon's process. Knows where it begins; must not know anything else.

fn main() -> std::process::ExitCode {
    tidegate_live::cli::main()
}
