//! Stretches of time, and their union. Pure arithmetic; it knows neither people nor doors.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// From (inclusive) until (exclusive); without an end where it is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Window {
    /// First instant.
    pub from: Timestamp,
    /// First instant that no longer belongs to it.
    pub until: Option<Timestamp>,
}

impl Window {
    /// The window, or `None` where it would be empty.
    pub fn new(from: Timestamp, until: Option<Timestamp>) -> Option<Self> {
        (until.is_none_or(|until| from < until)).then_some(Window { from, until })
    }

    /// Whether `at` lies in it.
    pub fn holds(&self, at: Timestamp) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }

    /// What both have in common.
    pub fn overlap(&self, other: &Window) -> Option<Window> {
        let until = match (self.until, other.until) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        Window::new(self.from.max(other.from), until)
    }

    /// What is left of it without `hole`: before it, and behind it.
    pub fn without(&self, hole: &Window) -> Vec<Window> {
        let before = self.overlap(&Window { from: Timestamp::MIN, until: Some(hole.from) });
        let behind = hole.until.and_then(|from| self.overlap(&Window { from, until: None }));
        before.into_iter().chain(behind).collect()
    }

    /// Widened by whole minutes on either side, then out to whole minutes: a start rounds down, an end up.
    pub fn widened(&self, before: u32, after: u32) -> Window {
        let from = shift(self.from, -i64::from(before));
        let until = self.until.map(|until| ceil_minute(shift(until, i64::from(after))));
        Window { from: floor_minute(from), until }
    }
}

/// `at` moved by whole minutes, stopping where time ends.
fn shift(at: Timestamp, minutes: i64) -> Timestamp {
    let edge = if minutes < 0 { Timestamp::MIN } else { Timestamp::MAX };
    at.checked_add(SignedDuration::from_mins(minutes)).unwrap_or(edge)
}

/// The minute that `at` lies in.
pub fn floor_minute(at: Timestamp) -> Timestamp {
    let second = at.as_second() - at.as_second().rem_euclid(60);
    Timestamp::from_second(second).unwrap_or(Timestamp::MIN)
}

/// The first whole minute that is not before `at`.
pub fn ceil_minute(at: Timestamp) -> Timestamp {
    let floor = floor_minute(at);
    if floor == at { at } else { shift(floor, 1) }
}

/// The next whole minute after `at`.
pub fn next_minute(at: Timestamp) -> Timestamp {
    minutes_later(at, 1)
}

/// The whole minute that lies `minutes` after the one `at` lies in.
pub fn minutes_later(at: Timestamp, minutes: i64) -> Timestamp {
    shift(floor_minute(at), minutes)
}

/// Merges what overlaps or touches: booked back to back is one stretch, with no gap at the seam.
///
/// Each stretch keeps the places (indexes into `windows`) that it came from.
pub fn union(windows: &[Window]) -> Vec<(Window, Vec<usize>)> {
    let mut order: Vec<usize> = (0..windows.len()).collect();
    order.sort_by_key(|&place| windows.get(place).map(|window| window.from));
    let mut merged: Vec<(Window, Vec<usize>)> = Vec::new();
    for place in order {
        let Some(&window) = windows.get(place) else { continue };
        match merged.last_mut() {
            Some((last, places)) if last.until.is_none_or(|until| window.from <= until) => {
                last.until = match (last.until, window.until) {
                    (Some(a), Some(b)) => Some(a.max(b)),
                    _ => None,
                };
                places.push(place);
            }
            _ => merged.push((window, vec![place])),
        }
    }
    merged
}
