//! The actions that a person's cards need at one door system: pure. The decision of [`crate::decide::cards`]
//! becomes actions.

use jiff::Timestamp;

use super::{PersonDecision, View, is_awaited};
use crate::decide::action::Action;
use crate::decide::cards::{self, CardBook, Number};
use crate::decide::doors_context::DoorsContext;
use crate::decide::entitlement::Desired;
use crate::model::account::AccountId;
use crate::model::person::Person;
use crate::site::Mode;

/// Returns the card numbers that the person should have at this door system: all while the person has access there now
/// or later, because a card is one more way through doors that are already open to the person; none afterwards, because
/// people pass cards on.
pub fn wanted_cards<'a>(
    person: &Person,
    numbers: &'a [Number],
    desired: &Desired,
    doors: &str,
    now: Timestamp,
) -> &'a [Number] {
    if person.claims_at(doors) || is_awaited(desired, doors, now) { numbers } else { &[] }
}

/// Decides the actions on a person's cards. An account that is only being created gets its cards in the next round.
pub fn card_moves(
    view: View<'_>,
    doors: &str,
    terms: &DoorsContext,
    book: &CardBook,
    made: bool,
    judged: &mut PersonDecision,
) {
    let nobody = AccountId(String::new());
    let linked = view.person.accounts.get(doors);
    let Some(account) = linked.map(|linked| &linked.account.id).or(made.then_some(&nobody)) else { return };
    let protected = terms.protects(account, linked.map(|linked| &*linked.account));
    let verdict = cards::judge(cards::View {
        account,
        wanted: wanted_cards(view.person, view.numbers, view.desired, doors, view.now),
        ours: linked.map(|linked| linked.cards.as_slice()).unwrap_or_default(),
        book,
        one: terms.capabilities.one_card,
        taken_over: !terms.seen.cards_taken || view.adopt_cards.contains(doors),
        give: !view.stale,
        take: view.mode != Mode::GrantOnly && !protected,
    });
    let at = || doors.to_owned();
    judged.moves.extend(verdict.untag.into_iter().map(|change| (at(), Action::Untag(change))));
    judged.moves.extend(verdict.tag.into_iter().map(|change| (at(), Action::Tag(change))));
    judged.adopt_cards.extend(verdict.adopt.into_iter().map(|(number, because)| (at(), number, because)));
    judged.forget_cards.extend(verdict.forget.into_iter().map(|number| (at(), number)));
    judged.troubles.extend(verdict.troubles.into_iter().map(|trouble| (at(), trouble)));
}
