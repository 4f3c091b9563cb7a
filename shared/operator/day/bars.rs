//! Joins the windows of people to bars. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::shape::{Bar, BarPerson, BarState};
use doorstep_core::model::account::GroupRef;
use doorstep_core::model::window::Window;

/// The bars of a day, while they are joined.
pub struct Bars {
    day: Window,
    joined: BTreeMap<GroupRef, BTreeMap<BarKey, Vec<BarPerson>>>,
}

/// What the people of one bar have in common: its begin, its end and its state.
type BarKey = (Timestamp, Timestamp, BarState);

impl Bars {
    /// Begins the bars of one day.
    pub fn of(day: Window) -> Self {
        Bars {
            day,
            joined: BTreeMap::new(),
        }
    }

    /// Adds a window of one person. A window beside the day is left out.
    pub fn add(&mut self, at: &GroupRef, state: BarState, person: BarPerson) {
        let Some(Window {
            from,
            until: Some(until),
        }) = person.window.overlap(&self.day)
        else {
            return;
        };
        let group = match self.joined.get_mut(at) {
            Some(group) => group,
            None => self.joined.entry(at.clone()).or_default(),
        };
        group.entry((from, until, state)).or_default().push(person);
    }

    /// Returns the bars of each group, by their begin, with the people by name.
    pub fn joined(self) -> BTreeMap<GroupRef, Vec<Bar>> {
        let groups = self.joined.into_iter();
        groups
            .map(|(at, bars)| (at, bars.into_iter().map(bar).collect()))
            .collect()
    }
}

fn bar(((from, until, state), mut people): (BarKey, Vec<BarPerson>)) -> Bar {
    people.sort_by(|one, other| (&one.who, one.window).cmp(&(&other.who, other.window)));
    Bar {
        from,
        until,
        state,
        people,
    }
}
