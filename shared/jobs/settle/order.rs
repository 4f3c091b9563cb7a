//! In which order the people of one run are served, and what portion of what they need: pure.
//!
//! Where every door system takes many people in one call and more are due than a small slice, nobody waits for somebody
//! else's account. Whoever has their accounts comes and goes first, all in one call for each group. Then accounts are
//! made, in small slices, each of which is committed before the next one begins; then whoever has one by now comes in,
//! again by one call for each group. Last comes what costs calls of its own and opens no door: cards, names, accounts
//! that are put to rest.

use std::collections::HashMap;
use std::time::Duration;

use super::portion::Phase;
use doorstep_cloud::store::dues::Due;

/// How long one run serves at most before it rings again for the rest. The function may take longer to finish a slice.
pub const TURN: Duration = Duration::from_secs(45);
/// How long a slice of what costs calls of its own shall take. Nothing of it is committed before its last change is
/// made, so one that the function does not live to see the end of would begin again and again.
pub const SLICE_TIME: Duration = Duration::from_secs(8);
/// How long one person takes among many who share a call: reading, writing down, one transaction after another.
const EACH: Duration = Duration::from_millis(12);
/// Fewest and most due items that are served together, where each may cost calls of its own.
const SLICES: (usize, usize) = (5, 500);
/// The first slice of these, and so few that they are served whole, together.
pub const FIRST: usize = 20;
/// Most due items that are served together, where they share one call: so many that a function has room for.
const MOST: usize = 1_000;

/// How far somebody is in this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// They may need an account, or theirs must be looked at.
    New,
    /// They had their accounts when the run began.
    Ready,
    /// Theirs were looked at, or made, in this run.
    Made,
    /// Their groups are as they should be.
    Rest,
}

/// What to do next.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Nobody is due.
    Done,
    /// The time is used up: ring again for the rest.
    TriggerMessage,
    /// Serve these.
    Serve(Phase, Vec<Due>),
}

/// The order of one run.
pub struct Batcher {
    /// Every door system takes many people in one call.
    bulk: bool,
    stages: HashMap<String, Stage>,
    size: usize,
    /// The longest slice so far of what costs calls of its own.
    longest: Duration,
}

impl Batcher {
    /// Of a run that begins.
    pub fn new(bulk: bool) -> Self {
        Batcher { bulk, stages: HashMap::new(), size: FIRST, longest: Duration::ZERO }
    }

    /// Those of whom it must be known whether they have their accounts.
    pub fn unknown<'a>(&self, dues: &'a [Due]) -> Vec<&'a Due> {
        let asks = self.bulk && dues.len() > FIRST;
        dues.iter().filter(|due| asks && !self.stages.contains_key(due.mark())).collect()
    }

    /// How far somebody is.
    pub fn note(&mut self, due: &Due, stage: Stage) {
        self.stages.insert(due.mark().to_owned(), stage);
    }

    /// What to do next with `left` of the time that is for serving people, for everybody who is due, earliest first.
    pub fn next(&self, dues: Vec<Due>, left: Duration) -> Next {
        if dues.is_empty() {
            return Next::Done;
        }
        if left.is_zero() {
            return Next::TriggerMessage;
        }
        if !self.bulk || dues.len() <= FIRST {
            return if self.longest > left {
                Next::TriggerMessage
            } else {
                Next::Serve(Phase::Whole, first(dues, self.size))
            };
        }
        let is = |due: &Due, stage: Stage| self.stages.get(due.mark()).copied().unwrap_or(Stage::New) == stage;
        let count = |stage: Stage| dues.iter().filter(|due| is(due, stage)).count();
        let (new, ready, made) = (count(Stage::New), count(Stage::Ready), count(Stage::Made));
        // Whoever has an account by then is to be let in in this run.
        let then = if made > 0 { time_for(made + new.min(self.size)) } else { Duration::ZERO };
        if new > 0 && ready == 0 && made < MOST && self.longest + then <= left {
            let new = dues.into_iter().filter(|due| is(due, Stage::New)).collect();
            return Next::Serve(Phase::Accounts, first(new, self.size));
        }
        if ready + made > 0 {
            let with = dues.into_iter().filter(|due| is(due, Stage::Ready) || is(due, Stage::Made)).collect();
            let with = first(with, MOST);
            let fits = time_for(with.len()) <= left;
            return if fits { Next::Serve(Phase::Groups, with) } else { Next::TriggerMessage };
        }
        let rest: Vec<Due> = dues.into_iter().filter(|due| is(due, Stage::Rest)).collect();
        if rest.is_empty() || self.longest > left {
            Next::TriggerMessage
        } else {
            Next::Serve(Phase::Whole, first(rest, self.size))
        }
    }

    /// How many may need an account, or have theirs looked at.
    pub fn newcomers(&self) -> usize {
        self.stages.values().filter(|stage| **stage == Stage::New).count()
    }

    /// A slice was served in so much time; of it, these are due still.
    pub fn served(&mut self, portion: Phase, slice: &[Due], left: &[Due], took: Duration) {
        for due in slice {
            self.stages.remove(due.mark());
        }
        let stage = if portion == Phase::Accounts { Stage::Made } else { Stage::Rest };
        left.iter().for_each(|due| self.note(due, stage));
        if portion != Phase::Groups {
            self.longest = self.longest.max(took);
            self.size = next_size(self.size, took);
        }
    }
}

/// How long so many take who share a call.
fn time_for(people: usize) -> Duration {
    EACH.saturating_mul(u32::try_from(people).unwrap_or(u32::MAX))
}

fn first(mut dues: Vec<Due>, size: usize) -> Vec<Due> {
    dues.truncate(size);
    dues
}

/// Twice as many where there is time for it, half as many where there was not.
fn next_size(size: usize, took: Duration) -> usize {
    let (fewest, most) = SLICES;
    let next = if took > SLICE_TIME {
        size / 2
    } else if took * 3 < SLICE_TIME {
        size.saturating_mul(2)
    } else {
        size
    };
    next.clamp(fewest, most)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use doorstep_core::model::subject::Subject;

    fn people(count: usize) -> Vec<Due> {
        (0..count).map(|n| Due::at(Timestamp::UNIX_EPOCH, Subject::Person(format!("p{n}")))).collect()
    }

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    fn told(next: &Next) -> (Option<Phase>, usize) {
        match next {
            Next::Serve(portion, dues) => (Some(*portion), dues.len()),
            Next::Done | Next::TriggerMessage => (None, 0),
        }
    }

    #[test]
    fn a_slice_grows_while_there_is_time_and_shrinks_before_a_function_dies_of_it() {
        assert_eq!(next_size(100, Duration::from_millis(900)), 200);
        assert_eq!(next_size(400, Duration::from_millis(900)), 500);
        assert_eq!(next_size(100, secs(5)), 100);
        assert_eq!(next_size(100, secs(30)), 50);
        assert_eq!(next_size(5, secs(30)), 5);
    }

    #[test]
    fn few_are_served_whole_and_so_is_everybody_where_each_costs_calls_of_their_own() {
        let order = Batcher::new(true);
        assert_eq!(order.next(Vec::new(), secs(45)), Next::Done);
        assert_eq!(told(&order.next(people(20), secs(45))), (Some(Phase::Whole), 20));
        assert!(order.unknown(&people(20)).is_empty());
        let order = Batcher::new(false);
        assert_eq!(told(&order.next(people(2_000), secs(45))), (Some(Phase::Whole), 20));
        assert!(order.unknown(&people(2_000)).is_empty());
    }

    /// Plays a run in which every slice takes so long. Gives what was served, and how many are due at its end.
    fn play(ready: usize, new: usize, took: Duration, finished: Phase) -> (Vec<(Phase, usize)>, usize) {
        let (mut order, mut dues, mut elapsed) = (Batcher::new(true), people(ready + new), secs(0));
        for (n, due) in dues.iter().enumerate() {
            order.note(due, if n < ready { Stage::Ready } else { Stage::New });
        }
        let mut served = Vec::new();
        while let Next::Serve(portion, slice) = order.next(dues.clone(), TURN.saturating_sub(elapsed)) {
            served.push((portion, slice.len()));
            let left = if portion == finished || portion == Phase::Whole { Vec::new() } else { slice.clone() };
            order.served(portion, &slice, &left, took);
            dues.retain(|due| left.contains(due) || !slice.contains(due));
            elapsed += took;
        }
        (served, dues.len())
    }

    #[test]
    fn whoever_has_an_account_waits_for_nobody_and_newcomers_come_in_by_one_call() {
        use Phase::{Accounts, Groups, Whole};
        let (served, left) = play(300, 700, Duration::from_millis(100), Groups);
        let slices = [20, 40, 80, 160, 320, 80].map(|size| (Accounts, size));
        let all: Vec<_> = [(Groups, 300)].into_iter().chain(slices).chain([(Groups, 700)]).collect();
        assert_eq!((served, left), (all, 0));
        let (served, left) = play(30, 0, Duration::from_millis(100), Whole);
        assert_eq!((served, left), (vec![(Groups, 30), (Whole, 20), (Whole, 10)], 0), "something is left for each");
    }

    #[test]
    fn accounts_are_made_only_so_long_that_their_groups_are_changed_in_the_same_run() {
        let (served, left) = play(0, 2_000, secs(6), Phase::Groups);
        let made: usize = served.iter().filter(|(portion, _)| *portion == Phase::Accounts).map(|(_, n)| n).sum();
        assert_eq!((served.len(), made, left), (8, 140, 1_860), "{served:?}");
        assert_eq!(served.last(), Some(&(Phase::Groups, made)), "{served:?}");
    }

    #[test]
    fn the_line_is_rung_again_before_a_function_dies() {
        let mut order = Batcher::new(true);
        let dues = people(2_000);
        dues.iter().for_each(|due| order.note(due, Stage::Ready));
        assert_eq!(told(&order.next(dues.clone(), secs(25))), (Some(Phase::Groups), 1_000));
        assert_eq!(order.next(dues.clone(), secs(10)), Next::TriggerMessage, "so many take longer than is left");
        assert_eq!(told(&order.next(dues[..50].to_vec(), secs(10))), (Some(Phase::Groups), 50));
        order.served(Phase::Accounts, &dues[..20], &[], secs(30));
        assert_eq!(order.next(people(1), secs(29)), Next::TriggerMessage, "another slice may take as long");
    }
}
