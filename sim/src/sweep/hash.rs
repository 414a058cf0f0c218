//! What a point is recognised by. Knows what decides the numbers of a run; must not know where files lie.

use crate::scenario::Scenario;
use sha2::{Digest, Sha256};
use std::fmt::{Debug, Write};
use tidegate_reports::model::Program;

/// The program, as results name it.
pub(super) fn program() -> Program {
    Program { version: env!("CARGO_PKG_VERSION").to_owned(), commit: env!("TIDEGATE_COMMIT").to_owned() }
}

/// SHA-256 over things as they are printed for debugging, which leaves nothing out and gives every bit of a number.
pub(super) struct Content(Sha256);

impl Content {
    /// Begins with the program: another one may come to other numbers.
    pub(super) fn new() -> Self {
        let mut content = Self(Sha256::new());
        content.add(&program());
        content
    }

    /// Takes a thing in.
    pub(super) fn add(&mut self, thing: &dyn Debug) {
        writeln!(self, "{thing:?}").expect("a hash takes all");
    }

    /// Takes in all that decides the runs of a scenario: what its files mean, and not where they lie or how they are laid
    /// out; but for seeds, which the caller adds. Objectives decide nothing: they are judged when all is done.
    pub(super) fn add_scenario(&mut self, scenario: &Scenario) {
        // Each field by its name: one that is new must be looked at.
        let Scenario {
            input: _,
            policy_input: _,
            about: _,
            objectives: _,
            objectives_at: _,
            warnings: _,
            over: _,
            seed: _,
            runs: _,
            policy,
            world,
            start,
            duration,
            warm_up,
            warm_up_auto: _,
            start_within,
            loads,
            faults,
        } = scenario;
        self.add(&(policy, world, start, duration, warm_up, start_within));
        self.add(&(loads, faults));
    }

    /// 64 hexadecimal digits.
    pub(super) fn text(self) -> String {
        self.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Write for Content {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.update(text.as_bytes());
        Ok(())
    }
}
