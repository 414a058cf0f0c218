//! Names of things: regions, jobs, runs, placements. Knows how they order and print; must not know what they mean.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

/// The most regions a policy may name. Eight is what we have prices and latencies for, and lets a set of regions be
/// one byte.
pub const MAX_REGIONS: usize = 8;

/// One value per region, indexed by [`RegionId::index`].
pub type PerRegion<T> = [T; MAX_REGIONS];

/// A region: its place in the policy, which is ordered by priority and then by name. Ties are broken by the lower id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RegionId(pub u8);

impl RegionId {
    /// The index into a [`PerRegion`].
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The region at an index.
    ///
    /// # Panics
    /// When `index` is not below [`MAX_REGIONS`].
    #[must_use]
    pub fn at(index: usize) -> Self {
        assert!(index < MAX_REGIONS, "a policy names at most {MAX_REGIONS} regions");
        Self(index as u8)
    }
}

/// A set of regions in one byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RegionSet(pub u8);

impl RegionSet {
    /// No region.
    pub const EMPTY: Self = Self(0);

    /// The first `count` regions.
    #[must_use]
    pub fn first(count: usize) -> Self {
        assert!(count <= MAX_REGIONS, "a policy names at most {MAX_REGIONS} regions");
        Self(((1u16 << count) - 1) as u8)
    }

    /// Just this one.
    #[must_use]
    pub const fn only(region: RegionId) -> Self {
        Self(1 << region.0)
    }

    /// Whether it holds the region.
    #[must_use]
    pub const fn contains(self, region: RegionId) -> bool {
        self.0 & (1 << region.0) != 0
    }

    /// With the region added.
    #[must_use]
    pub const fn with(self, region: RegionId) -> Self {
        Self(self.0 | 1 << region.0)
    }

    /// With the region taken out.
    #[must_use]
    pub const fn without(self, region: RegionId) -> Self {
        Self(self.0 & !(1 << region.0))
    }

    /// What both hold.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether it holds none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many it holds.
    #[must_use]
    pub const fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// Its regions, lowest id first.
    pub fn iter(self) -> impl Iterator<Item = RegionId> {
        (0..MAX_REGIONS as u8).map(RegionId).filter(move |r| self.contains(*r))
    }
}

/// The first 64 bits of the SHA-256 of a text: an organization, a repository, a set of labels.
///
/// Machines compare names and never read them, so eight bytes stand for any text; with SHA-256 nobody can choose a
/// repository name that is taken for another's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Name(pub u64);

impl Name {
    /// The name of a text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let digest = Sha256::digest(text.as_bytes());
        let first: [u8; 8] = digest[..8].try_into().expect("SHA-256 has 32 bytes");
        Self(u64::from_be_bytes(first))
    }
}

/// One GitHub `workflow_job`, by GitHub's number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(pub u64);

/// One GitHub workflow run, by GitHub's number. Jobs of one run stick together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub u64);

/// One placement: job, attempt of the workflow run (GitHub's), attempt of the placement (ours).
///
/// Its text is the deduplication id, the client token and the runner's name of everything done for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PlacementId {
    /// The job the capacity is meant for.
    pub job: JobId,
    /// GitHub's count of re-runs of the workflow run, from 1.
    pub run_attempt: u16,
    /// Our count of placements of this job, from 1.
    pub attempt: u16,
}

impl PlacementId {
    /// One word for a placement, as a key. Job numbers of GitHub are below 2^44 and attempts below 1,024 by a wide
    /// margin; a clash beyond that would only make one placement look like another.
    #[must_use]
    pub fn word(self) -> u64 {
        self.job.0 << 20 | u64::from(self.run_attempt & 0x3FF) << 10 | u64::from(self.attempt & 0x3FF)
    }
}

impl fmt::Display for PlacementId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tidegate-{}-{}-{}", self.job.0, self.run_attempt, self.attempt)
    }
}

/// A text that is no placement's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a Tidegate runner: expected tidegate-JOB-RUNATTEMPT-ATTEMPT")]
pub struct NotAPlacement;

impl FromStr for PlacementId {
    type Err = NotAPlacement;

    fn from_str(text: &str) -> Result<Self, NotAPlacement> {
        let mut parts = text.strip_prefix("tidegate-").ok_or(NotAPlacement)?.splitn(3, '-');
        let mut next = || parts.next().ok_or(NotAPlacement);
        Ok(Self {
            job: JobId(next()?.parse().map_err(|_| NotAPlacement)?),
            run_attempt: next()?.parse().map_err(|_| NotAPlacement)?,
            attempt: next()?.parse().map_err(|_| NotAPlacement)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_placement_fits_a_client_token() {
        let longest = PlacementId { job: JobId(u64::MAX), run_attempt: u16::MAX, attempt: u16::MAX };
        assert!(longest.to_string().len() <= 64, "ECS takes 64 characters");
        assert_eq!(longest.to_string().parse(), Ok(longest));
        assert_eq!("someone-else".parse::<PlacementId>(), Err(NotAPlacement));
    }

    #[test]
    fn sets_hold_what_they_were_given() {
        let set = RegionSet::first(3).without(RegionId(1));
        assert_eq!(set.iter().collect::<Vec<_>>(), [RegionId(0), RegionId(2)]);
        assert_eq!(RegionSet::first(MAX_REGIONS).len(), 8);
    }
}
