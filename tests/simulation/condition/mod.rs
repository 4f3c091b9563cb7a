//! Conditions: trouble that lasts for a part of a day. Half of the days have one, some have two.
//! Each module says which bound it widens, and why.

mod forgets;
mod lie;
mod region;
mod rollback;
mod twins;

use super::day::{Event, What};
use super::seed::Seed;
use crate::property::story::Story;
use doorstep_local::run::faults::Skew;

pub use lie::LIE;
pub use region::REGION;

/// Makes other numbers of a seed for conditions, so that they leave the rest of the day as it is.
const CONDITIONS: u64 = 0x636f_6e64_6974;

/// Makes other numbers of a seed for a second site.
const NEXT_SITE: u64 = 0x6e65_7874;

/// Returns the events of the conditions of a seed, for a day of so many seconds.
pub fn of(seed: u64, ends: i64) -> Vec<Event> {
    let mut chance = Seed::of(seed ^ CONDITIONS);
    let count = chance.any(&[0, 0, 1, 1, 1, 2]);
    (0..count).map(|_| one(&mut chance, ends)).collect()
}

/// Returns the first world of a second site that rules groups of the same door systems, on one day
/// of eight. A person may be in a group while either site says so. Nothing is widened: the model is
/// the union of both sites.
pub fn next_site(seed: u64) -> Option<Story> {
    let mut chance = Seed::of(seed ^ NEXT_SITE);
    (chance.of_many(8) == 0).then(|| Story {
        scenario: chance.number(),
        rules: chance.numbers(1, 4),
        members: chance.numbers(2, 6),
        memberships: chance.numbers(1, 4),
        bookings: chance.numbers(1, 6),
        passes: chance.numbers(0, 2),
        ..Story::default()
    })
}

fn one(chance: &mut Seed, ends: i64) -> Event {
    let what = match chance.of_many(6) {
        0 => What::Region {
            one_of: chance.any(&[u64::MAX, 20, 3]),
            lasts: chance.any(&[300, 3600, 3600]),
        },
        1 => What::Forgets {
            vendor: chance.any(&super::day::Vendor::DOORS),
            lasts: chance.any(&[60, 900, 3600]),
        },
        2 => What::Lie {
            dice: chance.number(),
            lasts: chance.any(&[600, 1800, 7200]),
        },
        3 => What::Rollback {
            lasts: chance.between(300, 7200),
        },
        4 => What::Twins {
            times: chance.any(&[5, 20, 1000]),
        },
        _ => What::Skew(minutes(chance)),
    };
    Event {
        at: chance.between(900, ends - 5400),
        near: None,
        what,
    }
}

/// Clocks that are minutes wrong, for the rest of the day or until another skew.
fn minutes(chance: &mut Seed) -> Skew {
    let mut seconds = || chance.any(&[0, -180, 180, -100, 100, 45]);
    Skew {
        receive: seconds(),
        settle: seconds(),
        reconcile: seconds(),
    }
}
