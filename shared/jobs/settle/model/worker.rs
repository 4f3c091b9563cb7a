//! The model of settle, step by step: what `serve`, `round`, `prepare`, `intend`, `apply` and `commit` do to the table
//! and the door system. Production code makes their decisions (see [`super::judge`]). This file contains the order of
//! reads and writes, and their conditions.

use super::state::{Act, Call, Fact, Line, Records, Sitting, State, Step, Worker};
use super::{Doors, Flaw, Luck, Membership};
use crate::settle::commit::outcome::Outcome;

/// The result of storing a fact, or of a draft of it.
pub struct Kept {
    /// The fact concerns or concerned the person.
    pub concerns: bool,
    /// The fact no longer concerns a person whom it concerned.
    pub left: bool,
    /// The holder's version must still be incremented.
    pub bump: bool,
}

impl State {
    /// Returns what storing the fact would change.
    pub fn draft(&self, new: Fact) -> Kept {
        let (before, after) = (self.fact.is_some_and(|old| old.concerns()), new.concerns());
        Kept { concerns: before || after, left: before && !after, bump: false }
    }

    /// Models `store::facts::keep_fact`, without the versions if the fact still concerns everyone whom it concerned.
    pub fn keep_fact(&mut self, new: Fact) -> Kept {
        let mut kept = self.draft(new);
        let old = self.fact;
        if old.is_some_and(|old| old.stamp > new.stamp) {
            return kept;
        }
        self.fact = Some(new);
        match old {
            Some(old) if old.says == new.says && old.confirmed == new.confirmed => {}
            _ if kept.left => self.bump(),
            _ => kept.bump = true,
        }
        kept
    }
}

impl Membership {
    /// Runs the next step of a worker.
    pub fn work(&self, state: &mut State, place: usize, luck: Luck) {
        let Some(mut worker) = state.workers[place].take() else { return };
        if self.step(state, &mut worker, luck) {
            state.workers[place] = Some(worker);
        }
    }

    /// Runs one step. Returns whether the worker goes on.
    fn step(&self, state: &mut State, w: &mut Worker, luck: Luck) -> bool {
        // A function lives for one minute, and the queue waits for six. A worker that lost its batch is therefore dead
        // before another one acts.
        let acts = !matches!(w.step, Step::Look | Step::See | Step::Keep | Step::Leave | Step::Mark | Step::Bump);
        if acts && w.late && !self.story.has(Flaw::LivesOn) {
            return false;
        }
        match w.step {
            Step::Look => {
                w.stamp = state.stamp();
                w.step = Step::See;
            }
            Step::See => {
                w.says = state.truth;
                w.step = Step::Keep;
            }
            Step::Keep => self.keep(state, w),
            Step::Bump => {
                state.bump();
                w.step = Step::Slice;
            }
            Step::Mark => {
                state.put_due(state.now, 1);
                w.step = if self.story.has(Flaw::MarkedAfterwards) { Step::Slice } else { Step::Leave };
            }
            Step::Leave => {
                if state.fact != w.draft.take() {
                    // The batch fails and returns to the queue.
                    state.comes_again(w);
                    return false;
                }
                state.keep_fact(Fact { says: w.says, stamp: w.stamp, confirmed: None });
                w.marked = !self.story.has(Flaw::MarkedInTheTableAlone) && !self.story.has(Flaw::MarkedAfterwards);
                w.step = if self.story.has(Flaw::MarkedAfterwards) { Step::Mark } else { Step::Slice };
            }
            Step::Slice => return self.slice(state, w),
            Step::Person => {
                let last = w.failed >= self.story.tries;
                w.sitting = Sitting { before: state.person.clone(), fresh: true, last, ..Sitting::default() };
                w.step = Step::Version;
            }
            Step::Version => {
                w.sitting.current = true;
                w.step = Step::Facts;
            }
            Step::Facts => {
                w.sitting.says = state.fact.map_or(0, |fact| fact.says);
                w.step = Step::Group;
            }
            Step::Group => self.group(state, w, luck),
            Step::Intend => self.intend(state, w, luck),
            Step::Recheck => match w.sitting.current || self.story.has(Flaw::NotReadAgain) {
                true => w.step = Step::Apply,
                false => self.somebody_was_faster(w, true),
            },
            Step::Apply => self.apply(state, w, luck),
            Step::Next => {
                let next = w.sitting.person.next.unwrap_or(w.until);
                if !self.story.has(Flaw::NoAlarm) {
                    state.set_schedule(next);
                }
                state.put_due(next, 0);
                w.step = Step::Commit;
            }
            Step::Commit => return self.commit(state, w, luck),
            Step::Forget => {
                if let Some(old) = w.sitting.before.next {
                    *state.dues[usize::from(old)].mark(0) = 0;
                }
                let outcome = outcome_of(&w.sitting);
                self.outcome(w, outcome);
            }
            Step::Cross => self.cross(state, w),
        }
        true
    }

    /// Models `look::look_at` after the platform's answer.
    fn keep(&self, state: &mut State, w: &mut Worker) {
        w.step = Step::Slice;
        let gone = w.says == 0;
        // A single 404 revokes nothing, and an unknown thing cannot be removed.
        if gone && (!w.batch.removed || state.fact.is_none()) {
            // Production code fetches it again after 1 and 5 minutes and then believes it. The model leaves that out.
            state.unheard();
            return;
        }
        let new = Fact { says: w.says, stamp: w.stamp, confirmed: None };
        if state.draft(new).left {
            w.draft = state.fact;
            w.step = if self.story.has(Flaw::MarkedAfterwards) { Step::Leave } else { Step::Mark };
            return;
        }
        let kept = state.keep_fact(new);
        w.marked = kept.concerns;
        if kept.bump {
            w.step = Step::Bump;
        }
    }

    /// Models `serve::due_slice` and `identity::summon`.
    fn slice(&self, state: &mut State, w: &mut Worker) -> bool {
        for (minute, dues) in (0..=w.until).zip(state.dues) {
            let marks = (0..).zip(dues.marks()).filter(|(_, mark)| *mark > 0);
            w.served.extend(marks.map(|(kind, mark)| (minute, kind, mark)));
        }
        if w.served.is_empty() && !w.marked {
            return false;
        }
        w.passing = std::mem::take(&mut w.marked);
        w.look = w.served.iter().any(|(_, kind, _)| *kind == 2);
        (w.rounds, w.failed, w.step) = (0, 0, Step::Person);
        true
    }

    /// Models `prepare`, and the part of `intend` before its write.
    fn group(&self, state: &mut State, w: &mut Worker, luck: Luck) {
        let lines = (luck == Luck::Well).then_some(state.lines.as_slice());
        let sitting = &mut w.sitting;
        sitting.failed = luck != Luck::Well;
        let decided = self.judge.decide(&sitting.before, sitting.says, lines, w.look, w.until);
        (sitting.person, sitting.records, sitting.more) = (decided.person, decided.records, decided.more);
        sitting.acts = decided.acts;
        // Grants are applied first.
        sitting.acts.sort_by_key(|act| !matches!(act, Act::Grant(..)));
        let begun = self.judge.begin(&sitting.person, &sitting.acts);
        if begun != sitting.person && !self.story.has(Flaw::NoIntent) {
            sitting.person = begun;
            w.step = Step::Intend;
        } else if sitting.acts.is_empty() {
            self.conclude(w);
        } else {
            w.step = Step::Apply;
        }
    }

    fn intend(&self, state: &mut State, w: &mut Worker, luck: Luck) {
        if !w.sitting.fresh {
            return self.somebody_was_faster(w, false);
        }
        if self.story.has(Flaw::RecordsFirst) {
            for act in &w.sitting.acts {
                w.sitting.records.granted += i8::from(matches!(act, Act::Grant(..)));
                w.sitting.records.revoked += i8::from(matches!(act, Act::Revoke(_)));
            }
        }
        state.wrote_person(w.sitting.person.clone());
        state.recorded(std::mem::take(&mut w.sitting.records));
        if luck == Luck::Well {
            w.sitting.wrote = true;
            w.step = Step::Recheck;
        } else {
            w.sitting.fresh = false;
            self.somebody_was_faster(w, false);
        }
    }

    fn somebody_was_faster(&self, w: &mut Worker, stored: bool) {
        let sitting = &mut w.sitting;
        sitting.person = sitting.before.clone();
        sitting.wrote = stored && sitting.last;
        sitting.acts.clear();
        (sitting.records, sitting.more, sitting.failed) = (Records::default(), false, true);
        self.conclude(w);
    }

    /// Returns the calls of an action.
    fn calls(&self, act: &Act) -> Vec<Call> {
        match act {
            Act::Grant(until, replaces) => {
                let drops = replaces.iter().map(|handle| Call::Drop(*handle));
                [Call::Add(*until, !replaces.is_empty())].into_iter().chain(drops).collect()
            }
            Act::Revoke(handle) | Act::Tidy(handle) => vec![Call::Remove(*handle)],
        }
    }

    fn apply(&self, state: &mut State, w: &mut Worker, luck: Luck) {
        let act = w.sitting.acts[0].clone();
        if w.sitting.calls.is_empty() {
            w.sitting.calls = self.calls(&act);
        }
        let call = w.sitting.calls.remove(0);
        let well = match self.call(state, w, &act, call, luck) {
            Some(well) if well && !w.sitting.calls.is_empty() => return,
            Some(well) => well,
            None => return,
        };
        w.sitting.calls.clear();
        w.sitting.acts.remove(0);
        let (person, records) = self.judge.done(&w.sitting.person, &act, well, w.until);
        w.sitting.person = person;
        w.sitting.failed |= !well;
        if !self.story.has(Flaw::RecordsFirst) {
            w.sitting.records.granted += records.granted;
            w.sitting.records.revoked += records.revoked;
        }
        if w.sitting.acts.is_empty() {
            self.conclude(w);
        }
    }

    /// Makes a call. Returns whether the answer was a success; `None` if other calls replace it.
    fn call(&self, state: &mut State, w: &mut Worker, act: &Act, call: Call, luck: Luck) -> Option<bool> {
        let (done, well) = (luck != Luck::NotDone, luck == Luck::Well);
        match call {
            Call::Add(until, replaces) => {
                if self.story.doors == Doors::KisiOneLine && !state.lines.is_empty() {
                    if !replaces || !well {
                        return Some(false);
                    }
                    w.sitting.calls.push(Call::PutBack(until, 3));
                    return None;
                }
                if done {
                    state.put_in(until, self.judge.one_line());
                }
                Some(well)
            }
            Call::PutBack(until, left) => {
                if done {
                    state.put_in(until, false);
                } else if left > 1 {
                    w.sitting.calls.push(Call::PutBack(until, left - 1));
                    return None;
                }
                // Production code searches for the member before it gives up.
                Some(done)
            }
            Call::Drop(handle) => {
                if done {
                    state.take_out(handle);
                }
                Some(well)
            }
            Call::Remove(handle) => {
                if done && state.take_out(handle) {
                    state.unrecorded.revoked += i8::from(matches!(act, Act::Revoke(_)));
                }
                Some(well)
            }
        }
    }

    /// Models `commit` before its writes.
    fn conclude(&self, w: &mut Worker) {
        let sitting = &mut w.sitting;
        let same = |sitting: &Sitting| {
            !sitting.wrote && sitting.person == sitting.before && sitting.records == Records::default()
        };
        if sitting.failed && !sitting.last && same(sitting) {
            return self.outcome(w, Outcome::Failed);
        }
        sitting.person.problem = sitting.failed;
        sitting.person.next = self.judge.boundary(sitting.says, w.until);
        let (failed, last, more) = (sitting.failed, sitting.last, sitting.more);
        let (person, outcome) = self.judge.conclude(&sitting.person, failed, last, more, w.until);
        sitting.person = person;
        if same(sitting) {
            return self.outcome(w, outcome);
        }
        let moves = sitting.person.next.is_some() && sitting.person.next != sitting.before.next;
        w.step = if moves { Step::Next } else { Step::Commit };
    }

    /// Models the write of `commit`. Returns whether the worker goes on.
    fn commit(&self, state: &mut State, w: &mut Worker, luck: Luck) -> bool {
        let goes = w.sitting.fresh || self.story.has(Flaw::CommitUnconditional);
        if goes {
            state.wrote_person(w.sitting.person.clone());
            state.recorded(w.sitting.records);
        }
        if !goes || luck != Luck::Well {
            if w.sitting.last {
                // The batch fails and returns to the queue.
                state.comes_again(w);
                return false;
            }
            self.outcome(w, Outcome::Failed);
            return true;
        }
        let old = w.sitting.before.next.filter(|old| *old > w.until && w.sitting.person.next != Some(*old));
        if old.is_some() {
            w.step = Step::Forget;
        } else {
            let outcome = outcome_of(&w.sitting);
            self.outcome(w, outcome);
        }
        true
    }

    /// Models `round::settle_people` between two rounds.
    fn outcome(&self, w: &mut Worker, outcome: Outcome) {
        w.sitting = Sitting::default();
        w.failed += u8::from(outcome == Outcome::Failed);
        w.rounds += 1;
        let over = matches!(outcome, Outcome::Settled | Outcome::GaveUp) || w.rounds > self.story.tries + 2;
        w.step = if over { Step::Cross } else { Step::Person };
    }

    fn cross(&self, state: &mut State, w: &mut Worker) {
        for (minute, kind, mark) in w.served.drain(..) {
            let known = state.dues[usize::from(minute)].mark(usize::from(kind));
            if *known == mark || self.story.has(Flaw::CrossedOutBlindly) {
                *known = 0;
            }
        }
        (w.look, w.passing, w.rounds, w.failed) = (false, false, 0, 0);
        w.until = w.until.max(state.now);
        w.step = Step::Slice;
    }
}

/// Returns the outcome that [`crate::settle::commit::outcome::conclude`] gave.
fn outcome_of(sitting: &Sitting) -> Outcome {
    match (sitting.failed, sitting.last) {
        (false, _) if sitting.more => Outcome::Again,
        (false, _) => Outcome::Settled,
        (true, false) => Outcome::Failed,
        (true, true) => Outcome::GaveUp,
    }
}

impl State {
    fn put_in(&mut self, until: Option<u8>, one: bool) {
        if one && !self.lines.is_empty() {
            return;
        }
        let handle = if one { 0 } else { self.handle };
        self.handle += u8::from(!one);
        self.lines.push(Line { handle, until, by_hand: false });
        self.unrecorded.granted += 1;
    }

    /// Removes a member. Returns whether it was there.
    fn take_out(&mut self, handle: u8) -> bool {
        let Some(place) = self.lines.iter().position(|line| line.handle == handle) else { return false };
        let line = self.lines.remove(place);
        self.stolen |= line.by_hand;
        true
    }

    fn recorded(&mut self, records: Records) {
        self.unrecorded.granted -= records.granted;
        self.unrecorded.revoked -= records.revoked;
    }

    /// Returns the worker's triggers to the queue, unless another worker has them already.
    pub fn comes_again(&mut self, worker: &Worker) {
        if !worker.late {
            self.line.add(worker.batch);
        }
    }
}
