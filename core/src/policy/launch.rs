//! The policy of runners: retries, breakers, time-outs, and GitHub's budget. Knows values and their defaults; must not
//! know files.

use crate::time::Span;

/// Spot is not tried for a while after interruptions or refusals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpotBreaker {
    /// Interruptions or refusals in the window that open the breaker.
    pub count: u32,
    /// Length of the window.
    pub window: Span,
    /// How long spot is left alone.
    pub pause: Span,
}

impl Default for SpotBreaker {
    fn default() -> Self {
        Self { count: 2, window: Span::from_mins(15), pause: Span::from_mins(30) }
    }
}

/// How runners are launched and looked after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launch {
    /// Tries in one region before the next is asked.
    pub retries: u32,
    /// First wait between tries; doubled at each.
    pub backoff: Span,
    /// The longest wait between tries.
    pub backoff_max: Span,
    /// How long a class of capacity that was refused is left alone in that region.
    pub negative_cache: Span,
    /// Spot's own breaker.
    pub spot_breaker: SpotBreaker,
    /// A task that is not online by then is stopped and its job placed again.
    pub start_timeout: Span,
    /// A runner that took no job for so long is surplus: taken off GitHub's list, then stopped.
    pub idle_timeout: Span,
    /// How long a job may wait for capacity before we give it up. GitHub fails a queued job after 24 h.
    pub give_up_after: Span,
    /// A runner may work for so long. GitHub ends a self-hosted job after 5 days.
    pub max_job: Span,
}

impl Launch {
    /// How long a job that was sent to a region with an empty queue may stay without a runner at work: half as long
    /// again as a task may take to come up. Then it is looked after anew.
    #[must_use]
    pub fn patience(&self) -> Span {
        Span(self.start_timeout.0 / 2 * 3)
    }
}

impl Default for Launch {
    fn default() -> Self {
        Self {
            retries: 5,
            backoff: Span::from_secs(2),
            backoff_max: Span::from_mins(5),
            negative_cache: Span::from_mins(3),
            spot_breaker: SpotBreaker::default(),
            start_timeout: Span::from_mins(10),
            idle_timeout: Span::from_mins(10),
            give_up_after: Span::from_hours(24),
            max_job: Span::from_hours(120),
        }
    }
}

/// What we allow ourselves of GitHub's API, per organization (the budget of an App's installation).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitHub {
    /// Runner registrations a minute: 900 points a minute at 5 points each.
    pub registrations_per_minute: u32,
    /// Other requests an hour.
    pub requests_per_hour: u32,
    /// Time between comparisons of GitHub's queued jobs with ours.
    pub reconcile_every: Span,
    /// Time between sweeps of failed deliveries.
    pub sweep_every: Span,
    /// A queued job that GitHub lists and we do not know is placed when it is listed for so long: the webhook may
    /// still come, and the list is eventually consistent.
    pub second_look: Span,
}

impl Default for GitHub {
    fn default() -> Self {
        Self {
            registrations_per_minute: 180,
            requests_per_hour: 5_000,
            reconcile_every: Span::from_secs(60),
            sweep_every: Span::from_mins(5),
            second_look: Span::from_secs(45),
        }
    }
}
