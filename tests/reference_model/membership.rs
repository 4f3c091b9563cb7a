//! Memberships, the plans in them, and the desks that come with them, by local day.

use chrono::Days;
use serde_json::Value;

use super::calendar::{self, date_at, instant};
use super::{Minute, Person, Rule, Selector, Unpaid, WorldAt, by_id, flag, list, text};

impl WorldAt<'_> {
    /// Returns the memberships that count, on the days on which they run.
    pub(super) fn memberships(&self) -> impl Iterator<Item = &Value> {
        let counts = |membership: &&Value| match text(membership, "status") {
            Some("approved") => true,
            Some("unpaid") => matches!(self.site.unpaid, Some(Unpaid::Open | Unpaid::Grace(_))),
            _ => false,
        };
        list(self.world, "memberships").iter().filter(counts)
    }

    /// Returns whether a membership or pass is this person's, by name or through the company.
    pub(super) fn reaches(&self, thing: &Value, person: &Person<'_>) -> bool {
        person
            .members
            .iter()
            .any(|member| match text(thing, "member") {
                Some(id) => self.is_or_follows(member, id),
                None => {
                    let out = matches!(
                        text(member, "status"),
                        Some("former" | "lead" | "not_approved")
                    );
                    text(thing, "company").is_some()
                        && text(thing, "company") == text(member, "company")
                        && !out
                }
            })
    }

    /// Returns whether this member is the one with this id, or shares that one's identity.
    pub(super) fn is_or_follows(&self, member: &Value, id: &str) -> bool {
        let master =
            by_id(self.world, "members", Some(id)).filter(|master| !flag(master, "inactive"));
        text(member, "_id") == Some(id) || text(member, "master") == Some(id) && master.is_some()
    }

    /// Returns whether the local day of `at` is one of the membership's, and one of its grace if it
    /// is not paid.
    pub(super) fn runs(&self, membership: &Value, at: Minute) -> bool {
        let today = date_at(self.zone(text(membership, "location")), at);
        let grace = match (text(membership, "status"), self.site.unpaid) {
            (Some("unpaid"), Some(Unpaid::Grace(days))) => {
                let first = calendar::day(membership, "startDate").expect("a start");
                today < first + Days::new(days)
            }
            _ => true,
        };
        grace && calendar::is_among_days(membership, "startDate", "endDate", today)
    }

    /// Returns whether a membership has one of these plans on the local day of `self.at`. A
    /// membership with several plans has each on days of its own.
    pub(super) fn has_plan(&self, membership: &Value, names: &[&str]) -> bool {
        let today = date_at(self.zone(text(membership, "location")), self.at);
        let items = list(membership, "items");
        if items.is_empty() {
            return self.is_named(names, "plans", text(membership, "plan"));
        }
        items.iter().any(|item| {
            self.is_named(names, "plans", text(item, "plan"))
                && calendar::is_among_days(item, "startDate", "endDate", today)
        })
    }

    pub(super) fn assigned(&self, rule: &Rule, assignment: &Value, person: &Person<'_>) -> bool {
        let membership = self
            .memberships()
            .find(|one| text(one, "_id") == text(assignment, "membership"));
        let Some(membership) = membership.filter(|one| self.reaches(one, person)) else {
            return false;
        };
        let Some(resource) = by_id(self.world, "resources", text(assignment, "resource")) else {
            return false;
        };
        let right = match &rule.selector {
            Selector::Assignable(names) => self.is_named(names, "resources", text(resource, "_id")),
            Selector::Floor(names) => self.is_named(names, "floors", text(resource, "floor")),
            Selector::Location(names) => {
                self.is_named(names, "locations", text(resource, "location"))
            }
            _ => false,
        };
        let zone = self.zone(text(membership, "location"));
        right
            && self.is_here(rule, text(membership, "location"))
            && self.runs(membership, self.at)
            && calendar::is_among_days(assignment, "startDate", "endDate", date_at(zone, self.at))
    }

    pub(super) fn passed(&self, rule: &Rule, pass: &Value, person: &Person<'_>) -> bool {
        if !self.reaches(pass, person) {
            return false;
        }
        let holder = match text(pass, "member") {
            Some(id) => by_id(self.world, "members", Some(id)),
            None => by_id(self.world, "companies", text(pass, "company")),
        };
        let location = holder.and_then(|holder| text(holder, "location"));
        let zone = self.zone(location);
        let today = date_at(zone, self.at);
        let unused =
            pass["usedCount"].as_f64().unwrap_or(0.0) < pass["count"].as_f64().unwrap_or(1.0);
        let checked_in = list(self.world, "checkins").iter().any(|checkin| {
            let mine = person
                .members
                .iter()
                .any(|member| text(member, "_id") == text(checkin, "member"));
            mine && text(checkin, "start").map(|start| date_at(zone, instant(start))) == Some(today)
        });
        self.is_here(rule, location)
            && calendar::is_among_days(pass, "validFrom", "validTo", today)
            && (unused && !self.site.on_the_day || checked_in)
    }
}
