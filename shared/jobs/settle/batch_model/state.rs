//! The state of the model: small, so that millions of states can be explored.

/// The people of a site. Each has one account, which all sites share.
pub const PEOPLE: usize = 2;

/// What the platform says of one person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Said {
    /// The person's membership opens the group.
    pub open: bool,
    /// The number of the one card is this person's.
    pub card: bool,
}

/// The stored facts about one person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct ModelFacts {
    /// The present content.
    pub now: Said,
    /// The last confirmed content, if only full reads found the change since.
    pub confirmed: Option<Said>,
}

impl ModelFacts {
    /// Stores what a delivery announced and a read then showed.
    pub fn announce(&mut self, said: Said) {
        *self = ModelFacts {
            now: said,
            confirmed: None,
        };
    }

    /// Stores what only a full read showed.
    pub fn read(&mut self, said: Said) {
        if said != self.now {
            let confirmed = self.confirmed.unwrap_or(self.now);
            self.confirmed = (confirmed != said).then_some(confirmed);
            self.now = said;
        }
    }
}

/// A change that a run began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Begun {
    /// Adds the account to the group.
    Grant,
    /// Removes it.
    Revoke,
}

/// The stored person of one site.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct StoredPerson {
    /// Doorstep claims the membership.
    pub claim: bool,
    /// The card is one that Doorstep assigned.
    pub card: bool,
    /// The intents on the group.
    pub intents: Vec<Begun>,
    /// The intents on the card: assigned or taken back.
    pub card_intents: Vec<bool>,
}

/// One action for one person, in the order in which the door system is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Act {
    /// Adds the account to the group.
    Grant,
    /// Removes it.
    Revoke,
    /// Takes the card back.
    Untag,
    /// Assigns the card.
    Tag,
}

impl Act {
    /// Returns whether it takes something from the person.
    pub fn takes(self) -> bool {
        matches!(self, Act::Revoke | Act::Untag)
    }
}

/// A set of removals: two bits for each person, the membership and the card.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Removals(pub u8);

impl Removals {
    fn bit(person: usize, act: Act) -> u8 {
        1 << (2 * person + usize::from(act == Act::Untag))
    }

    /// Returns whether the set has this removal.
    pub fn has(self, person: usize, act: Act) -> bool {
        self.0 & Removals::bit(person, act) != 0
    }

    /// Adds a removal.
    pub fn add(&mut self, person: usize, act: Act) {
        self.0 |= Removals::bit(person, act);
    }

    /// Takes a removal out of the set.
    pub fn remove(&mut self, person: usize, act: Act) {
        self.0 &= !Removals::bit(person, act);
    }
}

/// The audit entries that are missing (or too many) for each kind of change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Records(pub [i8; 4]);

impl Records {
    /// Counts entries of one kind of change.
    pub fn add(&mut self, act: Act, count: i8) {
        self.0[act as usize] += count;
    }

    /// Takes the entries of `written` off.
    pub fn write(&mut self, written: Records) {
        for (missing, count) in self.0.iter_mut().zip(written.0) {
            *missing -= count;
        }
    }
}

/// The door system: one group with at most one member for each account, and one card.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct ModelDoor {
    /// The accounts in the group.
    pub members: [bool; PEOPLE],
    /// The account that has the card.
    pub holder: Option<u8>,
    /// The card was assigned by hand.
    pub by_hand: bool,
}

/// The next step of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RunStep {
    /// Loads who is due, the people and their facts.
    Load,
    /// Loads what the other site holds of the accounts.
    Others,
    /// Reads the door system, decides and withholds.
    Decide,
    /// Writes the intents of one person.
    Intend(usize),
    /// Loads the holders' versions again.
    Recheck,
    /// Makes the next call.
    Apply,
    /// Writes one person and the audit entries.
    Commit(usize),
    /// Enqueues triggers for the other site.
    Tell,
    /// Deletes the due items that were served.
    Cross,
}

/// One person's share of a round.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Work {
    /// The person is in the batch and still open.
    pub open: bool,
    /// The mark of the due item.
    pub mark: u8,
    /// The due item asks to compare the group.
    pub look: bool,
    /// The facts as read.
    pub facts: ModelFacts,
    /// The person as it will be written.
    pub person: StoredPerson,
    /// The person at the other site, as read.
    pub other: StoredPerson,
    /// No other function wrote the person since.
    pub fresh: bool,
    /// The holder's version is unchanged.
    pub current: bool,
    /// The person at the other site is unchanged.
    pub others_fresh: bool,
    /// The next write depends on the other site.
    pub depends: bool,
    /// The actions.
    pub acts: Vec<Act>,
    /// Removals among the actions that the guard or a human released.
    pub released: Removals,
    /// The audit entries to write.
    pub records: Records,
    /// Something changed for the store.
    pub changed: bool,
    /// Something failed.
    pub failed: bool,
    /// Another round must follow.
    pub more: bool,
    /// The other site must check the account.
    pub tells: bool,
    /// Failed rounds.
    pub tries: u8,
}

/// A settle function at work.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Run {
    /// The next step.
    pub step: RunStep,
    /// The time for calls is used up.
    pub late: bool,
    /// Each person's share.
    pub works: [Work; PEOPLE],
    /// The number of rounds of this batch.
    pub rounds: u8,
}

impl Run {
    /// Returns a run that begins.
    pub fn new() -> Run {
        Run {
            step: RunStep::Load,
            late: false,
            works: Default::default(),
            rounds: 0,
        }
    }
}

/// One site.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct ModelSite {
    /// What the platform says.
    pub truth: [Said; PEOPLE],
    /// The stored facts.
    pub facts: [ModelFacts; PEOPLE],
    /// The stored people.
    pub people: [StoredPerson; PEOPLE],
    /// The mark of each person's due item; 0 means none.
    pub due: [u8; PEOPLE],
    /// The due item asks to compare the group.
    pub look: [bool; PEOPLE],
    /// The person is due at a later minute.
    pub later: [bool; PEOPLE],
    /// A trigger waits.
    pub rings: bool,
    /// Removals that wait for a human.
    pub held: Removals,
    /// Removals that may be done.
    pub released: Removals,
    /// Removals that the guard released by itself within the last 24 hours.
    pub lately: Removals,
    /// A settle function at work.
    pub run: Option<Run>,
    /// Something happened that no trigger announces.
    pub unheard: bool,
    /// Changes of this site without an audit entry.
    pub unrecorded: Records,
}

impl ModelSite {
    /// Stores that a person is due, and enqueues a trigger.
    pub fn put_due(&mut self, person: usize, look: bool) {
        let held = self.run.as_ref().map_or(0, |run| run.works[person].mark);
        self.due[person] = if held == 1 { 2 } else { 1 };
        self.look[person] |= look;
        self.rings = true;
    }

    /// Stores the person. A later write by a function that read it before fails.
    pub fn write(&mut self, person: usize, stored: StoredPerson) {
        self.people[person] = stored;
        if let Some(run) = &mut self.run {
            run.works[person].fresh = false;
        }
    }

    /// Increments the version of the person as a holder of facts.
    pub fn bump(&mut self, person: usize) {
        if let Some(run) = &mut self.run {
            run.works[person].current = false;
        }
    }

    /// Returns whether nothing is on its way and no function is at work.
    pub fn is_quiet(&self) -> bool {
        self.run.is_none() && !self.rings && self.later == [false; PEOPLE]
    }
}

/// What may still happen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Budget {
    /// Changes that a delivery announces.
    pub announced: u8,
    /// Changes that only a reconcile finds.
    pub silent: u8,
    /// Card numbers that pass from one person to the other.
    pub cards: u8,
    /// Crashes.
    pub crashes: u8,
    /// Failing calls.
    pub troubles: u8,
    /// Runs whose time is used up.
    pub deadlines: u8,
    /// Reconciles.
    pub reconciles: u8,
    /// Approvals.
    pub approvals: u8,
    /// Cards that are assigned by hand.
    pub hands: u8,
}

/// What must never happen, noted when it does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Wrongs {
    /// A card that was assigned by hand was taken.
    pub stolen: bool,
    /// A card was assigned while another account had it.
    pub robbed: bool,
    /// A removal that was not announced was applied without a release.
    pub unheld: bool,
    /// A revoke was begun while the other site claimed the membership.
    pub disputed: bool,
    /// A call began after the time for calls was used up.
    pub overtime: bool,
}

/// The state of the whole system.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ModelState {
    /// The sites: one or two.
    pub sites: Vec<ModelSite>,
    /// The door system that they share.
    pub door: ModelDoor,
    /// What may still happen.
    pub budget: Budget,
    /// What must never happen.
    pub wrongs: Wrongs,
    /// The failures are over.
    pub calm: bool,
}
