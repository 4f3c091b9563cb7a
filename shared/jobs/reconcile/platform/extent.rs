//! Which kinds of things one reconcile reads whole, and of which it reads only the changes: pure.
//!
//! A site of few things is read whole each time. At the pace that a platform allows, the lists of a
//! large site take longer than one invocation. Its kinds are therefore read whole in turn, and of
//! the others only the changes are read. A first read may take several reconciles: each continues
//! with the kinds that were never read.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use doorstep_cloud::store::sites::{Extent, PlatformRead};
use doorstep_core::model::fact::Kind;

/// Above this number of things, not every kind is read whole each time. OfficeRnD's pace of two
/// pages of 50 a second reads them in ten minutes.
const TOO_MANY: usize = 50_000;
/// The things that one reconcile of a large site reads whole. One kind is read whole even if it has
/// more.
const AT_ONCE: usize = 40_000;
/// The longest time between two whole reads of a kind.
const EVERY: SignedDuration = SignedDuration::from_hours(1);
/// The same for a kind of more than [`AT_ONCE`] things.
const LARGE_EVERY: SignedDuration = SignedDuration::from_hours(6);

/// The kinds of one read.
#[derive(Debug, Default)]
pub struct Extents {
    is_large: bool,
    /// The kinds of which only the changes are read, each with the instant to read from.
    changes: BTreeMap<Kind, Timestamp>,
    /// The kinds that were read whole.
    read: BTreeSet<Kind>,
}

impl Extents {
    /// Chooses for a read that begins at `now`. `mark` is the history of earlier reads.
    pub fn of(kinds: &[Kind], mark: &PlatformRead, now: Timestamp) -> Self {
        if mark.counts.values().sum::<usize>() <= TOO_MANY {
            return Extents::default();
        }
        let count = |kind: Kind| mark.counts.get(kind.word()).copied().unwrap_or_default();
        let is_due = |kind: Kind, whole: Timestamp| {
            let every = if count(kind) > AT_ONCE {
                LARGE_EVERY
            } else {
                EVERY
            };
            now.duration_since(whole) >= every
        };
        let mut due = Vec::new();
        let (mut changes, mut planned) = (BTreeMap::new(), 0);
        for &kind in kinds {
            match whole(kind, mark) {
                Some(whole) => {
                    changes.insert(kind, mark.complete.map_or(whole, |at| at.max(whole)));
                    due.extend(is_due(kind, whole).then_some((whole, kind)));
                }
                None => planned += count(kind).max(1),
            }
        }
        due.sort();
        for (_, kind) in due {
            if planned == 0 || planned + count(kind) <= AT_ONCE {
                planned += count(kind).max(1);
                changes.remove(&kind);
            }
        }
        Extents {
            is_large: true,
            changes,
            read: BTreeSet::new(),
        }
    }

    /// Returns the instant since which the changes of a kind are read; `None` reads all of it.
    pub fn since(&self, kind: Kind) -> Option<Timestamp> {
        self.changes.get(&kind).copied()
    }

    /// Records that the list of a kind was read.
    pub fn read(&mut self, kind: Kind) {
        if self.since(kind).is_none() {
            self.read.insert(kind);
        }
    }

    /// Records the end of a read that began at `now` and was complete or not.
    pub fn note(&self, mark: &mut PlatformRead, is_complete: bool, now: Timestamp) {
        let is_large = self.is_large || mark.counts.values().sum::<usize>() > TOO_MANY;
        match (is_complete, self.changes.is_empty()) {
            (true, true) => mark.completed(now, Extent::Full),
            (true, false) => mark.completed(now, Extent::Changes),
            (false, _) => mark.failed(now),
        }
        if is_complete && self.changes.is_empty() || !is_large {
            mark.whole_of.clear();
            return;
        }
        let read = self.read.iter().map(|kind| (kind.word().to_owned(), now));
        mark.whole_of.extend(read);
        // Every kind was read whole since the oldest of these instants.
        let oldest = self
            .changes
            .keys()
            .chain(&self.read)
            .map(|kind| whole(*kind, mark))
            .min()
            .flatten();
        if is_complete {
            mark.whole = mark.whole.max(oldest);
        }
        let whole = mark.whole;
        mark.whole_of.retain(|_, at| Some(*at) > whole);
    }
}

/// Returns when the last whole read of a kind began.
fn whole(kind: Kind, mark: &PlatformRead) -> Option<Timestamp> {
    mark.whole.max(mark.whole_of.get(kind.word()).copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [Kind; 3] = [Kind::Plan, Kind::Member, Kind::Membership];

    fn at(minute: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute)
    }

    fn counted(members: usize) -> PlatformRead {
        let counts = [("plan", 10), ("member", members), ("membership", members)];
        PlatformRead {
            counts: counts.map(|(kind, count)| (kind.to_owned(), count)).into(),
            ..PlatformRead::default()
        }
    }

    /// Plays one read in which the lists of these kinds fail. Returns the kinds that it reads
    /// whole.
    fn play(mark: &mut PlatformRead, minute: i64, failing: &[Kind]) -> Vec<Kind> {
        let mut extents = Extents::of(&KINDS, mark, at(minute));
        let (failed, read): (Vec<Kind>, Vec<Kind>) =
            KINDS.iter().partition(|kind| failing.contains(kind));
        read.iter().for_each(|kind| extents.read(*kind));
        extents.note(mark, failed.is_empty(), at(minute));
        KINDS
            .into_iter()
            .filter(|kind| extents.since(*kind).is_none())
            .collect()
    }

    #[test]
    fn a_small_site_is_read_whole_each_time() {
        let mut mark = counted(20_000);
        for minute in [0, 15, 30] {
            assert_eq!(play(&mut mark, minute, &[]), KINDS);
        }
        assert_eq!((mark.whole, mark.whole_of.len()), (Some(at(30)), 0));
    }

    #[test]
    fn a_large_site_is_read_whole_in_turn_and_each_kind_within_its_time() {
        let mut mark = counted(30_000);
        assert_eq!(play(&mut mark, 0, &[]), KINDS, "nothing was read before");
        let plays: Vec<Vec<Kind>> = (1..=5)
            .map(|quarter| play(&mut mark, 15 * quarter, &[]))
            .collect();
        assert_eq!(
            plays,
            [
                vec![],
                vec![],
                vec![],
                vec![Kind::Plan, Kind::Member],
                vec![Kind::Membership]
            ]
        );
        assert_eq!(mark.whole, Some(at(60)), "everything is at least this new");
        assert_eq!(mark.complete, Some(at(75)));
    }

    #[test]
    fn a_first_read_that_time_ends_goes_on_where_it_ended() {
        let mut mark = counted(80_000);
        assert_eq!(play(&mut mark, 0, &[Kind::Membership]), KINDS);
        assert_eq!((mark.complete, mark.failing), (None, Some(at(0))));
        let extents = Extents::of(&KINDS, &mark, at(15));
        assert_eq!(extents.since(Kind::Member), Some(at(0)), "its changes");
        assert_eq!(play(&mut mark, 15, &[]), [Kind::Membership]);
        assert_eq!((mark.complete, mark.failing), (Some(at(15)), None));
        assert_eq!(mark.whole, Some(at(0)));
        assert_eq!(
            play(&mut mark, 60, &[]),
            [Kind::Plan],
            "the large ones wait"
        );
        assert_eq!(play(&mut mark, 360, &[]), [Kind::Member], "one at a time");
        assert_eq!(play(&mut mark, 375, &[]), [Kind::Membership]);
    }

    #[test]
    fn a_failed_list_is_read_from_where_its_last_good_read_began() {
        let mut mark = counted(30_000);
        play(&mut mark, 0, &[]);
        play(&mut mark, 15, &[]);
        play(&mut mark, 30, &[Kind::Member]);
        let extents = Extents::of(&KINDS, &mark, at(45));
        assert_eq!(extents.since(Kind::Member), Some(at(15)));
    }
}
