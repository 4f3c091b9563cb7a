//! The model of settle, step by step: what `serve`, `round`, `prepare`, `intend`, `apply` and
//! `commit` do to the table and the door system. Production code makes their decisions (see
//! [`super::judge`]). This file contains the order of reads and writes, and their conditions.

use super::judge::RoundInput;
use super::state::{
    Act, DoorsCall, ModelFact, ModelMember, ModelRound, ModelState, Records, Worker, WorkerStep,
};
use super::{Luck, MembershipModel, ModelDoors, RemovedGuard};
use crate::settle::commit::outcome::{RoundOutcome, RoundResult};

/// The result of storing a fact, or of a draft of it.
pub struct StoreResult {
    /// The fact concerns or concerned the person.
    pub concerns: bool,
    /// The fact no longer concerns a person whom it concerned.
    pub left: bool,
    /// The holder's version must still be incremented.
    pub bump: bool,
}

impl ModelState {
    /// Returns what storing the fact would change.
    pub fn draft(&self, new: ModelFact) -> StoreResult {
        let (before, after) = (self.fact.is_some_and(|old| old.concerns()), new.concerns());
        StoreResult {
            concerns: before || after,
            left: before && !after,
            bump: false,
        }
    }

    /// Models `store::facts::keep_fact`, without the versions if the fact still concerns everyone
    /// whom it concerned.
    pub fn keep_fact(&mut self, new: ModelFact) -> StoreResult {
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

impl MembershipModel {
    /// Runs the next step of a worker.
    pub fn work(&self, state: &mut ModelState, place: usize, luck: Luck) {
        let Some(mut worker) = state.workers[place].take() else {
            return;
        };
        if self.step(state, &mut worker, luck) {
            state.workers[place] = Some(worker);
        }
    }

    /// Runs one step. Returns whether the worker goes on.
    fn step(&self, state: &mut ModelState, w: &mut Worker, luck: Luck) -> bool {
        // A function lives for one minute, and the queue waits for six. A worker that lost its
        // batch is therefore dead before another one acts.
        let acts = !matches!(
            w.step,
            WorkerStep::Look
                | WorkerStep::See
                | WorkerStep::Keep
                | WorkerStep::Leave
                | WorkerStep::Mark
                | WorkerStep::Bump
        );
        if acts && w.late && !self.story.has(RemovedGuard::LivesOn) {
            return false;
        }
        match w.step {
            WorkerStep::Look => {
                w.stamp = state.stamp();
                w.step = WorkerStep::See;
            }
            WorkerStep::See => {
                w.says = state.truth;
                w.step = WorkerStep::Keep;
            }
            WorkerStep::Keep => self.keep(state, w),
            WorkerStep::Bump => {
                state.bump();
                w.step = WorkerStep::Slice;
            }
            WorkerStep::Mark => {
                state.put_due(state.now, 1);
                w.step = if self.story.has(RemovedGuard::MarkedAfterwards) {
                    WorkerStep::Slice
                } else {
                    WorkerStep::Leave
                };
            }
            WorkerStep::Leave => {
                if state.fact != w.draft.take() {
                    // The batch fails and returns to the queue.
                    state.comes_again(w);
                    return false;
                }
                state.keep_fact(ModelFact {
                    says: w.says,
                    stamp: w.stamp,
                    confirmed: None,
                });
                w.marked = !self.story.has(RemovedGuard::MarkedInTheTableAlone)
                    && !self.story.has(RemovedGuard::MarkedAfterwards);
                w.step = if self.story.has(RemovedGuard::MarkedAfterwards) {
                    WorkerStep::Mark
                } else {
                    WorkerStep::Slice
                };
            }
            WorkerStep::Slice => return self.slice(state, w),
            WorkerStep::Person => {
                let last = w.failed >= self.story.tries;
                w.round = ModelRound {
                    before: state.person.clone(),
                    fresh: true,
                    last,
                    ..ModelRound::default()
                };
                w.step = WorkerStep::Version;
            }
            WorkerStep::Version => {
                w.round.current = true;
                w.step = WorkerStep::Facts;
            }
            WorkerStep::Facts => {
                w.round.says = state.fact.map_or(0, |fact| fact.says);
                w.step = WorkerStep::Group;
            }
            WorkerStep::Group => self.group(state, w, luck),
            WorkerStep::Intend => self.intend(state, w, luck),
            WorkerStep::Recheck => {
                match w.round.current || self.story.has(RemovedGuard::NotReadAgain) {
                    true => w.step = WorkerStep::Apply,
                    false => self.conflict(w, true),
                }
            }
            WorkerStep::Apply => self.apply(state, w, luck),
            WorkerStep::Next => {
                let next = w.round.person.next.unwrap_or(w.until);
                if !self.story.has(RemovedGuard::NoSchedule) {
                    state.set_schedule(next);
                }
                state.put_due(next, 0);
                w.step = WorkerStep::Commit;
            }
            WorkerStep::Commit => return self.commit(state, w, luck),
            WorkerStep::Forget => {
                if let Some(old) = w.round.before.next {
                    *state.dues[usize::from(old)].mark(0) = 0;
                }
                let outcome = outcome_of(&w.round);
                self.outcome(w, outcome);
            }
            WorkerStep::Cross => self.cross(state, w),
        }
        true
    }

    /// Models `look::refetch_at` after the platform's answer.
    fn keep(&self, state: &mut ModelState, w: &mut Worker) {
        w.step = WorkerStep::Slice;
        let gone = w.says == 0;
        // A single 404 revokes nothing, and an unknown thing cannot be removed.
        if gone && (!w.batch.removed || state.fact.is_none()) {
            // Production code fetches it again after 1 and 5 minutes and then believes it. The
            // model leaves that out.
            state.unheard();
            return;
        }
        let new = ModelFact {
            says: w.says,
            stamp: w.stamp,
            confirmed: None,
        };
        if state.draft(new).left {
            w.draft = state.fact;
            w.step = if self.story.has(RemovedGuard::MarkedAfterwards) {
                WorkerStep::Leave
            } else {
                WorkerStep::Mark
            };
            return;
        }
        let kept = state.keep_fact(new);
        w.marked = kept.concerns;
        if kept.bump {
            w.step = WorkerStep::Bump;
        }
    }

    /// Models `serve::due_slice` and `identity::summon`.
    fn slice(&self, state: &mut ModelState, w: &mut Worker) -> bool {
        for (minute, dues) in (0..=w.until).zip(state.dues) {
            let marks = (0..).zip(dues.marks()).filter(|(_, mark)| *mark > 0);
            w.served
                .extend(marks.map(|(kind, mark)| (minute, kind, mark)));
        }
        if w.served.is_empty() && !w.marked {
            return false;
        }
        w.passing = std::mem::take(&mut w.marked);
        w.look = w.served.iter().any(|(_, kind, _)| *kind == 2);
        (w.rounds, w.failed, w.step) = (0, 0, WorkerStep::Person);
        true
    }

    /// Models `prepare`, and the part of `intend` before its write.
    fn group(&self, state: &mut ModelState, w: &mut Worker, luck: Luck) {
        let lines = (luck == Luck::Well).then_some(state.lines.as_slice());
        let round = &mut w.round;
        round.failed = luck != Luck::Well;
        let (says, look, now) = (round.says, w.look, w.until);
        let decided = self.judge.decide(RoundInput {
            person: &round.before,
            says,
            lines,
            look,
            now,
        });
        (round.person, round.records, round.more) = (decided.person, decided.records, decided.more);
        round.acts = decided.acts;
        // Grants are applied first.
        round.acts.sort_by_key(|act| !matches!(act, Act::Grant(..)));
        let begun = self.judge.begin(&round.person, &round.acts);
        if begun != round.person && !self.story.has(RemovedGuard::NoIntent) {
            round.person = begun;
            w.step = WorkerStep::Intend;
        } else if round.acts.is_empty() {
            self.conclude(w);
        } else {
            w.step = WorkerStep::Apply;
        }
    }

    fn intend(&self, state: &mut ModelState, w: &mut Worker, luck: Luck) {
        if !w.round.fresh {
            return self.conflict(w, false);
        }
        if self.story.has(RemovedGuard::RecordsFirst) {
            for act in &w.round.acts {
                w.round.records.granted += i8::from(matches!(act, Act::Grant(..)));
                w.round.records.revoked += i8::from(matches!(act, Act::Revoke(_)));
            }
        }
        state.wrote_person(w.round.person.clone());
        state.recorded(std::mem::take(&mut w.round.records));
        if luck == Luck::Well {
            w.round.wrote = true;
            w.step = WorkerStep::Recheck;
        } else {
            w.round.fresh = false;
            self.conflict(w, false);
        }
    }

    fn conflict(&self, w: &mut Worker, stored: bool) {
        let round = &mut w.round;
        round.person = round.before.clone();
        round.wrote = stored && round.last;
        round.acts.clear();
        (round.records, round.more, round.failed) = (Records::default(), false, true);
        self.conclude(w);
    }

    /// Returns the calls of an action.
    fn calls(&self, act: &Act) -> Vec<DoorsCall> {
        match act {
            Act::Grant(until, replaces) => {
                let drops = replaces.iter().map(|handle| DoorsCall::Drop(*handle));
                [DoorsCall::Add(*until, !replaces.is_empty())]
                    .into_iter()
                    .chain(drops)
                    .collect()
            }
            Act::Revoke(handle) | Act::Tidy(handle) => vec![DoorsCall::Remove(*handle)],
        }
    }

    fn apply(&self, state: &mut ModelState, w: &mut Worker, luck: Luck) {
        let act = w.round.acts[0].clone();
        if w.round.calls.is_empty() {
            w.round.calls = self.calls(&act);
        }
        let call = w.round.calls.remove(0);
        let well = match self.call(state, w, call, luck) {
            Some(well) if well && !w.round.calls.is_empty() => return,
            Some(well) => well,
            None => return,
        };
        w.round.calls.clear();
        w.round.acts.remove(0);
        let (person, records) = self.judge.done(&w.round.person, &act, well, w.until);
        w.round.person = person;
        w.round.failed |= !well;
        if !self.story.has(RemovedGuard::RecordsFirst) {
            w.round.records.granted += records.granted;
            w.round.records.revoked += records.revoked;
        }
        if w.round.acts.is_empty() {
            self.conclude(w);
        }
    }

    /// Makes a call. Returns whether the answer was a success; `None` if other calls replace it.
    fn call(
        &self,
        state: &mut ModelState,
        w: &mut Worker,
        call: DoorsCall,
        luck: Luck,
    ) -> Option<bool> {
        let (done, well) = (luck != Luck::NotDone, luck == Luck::Well);
        match call {
            DoorsCall::Add(until, replaces) => {
                if self.story.doors == ModelDoors::KisiOneLine && !state.lines.is_empty() {
                    if !replaces || !well {
                        return Some(false);
                    }
                    w.round.calls.push(DoorsCall::PutBack(until, 3));
                    return None;
                }
                if done {
                    state.put_in(until, self.judge.one_line());
                }
                Some(well)
            }
            DoorsCall::PutBack(until, left) => {
                if done {
                    state.put_in(until, false);
                } else if left > 1 {
                    w.round.calls.push(DoorsCall::PutBack(until, left - 1));
                    return None;
                }
                // Production code searches for the member before it gives up.
                Some(done)
            }
            DoorsCall::Drop(handle) => {
                if done {
                    state.take_out(handle);
                }
                Some(well)
            }
            DoorsCall::Remove(handle) => {
                if done && state.take_out(handle) {
                    let revokes = matches!(w.round.acts.first(), Some(Act::Revoke(_)));
                    state.unrecorded.revoked += i8::from(revokes);
                }
                Some(well)
            }
        }
    }

    /// Models `commit` before its writes.
    fn conclude(&self, w: &mut Worker) {
        let round = &mut w.round;
        let same = |round: &ModelRound| {
            !round.wrote && round.person == round.before && round.records == Records::default()
        };
        if round.failed && !round.last && same(round) {
            return self.outcome(w, RoundOutcome::Failed);
        }
        round.person.problem = round.failed;
        round.person.next = self.judge.boundary(round.says, w.until);
        let result = match (round.failed, round.last) {
            (false, _) => RoundResult::Done { more: round.more },
            (true, false) => RoundResult::Failed,
            (true, true) => RoundResult::FailedForGood { asked: None },
        };
        let (person, outcome) = self.judge.conclude(&round.person, result, w.until);
        round.person = person;
        if same(round) {
            return self.outcome(w, outcome);
        }
        let moves = round.person.next.is_some() && round.person.next != round.before.next;
        w.step = if moves {
            WorkerStep::Next
        } else {
            WorkerStep::Commit
        };
    }

    /// Models the write of `commit`. Returns whether the worker goes on.
    fn commit(&self, state: &mut ModelState, w: &mut Worker, luck: Luck) -> bool {
        let goes = w.round.fresh || self.story.has(RemovedGuard::CommitUnconditional);
        if goes {
            state.wrote_person(w.round.person.clone());
            state.recorded(w.round.records);
        }
        if !goes || luck != Luck::Well {
            if w.round.last {
                // The batch fails and returns to the queue.
                state.comes_again(w);
                return false;
            }
            self.outcome(w, RoundOutcome::Failed);
            return true;
        }
        let old = w
            .round
            .before
            .next
            .filter(|old| *old > w.until && w.round.person.next != Some(*old));
        if old.is_some() {
            w.step = WorkerStep::Forget;
        } else {
            let outcome = outcome_of(&w.round);
            self.outcome(w, outcome);
        }
        true
    }

    /// Models `round::settle_people` between two rounds.
    fn outcome(&self, w: &mut Worker, outcome: RoundOutcome) {
        w.round = ModelRound::default();
        w.failed += u8::from(outcome == RoundOutcome::Failed);
        w.rounds += 1;
        let over = matches!(outcome, RoundOutcome::Settled | RoundOutcome::GaveUp)
            || w.rounds > self.story.tries + 2;
        w.step = if over {
            WorkerStep::Cross
        } else {
            WorkerStep::Person
        };
    }

    fn cross(&self, state: &mut ModelState, w: &mut Worker) {
        for (minute, kind, mark) in w.served.drain(..) {
            let known = state.dues[usize::from(minute)].mark(usize::from(kind));
            if *known == mark || self.story.has(RemovedGuard::CrossedOutBlindly) {
                *known = 0;
            }
        }
        (w.look, w.passing, w.rounds, w.failed) = (false, false, 0, 0);
        w.until = w.until.max(state.now);
        w.step = WorkerStep::Slice;
    }
}

/// Returns the outcome that [`crate::settle::commit::outcome::conclude`] gave.
fn outcome_of(round: &ModelRound) -> RoundOutcome {
    match (round.failed, round.last) {
        (false, _) if round.more => RoundOutcome::Again,
        (false, _) => RoundOutcome::Settled,
        (true, false) => RoundOutcome::Failed,
        (true, true) => RoundOutcome::GaveUp,
    }
}

impl ModelState {
    fn put_in(&mut self, until: Option<u8>, one: bool) {
        if one && !self.lines.is_empty() {
            return;
        }
        let handle = if one { 0 } else { self.handle };
        self.handle += u8::from(!one);
        self.lines.push(ModelMember {
            handle,
            until,
            by_hand: false,
        });
        self.unrecorded.granted += 1;
    }

    /// Removes a member. Returns whether it was there.
    fn take_out(&mut self, handle: u8) -> bool {
        let Some(place) = self.lines.iter().position(|line| line.handle == handle) else {
            return false;
        };
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
