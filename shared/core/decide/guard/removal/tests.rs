//! Tests of the table above: what is planned, and what is only inferred.

use std::collections::BTreeMap;

use super::super::fixture::{CARD, Fixture, NOW, before, instant, membership, person, plan, site};
use super::*;
use crate::decide::entitlement::Before;
use crate::model::account::{Account, Card, GroupMember, Standing};
use crate::model::claim::Claim;
use crate::model::ids::PersonId;
use crate::model::linked::{Linked, OurCard};
use crate::model::reasons::{Reasons, RevokeCause};

/// The last day of a membership that runs.
const RUNNING: &str = "2026-03-20";

fn main_doors() -> DoorsName {
    "main".into()
}

fn member() -> GroupMember {
    GroupMember {
        account: AccountId("a1".to_owned()),
        handle: None,
        from: None,
        until: None,
    }
}

fn group() -> GroupId {
    GroupId("g".to_owned())
}

fn revoke(cause: RevokeCause) -> Action {
    Action::Revoke {
        group: group(),
        row: member(),
        because: cause.into(),
    }
}

fn card(number: &str) -> CardChange {
    CardChange {
        card: Card {
            id: "c1".to_owned(),
            numbers: vec![number.to_owned()],
            holder: Some(AccountId("a1".to_owned())),
            handle: None,
            reserved: false,
            blocked: false,
        },
        number: number.to_owned(),
        because: "the member's number".to_owned(),
    }
}

/// Every action that takes nothing away.
fn harmless() -> [Action; 6] {
    let (group, row) = (group(), member());
    [
        Action::Create,
        Action::Resume,
        Action::Rename("Ada".to_owned()),
        Action::Grant {
            group: group.clone(),
            until: None,
            replaces: Vec::new(),
            because: Reasons::default(),
        },
        Action::Tidy { group, row },
        Action::Tag(card(CARD)),
    ]
}

/// Returns a person with an account at both door systems, and with a card that Doorstep assigned.
fn known() -> Person {
    let mut person = Person::new(PersonId::from("p1"), None);
    for doors in ["main", "back"] {
        let account = Account {
            id: AccountId("a1".to_owned()),
            inner_id: None,
            email: None,
            name: "Ada".into(),
            standing: Standing::Active,
            mark: None,
            privileged: false,
            guest: false,
        };
        let mut linked = Linked::new(account, "Ada", false);
        linked.cards.push(OurCard {
            number: CARD.to_owned(),
            since: instant("2026-03-10T09:00:00Z"),
            because: String::new(),
        });
        person.accounts.insert(doors.into(), linked);
    }
    person
}

fn claimed() -> Person {
    let claim = Claim {
        doors: main_doors(),
        group: group(),
        account: AccountId("a1".to_owned()),
        since: instant("2026-03-10T09:00:00Z"),
        ..Claim::default()
    };
    Person {
        claims: vec![claim],
        ..known()
    }
}

/// Grades an action at a door system by these facts.
fn graded_at(
    doors: &str,
    (fixture, facts, person): (&Fixture, &PersonFacts, &Person),
    step: &Action,
) -> Certainty {
    let evidence = RemovalEvidence {
        baseline: &fixture.baseline,
        rules: fixture.rules(),
        person_facts: facts,
        desired: &fixture.desired(facts),
        person,
        now: instant(NOW),
    };
    evidence.certainty(&doors.into(), step)
}

fn graded(by: (&Fixture, &PersonFacts, &Person), step: &Action) -> Certainty {
    graded_at("main", by, step)
}

/// A membership that lasted until this day and is gone; a read of 11:00 showed it first, and nothing
/// confirmed it.
fn gone(until: &str) -> PersonFacts {
    let former = before(membership(until), "2026-03-10T11:00:00Z", false);
    person(vec![plan("P")], vec![former])
}

#[test]
fn each_action_names_what_it_takes() {
    let (doors, ada) = (main_doors(), known());
    for step in harmless() {
        assert_eq!(change_of(&ada, &doors, &step), None, "{step}");
        assert_eq!((tag_of(&step), is_foreign(&step)), (None, false), "{step}");
    }
    let account = AccountId("a1".to_owned());
    for (cause, foreign) in [
        (RevokeCause::Ended, false),
        (RevokeCause::Unfounded, false),
        (RevokeCause::Foreign, true),
    ] {
        let leaves = UnconfirmedChange::Leaves {
            doors: doors.clone(),
            group: group(),
            account: account.clone(),
        };
        let step = revoke(cause);
        assert_eq!(change_of(&ada, &doors, &step), Some(leaves));
        assert_eq!((tag_of(&step), is_foreign(&step)), (None, foreign));
    }
    let rests = UnconfirmedChange::Rests {
        doors: doors.clone(),
        account: account.clone(),
    };
    for step in [Action::Suspend, Action::Delete] {
        assert_eq!(change_of(&ada, &doors, &step).as_ref(), Some(&rests));
        assert_eq!((tag_of(&step), is_foreign(&step)), (None, false));
    }
    let taken = UnconfirmedChange::Card {
        doors: doors.clone(),
        account,
        card: "c1".to_owned(),
    };
    let step = Action::Untag(card(CARD));
    assert_eq!(change_of(&ada, &doors, &step), Some(taken));
    assert_eq!(tag_of(&step).as_deref(), Some("…AB12"));
    assert!(!is_foreign(&step));
}

#[test]
fn what_takes_nothing_is_planned_and_a_foreign_membership_never_is() {
    let (is, gone, ada) = (Fixture::confirmed(), gone(RUNNING), known());
    for step in harmless() {
        assert_eq!(graded((&is, &gone, &ada), &step), Certainty::Planned);
    }
    let facts = person(vec![plan("P")], Vec::new());
    let foreign = revoke(RevokeCause::Foreign);
    assert_eq!(graded((&is, &facts, &ada), &foreign), Certainty::Inferred);
}

#[test]
fn confirmed_facts_plan_every_removal() {
    let (is, ada) = (Fixture::confirmed(), claimed());
    let facts = person(vec![plan("P")], Vec::new());
    for step in [
        revoke(RevokeCause::Unfounded),
        Action::Suspend,
        Action::Untag(card(CARD)),
    ] {
        assert_eq!(graded((&is, &facts, &ada), &step), Certainty::Planned);
    }
}

#[test]
fn a_claimed_membership_is_inferred_to_end_where_the_former_facts_open_it() {
    let (is, ada, step) = (
        Fixture::confirmed(),
        claimed(),
        revoke(RevokeCause::Unfounded),
    );
    assert_eq!(
        graded((&is, &gone(RUNNING), &ada), &step),
        Certainty::Inferred
    );
    let elsewhere = graded_at("back", (&is, &gone(RUNNING), &ada), &step);
    assert_eq!(elsewhere, Certainty::Planned, "no rule opens it there");
    let other = Action::Revoke {
        group: GroupId("h".to_owned()),
        row: member(),
        because: RevokeCause::Unfounded.into(),
    };
    assert_eq!(
        graded((&is, &gone(RUNNING), &ada), &other),
        Certainty::Planned
    );
    let over = gone("2026-03-09");
    assert_eq!(graded((&is, &over, &ada), &step), Certainty::Planned);
}

#[test]
fn what_a_lenient_file_left_is_graded_by_the_instant_of_the_claim() {
    let older = vec![site("grant-only", "P")];
    let left = Fixture::new(site("full", "P"), older, &[plan("P")], &[]);
    let facts = person(vec![plan("P")], Vec::new());
    let step = revoke(RevokeCause::Unfounded);
    assert_eq!(graded((&left, &facts, &claimed()), &step), Certainty::Left);
    let mut later = claimed();
    if let Some(claim) = later.claims.first_mut() {
        claim.since = instant("2026-03-10T11:00:00Z");
    }
    assert_eq!(graded((&left, &facts, &later), &step), Certainty::Planned);
    let card = Action::Untag(card(CARD));
    assert_eq!(graded((&left, &facts, &known()), &card), Certainty::Left);
    let mut later = known();
    for (_, linked) in later.accounts.iter_mut() {
        for card in &mut linked.cards {
            card.since = instant("2026-03-10T11:00:00Z");
        }
    }
    assert_eq!(graded((&left, &facts, &later), &card), Certainty::Planned);
}

#[test]
fn an_account_rests_by_plan_unless_the_former_facts_open_these_doors_now_or_later() {
    let (is, ada) = (Fixture::confirmed(), known());
    let rests =
        |doors: &str, former: &str| graded_at(doors, (&is, &gone(former), &ada), &Action::Suspend);
    assert_eq!(rests("main", "2026-03-20"), Certainty::Inferred);
    assert_eq!(rests("back", "2026-03-20"), Certainty::Planned);
    assert_eq!(rests("main", "2026-03-09"), Certainty::Planned);
}

#[test]
fn a_card_is_taken_by_plan_unless_it_was_the_members_and_still_opens() {
    let is = Fixture::confirmed();
    let theirs = Action::Untag(card("0004-ab12 "));
    let other = Action::Untag(card("0009"));
    let by = |facts: &PersonFacts, ada: &Person, step| graded((&is, facts, ada), step);
    assert_eq!(by(&gone(RUNNING), &known(), &theirs), Certainty::Inferred);
    assert_eq!(by(&gone(RUNNING), &known(), &other), Certainty::Planned);
    assert_eq!(by(&gone(RUNNING), &claimed(), &other), Certainty::Planned);
    let over = gone("2026-03-09");
    assert_eq!(by(&over, &known(), &theirs), Certainty::Planned);
    assert_eq!(
        by(&over, &claimed(), &theirs),
        Certainty::Inferred,
        "a claim at these doors is access"
    );
}

/// Returns the grade of a revoke and of a suspended account if the present facts have a recorded
/// end at midnight of this day, the former facts a later one, and the change was read then.
fn at_end(end: &str, read: &str) -> (Certainty, Certainty) {
    let is = Fixture::confirmed();
    let former: Vec<Before> = vec![before(membership("2026-03-20"), read, false)];
    let facts = person(vec![plan("P"), membership(end)], former);
    let (ada, step) = (claimed(), revoke(RevokeCause::Ended));
    let by = (&is, &facts, &ada);
    (graded(by, &step), graded(by, &Action::Suspend))
}

#[test]
fn a_recorded_end_plans_only_if_it_was_known_before_it_came() {
    use Certainty::{Inferred, Planned};
    let midnight = "2026-03-10T00:00:00Z";
    assert_eq!(
        at_end("2026-03-09", "2026-03-09T23:59:59Z"),
        (Planned, Planned)
    );
    assert_eq!(at_end("2026-03-09", midnight), (Inferred, Inferred));
    assert_eq!(
        at_end("2026-03-09", "2026-03-10T08:00:00Z"),
        (Inferred, Inferred)
    );
    assert_eq!(
        at_end("2026-03-10", "2026-03-09T08:00:00Z"),
        (Inferred, Inferred),
        "it has not come"
    );
}

#[test]
fn an_end_at_this_very_instant_has_passed() {
    let (is, ada) = (Fixture::confirmed(), claimed());
    let former = before(membership("2026-03-20"), "2026-03-09T08:00:00Z", false);
    let facts = person(vec![plan("P"), membership("2026-03-09")], vec![former]);
    let evidence = RemovalEvidence {
        baseline: &is.baseline,
        rules: is.rules(),
        person_facts: &facts,
        desired: &is.desired(&facts),
        person: &ada,
        now: instant("2026-03-10T00:00:00Z"),
    };
    let step = revoke(RevokeCause::Ended);
    assert_eq!(evidence.certainty(&main_doors(), &step), Certainty::Planned);
    let former = before(membership("2026-03-09"), "2026-03-09T08:00:00Z", false);
    let facts = person(vec![plan("P")], vec![former]);
    let evidence = RemovalEvidence {
        person_facts: &facts,
        desired: &BTreeMap::new(),
        ..evidence
    };
    let rests = evidence.certainty(&main_doors(), &Action::Suspend);
    assert_eq!(rests, Certainty::Planned, "no access is left before it");
}

#[test]
fn deliveries_and_lookups_confirm_and_lists_do_not() {
    for source in [Source::Delivery("d1".to_owned()), Source::Refetch] {
        assert!(source.confirms(), "{source}");
    }
    for source in [Source::Read, Source::Unconfirmed, Source::Missing] {
        assert!(!source.confirms(), "{source}");
    }
}
