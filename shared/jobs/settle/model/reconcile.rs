//! The model of reconcile, step by step. It runs beside the queue and writes to no door.

use super::MembershipModel;
use super::judge::ReconcileResult;
use super::state::{ModelFact, ModelState, Reconcile, StoredPerson, WorkerStep};

impl MembershipModel {
    /// Begins a reconcile: sets the schedules of later due items again.
    pub fn begin_reconcile(&self, state: &mut ModelState) {
        let due: Vec<u8> = (0..)
            .zip(state.dues)
            .filter(|(_, dues)| dues.marks() != [0; 3])
            .map(|(at, _)| at)
            .collect();
        let rings = due.iter().any(|minute| *minute <= state.now);
        // A change that a worker is just fetching does not count as missed.
        let refetches = |step: WorkerStep| {
            matches!(
                step,
                WorkerStep::See | WorkerStep::Keep | WorkerStep::Mark | WorkerStep::Leave
            )
        };
        let hears = !state
            .workers
            .iter()
            .flatten()
            .any(|worker| refetches(worker.step));
        let now = state.now;
        for minute in due.into_iter().filter(|minute| *minute > now) {
            state.set_schedule(minute);
        }
        state.reconcile = Some(Reconcile {
            step: WorkerStep::Look,
            stamp: 0,
            says: 0,
            person: StoredPerson::default(),
            rings,
            hears,
        });
    }

    /// Runs the next step.
    pub fn reconcile(&self, state: &mut ModelState) {
        let Some(mut r) = state.reconcile.take() else {
            return;
        };
        match r.step {
            WorkerStep::Look => {
                r.stamp = state.stamp();
                r.step = WorkerStep::See;
            }
            WorkerStep::See => {
                r.says = state.truth;
                r.step = WorkerStep::Keep;
            }
            WorkerStep::Keep => {
                r.step = WorkerStep::Person;
                let old = state.fact;
                // As in `Record::after`: a change that only full reads find keeps the last
                // confirmed state.
                let before = old.and_then(|old| {
                    old.confirmed
                        .or((old.says > 0 && old.says != r.says).then_some(old.says))
                });
                let confirmed = before.filter(|before| *before != r.says);
                // A thing that is neither listed nor known needs no item.
                let known = r.says > 0 || old.is_some();
                let new = ModelFact {
                    says: r.says,
                    stamp: r.stamp,
                    confirmed,
                };
                if known && state.keep_fact(new).bump {
                    r.step = WorkerStep::Bump;
                }
            }
            WorkerStep::Bump => {
                state.bump();
                r.step = WorkerStep::Person;
            }
            WorkerStep::Person => {
                r.person = state.person.clone();
                r.step = WorkerStep::Group;
            }
            WorkerStep::Group => {
                let found = self
                    .judge
                    .reconciled(&r.person, r.says, &state.lines, state.now);
                match found {
                    ReconcileResult::Well => {}
                    ReconcileResult::Due => state.put_due(state.now, 0),
                    ReconcileResult::Look => state.put_due(state.now, 2),
                }
                r.rings |= found != ReconcileResult::Well;
                r.person = StoredPerson::default();
                r.step = WorkerStep::Mark;
                if !r.rings {
                    state.unheard &= !r.hears;
                    return;
                }
            }
            _ => {
                state.line.due = true;
                state.unheard &= !r.hears;
                return;
            }
        }
        state.reconcile = Some(r);
    }
}
