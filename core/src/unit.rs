//! Ratios and what a runner needs, in integers. Knows units; must not know policy.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A share in basis points: 10,000 is all. An integer, so that decisions compare exactly on every machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ratio(pub u32);

impl Ratio {
    /// All of it.
    pub const ONE: Self = Self(10_000);

    /// From a fraction, rounded to the nearest basis point.
    #[must_use]
    pub fn from_fraction(fraction: f64) -> Self {
        Self((fraction * 10_000.0).round().max(0.0) as u32)
    }

    /// As a fraction, for print and charts.
    #[must_use]
    pub fn as_fraction(self) -> f64 {
        f64::from(self.0) / 10_000.0
    }

    /// This share of `whole`, rounded down.
    #[must_use]
    pub const fn of(self, whole: u64) -> u64 {
        (whole as u128 * self.0 as u128 / 10_000) as u64
    }

    /// Whether `part` of `whole` is this share or more; of nothing, never.
    #[must_use]
    pub const fn reached(self, part: u64, whole: u64) -> bool {
        whole > 0 && part as u128 * 10_000 >= whole as u128 * self.0 as u128
    }

    /// This share of another share.
    #[must_use]
    pub const fn times(self, other: Self) -> Self {
        Self(((self.0 as u64 * other.0 as u64) / 10_000) as u32)
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.as_fraction() * 100.0)
    }
}

/// The processor architecture a runner needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Arch {
    /// 64-bit Arm.
    Arm,
    /// 64-bit x86.
    #[default]
    X86,
}

/// What a job asks of its runner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Need {
    /// Thousandths of a vCPU.
    pub vcpu_milli: u32,
    /// Memory in MiB.
    pub memory_mib: u32,
    /// Processor architecture.
    pub arch: Arch,
    /// Whether an interruptible (spot) task will do.
    pub spot: bool,
}

impl Default for Need {
    /// 2 vCPU and 4 GiB on demand: the size whose price is compared with GitHub's own 2-core runner.
    fn default() -> Self {
        Self { vcpu_milli: 2_000, memory_mib: 4_096, arch: Arch::X86, spot: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_exact() {
        assert!(Ratio::from_fraction(0.8).reached(80, 100));
        assert!(!Ratio::from_fraction(0.8).reached(79, 100));
        assert!(!Ratio(0).reached(0, 0), "no samples reach nothing");
        assert_eq!(Ratio::from_fraction(0.7).of(100), 70);
        assert_eq!(Ratio::from_fraction(0.8).times(Ratio::from_fraction(0.7)), Ratio(5_600));
    }
}
