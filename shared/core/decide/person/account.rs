//! The part of a decision that concerns the account at one door system.

use super::AtDoors;
use crate::decide::action::Action;
use crate::decide::entitlement::{is_awaited, open_at};
use crate::decide::guest_seats;
use crate::model::account::Standing;
use crate::model::linked::Linked;
use crate::site::{Mode, WithoutAccess};

impl AtDoors<'_> {
    /// Returns the actions on the account, given the actions in its groups.
    pub(super) fn account_actions(self, in_groups: &[Action]) -> Vec<Action> {
        let grants = in_groups
            .iter()
            .any(|action| matches!(action, Action::Grant { .. }));
        let Some(linked) = self.linked else {
            return if grants {
                vec![Action::Create]
            } else {
                Vec::new()
            };
        };
        let resumed = self.must_be_resumed(linked).then_some(Action::Resume);
        let is_quiet = in_groups.is_empty() && !self.view.person.claims_at(self.doors);
        let retired = if is_quiet {
            self.without_access(linked)
        } else {
            None
        };
        resumed
            .into_iter()
            .chain(self.renamed(linked))
            .chain(retired)
            .collect()
    }

    /// Returns whether Doorstep or another site suspended the account, and the person comes now or
    /// soon.
    fn must_be_resumed(self, linked: &Linked) -> bool {
        let (others, now) = (self.view.actual.others, self.view.context.now);
        let is_suspended = linked.account.standing == Standing::Suspended;
        let suspended =
            linked.suspended || is_suspended && others.suspended(self.doors, &linked.account.id);
        let access = self.view.desired.access;
        let is_open = || self.groups().any(|at| open_at(access, at, now).is_some());
        let comes = || {
            is_open()
                || self.gives_seat_back() && guest_seats::is_about_to_come(access, self.doors, now)
        };
        suspended && !self.view.context.stale && comes()
    }

    /// Returns the action that carries over the platform's name, unless the door system refused it
    /// before.
    fn renamed(self, linked: &Linked) -> Option<Action> {
        let name = self.view.desired.name.filter(|name| *name != linked.name)?;
        (linked.refused_name.as_deref() != Some(name)).then(|| Action::Rename(name.to_owned()))
    }

    /// Returns what the site file asks for an account that is in no group of Doorstep's.
    fn without_access(self, linked: &Linked) -> Option<Action> {
        let (others, id) = (self.view.actual.others, &linked.account.id);
        let is_safe =
            !linked.account.privileged && !self.context.protects(id, Some(&linked.account));
        let is_idle = !linked.left_alone && linked.cards.is_empty();
        if !is_idle || !is_safe || self.view.context.mode != Mode::Full {
            return None;
        }
        let (access, now) = (self.view.desired.access, self.view.context.now);
        let awaited = || is_awaited(access, self.doors, now);
        let pauses =
            || self.gives_seat_back() && guest_seats::is_between_visits(access, self.doors, now);
        match self.context.without_access(self.view.person) {
            WithoutAccess::Suspend if others.need_seat(self.doors, id, now) => None,
            WithoutAccess::Delete if others.need(self.doors, id) => None,
            WithoutAccess::Suspend
                if linked.account.standing == Standing::Active && self.can_be_suspended(linked) =>
            {
                (!awaited() || pauses()).then_some(Action::Suspend)
            }
            WithoutAccess::Delete if linked.made => (!awaited()).then_some(Action::Delete),
            _ => None,
        }
    }

    fn can_be_suspended(self, linked: &Linked) -> bool {
        self.context.capabilities.suspends_guests || !linked.account.guest
    }

    fn gives_seat_back(self) -> bool {
        guest_seats::gives_seat_back(self.view.person, self.context)
    }
}
