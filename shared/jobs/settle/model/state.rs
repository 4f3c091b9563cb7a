//! What the model keeps of the world: small, so that millions of it can be looked at.
//!
//! Numbers that only ever grow (versions, instants of reads, marks of due items) would make every state one of its own.
//! What is asked of them is "is it still the one that I read?" and "which was later?", so that is what is kept.

/// A whole minute, counted from the beginning of the story.
pub type Minute = u8;
/// The minutes that a story can have.
pub const MINUTES: usize = 8;

/// What the door system has of the one account in the one group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Line {
    /// The door system's name for it.
    pub handle: u8,
    /// The end that the door system knows.
    pub until: Option<Minute>,
    /// Made by hand, not by us.
    pub by_hand: bool,
}

/// What the fact's item holds. Nothing is known of what is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fact {
    /// Which of the story's sayings; 0 is "gone".
    pub says: u8,
    /// When the read began that said so, by rank.
    pub stamp: u8,
    /// What was said before, where full reads alone told of the change since.
    pub vouched: Option<u8>,
}

impl Fact {
    /// Whether it is, or was as long as somebody vouched for it, about the person.
    pub fn concerns(&self) -> bool {
        self.says > 0 || self.vouched.is_some_and(|says| says > 0)
    }
}

/// Our record of the person, as far as the one group goes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Known {
    /// The claim: the end that we gave it, and what must be tidied away.
    pub claim: Option<(Option<Minute>, Vec<u8>)>,
    /// What was begun.
    pub intents: Vec<Begun>,
    /// When they must be settled next.
    pub next: Option<Minute>,
    /// How often in a row settling failed.
    pub failures: u8,
    /// Something was wrong.
    pub problem: bool,
}

/// A change that was begun.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Begun {
    /// Puts the account in, in the place of these lines.
    Grant(Option<Minute>, Vec<u8>),
    /// Takes this line out.
    Revoke(u8),
}

/// One move at the doors.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Act {
    /// Puts the account in, in the place of these lines.
    Grant(Option<Minute>, Vec<u8>),
    /// Takes this line out.
    Revoke(u8),
    /// Takes out an older line of ours.
    Tidy(u8),
}

/// One call to the door system.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Call {
    /// A new line, and whether it takes the place of others.
    Add(Option<Minute>, bool),
    /// A new line in the place of one that had to go first; so many tries are left.
    PutBack(Option<Minute>, u8),
    /// Out with a line that a new one takes the place of.
    Drop(u8),
    /// Out with a line.
    Remove(u8),
}

/// Audit records to be written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Records {
    /// Of lines made.
    pub granted: i8,
    /// Of lines taken out.
    pub revoked: i8,
}

/// The kinds of bells that wait, as a set: of two that say the same one is enough.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Bells {
    /// Something about the booking may have changed.
    pub changed: bool,
    /// The booking is gone: signed.
    pub removed: bool,
    /// Somebody is due.
    pub due: bool,
}

impl Bells {
    /// Rings again for what was in `other`.
    pub fn add(&mut self, other: Bells) {
        self.changed |= other.changed;
        self.removed |= other.removed;
        self.due |= other.due;
    }

    /// Nothing waits.
    pub fn is_empty(self) -> bool {
        self == Bells::default()
    }
}

/// The due items of one minute, each with its mark; 0 is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Dues {
    /// The person.
    pub person: u8,
    /// The profile, as a bell marks it.
    pub profile: u8,
    /// The person, with the group to look at.
    pub look: u8,
}

impl Dues {
    /// Each with its place.
    pub fn marks(&self) -> [u8; 3] {
        [self.person, self.profile, self.look]
    }

    /// One of them.
    pub fn mark(&mut self, kind: usize) -> &mut u8 {
        match kind {
            0 => &mut self.person,
            1 => &mut self.profile,
            _ => &mut self.look,
        }
    }
}

/// Where a worker is. Each step is one thing that others can see, or that can see others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// Begins to look at the platform.
    Look,
    /// Sees what the platform says.
    See,
    /// Reads the fact's item, and keeps the fact where nobody leaves it.
    Keep,
    /// Keeps the fact that somebody left, once they are marked.
    Leave,
    /// Moves its holder's version on.
    Bump,
    /// Writes down who is due.
    Mark,
    /// Reads who is due.
    Slice,
    /// Reads the person.
    Person,
    /// Reads the holder's version.
    Version,
    /// Reads the facts.
    Facts,
    /// Reads the group, and decides.
    Group,
    /// Writes the intents with the person.
    Intend,
    /// Reads the holder's version again.
    Recheck,
    /// Makes the next call.
    Apply,
    /// Sets the next boundary's alarm, and its due item.
    Next,
    /// Writes the person, and the records.
    Commit,
    /// Deletes the due item that nobody needs any more.
    Forget,
    /// Crosses out who was served.
    Cross,
}

/// A settle at work on the line.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Worker {
    /// The bells it serves.
    pub batch: Bells,
    /// It took too long: the line gave its bells to somebody else.
    pub late: bool,
    /// What it does next.
    pub step: Step,
    /// Until when it serves whoever is due.
    pub until: Minute,
    /// When its look began, by rank.
    pub stamp: u8,
    /// What it saw.
    pub says: u8,
    /// The fact's item as it was read, where somebody leaves it.
    pub draft: Option<Fact>,
    /// The profile is marked in passing.
    pub marked: bool,
    /// What it serves: minute, kind, mark.
    pub served: Vec<(Minute, u8, u8)>,
    /// Whoever was marked in passing is among them.
    pub passing: bool,
    /// The reconcile's due items ask for a look at the group.
    pub look: bool,
    /// Rounds so far.
    pub rounds: u8,
    /// How many of them failed.
    pub failed: u8,
    /// The person before it.
    pub sitting: Sitting,
}

/// One round of the person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Sitting {
    /// As read.
    pub before: Known,
    /// Nobody else wrote the person since.
    pub fresh: bool,
    /// The holder's version is the one that was read.
    pub current: bool,
    /// What the fact's item said.
    pub says: u8,
    /// As it will be written.
    pub person: Known,
    /// The person was written in this round.
    pub wrote: bool,
    /// What is to be done.
    pub acts: Vec<Act>,
    /// The calls of the act that is being done.
    pub calls: Vec<Call>,
    /// Records to be written.
    pub records: Records,
    /// Something failed.
    pub failed: bool,
    /// What must follow it.
    pub more: bool,
    /// This is the last try.
    pub last: bool,
}

/// A reconcile at work.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reconcile {
    /// What it does next; of the worker's steps, those that it has.
    pub step: Step,
    /// When its read began, by rank.
    pub stamp: u8,
    /// What it saw.
    pub says: u8,
    /// The person as read.
    pub person: Known,
    /// It must ring.
    pub rings: bool,
    /// Whatever nobody told of happened before it began.
    pub hears: bool,
}

/// What may still go wrong, and what may still happen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Budget {
    /// Changes at the platform.
    pub changes: u8,
    /// Deliveries that are lost.
    pub losses: u8,
    /// Deliveries and alarms that come once more.
    pub twice: u8,
    /// Functions that die.
    pub crashes: u8,
    /// Calls to the doors that fail, done or not done.
    pub troubles: u8,
    /// Writes to the table that are made and answered with an error.
    pub unanswered: u8,
    /// Workers that the line gives up on while they live.
    pub overlaps: u8,
    /// Reconciles.
    pub reconciles: u8,
    /// Changes by hand at the doors.
    pub hands: u8,
}

/// The world.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct State {
    /// The clock.
    pub now: Minute,
    /// What the platform says.
    pub truth: u8,
    /// Deliveries on their way: of changes, of removals.
    pub hooks: (u8, u8),
    /// The line.
    pub line: Bells,
    /// Alarms that are set.
    pub alarms: [bool; MINUTES],
    /// The fact's item.
    pub fact: Option<Fact>,
    /// The person's item.
    pub person: Known,
    /// The due items.
    pub dues: [Dues; MINUTES],
    /// The group at the doors.
    pub lines: Vec<Line>,
    /// The name of the next line.
    pub handle: u8,
    /// Settles at work: the one that has the line, and one that lost it.
    pub workers: [Option<Worker>; 2],
    /// A reconcile at work.
    pub reconcile: Option<Reconcile>,
    /// What may still happen.
    pub budget: Budget,
    /// Changes at the doors by us that have no record yet; below nothing: records of what was not.
    pub unrecorded: Records,
    /// Changes at the doors by hand, which may be taken for ours: lines made, lines taken out.
    pub hands: (u8, u8),
    /// Something happened of which no bell tells: only a reconcile finds it.
    pub unheard: bool,
    /// A line that was somebody else's was taken out.
    pub stolen: bool,
    /// Everything that goes wrong is over, and the one reconcile after it has begun.
    pub calm: bool,
}

impl State {
    /// Ranks instants of reads anew: what counts is which was earlier.
    pub fn rank(&mut self) {
        let looks = |step: Step| matches!(step, Step::See | Step::Keep | Step::Leave | Step::Mark);
        let mut stamps: Vec<u8> = Vec::new();
        stamps.extend(self.fact.map(|fact| fact.stamp));
        stamps.extend(self.workers.iter().flatten().filter(|worker| looks(worker.step)).map(|worker| worker.stamp));
        stamps.extend(self.workers.iter().flatten().filter_map(|worker| worker.draft).map(|draft| draft.stamp));
        stamps.extend(self.reconcile.iter().filter(|reconcile| looks(reconcile.step)).map(|reconcile| reconcile.stamp));
        stamps.sort_unstable();
        stamps.dedup();
        let rank = |stamp: u8| stamps.iter().position(|known| *known == stamp).map_or(0, |place| place as u8 + 1);
        for worker in self.workers.iter_mut().flatten() {
            // A draft's own rank says nothing but whether it is still the item's.
            worker.draft = worker.draft.map(|draft| Fact { stamp: rank(draft.stamp), ..draft });
            worker.stamp = if looks(worker.step) { rank(worker.stamp) } else { 0 };
        }
        if let Some(reconcile) = &mut self.reconcile {
            reconcile.stamp = if looks(reconcile.step) { rank(reconcile.stamp) } else { 0 };
        }
        if let Some(fact) = &mut self.fact {
            fact.stamp = rank(fact.stamp);
        }
    }

    /// An instant later than any.
    pub fn stamp(&self) -> u8 {
        let workers = self.workers.iter().flatten().map(|worker| worker.stamp);
        let others = self.reconcile.iter().map(|reconcile| reconcile.stamp);
        workers.chain(others).chain(self.fact.map(|fact| fact.stamp)).max().unwrap_or(0) + 1
    }

    /// Writes down that somebody is due. The item gets a mark that nobody holds.
    pub fn put_due(&mut self, minute: Minute, kind: usize) {
        let held = |mark: u8| {
            let mut served = self.workers.iter().flatten().flat_map(|worker| &worker.served);
            served.any(|(at, of, held)| *at == minute && usize::from(*of) == kind && *held == mark)
        };
        let mark = (1..).find(|mark| !held(*mark)).unwrap_or(1);
        *self.dues[usize::from(minute)].mark(kind) = mark;
    }

    /// Sets an alarm; one whose minute has come is rung at once.
    pub fn set_alarm(&mut self, minute: Minute) {
        if minute <= self.now {
            self.line.due = true;
        } else {
            self.alarms[usize::from(minute)] = true;
        }
    }

    /// Nothing is on its way, and nobody is at work.
    pub fn is_quiet(&self) -> bool {
        let rung = self.alarms.iter().enumerate().all(|(minute, set)| !set || minute > usize::from(self.now));
        let idle = self.workers.iter().all(Option::is_none) && self.reconcile.is_none();
        idle && rung && self.hooks == (0, 0) && self.line.is_empty()
    }

    /// The worker that is at it wrote the person: whoever else read it before comes too late.
    pub fn wrote_person(&mut self, person: Known) {
        self.person = person;
        for worker in self.workers.iter_mut().flatten() {
            worker.sitting.fresh = false;
        }
    }

    /// Something happens of which no bell tells.
    pub fn unheard(&mut self) {
        self.unheard = true;
        if let Some(reconcile) = &mut self.reconcile {
            reconcile.hears = false;
        }
    }

    /// The holder's version moved on.
    pub fn bump(&mut self) {
        for worker in self.workers.iter_mut().flatten() {
            worker.sitting.current = false;
        }
    }
}
