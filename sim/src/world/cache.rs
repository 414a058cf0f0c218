//! The artifact cache in its three strategies. Knows keys, copies and what a hit or a miss takes; must not know jobs'
//! states.

use super::net::Net;
use super::spec::{CacheSpec, Prices};
use crate::dist::Ahead;
use crate::rng::{Rng, stream};
use rand::RngExt;
use tidegate_core::id::{MAX_REGIONS, PerRegion, RegionId};
use tidegate_core::map::IdMap;
use tidegate_core::policy::CacheStrategy;
use tidegate_core::{Span, Timestamp};

const ABSENT: Timestamp = Timestamp::MAX;

#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    /// From when each region has a copy.
    present: PerRegion<Timestamp>,
    last_used: Timestamp,
    gb: f64,
}

/// What the cache did for one job.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Fetch {
    /// What it adds to the job.
    pub(crate) takes: Span,
    /// GB sent from a region to others, by source.
    pub(crate) sent_gb: PerRegion<f64>,
    /// Objects written and read, by region.
    pub(crate) puts: PerRegion<u32>,
    /// Objects read.
    pub(crate) gets: PerRegion<u32>,
    /// How it went.
    pub(crate) outcome: Outcome,
}

/// How a look-up went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The job uses no cache.
    #[default]
    Unused,
    /// Found in the region.
    Hit,
    /// Found in another region.
    HitAbroad,
    /// Built again.
    Miss,
}

/// All caches. Content-hash keys: a changed key is a new one, and the old one ages away.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    entries: IdMap<Entry>,
    /// Every key ever asked for that still has an entry, for ageing.
    keys: Vec<u64>,
    strategy: CacheStrategy,
    regions: usize,
    /// What is asked for.
    asks: Rng,
    first_byte: Ahead,
    /// What a miss builds. A stream of its own, so that the next job's asks are the same whatever this one misses.
    builds: Rng,
    pub(crate) outcomes: [u64; 4],
}

impl Cache {
    pub(crate) fn new(strategy: CacheStrategy, regions: usize, spec: &CacheSpec, seed: u64) -> Self {
        Self {
            entries: IdMap::new(),
            keys: Vec::new(),
            strategy,
            regions,
            asks: stream(seed, "cache"),
            first_byte: Ahead::new(spec.first_byte.clone(), stream(seed, "cacheFirstByte")),
            builds: stream(seed, "cacheBuild"),
            outcomes: [0; 4],
        }
    }

    /// What the cache adds to a job of a repository that runs in `at`. `reaches` tells which regions' stores answer.
    pub(crate) fn fetch(
        &mut self,
        spec: &CacheSpec,
        net: &Net,
        repository: u64,
        at: RegionId,
        reaches: impl Fn(RegionId) -> bool,
        now: Timestamp,
    ) -> Fetch {
        // As many numbers a job whatever happens. They go to jobs in the order in which they start, which a strategy can change.
        let draws: [f64; 3] = std::array::from_fn(|_| self.asks.random());
        let mut fetch = Fetch::default();
        if draws[0] >= spec.used_by {
            return fetch;
        }
        // The square makes recent keys the likelier ones.
        let key =
            repository << 16 | ((draws[1] * draws[1] * f64::from(spec.keys)) as u64).min(u64::from(spec.keys) - 1);
        self.entries.prefetch(key);
        let changed = draws[2] < spec.churn;
        let first_byte = self.first_byte.span();
        let source = if changed { None } else { self.source(key, at, &reaches, now) };
        match source {
            Some(from) => self.hit(spec, net, key, from, at, first_byte, now, &mut fetch),
            None => self.miss(spec, key, at, now, &mut fetch),
        }
        self.outcomes[fetch.outcome as usize] += 1;
        fetch
    }

    /// Where a key is read: at home if it is there, else the lowest region that has it and answers.
    fn source(&self, key: u64, at: RegionId, reaches: &impl Fn(RegionId) -> bool, now: Timestamp) -> Option<RegionId> {
        let entry = self.entries.get(key)?;
        let has = |region: RegionId| entry.present[region.index()] <= now && reaches(region);
        match self.strategy {
            CacheStrategy::PrimarySecondary => Some(RegionId(0)).filter(|primary| has(*primary)),
            CacheStrategy::ActiveActive | CacheStrategy::RegionalWithIndex => {
                Some(at).filter(|at| has(*at)).or_else(|| (0..self.regions).map(RegionId::at).find(|r| has(*r)))
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one call site; a struct would only rename the arguments")]
    fn hit(
        &mut self,
        spec: &CacheSpec,
        net: &Net,
        key: u64,
        from: RegionId,
        at: RegionId,
        first_byte: Span,
        now: Timestamp,
        fetch: &mut Fetch,
    ) {
        let entry = self.entries.get_mut(key).expect("found above");
        entry.last_used = now;
        fetch.gets[from.index()] += 1;
        let rate = if from == at { spec.local_gb_s } else { spec.remote_gb_s };
        let latency = Span::from_secs_f64(net.mean(from, at) * 2.0);
        fetch.takes = first_byte + latency + Span::from_secs_f64(entry.gb / rate);
        if from == at {
            fetch.outcome = Outcome::Hit;
            return;
        }
        fetch.outcome = Outcome::HitAbroad;
        fetch.sent_gb[from.index()] += entry.gb;
        if self.strategy == CacheStrategy::RegionalWithIndex {
            entry.present[at.index()] = now + fetch.takes;
            fetch.puts[at.index()] += 1;
        }
    }

    fn miss(&mut self, spec: &CacheSpec, key: u64, at: RegionId, now: Timestamp, fetch: &mut Fetch) {
        fetch.outcome = Outcome::Miss;
        let gb = spec.size_gb.sample(&mut self.builds).max(0.0);
        fetch.takes = spec.rebuild.span(&mut self.builds);
        let built = now + fetch.takes;
        let lag = spec.replication_lag.span(&mut self.builds);
        let mut present = [ABSENT; MAX_REGIONS];
        let mut store = |region: RegionId, when: Timestamp| {
            present[region.index()] = when;
            fetch.puts[region.index()] += 1;
            if region != at {
                fetch.sent_gb[at.index()] += gb;
            }
        };
        match self.strategy {
            CacheStrategy::RegionalWithIndex => store(at, built),
            CacheStrategy::PrimarySecondary => store(RegionId(0), if at == RegionId(0) { built } else { built + lag }),
            CacheStrategy::ActiveActive => {
                for region in (0..self.regions).map(RegionId::at) {
                    store(region, if region == at { built } else { built + lag });
                }
            }
        }
        if self.entries.insert(key, Entry { present, last_used: now, gb }).is_none() {
            self.keys.push(key);
        }
    }

    /// Micro-dollars of storage by region for `lasting`, and the ageing: unused entries go cold, then away.
    pub(crate) fn store(
        &mut self,
        spec: &CacheSpec,
        prices: &[Prices],
        lasting: Span,
        now: Timestamp,
    ) -> PerRegion<f64> {
        let months = lasting.as_secs_f64() / (30.0 * 86_400.0);
        let mut usd = PerRegion::<f64>::default();
        let entries = &mut self.entries;
        self.keys.retain(|key| {
            let Some(entry) = entries.get(*key) else { return false };
            let unused = now.since(entry.last_used).as_secs_f64();
            if unused > spec.expires_after {
                entries.remove(*key);
                return false;
            }
            for (region, price) in prices.iter().enumerate() {
                if entry.present[region] <= now {
                    let cold = unused > spec.cold_after;
                    usd[region] += entry.gb * months * if cold { price.s3_cold_gb_month } else { price.s3_gb_month };
                }
            }
            true
        });
        usd.map(|usd| usd * 1e6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::World;
    use std::path::Path;

    /// Whether each of so many jobs asked for something, the keys of what was asked for, and how many missed it.
    fn asked(strategy: CacheStrategy, world: &World) -> (Vec<bool>, Vec<u64>, u64) {
        let (now, spec) = (world.agenda.now(), CacheSpec { used_by: 0.5, ..world.spec.cache.clone() });
        let mut cache = Cache::new(strategy, 3, &spec, 1);
        let fetch = |n: u64| {
            let (at, now) = (RegionId((n % 3) as u8), now + Span::from_secs(n));
            // Every other time no store abroad answers.
            let reaches = |other: RegionId| other == at || n.is_multiple_of(2);
            cache.fetch(&spec, &world.net, n % 7, at, reaches, now).outcome != Outcome::Unused
        };
        let used = (0..1_000).map(fetch).collect();
        (used, cache.keys, cache.outcomes[Outcome::Miss as usize])
    }

    #[test]
    fn the_same_is_asked_for_whatever_a_strategy_misses() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/three-regions.toml");
        let scenario = crate::scenario::file::read(&path, Default::default()).expect("it ships");
        let world = World::new(&scenario, 1);
        let (used, keys, missed) = asked(CacheStrategy::RegionalWithIndex, &world);
        assert!(used.iter().any(|used| *used) && used.iter().any(|used| !used));
        for other in [CacheStrategy::ActiveActive, CacheStrategy::PrimarySecondary] {
            let theirs = asked(other, &world);
            assert_ne!(theirs.2, missed, "{other:?}: it misses others");
            assert_eq!((theirs.0, theirs.1), (used.clone(), keys.clone()), "{other:?}");
        }
    }
}
