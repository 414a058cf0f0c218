//! A progress bar, on terminals only. Knows how far; must not know what is done.

use crate::experiment::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;

pub(super) struct Bar(ProgressBar);

impl Bar {
    pub(super) fn new(quiet: bool, what: String) -> Self {
        let show = !quiet && std::io::stderr().is_terminal();
        let bar = ProgressBar::with_draw_target(
            Some(0),
            if show { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() },
        );
        let style = ProgressStyle::with_template("{msg} {bar:30} {pos}/{len} simulations, {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(what);
        Self(bar)
    }

    pub(super) fn clear(&self) {
        self.0.finish_and_clear();
    }
}

impl Progress for Bar {
    fn begin(&self, simulations: u64) {
        self.0.set_length(simulations);
        self.0.tick();
    }

    fn done(&self) {
        self.0.inc(1);
    }

    fn more(&self, simulations: u64) {
        self.0.inc_length(simulations);
    }
}
