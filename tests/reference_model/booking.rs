//! Bookings, single and recurring, computed by local day.

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime};
use serde_json::Value;

use super::calendar::{at_local, local};
use super::{Audience, Minute, Person, Rule, WorldAt, flag, instant, list, text};

impl WorldAt<'_> {
    pub(super) fn booked(&self, rule: &Rule, booking: &Value, person: &Person<'_>) -> bool {
        if flag(booking, "isCancelled") || flag(booking, "isTentative") && !self.site.tentative {
            return false;
        }
        if !self.takes_part(booking, person) || !self.is_here(rule, text(booking, "location")) {
            return false;
        }
        let (start, end) = (
            instant(&booking["start"].to_text()),
            instant(&booking["end"].to_text()),
        );
        let lasts = end - start;
        lasts >= 0
            && self.starts(booking, start).into_iter().any(|start| {
                let from = (start - rule.before * 60).div_euclid(60) * 60;
                let until = -(-(start + lasts + rule.after * 60)).div_euclid(60) * 60;
                from <= self.at && self.at < until && self.is_heard(rule, person, start)
            })
    }

    fn takes_part(&self, booking: &Value, person: &Person<'_>) -> bool {
        let member = person.members.iter().any(|member| {
            text(booking, "member").is_some_and(|id| self.is_or_follows(member, id))
                || list(booking, "members")
                    .iter()
                    .any(|other| *other == member["_id"])
        });
        let guest = person
            .visitors
            .iter()
            .filter_map(|visitor| text(visitor, "_id"));
        let mut guest =
            guest.filter(|id| list(booking, "visitors").iter().any(|other| other == id));
        let booked = text(booking, "bookedByGuest").is_some_and(|id| is_visitor(person, id));
        member || booked || self.site.guests && guest.next().is_some()
    }

    fn is_heard(&self, rule: &Rule, person: &Person<'_>, start: Minute) -> bool {
        let is_member = self
            .memberships()
            .any(|one| self.reaches(one, person) && self.runs(one, start));
        match rule.audience {
            Audience::Everyone => true,
            Audience::Members => is_member,
            Audience::NonMembers => !is_member,
        }
    }

    /// Returns every start of a booking until two days from now.
    fn starts(&self, booking: &Value, first: Minute) -> Vec<Minute> {
        let Some(rrule) = text(&booking["recurrence"], "rrule") else {
            return vec![first];
        };
        let rule = Repeats::read(rrule);
        let zone =
            text(booking, "timezone").unwrap_or_else(|| self.zone(text(booking, "location")));
        let begins = local(zone, first);
        let excepted: Vec<Minute> = list(&booking["recurrence"], "exdates")
            .iter()
            .map(|date| instant(&date.to_text()))
            .collect();
        let mut starts = Vec::new();
        let mut counted = 0;
        let mut day = begins.date();
        while day <= local(zone, self.at).date() + Days::new(2) {
            if rule.has(begins.date(), day) {
                let start = at_local(zone, day.and_time(begins.time()));
                counted += 1;
                if rule.count.is_some_and(|count| counted > count)
                    || rule.is_over(day.and_time(begins.time()), start)
                {
                    break;
                }
                if !excepted.contains(&start) {
                    starts.push(start);
                }
            }
            day = day + Days::new(1);
        }
        starts
    }
}

fn is_visitor(person: &Person<'_>, id: &str) -> bool {
    person
        .visitors
        .iter()
        .any(|visitor| text(visitor, "_id") == Some(id))
}

/// A recurrence rule of the kinds that the tests use.
struct Repeats {
    weekly: bool,
    interval: i64,
    /// 0 is Monday.
    days: Vec<u32>,
    count: Option<u32>,
    until_local: Option<NaiveDateTime>,
    until: Option<Minute>,
}

impl Repeats {
    fn read(rrule: &str) -> Repeats {
        let part = |name: &str| {
            rrule
                .trim_start_matches("RRULE:")
                .split(';')
                .find_map(|part| part.strip_prefix(&format!("{name}=")))
        };
        let number = |text: &str| {
            "MO TU WE TH FR SA SU"
                .split(' ')
                .position(|day| day == text)
                .expect("a day") as u32
        };
        let until = part("UNTIL");
        let local = |text: &str| NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%S").ok();
        Repeats {
            weekly: part("FREQ") == Some("WEEKLY"),
            interval: part("INTERVAL").map_or(1, |text| text.parse().expect("a number")),
            days: part("BYDAY").map_or(Vec::new(), |days| days.split(',').map(number).collect()),
            count: part("COUNT").map(|text| text.parse().expect("a number")),
            until_local: until.and_then(|text| {
                let day = NaiveDate::parse_from_str(text, "%Y%m%d").ok();
                local(text).or_else(|| Some(day?.and_time(NaiveTime::from_hms_opt(23, 59, 59)?)))
            }),
            until: until
                .and_then(|text| Some(local(text.strip_suffix('Z')?)?.and_utc().timestamp())),
        }
    }

    fn has(&self, first: NaiveDate, day: NaiveDate) -> bool {
        let weekday = day.weekday().num_days_from_monday();
        if !self.weekly {
            return (day - first).num_days() % self.interval == 0
                && (self.days.is_empty() || self.days.contains(&weekday));
        }
        let monday =
            |day: NaiveDate| day - Days::new(u64::from(day.weekday().num_days_from_monday()));
        let weeks = (monday(day) - monday(first)).num_days() / 7;
        let right_day = if self.days.is_empty() {
            day.weekday() == first.weekday()
        } else {
            self.days.contains(&weekday)
        };
        weeks % self.interval == 0 && right_day
    }

    fn is_over(&self, local: NaiveDateTime, start: Minute) -> bool {
        self.until_local.is_some_and(|until| local > until)
            || self.until.is_some_and(|until| start > until)
    }
}

trait ToText {
    fn to_text(&self) -> String;
}

impl ToText for Value {
    fn to_text(&self) -> String {
        self.as_str().expect("a text").to_owned()
    }
}
