//! A person with one of everything that a person can have.

use super::values::{group, id, main_account};
use super::{instant, noon};
use doorstep_core::model::account::{Account, AccountId, Standing};
use doorstep_core::model::cause::Cause;
use doorstep_core::model::claim::{Basis, Claim};
use doorstep_core::model::error::Error;
use doorstep_core::model::fact::Kind;
use doorstep_core::model::ids::DoorsName;
use doorstep_core::model::intent::{Intent, IntentKind};
use doorstep_core::model::linked::{CardIntent, Linked, OurCard};
use doorstep_core::model::person::Person;
use doorstep_core::model::problem::{DoorsProblem, Problem, Wrong};
use doorstep_core::model::reasons::{Reasons, RevokeCause, RevokeReason};

/// The id of the person.
pub const ADA: &str = "p-ada";
/// Her address.
pub const EMAIL: &str = "ada@example.test";

pub fn person() -> Person {
    let mut person = Person::new(ADA.into(), Some(EMAIL.into()));
    person.profiles.insert(id(Kind::Member, "m-ada"));
    person
        .accounts
        .insert(DoorsName::from("main"), Box::new(linked()));
    person.claims = vec![
        claim("g-1", main_account()),
        claim("g-2", AccountId("a-older".into())),
    ];
    person.intents = intents();
    person.problems = vec![
        Problem::failed(
            &DoorsName::from("main"),
            &Error::permanent("Kisi refused the name"),
        ),
        Problem::at(
            &DoorsName::from("main"),
            DoorsProblem::Card {
                card: "…A1B2".into(),
                what: Wrong::OfAnother,
            },
        ),
        Problem::Fact {
            fact: id(Kind::Booking, "b-1"),
            why: "ends before it starts".into(),
        },
    ];
    person.next = Some(instant("2026-03-01T18:15:00Z"));
    person.failures = 2;
    person.waiting = Some(noon());
    person.records = vec![10];
    person
}

/// What is left of a person who was forgotten.
pub fn forgotten() -> Person {
    Person {
        forgotten: Some(noon()),
        records: vec![11],
        ..Person::new("p-gone".into(), None)
    }
}

fn linked() -> Linked {
    let account = Account {
        id: main_account(),
        inner_id: Some("u-7".into()),
        email: Some(EMAIL.into()),
        name: "Ada Lovelace".into(),
        standing: Standing::Suspended,
        mark: Some("doorstep:p-ada".into()),
        privileged: true,
        guest: true,
    };
    let (number, because) = ("04A1B2".to_owned(), "member m-ada".to_owned());
    Linked {
        account: account.into(),
        made: true,
        suspended: true,
        name: "Ada Lovelace".into(),
        refused_name: Some("Ada L".into()),
        left_alone: true,
        cards: vec![OurCard {
            number: number.clone(),
            since: noon(),
            because: because.clone(),
        }],
        card_intents: vec![CardIntent {
            number,
            theirs: true,
            because,
        }],
    }
}

fn claim(of: &str, account: AccountId) -> Claim {
    Claim {
        doors: "main".into(),
        group: group(of),
        account,
        since: noon(),
        until: Some(instant("2026-03-01T18:15:00Z")),
        because: "booking b-1 by rule 2 (line 20)".into(),
        basis: vec![Basis {
            fact: id(Kind::Booking, "b-1"),
            version: Some(noon()),
            rule: 2,
            line: 20,
        }],
        cause: Some(Cause::Delivery("delivery-1".into())),
        surplus: vec!["line-9".into()],
    }
}

fn intents() -> Vec<Intent> {
    let reasons = Reasons::of(id(Kind::Membership, "s-1"), 20);
    let grant = IntentKind::Grant {
        account: None,
        until: Some(noon()),
        replaces: vec!["line-8".into()],
        because: reasons,
    };
    let ended = RevokeReason {
        cause: RevokeCause::Ended,
        approved: Some("0123456789abcdef".into()),
    };
    let revoke = IntentKind::Revoke {
        account: main_account(),
        handle: "line-9".into(),
        because: ended,
    };
    let create = IntentKind::Create {
        before: vec![AccountId("a-1".into())],
    };
    let of_group = [("g-3", grant), ("g-1", revoke)];
    let of_account = [
        create,
        IntentKind::Suspend,
        IntentKind::Resume,
        IntentKind::Delete,
    ];
    let intent = |group, action| Intent {
        doors: "main".into(),
        group,
        action,
    };
    let groups = of_group
        .into_iter()
        .map(|(of, action)| intent(Some(group(of)), action));
    groups
        .chain(of_account.into_iter().map(|action| intent(None, action)))
        .collect()
}
