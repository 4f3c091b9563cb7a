//! A model of one membership that is explored completely, with everything that can happen
//! concurrently: webhooks, schedules and reconciles in any order, lost and duplicated; functions
//! that crash between any two steps; a door system that applies a call and answers with an error;
//! two workers with the same triggers; changes by hand.
//!
//! The model repeats the order of reads and writes, each as one step. Production code makes the
//! decisions (`decide_person`, `interrupted::finish`, `intent_of`, `PersonWork`'s bookkeeping,
//! `conclude`), so that model and code cannot drift apart there. `make test` explores the small
//! scenarios, `make model` the large ones. `docs/protocol.md` says what the model leaves out.

use stateright::{Model, Property};

mod judge;
mod reconcile;
mod state;
mod stories;
mod worker;

use judge::{Judge, RoundInput};
use state::{
    Budget, MINUTES, ModelMember, ModelMinute, ModelRound, ModelState, Records, StoredPerson,
    TriggerCounts, Worker, WorkerStep,
};

/// The behaviour of a door system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ModelDoors {
    /// SALTO KS: one member for each account and group, without an end.
    Salto,
    /// Kisi, if it allows a second member beside the first.
    Kisi,
    /// Kisi, if it answers 409 to a second member.
    KisiOneLine,
}

/// A guard that a scenario leaves out, to show that it is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RemovedGuard {
    /// No intents are stored before actions are applied.
    NoIntent,
    /// The holders' versions are not checked again after the intents are stored.
    NotReadAgain,
    /// The person is written whatever its version.
    CommitUnconditional,
    /// Intents of an interrupted run are dropped, not finished.
    NothingFinished,
    /// Audit entries are written before the change.
    RecordsFirst,
    /// A granted membership is not claimed.
    ClaimForgotten,
    /// No schedule is set for the next boundary.
    NoSchedule,
    /// A served due item is deleted even if it was stored anew.
    CrossedOutBlindly,
    /// A person whom a fact no longer concerns is marked in the table only, and not for this run.
    MarkedInTheTableAlone,
    /// A person whom a fact no longer concerns is marked after the fact is stored.
    MarkedAfterwards,
    /// A worker that lost its batch goes on writing people and calling the door system.
    LivesOn,
    /// The queue forgets a batch when it delivers it.
    AtMostOnce,
}

/// A scenario: what can happen, and how often.
#[derive(Debug, Clone)]
struct ModelScenario {
    doors: ModelDoors,
    /// What the platform can say about the booking: nothing, or the window in which it opens the
    /// group.
    sayings: Vec<Option<(ModelMinute, ModelMinute)>>,
    /// The first saying, which one delivery announces.
    first: u8,
    /// The account was added by hand before.
    given: bool,
    budget: Budget,
    /// Tries after which a person is due at a later minute.
    tries: u8,
    /// The last minute.
    last: ModelMinute,
    /// The guards that are left out.
    flaws: Vec<RemovedGuard>,
}

impl ModelScenario {
    fn has(&self, flaw: RemovedGuard) -> bool {
        self.flaws.contains(&flaw)
    }
}

/// The result of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Luck {
    /// It succeeds.
    Well,
    /// It fails without an effect.
    NotDone,
    /// It takes effect and is answered with an error.
    DoneAndFailed,
}

/// The next event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum ModelEvent {
    /// A minute passes.
    Tick,
    /// The platform's answer changes.
    Changes(u8),
    /// A delivery arrives; the flag says whether it is a removal.
    Comes(bool),
    /// A delivery arrives, and will arrive once more.
    ComesTwice(bool),
    /// A delivery is lost.
    Lost(bool),
    /// A schedule enqueues its trigger; the flag says whether it will do so again.
    Alarm(ModelMinute, bool),
    /// A settle function receives the queued triggers.
    Takes,
    /// The queue gives the triggers of a live settle function to another one.
    Late,
    /// A settle function runs its next step.
    Works(usize, Luck),
    /// A settle function crashes.
    Dies(usize),
    /// A reconcile begins.
    Reconciles,
    /// A reconcile runs its next step.
    Compares,
    /// A reconcile crashes.
    ReconcileDies,
    /// Someone adds the account by hand.
    HandPutsIn,
    /// Someone removes a member by hand.
    HandTakesOut(u8),
    /// Failures end, and one more reconcile begins.
    Calm,
}

/// The model of one membership.
struct MembershipModel {
    story: ModelScenario,
    judge: Judge,
}

impl MembershipModel {
    fn new(story: ModelScenario) -> Self {
        let judge = Judge::of(&story);
        MembershipModel { story, judge }
    }

    /// Returns the initial state: nothing is stored, and the delivery of the first saying is on its
    /// way.
    fn beginning(&self) -> ModelState {
        let given = self.story.given.then_some(ModelMember {
            handle: 0,
            until: None,
            by_hand: true,
        });
        ModelState {
            now: 0,
            truth: self.story.first,
            hooks: (u8::from(self.story.first > 0), 0),
            line: TriggerCounts::default(),
            schedules: [false; MINUTES],
            fact: None,
            person: StoredPerson::default(),
            dues: Default::default(),
            lines: given.into_iter().collect(),
            handle: 1,
            workers: [None, None],
            reconcile: None,
            budget: self.story.budget,
            unrecorded: Records::default(),
            hands: (0, 0),
            unheard: false,
            stolen: false,
            calm: false,
        }
    }

    fn storm(&self, state: &ModelState, actions: &mut Vec<ModelEvent>) {
        let budget = state.budget;
        let others = (0..)
            .zip(&self.story.sayings)
            .map(|(says, _)| says)
            .filter(|says| *says != state.truth);
        actions.extend(
            others
                .filter(|_| budget.changes > 0)
                .map(ModelEvent::Changes),
        );
        for (removed, waiting) in [(false, state.hooks.0), (true, state.hooks.1)] {
            if waiting > 0 && budget.losses > 0 {
                actions.push(ModelEvent::Lost(removed));
            }
            if waiting > 0 && budget.twice > 0 {
                actions.push(ModelEvent::ComesTwice(removed));
            }
        }
        if budget.twice > 0 {
            actions.extend(rung(state).map(|minute| ModelEvent::Alarm(minute, true)));
        }
        if budget.overlaps > 0 && state.workers[0].is_some() && state.workers[1].is_none() {
            actions.push(ModelEvent::Late);
        }
        if budget.crashes > 0 {
            actions.extend(
                (0..2)
                    .filter(|place| state.workers[*place].is_some())
                    .map(ModelEvent::Dies),
            );
            actions.extend(
                state
                    .reconcile
                    .is_some()
                    .then_some(ModelEvent::ReconcileDies),
            );
        }
        if budget.reconciles > 0 && state.reconcile.is_none() {
            actions.push(ModelEvent::Reconciles);
        }
        if budget.hands > 0 {
            if self.story.doors == ModelDoors::Kisi && state.lines.iter().all(|line| !line.by_hand)
            {
                actions.push(ModelEvent::HandPutsIn);
            }
            actions.extend(
                state
                    .lines
                    .iter()
                    .map(|line| ModelEvent::HandTakesOut(line.handle)),
            );
        }
        if state.is_quiet() {
            actions.push(ModelEvent::Calm);
        }
    }

    fn works(&self, state: &ModelState, place: usize, actions: &mut Vec<ModelEvent>) {
        let Some(worker) = &state.workers[place] else {
            return;
        };
        actions.push(ModelEvent::Works(place, Luck::Well));
        if state.calm {
            return;
        }
        let (troubles, unanswered) = (state.budget.troubles > 0, state.budget.unanswered > 0);
        match worker.step {
            WorkerStep::Group if troubles => actions.push(ModelEvent::Works(place, Luck::NotDone)),
            WorkerStep::Apply if troubles => {
                actions.push(ModelEvent::Works(place, Luck::NotDone));
                actions.push(ModelEvent::Works(place, Luck::DoneAndFailed));
            }
            WorkerStep::Intend | WorkerStep::Commit if unanswered => {
                actions.push(ModelEvent::Works(place, Luck::DoneAndFailed))
            }
            _ => {}
        }
    }

    fn happens(&self, state: &mut ModelState, action: ModelEvent) {
        match action {
            ModelEvent::Tick => state.now += 1,
            ModelEvent::Changes(says) => {
                state.budget.changes -= 1;
                state.truth = says;
                if says > 0 {
                    state.hooks.0 += 1;
                } else {
                    state.hooks.1 += 1;
                }
            }
            ModelEvent::Comes(removed) | ModelEvent::ComesTwice(removed) => {
                state.line.changed |= !removed;
                state.line.removed |= removed;
                let hooks = if removed {
                    &mut state.hooks.1
                } else {
                    &mut state.hooks.0
                };
                match action {
                    ModelEvent::Comes(_) => *hooks -= 1,
                    _ => state.budget.twice -= 1,
                }
            }
            ModelEvent::Lost(removed) => {
                state.budget.losses -= 1;
                state.unheard();
                let hooks = if removed {
                    &mut state.hooks.1
                } else {
                    &mut state.hooks.0
                };
                *hooks -= 1;
            }
            ModelEvent::Alarm(minute, again) => {
                state.schedules[usize::from(minute)] = again;
                state.budget.twice -= u8::from(again);
                state.line.due = true;
            }
            ModelEvent::Takes => self.takes(state),
            ModelEvent::Late => {
                state.budget.overlaps -= 1;
                if let Some(mut worker) = state.workers[0].take() {
                    state.line.add(worker.batch);
                    worker.late = true;
                    state.workers[1] = Some(worker);
                }
            }
            ModelEvent::Works(place, luck) => {
                match state.workers[place].as_ref().map(|worker| worker.step) {
                    _ if luck == Luck::Well => {}
                    Some(WorkerStep::Group | WorkerStep::Apply) => state.budget.troubles -= 1,
                    _ => state.budget.unanswered -= 1,
                }
                self.work(state, place, luck);
            }
            ModelEvent::Dies(place) => {
                state.budget.crashes -= 1;
                if let Some(worker) = state.workers[place].take()
                    && !self.story.has(RemovedGuard::AtMostOnce)
                {
                    state.comes_again(&worker);
                }
            }
            ModelEvent::Reconciles => {
                state.budget.reconciles -= 1;
                self.begin_reconcile(state);
            }
            ModelEvent::Compares => self.reconcile(state),
            ModelEvent::ReconcileDies => {
                state.budget.crashes -= 1;
                state.reconcile = None;
            }
            ModelEvent::HandPutsIn => {
                state.budget.hands -= 1;
                state.hands.0 += 1;
                state.unheard();
                state.lines.push(ModelMember {
                    handle: state.handle,
                    until: None,
                    by_hand: true,
                });
                state.handle += 1;
            }
            ModelEvent::HandTakesOut(handle) => {
                state.budget.hands -= 1;
                state.hands.1 += 1;
                state.unheard();
                state.lines.retain(|line| line.handle != handle);
            }
            ModelEvent::Calm => {
                (state.calm, state.budget) = (true, Budget::default());
                self.begin_reconcile(state);
            }
        }
    }

    fn takes(&self, state: &mut ModelState) {
        let batch = std::mem::take(&mut state.line);
        let step = if batch.changed || batch.removed {
            WorkerStep::Look
        } else {
            WorkerStep::Slice
        };
        state.workers[0] = Some(Worker {
            batch,
            late: false,
            step,
            until: state.now,
            stamp: 0,
            says: 0,
            draft: None,
            marked: false,
            served: Vec::new(),
            passing: false,
            look: false,
            rounds: 0,
            failed: 0,
            round: ModelRound::default(),
        });
    }

    /// Returns whether no member that Doorstep added is still valid after the window's end.
    fn membership_ends(&self, state: &ModelState) -> bool {
        let valid = |line: &ModelMember| line.until.is_none_or(|until| until > state.now);
        self.judge.opens(state.truth, state.now)
            || !state.lines.iter().any(|line| valid(line) && !line.by_hand)
    }

    /// Returns whether a person with an open window can open the group until its end.
    fn membership_begins(&self, state: &ModelState) -> bool {
        let Some((_, end)) = self
            .judge
            .window(state.truth)
            .filter(|_| self.judge.opens(state.truth, state.now))
        else {
            return true;
        };
        state
            .lines
            .iter()
            .any(|line| line.until.is_none_or(|until| until >= end))
    }

    /// Returns whether another evaluation would find nothing to do, and no intent.
    fn nothing_is_left(&self, state: &ModelState) -> bool {
        let says = state.fact.map_or(0, |fact| fact.says);
        let person = &state.person;
        let lines = Some(state.lines.as_slice());
        let decided = self.judge.decide(RoundInput {
            person,
            says,
            lines,
            look: true,
            now: state.now,
        });
        let known = says == state.truth && person.next == self.judge.boundary(says, state.now);
        let still =
            decided.acts.is_empty() && decided.person == *person && person.intents.is_empty();
        known && still && !person.problem && person.failures == 0
    }
}

/// Returns the schedules whose minute has come.
fn rung(state: &ModelState) -> impl Iterator<Item = ModelMinute> {
    (0..=state.now)
        .zip(state.schedules)
        .filter(|(_, set)| *set)
        .map(|(minute, _)| minute)
}

/// Returns whether nothing is on its way, nothing was missed and no one waits for a retry.
fn heard(state: &ModelState) -> bool {
    state.is_quiet() && !state.unheard && state.person.failures == 0
}

impl Model for MembershipModel {
    type State = ModelState;
    type Action = ModelEvent;

    fn init_states(&self) -> Vec<ModelState> {
        vec![self.beginning()]
    }

    fn actions(&self, state: &ModelState, actions: &mut Vec<ModelEvent>) {
        let retries =
            state.person.failures > 0 && state.person.next.is_some_and(|next| next > state.now);
        if state.now < self.story.last || retries {
            actions.push(ModelEvent::Tick);
        }
        for (removed, waiting) in [(false, state.hooks.0), (true, state.hooks.1)] {
            actions.extend((waiting > 0).then_some(ModelEvent::Comes(removed)));
        }
        actions.extend(rung(state).map(|minute| ModelEvent::Alarm(minute, false)));
        if state.workers[0].is_none() && !state.line.is_empty() {
            actions.push(ModelEvent::Takes);
        }
        self.works(state, 0, actions);
        self.works(state, 1, actions);
        actions.extend(state.reconcile.is_some().then_some(ModelEvent::Compares));
        if !state.calm {
            self.storm(state, actions);
        }
    }

    fn next_state(&self, state: &ModelState, action: ModelEvent) -> Option<ModelState> {
        let mut next = state.clone();
        self.happens(&mut next, action);
        next.rank();
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut properties = vec![
            Property::always(
                "I1 access ends",
                |model: &MembershipModel, state: &ModelState| {
                    !heard(state) || model.membership_ends(state)
                },
            ),
            Property::always(
                "I2 access begins",
                |model: &MembershipModel, state: &ModelState| {
                    !heard(state) || model.membership_begins(state)
                },
            ),
            Property::always(
                "I3 memberships that are not ours stay",
                |_: &MembershipModel, state: &ModelState| !state.stolen,
            ),
            Property::always(
                "I4 one reconcile makes it right",
                |model: &MembershipModel, state: &ModelState| {
                    let over = state.calm && state.is_quiet();
                    let right =
                        |state| model.membership_ends(state) && model.membership_begins(state);
                    !over || right(state) && model.nothing_is_left(state)
                },
            ),
            Property::always(
                "I7 every change has its record",
                |_: &MembershipModel, state: &ModelState| {
                    let open = !state.is_quiet() || !state.person.intents.is_empty();
                    let (made, out) = (state.unrecorded.granted, state.unrecorded.revoked);
                    let by_hand = (state.hands.0 as i8, state.hands.1 as i8);
                    open || made <= by_hand.1 && out <= by_hand.0
                },
            ),
            Property::always(
                "I7 every record has its change",
                |_: &MembershipModel, state: &ModelState| {
                    let (made, out) = (state.unrecorded.granted, state.unrecorded.revoked);
                    let by_hand = (state.hands.0 as i8, state.hands.1 as i8);
                    made + by_hand.0 >= 0 && out + by_hand.1 >= 0
                },
            ),
        ];
        if !self.story.given {
            properties.push(Property::sometimes(
                "a member exists",
                |_: &MembershipModel, state: &ModelState| {
                    state.calm && state.is_quiet() && state.person.claim.is_some()
                },
            ));
        }
        // A worker that lost its batch stores due items that are no longer needed.
        if self.story.budget.overlaps == 0 {
            properties.push(Property::always(
                "people whom a trigger marks are served",
                |_: &MembershipModel, state: &ModelState| {
                    !state.is_quiet()
                        || state.dues[..=usize::from(state.now)]
                            .iter()
                            .all(|dues| dues.profile == 0)
                },
            ));
        }
        if self.story.last > 1 {
            properties.push(Property::sometimes(
                "a window has ended",
                |model: &MembershipModel, state: &ModelState| {
                    let over = model
                        .judge
                        .window(state.truth)
                        .is_some_and(|(_, end)| end <= state.now);
                    state.calm && state.is_quiet() && over && state.unrecorded == Records::default()
                },
            ));
        }
        properties
    }
}
