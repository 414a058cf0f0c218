//! Another policy for a running node, in force or in the shadow. Knows what may change while a node runs; must not know
//! where policies come from.

use super::shadow::Shadow;
use super::{Node, Outside};
use std::sync::Arc;
use tidegate_core::controller::Controller;
use tidegate_core::dispatcher::Dispatcher;
use tidegate_core::journal::PolicyText;
use tidegate_core::machine::{Host, Machine};
use tidegate_core::policy::Policy;

impl<O: Outside> Node<O> {
    /// Goes on with another policy for the same regions, from a new segment of the journal on.
    pub(super) fn change_policy(&mut self, policy: Arc<Policy>, text: PolicyText) {
        let now = self.clock.now();
        let controller = Controller::restore(Arc::clone(&policy), self.controller.machine().snapshot());
        let dispatcher = Dispatcher::restore(Arc::clone(&policy), self.dispatcher.machine().snapshot());
        let (Ok(controller), Ok(dispatcher), true) = (controller, dispatcher, self.may_follow(&policy)) else {
            tracing::warn!(
                policy = text.file,
                "the new policy has other regions, another order of them or another consistency: it is not taken; drain, and \
                 restart the nodes with it"
            );
            return;
        };
        let mut before = (
            std::mem::replace(&mut self.controller, Host::new(controller, now)),
            std::mem::replace(&mut self.dispatcher, Host::new(dispatcher, now)),
            std::mem::replace(&mut self.policy, policy),
            std::mem::replace(&mut self.policy_text, text),
        );
        if !self.next_segment() {
            // What is decided under it must be on a journal that says so.
            std::mem::swap(&mut before.0, &mut self.controller);
            std::mem::swap(&mut before.1, &mut self.dispatcher);
            std::mem::swap(&mut before.2, &mut self.policy);
            std::mem::swap(&mut before.3, &mut self.policy_text);
            tracing::warn!("the new policy is not in force: the journal cannot be written; write the file once more");
            return;
        }
        tracing::info!(policy = self.policy_text.file, "a new policy is in force");
        self.board.policy(&self.policy);
        self.outside.policy(&self.policy);
        self.wakes = [self.controller.machine().next_wake(), self.dispatcher.machine().next_wake()]
            .map(|wake| wake.map(|wake| wake.at));
    }

    /// Whether a policy may come into force while the node runs: regions are numbers on the wire and in the tables, in the
    /// order of the policy.
    fn may_follow(&self, policy: &Policy) -> bool {
        let names = |policy: &Policy| policy.regions.iter().map(|region| region.name.clone()).collect::<Vec<_>>();
        names(policy) == names(&self.policy) && policy.consistency == self.policy.consistency
    }

    pub(super) fn set_shadow(&mut self, policy: Arc<Policy>) {
        if !self.may_follow(&policy) {
            tracing::warn!("the policy cannot be tried in the shadow: it has other regions or another order of them");
            return;
        }
        match Controller::restore(policy, self.controller.machine().snapshot()) {
            Ok(controller) => {
                tracing::info!("a policy is tried in the shadow");
                self.shadow = Some(Shadow::new(controller, self.clock.now()));
            }
            Err(error) => tracing::warn!(%error, "the policy cannot be tried in the shadow"),
        }
    }
}
