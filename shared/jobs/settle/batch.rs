//! The order in which one run serves due people, and the phase that each batch runs: pure.
//!
//! The phases matter if every door system takes many people in one call and more people are due
//! than one small batch. No person then waits for another person's account. People with accounts
//! are served first, with one call for each group. Then accounts are created in small batches, each
//! of which is committed before the next one begins. The people with new accounts follow, again
//! with one call for each group. What costs calls of its own and opens no door comes last: cards,
//! names and suspensions.

use std::collections::HashMap;
use std::time::Duration;

use super::phase::Phase;
use doorstep_cloud::store::dues::Due;
use doorstep_core::budgets::run::{
    BATCH_SIZES, BATCH_TIME, FIRST_BATCH, LARGEST_BATCH, MOST_BATCH_TIME, TIME_EACH,
};

/// The progress of a due item in this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DueStage {
    /// The person may need an account, or the account must be fetched.
    New,
    /// The person had all accounts when the run began.
    Ready,
    /// The accounts were fetched or created in this run.
    Made,
    /// The groups are done, and other work remains.
    Rest,
}

/// The next step of a run.
#[derive(Debug, PartialEq, Eq)]
pub enum NextStep {
    /// No one is due.
    Done,
    /// The time is used up: enqueue a trigger for the rest.
    Enqueue,
    /// Serve this batch in this phase.
    Serve(Phase, Vec<Due>),
}

/// The batcher of one run. It keeps a stage for each due item, and chooses the next batch and its
/// phase. Batches whose people cost calls of their own grow and shrink with the time that they
/// take.
pub struct Batcher {
    /// Every door system takes many people in one call.
    bulk: bool,
    stages: HashMap<String, DueStage>,
    size: usize,
    /// The longest time that such a batch took so far.
    longest: Duration,
}

impl Batcher {
    /// Returns the batcher of a new run.
    pub fn new(bulk: bool) -> Self {
        Batcher {
            bulk,
            stages: HashMap::new(),
            size: FIRST_BATCH,
            longest: Duration::ZERO,
        }
    }

    /// Returns the due items whose stage is unknown but needed.
    pub fn unknown<'a>(&self, dues: &'a [Due]) -> Vec<&'a Due> {
        let asks = self.bulk && dues.len() > FIRST_BATCH;
        dues.iter()
            .filter(|due| asks && !self.stages.contains_key(due.mark()))
            .collect()
    }

    /// Records the stage of a due item.
    pub fn note(&mut self, due: &Due, stage: DueStage) {
        self.stages.insert(due.mark().to_owned(), stage);
    }

    /// Returns the next step. `left` is the remaining time for serving people, and `dues` is
    /// everyone due, earliest first.
    pub fn next(&self, dues: Vec<Due>, left: Duration) -> NextStep {
        if dues.is_empty() {
            return NextStep::Done;
        }
        if left.is_zero() {
            return NextStep::Enqueue;
        }
        if !self.bulk || dues.len() <= FIRST_BATCH {
            return self.whole(dues, left);
        }
        let is = |due: &Due, stage: DueStage| {
            self.stages
                .get(due.mark())
                .copied()
                .unwrap_or(DueStage::New)
                == stage
        };
        let count = |stage: DueStage| dues.iter().filter(|due| is(due, stage)).count();
        let (new, ready, made) = (
            count(DueStage::New),
            count(DueStage::Ready),
            count(DueStage::Made),
        );
        // People whose accounts are ready by then should also get access in this run.
        let then = if made > 0 {
            time_for(made + new.min(self.size))
        } else {
            Duration::ZERO
        };
        if new > 0 && ready == 0 && made < LARGEST_BATCH && self.longest + then <= left {
            let new = dues
                .into_iter()
                .filter(|due| is(due, DueStage::New))
                .collect();
            return NextStep::Serve(Phase::Accounts, first(new, self.size));
        }
        if ready + made > 0 {
            let with = dues
                .into_iter()
                .filter(|due| is(due, DueStage::Ready) || is(due, DueStage::Made))
                .collect();
            let with = first(with, LARGEST_BATCH);
            let fits = time_for(with.len()) <= left;
            return if fits {
                NextStep::Serve(Phase::Groups, with)
            } else {
                NextStep::Enqueue
            };
        }
        let rest: Vec<Due> = dues
            .into_iter()
            .filter(|due| is(due, DueStage::Rest))
            .collect();
        if rest.is_empty() {
            NextStep::Enqueue
        } else {
            self.whole(rest, left)
        }
    }

    /// Returns a batch of people who are served whole, as many as fit `left`. A batch that took far
    /// longer than its time may take as long again, whatever its size.
    fn whole(&self, dues: Vec<Due>, left: Duration) -> NextStep {
        let fitting = if self.longest <= left {
            self.size
        } else if self.longest > MOST_BATCH_TIME {
            0
        } else {
            share(self.size, left, self.longest)
        };
        let (fewest, _) = BATCH_SIZES;
        if fitting < fewest {
            NextStep::Enqueue
        } else {
            NextStep::Serve(Phase::Whole, first(dues, fitting))
        }
    }

    /// Returns how many due items may need an account, or a fetch of one.
    pub fn newcomers(&self) -> usize {
        self.stages
            .values()
            .filter(|stage| **stage == DueStage::New)
            .count()
    }

    /// Records the time that a batch took, and the due items that remain of it.
    pub fn served(&mut self, phase: Phase, batch: &[Due], left: &[Due], took: Duration) {
        for due in batch {
            self.stages.remove(due.mark());
        }
        let stage = if phase == Phase::Accounts {
            DueStage::Made
        } else {
            DueStage::Rest
        };
        left.iter().for_each(|due| self.note(due, stage));
        if phase != Phase::Groups {
            self.longest = self.longest.max(took);
            self.size = next_size(self.size, took);
        }
    }
}

/// Returns the time that this many people take if they share a call.
fn time_for(people: usize) -> Duration {
    TIME_EACH.saturating_mul(u32::try_from(people).unwrap_or(u32::MAX))
}

fn first(mut dues: Vec<Due>, size: usize) -> Vec<Due> {
    dues.truncate(size);
    dues
}

/// Returns the next batch size: as many people as fill the time of a batch, at most twice as many
/// as before. It is halved if a batch took far longer than its time.
fn next_size(size: usize, took: Duration) -> usize {
    let (fewest, most) = BATCH_SIZES;
    let next = if took > MOST_BATCH_TIME {
        size / 2
    } else {
        share(size, BATCH_TIME, took).min(size.saturating_mul(2))
    };
    next.clamp(fewest, most)
}

/// Returns how many people take `time` if `size` people take `took`.
fn share(size: usize, time: Duration, took: Duration) -> usize {
    let (size, time) = (u128::try_from(size).unwrap_or_default(), time.as_millis());
    usize::try_from(size * time / took.as_millis().max(1)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use doorstep_core::budgets::run::RUN_TIME;
    use doorstep_core::model::subject::Subject;

    fn people(count: usize) -> Vec<Due> {
        (0..count)
            .map(|n| {
                Due::at(
                    Timestamp::UNIX_EPOCH,
                    Subject::Person(format!("p{n}").into()),
                )
            })
            .collect()
    }

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    fn told(next: &NextStep) -> (Option<Phase>, usize) {
        match next {
            NextStep::Serve(phase, dues) => (Some(*phase), dues.len()),
            NextStep::Done | NextStep::Enqueue => (None, 0),
        }
    }

    #[test]
    fn a_slice_grows_while_there_is_time_and_shrinks_before_a_function_dies_of_it() {
        assert_eq!(next_size(100, Duration::from_millis(900)), 200);
        assert_eq!(next_size(400, Duration::from_millis(900)), 500);
        assert_eq!(next_size(100, secs(5)), 160);
        assert_eq!(next_size(100, secs(9)), 88);
        assert_eq!(next_size(100, secs(30)), 50);
        assert_eq!(next_size(5, secs(30)), 5);
    }

    #[test]
    fn few_are_served_whole_and_so_is_everyone_where_each_costs_calls_of_their_own() {
        let batcher = Batcher::new(true);
        assert_eq!(batcher.next(Vec::new(), secs(45)), NextStep::Done);
        assert_eq!(
            told(&batcher.next(people(20), secs(45))),
            (Some(Phase::Whole), 20)
        );
        assert!(batcher.unknown(&people(20)).is_empty());
        let batcher = Batcher::new(false);
        assert_eq!(
            told(&batcher.next(people(2_000), secs(45))),
            (Some(Phase::Whole), 20)
        );
        assert!(batcher.unknown(&people(2_000)).is_empty());
    }

    /// Simulates a run in which every batch takes `took`. Returns the batches served, and how many
    /// items are due at the end.
    fn play(
        ready: usize,
        new: usize,
        took: Duration,
        finished: Phase,
    ) -> (Vec<(Phase, usize)>, usize) {
        let (mut batcher, mut dues, mut elapsed) =
            (Batcher::new(true), people(ready + new), secs(0));
        for (n, due) in dues.iter().enumerate() {
            batcher.note(
                due,
                if n < ready {
                    DueStage::Ready
                } else {
                    DueStage::New
                },
            );
        }
        let mut served = Vec::new();
        while let NextStep::Serve(phase, batch) =
            batcher.next(dues.clone(), RUN_TIME.saturating_sub(elapsed))
        {
            served.push((phase, batch.len()));
            let left = if phase == finished || phase == Phase::Whole {
                Vec::new()
            } else {
                batch.clone()
            };
            batcher.served(phase, &batch, &left, took);
            dues.retain(|due| left.contains(due) || !batch.contains(due));
            elapsed += took;
        }
        (served, dues.len())
    }

    #[test]
    fn a_person_who_has_an_account_waits_for_no_one_and_newcomers_come_in_by_one_call() {
        use Phase::{Accounts, Groups, Whole};
        let (served, left) = play(300, 700, Duration::from_millis(100), Groups);
        let slices = [20, 40, 80, 160, 320, 80].map(|size| (Accounts, size));
        let all: Vec<_> = [(Groups, 300)]
            .into_iter()
            .chain(slices)
            .chain([(Groups, 700)])
            .collect();
        assert_eq!((served, left), (all, 0));
        let (served, left) = play(30, 0, Duration::from_millis(100), Whole);
        assert_eq!(
            (served, left),
            (vec![(Groups, 30), (Whole, 20), (Whole, 10)], 0),
            "something is left for each"
        );
    }

    #[test]
    fn accounts_are_made_only_so_long_that_their_groups_are_changed_in_the_same_run() {
        let (served, left) = play(0, 2_000, secs(6), Phase::Groups);
        let made: usize = served
            .iter()
            .filter(|(phase, _)| *phase == Phase::Accounts)
            .map(|(_, n)| n)
            .sum();
        assert_eq!((served.len(), made, left), (7, 265, 1_735), "{served:?}");
        assert_eq!(served.last(), Some(&(Phase::Groups, made)), "{served:?}");
    }

    #[test]
    fn a_batch_holds_as_many_people_as_fit_the_time_that_is_left() {
        let mut batcher = Batcher::new(false);
        batcher.served(Phase::Whole, &people(20), &[], secs(4));
        assert_eq!(told(&batcher.next(people(200), secs(45))).1, 40);
        batcher.served(Phase::Whole, &people(40), &[], secs(8));
        assert_eq!(told(&batcher.next(people(200), secs(6))).1, 30);
        assert_eq!(
            batcher.next(people(200), Duration::from_millis(800)),
            NextStep::Enqueue
        );
    }

    #[test]
    fn a_trigger_is_enqueued_again_before_a_function_dies() {
        let mut batcher = Batcher::new(true);
        let dues = people(2_000);
        dues.iter()
            .for_each(|due| batcher.note(due, DueStage::Ready));
        assert_eq!(
            told(&batcher.next(dues.clone(), secs(25))),
            (Some(Phase::Groups), 1_000)
        );
        assert_eq!(
            batcher.next(dues.clone(), secs(10)),
            NextStep::Enqueue,
            "so many take longer than is left"
        );
        assert_eq!(
            told(&batcher.next(dues[..50].to_vec(), secs(10))),
            (Some(Phase::Groups), 50)
        );
        batcher.served(Phase::Accounts, &dues[..20], &[], secs(30));
        assert_eq!(
            batcher.next(people(1), secs(29)),
            NextStep::Enqueue,
            "another batch may take as long"
        );
    }
}
