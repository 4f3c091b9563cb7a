//! Where the time of a run goes, by the parts of the machine. Each thread counts its own time. A part
//! does not count the time of a part that it calls.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::time::{Duration, Instant};

/// A part of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Everything that has no part of its own.
    #[default]
    Other,
    /// The functions: the code that runs on Lambda, with its clients.
    Functions,
    /// The engine of the table.
    Table,
    /// The rest of the cloud: rights, queues, schedules, bus, parameters.
    Cloud,
    /// The vendors.
    Sandboxes,
    /// The checks of a test.
    Judging,
}

impl Part {
    /// All parts.
    pub const ALL: [Part; 6] = [
        Part::Other,
        Part::Functions,
        Part::Table,
        Part::Cloud,
        Part::Sandboxes,
        Part::Judging,
    ];

    /// Returns the name of the part.
    pub fn word(self) -> &'static str {
        match self {
            Part::Other => "other",
            Part::Functions => "functions",
            Part::Table => "table",
            Part::Cloud => "cloud",
            Part::Sandboxes => "sandboxes",
            Part::Judging => "judging",
        }
    }
}

/// The time of each part, in the order of [`Part::ALL`].
pub type Spent = [Duration; 6];

#[derive(Default)]
struct Watch {
    part: Part,
    since: Option<Instant>,
    spent: Spent,
}

impl Watch {
    /// Lets `part` count from `now` on. Returns the part that counted until then.
    fn turn_to(&mut self, part: Part, now: Instant) -> Part {
        let before = std::mem::replace(&mut self.part, part);
        let since = self.since.replace(now).unwrap_or(now);
        if let Some(spent) = self.spent.get_mut(before as usize) {
            *spent += now.duration_since(since);
        }
        before
    }
}

thread_local! {
    static WATCH: RefCell<Watch> = RefCell::default();
}

fn turn_to(part: Part) -> Part {
    WATCH.with_borrow_mut(|watch| watch.turn_to(part, Instant::now()))
}

/// A part counts until this is dropped.
#[must_use = "the part counts until this is dropped"]
pub struct Turn(Part);

/// Lets a part count.
pub fn turn(part: Part) -> Turn {
    Turn(turn_to(part))
}

impl Drop for Turn {
    fn drop(&mut self) {
        turn_to(self.0);
    }
}

/// Lets a part count while a future is polled.
pub async fn counted<F: Future>(part: Part, future: F) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|context| {
        let _turn = turn(part);
        future.as_mut().poll(context)
    })
    .await
}

/// Returns what this thread spent since the last call.
pub fn take() -> Spent {
    turn_to(turn_to(Part::Other));
    WATCH.with_borrow_mut(|watch| std::mem::take(&mut watch.spent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_does_not_count_what_it_calls() {
        let mut watch = Watch::default();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        watch.turn_to(Part::Functions, at(0));
        let caller = watch.turn_to(Part::Table, at(1));
        watch.turn_to(caller, at(4));
        watch.turn_to(Part::Other, at(6));
        let [other, functions, table, ..] = watch.spent.map(|spent| spent.as_secs());
        assert_eq!((other, functions, table), (0, 3, 3));
    }
}
