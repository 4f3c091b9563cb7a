//! Shortens a failing story: removes what the failure does not need.

use super::day::Day;
use super::stage::{Played, play};

/// The most tries of a shorter story.
const MOST_TRIES: u32 = 220;

/// Returns the shortest day found that breaks the same invariant, its course, and the number of
/// tries.
pub fn shortest(day: &Day, played: Played) -> (Day, Played, u32) {
    let mut best = Shortest {
        promise: promise(&played),
        day: day.clone(),
        played,
        tries: 0,
    };
    best.cut_behind();
    best.skip();
    best.without(|day| &mut day.events);
    best.cut_behind();
    best.alone();
    let facts: [fn(&mut Day) -> &mut Vec<u64>; 10] = [
        |day| &mut day.story.visits,
        |day| &mut day.story.passes,
        |day| &mut day.story.checkins,
        |day| &mut day.story.assignments,
        |day| &mut day.story.inside,
        |day| &mut day.story.bookings,
        |day| &mut day.story.memberships,
        |day| &mut day.story.visitors,
        |day| &mut day.story.members,
        |day| &mut day.story.rules,
    ];
    for list in facts {
        best.without(list);
    }
    best.without(|day| &mut day.events);
    (best.day, best.played, best.tries)
}

struct Shortest {
    promise: String,
    day: Day,
    played: Played,
    tries: u32,
}

/// Returns the broken invariant.
fn promise(played: &Played) -> String {
    let wrong = played
        .kept
        .as_ref()
        .err()
        .map(String::as_str)
        .unwrap_or_default();
    wrong.split(':').next().unwrap_or_default().to_owned()
}

impl Shortest {
    /// Removes the events after the failure.
    fn cut_behind(&mut self) {
        let mut day = self.day.clone();
        day.ends = self.played.lasted.min(day.ends);
        day.events.retain(|event| event.at <= day.ends);
        self.day = day;
    }

    /// Removes reconciles that the failure does not need.
    fn skip(&mut self) {
        for left in [0, 20 * 60, 2 * 3600, 6 * 3600] {
            let day = Day {
                skips: self.played.lasted - left,
                ..self.day.clone()
            };
            if self.fails(day) {
                return;
            }
        }
    }

    /// Removes the second site.
    fn alone(&mut self) {
        if self.day.next.is_some() {
            let day = Day {
                next: None,
                ..self.day.clone()
            };
            self.fails(day);
        }
    }

    /// Removes ever shorter spans from a list.
    fn without<T: Clone>(&mut self, list: impl Fn(&mut Day) -> &mut Vec<T>) {
        let mut size = list(&mut self.day).len().div_ceil(2);
        while size > 0 {
            let mut from = 0;
            while from < list(&mut self.day).len() && self.tries < MOST_TRIES {
                let mut day = self.day.clone();
                let all = list(&mut day);
                let until = (from + size).min(all.len());
                all.drain(from..until);
                if !self.fails(day) {
                    from += size;
                }
            }
            size = if size == 1 { 0 } else { size.div_ceil(2) };
        }
    }

    fn fails(&mut self, day: Day) -> bool {
        self.tries += 1;
        let shorter = std::panic::catch_unwind(|| play(&day));
        match shorter {
            Ok(played) if promise(&played) == self.promise => {
                (self.day, self.played) = (day, played);
                true
            }
            _ => false,
        }
    }
}
