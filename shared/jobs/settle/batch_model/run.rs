//! Settle's steps for one batch. Each step is one read or one write that another person, another
//! site, the guard or the clock can observe or influence.

use super::judge::RoundInput;
use super::state::{Act, ModelState, PEOPLE, Removals, Run, RunStep, StoredPerson, Work};
use super::{BatchModel, Luck, RemovedGuard};

/// Rounds after which a person who failed is due at a later minute.
const TRIES: u8 = 2;
/// The most rounds of a batch.
const ROUNDS: u8 = 4;

impl BatchModel {
    /// Runs the next step of a site's settle function.
    pub fn work(&self, state: &mut ModelState, site: usize, luck: Luck) {
        let Some(mut run) = state.sites[site].run.take() else {
            return;
        };
        let goes_on = match run.step {
            RunStep::Load => self.load(state, site, &mut run),
            RunStep::Others => self.read_others(state, site, &mut run),
            RunStep::Decide => self.decide(state, site, &mut run, luck),
            RunStep::Intend(person) => self.intend(state, site, &mut run, person),
            RunStep::Recheck => recheck(&mut run),
            RunStep::Apply => self.apply(state, site, &mut run, luck),
            RunStep::Commit(person) => self.commit(state, site, &mut run, person),
            RunStep::Tell => self.tell(state, site, &mut run),
            RunStep::Cross => self.cross(state, site, &mut run),
        };
        if goes_on {
            state.sites[site].run = Some(run);
        }
    }

    /// Models `Batcher::next` and `load`: a batch of due people, in the first round, and the people
    /// who are still open, in a later one.
    fn load(&self, state: &mut ModelState, site: usize, run: &mut Run) -> bool {
        let here = &mut state.sites[site];
        if run.rounds == 0 {
            let due: Vec<usize> = (0..PEOPLE).filter(|person| here.due[*person] > 0).collect();
            if due.is_empty() {
                return false;
            }
            if run.late {
                // No batch begins after the time for calls. A trigger serves the rest.
                here.rings = !self.story.has(RemovedGuard::RestForgotten);
                return false;
            }
            for person in due.into_iter().take(self.story.batch) {
                run.works[person] = Work {
                    open: true,
                    mark: here.due[person],
                    look: here.look[person],
                    ..Work::default()
                };
            }
        }
        for (person, work) in run
            .works
            .iter_mut()
            .enumerate()
            .filter(|(_, work)| work.open)
        {
            *work = Work {
                open: true,
                mark: work.mark,
                look: work.look,
                tries: work.tries,
                tells: work.tells,
                facts: here.facts[person],
                person: here.people[person].clone(),
                fresh: true,
                current: true,
                others_fresh: true,
                ..Work::default()
            };
        }
        run.step = RunStep::Others;
        true
    }

    fn read_others(&self, state: &mut ModelState, site: usize, run: &mut Run) -> bool {
        if let Some(others) = self.others(state, site) {
            for (work, other) in run.works.iter_mut().zip(others) {
                (work.other, work.others_fresh) = (other, true);
            }
        }
        run.step = RunStep::Decide;
        true
    }

    /// Models `decide` and `withhold`.
    fn decide(&self, state: &mut ModelState, site: usize, run: &mut Run, luck: Luck) -> bool {
        let shared = state.sites.len() > 1 && !self.story.has(RemovedGuard::OthersUnknown);
        let released = state.sites[site].released;
        let mut given = None;
        let mut waiting: [(Vec<Act>, bool); PEOPLE] = Default::default();
        for (person, work) in run
            .works
            .iter_mut()
            .enumerate()
            .filter(|(_, work)| work.open)
        {
            if luck != Luck::Well || run.late {
                work.failed = true;
                continue;
            }
            let before = work.person.clone();
            let decided = self.judge.decide(RoundInput {
                person,
                stored: &before,
                facts: work.facts,
                other: shared.then_some(&work.other),
                door: &state.door,
                given,
                look: work.look,
            });
            let withheld = |act: &Act| {
                act.takes()
                    && decided.unconfirmed.has(0, *act)
                    && !released.has(person, *act)
                    && !self.story.has(RemovedGuard::NothingWithheld)
            };
            work.acts = decided
                .acts
                .iter()
                .copied()
                .filter(|act| !withheld(act))
                .collect();
            let unconfirmed = work
                .acts
                .iter()
                .filter(|act| decided.unconfirmed.has(0, **act));
            unconfirmed.for_each(|act| work.released.add(person, *act));
            if work.acts.contains(&Act::Tag) {
                given = Some(person as u8);
            }
            work.changed = decided.person != before;
            work.person = decided.person;
            work.records = decided.records;
            work.depends = decided.depends && shared;
            work.tells |=
                decided.tells && (work.changed || work.acts.iter().any(|act| act.takes()));
            work.more = decided.more && !work.acts.is_empty();
            waiting[person] = (work.acts.clone(), decided.of_another);
        }
        let mut waits = [false; PEOPLE];
        if !self.story.has(RemovedGuard::NoSecondRound) {
            let acts = |person: usize| (waiting[person].0.as_slice(), waiting[person].1);
            waits = self.judge.waits([acts(0), acts(1)]);
        }
        for (person, work) in run.works.iter_mut().enumerate() {
            work.more |= waits[person];
            // A card that another person gives back in a later run: the next reconcile assigns it.
            let left = waiting[person].1 && !waits[person];
            state.sites[site].unheard |= left && !self.story.has(RemovedGuard::NoSecondRound);
        }
        run.step = RunStep::Intend(0);
        true
    }

    /// Models `intend` for one person.
    fn intend(&self, state: &mut ModelState, site: usize, run: &mut Run, person: usize) -> bool {
        let work = &mut run.works[person];
        run.step = if person + 1 < PEOPLE {
            RunStep::Intend(person + 1)
        } else {
            RunStep::Recheck
        };
        let begins = !work.acts.is_empty() && !self.story.has(RemovedGuard::NoIntent);
        if !work.open || work.failed || !begins {
            return true;
        }
        if !work.fresh || !self.agrees(work) {
            conflict(work);
            return true;
        }
        work.person = self.judge.begin(person, &work.person, &work.acts);
        state.wrongs.disputed |= work.acts.contains(&Act::Revoke) && claimed(state, site, person);
        self.store(state, site, run, person);
        true
    }

    /// Returns whether the other site's person is still as read, where the decision depends on it.
    fn agrees(&self, work: &Work) -> bool {
        !work.depends || work.others_fresh || self.story.has(RemovedGuard::OthersUnchecked)
    }

    /// Writes a person with the audit entries of what was found or done.
    fn store(&self, state: &mut ModelState, site: usize, run: &mut Run, person: usize) {
        let work = &mut run.works[person];
        let here = &mut state.sites[site];
        here.write(person, work.person.clone());
        here.unrecorded.write(std::mem::take(&mut work.records));
        (work.depends, work.changed) = (false, true);
        if let Some(other) = state
            .sites
            .get_mut(1 - site)
            .and_then(|other| other.run.as_mut())
        {
            other.works[person].others_fresh = false;
        }
    }

    /// Models `apply`: one call for the group with everyone's changes, then a call for each card
    /// that is taken back, then one for each card that is assigned.
    fn apply(&self, state: &mut ModelState, site: usize, run: &mut Run, luck: Luck) -> bool {
        let order: [&[Act]; 3] = [&[Act::Grant, Act::Revoke], &[Act::Untag], &[Act::Tag]];
        let has =
            |work: &Work, acts: &[Act]| acts.iter().find(|act| work.acts.contains(act)).copied();
        for acts in order {
            let calls: Vec<(usize, Act)> = acts
                .iter()
                .flat_map(|act| (0..PEOPLE).map(move |person| (person, *act)))
                .filter(|(person, act)| has(&run.works[*person], &[*act]).is_some())
                .collect();
            let Some(first) = calls.first().copied() else {
                continue;
            };
            let call = if acts.len() > 1 { calls } else { vec![first] };
            self.call(state, site, run, (&call, luck));
            return true;
        }
        run.step = RunStep::Commit(0);
        true
    }

    fn call(
        &self,
        state: &mut ModelState,
        site: usize,
        run: &mut Run,
        (call, luck): (&[(usize, Act)], Luck),
    ) {
        let begins = !run.late || self.story.has(RemovedGuard::NoDeadline);
        state.wrongs.overtime |= begins && run.late;
        for (place, (person, act)) in call.iter().copied().enumerate() {
            let refused = act == Act::Tag && of_another_by_hand(state, person);
            let done = begins
                && !refused
                && (matches!(luck, Luck::Well | Luck::DoneAndFailed)
                    || luck == Luck::FirstOnly && place == 0);
            let mut well = done && luck != Luck::DoneAndFailed;
            if self.story.has(RemovedGuard::AllTakenForDone)
                && call.len() > 1
                && luck == Luck::FirstOnly
            {
                well = true;
            }
            let work = &mut run.works[person];
            if done && change(state, person, act) {
                state.sites[site].unrecorded.add(act, 1);
            }
            if done && act.takes() {
                let announced = work.facts.confirmed.is_none_or(|said| match act {
                    Act::Untag => !said.card || !said.open && !work.person.claim,
                    _ => !said.open,
                });
                let released = state.sites[site].released.has(person, act);
                state.wrongs.unheld |= !announced && !released;
            }
            let (stored, records) = self.judge.done(person, &work.person, act, well);
            work.person = stored;
            work.changed = true;
            for (count, more) in work.records.0.iter_mut().zip(records.0) {
                *count += more;
            }
            work.acts.retain(|other| *other != act);
            work.failed |= !well;
            // A person from whom a card could not be taken back gets no other card.
            if !well && act == Act::Untag {
                work.acts.retain(|other| *other != Act::Tag);
            }
            if !well {
                work.released.remove(person, act);
            }
        }
    }

    /// Models `commit` for one person.
    fn commit(&self, state: &mut ModelState, site: usize, run: &mut Run, person: usize) -> bool {
        run.step = if person + 1 < PEOPLE {
            RunStep::Commit(person + 1)
        } else {
            RunStep::Tell
        };
        let work = &mut run.works[person];
        if !work.open {
            return true;
        }
        if *work != unchanged(work) {
            if !work.fresh || !self.agrees(work) {
                work.failed = true;
            } else {
                let spent = work.released;
                self.store(state, site, run, person);
                let here = &mut state.sites[site];
                for act in [Act::Revoke, Act::Untag] {
                    if spent.has(person, act) {
                        here.released.remove(person, act);
                    }
                }
            }
        }
        let work = &mut run.works[person];
        work.tries += u8::from(work.failed);
        let gave_up = work.failed && (work.tries >= TRIES || run.late);
        if gave_up {
            state.sites[site].later[person] = true;
        }
        work.open = work.failed && !gave_up || !work.failed && work.more;
        true
    }

    /// Models `trigger_others`.
    fn tell(&self, state: &mut ModelState, site: usize, run: &mut Run) -> bool {
        for person in 0..PEOPLE {
            if std::mem::take(&mut run.works[person].tells)
                && !self.story.has(RemovedGuard::OthersUntold)
                && let Some(other) = state.sites.get_mut(1 - site)
            {
                other.put_due(person, true);
            }
        }
        run.rounds += 1;
        let open = run.works.iter().any(|work| work.open);
        run.step = if open && run.rounds < ROUNDS && !run.late {
            RunStep::Load
        } else {
            RunStep::Cross
        };
        true
    }

    /// Models the end of `settle_people`: deletes the due items that were served.
    fn cross(&self, state: &mut ModelState, site: usize, run: &mut Run) -> bool {
        let here = &mut state.sites[site];
        for (person, work) in run.works.iter_mut().enumerate() {
            // Of a person who is still open the due item stays.
            if work.mark > 0 && here.due[person] == work.mark && !work.open {
                (here.due[person], here.look[person]) = (0, false);
            }
            *work = Work::default();
        }
        run.rounds = 0;
        run.step = RunStep::Load;
        true
    }
}

fn recheck(run: &mut Run) -> bool {
    for work in run
        .works
        .iter_mut()
        .filter(|work| work.open && !work.acts.is_empty())
    {
        if !work.current {
            conflict(work);
        }
    }
    run.step = RunStep::Apply;
    true
}

/// Discards a try. Its intents may be stored; the next round finds that nothing came of them.
fn conflict(work: &mut Work) {
    work.acts.clear();
    (work.failed, work.fresh, work.changed) = (true, false, false);
    (work.records, work.released) = (Default::default(), Removals::default());
}

/// Returns the work as it is if nothing is to be written.
fn unchanged(work: &Work) -> Work {
    Work {
        changed: false,
        records: Default::default(),
        ..work.clone()
    }
}

/// Returns whether the other site claims a person's membership and does not revoke it.
fn claimed(state: &ModelState, site: usize, person: usize) -> bool {
    let claims =
        |other: &StoredPerson| other.claim && !other.intents.contains(&super::state::Begun::Revoke);
    state
        .sites
        .get(1 - site)
        .is_some_and(|other| claims(&other.people[person]))
}

/// Returns whether the card was given to another person by hand. The door system then refuses to
/// assign it.
fn of_another_by_hand(state: &ModelState, person: usize) -> bool {
    let door = &state.door;
    door.by_hand
        && door
            .holder
            .is_some_and(|holder| usize::from(holder) != person)
}

/// Changes the door system. Returns whether anything changed.
fn change(state: &mut ModelState, person: usize, act: Act) -> bool {
    let me = Some(person as u8);
    let door = &mut state.door;
    match act {
        Act::Grant => !std::mem::replace(&mut door.members[person], true),
        Act::Revoke => std::mem::replace(&mut door.members[person], false),
        Act::Tag => {
            state.wrongs.robbed |= door.holder.is_some() && door.holder != me;
            let new = door.holder != me;
            (door.holder, door.by_hand) = (me, false);
            new
        }
        Act::Untag => {
            let had = door.holder == me;
            state.wrongs.stolen |= had && door.by_hand;
            if had {
                door.holder = None;
            }
            had
        }
    }
}
