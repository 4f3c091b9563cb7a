//! Windows of time, and their union. Pure arithmetic, without people or doors.

use crate::model::minute::Minute;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// A span of time: `from` is included, `until` is not. Without `until` it has no end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Window {
    /// First instant.
    pub from: Timestamp,
    /// First instant after the window.
    pub until: Option<Timestamp>,
}

impl Window {
    /// Returns the window, or `None` if it would be empty.
    pub fn new(from: Timestamp, until: Option<Timestamp>) -> Option<Self> {
        (until.is_none_or(|until| from < until)).then_some(Window { from, until })
    }

    /// Returns whether `at` lies in the window.
    pub fn holds(&self, at: Timestamp) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }

    /// Returns the part that both windows have in common.
    pub fn overlap(&self, other: &Window) -> Option<Window> {
        let until = match (self.until, other.until) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        Window::new(self.from.max(other.from), until)
    }

    /// Returns what is left of the window without `hole`: the parts before and after it.
    pub fn without(&self, hole: &Window) -> Vec<Window> {
        let before = self.overlap(&Window {
            from: Timestamp::MIN,
            until: Some(hole.from),
        });
        let behind = hole
            .until
            .and_then(|from| self.overlap(&Window { from, until: None }));
        before.into_iter().chain(behind).collect()
    }

    /// Widens the window by whole minutes on either side, and then to whole minutes: the start
    /// rounds down, the end rounds up.
    pub fn widened(&self, before: u32, after: u32) -> Window {
        let from = shift(self.from, -i64::from(before));
        let until = self
            .until
            .map(|until| Minute::not_before(shift(until, i64::from(after))).start());
        Window {
            from: Minute::of(from).start(),
            until,
        }
    }
}

/// Moves `at` by whole minutes. The result stops at the ends of time.
fn shift(at: Timestamp, minutes: i64) -> Timestamp {
    let edge = if minutes < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    };
    at.checked_add(SignedDuration::from_mins(minutes))
        .unwrap_or(edge)
}

/// Merges windows that overlap or touch. Back-to-back bookings become one window without a gap.
///
/// Each merged window has the indexes of the `windows` from which it came.
pub fn union(windows: &[Window]) -> Vec<(Window, Vec<usize>)> {
    let mut order: Vec<usize> = (0..windows.len()).collect();
    order.sort_by_key(|&place| windows.get(place).map(|window| window.from));
    let mut merged: Vec<(Window, Vec<usize>)> = Vec::new();
    for place in order {
        let Some(&window) = windows.get(place) else {
            continue;
        };
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
