//! The sweep: failed deliveries are asked for again, because GitHub does not try twice by itself (rule 5). Knows GitHub's
//! list of deliveries; must not know what a delivery says.

mod ledger;

use super::budget::{Payer, Purpose};
use super::client::{Call, Client, Inner};
use axum::http::{Method, StatusCode};
use ledger::{Ledger, Seen};
use serde::Deserialize;
use tidegate_core::document::parse_timestamp;
use tidegate_core::port::Failure;
use tidegate_core::{Span, Timestamp};

/// GitHub delivers again what is younger.
const WINDOW: Span = Span::from_hours(72);
/// Deliveries asked for again in one sweep at the most.
pub const REDELIVERIES_MAX: usize = 100;
/// Pages of a hundred deliveries that one sweep reads at the most; the next goes on from there.
pub const PAGES_MAX: usize = 50;
/// What was delivered so shortly before the newest delivery of the last sweep is read again: the list has its order by
/// time, yet a delivery shows when it has ended.
const OVERLAP: Span = Span::from_mins(2);
/// Stretches of the list left to be read, at the most. Each sweep that is cut short leaves one.
const GAPS_MAX: usize = 100;

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Deliveries that were read.
    pub read: usize,
    /// Of those, failed ones.
    pub failed: usize,
    /// Deliveries asked for again; they come as ordinary webhooks.
    pub asked: usize,
    /// Failed deliveries that wait for a later sweep.
    pub left: usize,
    /// Failed deliveries we do not ask for again: five times were not enough, or GitHub has them no more.
    pub given_up: usize,
    /// Whether all of the last three days was read, by this sweep and those before.
    pub complete: bool,
}

/// What is remembered from sweep to sweep.
#[derive(Default)]
pub(super) struct Sweeps {
    ledger: Ledger,
    /// The newest delivery that was read.
    newest: Timestamp,
    /// Where reading was cut short: the page to go on with, and the moment to stop at.
    gaps: Vec<(String, Timestamp)>,
}

/// A delivery as GitHub lists it.
#[derive(Deserialize)]
struct Shown {
    id: u64,
    guid: String,
    delivered_at: String,
    #[serde(default)]
    redelivery: bool,
    /// What we answered; 0 or nothing when there was no answer.
    status_code: Option<u16>,
    #[serde(default)]
    event: String,
}

impl Client {
    /// Reads the deliveries since the last sweep, three days of them at first, and has GitHub deliver the failed ones
    /// again that were never taken: those about jobs, oldest first, at most [`REDELIVERIES_MAX`], each at most five times.
    ///
    /// # Errors
    /// Why it was not finished. What it learned is remembered.
    pub async fn sweep(&self) -> Result<Swept, Failure> {
        let mut sweeps = self.inner.sweeps.lock().await;
        let mut swept = Swept::default();
        let now = self.inner.clock.now();
        sweeps.ledger.forget_before(now - WINDOW);
        sweeps.read(&self.inner, now, &mut swept).await?;
        sweeps.ask(&self.inner, &mut swept).await?;
        (swept.left, swept.given_up) = sweeps.ledger.left();
        swept.complete = sweeps.gaps.is_empty();
        Ok(swept)
    }
}

impl Sweeps {
    /// Reads what is new, then what earlier sweeps did not get to.
    async fn read(&mut self, inner: &Inner, now: Timestamp, swept: &mut Swept) -> Result<(), Failure> {
        let mut pages = PAGES_MAX;
        let until = (self.newest - OVERLAP).max(now - WINDOW);
        // The new stretch is a gap until it is read, so that nothing is lost where reading fails.
        let mut todo = std::mem::take(&mut self.gaps);
        todo.truncate(GAPS_MAX - 1);
        todo.insert(0, ("/app/hook/deliveries?per_page=100".to_owned(), until));
        let mut failed = None;
        for (path, until) in todo {
            let until = until.max(now - WINDOW);
            if failed.is_some() {
                self.gaps.push((path, until));
                continue;
            }
            let (rest, read) = self.stretch(inner, path, until, &mut pages, swept).await;
            // A first page that was not read is no gap: the next sweep begins there anyway.
            self.gaps.extend(rest.filter(|rest| rest.contains("cursor=")).map(|rest| (rest, until)));
            failed = read.err();
        }
        failed.map_or(Ok(()), Err)
    }

    /// Reads pages until a moment, newest first; what is left to read, and whether all went well.
    async fn stretch(
        &mut self,
        inner: &Inner,
        path: String,
        until: Timestamp,
        pages: &mut usize,
        swept: &mut Swept,
    ) -> (Option<String>, Result<(), Failure>) {
        let mut path = path;
        while *pages > 0 {
            *pages -= 1;
            let call = Call::page(&path, Purpose::Survey);
            let answer = match inner.exchange(&inner.app, &Payer::App, &call).await {
                Ok(answer) if answer.status == StatusCode::UNPROCESSABLE_ENTITY => return (None, Ok(())), // cursor gone
                Ok(answer) => answer,
                Err(failure) => return (Some(path), Err(failure)),
            };
            let page: Vec<Shown> = match answer.read() {
                Ok(page) => page,
                Err(failure) => return (Some(path), Err(failure)),
            };
            let oldest = self.take(&page, until, swept);
            match answer.next() {
                Some(next) if oldest >= until => path = next,
                _ => return (None, Ok(())),
            }
        }
        (Some(path), Ok(()))
    }

    /// Takes in what a page has since a moment; when its oldest delivery was.
    fn take(&mut self, page: &[Shown], since: Timestamp, swept: &mut Swept) -> Timestamp {
        let mut oldest = Timestamp::MAX;
        for shown in page {
            swept.read += 1;
            let Ok(at) = parse_timestamp(&shown.delivered_at) else { continue };
            oldest = oldest.min(at);
            self.newest = self.newest.max(at);
            if shown.event != "workflow_job" || at < since {
                continue; // nothing else is heeded, and what is older was read before or is delivered no more
            }
            let success = shown.status_code.is_some_and(|status| (200..300).contains(&status));
            swept.failed += usize::from(!success);
            let seen = Seen { id: shown.id, at, success, redelivery: shown.redelivery };
            self.ledger.enter(&shown.guid, seen);
        }
        oldest
    }

    /// Asks for failed deliveries again.
    async fn ask(&mut self, inner: &Inner, swept: &mut Swept) -> Result<(), Failure> {
        for (guid, id) in self.ledger.due(REDELIVERIES_MAX) {
            let path = format!("/app/hook/deliveries/{id}/attempts");
            let call = Call::new(Method::POST, &path, Purpose::Survey);
            let answer = inner.exchange(&inner.app, &Payer::App, &call).await?;
            if answer.status.is_success() {
                self.ledger.asked(&guid);
                swept.asked += 1;
            } else {
                tracing::warn!(delivery = id, status = answer.status.as_u16(), "GitHub does not deliver it again");
                self.ledger.give_up(&guid);
            }
        }
        Ok(())
    }
}
