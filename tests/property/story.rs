//! A story in numbers: what the world is at first, and what happens in it. Each number is thrown as
//! a [`Dice`].
//!
//! [`Dice`]: super::dice::Dice

use proptest::collection::vec;
use proptest::prelude::{Strategy, any};

/// A story. It is printed after a failure, and can be pasted into a test.
#[derive(Debug, Clone, Default)]
pub struct Story {
    pub scenario: u64,
    pub rules: Vec<u64>,
    pub members: Vec<u64>,
    pub visitors: Vec<u64>,
    pub memberships: Vec<u64>,
    pub assignments: Vec<u64>,
    pub bookings: Vec<u64>,
    pub passes: Vec<u64>,
    pub checkins: Vec<u64>,
    pub visits: Vec<u64>,
    /// People who are in groups before Doorstep's first run.
    pub inside: Vec<u64>,
    pub steps: Vec<u64>,
}

/// Returns random stories.
pub fn stories() -> impl Strategy<Value = Story> {
    let some = |least, most| vec(any::<u64>(), least..=most);
    let people = (some(2, 6), some(0, 3), some(0, 3));
    let facts = (some(0, 5), some(0, 3), some(0, 5), some(0, 3), some(0, 2));
    let visits = some(0, 3);
    (any::<u64>(), some(2, 6), people, facts, some(4, 14), visits).prop_map(
        |(scenario, rules, people, facts, steps, visits)| Story {
            scenario,
            rules,
            members: people.0,
            visitors: people.1,
            inside: people.2,
            memberships: facts.0,
            assignments: facts.1,
            bookings: facts.2,
            passes: facts.3,
            checkins: facts.4,
            steps,
            visits,
        },
    )
}
