//! The binary `tidegate-live` again, in the package of the tests, so that cargo builds it before them and tells them where
//! it is. Must stay what `live/src/main.rs` is: `tidy` compares the two.

fn main() -> std::process::ExitCode {
    tidegate_live::cli::main()
}
