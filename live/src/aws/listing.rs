//! Merges the shards of the index of open claims in the order of jobs. Knows what each shard brought; must not know how
//! a page is read.

use super::records::SHARDS;
use std::collections::BTreeSet;
use tidegate_core::id::JobId;

/// A merge of the shards of the index: a job is ready once no shard can bring a lower one.
#[derive(Debug)]
pub(crate) struct Listing {
    /// By shard: the last job it brought, and whether that was its end.
    shards: Vec<(Option<JobId>, bool)>,
    waiting: BTreeSet<JobId>,
    /// Items asked of a shard at once.
    pub(crate) page: usize,
}

impl Listing {
    /// A page is twice a shard's even share of the limit, as each claim has one open record as a rule.
    pub(crate) fn new(after: Option<JobId>, limit: usize) -> Self {
        let page = (limit / SHARDS as usize * 2).clamp(16, 1_000);
        Self { shards: vec![(after, false); SHARDS as usize], waiting: BTreeSet::new(), page }
    }

    pub(crate) fn after(&self, shard: u64) -> Option<JobId> {
        self.shards[shard as usize].0
    }

    /// The shard whose page is needed next: of those that go on, the one that has come least far.
    pub(crate) fn furthest_behind(&self) -> Option<u64> {
        let going = self.shards.iter().zip(0..).filter(|((_, over), _)| !over);
        going.min_by_key(|((last, _), n)| (*last, *n)).map(|(_, n)| n)
    }

    /// Takes in a page of a shard, in the order of its jobs.
    pub(crate) fn add(&mut self, shard: u64, jobs: &[JobId], is_last: bool) {
        let (last, over) = &mut self.shards[shard as usize];
        *last = jobs.last().copied().or(*last);
        *over = is_last;
        self.waiting.extend(jobs);
    }

    /// Jobs that are ready, lowest first, `most` at the most.
    pub(crate) fn take_ready(&mut self, most: usize) -> Vec<JobId> {
        let horizon = self.shards.iter().filter(|(_, over)| !over).map(|(last, _)| *last).min();
        let is_ready = |job: &&JobId| horizon.is_none_or(|horizon| Some(**job) <= horizon);
        let ready: Vec<JobId> = self.waiting.iter().take_while(is_ready).take(most).copied().collect();
        for job in &ready {
            self.waiting.remove(job);
        }
        ready
    }

    pub(crate) fn is_over(&self) -> bool {
        self.waiting.is_empty() && self.shards.iter().all(|(_, over)| *over)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lists jobs of the shards they belong to, pages of two.
    fn list(jobs: &[u64], after: Option<u64>) -> Vec<u64> {
        let (mut listing, mut found) = (Listing::new(after.map(JobId), 1), Vec::new());
        for _ in 0..1_000 {
            let ready = listing.take_ready(3);
            found.extend(ready.iter().map(|job| job.0));
            if !ready.is_empty() {
                continue;
            }
            let Some(shard) = listing.furthest_behind() else { break };
            let beyond = |job: &&u64| **job % SHARDS == shard && listing.after(shard).is_none_or(|last| **job > last.0);
            let rest: Vec<JobId> = jobs.iter().filter(beyond).map(|job| JobId(*job)).collect();
            listing.add(shard, &rest[..rest.len().min(2)], rest.len() <= 2);
        }
        assert!(listing.is_over());
        found
    }

    #[test]
    fn jobs_come_in_order_whatever_their_shards() {
        let jobs: Vec<u64> = (0..100).map(|n| n * n / 7).collect::<BTreeSet<u64>>().into_iter().collect();
        assert_eq!(list(&jobs, None), jobs);
        let beyond: Vec<u64> = jobs.iter().copied().filter(|job| *job > 300).collect();
        assert_eq!(list(&jobs, Some(300)), beyond);
        assert_eq!(list(&[8, 16, 24, 32, 40], None), [8, 16, 24, 32, 40], "one shard alone");
        assert_eq!(list(&[], None), Vec::<u64>::new());
    }
}
