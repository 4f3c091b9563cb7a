//! One membership, and everything that can happen to it at once, explored to the end: webhooks, alarms and reconciles
//! in any order, lost and doubled; functions that die between any two steps; a door system that does what it was asked
//! and says that it failed; two workers on one line; hands at the doors.
//!
//! The order of reads and writes is told here once more, each as one step; what is decided is asked of the production
//! code (`decide_person`, `interrupted::finish`, `intent_of`, `PersonWork`'s bookkeeping, `conclude`), so that the two cannot
//! drift apart. `make test` explores the small stories, `make model` the large ones; `docs/protocol.md` says what is left
//! out.

use stateright::{Model, Property};

mod judge;
mod reconcile;
mod state;
mod stories;
mod worker;

use judge::Judge;
use state::{Bells, Budget, Known, Line, MINUTES, Minute, Records, Sitting, State, Step, Worker};

/// A door system's ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doors {
    /// SALTO KS: one line for an account and group, without an end.
    Salto,
    /// Kisi, where it allows a second line beside the first.
    Kisi,
    /// Kisi, where it answers 409 to a second line.
    KisiOneLine,
}

/// A guard that is left out, to see that it is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    /// Nothing is written down before it is done.
    NoIntent,
    /// Holders' versions are not read again once the intents are stored.
    NotReadAgain,
    /// The person is written whatever its version.
    CommitUnconditional,
    /// What was interrupted is dropped, not finished.
    NothingFinished,
    /// Records are written before the change.
    RecordsFirst,
    /// What was granted is not claimed.
    ClaimForgotten,
    /// No alarm is set for the next boundary.
    NoAlarm,
    /// What was served is crossed out even if it was written down anew.
    CrossedOutBlindly,
    /// Whoever leaves a fact is marked in the table alone, and not for this turn.
    MarkedInTheTableAlone,
    /// Whoever leaves a fact is marked once it is kept.
    MarkedAfterwards,
    /// Who lost the line goes on writing people and calling doors.
    LivesOn,
    /// The line forgets a batch when it hands it out.
    AtMostOnce,
}

/// A story: what can happen, and how often.
#[derive(Debug, Clone)]
struct Story {
    doors: Doors,
    /// What the platform can say of the booking: nothing, or from when until when it opens the group.
    sayings: Vec<Option<(Minute, Minute)>>,
    /// What it says at first, once with everybody knowing it.
    first: u8,
    /// Somebody has put the account in by hand.
    given: bool,
    budget: Budget,
    /// Tries after which a person is left for a later minute.
    tries: u8,
    /// The last minute.
    last: Minute,
    /// Guards that are left out.
    flaws: Vec<Flaw>,
}

impl Story {
    fn has(&self, flaw: Flaw) -> bool {
        self.flaws.contains(&flaw)
    }
}

/// How a step goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Luck {
    /// As asked.
    Well,
    /// It fails, and nothing was done.
    NotDone,
    /// It fails, and was done.
    DoneAndFailed,
}

/// What happens next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Action {
    /// A minute passes.
    Tick,
    /// The platform says something else.
    Changes(u8),
    /// A delivery comes: a removal?
    Comes(bool),
    /// A delivery comes, and will come once more.
    ComesTwice(bool),
    /// A delivery is lost.
    Lost(bool),
    /// An alarm rings, perhaps not for the last time.
    Alarm(Minute, bool),
    /// A settle takes what is in the line.
    Takes,
    /// The line gives up on a settle that lives.
    Late,
    /// A settle goes on.
    Works(usize, Luck),
    /// A settle dies.
    Dies(usize),
    /// A reconcile begins.
    Reconciles,
    /// A reconcile goes on.
    Compares,
    /// A reconcile dies.
    ReconcileDies,
    /// Somebody puts the account in by hand.
    HandPutsIn,
    /// Somebody takes a line out by hand.
    HandTakesOut(u8),
    /// Nothing goes wrong any more, and one more reconcile begins.
    Calm,
}

/// The model.
struct Membership {
    story: Story,
    judge: Judge,
}

impl Membership {
    fn new(story: Story) -> Self {
        let judge = Judge::of(&story);
        Membership { story, judge }
    }

    /// Nobody knows anything, and what the platform says first is on its way.
    fn beginning(&self) -> State {
        let given = self.story.given.then_some(Line { handle: 0, until: None, by_hand: true });
        State {
            now: 0,
            truth: self.story.first,
            hooks: (u8::from(self.story.first > 0), 0),
            line: Bells::default(),
            alarms: [false; MINUTES],
            fact: None,
            person: Known::default(),
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

    fn storm(&self, state: &State, actions: &mut Vec<Action>) {
        let budget = state.budget;
        let others = (0..).zip(&self.story.sayings).map(|(says, _)| says).filter(|says| *says != state.truth);
        actions.extend(others.filter(|_| budget.changes > 0).map(Action::Changes));
        for (removed, waiting) in [(false, state.hooks.0), (true, state.hooks.1)] {
            if waiting > 0 && budget.losses > 0 {
                actions.push(Action::Lost(removed));
            }
            if waiting > 0 && budget.twice > 0 {
                actions.push(Action::ComesTwice(removed));
            }
        }
        if budget.twice > 0 {
            actions.extend(rung(state).map(|minute| Action::Alarm(minute, true)));
        }
        if budget.overlaps > 0 && state.workers[0].is_some() && state.workers[1].is_none() {
            actions.push(Action::Late);
        }
        if budget.crashes > 0 {
            actions.extend((0..2).filter(|place| state.workers[*place].is_some()).map(Action::Dies));
            actions.extend(state.reconcile.is_some().then_some(Action::ReconcileDies));
        }
        if budget.reconciles > 0 && state.reconcile.is_none() {
            actions.push(Action::Reconciles);
        }
        if budget.hands > 0 {
            if self.story.doors == Doors::Kisi && state.lines.iter().all(|line| !line.by_hand) {
                actions.push(Action::HandPutsIn);
            }
            actions.extend(state.lines.iter().map(|line| Action::HandTakesOut(line.handle)));
        }
        if state.is_quiet() {
            actions.push(Action::Calm);
        }
    }

    fn works(&self, state: &State, place: usize, actions: &mut Vec<Action>) {
        let Some(worker) = &state.workers[place] else { return };
        actions.push(Action::Works(place, Luck::Well));
        if state.calm {
            return;
        }
        let (troubles, unanswered) = (state.budget.troubles > 0, state.budget.unanswered > 0);
        match worker.step {
            Step::Group if troubles => actions.push(Action::Works(place, Luck::NotDone)),
            Step::Apply if troubles => {
                actions.push(Action::Works(place, Luck::NotDone));
                actions.push(Action::Works(place, Luck::DoneAndFailed));
            }
            Step::Intend | Step::Commit if unanswered => actions.push(Action::Works(place, Luck::DoneAndFailed)),
            _ => {}
        }
    }

    fn happens(&self, state: &mut State, action: Action) {
        match action {
            Action::Tick => state.now += 1,
            Action::Changes(says) => {
                state.budget.changes -= 1;
                state.truth = says;
                if says > 0 {
                    state.hooks.0 += 1;
                } else {
                    state.hooks.1 += 1;
                }
            }
            Action::Comes(removed) | Action::ComesTwice(removed) => {
                state.line.changed |= !removed;
                state.line.removed |= removed;
                let hooks = if removed { &mut state.hooks.1 } else { &mut state.hooks.0 };
                match action {
                    Action::Comes(_) => *hooks -= 1,
                    _ => state.budget.twice -= 1,
                }
            }
            Action::Lost(removed) => {
                state.budget.losses -= 1;
                state.unheard();
                let hooks = if removed { &mut state.hooks.1 } else { &mut state.hooks.0 };
                *hooks -= 1;
            }
            Action::Alarm(minute, again) => {
                state.alarms[usize::from(minute)] = again;
                state.budget.twice -= u8::from(again);
                state.line.due = true;
            }
            Action::Takes => self.takes(state),
            Action::Late => {
                state.budget.overlaps -= 1;
                if let Some(mut worker) = state.workers[0].take() {
                    state.line.add(worker.batch);
                    worker.late = true;
                    state.workers[1] = Some(worker);
                }
            }
            Action::Works(place, luck) => {
                match state.workers[place].as_ref().map(|worker| worker.step) {
                    _ if luck == Luck::Well => {}
                    Some(Step::Group | Step::Apply) => state.budget.troubles -= 1,
                    _ => state.budget.unanswered -= 1,
                }
                self.work(state, place, luck);
            }
            Action::Dies(place) => {
                state.budget.crashes -= 1;
                if let Some(worker) = state.workers[place].take()
                    && !self.story.has(Flaw::AtMostOnce)
                {
                    state.comes_again(&worker);
                }
            }
            Action::Reconciles => {
                state.budget.reconciles -= 1;
                self.begin_reconcile(state);
            }
            Action::Compares => self.reconcile(state),
            Action::ReconcileDies => {
                state.budget.crashes -= 1;
                state.reconcile = None;
            }
            Action::HandPutsIn => {
                state.budget.hands -= 1;
                state.hands.0 += 1;
                state.unheard();
                state.lines.push(Line { handle: state.handle, until: None, by_hand: true });
                state.handle += 1;
            }
            Action::HandTakesOut(handle) => {
                state.budget.hands -= 1;
                state.hands.1 += 1;
                state.unheard();
                state.lines.retain(|line| line.handle != handle);
            }
            Action::Calm => {
                (state.calm, state.budget) = (true, Budget::default());
                self.begin_reconcile(state);
            }
        }
    }

    fn takes(&self, state: &mut State) {
        let batch = std::mem::take(&mut state.line);
        let step = if batch.changed || batch.removed { Step::Look } else { Step::Slice };
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
            sitting: Sitting::default(),
        });
    }

    /// Nobody whose window is over can open anything because of us.
    fn nobody_stays_in(&self, state: &State) -> bool {
        let valid = |line: &Line| line.until.is_none_or(|until| until > state.now);
        self.judge.opens(state.truth, state.now) || !state.lines.iter().any(|line| valid(line) && !line.by_hand)
    }

    /// Whoever has a window can open the group to its end.
    fn everybody_comes_in(&self, state: &State) -> bool {
        let Some((_, end)) = self.judge.window(state.truth).filter(|_| self.judge.opens(state.truth, state.now)) else {
            return true;
        };
        state.lines.iter().any(|line| line.until.is_none_or(|until| until >= end))
    }

    /// A second look finds nothing to do, and nothing that was begun.
    fn nothing_is_left(&self, state: &State) -> bool {
        let says = state.fact.map_or(0, |fact| fact.says);
        let person = &state.person;
        let decided = self.judge.decide(person, says, Some(&state.lines), true, state.now);
        let known = says == state.truth && person.next == self.judge.boundary(says, state.now);
        let still = decided.acts.is_empty() && decided.person == *person && person.intents.is_empty();
        known && still && !person.problem && person.failures == 0
    }
}

/// Alarms whose minute has come.
fn rung(state: &State) -> impl Iterator<Item = Minute> {
    (0..=state.now).zip(state.alarms).filter(|(_, set)| *set).map(|(minute, _)| minute)
}

/// Nothing is on its way, nothing was missed, and nobody waits for a later try.
fn heard(state: &State) -> bool {
    state.is_quiet() && !state.unheard && state.person.failures == 0
}

impl Model for Membership {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![self.beginning()]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let retries = state.person.failures > 0 && state.person.next.is_some_and(|next| next > state.now);
        if state.now < self.story.last || retries {
            actions.push(Action::Tick);
        }
        for (removed, waiting) in [(false, state.hooks.0), (true, state.hooks.1)] {
            actions.extend((waiting > 0).then_some(Action::Comes(removed)));
        }
        actions.extend(rung(state).map(|minute| Action::Alarm(minute, false)));
        if state.workers[0].is_none() && !state.line.is_empty() {
            actions.push(Action::Takes);
        }
        self.works(state, 0, actions);
        self.works(state, 1, actions);
        actions.extend(state.reconcile.is_some().then_some(Action::Compares));
        if !state.calm {
            self.storm(state, actions);
        }
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        self.happens(&mut next, action);
        next.rank();
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut properties = vec![
            Property::always("I1 nobody stays in", |model: &Membership, state: &State| {
                !heard(state) || model.nobody_stays_in(state)
            }),
            Property::always("I2 everybody comes in", |model: &Membership, state: &State| {
                !heard(state) || model.everybody_comes_in(state)
            }),
            Property::always("I3 what is not ours stays", |_: &Membership, state: &State| !state.stolen),
            Property::always("I4 one reconcile makes it right", |model: &Membership, state: &State| {
                let over = state.calm && state.is_quiet();
                let right = |state| model.nobody_stays_in(state) && model.everybody_comes_in(state);
                !over || right(state) && model.nothing_is_left(state)
            }),
            Property::always("I7 every change has its record", |_: &Membership, state: &State| {
                let open = !state.is_quiet() || !state.person.intents.is_empty();
                let (made, out) = (state.unrecorded.granted, state.unrecorded.revoked);
                let by_hand = (state.hands.0 as i8, state.hands.1 as i8);
                open || made <= by_hand.1 && out <= by_hand.0
            }),
            Property::always("I7 every record has its change", |_: &Membership, state: &State| {
                let (made, out) = (state.unrecorded.granted, state.unrecorded.revoked);
                let by_hand = (state.hands.0 as i8, state.hands.1 as i8);
                made + by_hand.0 >= 0 && out + by_hand.1 >= 0
            }),
        ];
        if !self.story.given {
            properties.push(Property::sometimes("somebody is in", |_: &Membership, state: &State| {
                state.calm && state.is_quiet() && state.person.claim.is_some()
            }));
        }
        // Who is late writes down what nobody needs any more.
        if self.story.budget.overlaps == 0 {
            properties.push(Property::always("whoever a bell marks is served", |_: &Membership, state: &State| {
                !state.is_quiet() || state.dues[..=usize::from(state.now)].iter().all(|dues| dues.profile == 0)
            }));
        }
        if self.story.last > 1 {
            properties.push(Property::sometimes("a window has ended", |model: &Membership, state: &State| {
                let over = model.judge.window(state.truth).is_some_and(|(_, end)| end <= state.now);
                state.calm && state.is_quiet() && over && state.unrecorded == Records::default()
            }));
        }
        properties
    }
}
