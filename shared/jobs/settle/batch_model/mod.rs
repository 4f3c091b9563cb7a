//! A model of two people in one batch that is explored completely: one bulk call for both, one card
//! between them, the guard with its holds and approvals, one or two sites that rule the same group,
//! and the deadline of an invocation.
//!
//! It complements the model of one membership beside this module, which has every read and write of
//! one person's facts, schedules and reconciles as a step. Here a delivery, a reconcile and an
//! approval are one step each, and the steps of settle are those at which two people, two sites,
//! the guard and the clock meet. Production code makes the decisions: `derive`, `decide_person`,
//! `RemovalEvidence`, `guard::judge`, `interrupted::finish`, `finish_cards`, `wait_for_each_other`,
//! `intent_of`, `PersonWork`'s bookkeeping, `OtherSites`.

use stateright::{Model, Property};

mod judge;
mod run;
mod state;
mod stories;

use judge::{Judge, RoundInput};
use state::{Act, Budget, ModelSite, ModelState, PEOPLE, Removals, Run, RunStep, Said, Wrongs};

/// A safeguard that a scenario leaves out, to show that it is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RemovedGuard {
    /// Removals are applied without a release.
    NothingWithheld,
    /// The guard judges each removal alone.
    JudgedAlone,
    /// Claims of the other site do not count.
    OthersUnknown,
    /// Writes do not depend on what was read of the other site.
    OthersUnchecked,
    /// The other site is not triggered.
    OthersUntold,
    /// A person does not wait for a card that another person gives back.
    NoSecondRound,
    /// One failure of a bulk call fails nothing.
    AllTakenForDone,
    /// Work that is left over is not due again.
    RestForgotten,
    /// Calls begin after the time for calls is used up.
    NoDeadline,
    /// No intents are stored before actions are applied.
    NoIntent,
}

/// A scenario: what can happen, and how often.
#[derive(Debug, Clone)]
struct BatchScenario {
    sites: usize,
    /// What the platforms say at first, and what is settled: everyone entitled has access.
    first: [Said; PEOPLE],
    /// The most people of one batch.
    batch: usize,
    budget: Budget,
    flaws: Vec<RemovedGuard>,
}

impl BatchScenario {
    fn has(&self, flaw: RemovedGuard) -> bool {
        self.flaws.contains(&flaw)
    }
}

/// The result of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Luck {
    /// It succeeds.
    Well,
    /// It fails without an effect.
    NotDone,
    /// It takes effect and is answered with an error.
    DoneAndFailed,
    /// Of a bulk call, only the first change succeeds.
    FirstOnly,
}

/// The next event. The first number is the site, the second one the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum ModelEvent {
    /// The platform's membership of a person changes, and a delivery announces it.
    Announced(usize, usize),
    /// It changes, and no delivery announces it.
    Silent(usize, usize),
    /// The card's number passes from one person to the other, announced or not.
    CardPasses(usize, bool),
    /// A settle function begins.
    Takes(usize),
    /// A settle function runs its next step.
    Works(usize, Luck),
    /// A settle function crashes.
    Dies(usize),
    /// The time for calls of a settle function is used up.
    TimeEnds(usize),
    /// The later minute of a person comes.
    Later(usize, usize),
    /// A reconcile.
    Reconciles(usize),
    /// An operator approves what is held.
    Approves(usize),
    /// The card is assigned to a person by hand.
    HandAssigns(usize),
    /// Failures end; each site is reconciled, and what is held is approved.
    Calm,
}

/// The model of one batch.
struct BatchModel {
    story: BatchScenario,
    judge: Judge,
}

impl BatchModel {
    fn new(story: BatchScenario) -> Self {
        BatchModel {
            story,
            judge: Judge::new(),
        }
    }

    /// Returns the initial state: everything is settled, and all access that was given is claimed
    /// by every site.
    fn beginning(&self) -> ModelState {
        let first = self.story.first;
        let mut site = ModelSite {
            truth: first,
            ..ModelSite::default()
        };
        let mut state = ModelState {
            sites: Vec::new(),
            door: Default::default(),
            budget: self.story.budget,
            wrongs: Wrongs::default(),
            calm: false,
        };
        for (person, said) in first.into_iter().enumerate() {
            site.facts[person].now = said;
            site.people[person].claim = said.open;
            site.people[person].card = said.open && said.card;
            state.door.members[person] = said.open;
            if said.open && said.card {
                state.door.holder = Some(person as u8);
            }
        }
        state.sites = vec![site; self.story.sites];
        state
    }

    fn changes(
        &self,
        state: &mut ModelState,
        site: usize,
        announced: bool,
        changed: &[(usize, Said)],
    ) {
        let here = &mut state.sites[site];
        for (person, said) in changed {
            here.truth[*person] = *said;
            if announced {
                here.facts[*person].announce(*said);
                here.bump(*person);
                here.put_due(*person, false);
            } else {
                here.unheard = true;
            }
        }
    }

    /// Models a reconcile as one step: reads, decides for everyone, judges, and triggers.
    fn reconciles(&self, state: &mut ModelState, site: usize) {
        let door = state.door.clone();
        let others = self.others(state, site);
        let here = &mut state.sites[site];
        // What settle is changing meanwhile is judged by the next reconcile.
        here.unheard &= here.run.is_some();
        let (mut waiting, mut due) = (Removals::default(), [false; PEOPLE]);
        for person in 0..PEOPLE {
            let (before, truth) = (here.facts[person], here.truth[person]);
            here.facts[person].read(truth);
            if here.facts[person] != before {
                here.bump(person);
            }
            let decided = self.judge.decide(RoundInput {
                person,
                stored: &here.people[person],
                facts: here.facts[person],
                other: others.as_ref().map(|others| &others[person]),
                door: &door,
                given: None,
                look: true,
            });
            let stored = &here.people[person];
            let begun = !stored.intents.is_empty() || !stored.card_intents.is_empty();
            due[person] = !decided.acts.is_empty() || decided.person != *stored || begun;
            for act in [Act::Revoke, Act::Untag] {
                if decided.unconfirmed.has(0, act) && decided.acts.contains(&act) {
                    waiting.add(person, act);
                }
            }
            // After the person has left the group, the card follows.
            if waiting.has(person, Act::Revoke) && stored.card {
                waiting.add(person, Act::Untag);
            }
        }
        let ours = std::array::from_fn(|person| here.people[person].card);
        let (released, held) = self.judged(&door, here.lately, waiting, ours);
        here.lately.0 |= released.0;
        here.released.0 |= released.0;
        here.held = held;
        for (person, due) in due.into_iter().enumerate() {
            if due {
                here.put_due(person, true);
            }
        }
    }

    fn judged(
        &self,
        door: &state::ModelDoor,
        lately: Removals,
        waiting: Removals,
        ours: [bool; PEOPLE],
    ) -> (Removals, Removals) {
        if !self.story.has(RemovedGuard::JudgedAlone) {
            return self.judge.judge(door, lately, waiting, ours);
        }
        let (mut released, mut held) = (Removals::default(), Removals::default());
        for bit in 0..8 {
            let one = Removals(waiting.0 & 1 << bit);
            let (free, waits) = self.judge.judge(door, Removals::default(), one, ours);
            (released.0, held.0) = (released.0 | free.0, held.0 | waits.0);
        }
        (released, held)
    }

    fn approves(&self, state: &mut ModelState, site: usize) {
        let here = &mut state.sites[site];
        here.released.0 |= here.held.0;
        here.held = Removals::default();
        (0..PEOPLE).for_each(|person| here.put_due(person, true));
    }

    fn happens(&self, state: &mut ModelState, event: ModelEvent) {
        let budget = &mut state.budget;
        match event {
            ModelEvent::Announced(site, person) | ModelEvent::Silent(site, person) => {
                let announced = matches!(event, ModelEvent::Announced(..));
                match announced {
                    true => budget.announced -= 1,
                    false => budget.silent -= 1,
                }
                let said = state.sites[site].truth[person];
                let said = Said {
                    open: !said.open,
                    ..said
                };
                self.changes(state, site, announced, &[(person, said)]);
            }
            ModelEvent::CardPasses(site, announced) => {
                budget.cards -= 1;
                let truth = state.sites[site].truth;
                // Without an owner, the first person gets it.
                let to_first = !truth[0].card;
                let given = |said: Said, card| Said { card, ..said };
                let truth = [given(truth[0], to_first), given(truth[1], !to_first)];
                self.changes(state, site, announced, &[(0, truth[0]), (1, truth[1])]);
            }
            ModelEvent::Takes(site) => {
                state.sites[site].rings = false;
                state.sites[site].run = Some(Run::new());
            }
            ModelEvent::Works(site, luck) => {
                budget.troubles -= u8::from(luck != Luck::Well);
                self.work(state, site, luck);
            }
            ModelEvent::Dies(site) => {
                budget.crashes -= 1;
                let run = state.sites[site].run.take();
                // A trigger for the other site may be lost. Its next reconcile checks the account.
                if run.is_some_and(|run| run.works.iter().any(|work| work.tells)) {
                    state.sites.iter_mut().for_each(|site| site.unheard = true);
                }
                state.sites[site].rings = true;
            }
            ModelEvent::TimeEnds(site) => {
                budget.deadlines -= 1;
                if let Some(run) = &mut state.sites[site].run {
                    run.late = true;
                }
            }
            ModelEvent::Later(site, person) => {
                state.sites[site].later[person] = false;
                state.sites[site].put_due(person, true);
            }
            ModelEvent::Reconciles(site) => {
                budget.reconciles -= 1;
                self.reconciles(state, site);
            }
            ModelEvent::Approves(site) => {
                budget.approvals -= 1;
                self.approves(state, site);
            }
            ModelEvent::HandAssigns(person) => {
                budget.hands -= 1;
                state.door.holder = Some(person as u8);
                state.door.by_hand = true;
                state.sites.iter_mut().for_each(|site| site.unheard = true);
            }
            ModelEvent::Calm => {
                state.calm = true;
                state.budget = Budget::default();
                for site in 0..state.sites.len() {
                    self.reconciles(state, site);
                    self.approves(state, site);
                }
            }
        }
    }

    fn storm(&self, state: &ModelState, events: &mut Vec<ModelEvent>) {
        let budget = state.budget;
        for site in 0..state.sites.len() {
            for person in 0..PEOPLE {
                events
                    .extend((budget.announced > 0).then_some(ModelEvent::Announced(site, person)));
                events.extend((budget.silent > 0).then_some(ModelEvent::Silent(site, person)));
            }
            let cards = [true, false].map(|announced| ModelEvent::CardPasses(site, announced));
            events.extend(cards.into_iter().filter(|_| budget.cards > 0));
            if let Some(run) = &state.sites[site].run {
                events.extend((budget.crashes > 0).then_some(ModelEvent::Dies(site)));
                let ends = budget.deadlines > 0 && !run.late;
                events.extend(ends.then_some(ModelEvent::TimeEnds(site)));
            }
            events.extend((budget.reconciles > 0).then_some(ModelEvent::Reconciles(site)));
            let held = budget.approvals > 0 && state.sites[site].held != Removals::default();
            events.extend(held.then_some(ModelEvent::Approves(site)));
        }
        if budget.hands > 0 && state.door.holder.is_none() {
            // A card that is given by hand while Doorstep gives it to the same person counts as
            // Doorstep's.
            let gives = |person: usize| {
                let mut runs = state.sites.iter().filter_map(|site| site.run.as_ref());
                runs.any(|run| run.works[person].acts.contains(&Act::Tag))
            };
            let others = (0..PEOPLE).filter(|person| !gives(*person));
            events.extend(others.map(ModelEvent::HandAssigns));
        }
        if state.sites.iter().all(ModelSite::is_quiet) {
            events.push(ModelEvent::Calm);
        }
    }

    /// Returns the people of the other site, if there is one.
    fn others(&self, state: &ModelState, site: usize) -> Option<[state::StoredPerson; PEOPLE]> {
        let other = state.sites.get(1 - site)?;
        (!self.story.has(RemovedGuard::OthersUnknown)).then(|| other.people.clone())
    }

    /// Returns whether every account is in the group exactly while a site's platform opens it, but
    /// for removals that are held. Nothing is on its way then, and every change was heard of.
    fn members_are_right(&self, state: &ModelState) -> bool {
        (0..PEOPLE).all(|person| {
            let opens = state.sites.iter().any(|site| site.truth[person].open);
            let held = state
                .sites
                .iter()
                .any(|site| site.held.has(person, Act::Revoke));
            match state.door.members[person] {
                true => opens || held,
                false => !opens,
            }
        })
    }

    /// Returns whether the card is the account's of whom the platform lists it, if it was not
    /// assigned by hand.
    fn card_is_right(&self, state: &ModelState) -> bool {
        let site = &state.sites[0];
        if state.sites.len() > 1 || state.door.by_hand {
            return true;
        }
        let owner = (0..PEOPLE).find(|person| site.truth[*person].open && site.truth[*person].card);
        let holder = state.door.holder.map(usize::from);
        let held = holder.is_some_and(|holder| site.held.has(holder, Act::Untag));
        holder == owner || held
    }

    fn nothing_is_left(&self, state: &ModelState) -> bool {
        (0..state.sites.len()).all(|site| {
            let here = &state.sites[site];
            let others = self.others(state, site);
            (0..PEOPLE).all(|person| {
                let stored = &here.people[person];
                let decided = self.judge.decide(RoundInput {
                    person,
                    stored,
                    facts: here.facts[person],
                    other: others.as_ref().map(|others| &others[person]),
                    door: &state.door,
                    given: None,
                    look: true,
                });
                let begun = !stored.intents.is_empty() || !stored.card_intents.is_empty();
                decided.acts.is_empty() && decided.person == *stored && !begun
            })
        })
    }
}

/// Returns whether nothing is on its way and every change was heard of.
fn heard(state: &ModelState) -> bool {
    let is_heard = |site: &ModelSite| site.is_quiet() && !site.unheard;
    state.sites.iter().all(is_heard)
}

impl Model for BatchModel {
    type State = ModelState;
    type Action = ModelEvent;

    fn init_states(&self) -> Vec<ModelState> {
        vec![self.beginning()]
    }

    fn actions(&self, state: &ModelState, events: &mut Vec<ModelEvent>) {
        for (place, site) in state.sites.iter().enumerate() {
            if let Some(run) = &site.run {
                events.push(ModelEvent::Works(place, Luck::Well));
                let calls = matches!(run.step, RunStep::Decide | RunStep::Apply);
                if calls && state.budget.troubles > 0 {
                    events.push(ModelEvent::Works(place, Luck::NotDone));
                    if run.step == RunStep::Apply {
                        let bad = [Luck::DoneAndFailed, Luck::FirstOnly];
                        events.extend(bad.map(|luck| ModelEvent::Works(place, luck)));
                    }
                }
            } else if site.rings {
                events.push(ModelEvent::Takes(place));
            }
            let later = (0..PEOPLE).filter(|person| site.later[*person]);
            events.extend(later.map(|person| ModelEvent::Later(place, person)));
        }
        if !state.calm {
            self.storm(state, events);
        }
    }

    fn next_state(&self, state: &ModelState, event: ModelEvent) -> Option<ModelState> {
        let mut next = state.clone();
        self.happens(&mut next, event);
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut all = vec![
            Property::always(
                "I1, I2 the group has exactly those who may",
                |model: &Self, state: &ModelState| !heard(state) || model.members_are_right(state),
            ),
            Property::always(
                "I1, I2 the card is with whom the platform lists it",
                |model: &Self, state: &ModelState| !heard(state) || model.card_is_right(state),
            ),
            Property::always(
                "I3 a card that was assigned by hand stays",
                |_: &Self, state: &ModelState| !state.wrongs.stolen,
            ),
            Property::always(
                "I3 no card is taken from one person for another",
                |_: &Self, state: &ModelState| !state.wrongs.robbed,
            ),
            Property::always(
                "I4 one reconcile makes it right",
                |model: &Self, state: &ModelState| {
                    let over = state.calm && state.sites.iter().all(ModelSite::is_quiet);
                    let right = || model.members_are_right(state) && model.card_is_right(state);
                    !over || right() && model.nothing_is_left(state)
                },
            ),
            Property::always(
                "I5 no site revokes what the other one claims",
                |_: &Self, state: &ModelState| !state.wrongs.disputed,
            ),
            Property::always(
                "I6 what is held is not applied",
                |_: &Self, state: &ModelState| !state.wrongs.unheld,
            ),
            Property::always(
                "I6 the guard alone never empties a group",
                |_: &Self, state: &ModelState| {
                    let leaves = |site: &ModelSite, person| site.lately.has(person, Act::Revoke);
                    !state
                        .sites
                        .iter()
                        .any(|site| (0..PEOPLE).all(|person| leaves(site, person)))
                },
            ),
            Property::always(
                "I7 every change has its record",
                |_: &Self, state: &ModelState| {
                    let quiet = |site: &ModelSite| {
                        site.is_quiet()
                            && site
                                .people
                                .iter()
                                .all(|one| one.intents.is_empty() && one.card_intents.is_empty())
                    };
                    let missing = state
                        .sites
                        .iter()
                        .flat_map(|site| site.unrecorded.0)
                        .any(|count| count > 0);
                    !state.sites.iter().all(quiet) || !missing
                },
            ),
            Property::always(
                "I10 no call begins after the time for calls",
                |_: &Self, state: &ModelState| !state.wrongs.overtime,
            ),
            Property::always(
                "everyone who is due is served",
                |_: &Self, state: &ModelState| {
                    !state.sites.iter().all(ModelSite::is_quiet)
                        || state.sites.iter().all(|site| site.due == [0; PEOPLE])
                },
            ),
        ];
        // Two sites that change one membership at the same time each write a record.
        if self.story.sites == 1 {
            all.push(Property::always(
                "I7 every record has its change",
                |_: &Self, state: &ModelState| {
                    state
                        .sites
                        .iter()
                        .flat_map(|site| site.unrecorded.0)
                        .all(|count| count >= 0)
                },
            ));
        }
        if self.story.budget.silent > 1 {
            all.push(Property::sometimes(
                "removals are held",
                |_: &Self, state: &ModelState| {
                    state
                        .sites
                        .iter()
                        .any(|site| site.held != Removals::default())
                },
            ));
        }
        all
    }
}
