//! Webhooks on their way: sent, answered, lost. Knows GitHub's ten seconds and its list of failed deliveries; must not
//! know what a webhook says.

use super::due::Due;
use super::faults::Call;
use super::post::Delivery;
use super::{REDELIVERY_WINDOW, World};
use crate::scenario::Service;
use rand::RngExt;
use tidegate_core::Fact;
use tidegate_core::id::RegionId;
use tidegate_core::port::webhook;
use tidegate_core::time::Span;

impl World {
    /// A delivery goes to the address that GitHub's resolver gives it.
    pub(super) fn deliver(&mut self, event: webhook::Event, after: Span) {
        self.table.prefetch(event.job());
        let now = self.agenda.now();
        let delay = self.streams.webhook_delay.span();
        let sent_at = now + after + delay;
        if !self.faults.github_up() {
            // GitHub's own deliveries fail with it; they are on its list of failed deliveries afterwards.
            let mail = self.post.deliveries.insert(Delivery { event, sent_at });
            return self.agenda.schedule(sent_at, Due::Undelivered { mail });
        }
        let split = self.ingress.is_split(now);
        let u = if split { self.streams.deliveries.random() } else { 1.0 };
        let region = self.ingress.target(now, u);
        let takes = self.net.github(region, self.spec.delivery_rtts);
        let lost =
            self.faults.webhook_loss() > 0.0 && self.streams.deliveries.random::<f64>() < self.faults.webhook_loss();
        let mail = self.post.deliveries.insert(Delivery { event, sent_at });
        if lost {
            let at = sent_at + Span::from_secs_f64(self.spec.delivery_timeout);
            self.agenda.schedule(at, Due::Undelivered { mail });
        } else {
            self.agenda.schedule(sent_at + takes, Due::Deliver { region, mail });
        }
    }

    /// A delivery that nobody answered: GitHub lists it as failed.
    pub(crate) fn on_undelivered(&mut self, mail: u32) {
        let Some(Delivery { event, .. }) = self.post.deliveries.take(mail) else { return };
        self.fact(Fact::DeliveryLost { job: event.job() });
        let now = self.agenda.now();
        while self.failed_deliveries.front().is_some_and(|(at, _)| now.since(*at) > REDELIVERY_WINDOW) {
            self.failed_deliveries.pop_front();
        }
        self.failed_deliveries.push_back((now, event));
    }

    /// A delivery reaches an ingress. Gives the event if the ingress answers in time.
    pub(crate) fn on_deliver(&mut self, region: RegionId, mail: u32) -> Option<webhook::Event> {
        let now = self.agenda.now();
        let Delivery { ref event, sent_at } = *self.post.deliveries.get(mail)?;
        if let webhook::Event::JobQueued { spec } = event {
            self.github.prefetch_claimed(spec.job); // as a rule there is no item yet
        } else {
            self.table.prefetch_item(event.job());
        }
        let factor = match self.call(region, Service::Ingress) {
            Call::Works(factor) => factor,
            Call::Fails | Call::Throttled => {
                self.agenda.schedule(now, Due::Undelivered { mail });
                return None;
            }
        };
        let work = Span::from_secs_f64(self.streams.ingress_work.next() * factor);
        let took = now.since(sent_at) + work;
        if took.as_secs_f64() > self.spec.delivery_timeout {
            self.agenda.schedule(now, Due::Undelivered { mail });
            return None;
        }
        let delivery = self.post.deliveries.take(mail)?;
        self.usage.deliveries[region.index()] += 1;
        self.fact(Fact::DeliveryAcked { region, took });
        Some(delivery.event)
    }
}
