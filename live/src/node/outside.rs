//! Where effects go: AWS and GitHub, or the virtual world. Knows the two kinds of effects; must not know who answers.

use tidegate_core::port::Ticket;
use tidegate_core::{Policy, controller, dispatcher};

/// The world outside a node. Takes effects and returns at once; what came of one is told to the node's inbox, or never.
pub trait Outside: Send {
    /// The controller asks for something.
    fn controller(&mut self, effect: controller::Effect);

    /// The dispatcher asks for something. Notices do not come here: the node tells its own controller.
    fn dispatcher(&mut self, effect: dispatcher::Effect);

    /// The process came up with these placements on its mind; those marked were launched by an earlier one, or may have
    /// been: follow them.
    fn adopt(&mut self, held: Vec<(Ticket, bool)>);

    /// Another policy is in force from now on: what is out there keeps to its budgets and times, too.
    fn policy(&mut self, policy: &Policy);
}
