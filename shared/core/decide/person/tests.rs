//! One row for each sentence about what one person needs at a door system.

use std::sync::Arc;

use super::*;
use crate::decide::action::Action;
use crate::decide::cards::CardChange;
use crate::decide::entitlement::OpenInterval;
use crate::decide::guest_seats::resume_at;
use crate::model::account::{Account, AccountId, Card, DoorsKind, Group, GroupMember, Standing};
use crate::model::actual_groups::GroupRows;
use crate::model::capabilities::Capabilities;
use crate::model::claim::Claim;
use crate::model::doors_read::DoorsRead;
use crate::model::fact::{FactId, Kind};
use crate::model::ids::{PersonId, SiteId};
use crate::model::linked::{CardIntent, OurCard};
use crate::model::reasons::Reasons;
use crate::model::shared_group::Neighbour;
use crate::model::window::Window;
use crate::site::{DoorsConfig, ForeignPolicy, WithoutAccess};

const NUMBER: &str = "0004-AB12";

/// Returns an instant of March 2026, such as `10T12:00`.
fn at(text: &str) -> Timestamp {
    format!("2026-03-{text}:00Z").parse().expect("an instant")
}

fn main() -> DoorsName {
    DoorsName::from("main")
}

fn group() -> GroupRef {
    GroupRef::new(&main(), &GroupId("g".into()))
}

fn account(standing: Standing) -> Account {
    Account {
        id: AccountId("a".into()),
        inner_id: None,
        email: Some("ada@example.test".into()),
        name: "Ada".into(),
        standing,
        mark: None,
        privileged: false,
        guest: false,
    }
}

fn member(handle: &str) -> GroupMember {
    GroupMember {
        account: AccountId("a".into()),
        handle: Some(handle.into()),
        from: None,
        until: None,
    }
}

fn claim(surplus: &[&str]) -> Claim {
    Claim {
        doors: main(),
        group: group().group,
        account: AccountId("a".into()),
        since: at("01T00:00"),
        because: "b".into(),
        surplus: surplus.iter().map(ToString::to_string).collect(),
        ..Claim::default()
    }
}

fn card(holder: Option<&str>) -> Card {
    Card {
        id: "c".into(),
        numbers: vec![NUMBER.into()],
        holder: holder.map(|id| AccountId(id.into())),
        handle: None,
        reserved: false,
        blocked: false,
    }
}

fn windows(all: &[(&str, Option<&str>)]) -> Desired {
    let interval = |(from, until): &(&str, Option<&str>)| OpenInterval {
        window: Window {
            from: at(from),
            until: until.map(at),
        },
        because: Reasons::default(),
    };
    Desired::from([(group(), all.iter().map(interval).collect())])
}

/// A member with an account, who has no access and no card, at 12:00 on 10 March. Rows change it.
struct Case {
    person: Person,
    desired: Desired,
    name: &'static str,
    numbers: bool,
    rows: Option<Vec<GroupMember>>,
    book: Option<Vec<Card>>,
    others: OtherSites,
    adopt: bool,
    adopt_cards: bool,
    context: DoorsContext,
    mode: Mode,
    stale: bool,
}

fn case() -> Case {
    let config = DoorsConfig {
        kind: DoorsKind::SaltoKs,
        place: None,
        secret: "s".into(),
        url: None,
        identity_url: None,
        contact: None,
        invite: false,
        without_access: WithoutAccess::Keep,
        guest_accounts: WithoutAccess::Keep,
        foreign: ForeignPolicy::Report,
        prefix: None,
        protected: vec!["ops@example.test".into()],
        was: None,
    };
    let known = Group {
        id: group().group,
        name: "g".into(),
        problem: None,
    };
    let doors_read = DoorsRead {
        groups: vec![known],
        taken: [group().group].into(),
        cards_taken: true,
        ..DoorsRead::default()
    };
    let capabilities = Capabilities {
        ends_by_itself: false,
        suspends_guests: true,
        one_card: false,
        counts_seats: true,
    };
    let mut context = DoorsContext::new(config, doors_read, capabilities);
    context.ruled.insert(group().group);
    let mut person = Person::new(PersonId::from("p"), None);
    person.profiles.insert(FactId::new(Kind::Member, "m"));
    let linked = Linked::new(account(Standing::Active), "Ada", false);
    person.accounts.insert(main(), linked);
    Case {
        person,
        desired: Desired::new(),
        name: "Ada",
        numbers: false,
        rows: Some(Vec::new()),
        book: None,
        others: OtherSites::default(),
        adopt: false,
        adopt_cards: false,
        context,
        mode: Mode::Full,
        stale: false,
    }
}

impl Case {
    fn with(mut self, change: impl FnOnce(&mut Case)) -> Case {
        change(&mut self);
        self
    }

    fn linked(&mut self) -> &mut Linked {
        self.person.accounts.get_mut(&main()).expect("an account")
    }

    fn account(&mut self) -> &mut Account {
        Arc::make_mut(&mut self.linked().account)
    }

    /// Access is open now.
    fn open(self) -> Case {
        self.with(|one| one.desired = windows(&[("10T10:00", Some("10T18:00"))]))
    }

    /// Doorstep claims the membership, and the account is in the group.
    fn inside(self) -> Case {
        self.with(|one| {
            one.person.claims = vec![claim(&[])];
            one.rows = Some(vec![member("1")]);
        })
    }

    fn guest(self) -> Case {
        self.with(|one| {
            one.person.profiles = [FactId::new(Kind::Visitor, "v")].into_iter().collect();
        })
    }

    fn suspended(self) -> Case {
        self.with(|one| {
            one.linked().suspended = true;
            one.account().standing = Standing::Suspended;
        })
    }

    fn decided(&self) -> PersonDecision {
        let numbers = [Number {
            number: NUMBER.into(),
            of: FactId::new(Kind::Member, "m"),
        }];
        let mut groups = ActualGroups::default();
        if let Some(rows) = &self.rows {
            groups.insert(group(), GroupRows::of(rows.clone()));
        }
        let books: BTreeMap<_, _> = self
            .book
            .iter()
            .map(|cards| (main(), CardBook::of(cards.clone())))
            .collect();
        let read = books.keys().cloned().collect();
        let here = BTreeSet::from([
            group(),
            GroupRef::new(&DoorsName::from("back"), &group().group),
        ]);
        let adopt = if self.adopt {
            here.clone()
        } else {
            BTreeSet::new()
        };
        let adopt_cards = if self.adopt_cards {
            BTreeSet::from([main()])
        } else {
            BTreeSet::new()
        };
        let doors = BTreeMap::from([(main(), self.context.clone())]);
        decide_person(PersonView {
            person: &self.person,
            desired: DesiredState {
                access: &self.desired,
                name: Some(self.name),
                cards: if self.numbers { &numbers } else { &[] },
            },
            actual: ActualState {
                groups: &groups,
                cards: ActualCards {
                    books: &books,
                    read: &read,
                },
                others: &self.others,
            },
            scope: CompareScope {
                groups: &here,
                adopt: &adopt,
                adopt_cards: &adopt_cards,
            },
            context: DecisionContext {
                doors: &doors,
                mode: self.mode,
                stale: self.stale,
                now: at("10T12:00"),
            },
        })
    }

    /// Returns the decision in words.
    fn does(&self) -> Vec<String> {
        let decided = self.decided();
        let mut words: Vec<String> = decided.actions().map(|(_, action)| word(action)).collect();
        for here in decided.by_doors.values() {
            words.extend(here.adopt.iter().map(|_| "adopt".to_owned()));
            words.extend(here.disown.iter().map(|_| "disown".to_owned()));
            words.extend(here.adopt_cards.iter().map(|_| "adopt card".to_owned()));
            words.extend(here.disown_cards.iter().map(|_| "disown card".to_owned()));
            words.extend(here.troubles.iter().map(|_| "trouble".to_owned()));
        }
        words
    }
}

fn word(action: &Action) -> String {
    match action {
        Action::Create => "create".into(),
        Action::Resume => "resume".into(),
        Action::Rename(name) => format!("rename {name}"),
        Action::Suspend => "suspend".into(),
        Action::Delete => "delete".into(),
        Action::Grant { .. } => "grant".into(),
        Action::Revoke { because, .. } if because.is_foreign() => "revoke foreign".into(),
        Action::Revoke { .. } => "revoke".into(),
        Action::Tidy { row, .. } => format!("tidy {}", row.handle()),
        Action::Tag(_) => "tag".into(),
        Action::Untag(_) => "untag".into(),
    }
}

/// Asserts the decision of each row.
fn rows(all: Vec<(&str, Case, &[&str])>) {
    for (what, case, does) in all {
        assert_eq!(case.does(), does, "{what}");
    }
}

fn neighbour(change: impl FnOnce(&mut Person)) -> OtherSites {
    let mut theirs = Person::new(PersonId::from("q"), None);
    let linked = Linked::new(account(Standing::Active), "Ada", false);
    theirs.accounts.insert(main(), linked);
    change(&mut theirs);
    let mut others = OtherSites::default();
    let site = SiteId::from("two");
    others.add(
        &main(),
        &Neighbour {
            site,
            doors: main(),
        },
        &theirs,
    );
    others
}

#[test]
fn access_follows_what_is_desired_within_mode_and_age() {
    let no_account = || {
        case()
            .open()
            .with(|one| drop(one.person.accounts.remove(&main())))
    };
    let adopted = || case().open().with(|one| one.rows = Some(vec![member("1")]));
    rows(vec![
        ("nothing", case(), &[]),
        ("opens", case().open(), &["grant"]),
        (
            "opens without an account",
            no_account(),
            &["create", "grant"],
        ),
        (
            "nothing without an account",
            no_account().with(|one| one.desired.clear()),
            &[],
        ),
        ("is open", case().open().inside(), &[]),
        (
            "the group could not be read",
            case().open().with(|one| one.rows = None),
            &[],
        ),
        ("closes", case().inside(), &["revoke"]),
        (
            "left by itself",
            case().inside().with(|one| one.rows = Some(vec![])),
            &["disown"],
        ),
        (
            "the facts are old",
            case().open().with(|one| one.stale = true),
            &[],
        ),
        (
            "the facts are old and it closes",
            case().inside().with(|one| one.stale = true),
            &["revoke"],
        ),
        (
            "grant-only opens",
            case().open().with(|one| one.mode = Mode::GrantOnly),
            &["grant"],
        ),
        (
            "grant-only does not close",
            case().inside().with(|one| one.mode = Mode::GrantOnly),
            &[],
        ),
        ("given by hand", adopted(), &[]),
        (
            "taken over",
            adopted().with(|one| one.context.doors_read.taken.clear()),
            &["adopt"],
        ),
        (
            "taken over again",
            adopted().with(|one| one.adopt = true),
            &["adopt"],
        ),
    ]);
}

#[test]
fn foreign_members_and_protected_people() {
    let foreign = |policy, ruled: bool| {
        case().with(|one| {
            one.rows = Some(vec![member("1")]);
            one.context.config.foreign = policy;
            if !ruled {
                one.context.ruled.clear();
            }
        })
    };
    let by_id = |one: &mut Case| {
        one.context
            .doors_read
            .protected
            .extend([AccountId("a".into())])
    };
    let by_address = |one: &mut Case| one.account().email = Some("ops@example.test".into());
    rows(vec![
        ("reported", foreign(ForeignPolicy::Report, true), &[]),
        (
            "removed",
            foreign(ForeignPolicy::Remove, true),
            &["revoke foreign"],
        ),
        (
            "no rule opens it",
            foreign(ForeignPolicy::Remove, false),
            &[],
        ),
        (
            "protected by id",
            foreign(ForeignPolicy::Remove, true).with(by_id),
            &[],
        ),
        (
            "protected by address",
            foreign(ForeignPolicy::Remove, true).with(by_address),
            &[],
        ),
        (
            "claimed and protected",
            case().inside().with(by_id),
            &["disown"],
        ),
        (
            "claimed and protected by address",
            case().inside().with(by_address),
            &["disown"],
        ),
    ]);
    let context = case().context;
    assert!(context.has(&group().group) && !context.has(&GroupId("h".into())));
}

#[test]
fn older_members_that_ours_replaced_are_removed() {
    let two = || {
        case().open().with(|one| {
            one.person.claims = vec![claim(&["1"])];
            one.rows = Some(vec![member("1"), member("2")]);
        })
    };
    rows(vec![
        ("the old one goes", two(), &["tidy 1"]),
        (
            "both go",
            two().with(|one| one.desired.clear()),
            &["tidy 1", "revoke"],
        ),
        (
            "only the old one is left",
            two().with(|one| {
                one.desired.clear();
                one.rows = Some(vec![member("1")]);
            }),
            &["tidy 1"],
        ),
        (
            "neither is left",
            two().with(|one| {
                one.desired.clear();
                one.rows = Some(vec![]);
            }),
            &["disown"],
        ),
    ]);
    // Where an end would come earlier, a protected person keeps the older member.
    let until = |handle: &str, end: &str| GroupMember {
        until: Some(at(end)),
        ..member(handle)
    };
    let ends = |protected: bool, mode: Mode| {
        case().open().with(|one| {
            one.context.capabilities.ends_by_itself = true;
            one.person.claims = vec![Claim {
                until: Some(at("10T18:00")),
                ..claim(&["1"])
            }];
            one.rows = Some(vec![until("1", "10T20:00"), until("2", "10T18:00")]);
            one.mode = mode;
            if protected {
                one.account().email = Some("ops@example.test".into());
            }
        })
    };
    assert_eq!(ends(false, Mode::Full).does(), ["tidy 1"]);
    assert_eq!(ends(true, Mode::Full).does(), [""; 0]);
    assert_eq!(ends(false, Mode::GrantOnly).does(), [""; 0]);
}

#[test]
fn a_revoke_says_whether_a_window_ended() {
    use crate::model::reasons::{RevokeCause, RevokeReason};
    let why = |desired: Desired| {
        let decided = case().inside().with(|one| one.desired = desired).decided();
        let found = decided.actions().find_map(|(_, action)| match action {
            Action::Revoke { because, .. } => Some(because.clone()),
            _ => None,
        });
        found.expect("a revoke")
    };
    let (ended, unfounded): (RevokeReason, RevokeReason) =
        (RevokeCause::Ended.into(), RevokeCause::Unfounded.into());
    assert_eq!(why(windows(&[("10T09:00", Some("10T12:00"))])), ended);
    assert_eq!(why(windows(&[("11T09:00", Some("11T12:00"))])), unfounded);
    assert_eq!(why(Desired::new()), unfounded);
}

#[test]
fn an_adopted_claim_says_why_and_since_when() {
    let taken = case().open().with(|one| {
        one.rows = Some(vec![member("1")]);
        one.adopt = true;
    });
    let decided = taken.decided();
    let new = &decided.by_doors[&main()].adopt[0];
    assert_eq!(
        (&new.account.0[..], &new.group, new.since),
        ("a", &group().group, at("10T12:00"))
    );
    assert!(new.because.starts_with("adopted: "));
    let mut person = taken.person.clone();
    let other = Claim {
        group: GroupId("h".into()),
        ..claim(&[])
    };
    let elsewhere = Claim {
        doors: "back".into(),
        ..claim(&[])
    };
    person.claims = vec![claim(&["9"]), other.clone(), elsewhere.clone()];
    decided.settle_claims(&mut person);
    assert_eq!(
        person.claims,
        [other.clone(), elsewhere.clone(), new.clone()]
    );
    let left = case()
        .inside()
        .with(|one| one.rows = Some(vec![]))
        .decided();
    person.claims = vec![claim(&[]), other.clone(), elsewhere.clone()];
    left.settle_claims(&mut person);
    assert_eq!(person.claims, [other, elsewhere]);
}

#[test]
fn an_account_is_resumed_for_who_comes() {
    let later = |from: &'static str| {
        move |one: &mut Case| one.desired = windows(&[(from, Some("10T20:00"))])
    };
    let seats = |one: &mut Case| one.context.config.guest_accounts = WithoutAccess::Suspend;
    let by_others = |suspended: bool| {
        neighbour(|theirs| {
            theirs
                .accounts
                .get_mut(&main())
                .expect("an account")
                .suspended = suspended;
        })
    };
    let elsewhere = |suspended: bool| {
        case().open().inside().with(|one| {
            one.account().standing = Standing::Suspended;
            one.others = by_others(suspended);
        })
    };
    rows(vec![
        ("comes", case().suspended().open(), &["resume", "grant"]),
        ("is inside", case().suspended().open().inside(), &["resume"]),
        ("does not come", case().suspended(), &[]),
        (
            "comes later",
            case().suspended().with(later("10T12:04")),
            &[],
        ),
        (
            "a guest comes soon",
            case()
                .guest()
                .suspended()
                .with(seats)
                .with(later("10T12:04")),
            &["resume"],
        ),
        (
            "a guest comes later",
            case()
                .guest()
                .suspended()
                .with(seats)
                .with(later("10T14:00")),
            &[],
        ),
        (
            "a guest whose seat stays",
            case().guest().suspended().with(later("10T12:04")),
            &[],
        ),
        (
            "the facts are old",
            case().suspended().open().with(|one| one.stale = true),
            &[],
        ),
        (
            "suspended by hand",
            case()
                .open()
                .inside()
                .with(|one| one.account().standing = Standing::Suspended),
            &[],
        ),
        ("suspended by another site", elsewhere(true), &["resume"]),
        ("not suspended by another site", elsewhere(false), &[]),
        (
            "active, as another site says",
            elsewhere(true).with(|one| one.account().standing = Standing::Active),
            &[],
        ),
    ]);
}

#[test]
fn a_name_is_carried_over_unless_it_was_refused() {
    let named = |refused: Option<&str>| {
        case().with(|one| {
            one.name = "Ada L.";
            one.linked().refused_name = refused.map(str::to_owned);
        })
    };
    rows(vec![
        ("another name", named(None), &["rename Ada L."]),
        ("a refused one", named(Some("Ada L.")), &[]),
        (
            "another one was refused",
            named(Some("Ada M.")),
            &["rename Ada L."],
        ),
    ]);
}

#[test]
fn an_account_without_access_is_kept_suspended_or_deleted() {
    let ends = |what| move |one: &mut Case| one.context.config.without_access = what;
    let suspends = || case().with(ends(WithoutAccess::Suspend));
    let deletes = || {
        case()
            .with(ends(WithoutAccess::Delete))
            .with(|one| one.linked().made = true)
    };
    let later = |one: &mut Case| one.desired = windows(&[("11T10:00", Some("11T12:00"))]);
    let over = |one: &mut Case| one.desired = windows(&[("09T10:00", Some("09T12:00"))]);
    let protected = |one: &mut Case| one.account().email = Some("ops@example.test".into());
    let carded = |one: &mut Case| one.linked().cards.push(our_card());
    let needed = |next: Option<&'static str>| {
        move |one: &mut Case| {
            one.others = neighbour(|theirs| theirs.next = next.map(at));
        }
    };
    rows(vec![
        ("kept", case().with(ends(WithoutAccess::Keep)), &[]),
        ("suspended", suspends(), &["suspend"]),
        ("suspended, over", suspends().with(over), &["suspend"]),
        (
            "is suspended",
            suspends().with(|one| one.account().standing = Standing::Suspended),
            &[],
        ),
        ("deleted", deletes(), &["delete"]),
        (
            "not made by Doorstep",
            case().with(ends(WithoutAccess::Delete)),
            &[],
        ),
        ("comes later, suspended", suspends().with(later), &[]),
        ("comes later, deleted", deletes().with(later), &[]),
        ("claims", suspends().inside(), &["revoke"]),
        (
            "a claim whose group is unread",
            suspends().inside().with(|one| one.rows = None),
            &[],
        ),
        (
            "privileged",
            suspends().with(|one| one.account().privileged = true),
            &[],
        ),
        ("protected", suspends().with(protected), &[]),
        (
            "left alone",
            suspends().with(|one| one.linked().left_alone = true),
            &[],
        ),
        ("has a card", suspends().with(carded), &[]),
        (
            "grant-only",
            suspends().with(|one| one.mode = Mode::GrantOnly),
            &[],
        ),
        (
            "a door system's guest",
            suspends().with(|one| {
                one.account().guest = true;
                one.context.capabilities.suspends_guests = false;
            }),
            &[],
        ),
        (
            "a guest where guests are suspended",
            suspends().with(|one| one.account().guest = true),
            &["suspend"],
        ),
        (
            "no guest where guests are not",
            suspends().with(|one| one.context.capabilities.suspends_guests = false),
            &["suspend"],
        ),
        (
            "another site needs the seat",
            suspends().with(needed(Some("10T12:10"))),
            &[],
        ),
        (
            "another site needs it later",
            suspends().with(needed(Some("12T12:10"))),
            &["suspend"],
        ),
        (
            "another site needs the account",
            deletes().with(needed(Some("12T12:10"))),
            &[],
        ),
        (
            "another site knows the account",
            deletes().with(needed(None)),
            &["delete"],
        ),
        (
            "a guest between visits",
            case()
                .guest()
                .with(later)
                .with(|one| one.context.config.guest_accounts = WithoutAccess::Suspend),
            &["suspend"],
        ),
        (
            "a guest between visits without seats",
            case().guest().with(later).with(|one| {
                one.context.config.guest_accounts = WithoutAccess::Suspend;
                one.context.capabilities.counts_seats = false;
            }),
            &[],
        ),
        (
            "a guest is no member",
            case().guest().with(ends(WithoutAccess::Suspend)),
            &[],
        ),
    ]);
}

fn our_card() -> OurCard {
    OurCard {
        number: NUMBER.into(),
        since: at("01T00:00"),
        because: "b".into(),
    }
}

#[test]
fn cards_follow_access() {
    let listed = |holder: Option<&'static str>| {
        case().open().inside().with(move |one| {
            one.numbers = true;
            one.book = Some(vec![card(holder)]);
        })
    };
    let ours = |one: &mut Case| one.linked().cards.push(our_card());
    let no_account = |one: &mut Case| {
        drop(one.person.accounts.remove(&main()));
        one.person.claims.clear();
        one.rows = Some(vec![]);
    };
    let left = |one: &mut Case| {
        one.person.claims.clear();
        one.rows = Some(vec![]);
        one.desired.clear();
    };
    rows(vec![
        ("is assigned", listed(None), &["tag"]),
        ("unread", listed(None).with(|one| one.book = None), &[]),
        (
            "the facts are old",
            listed(None).with(|one| one.stale = true),
            &[],
        ),
        (
            "with a new account",
            listed(None).with(no_account),
            &["create", "grant", "tag"],
        ),
        (
            "no account and none is made",
            listed(None)
                .with(no_account)
                .with(|one| one.desired.clear()),
            &[],
        ),
        (
            "access later",
            listed(None)
                .with(left)
                .with(|one| one.desired = windows(&[("11T10:00", Some("11T12:00"))])),
            &["tag"],
        ),
        (
            "still claimed",
            listed(None).with(|one| one.desired.clear()),
            &["revoke", "tag"],
        ),
        (
            "no access",
            listed(Some("a")).with(left).with(ours),
            &["untag"],
        ),
        (
            "no access, grant-only",
            listed(Some("a"))
                .with(left)
                .with(ours)
                .with(|one| one.mode = Mode::GrantOnly),
            &[],
        ),
        (
            "no access, protected",
            listed(Some("a"))
                .with(left)
                .with(ours)
                .with(|one| one.account().email = Some("ops@example.test".into())),
            &[],
        ),
        ("theirs by hand", listed(Some("a")), &[]),
        (
            "theirs by hand, first take-over",
            listed(Some("a")).with(|one| one.context.doors_read.cards_taken = false),
            &["adopt card"],
        ),
        (
            "theirs by hand, taken over again",
            listed(Some("a")).with(|one| one.adopt_cards = true),
            &["adopt card"],
        ),
        ("another's", listed(Some("b")), &["trouble"]),
        ("gone", listed(None).with(left).with(ours), &["disown card"]),
    ]);
    assert_eq!(listed(Some("b")).decided().card_problems().count(), 1);
}

#[test]
fn what_a_decision_says_of_itself() {
    let tags = case().open().inside().with(|one| {
        one.numbers = true;
        one.book = Some(vec![card(None)]);
    });
    let here = |case: Case| case.decided().by_doors.remove(&main()).unwrap_or_default();
    let quiet = DoorsDecision::default();
    assert!(quiet.is_unchanged() && !quiet.creates() && !quiet.concerns_cards());
    let holder = |holder| {
        case().open().inside().with(move |one| {
            one.numbers = true;
            one.book = Some(vec![card(Some(holder))]);
            one.adopt_cards = true;
        })
    };
    let gone = case().with(|one| {
        one.book = Some(vec![card(None)]);
        one.linked().cards.push(our_card());
    });
    let untags = case().with(|one| {
        one.book = Some(vec![card(Some("a"))]);
        one.linked().cards.push(our_card());
    });
    let adopts = case().open().with(|one| {
        one.rows = Some(vec![member("1")]);
        one.adopt = true;
    });
    let disowns = case().inside().with(|one| one.rows = Some(vec![]));
    let creates = case()
        .open()
        .with(|one| drop(one.person.accounts.remove(&main())));
    for (what, case, unchanged, cards) in [
        ("assigns", tags, false, true),
        ("takes back", untags, false, true),
        ("adopts a card", holder("a"), false, true),
        ("a card of another", holder("b"), true, true),
        ("drops a card", gone, false, true),
        ("adopts", adopts, false, false),
        ("disowns", disowns, false, false),
        ("creates", creates, false, false),
    ] {
        assert_eq!(case.decided().is_unchanged(), unchanged, "{what}");
        let decided = here(case);
        assert_eq!(
            (decided.is_unchanged(), decided.concerns_cards()),
            (unchanged, cards),
            "{what}"
        );
        assert_eq!(decided.creates(), what == "creates", "{what}");
    }
    let mut decision = case().open().decided();
    let other = case().inside().decided();
    decision.add_actions(&other, |_, action| !matches!(action, Action::Grant { .. }));
    let words = |decision: &PersonDecision| {
        decision
            .actions()
            .map(|(_, one)| word(one))
            .collect::<Vec<_>>()
    };
    assert_eq!(words(&decision), ["grant", "revoke"]);
    decision.retain_actions(|_, action| action.takes_out());
    assert_eq!(words(&decision), ["revoke"]);
}

#[test]
fn kinds_of_actions() {
    let change = || CardChange {
        card: card(None),
        number: NUMBER.into(),
        because: "b".into(),
    };
    let group = || group().group;
    let grant = Action::Grant {
        group: group(),
        until: None,
        replaces: vec![],
        because: Reasons::default(),
    };
    let revoke = Action::Revoke {
        group: group(),
        row: member("1"),
        because: crate::model::reasons::RevokeCause::Ended.into(),
    };
    for (action, of_account, takes_out) in [
        (Action::Create, true, false),
        (Action::Resume, true, false),
        (Action::Rename("x".into()), true, false),
        (Action::Suspend, true, false),
        (Action::Delete, true, false),
        (grant, false, false),
        (revoke, false, true),
        (
            Action::Tidy {
                group: group(),
                row: member("1"),
            },
            false,
            true,
        ),
        (Action::Tag(change()), false, false),
        (Action::Untag(change()), false, true),
    ] {
        assert_eq!(
            (action.is_of_the_account(), action.takes_out()),
            (of_account, takes_out),
            "{action}"
        );
        assert!(!action.to_string().is_empty());
    }
}

#[test]
fn another_sites_unreadable_person_keeps_the_membership() {
    let unreadable = case().inside().with(|one| {
        let other = Neighbour {
            site: SiteId::from("two"),
            doors: main(),
        };
        one.others
            .add_unreadable(&main(), &other, &AccountId("a".into()));
    });
    assert_eq!(unreadable.does(), [""; 0]);
}

#[test]
fn the_groups_that_concern_a_person() {
    let mut person = Person::new(PersonId::from("p"), None);
    let now = at("10T12:00");
    let of = |person: &Person, desired: &Desired, more: &[GroupRef]| {
        concerned(person, desired, now, more).len()
    };
    assert_eq!(of(&person, &Desired::new(), &[]), 0);
    assert_eq!(of(&person, &Desired::new(), &[group()]), 1);
    assert_eq!(of(&person, &windows(&[("10T10:00", None)]), &[]), 1);
    assert_eq!(of(&person, &windows(&[("11T10:00", None)]), &[]), 0);
    person.claims.push(claim(&[]));
    assert_eq!(of(&person, &Desired::new(), &[]), 1);
}

#[test]
fn a_guests_account_is_resumed_before_the_next_visit() {
    let seats = case()
        .guest()
        .with(|one| one.context.config.guest_accounts = WithoutAccess::Suspend);
    let next = |case: &Case, all: &[(&str, Option<&str>)]| {
        let contexts = BTreeMap::from([(main(), case.context.clone())]);
        resume_at(&case.person, &windows(all), &contexts, at("10T12:00"))
    };
    let visit = [
        ("09T10:00", Some("09T12:00")),
        ("11T10:00", Some("11T12:00")),
        ("12T10:00", None),
    ];
    assert_eq!(next(&seats, &visit), Some(at("11T09:55")));
    assert_eq!(
        next(&seats, &[("10T11:00", Some("10T13:00")), visit[1]]),
        None,
        "a visit runs"
    );
    assert_eq!(
        next(&seats, &[("10T12:20", None)]),
        None,
        "soon enough to stay"
    );
    assert_eq!(next(&seats, &[("10T12:00", Some("10T12:00"))]), None);
    assert_eq!(next(&seats, &visit[..1]), None, "no visit follows");
    assert_eq!(next(&case().guest(), &visit), None, "the account is kept");
    let member = case().with(|one| one.context.config.guest_accounts = WithoutAccess::Suspend);
    assert_eq!(next(&member, &visit), None, "no guest");
    let no_seats = seats.with(|one| one.context.capabilities.counts_seats = false);
    assert_eq!(next(&no_seats, &visit), None);
}

#[test]
fn the_record_of_a_card() {
    let mut linked = Linked::new(account(Standing::Active), "Ada", false);
    let intent = |number: &str| CardIntent {
        number: number.into(),
        theirs: true,
        because: "b".into(),
    };
    linked.card_intents = vec![intent(NUMBER), intent("7")];
    linked.note_card(NUMBER, true, "b", at("10T12:00"));
    linked.note_card(&NUMBER.to_lowercase(), true, "c", at("10T13:00"));
    linked.note_card("7", true, "b", at("10T12:00"));
    let known: Vec<&str> = linked.cards.iter().map(|ours| &ours.because[..]).collect();
    assert_eq!(known, ["c", "b"]);
    linked.note_card(NUMBER, false, "", at("10T14:00"));
    assert_eq!(linked.cards.len(), 1);
    linked.card_done(NUMBER);
    assert_eq!(linked.card_intents, [intent("7")]);
    let book = CardBook::of(vec![card(Some("a"))]);
    assert!(
        book.is_held(NUMBER, &AccountId("a".into()))
            && !book.is_held(NUMBER, &AccountId("b".into()))
    );
    assert!(!book.is_held("7", &AccountId("a".into())));
    assert!(card(None).has(NUMBER) && !card(None).has("7"));
}
