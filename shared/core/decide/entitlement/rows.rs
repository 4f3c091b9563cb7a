//! One row for each sentence of the site file's page about what opens. The facts are written as
//! they are stored.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::model::account::Group;
use crate::site::resolve::resolve;

const NOW: &str = "2026-03-10T12:00:00Z";

fn instant(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

/// A person with two profiles, the member `m` of the team `t` and the visitor `v`, in a building
/// with two locations.
struct Row {
    site: Site,
    facts: Vec<Fact>,
    now: Timestamp,
}

impl Row {
    /// Returns a row with this part of a site file after its door system, and these facts: pairs of
    /// an id and a body.
    fn new(rules: &str, facts: Value) -> Row {
        let head = r#"
            site = "s"
            timezone = "Europe/London"
            mode = "grant-only"
            [platform]
            kind = "spacebring"
            secret = "s/spacebring"
            [doors.main]
            kind = "kisi"
            secret = "s/kisi"
        "#;
        let site = Site::parse(&format!("{head}{rules}")).expect("a site file");
        let house = json!([
            ["l", { "location": { "name": "Riverside", "timezone": null } }],
            ["n", { "location": { "name": "Hudson", "timezone": "America/New_York" } }],
            ["f", { "floor": { "name": "First", "location": "l" } }],
            ["p", { "plan": { "name": "Desk", "location": null } }],
            ["q", { "plan": { "name": "Suite", "location": null } }],
            ["r", { "resource": { "name": "Hall", "location": "l", "floor": "f" } }],
            ["d", { "resource": { "name": "Desk 12", "location": "n", "floor": null } }],
        ]);
        let both = [house, facts].map(|all| all.as_array().expect("a list").clone());
        let fact = |one: &Value| -> Fact {
            let fact = json!({ "id": one[0], "what": one[1], "changed": null });
            serde_json::from_value(fact).unwrap_or_else(|wrong| panic!("{one}: {wrong}"))
        };
        Row {
            site,
            facts: both.concat().iter().map(fact).collect(),
            now: instant(NOW),
        }
    }

    fn at(mut self, now: &str) -> Row {
        self.now = instant(now);
        self
    }

    fn person(&self) -> PersonFacts {
        let named = |fact: &Fact| (fact.name(), Arc::new(fact.clone()));
        let profiles = [
            FactId::new(Kind::Member, "m"),
            FactId::new(Kind::Visitor, "v"),
        ];
        PersonFacts {
            facts: self.facts.iter().map(named).collect(),
            profiles: profiles.into(),
            ..PersonFacts::default()
        }
    }

    fn derived(&self) -> Derived {
        let catalogue = Catalogue::of(&self.facts);
        let group = |id: &str| Group {
            id: GroupId(id.into()),
            name: id.into(),
            problem: None,
        };
        let groups = BTreeMap::from([("main".into(), ["g", "h"].map(group).into())]);
        let resolved = resolve(&self.site, &catalogue, &groups, None);
        let rules = Rules {
            site: &self.site,
            resolved: &resolved,
            catalogue: &catalogue,
        };
        derive(rules, &self.person(), self.now)
    }

    /// Returns the windows, each as `group from/until`, shortened to minutes.
    fn opens(&self) -> Vec<String> {
        self.derived().entitlements.iter().map(shown).collect()
    }

    fn problems(&self) -> Vec<String> {
        self.derived()
            .problems
            .iter()
            .map(ToString::to_string)
            .collect()
    }
}

fn minute(at: Timestamp) -> String {
    match at {
        at if at == Timestamp::MIN => "always".to_owned(),
        at => at.to_string()[5..16].to_owned(),
    }
}

fn shown(one: &Entitlement) -> String {
    let until = one.window.until.map_or_else(String::new, minute);
    format!("{} {}/{until}", one.group.0, minute(one.window.from))
}

fn member() -> Value {
    json!(["m", { "member": { "name": "Ada", "email": null, "teams": ["t"], "location": "l", "shares_team": true } }])
}

fn visitor() -> Value {
    json!(["v", { "visitor": { "name": "Guest Ada", "email": null, "location": null, "shares_team": false } }])
}

fn membership(more: Value) -> Value {
    with(
        json!({ "plan": "p", "holder": { "member": "m" }, "location": "l", "from": "2026-03-01",
            "until": "2026-03-20", "approved": true, "assignments": [] }),
        more,
    )
}

fn booking(more: Value) -> Value {
    with(
        json!({ "resource": "r", "location": "l", "booker": "m", "members": [], "visitors": [],
            "start": "2026-03-11T10:00:00Z", "end": "2026-03-11T11:00:00Z", "timezone": null, "series": null,
            "cancelled": false, "tentative": false, "unpaid": false }),
        more,
    )
}

fn pass(more: Value) -> Value {
    with(
        json!({ "name": "Day", "holders": [{ "member": "m" }], "count": 2.0, "used": 1.0,
            "from": "2026-03-09", "until": "2026-03-12" }),
        more,
    )
}

fn checkin(more: Value) -> Value {
    with(
        json!({ "member": "m", "location": "l", "at": "2026-03-10T09:00:00Z" }),
        more,
    )
}

fn with(mut whole: Value, more: Value) -> Value {
    let more = more.as_object().expect("an object").clone();
    whole.as_object_mut().expect("an object").extend(more);
    whole
}

const PLAN: &str = "[[rule]]\nplan = \"Desk\"\nopens = [\"g\"]\n";
const RUNS: &str = "g 03-01T00:00/03-21T00:00";

/// Returns what a membership opens, by a rule with these further lines.
fn of_membership(lines: &str, more: Value) -> Row {
    let facts = json!([member(), ["s", { "membership": membership(more) }]]);
    Row::new(&format!("{PLAN}{lines}"), facts)
}

#[test]
fn a_rule_about_a_plan_opens_for_its_members_at_its_place() {
    for (lines, more, opens) in [
        ("", json!({}), vec![RUNS]),
        ("", json!({ "plan": "q" }), vec![]),
        ("", json!({ "approved": false }), vec![]),
        ("", json!({ "holder": { "member": "x" } }), vec![]),
        ("", json!({ "holder": { "visitor": "v" } }), vec![]),
        ("", json!({ "holder": null }), vec![]),
        ("", json!({ "until": null }), vec!["g 03-01T00:00/"]),
        ("", json!({ "from": null }), vec![]),
        ("", json!({ "until": "2026-02-28" }), vec![]),
        (
            "",
            json!({ "until": "2026-03-01" }),
            vec!["g 03-01T00:00/03-02T00:00"],
        ),
        ("at = \"Riverside\"", json!({}), vec![RUNS]),
        ("at = \"Hudson\"", json!({}), vec![]),
        // Without a location of its own the person's counts; the clock is the location's.
        (
            "at = \"Riverside\"",
            json!({ "location": null }),
            vec![RUNS],
        ),
        (
            "at = \"Hudson\"",
            json!({ "location": "n" }),
            vec!["g 03-01T05:00/03-21T04:00"],
        ),
        // A plan among several has days of its own, within those of the membership.
        (
            "",
            json!({ "plan": null, "items": [{ "plan": "q", "from": null, "until": null }] }),
            vec![],
        ),
        (
            "",
            json!({ "items": [{ "plan": "q", "from": null, "until": null }] }),
            vec![],
        ),
        (
            "",
            json!({ "plan": null, "items": [{ "plan": "p", "from": "2026-03-05", "until": null }] }),
            vec!["g 03-05T00:00/03-21T00:00"],
        ),
        (
            "",
            json!({ "plan": null, "items": [{ "plan": "p", "from": "2026-03-05", "until": "2026-03-04" }] }),
            vec![],
        ),
    ] {
        assert_eq!(
            of_membership(lines, more.clone()).opens(),
            opens,
            "{lines} {more}"
        );
    }
}

#[test]
fn dates_that_open_nothing_are_a_problem_of_the_fact() {
    let problem = |more: Value| of_membership("", more).problems().join("; ");
    assert_eq!(problem(json!({})), "");
    assert!(problem(json!({ "from": null })).contains("has no start date"));
    assert!(problem(json!({ "until": "2026-02-28" })).contains("ends before it starts"));
    let part = json!({ "items": [{ "plan": "p", "from": "2026-03-05", "until": "2026-03-04" }] });
    assert!(problem(part).contains("has a plan that ends before it starts"));
    // What is unpaid for longer than its grace was over before it began: no error of its dates.
    let unpaid = "[members]\nunpaid = \"1d\"\n";
    let owed = |since: &str| {
        let more = json!({ "approved": false, "unpaid_since": since });
        let facts = json!([member(), ["s", { "membership": membership(more) }]]);
        Row::new(&format!("{unpaid}{PLAN}"), facts)
    };
    assert_eq!(
        (owed("2026-02-20").opens(), owed("2026-02-20").problems()),
        (vec![], vec![])
    );
    assert_eq!(owed("2026-03-01").opens(), ["g 03-01T00:00/03-02T00:00"]);
    assert_eq!(owed("2026-02-28").problems(), [""; 0]);
}

#[test]
fn unpaid_members_have_what_the_site_file_says() {
    let opens = |unpaid: &str, approved: bool| {
        let more = json!({ "approved": approved, "unpaid_since": "2026-03-08" });
        let facts = json!([member(), ["s", { "membership": membership(more) }]]);
        Row::new(&format!("{unpaid}{PLAN}"), facts).opens()
    };
    assert_eq!(opens("", false), [""; 0]);
    assert_eq!(opens("", true), [RUNS]);
    assert_eq!(opens("[members]\nunpaid = \"wait\"\n", false), [""; 0]);
    assert_eq!(opens("[members]\nunpaid = \"open\"\n", false), [RUNS]);
    assert_eq!(
        opens("[members]\nunpaid = \"3d\"\n", false),
        ["g 03-01T00:00/03-11T00:00"]
    );
}

#[test]
fn an_assigned_desk_opens_by_itself_its_floor_or_its_location() {
    let opens = |rule: &str, resource: &str, lines: &str| {
        let desk = json!({ "id": "a", "resource": resource, "from": "2026-03-02", "until": null });
        let facts = json!([member(), ["s", { "membership": membership(json!({ "assignments": [desk] })) }]]);
        Row::new(
            &format!("[[rule]]\n{rule}\nopens = [\"g\"]\n{lines}"),
            facts,
        )
        .opens()
    };
    let runs = ["g 03-02T00:00/03-21T00:00"];
    for (rule, hall, desk) in [
        ("assignable = \"Hall\"", true, false),
        ("assignable = \"*\"", true, true),
        ("floor = \"First\"", true, false),
        ("floor = \"*\"", true, false),
        ("location = \"Riverside\"", true, false),
        ("location = \"Hudson\"", false, true),
        ("location = \"*\"", true, true),
    ] {
        let wanted = |is_open: bool| if is_open { runs.to_vec() } else { vec![] };
        assert_eq!(opens(rule, "r", ""), wanted(hall), "{rule}, the hall");
        assert_eq!(opens(rule, "d", ""), wanted(desk), "{rule}, the desk");
    }
    assert_eq!(opens("assignable = \"*\"", "r", "at = \"Hudson\""), [""; 0]);
    assert_eq!(opens("assignable = \"*\"", "r", "at = \"Riverside\""), runs);
    let backwards =
        json!({ "id": "a", "resource": "r", "from": "2026-03-05", "until": "2026-03-04" });
    let facts = json!([member(), ["s", { "membership": membership(json!({ "assignments": [backwards] })) }]]);
    let row = Row::new("[[rule]]\nassignable = \"*\"\nopens = [\"g\"]\n", facts);
    assert_eq!(row.opens(), [""; 0]);
    assert!(row.problems()[0].contains("an assignment that ends before it starts"));
}

/// Returns what a booking opens, by a rule with these further lines.
fn of_booking(defaults: &str, lines: &str, more: Value) -> Vec<String> {
    let facts = json!([member(), visitor(), ["b", { "booking": booking(more) }]]);
    let rule = "[[rule]]\nresource = \"Hall\"\nopens = [\"g\"]\nbefore = \"15m\"\nafter = \"5m\"\n";
    Row::new(&format!("{defaults}{rule}{lines}"), facts).opens()
}

#[test]
fn a_booking_opens_for_who_takes_part_while_it_takes_place() {
    let open = vec!["g 03-11T09:45/03-11T11:05"];
    let none: Vec<&str> = Vec::new();
    for (defaults, lines, more, opens) in [
        ("", "", json!({}), &open),
        ("", "", json!({ "resource": "d" }), &none),
        ("", "", json!({ "resource": null }), &none),
        ("", "", json!({ "booker": "x" }), &none),
        (
            "",
            "",
            json!({ "booker": "x", "members": ["x", "m"] }),
            &open,
        ),
        ("", "", json!({ "booker": null, "members": ["x"] }), &none),
        ("", "", json!({ "booker": "v" }), &open),
        ("", "", json!({ "booker": null, "members": ["v"] }), &open),
        ("", "", json!({ "booker": null, "visitors": ["v"] }), &open),
        ("", "", json!({ "booker": null, "visitors": ["w"] }), &none),
        (
            "[bookings]\nguests = false\n",
            "",
            json!({ "booker": null, "visitors": ["v"] }),
            &none,
        ),
        (
            "[bookings]\nguests = false\n",
            "",
            json!({ "booker": "v" }),
            &open,
        ),
        // A member's id among the guests is another thing's id.
        ("", "", json!({ "booker": null, "visitors": ["m"] }), &none),
        ("", "", json!({ "booker": null, "teams": ["t"] }), &open),
        ("", "", json!({ "booker": null, "teams": ["u"] }), &none),
        ("", "", json!({ "cancelled": true }), &none),
        ("", "", json!({ "tentative": true }), &none),
        (
            "[bookings]\ntentative = \"open\"\n",
            "",
            json!({ "tentative": true }),
            &open,
        ),
        (
            "[bookings]\ntentative = \"open\"\n",
            "",
            json!({ "cancelled": true }),
            &none,
        ),
        (
            "[bookings]\ntentative = \"open\"\n",
            "",
            json!({ "tentative": true, "unpaid": true }),
            &none,
        ),
        ("", "", json!({ "unpaid": true }), &none),
        (
            "[bookings]\nunpaid = \"open\"\n",
            "",
            json!({ "unpaid": true }),
            &open,
        ),
        (
            "[bookings]\nunpaid = \"open\"\n",
            "",
            json!({ "unpaid": true, "tentative": true }),
            &none,
        ),
        ("", "at = \"Riverside\"", json!({}), &open),
        ("", "at = \"Hudson\"", json!({}), &none),
        ("", "at = \"Riverside\"", json!({ "location": null }), &open),
    ] {
        assert_eq!(
            of_booking(defaults, lines, more.clone()),
            *opens,
            "{defaults}{lines} {more}"
        );
    }
}

#[test]
fn an_audience_is_who_is_a_member_when_the_booking_begins() {
    let opens = |audience: &str, unpaid: &str, more: Value| {
        let facts = json!([member(), ["b", { "booking": booking(json!({})) }], ["s", { "membership": membership(more) }]]);
        let rule =
            "[[rule]]\nresource = \"Hall\"\nopens = [\"g\"]\nbefore = \"0m\"\nafter = \"0m\"\n";
        let row = Row::new(&format!("{unpaid}{rule}for = \"{audience}\"\n"), facts);
        !row.opens().is_empty()
    };
    for (unpaid, more, is_member) in [
        ("", json!({}), true),
        ("", json!({ "until": "2026-03-10" }), false),
        ("", json!({ "until": "2026-03-11" }), true),
        ("", json!({ "from": "2026-03-12" }), false),
        ("", json!({ "from": null }), false),
        ("", json!({ "until": "2026-02-01" }), false),
        ("", json!({ "approved": false }), false),
        ("", json!({ "holder": { "member": "x" } }), false),
        (
            "",
            json!({ "pauses": [{ "from": "2026-03-11", "until": "2026-03-11" }] }),
            false,
        ),
        ("", json!({ "location": "n", "from": "2026-03-11" }), true),
        (
            "[members]\nunpaid = \"1d\"\n",
            json!({ "unpaid_since": "2026-03-01" }),
            false,
        ),
        (
            "[members]\nunpaid = \"14d\"\n",
            json!({ "unpaid_since": "2026-03-01" }),
            true,
        ),
    ] {
        assert!(opens("everyone", unpaid, more.clone()), "{more}");
        assert_eq!(opens("members", unpaid, more.clone()), is_member, "{more}");
        assert_eq!(
            opens("non-members", unpaid, more.clone()),
            !is_member,
            "{more}"
        );
    }
}

const PASS: &str = "[[rule]]\npass = \"Day\"\nopens = [\"g\"]\n";

/// Returns what the pass `a` opens.
fn of_pass(defaults: &str, lines: &str, more: Value, others: Value) -> Vec<String> {
    let own = json!([member(), ["a", { "pass": pass(more) }]]);
    let facts = [own, others]
        .map(|all| all.as_array().expect("a list").clone())
        .concat();
    Row::new(&format!("{defaults}{PASS}{lines}"), json!(facts)).opens()
}

#[test]
fn a_pass_opens_while_unused_and_to_the_end_of_the_day_of_its_last_use() {
    let valid = "g 03-09T00:00/03-13T00:00";
    let today = "g 03-10T00:00/03-11T00:00";
    let none: [&str; 0] = [];
    let of = |more: Value| of_pass("", "", more, json!([]));
    assert_eq!(of(json!({})), [valid]);
    assert_eq!(of(json!({ "count": null, "used": 9.0 })), [valid]);
    assert_eq!(of(json!({ "used": 2.0 })), none);
    assert_eq!(of(json!({ "used": 2.5 })), none);
    assert_eq!(of(json!({ "holders": [{ "member": "x" }] })), none);
    assert_eq!(
        of(json!({ "holders": [{ "member": "x" }, { "team": "t" }] })),
        [valid]
    );
    assert_eq!(of(json!({ "name": "Week" })), none);
    assert_eq!(of(json!({ "name": null })), none);
    assert_eq!(of(json!({ "until": "2026-03-08" })), none);
    assert_eq!(
        of(json!({ "used": 2.0, "used_at": "2026-03-10T09:00:00Z" })),
        [today]
    );
    assert_eq!(
        of(json!({ "used": 2.0, "used_at": "2026-03-08T09:00:00Z" })),
        none
    );
    let came = |more: Value| json!([["c", { "checkin": checkin(more) }]]);
    let used = |checkin: Value| of_pass("", "", json!({ "used": 2.0 }), came(checkin));
    assert_eq!(used(json!({})), [today]);
    assert_eq!(used(json!({ "pass": "a" })), [today]);
    assert_eq!(used(json!({ "pass": "other" })), none);
    assert_eq!(used(json!({ "member": "x" })), none);
    assert_eq!(used(json!({ "member": null })), none);
    assert_eq!(used(json!({ "at": "2026-03-08T09:00:00Z" })), none);
    // On the day: only a check-in opens, with a pass that has days left or was used for it.
    let day = "[passes]\nopen = \"on-the-day\"\n";
    let on_the_day = |more: Value, others: Value| of_pass(day, "", more, others);
    assert_eq!(on_the_day(json!({}), json!([])), none);
    assert_eq!(on_the_day(json!({}), came(json!({}))), [today]);
    assert_eq!(
        on_the_day(json!({}), came(json!({ "pass": "other" }))),
        [today]
    );
    assert_eq!(
        on_the_day(json!({ "used": 2.0 }), came(json!({ "pass": "other" }))),
        none
    );
}

#[test]
fn a_pass_is_for_its_own_location_or_for_its_teams_or_for_its_holders() {
    let team =
        |location: Value| json!([["t", { "team": { "name": "Acme", "location": location } }]]);
    let is_open = |at: &str, more: Value, others: Value| {
        !of_pass("", &format!("at = \"{at}\""), more, others).is_empty()
    };
    let of_team = json!({ "holders": [{ "team": "t" }] });
    for (more, others, riverside, hudson) in [
        (json!({}), json!([]), true, false),
        (json!({ "location": "n" }), json!([]), false, true),
        (of_team.clone(), team(json!("n")), false, true),
        (of_team.clone(), team(Value::Null), true, false),
        (of_team, json!([]), true, false),
        // A member's pass is not the team's.
        (json!({}), team(json!("n")), true, false),
    ] {
        let found = (
            is_open("Riverside", more.clone(), others.clone()),
            is_open("Hudson", more.clone(), others),
        );
        assert_eq!(found, (riverside, hudson), "{more}");
    }
    let by_id = json!([member(), ["a", { "pass": pass(json!({ "name": "Week" })) }]]);
    let named = |name: &str| {
        Row::new(&PASS.replace("Day", name), by_id.clone())
            .opens()
            .len()
    };
    assert_eq!(
        (named("a"), named("Week"), named("*"), named("Day")),
        (1, 1, 1, 0)
    );
    let backwards = json!([member(), ["a", { "pass": pass(json!({ "until": "2026-03-08" })) }]]);
    assert!(Row::new(PASS, backwards).problems()[0].contains("ends before it starts"));
}

#[test]
fn a_visit_opens_for_its_visitor() {
    let of = |lines: &str, more: Value| {
        let visit = with(
            json!({ "visitor": "v", "location": "l", "start": "2026-03-11T10:00:00Z", "end": "2026-03-11T11:00:00Z" }),
            more,
        );
        let rule = "[[rule]]\nvisitor = \"Riverside\"\nopens = [\"g\"]\nbefore = \"10m\"\nafter = \"20m\"\n";
        Row::new(
            &format!("{rule}{lines}"),
            json!([member(), visitor(), ["w", { "visit": visit }]]),
        )
    };
    let open = "g 03-11T09:50/03-11T11:20";
    for (lines, more, opens) in [
        ("", json!({}), vec![open]),
        (
            "",
            json!({ "end": null }),
            vec!["g 03-11T09:50/03-11T10:20"],
        ),
        (
            "",
            json!({ "end": "2026-03-11T10:00:00Z" }),
            vec!["g 03-11T09:50/03-11T10:20"],
        ),
        ("", json!({ "end": "2026-03-11T09:59:00Z" }), vec![]),
        ("", json!({ "visitor": "x" }), vec![]),
        ("", json!({ "visitor": "m" }), vec![]),
        ("", json!({ "approved": false }), vec![]),
        ("", json!({ "location": "n" }), vec![]),
        ("", json!({ "location": null }), vec![]),
        ("at = \"Riverside\"", json!({}), vec![open]),
        ("at = \"Hudson\"", json!({}), vec![]),
    ] {
        assert_eq!(of(lines, more.clone()).opens(), opens, "{lines} {more}");
    }
    let problems = of("", json!({ "end": "2026-03-11T09:59:00Z" })).problems();
    assert!(problems[0].contains("ends before it starts"));
    assert_eq!(of("", json!({ "end": null })).problems(), [""; 0]);
}

#[test]
fn hours_cut_what_a_rule_opens_within_sight() {
    let hours = |now: &str, more: Value| {
        of_membership("hours = \"Mon-Fri 09:00-18:00\"", more)
            .at(now)
            .opens()
    };
    let all = hours(NOW, json!({}));
    // From two days back on; 10 March is a Tuesday.
    assert_eq!(
        all[..2],
        ["g 03-09T09:00/03-09T18:00", "g 03-10T09:00/03-10T18:00"]
    );
    assert_eq!(all.last().unwrap(), "g 03-20T09:00/03-20T18:00");
    assert_eq!(
        hours("2026-03-23T12:00:00Z", json!({})),
        [""; 0],
        "over for longer than sight"
    );
    assert_eq!(
        hours("2026-03-22T12:00:00Z", json!({})),
        ["g 03-20T12:00/03-20T18:00"]
    );
    // What reaches the horizon of sixty days has no end yet.
    let endless =
        of_membership("hours = \"Mon-Sun 00:00-24:00\"", json!({ "until": null })).opens();
    assert_eq!(endless, ["g 03-08T12:00/"]);
    let just = of_membership("hours = \"Mon-Sun 00:00-12:00\"", json!({ "until": null }))
        .at("2026-01-10T12:00:00Z");
    assert_eq!(just.opens().last().unwrap(), "g 03-11T00:00/");
}

#[test]
fn closed_days_close_the_rules_that_they_concern() {
    let opens = |closed: &str, rule: &str| {
        let facts = json!([member(), ["s", { "membership": membership(json!({})) }]]);
        Row::new(
            &format!("{PLAN}{rule}{PLAN}at = \"Riverside\"\n{closed}"),
            facts,
        )
    };
    let cut = ["g 03-01T00:00/03-15T00:00", "g 03-16T00:00/03-21T00:00"];
    let both = |row: &Row| {
        let all = row.derived().entitlements;
        let of = |rule: usize| {
            all.iter()
                .filter(|one| one.rule == rule)
                .map(shown)
                .collect::<Vec<_>>()
        };
        (of(1), of(2))
    };
    let day = "[[closed]]\ndays = \"2026-03-15\"\n";
    for (closed, rule, first, second) in [
        ("", "", &[RUNS][..], &[RUNS][..]),
        (day, "", &cut, &cut),
        (day, "open_when_closed = true\n", &[RUNS], &cut),
        (
            "[[closed]]\ndays = \"2026-03-15\"\nrules = [1]\n",
            "",
            &cut,
            &[RUNS],
        ),
        (
            "[[closed]]\ndays = \"2026-03-15\"\nrules = [2]\n",
            "",
            &[RUNS],
            &cut,
        ),
        (
            "[[closed]]\ndays = \"2026-03-15\"\nat = \"Riverside\"\n",
            "",
            &cut,
            &cut,
        ),
        (
            "[[closed]]\ndays = \"2026-03-15\"\nat = \"Hudson\"\n",
            "",
            &[RUNS],
            &[RUNS],
        ),
        (
            "[[closed]]\ndays = \"2026-03-15\"\nrules = [2]\nat = \"Hudson\"\n",
            "",
            &[RUNS],
            &[RUNS],
        ),
    ] {
        let row = opens(closed, rule);
        assert_eq!(
            both(&row),
            (
                first.iter().map(ToString::to_string).collect(),
                second.iter().map(ToString::to_string).collect()
            ),
            "{closed} {rule}"
        );
    }
    let closed = opens(day, "").derived().closed;
    assert_eq!(closed.len(), 2);
    assert_eq!(shown(&closed[0].entitlement), "g 03-15T00:00/03-16T00:00");
    assert_eq!(
        (closed[0].closed.from, closed[0].closed.until),
        ("2026-03-15".parse().unwrap(), "2026-03-15".parse().unwrap())
    );
}

#[test]
fn only_the_chosen_locations_count() {
    let rule = format!("{PLAN}at = \"Riverside\"\n");
    let facts = json!([member(), ["s", { "membership": membership(json!({ "location": "n" })) }]]);
    let limited = |names: &str, rule: &str| {
        let mut row = Row::new(rule, facts.clone());
        row.site.platform.locations = Some(vec![names.to_owned()]);
        row.opens().len()
    };
    assert_eq!(limited("Hudson", PLAN), 1);
    assert_eq!(limited("Riverside", PLAN), 0);
    // Both limits must hold.
    assert_eq!(limited("Hudson", &rule), 0);
}

#[test]
fn an_entitlement_names_its_rule_its_line_and_its_facts() {
    let facts = json!([member(), ["s", { "membership": membership(json!({})) }]]);
    let row = Row::new(
        &format!("[[rule]]\nplan = \"Suite\"\nopens = [\"h\"]\n{PLAN}"),
        facts,
    );
    let all = row.derived().entitlements;
    let reason = all[0].reason();
    assert_eq!((all.len(), reason.rule, reason.line), (1, 2, all[0].line));
    assert_eq!(reason.facts, [FactId::new(Kind::Membership, "s")]);
}

#[test]
fn a_persons_name_is_the_members_or_else_the_guests() {
    let name = |facts: Value| Row::new(PLAN, facts).person().name().map(str::to_owned);
    assert_eq!(name(json!([member(), visitor()])).as_deref(), Some("Ada"));
    assert_eq!(name(json!([visitor()])).as_deref(), Some("Guest Ada"));
    assert_eq!(name(json!([])), None);
}

#[test]
fn what_is_awaited_and_what_comes_next() {
    let at = |text: &str| instant(&format!("2026-03-{text}:00Z"));
    let window = |from: &str, until: Option<&str>| OpenInterval {
        window: Window {
            from: at(from),
            until: until.map(at),
        },
        because: Reasons::default(),
    };
    let (main, back) = (DoorsName::from("main"), DoorsName::from("back"));
    let group = GroupRef::new(&main, &GroupId("g".into()));
    let intervals = vec![
        window("10T10:00", Some("10T11:00")),
        window("11T10:00", Some("11T11:00")),
    ];
    let desired = Desired::from([(group.clone(), intervals)]);
    for (now, open, awaited, next) in [
        ("10T09:59", false, true, Some("10T10:00")),
        ("10T10:00", true, true, Some("10T11:00")),
        ("10T11:00", false, true, Some("11T10:00")),
        ("11T10:59", true, true, Some("11T11:00")),
        ("11T11:00", false, false, None),
        ("11T11:01", false, false, None),
    ] {
        let now = at(now);
        assert_eq!(open_at(&desired, &group, now).is_some(), open, "{now}");
        assert_eq!(is_awaited(&desired, &main, now), awaited, "{now}");
        assert_eq!(is_awaited_anywhere(&desired, now), awaited, "{now}");
        assert_eq!(next_boundary(&desired, now), next.map(at), "{now}");
        assert!(!is_awaited(&desired, &back, now));
    }
    let endless = Desired::from([(group, vec![window("10T10:00", None)])]);
    assert!(
        is_awaited(&endless, &main, at("12T10:00"))
            && is_awaited_anywhere(&endless, at("12T10:00"))
    );
    assert_eq!(next_boundary(&endless, at("12T10:00")), None);
}

#[test]
fn the_first_and_the_last_day_of_the_calendar_have_edges() {
    let zone = TimeZoneOf("Europe/London").zone();
    let days_of = |from: Option<&str>, until: Option<&str>| {
        let day = |text: &str| text.parse().expect("a day");
        match days::days(from.map(day), until.map(day), &zone) {
            days::DayWindow::Window(window) => Some((window.from, window.until)),
            days::DayWindow::Backwards => None,
        }
    };
    assert_eq!(days_of(None, None), Some((Timestamp::MIN, None)));
    assert!(days_of(Some("2026-03-10"), Some("2026-03-10")).is_some());
    assert_eq!(days_of(Some("2026-03-10"), Some("2026-03-09")), None);
    assert_eq!(
        days_of(Some("2026-03-10"), Some("9999-12-31")).map(|(_, until)| until),
        Some(None)
    );
    let first = days_of(Some("-009999-01-01"), Some("2026-03-09")).expect("a window");
    assert!(first.0 < instant("0001-01-01T00:00:00Z"));
}

/// The name of a time zone.
struct TimeZoneOf(&'static str);

impl TimeZoneOf {
    fn zone(&self) -> jiff::tz::TimeZone {
        jiff::tz::TimeZone::get(self.0).expect("a zone")
    }
}
