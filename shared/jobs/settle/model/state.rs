//! The state of the model. It is small, so that millions of states can be explored.
//!
//! Numbers that only grow (versions, instants of reads, marks of due items) would make every state
//! unique. Production code only asks two questions about them: is it still the number that I read,
//! and which of two is later? The model keeps the answers instead of the numbers.

/// A whole minute, counted from the beginning of the scenario.
pub type ModelMinute = u8;
/// The number of minutes that a scenario can have.
pub const MINUTES: usize = 8;

/// A group member: what the door system stores for the one account in the one group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ModelMember {
    /// The door system's id of the member.
    pub handle: u8,
    /// The end that the door system knows.
    pub until: Option<ModelMinute>,
    /// Added by hand, not by Doorstep.
    pub by_hand: bool,
}

/// The fact's item. `None` in place of a fact means that nothing is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ModelFact {
    /// What the platform said, as an index into the scenario's sayings; 0 is "gone".
    pub says: u8,
    /// The rank of the instant at which the read of it began.
    pub stamp: u8,
    /// The last confirmed saying, if only full reads found the change since.
    pub confirmed: Option<u8>,
}

impl ModelFact {
    /// Returns whether the fact concerns the person, now or in its last confirmed state.
    pub fn concerns(&self) -> bool {
        self.says > 0 || self.confirmed.is_some_and(|says| says > 0)
    }
}

/// The stored person, reduced to the one group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct StoredPerson {
    /// The claim: the end that Doorstep gave the member, and the older members to remove.
    pub claim: Option<(Option<ModelMinute>, Vec<u8>)>,
    /// The intents.
    pub intents: Vec<Begun>,
    /// The minute of the next evaluation.
    pub next: Option<ModelMinute>,
    /// The number of failed runs in a row.
    pub failures: u8,
    /// The last run had a problem.
    pub problem: bool,
}

/// An intent: a change that was begun.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Begun {
    /// Adds the account, in place of these members.
    Grant(Option<ModelMinute>, Vec<u8>),
    /// Removes this member.
    Revoke(u8),
}

/// One action at the door system.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Act {
    /// Adds the account, in place of these members.
    Grant(Option<ModelMinute>, Vec<u8>),
    /// Removes this member.
    Revoke(u8),
    /// Removes an older member of Doorstep's.
    Tidy(u8),
}

/// One call to the door system.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum DoorsCall {
    /// Adds a member; the flag says whether it replaces others.
    Add(Option<ModelMinute>, bool),
    /// Adds a member in place of one that had to be removed first; so many tries are left.
    PutBack(Option<ModelMinute>, u8),
    /// Removes a member that a new one replaces.
    Drop(u8),
    /// Removes a member.
    Remove(u8),
}

/// The number of audit entries to write.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Records {
    /// For added members.
    pub granted: i8,
    /// For removed members.
    pub revoked: i8,
}

/// The kinds of triggers in a queue or batch, as a set: duplicates change nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct TriggerCounts {
    /// The booking may have changed.
    pub changed: bool,
    /// The booking was removed, by a signed delivery.
    pub removed: bool,
    /// Someone is due.
    pub due: bool,
}

impl TriggerCounts {
    /// Enqueues the triggers of `other` again.
    pub fn add(&mut self, other: TriggerCounts) {
        self.changed |= other.changed;
        self.removed |= other.removed;
        self.due |= other.due;
    }

    /// Returns whether no trigger waits.
    pub fn is_empty(self) -> bool {
        self == TriggerCounts::default()
    }
}

/// The due items of one minute, each with its mark; 0 means none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Dues {
    /// The person.
    pub person: u8,
    /// The profile, as a trigger marks it.
    pub profile: u8,
    /// The person, with the group to compare.
    pub look: u8,
}

impl Dues {
    /// Returns the mark of each kind, in order.
    pub fn marks(&self) -> [u8; 3] {
        [self.person, self.profile, self.look]
    }

    /// Returns the mark of one kind.
    pub fn mark(&mut self, kind: usize) -> &mut u8 {
        match kind {
            0 => &mut self.person,
            1 => &mut self.profile,
            _ => &mut self.look,
        }
    }
}

/// The next step of a worker. Each step is one read or one write that others can observe or
/// influence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WorkerStep {
    /// Begins to fetch from the platform.
    Look,
    /// Gets the platform's answer.
    See,
    /// Reads the fact's item, and stores the fact if it still concerns everyone whom it concerned.
    Keep,
    /// Stores a fact that no longer concerns the person, after the person was marked.
    Leave,
    /// Increments the holder's version.
    Bump,
    /// Stores who is due.
    Mark,
    /// Loads who is due.
    Slice,
    /// Loads the person.
    Person,
    /// Loads the holder's version.
    Version,
    /// Loads the facts.
    Facts,
    /// Reads the group, and decides.
    Group,
    /// Writes the intents with the person.
    Intend,
    /// Loads the holder's version again.
    Recheck,
    /// Makes the next call.
    Apply,
    /// Sets the schedule and the due item of the next boundary.
    Next,
    /// Writes the person and the audit entries.
    Commit,
    /// Deletes a due item that is no longer needed.
    Forget,
    /// Deletes the due items that were served.
    Cross,
}

/// A settle function at work.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Worker {
    /// The triggers that it serves.
    pub batch: TriggerCounts,
    /// It took too long, and the queue gave its triggers to another worker.
    pub late: bool,
    /// The next step.
    pub step: WorkerStep,
    /// The last minute of due items that it serves.
    pub until: ModelMinute,
    /// The rank of the instant at which its fetch began.
    pub stamp: u8,
    /// The platform's answer.
    pub says: u8,
    /// The fact's item as it was read, if the fact no longer concerns the person.
    pub draft: Option<ModelFact>,
    /// The profile is marked in passing.
    pub marked: bool,
    /// The due items that it serves: minute, kind, mark.
    pub served: Vec<(ModelMinute, u8, u8)>,
    /// The person was marked in passing and is served too.
    pub passing: bool,
    /// A due item of reconcile asks it to compare the group.
    pub look: bool,
    /// The number of rounds so far.
    pub rounds: u8,
    /// The number of failed rounds.
    pub failed: u8,
    /// The evaluation of the current round.
    pub round: ModelRound,
}

/// One round for the person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct ModelRound {
    /// The person as read.
    pub before: StoredPerson,
    /// No other worker wrote the person since.
    pub fresh: bool,
    /// The holder's version is still the one that was read.
    pub current: bool,
    /// The saying in the fact's item.
    pub says: u8,
    /// The person as it will be written.
    pub person: StoredPerson,
    /// This round wrote the person.
    pub wrote: bool,
    /// The actions to apply.
    pub acts: Vec<Act>,
    /// The remaining calls of the current action.
    pub calls: Vec<DoorsCall>,
    /// The audit entries to write.
    pub records: Records,
    /// Something failed.
    pub failed: bool,
    /// Another round must follow.
    pub more: bool,
    /// This is the last try.
    pub last: bool,
}

/// A reconcile function at work.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reconcile {
    /// The next step. Reconcile uses some of the worker's steps.
    pub step: WorkerStep,
    /// The rank of the instant at which its read began.
    pub stamp: u8,
    /// The platform's answer.
    pub says: u8,
    /// The person as read.
    pub person: StoredPerson,
    /// It must enqueue a trigger.
    pub rings: bool,
    /// Every unannounced change happened before it began.
    pub hears: bool,
}

/// The failures and events that may still happen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Budget {
    /// Changes at the platform.
    pub changes: u8,
    /// Lost deliveries.
    pub losses: u8,
    /// Deliveries and schedules that arrive once more.
    pub twice: u8,
    /// Functions that crash.
    pub crashes: u8,
    /// Failing calls to the door system, applied or not.
    pub troubles: u8,
    /// Writes to the table that succeed and are answered with an error.
    pub unanswered: u8,
    /// Live workers whose triggers the queue gives to another worker.
    pub overlaps: u8,
    /// Reconciles.
    pub reconciles: u8,
    /// Changes by hand at the door system.
    pub hands: u8,
}

/// The state of the whole system.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ModelState {
    /// The clock.
    pub now: ModelMinute,
    /// What the platform says.
    pub truth: u8,
    /// Deliveries on their way: of changes, of removals.
    pub hooks: (u8, u8),
    /// The trigger queue.
    pub line: TriggerCounts,
    /// The schedules that are set, by minute.
    pub schedules: [bool; MINUTES],
    /// The fact's item.
    pub fact: Option<ModelFact>,
    /// The person's item.
    pub person: StoredPerson,
    /// The due items, by minute.
    pub dues: [Dues; MINUTES],
    /// The members of the group at the door system.
    pub lines: Vec<ModelMember>,
    /// The id of the next member.
    pub handle: u8,
    /// Settle functions at work: the one with the current batch, and one whose batch was given to
    /// another.
    pub workers: [Option<Worker>; 2],
    /// A reconcile function at work.
    pub reconcile: Option<Reconcile>,
    /// What may still happen.
    pub budget: Budget,
    /// Doorstep's changes at the door system that have no audit entry yet. A negative number counts
    /// audit entries without a change.
    pub unrecorded: Records,
    /// Changes by hand at the door system, which may be taken for Doorstep's: members added,
    /// members removed.
    pub hands: (u8, u8),
    /// Something happened that no trigger announces. Only a reconcile finds it.
    pub unheard: bool,
    /// Doorstep removed a member that was added by hand.
    pub stolen: bool,
    /// Failures are over, and the one reconcile after them has begun.
    pub calm: bool,
}

impl ModelState {
    /// Renumbers the instants of reads: only their order matters.
    pub fn rank(&mut self) {
        let refetches = |step: WorkerStep| {
            matches!(
                step,
                WorkerStep::See | WorkerStep::Keep | WorkerStep::Leave | WorkerStep::Mark
            )
        };
        let mut stamps: Vec<u8> = Vec::new();
        stamps.extend(self.fact.map(|fact| fact.stamp));
        stamps.extend(
            self.workers
                .iter()
                .flatten()
                .filter(|worker| refetches(worker.step))
                .map(|worker| worker.stamp),
        );
        stamps.extend(
            self.workers
                .iter()
                .flatten()
                .filter_map(|worker| worker.draft)
                .map(|draft| draft.stamp),
        );
        stamps.extend(
            self.reconcile
                .iter()
                .filter(|reconcile| refetches(reconcile.step))
                .map(|reconcile| reconcile.stamp),
        );
        stamps.sort_unstable();
        stamps.dedup();
        let rank = |stamp: u8| {
            stamps
                .iter()
                .position(|known| *known == stamp)
                .map_or(0, |place| place as u8 + 1)
        };
        for worker in self.workers.iter_mut().flatten() {
            // The rank of a draft only tells whether it is still the item's.
            worker.draft = worker.draft.map(|draft| ModelFact {
                stamp: rank(draft.stamp),
                ..draft
            });
            worker.stamp = if refetches(worker.step) {
                rank(worker.stamp)
            } else {
                0
            };
        }
        if let Some(reconcile) = &mut self.reconcile {
            reconcile.stamp = if refetches(reconcile.step) {
                rank(reconcile.stamp)
            } else {
                0
            };
        }
        if let Some(fact) = &mut self.fact {
            fact.stamp = rank(fact.stamp);
        }
    }

    /// Returns an instant later than all others.
    pub fn stamp(&self) -> u8 {
        let workers = self.workers.iter().flatten().map(|worker| worker.stamp);
        let others = self.reconcile.iter().map(|reconcile| reconcile.stamp);
        workers
            .chain(others)
            .chain(self.fact.map(|fact| fact.stamp))
            .max()
            .unwrap_or(0)
            + 1
    }

    /// Stores that someone is due. The item gets a mark that no worker holds.
    pub fn put_due(&mut self, minute: ModelMinute, kind: usize) {
        let held = |mark: u8| {
            let mut served = self
                .workers
                .iter()
                .flatten()
                .flat_map(|worker| &worker.served);
            served.any(|(at, of, held)| *at == minute && usize::from(*of) == kind && *held == mark)
        };
        let mark = (1..).find(|mark| !held(*mark)).unwrap_or(1);
        *self.dues[usize::from(minute)].mark(kind) = mark;
    }

    /// Sets a schedule. A schedule whose minute has come enqueues its trigger at once.
    pub fn set_schedule(&mut self, minute: ModelMinute) {
        if minute <= self.now {
            self.line.due = true;
        } else {
            self.schedules[usize::from(minute)] = true;
        }
    }

    /// Returns whether nothing is on its way and no function is at work.
    pub fn is_quiet(&self) -> bool {
        let rung = self
            .schedules
            .iter()
            .enumerate()
            .all(|(minute, set)| !set || minute > usize::from(self.now));
        let idle = self.workers.iter().all(Option::is_none) && self.reconcile.is_none();
        idle && rung && self.hooks == (0, 0) && self.line.is_empty()
    }

    /// Stores the person. Later writes by workers that read the person before this one fail.
    pub fn wrote_person(&mut self, person: StoredPerson) {
        self.person = person;
        for worker in self.workers.iter_mut().flatten() {
            worker.round.fresh = false;
        }
    }

    /// Records an event that no trigger announces.
    pub fn unheard(&mut self) {
        self.unheard = true;
        if let Some(reconcile) = &mut self.reconcile {
            reconcile.hears = false;
        }
    }

    /// Increments the holder's version.
    pub fn bump(&mut self) {
        for worker in self.workers.iter_mut().flatten() {
            worker.round.current = false;
        }
    }
}
