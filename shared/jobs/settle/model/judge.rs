//! The bridge from the model to production code: resolving intents, deciding, and recording.
//! Answers are cached, because the same questions return often.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{Hash, Hasher};
use std::sync::Mutex;

use jiff::Timestamp;

use super::state::{Act, Begun, ModelMember, ModelMinute, Records, StoredPerson};
use super::{ModelDoors, ModelScenario, RemovedGuard};
use crate::settle::apply::results::GroupChange;
use crate::settle::commit::outcome::{RoundOutcome, RoundResult, conclude, needs_aftercare};
use crate::settle::intend::intent_of;
use crate::settle::interrupted::finish;
use crate::settle::person_work::PersonWork;
use doorstep_core::decide::action::Action;
use doorstep_core::decide::doors_context::DoorsContext;
use doorstep_core::decide::entitlement::{Desired, OpenInterval, next_boundary};
use doorstep_core::decide::person::{
    ActualCards, ActualState, CompareScope, DecisionContext, DesiredState, PersonDecision,
    PersonView, concerned, decide_person,
};
use doorstep_core::model::account::{
    Account, AccountId, DoorsKind, Group, GroupId, GroupMember, GroupRef, Standing,
};
use doorstep_core::model::actual_groups::{ActualGroups, GroupRows};
use doorstep_core::model::audit::{AuditAction, AuditEntry};
use doorstep_core::model::capabilities::Capabilities;
use doorstep_core::model::claim::Claim;
use doorstep_core::model::doors_read::DoorsRead;
use doorstep_core::model::error::Error;
use doorstep_core::model::ids::{DoorsName, PersonId, SiteId};
use doorstep_core::model::intent::{Intent, IntentKind as Did};
use doorstep_core::model::linked::Linked;
use doorstep_core::model::other_sites::OtherSites;
use doorstep_core::model::person::Person;
use doorstep_core::model::problem::Problem;
use doorstep_core::model::reasons::{Reasons, RevokeCause};
use doorstep_core::model::window::Window;
use doorstep_core::site::{DoorsConfig, ForeignPolicy, Mode, WithoutAccess};

const DOORS: &str = "main";
const NAME: &str = "Kim";

fn group() -> GroupId {
    GroupId("g".to_owned())
}

fn account() -> AccountId {
    AccountId("a".to_owned())
}

/// A decision for the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelDecision {
    /// The person after intents were resolved and memberships adopted or disowned.
    pub person: StoredPerson,
    /// The actions.
    pub acts: Vec<Act>,
    /// Audit entries of changes that were found done.
    pub records: Records,
    /// Another round must follow.
    pub more: bool,
}

/// The result of reconcile for the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReconcileResult {
    /// Everything is as it should be.
    Well,
    /// The person is due.
    Due,
    /// The person is due, and the group must be compared.
    Look,
}

/// The production code, with a cache of its answers.
pub struct Judge {
    doors: ModelDoors,
    sayings: Vec<Option<(ModelMinute, ModelMinute)>>,
    finishes: bool,
    claims: bool,
    contexts: BTreeMap<DoorsName, DoorsContext>,
    decided: Mutex<HashMap<u64, ModelDecision>>,
    found: Mutex<HashMap<u64, ReconcileResult>>,
}

fn key(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

fn at(minute: ModelMinute) -> Timestamp {
    Timestamp::from_second(i64::from(minute) * 60).unwrap()
}

fn minute(at: Timestamp) -> ModelMinute {
    u8::try_from(at.as_second() / 60).unwrap()
}

/// What a modelled round of settle starts from.
#[derive(Clone, Copy, Hash)]
pub struct RoundInput<'a> {
    /// The stored person.
    pub person: &'a StoredPerson,
    /// What the stored fact says.
    pub says: u8,
    /// The members of the group. `None` if the group could not be read.
    pub lines: Option<&'a [ModelMember]>,
    /// Whether the due item asks for a look at the group.
    pub look: bool,
    /// The current minute.
    pub now: ModelMinute,
}

/// A person's desired and actual state.
struct Comparison<'a> {
    person: &'a Person,
    desired: &'a Desired,
    groups: &'a BTreeSet<GroupRef>,
    held: &'a ActualGroups,
}

impl Judge {
    /// Returns the judge of a scenario.
    pub fn of(story: &ModelScenario) -> Self {
        let kind = if story.doors == ModelDoors::Salto {
            DoorsKind::SaltoKs
        } else {
            DoorsKind::Kisi
        };
        let config = DoorsConfig {
            kind,
            place: Some("p".to_owned()),
            secret: "s".to_owned(),
            url: None,
            identity_url: None,
            contact: None,
            invite: false,
            without_access: WithoutAccess::Keep,
            guest_accounts: WithoutAccess::Keep,
            foreign: ForeignPolicy::Report,
            prefix: None,
            protected: Vec::new(),
            was: None,
        };
        let groups = vec![Group {
            id: group(),
            name: "g".to_owned(),
            problem: None,
        }];
        let taken = BTreeSet::from([group()]);
        let doors_read = DoorsRead {
            groups,
            taken,
            cards_taken: true,
            ..DoorsRead::default()
        };
        let ends_by_itself = story.doors != ModelDoors::Salto;
        let ruled = BTreeSet::from([group()]);
        let capabilities = Capabilities {
            ends_by_itself,
            suspends_guests: true,
            one_card: false,
            counts_seats: false,
        };
        let doors_context = DoorsContext {
            config,
            doors_read,
            capabilities,
            ruled,
        };
        Judge {
            doors: story.doors,
            sayings: story.sayings.clone(),
            finishes: !story.has(RemovedGuard::NothingFinished),
            claims: !story.has(RemovedGuard::ClaimForgotten),
            contexts: BTreeMap::from([(DOORS.into(), doors_context)]),
            decided: Mutex::default(),
            found: Mutex::default(),
        }
    }

    /// Returns the window in which this saying opens the group.
    pub fn window(&self, says: u8) -> Option<(ModelMinute, ModelMinute)> {
        self.sayings.get(usize::from(says)).copied().flatten()
    }

    /// Returns whether this saying opens the group now.
    pub fn opens(&self, says: u8, now: ModelMinute) -> bool {
        self.window(says)
            .is_some_and(|(from, until)| from <= now && now < until)
    }

    /// Returns the next minute at which the group opens or closes.
    pub fn boundary(&self, says: u8, now: ModelMinute) -> Option<ModelMinute> {
        next_boundary(&self.desired(says), at(now)).map(minute)
    }

    fn desired(&self, says: u8) -> Desired {
        let interval = |(from, until): (ModelMinute, ModelMinute)| {
            let window = Window::new(at(from), Some(at(until))).unwrap();
            (
                group_ref(),
                vec![OpenInterval {
                    window,
                    because: Reasons::default(),
                }],
            )
        };
        self.window(says).map(interval).into_iter().collect()
    }

    /// Decides a round: resolves the intents, then decides the actions. `lines` is `None` if the
    /// group could not be read.
    pub fn decide(&self, input: RoundInput<'_>) -> ModelDecision {
        let asked = key(input);
        if let Some(known) = self.decided.lock().unwrap().get(&asked) {
            return known.clone();
        }
        let decided = self.decide_anew(input);
        self.decided.lock().unwrap().insert(asked, decided.clone());
        decided
    }

    fn decide_anew(&self, input: RoundInput<'_>) -> ModelDecision {
        let RoundInput {
            person,
            says,
            lines,
            look,
            now,
        } = input;
        let mut person = whole(person);
        let desired = self.desired(says);
        let more: Vec<_> = look.then(group_ref).into_iter().collect();
        let groups = concerned(&person, &desired, at(now), &more);
        let read = lines.filter(|_| !groups.is_empty());
        let held: ActualGroups = read
            .map(|lines| (group_ref(), rows(lines)))
            .into_iter()
            .collect();
        let actions = if self.finishes {
            finish(&mut person, &held, &self.contexts, at(now))
        } else {
            person.intents.clear();
            Vec::new()
        };
        let judged = self.judged(
            Comparison {
                person: &person,
                desired: &desired,
                groups: &groups,
                held: &held,
            },
            now,
        );
        let more = needs_aftercare(&judged, &person, &self.contexts);
        judged.settle_claims(&mut person);
        let acts = judged.actions().map(|(_, step)| act(step)).collect();
        ModelDecision {
            person: brief(&person),
            acts,
            records: records(&actions),
            more,
        }
    }

    fn judged(&self, comparison: Comparison<'_>, now: ModelMinute) -> PersonDecision {
        let Comparison {
            person,
            desired,
            groups,
            held,
        } = comparison;
        let (books, looked, cards, adopt) = Default::default();
        decide_person(PersonView {
            person,
            desired: DesiredState {
                access: desired,
                name: Some(NAME),
                cards: &[],
            },
            actual: ActualState {
                groups: held,
                cards: ActualCards {
                    books: &books,
                    read: &looked,
                },
                others: &OtherSites::default(),
            },
            scope: CompareScope {
                groups,
                adopt: &adopt,
                adopt_cards: &cards,
            },
            context: DecisionContext {
                doors: &self.contexts,
                mode: Mode::Full,
                stale: false,
                now: at(now),
            },
        })
    }

    /// Returns whether reconcile marks the person as due.
    pub fn reconciled(
        &self,
        person: &StoredPerson,
        says: u8,
        lines: &[ModelMember],
        now: ModelMinute,
    ) -> ReconcileResult {
        let asked = key((person, says, lines, now));
        if let Some(known) = self.found.lock().unwrap().get(&asked) {
            return *known;
        }
        let (person, desired) = (whole(person), self.desired(says));
        let there: Vec<_> = (!lines.is_empty()).then(group_ref).into_iter().collect();
        let groups = concerned(&person, &desired, at(now), &there);
        let held = ActualGroups::from([(group_ref(), rows(lines))]);
        let judged = self.judged(
            Comparison {
                person: &person,
                desired: &desired,
                groups: &groups,
                held: &held,
            },
            now,
        );
        let moved_on = person.failures == 0 && person.next != next_boundary(&desired, at(now));
        let due =
            !judged.is_unchanged() || person.has_begun() || !person.problems.is_empty() || moved_on;
        let found = match (due, groups.is_empty()) {
            (false, _) => ReconcileResult::Well,
            (true, true) => ReconcileResult::Due,
            (true, false) => ReconcileResult::Look,
        };
        self.found.lock().unwrap().insert(asked, found);
        found
    }

    /// Returns the person with the intents of these actions.
    pub fn begin(&self, known: &StoredPerson, acts: &[Act]) -> StoredPerson {
        let mut person = whole(known);
        let begun: Vec<Intent> = acts
            .iter()
            .filter_map(|act| intent_of(&person, &DoorsName::from(DOORS), &step(act)))
            .collect();
        person.intents.extend(begun);
        brief(&person)
    }

    /// Returns the person and the audit entries after an action, successful or not.
    pub fn done(
        &self,
        known: &StoredPerson,
        act: &Act,
        well: bool,
        now: ModelMinute,
    ) -> (StoredPerson, Records) {
        let person = whole(known);
        let account = person
            .accounts
            .get(DOORS)
            .expect("an account")
            .account
            .id
            .clone();
        let mut task = PersonWork::of(person, NAME);
        let group_id = group();
        let (doors, because) = (DoorsName::from(DOORS), "b".into());
        let change = GroupChange {
            doors: &doors,
            group: &group_id,
            account: &account,
            because: &because,
        };
        match (act, well) {
            (Act::Grant(until, _), true) => task.granted(change, until.map(at), at(now)),
            (Act::Revoke(_), true) => task.revoked(&SiteId::from("site"), change),
            (Act::Tidy(handle), true) => {
                task.tidied(&DoorsName::from(DOORS), &group(), &row(*handle, None))
            }
            (Act::Grant(_, replaces), false) => {
                task.failed(change, Error::retry("away"), !replaces.is_empty());
            }
            (_, false) => task.failed(change, Error::retry("away"), false),
        }
        let records = records(&task.actions);
        if !self.claims && well && matches!(act, Act::Grant(..)) {
            task.person.claims.clear();
        }
        (brief(&task.person), records)
    }

    /// Returns the person and the outcome at the end of a round.
    pub fn conclude(
        &self,
        known: &StoredPerson,
        result: RoundResult,
        now: ModelMinute,
    ) -> (StoredPerson, RoundOutcome) {
        let mut person = whole(known);
        let outcome = conclude(&mut person, result, at(now));
        (brief(&person), outcome)
    }

    /// Returns whether the door system has one member for an account, without an end.
    pub fn one_line(&self) -> bool {
        self.doors == ModelDoors::Salto
    }
}

fn row(handle: u8, until: Option<ModelMinute>) -> GroupMember {
    GroupMember {
        account: account(),
        handle: Some(handle.to_string()),
        from: None,
        until: until.map(at),
    }
}

fn group_ref() -> GroupRef {
    GroupRef::new(&DoorsName::from(DOORS), &group())
}

fn rows(lines: &[ModelMember]) -> GroupRows {
    GroupRows::of(
        lines
            .iter()
            .map(|line| row(line.handle, line.until))
            .collect(),
    )
}

fn handles(names: &[String]) -> Vec<u8> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

fn act(step: &Action) -> Act {
    match step {
        Action::Grant {
            until, replaces, ..
        } => {
            let replaces = replaces
                .iter()
                .map(|row| row.handle().parse().unwrap())
                .collect();
            Act::Grant(until.map(minute), replaces)
        }
        Action::Revoke { row, .. } => Act::Revoke(row.handle().parse().unwrap()),
        Action::Tidy { row, .. } => Act::Tidy(row.handle().parse().unwrap()),
        other => panic!("nothing is done to accounts and cards here: {other}"),
    }
}

fn step(act: &Act) -> Action {
    let group = group();
    match act {
        Act::Grant(until, replaces) => {
            let replaces = replaces.iter().map(|handle| row(*handle, None)).collect();
            Action::Grant {
                group,
                until: until.map(at),
                replaces,
                because: Reasons::default(),
            }
        }
        Act::Revoke(handle) => Action::Revoke {
            group,
            row: row(*handle, None),
            because: RevokeCause::Ended.into(),
        },
        Act::Tidy(handle) => Action::Tidy {
            group,
            row: row(*handle, None),
        },
    }
}

fn records(actions: &[AuditEntry]) -> Records {
    let count = |what: AuditAction| {
        i8::try_from(actions.iter().filter(|action| action.what == what).count()).unwrap()
    };
    Records {
        granted: count(AuditAction::Granted),
        revoked: count(AuditAction::Revoked),
    }
}

/// Returns the person in the form of production code.
fn whole(known: &StoredPerson) -> Person {
    let standing = Standing::Active;
    let (name, email) = (NAME.into(), Some("kim@example.com".to_owned()));
    let account = Account {
        id: account(),
        inner_id: None,
        email: email.clone(),
        name,
        standing,
        mark: None,
        privileged: false,
        guest: false,
    };
    let claim = |(until, surplus): &(Option<ModelMinute>, Vec<u8>)| Claim {
        doors: DOORS.into(),
        group: group(),
        account: AccountId("a".to_owned()),
        since: at(0),
        until: until.map(at),
        because: "b".to_owned(),
        basis: Vec::new(),
        cause: None,
        surplus: surplus.iter().map(ToString::to_string).collect(),
    };
    let mut person = Person::new(PersonId::from("p"), email);
    person
        .accounts
        .insert(DOORS.into(), Linked::new(account, NAME, false));
    person.claims = known.claim.iter().map(claim).collect();
    person.intents = known.intents.iter().map(intent).collect();
    person.problems = known
        .problem
        .then_some(Problem::PlatformUnread)
        .into_iter()
        .collect();
    person.next = known.next.map(at);
    person.failures = u32::from(known.failures);
    person
}

fn intent(begun: &Begun) -> Intent {
    let action = match begun {
        Begun::Grant(until, replaces) => Did::Grant {
            account: Some(account()),
            until: until.map(at),
            replaces: replaces.iter().map(ToString::to_string).collect(),
            because: Reasons::default(),
        },
        Begun::Revoke(handle) => Did::Revoke {
            account: account(),
            handle: handle.to_string(),
            because: RevokeCause::Ended.into(),
        },
    };
    Intent {
        doors: DOORS.into(),
        group: Some(group()),
        action,
    }
}

/// Returns the person in the form of the model.
fn brief(person: &Person) -> StoredPerson {
    assert!(person.claims.len() <= 1, "one claim on one group");
    let begun = |intent: &Intent| match &intent.action {
        Did::Grant {
            until, replaces, ..
        } => Begun::Grant(until.map(minute), handles(replaces)),
        Did::Revoke { handle, .. } => Begun::Revoke(handle.parse().unwrap()),
        other => panic!("nothing is done to accounts here: {other:?}"),
    };
    StoredPerson {
        claim: person
            .claims
            .first()
            .map(|claim| (claim.until.map(minute), handles(&claim.surplus))),
        intents: person.intents.iter().map(begun).collect(),
        next: person.next.map(minute),
        failures: u8::try_from(person.failures).unwrap(),
        problem: !person.problems.is_empty(),
    }
}
