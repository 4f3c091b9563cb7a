//! The bridge from the model to production code: deciding, grading, the guard, and recording.
//! Answers are cached, because the same questions return often.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;

use super::state::{
    Act, Begun, ModelDoor, ModelFacts, PEOPLE, Records, Removals, Said, StoredPerson,
};
use crate::settle::apply::results::GroupChange;
use crate::settle::cards::{Books, adopt_and_forget, finish_cards, wait_for_each_other};
use crate::settle::commit::outcome::needs_aftercare;
use crate::settle::intend::intent_of;
use crate::settle::interrupted::finish;
use crate::settle::person_work::PersonWork;
use doorstep_core::decide::action::Action;
use doorstep_core::decide::cards::{CardBook, CardChange};
use doorstep_core::decide::doors_context::DoorsContext;
use doorstep_core::decide::entitlement::{Before, PersonFacts, Rules, derive, desired};
use doorstep_core::decide::guard::baseline::{Baseline, Catalogues, Certainty, OlderFiles};
use doorstep_core::decide::guard::judge::{Judgement, Measure, judge};
use doorstep_core::decide::guard::removal::{RemovalEvidence, change_of};
use doorstep_core::decide::guard::{Tally, UnconfirmedChange, WaitingChange};
use doorstep_core::decide::person::{
    ActualCards, ActualState, CompareScope, DecisionContext, DesiredState, PersonDecision,
    PersonView, concerned, decide_person, desired_cards,
};
use doorstep_core::model::account::{
    Account, AccountId, Card, DoorsKind, Group, GroupId, GroupMember, GroupRef, Standing,
};
use doorstep_core::model::actual_groups::{ActualGroups, GroupRows};
use doorstep_core::model::audit::{AuditAction, AuditEntry};
use doorstep_core::model::capabilities::Capabilities;
use doorstep_core::model::claim::Claim;
use doorstep_core::model::doors_read::DoorsRead;
use doorstep_core::model::error::Error;
use doorstep_core::model::fact::{Fact, FactId, Holder, Kind, Membership, Plan, Profile, What};
use doorstep_core::model::ids::{DoorsName, PersonId, SiteId};
use doorstep_core::model::intent::{Intent, IntentKind};
use doorstep_core::model::linked::{CardIntent, Linked, OurCard};
use doorstep_core::model::other_sites::OtherSites;
use doorstep_core::model::person::Person;
use doorstep_core::model::problem::Wrong;
use doorstep_core::model::reasons::{Reasons, RevokeCause};
use doorstep_core::model::shared_group::Neighbour;
use doorstep_core::model::subject::Subject;
use doorstep_core::site::catalogue::Catalogue;
use doorstep_core::site::resolve::{Resolved, resolve};
use doorstep_core::site::{Guard, Mode, Site};

const DOORS: &str = "main";
const NAME: &str = "Kim";
const NUMBER: &str = "0004-AB12";
const FILE: &str = r#"
    site = "one"
    timezone = "Europe/London"
    mode = "full"
    [platform]
    kind = "officernd"
    organization = "o"
    secret = "s/officernd"
    [doors.main]
    kind = "salto-ks"
    place = "5e0c0000-0000-4000-8000-000000000001"
    secret = "s/salto"
    protected = ["one@example.test", "two@example.test"]
    [[rule]]
    plan = "P"
    doors = "main"
    opens = ["g"]
"#;

fn now() -> Timestamp {
    "2026-03-10T12:00:00Z".parse().unwrap()
}

fn doors() -> DoorsName {
    DOORS.into()
}

fn group() -> GroupId {
    GroupId("g".to_owned())
}

fn group_ref() -> GroupRef {
    GroupRef::new(&doors(), &group())
}

fn account(person: usize) -> AccountId {
    AccountId(format!("a{person}"))
}

/// What a round of one person starts from.
#[derive(Clone, Copy, Hash)]
pub struct RoundInput<'a> {
    /// The person.
    pub person: usize,
    /// The stored person.
    pub stored: &'a StoredPerson,
    /// The stored facts.
    pub facts: ModelFacts,
    /// The same person at the other site, if there is one.
    pub other: Option<&'a StoredPerson>,
    /// The door system.
    pub door: &'a ModelDoor,
    /// The account to which this round already assigns the card.
    pub given: Option<u8>,
    /// Whether the group and the card are compared even if nothing concerns the person.
    pub look: bool,
}

/// A decision for one person, before anything is withheld.
#[derive(Debug, Clone, Default)]
pub struct ModelDecision {
    /// The person after intents were resolved, and things adopted or disowned.
    pub person: StoredPerson,
    /// The actions.
    pub acts: Vec<Act>,
    /// Removals among them that are not planned.
    pub unconfirmed: Removals,
    /// Audit entries of changes that were found done.
    pub records: Records,
    /// The card is another account's.
    pub of_another: bool,
    /// The actions require another round.
    pub more: bool,
    /// The decision depends on what the other site holds.
    pub depends: bool,
    /// The other site must check the account afterwards.
    pub tells: bool,
}

/// The production code, with a cache of its answers.
pub struct Judge {
    site: Site,
    resolved: Resolved,
    catalogue: Catalogue,
    baseline: Baseline,
    contexts: BTreeMap<DoorsName, DoorsContext>,
    decided: Mutex<HashMap<u64, ModelDecision>>,
}

fn fact(id: &str, what: What) -> Fact {
    Fact {
        id: id.into(),
        what,
        changed: None,
    }
}

impl Judge {
    /// Returns the production code for a site of the model.
    pub fn new() -> Self {
        let site = Site::parse(FILE).expect("a site file");
        let plan = What::Plan(Plan {
            name: "P".into(),
            location: None,
        });
        let catalogue = Catalogue::of([&fact("p", plan)]);
        let groups = vec![Group {
            id: group(),
            name: "g".to_owned(),
            problem: None,
        }];
        let by_doors = BTreeMap::from([(doors(), groups.clone())]);
        let resolved = resolve(&site, &catalogue, &by_doors, None);
        let older = OlderFiles {
            files: Vec::new(),
            replaced: now(),
        };
        let catalogues = Catalogues {
            now: &catalogue,
            before: None,
        };
        let baseline = Baseline::of(&site, &by_doors, None, older, catalogues);
        let taken = BTreeSet::from([group()]);
        let doors_read = DoorsRead {
            groups,
            taken: taken.clone(),
            cards_taken: true,
            ..DoorsRead::default()
        };
        let capabilities = Capabilities {
            ends_by_itself: false,
            suspends_guests: true,
            one_card: false,
            counts_seats: false,
        };
        let context = DoorsContext {
            config: site.doors[DOORS].clone(),
            doors_read,
            capabilities,
            ruled: taken,
        };
        assert_eq!(context.config.kind, DoorsKind::SaltoKs);
        Judge {
            site,
            resolved,
            catalogue,
            baseline,
            contexts: BTreeMap::from([(doors(), context)]),
            decided: Mutex::default(),
        }
    }

    /// Decides for one person.
    pub fn decide(&self, input: RoundInput<'_>) -> ModelDecision {
        let mut hasher = DefaultHasher::new();
        input.hash(&mut hasher);
        let key = hasher.finish();
        if let Some(known) = self.decided.lock().unwrap().get(&key) {
            return known.clone();
        }
        let decided = self.decide_anew(input);
        self.decided.lock().unwrap().insert(key, decided.clone());
        decided
    }

    fn rules(&self) -> Rules<'_> {
        Rules {
            site: &self.site,
            resolved: &self.resolved,
            catalogue: &self.catalogue,
        }
    }

    fn decide_anew(&self, input: RoundInput<'_>) -> ModelDecision {
        let mut person = whole(input.person, input.stored);
        let facts = person_facts(input.facts);
        let access = desired(&derive(self.rules(), &facts, now()).entitlements);
        let numbers = facts.cards();
        let more: Vec<GroupRef> = input.look.then(group_ref).into_iter().collect();
        let groups = concerned(&person, &access, now(), &more);
        let mut held = ActualGroups::default();
        if !groups.is_empty() {
            held.insert(group_ref(), rows(input.door));
        }
        let mut entries = finish(&mut person, &held, &self.contexts, now());
        // As `doors_to_refetch`: the card is read if it is not as wanted, or is asked for.
        let wanted = desired_cards(&person, &numbers, &access, &doors(), now());
        let linked = &person.accounts[&doors()];
        let reads =
            wanted.len() != linked.cards.len() || input.look || !linked.card_intents.is_empty();
        let read: BTreeSet<DoorsName> = reads.then(doors).into_iter().collect();
        let mut books = Books::default();
        if reads {
            books
                .by_doors
                .insert(doors(), book(input.door, input.given));
        }
        entries.extend(finish_cards(&mut person, &read, &books, now()));
        let mut others = OtherSites::default();
        if let Some(other) = input.other {
            others.add(&doors(), &neighbour(), &whole(input.person, other));
        }
        let nothing = BTreeSet::new();
        let adopt = BTreeSet::new();
        let decision = decide_person(PersonView {
            person: &person,
            desired: DesiredState {
                access: &access,
                name: Some(NAME),
                cards: &numbers,
            },
            actual: ActualState {
                groups: &held,
                cards: ActualCards {
                    books: &books.by_doors,
                    read: &read,
                },
                others: &others,
            },
            scope: CompareScope {
                groups: &groups,
                adopt: &nothing,
                adopt_cards: &adopt,
            },
            context: DecisionContext {
                doors: &self.contexts,
                mode: Mode::Full,
                stale: false,
                now: now(),
            },
        });
        let more = needs_aftercare(&decision, &person, &self.contexts);
        let mut decided = self.in_short(&person, &facts, &access, &decision);
        decided.more |= more;
        decided.tells |= decided.depends && input.other.is_some();
        adopt_and_forget(&mut person, &decision, now());
        decision.settle_claims(&mut person);
        decided.person = brief(&person);
        decided.records = records(&entries);
        decided
    }

    /// Returns a decision in the form of the model, without the person.
    fn in_short(
        &self,
        person: &Person,
        facts: &PersonFacts,
        access: &doorstep_core::decide::entitlement::Desired,
        decision: &PersonDecision,
    ) -> ModelDecision {
        let evidence = RemovalEvidence {
            baseline: &self.baseline,
            rules: self.rules(),
            person_facts: facts,
            desired: access,
            person,
            now: now(),
        };
        let mut decided = ModelDecision::default();
        for (doors, action) in decision.actions() {
            let act = act(action);
            decided.acts.push(act);
            let sure = evidence.certainty(doors, action);
            if sure != Certainty::Planned && change_of(person, doors, action).is_some() {
                decided.unconfirmed.0 |= if act == Act::Untag { 2 } else { 1 };
            }
            decided.depends |= act.takes();
        }
        decided.acts.sort();
        let here = decision.by_doors.values();
        decided.depends |= here
            .clone()
            .any(|here| !here.disown.is_empty() || !here.adopt.is_empty());
        decided.of_another = decision
            .troubles()
            .any(|(_, trouble)| trouble.what == Wrong::OfAnother);
        decided
    }

    /// Judges removals of several people as one set. Returns what is released and what is held.
    pub fn judge(
        &self,
        door: &ModelDoor,
        lately: Removals,
        waiting: Removals,
        ours: [bool; PEOPLE],
    ) -> (Removals, Removals) {
        let inside = (0..PEOPLE).filter(|person| door.members[*person]);
        let inside = BTreeMap::from([(group_ref(), inside.map(account).collect())]);
        let holders = (0..PEOPLE).filter(|person| ours[*person]).map(account);
        let holders = BTreeMap::from([(doors(), holders.collect())]);
        let tally = Tally {
            left: removals(lately)
                .map(|(person, act)| (change(person, act), now()))
                .collect(),
            ..Tally::default()
        };
        let guard = Guard {
            share: 0.2,
            least: 2,
            base: 2,
            most: 50,
        };
        let changes = removals(waiting).map(|(person, act)| {
            let who = Subject::Person(PersonId::from(format!("p{person}").as_str()));
            WaitingChange::new(change(person, act), who)
        });
        let measure = Measure {
            site: &self.site.id,
            guard: &guard,
            inside: &inside,
            holders: &holders,
            tally: &tally,
            now: now(),
        };
        let Judgement { released, holds } = judge(measure, changes.collect());
        let held = holds.iter().flat_map(|(_, held)| held);
        (set(released.iter()), set(held))
    }

    /// Returns the person with the intents of these actions.
    pub fn begin(&self, person: usize, stored: &StoredPerson, acts: &[Act]) -> StoredPerson {
        let mut whole = whole(person, stored);
        for act in acts {
            whole
                .intents
                .extend(intent_of(&whole, &doors(), &action(person, *act)));
            if let Act::Tag | Act::Untag = act {
                let linked = whole.accounts.get_mut(&doors()).expect("an account");
                linked.card_intents.push(CardIntent {
                    number: NUMBER.to_owned(),
                    theirs: *act == Act::Tag,
                    because: "b".to_owned(),
                });
            }
        }
        brief(&whole)
    }

    /// Returns the person and the audit entries after an action, successful or not.
    pub fn done(
        &self,
        person: usize,
        stored: &StoredPerson,
        act: Act,
        well: bool,
    ) -> (StoredPerson, Records) {
        let mut work = PersonWork::of(whole(person, stored), NAME);
        let (doors, group, account) = (doors(), group(), account(person));
        let because = "b".into();
        let change = GroupChange {
            doors: &doors,
            group: &group,
            account: &account,
            because: &because,
        };
        let away = || Error::retry("away");
        match (act, well) {
            (Act::Grant, true) => work.granted(change, None, now()),
            (Act::Revoke, true) => work.revoked(&SiteId::from("one"), change),
            (Act::Grant | Act::Revoke, false) => work.failed(change, away(), false),
            (Act::Tag | Act::Untag, true) => {
                work.changed_hands(&doors, &card_change(), act == Act::Tag, now())
            }
            (Act::Tag | Act::Untag, false) => work.card_failed(&doors, &card_change(), away()),
        }
        (brief(&work.person), records(&work.actions))
    }

    /// Returns which people wait for a card that another person gives back in this round.
    pub fn waits(&self, works: [(&[Act], bool); PEOPLE]) -> [bool; PEOPLE] {
        let mut all: Vec<PersonWork> = Vec::new();
        for (person, (acts, of_another)) in works.into_iter().enumerate() {
            let mut work = PersonWork::of(whole(person, &StoredPerson::default()), NAME);
            let here = work.decision.by_doors.entry(doors()).or_default();
            here.actions = acts.iter().map(|act| action(person, *act)).collect();
            if of_another {
                here.troubles.push(doorstep_core::decide::cards::Trouble {
                    number: NUMBER.to_owned(),
                    what: Wrong::OfAnother,
                });
            }
            all.push(work);
        }
        wait_for_each_other(&mut all);
        std::array::from_fn(|person| all[person].more)
    }
}

fn neighbour() -> Neighbour {
    Neighbour {
        site: SiteId::from("two"),
        doors: doors(),
    }
}

/// Iterates over a set of removals.
fn removals(set: Removals) -> impl Iterator<Item = (usize, Act)> {
    let all = (0..PEOPLE).flat_map(|person| [(person, Act::Revoke), (person, Act::Untag)]);
    all.filter(move |(person, act)| set.has(*person, *act))
}

fn change(person: usize, act: Act) -> UnconfirmedChange {
    let (doors, account) = (doors(), account(person));
    match act {
        Act::Untag => UnconfirmedChange::Card {
            doors,
            account,
            card: "c".to_owned(),
        },
        _ => UnconfirmedChange::Leaves {
            doors,
            group: group(),
            account,
        },
    }
}

fn set<'a>(changes: impl Iterator<Item = &'a WaitingChange>) -> Removals {
    let mut set = Removals::default();
    for one in changes {
        for person in 0..PEOPLE {
            for act in [Act::Revoke, Act::Untag] {
                if one.change == change(person, act) {
                    set.add(person, act);
                }
            }
        }
    }
    set
}

fn person_facts(facts: ModelFacts) -> PersonFacts {
    let (now, before) = (facts.now, facts.confirmed.unwrap_or(facts.now));
    let changed = |then: Fact, same: bool| {
        let before = Before {
            fact: Arc::new(then),
            until: self::now(),
            unconfirmed: false,
        };
        (!same).then(|| (before.fact.name(), before))
    };
    let confirmed = [
        changed(membership(before), now.open == before.open),
        changed(profile(before), now.card == before.card),
    ];
    let facts = [membership(now), profile(now)];
    PersonFacts {
        facts: facts.map(|fact| (fact.name(), Arc::new(fact))).into(),
        profiles: vec![FactId::new(Kind::Member, "m")],
        confirmed: confirmed.into_iter().flatten().collect(),
    }
}

fn membership(said: Said) -> Fact {
    let what = Membership {
        items: Vec::new(),
        plan: Some("p".into()),
        holder: Some(Holder::Member("m".into())),
        location: None,
        from: Some("2026-03-01".parse().expect("a day")),
        until: None,
        approved: said.open,
        unpaid_since: None,
        assignments: Vec::new(),
        pauses: Vec::new(),
        awaits_next: false,
    };
    fact("s", What::Membership(what))
}

fn profile(said: Said) -> Fact {
    let what = Profile {
        name: NAME.into(),
        email: None,
        teams: Vec::new(),
        location: None,
        shares_team: true,
        active: true,
        cards: said.card.then(|| NUMBER.to_owned()).into_iter().collect(),
    };
    fact("m", What::Member(what))
}

fn card(holder: Option<u8>) -> Card {
    Card {
        id: "c".to_owned(),
        numbers: vec![NUMBER.to_owned()],
        holder: holder.map(|person| account(person.into())),
        handle: None,
        blocked: false,
        reserved: false,
    }
}

fn card_change() -> CardChange {
    CardChange {
        card: card(None),
        number: NUMBER.to_owned(),
        because: "b".to_owned(),
    }
}

fn book(door: &ModelDoor, given: Option<u8>) -> CardBook {
    let mut book = CardBook::of(vec![card(door.holder)]);
    if let Some(person) = given {
        book.hand(&card(None), &account(person.into()));
    }
    book
}

fn row(person: usize) -> GroupMember {
    GroupMember {
        account: account(person),
        handle: None,
        from: None,
        until: None,
    }
}

fn rows(door: &ModelDoor) -> GroupRows {
    let inside = (0..PEOPLE).filter(|person| door.members[*person]);
    GroupRows::of(inside.map(row).collect())
}

fn act(action: &Action) -> Act {
    match action {
        Action::Grant { .. } => Act::Grant,
        Action::Revoke { .. } => Act::Revoke,
        Action::Tag(_) => Act::Tag,
        Action::Untag(_) => Act::Untag,
        other => panic!("nothing is done to accounts here: {other}"),
    }
}

fn action(person: usize, act: Act) -> Action {
    match act {
        Act::Grant => Action::Grant {
            group: group(),
            until: None,
            replaces: Vec::new(),
            because: Reasons::default(),
        },
        Act::Revoke => Action::Revoke {
            group: group(),
            row: row(person),
            because: RevokeCause::Ended.into(),
        },
        Act::Tag => Action::Tag(card_change()),
        Act::Untag => Action::Untag(card_change()),
    }
}

fn records(entries: &[AuditEntry]) -> Records {
    let mut records = Records::default();
    for entry in entries {
        match entry.what {
            AuditAction::Granted => records.add(Act::Grant, 1),
            AuditAction::Revoked => records.add(Act::Revoke, 1),
            AuditAction::Tagged => records.add(Act::Tag, 1),
            AuditAction::Untagged => records.add(Act::Untag, 1),
            _ => {}
        }
    }
    records
}

/// Returns the person in the form of production code.
fn whole(number: usize, stored: &StoredPerson) -> Person {
    let id = account(number);
    let name = NAME.into();
    let own = Account {
        id: id.clone(),
        inner_id: None,
        email: None,
        name,
        standing: Standing::Active,
        mark: None,
        privileged: false,
        guest: false,
    };
    let mut linked = Linked::new(own, NAME, false);
    linked.cards.extend(stored.card.then(|| OurCard {
        number: NUMBER.to_owned(),
        since: now(),
        because: "b".to_owned(),
    }));
    linked
        .card_intents
        .extend(stored.card_intents.iter().map(|theirs| CardIntent {
            number: NUMBER.to_owned(),
            theirs: *theirs,
            because: "b".to_owned(),
        }));
    let mut person = Person::new(PersonId::from(format!("p{number}").as_str()), None);
    person.accounts.insert(doors(), linked);
    person.claims.extend(stored.claim.then(|| Claim {
        doors: doors(),
        group: group(),
        account: id.clone(),
        since: now(),
        because: "b".to_owned(),
        ..Claim::default()
    }));
    person
        .intents
        .extend(stored.intents.iter().map(|begun| Intent {
            doors: doors(),
            group: Some(group()),
            action: match begun {
                Begun::Grant => IntentKind::Grant {
                    account: Some(id.clone()),
                    until: None,
                    replaces: Vec::new(),
                    because: Reasons::default(),
                },
                Begun::Revoke => IntentKind::Revoke {
                    account: id.clone(),
                    handle: String::new(),
                    because: RevokeCause::Ended.into(),
                },
            },
        }));
    person
}

/// Returns the person in the form of the model.
fn brief(person: &Person) -> StoredPerson {
    let linked = &person.accounts[&doors()];
    let begun = |intent: &Intent| match intent.action {
        IntentKind::Grant { .. } => Begun::Grant,
        _ => Begun::Revoke,
    };
    StoredPerson {
        claim: !person.claims.is_empty(),
        card: !linked.cards.is_empty(),
        intents: person.intents.iter().map(begun).collect(),
        card_intents: linked
            .card_intents
            .iter()
            .map(|intent| intent.theirs)
            .collect(),
    }
}
