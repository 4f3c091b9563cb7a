//! The actions that one person needs at every door system: pure. The group decisions of [`crate::decide::group`]
//! and the needs of the accounts become one list of actions. The list can be printed and judged before anything is
//! applied.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::decide::action::Action;
use crate::decide::cards::{CardBook, Number, Trouble};
use crate::decide::doors_context::DoorsContext;
use crate::decide::entitlement::{Desired, OpenInterval, open_at};
use crate::decide::group::{Ends, GroupDecision, Held, judge};
use crate::decide::guest_seats;
use crate::model::account::{AccountId, GroupId, GroupMember, Standing};
use crate::model::actual_groups::{ActualGroups, GroupRows};
use crate::model::other_sites::OtherSites;
use crate::model::person::{Claim, Linked, Person};
use crate::site::{Mode, WithoutAccess};

mod cards;

use cards::card_moves;
pub use cards::wanted_cards;

/// The inputs of one person's decision.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The person.
    pub person: &'a Person,
    /// The person's name at the platform.
    pub name: Option<&'a str>,
    /// The access that follows from facts and rules.
    pub desired: &'a Desired,
    /// The groups that concern the person.
    pub groups: &'a BTreeSet<(String, GroupId)>,
    /// The actual members of these groups. A group that could not be read is absent, and no action is decided for it.
    pub held: &'a ActualGroups,
    /// The person's card numbers.
    pub numbers: &'a [Number],
    /// The cards of each door system, as far as they were read.
    pub books: &'a BTreeMap<String, CardBook>,
    /// Door systems whose cards were read as far as they concern this person. No card action is decided for the others.
    pub looked: &'a BTreeSet<String>,
    /// Door systems whose cards are being adopted, whether or not they were adopted before.
    pub adopt_cards: &'a BTreeSet<String>,
    /// The context of each door system.
    pub terms: &'a BTreeMap<String, DoorsContext>,
    /// The mode of the site, which limits what may change.
    pub mode: Mode,
    /// Groups that are being adopted, whether or not they were adopted before.
    pub adopt: &'a BTreeSet<(String, GroupId)>,
    /// The platform has been unreadable for too long, so nothing new may be opened.
    pub stale: bool,
    /// What other sites of the stack hold at these door systems.
    pub others: &'a OtherSites,
    /// The instant of the decision.
    pub now: Timestamp,
}

/// The decision for one person.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PersonDecision {
    /// The actions for each door system, in the order in which they must run.
    pub moves: Vec<(String, Action)>,
    /// Memberships that become claims without a change at the door system.
    pub adopt: Vec<Claim>,
    /// Claims to disown without a change at the door system.
    pub release: Vec<(String, GroupId)>,
    /// Cards to adopt without a change at the door system: door system, number, reason.
    pub adopt_cards: Vec<(String, String, String)>,
    /// Cards to disown, by door system and number.
    pub forget_cards: Vec<(String, String)>,
    /// Problems with the person's card numbers, by door system.
    pub troubles: Vec<(String, Trouble)>,
}

impl PersonDecision {
    /// Returns whether nothing changes at the door systems or in the store. Card problems do not count.
    pub fn is_empty(&self) -> bool {
        let PersonDecision { moves, adopt, release, adopt_cards, forget_cards, troubles: _ } = self;
        let cards = adopt_cards.is_empty() && forget_cards.is_empty();
        moves.is_empty() && adopt.is_empty() && release.is_empty() && cards
    }

    /// Returns the door systems where any card changes.
    pub fn card_doors(&self) -> impl Iterator<Item = &String> {
        let moves = self.moves.iter().filter(|(_, step)| matches!(step, Action::Tag(_) | Action::Untag(_)));
        let (adopt, forget) = (self.adopt_cards.iter().map(|(doors, ..)| doors), self.forget_cards.iter());
        moves.map(|(doors, _)| doors).chain(adopt).chain(forget.map(|(doors, _)| doors))
    }
}

/// Returns the groups that concern a person: groups that are open now, claimed groups, groups of intents, and `more`.
pub fn concerned<'a>(
    person: &Person,
    desired: &Desired,
    now: Timestamp,
    more: impl IntoIterator<Item = &'a (String, GroupId)>,
) -> BTreeSet<(String, GroupId)> {
    let open = desired.iter().filter(|(_, stretches)| stretches.iter().any(|stretch| stretch.window.holds(now)));
    let open = open.map(|((doors, group), _)| (doors, group));
    let claimed = person.claims.iter().map(|claim| (&claim.doors, &claim.group));
    let begun = person.intents.iter().filter_map(|intent| Some((&intent.doors, intent.group.as_ref()?)));
    let more = more.into_iter().map(|(doors, group)| (doors, group));
    // The sources mostly name the same group, so duplicates go before anything is cloned.
    let all: BTreeSet<(&String, &GroupId)> = open.chain(claimed).chain(begun).chain(more).collect();
    all.into_iter().map(|(doors, group)| (doors.clone(), group.clone())).collect()
}

/// Decides the actions for one person, one door system after another. For each group it compares the desired interval,
/// the claim and the actual members. The needs of the account follow from the changes in its groups, and cards come
/// last.
pub fn decide_person(view: View<'_>) -> PersonDecision {
    let mut judged = PersonDecision::default();
    for (doors, terms) in view.terms {
        let mut changes = Vec::new();
        for group in view.groups.iter().filter(|(at, _)| at == doors) {
            let Some(rows) = view.held.get(group) else { continue };
            group_verdict(view, group, terms, rows, &mut judged, &mut changes);
        }
        let account = account_moves(view, doors, terms, &changes);
        let made = account.contains(&Action::Create);
        judged.moves.extend(account.into_iter().chain(changes).map(|step| (doors.clone(), step)));
        if let Some(book) = view.books.get(doors).filter(|_| view.looked.contains(doors)) {
            card_moves(view, doors, terms, book, made, &mut judged);
        }
    }
    judged
}

fn group_verdict(
    view: View<'_>,
    at: &(String, GroupId),
    terms: &DoorsContext,
    rows: &GroupRows,
    judged: &mut PersonDecision,
    changes: &mut Vec<Action>,
) {
    let (doors, group) = at;
    let claim = view.person.claim(doors, group);
    let linked = view.person.accounts.get(doors).map(|linked| &*linked.account);
    let account = claim.map(|claim| &claim.account).or(linked.map(|account| &account.id));
    let rows = account.map(|account| rows.of_account(account)).unwrap_or_default();
    let (surplus, rows) = without_surplus(rows, claim);
    let protected = account.is_some_and(|id| terms.protects(id, linked));
    let ends = if protected || view.mode == Mode::GrantOnly { Ends::LaterOnly } else { Ends::Follow };
    let given = claim.and_then(|claim| claim.until);
    let outlived = surplus.iter().filter(|row| ends.allow(row.until, given));
    changes.extend(outlived.map(|row| Action::Tidy { group: group.clone(), row: row.clone() }));
    let wanted = open_at(view.desired, at, view.now);
    let elsewhere = account.map(|account| view.others.ends(doors, group, account)).unwrap_or_default();
    let held = Held {
        rows: &rows,
        ends_by_itself: terms.capabilities.ends_by_itself,
        protected,
        exclusive: terms.is_exclusive(group),
        taken_over: !terms.seen.taken.contains(group) || view.adopt.contains(at),
        ends,
        elsewhere: &elsewhere,
    };
    match judge(wanted, claim, held, view.now) {
        GroupDecision::Nothing => {}
        GroupDecision::Grant { .. } if view.stale => {}
        GroupDecision::Grant { until, replaces } => {
            let because = wanted.map(|stretch| stretch.because.to_string()).unwrap_or_default();
            changes.push(Action::Grant { group: group.clone(), until, replaces, because });
        }
        GroupDecision::Revoke { .. } if view.mode == Mode::GrantOnly => {}
        // The person of another site who has this account cannot be read. The membership may belong to that person.
        GroupDecision::Revoke { .. } if account.is_some_and(|account| view.others.is_unreadable(doors, account)) => {}
        GroupDecision::Revoke { row, foreign } => {
            let because = why_revoked(view, at, claim, foreign);
            changes.push(Action::Revoke { group: group.clone(), row, foreign, because });
        }
        // The member of another site also serves this claim.
        GroupDecision::Adopt { until } if claim.is_some() => {
            judged.adopt.extend(claim.map(|claim| Claim { until, ..claim.clone() }));
        }
        GroupDecision::Adopt { until } => judged.adopt.extend(adopted(view, doors, group, wanted, account, until)),
        // The claim lists the older members that are still to be removed.
        GroupDecision::Release if !surplus.is_empty() => {}
        GroupDecision::Release => judged.release.push((doors.to_owned(), group.clone())),
    }
}

/// Separates the older members that Doorstep's member replaced from all other members of the account. Such members are
/// rare; without any, nothing is copied.
fn without_surplus<'r>(rows: &'r [GroupMember], claim: Option<&Claim>) -> (Vec<GroupMember>, Cow<'r, [GroupMember]>) {
    match claim.filter(|claim| !claim.surplus.is_empty()) {
        Some(claim) => {
            let (surplus, rows) =
                rows.iter().cloned().partition(|row| claim.surplus.iter().any(|old| old == row.handle()));
            (surplus, Cow::Owned(rows))
        }
        None => (Vec::new(), Cow::Borrowed(rows)),
    }
}

fn adopted(
    view: View<'_>,
    doors: &str,
    group: &GroupId,
    wanted: Option<&OpenInterval>,
    account: Option<&AccountId>,
    until: Option<Timestamp>,
) -> Option<Claim> {
    Some(Claim {
        doors: doors.to_owned(),
        group: group.clone(),
        account: account?.clone(),
        since: view.now,
        until,
        because: format!("adopted: {}", wanted?.because),
        ..Claim::default()
    })
}

fn why_revoked(view: View<'_>, at: &(String, GroupId), claim: Option<&Claim>, foreign: bool) -> String {
    if foreign {
        return "nobody but Doorstep puts people into this group".to_owned();
    }
    let was = claim.map(|claim| claim.because.as_str()).unwrap_or_default();
    let over = view.desired.get(at).is_some_and(|stretches| {
        stretches.iter().any(|stretch| stretch.window.until.is_some_and(|until| until <= view.now))
    });
    if over { format!("ended: {was}") } else { format!("no longer so: {was}") }
}

/// Decides the actions on the account itself, given the changes in its groups.
fn account_moves(view: View<'_>, doors: &str, terms: &DoorsContext, changes: &[Action]) -> Vec<Action> {
    let grants = changes.iter().any(|change| matches!(change, Action::Grant { .. }));
    let Some(linked) = view.person.accounts.get(doors) else {
        return if grants { vec![Action::Create] } else { Vec::new() };
    };
    let mut moves = Vec::new();
    let has_access = grants || view.person.claims_at(doors);
    let open = || view.groups.iter().any(|at| at.0 == doors && open_at(view.desired, at, view.now).is_some());
    let gives_seat_back = guest_seats::gives_seat_back(view.person, terms);
    let comes = || open() || gives_seat_back && guest_seats::is_about_to_come(view.desired, doors, view.now);
    let (id, rests) = (&linked.account.id, linked.account.standing == Standing::Suspended);
    let suspended = linked.suspended || rests && view.others.suspended(doors, id);
    if suspended && !view.stale && comes() {
        moves.push(Action::Resume);
    }
    if let Some(name) = view.name
        && name != linked.name
        && linked.refused_name.as_deref() != Some(name)
    {
        moves.push(Action::Rename(name.to_owned()));
    }
    let awaited = || is_awaited(view.desired, doors, view.now);
    let may_pause = || gives_seat_back && guest_seats::is_between_visits(view.desired, doors, view.now);
    let quiet = !has_access && changes.is_empty() && !linked.left_alone && linked.cards.is_empty();
    let safe = !linked.account.privileged && !terms.protects(&linked.account.id, Some(&linked.account));
    if quiet && safe && view.mode == Mode::Full {
        match terms.without_access(view.person) {
            WithoutAccess::Suspend if view.others.need_seat(doors, id, view.now) => {}
            WithoutAccess::Delete if view.others.need(doors, id) => {}
            WithoutAccess::Suspend if linked.account.standing == Standing::Active && may_rest(linked, terms) => {
                moves.extend((!awaited() || may_pause()).then_some(Action::Suspend));
            }
            WithoutAccess::Delete if linked.made => moves.extend((!awaited()).then_some(Action::Delete)),
            _ => {}
        }
    }
    moves
}

fn may_rest(linked: &Linked, terms: &DoorsContext) -> bool {
    terms.capabilities.suspends_guests || !linked.account.guest
}

/// Returns whether any window at this door system is open or still to come.
pub fn is_awaited(desired: &Desired, doors: &str, now: Timestamp) -> bool {
    let here = desired.iter().filter(|((at, _), _)| at == doors);
    here.flat_map(|(_, stretches)| stretches).any(|stretch| stretch.window.until.is_none_or(|until| until > now))
}
