//! A site's rules as data, and as the text of a site file.

use std::fmt::Write as _;

use chrono::{Datelike, NaiveDate};

use super::calendar::WallClock;

/// The parts of a site file that decide about access.
#[derive(Debug, Clone)]
pub struct Site {
    pub timezone: &'static str,
    /// None: all.
    pub locations: Vec<&'static str>,
    pub guests: bool,
    pub tentative: bool,
    pub on_the_day: bool,
    /// Members who have not paid. None: the status of the membership decides.
    pub unpaid: Option<Unpaid>,
    pub closed: Vec<Closed>,
    pub rules: Vec<Rule>,
}

/// What a member has who has not paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unpaid {
    Open,
    Wait,
    /// This many days of access, the first unpaid one included.
    Grace(u64),
}

impl Unpaid {
    /// Returns the value in a site file.
    pub fn text(self) -> String {
        match self {
            Unpaid::Open => "open".to_owned(),
            Unpaid::Wait => "wait".to_owned(),
            Unpaid::Grace(days) => format!("{days}d"),
        }
    }
}

/// Local days on which rules open nothing.
#[derive(Debug, Clone)]
pub struct Closed {
    /// First and last day.
    pub days: (NaiveDate, NaiveDate),
    /// Whether the days come back every year.
    pub yearly: bool,
    /// The number of the only rule that it closes, counted from 1.
    pub rule: Option<usize>,
    pub at: Option<&'static str>,
}

impl Closed {
    pub fn has(&self, day: NaiveDate) -> bool {
        let (first, last) = self.days;
        let in_year = |year: i32| {
            let moved = |day: NaiveDate| day.with_year(day.year() + year).expect("no leap day");
            (moved(first)..=moved(last)).contains(&day)
        };
        if self.yearly {
            (-1..=1).any(in_year)
        } else {
            (first..=last).contains(&day)
        }
    }

    /// Returns the closure as the text of a site file.
    pub fn text(&self) -> String {
        let (first, last) = self.days;
        let days = if self.yearly {
            format!("yearly {}/{}", first.format("%m-%d"), last.format("%m-%d"))
        } else {
            format!("{first}/{last}")
        };
        let mut text = format!("[[closed]]\ndays = {days:?}\n");
        if let Some(rule) = self.rule {
            writeln!(text, "rules = [{rule}]").unwrap();
        }
        if let Some(at) = self.at {
            writeln!(text, "at = {at:?}").unwrap();
        }
        text
    }
}

#[derive(Debug, Clone)]
pub struct Rule {
    pub selector: Selector,
    pub doors: &'static str,
    pub opens: Vec<&'static str>,
    /// Minutes, for bookings and visits.
    pub before: i64,
    pub after: i64,
    pub audience: Audience,
    pub at: Option<&'static str>,
    /// None: always.
    pub hours: Vec<OpeningHours>,
    pub open_when_closed: bool,
}

#[derive(Debug, Clone)]
pub enum Selector {
    Plan(Vec<&'static str>),
    Location(Vec<&'static str>),
    Floor(Vec<&'static str>),
    Assignable(Vec<&'static str>),
    Resource(Vec<&'static str>),
    /// The locations of expected visits.
    Visitor(Vec<&'static str>),
    Pass,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    Everyone,
    Members,
    NonMembers,
}

/// Opening hours on these days (0 is Monday), from one minute of the day until another; past
/// midnight if the second is smaller.
#[derive(Debug, Clone, Copy)]
pub struct OpeningHours {
    pub days: (u32, u32),
    pub from: u32,
    pub until: u32,
}

impl OpeningHours {
    pub fn is_open(&self, clock: WallClock) -> bool {
        let on = |day: u32| (self.days.0..=self.days.1).contains(&day);
        let yesterday = (clock.weekday + 6) % 7;
        if self.from < self.until {
            on(clock.weekday) && (self.from..self.until).contains(&clock.minute)
        } else {
            on(clock.weekday) && clock.minute >= self.from
                || on(yesterday) && clock.minute < self.until
        }
    }

    fn text(&self) -> String {
        const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
        let days = match self.days {
            (first, last) if first == last => DAYS[first as usize].to_owned(),
            (first, last) => format!("{}-{}", DAYS[first as usize], DAYS[last as usize]),
        };
        let clock = |minute: u32| format!("{:02}:{:02}", minute / 60, minute % 60);
        format!("{days} {}-{}", clock(self.from), clock(self.until))
    }
}

impl Rule {
    /// Returns the rule as the text of a site file.
    pub fn text(&self) -> String {
        let (key, names) = match &self.selector {
            Selector::Plan(names) => ("plan", names.clone()),
            Selector::Location(names) => ("location", names.clone()),
            Selector::Floor(names) => ("floor", names.clone()),
            Selector::Assignable(names) => ("assignable", names.clone()),
            Selector::Resource(names) => ("resource", names.clone()),
            Selector::Visitor(names) => ("visitor", names.clone()),
            Selector::Pass => ("pass", vec!["*"]),
        };
        let mut text = format!(
            "[[rule]]\n{key} = {names:?}\ndoors = {:?}\nopens = {:?}\n",
            self.doors, self.opens
        );
        if matches!(key, "resource" | "visitor") {
            let (before, after) = (self.before, self.after);
            writeln!(text, "before = \"{before}m\"\nafter = \"{after}m\"").unwrap();
        }
        if key == "resource" {
            let audience = match self.audience {
                Audience::Everyone => "everyone",
                Audience::Members => "members",
                Audience::NonMembers => "non-members",
            };
            writeln!(text, "for = {audience:?}").unwrap();
        }
        if let Some(at) = self.at {
            writeln!(text, "at = {at:?}").unwrap();
        }
        if self.open_when_closed {
            writeln!(text, "open_when_closed = true").unwrap();
        }
        if !self.hours.is_empty() {
            let hours: Vec<String> = self.hours.iter().map(OpeningHours::text).collect();
            writeln!(text, "hours = {:?}", hours.join(", ")).unwrap();
        }
        text
    }
}
