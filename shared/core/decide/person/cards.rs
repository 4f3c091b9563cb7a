//! The part of a decision that concerns the cards at one door system.

use jiff::Timestamp;

use super::{AtDoors, DoorsDecision};
use crate::decide::action::Action;
use crate::decide::cards::{CardBook, CardsView, Number, decide_cards};
use crate::decide::entitlement::{Desired, is_awaited};
use crate::model::account::AccountId;
use crate::model::ids::DoorsName;
use crate::model::person::Person;
use crate::site::Mode;

/// Returns the card numbers that the person should have at this door system: all while the person
/// has access there now or later, because a card is one more way through doors that are already
/// open to the person; none afterwards, because people pass cards on.
pub fn desired_cards<'a>(
    person: &Person,
    numbers: &'a [Number],
    desired: &Desired,
    doors: &DoorsName,
    now: Timestamp,
) -> &'a [Number] {
    if person.claims_at(doors) || is_awaited(desired, doors, now) {
        numbers
    } else {
        &[]
    }
}

impl AtDoors<'_> {
    /// Decides about the person's cards. An account that is only being created gets its cards in
    /// the next round.
    pub(super) fn decide_cards(self, book: &CardBook, decision: &mut DoorsDecision) {
        let unmade = AccountId(String::new());
        let linked = self.linked.map(|linked| &linked.account.id);
        let Some(account) = linked.or(decision.creates().then_some(&unmade)) else {
            return;
        };
        let protected = self
            .context
            .protects(account, self.linked.map(|linked| &*linked.account));
        let (desired, context) = (self.view.desired, self.view.context);
        let decided = decide_cards(CardsView {
            account,
            desired: desired_cards(
                self.view.person,
                desired.cards,
                desired.access,
                self.doors,
                context.now,
            ),
            claimed: self
                .linked
                .map(|linked| linked.cards.as_slice())
                .unwrap_or_default(),
            book,
            one: self.context.capabilities.one_card,
            taken_over: !self.context.doors_read.cards_taken
                || self.view.scope.adopt_cards.contains(self.doors),
            give: !context.stale,
            take: context.mode != Mode::GrantOnly && !protected,
        });
        decision
            .actions
            .extend(decided.untag.into_iter().map(Action::Untag));
        decision
            .actions
            .extend(decided.tag.into_iter().map(Action::Tag));
        decision.adopt_cards = decided.adopt;
        decision.disown_cards = decided.disown;
        decision.troubles = decided.troubles;
    }
}
