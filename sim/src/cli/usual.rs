//! Arguments that every command which simulates has. Knows their words; must not know what is simulated.

use super::Format;
use clap::Args;

/// How a command works and tells.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct Usual {
    /// Threads [default: as many as there are processors]; results do not depend on it
    #[arg(long, value_name = "N")]
    pub(super) threads: Option<usize>,
    /// How results are printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(super) format: Format,
    /// Print no progress
    #[arg(long, short)]
    pub(super) quiet: bool,
}
