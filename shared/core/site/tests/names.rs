//! Tests of what names mean: clear names, ambiguous names, and renamed things.

use std::collections::{BTreeMap, BTreeSet};

use super::LEAST;
use crate::model::account::{Group, GroupId};
use crate::model::fact::{Fact, Floor, Location, Plan, Resource, What};
use crate::site::Site;
use crate::site::catalogue::Catalogue;
use crate::site::resolve::{IdSelection, Resolved, resolve};

fn fact(id: &str, what: What) -> Fact {
    Fact {
        id: id.into(),
        what,
        changed: None,
    }
}

fn plan(id: &str, name: &str) -> Fact {
    fact(
        id,
        What::Plan(Plan {
            name: name.into(),
            location: None,
        }),
    )
}

fn location(id: &str, name: &str) -> Fact {
    fact(
        id,
        What::Location(Location {
            name: name.into(),
            timezone: Some("Asia/Tokyo".into()),
        }),
    )
}

fn room(id: &str, name: &str, at: &str) -> Fact {
    fact(
        id,
        What::Resource(Resource {
            parent: None,
            name: name.into(),
            location: Some(at.into()),
            floor: None,
        }),
    )
}

fn group(id: &str, name: &str) -> Group {
    Group {
        id: GroupId(id.into()),
        name: name.into(),
        problem: None,
    }
}

fn world() -> Vec<Fact> {
    let floor = Floor {
        name: "First".into(),
        location: Some("l2".into()),
    };
    let desk = Resource {
        parent: None,
        name: "Desk 1".into(),
        location: None,
        floor: Some("f1".into()),
    };
    vec![
        location("l1", "Riverside"),
        location("l2", "Harbour"),
        plan("p1", "Hot desk"),
        room("r1", "Boardroom", "l1"),
        room("r2", "Boardroom", "l2"),
        fact("f1", What::Floor(floor)),
        fact("r3", What::Resource(desk)),
    ]
}

/// Returns the meaning of the names in the shortest site with one rule, with these facts and
/// groups.
fn resolved(rule: &str, facts: &[Fact], groups: &[Group], before: Option<&Resolved>) -> Resolved {
    let site = Site::parse(&format!("{LEAST}[[rule]]\n{rule}\n")).unwrap();
    resolve(
        &site,
        &Catalogue::of(facts),
        &BTreeMap::from([("main".into(), groups.to_vec())]),
        before,
    )
}

fn problems(found: &Resolved) -> Vec<String> {
    found.problems.iter().map(ToString::to_string).collect()
}

fn of(ids: &[&str]) -> IdSelection {
    IdSelection::Of(ids.iter().map(|id| (*id).to_owned()).collect())
}

fn members() -> [Group; 1] {
    [group("g1", "Members")]
}

#[test]
fn names_and_ids_alike() {
    for name in ["Hot desk", "p1"] {
        for open in ["Members", "g1"] {
            let rule = format!("plan = \"{name}\"\nopens = \"{open}\"\nat = \"Riverside\"");
            let found = resolved(&rule, &world(), &members(), None);
            assert_eq!(problems(&found), [""; 0]);
            assert_eq!(found.rules[0].wanted, of(&["p1"]));
            assert_eq!(
                (&found.rules[0].at, &found.rules[0].groups),
                (&Some(of(&["l1"])), &vec![GroupId("g1".into())])
            );
        }
    }
    let any = resolved(
        "plan = \"*\"\nopens = \"Members\"\nat = \"*\"",
        &[],
        &members(),
        None,
    );
    assert_eq!(
        (&any.rules[0].wanted, &any.rules[0].at, any.problems.len()),
        (&IdSelection::Any, &Some(IdSelection::Any), 0)
    );
}

#[test]
fn an_id_wins_over_a_name() {
    let found = resolved(
        "plan = \"p1\"\nopens = \"Members\"",
        &[plan("p1", "A"), plan("p2", "p1")],
        &members(),
        None,
    );
    assert_eq!(
        (&found.rules[0].wanted, found.problems.len()),
        (&of(&["p1"]), 0)
    );
}

#[test]
fn what_is_not_there_is_a_problem_and_no_stop() {
    let found = resolved(
        "plan = [\"Hot desk\", \"Cold desk\"]\nopens = [\"Members\", \"Cellar\"]",
        &world(),
        &members(),
        None,
    );
    assert_eq!(found.rules[0].wanted, of(&["p1"]));
    assert_eq!(found.rules[0].groups, [GroupId("g1".into())]);
    assert_eq!(
        problems(&found),
        [
            "line 12: no plan is named \"Cold desk\": write its exact name or its id",
            "line 12: no group is named \"Cellar\": write its exact name or its id",
        ]
    );
    let nearly = resolved(
        "plan = \"hot  Desk\"\nopens = \"g1\"",
        &world(),
        &members(),
        None,
    );
    assert_eq!(
        problems(&nearly),
        [
            "line 12: no plan is named \"hot  Desk\", but one is named \"Hot desk\": write it exactly so"
        ]
    );
    assert_eq!(nearly.rules[0].wanted, of(&[]));
}

#[test]
fn two_of_one_name_count_for_nothing_unless_narrowed() {
    let both = resolved(
        "resource = \"Boardroom\"\nopens = \"g1\"",
        &world(),
        &members(),
        None,
    );
    assert_eq!(both.rules[0].wanted, of(&[]));
    assert_eq!(
        problems(&both),
        [
            "line 12: 2 resources are named \"Boardroom\", so it counts for nothing: write the id of the one you mean"
        ]
    );
    let one = resolved(
        "resource = \"Boardroom\"\nopens = \"g1\"\nat = \"Harbour\"",
        &world(),
        &members(),
        None,
    );
    assert_eq!(
        (&one.rules[0].wanted, one.problems.len()),
        (&of(&["r2"]), 0)
    );
    let text = LEAST.replace("[doors", "locations = \"Riverside\"\n[doors")
        + "[[rule]]\nresource = \"Boardroom\"\nopens = \"g1\"\n";
    let chosen = resolve(
        &Site::parse(&text).unwrap(),
        &Catalogue::of(&world()),
        &BTreeMap::from([("main".into(), members().to_vec())]),
        None,
    );
    assert_eq!(
        (&chosen.rules[0].wanted, chosen.problems.len()),
        (&of(&["r1"]), 0)
    );
    assert_eq!(chosen.locations, Some(BTreeSet::from(["l1".to_owned()])));
    let twins = resolved(
        "plan = \"*\"\nopens = \"A\"",
        &[],
        &[group("g1", "A"), group("g2", "A")],
        None,
    );
    assert!(
        twins.rules[0].groups.is_empty()
            && problems(&twins)[0].contains("2 groups are named \"A\"")
    );
}

#[test]
fn rules_that_can_never_match() {
    let elsewhere = resolved(
        "assignable = \"Desk 1\"\nopens = \"g1\"\nat = \"Riverside\"",
        &world(),
        &members(),
        None,
    );
    assert_eq!(elsewhere.rules[0].wanted, of(&[]));
    assert_eq!(
        problems(&elsewhere),
        [
            "line 12: assignable \"Desk 1\" is not at \"Riverside\", so this can never match: change one of the two"
        ]
    );
    let text = LEAST.replace("[doors", "locations = \"Riverside\"\n[doors");
    let text = text
        + "[[rule]]\nplan = \"*\"\nopens = \"g1\"\nat = \"Harbour\"\n[[rule]]\nfloor = \"First\"\nopens = \"g1\"\n";
    let groups = BTreeMap::from([("main".into(), members().to_vec())]);
    let environment = resolve(
        &Site::parse(&text).unwrap(),
        &Catalogue::of(&world()),
        &groups,
        None,
    );
    assert_eq!(environment.rules[0].at, Some(of(&[])));
    assert!(
        problems(&environment)[0].starts_with(
            "line 13: location \"Harbour\" is not among the `locations` of [platform]"
        )
    );
    assert!(
        problems(&environment)[1]
            .starts_with("line 17: floor \"First\" is not among the `locations`")
    );
    let rule = "pass = [\"Day pass\", \"603dfbc260f4054084125d39\"]\nopens = \"g1\"";
    let pass = resolved(rule, &world(), &members(), None);
    assert_eq!(
        pass.rules[0].wanted,
        of(&["Day pass", "603dfbc260f4054084125d39"])
    );
    assert_eq!(pass.problems.len(), 1);
    assert!(
        problems(&pass)[0].starts_with("line 12: no pass is named \"Day pass\" now"),
        "{:?}",
        problems(&pass)
    );
    let twice = "plan = \"*\"\nopens = \"g1\"\n[[rule]]\nplan = \"*\"\nopens = \"g1\"";
    let twice = resolved(twice, &world(), &members(), None);
    assert_eq!(
        problems(&twice),
        ["line 15: this says the same as the rule in line 12: remove one of them"]
    );
}

#[test]
fn a_thing_with_another_name_stays_what_it_was() {
    let rule = "plan = \"Hot desk\"\nopens = \"Members\"\nat = \"Riverside\"";
    let first = resolved(rule, &world(), &members(), None);
    let renamed = [
        plan("p1", "Flex"),
        location("l1", "Quay"),
        location("l2", "Harbour"),
    ];
    let mut before = first.clone();
    for _ in 0..3 {
        let stored = serde_json::to_string(&before).unwrap();
        before = serde_json::from_str(&stored).unwrap();
        before = resolved(rule, &renamed, &[group("g1", "Everybody")], Some(&before));
        assert_eq!(before.rules, first.rules);
        assert_eq!(
            problems(&before),
            [
                "line 12: location \"Riverside\" is called \"Quay\" now: change the site file; until then it counts as before",
                "line 12: plan \"Hot desk\" is called \"Flex\" now: change the site file; until then it counts as before",
                "line 12: group \"Members\" is called \"Everybody\" now: change the site file; until then it counts as before",
            ]
        );
    }
    let gone = resolved(
        rule,
        &[plan("p2", "Other"), location("l2", "Harbour")],
        &[group("g2", "Other")],
        Some(&before),
    );
    assert_eq!(
        (
            &gone.rules[0].wanted,
            gone.rules[0].groups.len(),
            gone.problems.len()
        ),
        (&of(&[]), 0, 3)
    );
    assert_eq!(
        resolved(rule, &world(), &members(), Some(&gone)).rules,
        first.rules
    );
}

#[test]
fn a_second_thing_of_the_name_takes_nothing_away() {
    let rule = "plan = \"Hot desk\"\nopens = \"Members\"";
    let first = resolved(rule, &world(), &members(), None);
    let mut more = world();
    more.push(plan("p0", "Hot desk"));
    let later = resolved(rule, &more, &members(), Some(&first));
    assert_eq!(later.rules, first.rules);
    assert!(
        problems(&later)[0].contains("2 plans are named \"Hot desk\" now"),
        "{:?}",
        problems(&later)
    );
}

#[test]
fn what_was_not_read_is_as_before() {
    let rule = "plan = \"Hot desk\"\nopens = \"Members\"";
    let first = resolved(rule, &world(), &members(), None);
    let unread = resolved(rule, &[], &[], Some(&first));
    assert_eq!((&unread.rules, unread.problems.len()), (&first.rules, 0));
    let never = resolved(rule, &[], &[], None);
    assert_eq!(
        problems(&never),
        [
            "line 12: no plan is named \"Hot desk\": there are none that we could read yet",
            "line 12: no group is named \"Members\": there are none that we could read yet",
        ]
    );
}

#[test]
fn a_group_without_a_schedule_is_opened_all_the_same() {
    let group = Group {
        problem: Some("it has no schedule".into()),
        ..group("g1", "Members")
    };
    let found = resolved(
        "plan = \"*\"\nopens = \"Members\"",
        &world(),
        &[group],
        None,
    );
    assert_eq!(found.rules[0].groups.len(), 1);
    assert_eq!(
        problems(&found),
        ["line 12: group \"Members\" opens nothing for the people in it: it has no schedule"]
    );
}

#[test]
fn o14_a_group_without_the_prefix_is_left_alone_unless_it_had_it_before() {
    let text = LEAST.to_owned()
        + "prefix = \"DOORSTEP_\"\n[[rule]]\nplan = \"*\"\nopens = [\"Members\", \"g2\"]\n";
    let site = Site::parse(&text).unwrap();
    let with = |second: &str, before: Option<&Resolved>| {
        let groups = vec![group("g1", "Members"), group("g2", second)];
        resolve(
            &site,
            &Catalogue::default(),
            &BTreeMap::from([("main".into(), groups)]),
            before,
        )
    };
    let mut before = with("DOORSTEP_all", None);
    assert_eq!(before.rules[0].groups, [GroupId("g2".into())]);
    assert_eq!(before.problems.len(), 1);
    assert!(
        problems(&before)[0].starts_with(
            "line 13: the name of group \"Members\" does not start with \"DOORSTEP_\""
        )
    );
    for _ in 0..2 {
        before = with("all", Some(&before));
        assert_eq!(
            (before.rules[0].groups.len(), before.problems.len()),
            (1, 2)
        );
    }
}

#[test]
fn zones_of_locations() {
    let catalogue = Catalogue::of(&world());
    let utc = jiff::tz::TimeZone::UTC;
    assert_eq!(
        catalogue.zone_of(Some("l1"), &utc).iana_name(),
        Some("Asia/Tokyo")
    );
    assert_eq!(catalogue.zone_of(Some("nowhere"), &utc), utc);
    assert_eq!(catalogue.zone_of(None, &utc), utc);
    assert_eq!(catalogue.location_of_resource("r3"), Some("l2"));
}

/// A platform without a read API has no catalogue to read. A name resolves to itself until an
/// update has a thing of that name.
#[test]
fn where_no_one_can_ask_a_name_stands_for_itself() {
    let told = |rule: &str, facts: &[Fact]| {
        let text = LEAST.replace("kind = \"officernd\"", "kind = \"andcards\"");
        let site = Site::parse(&format!("{text}[[rule]]\n{rule}\n")).unwrap();
        resolve(
            &site,
            &Catalogue::of(facts),
            &BTreeMap::from([("main".into(), members().to_vec())]),
            None,
        )
    };
    let rule = "resource = \"Boardroom\"\nat = \"North\"\nopens = [\"Members\"]";
    for facts in [
        vec![],
        vec![plan("Hot desk", "Hot desk"), location("South", "South")],
    ] {
        let resolved = told(rule, &facts);
        assert_eq!(problems(&resolved), [""; 0]);
        assert_eq!(
            (&resolved.rules[0].wanted, &resolved.rules[0].at),
            (&of(&["Boardroom"]), &Some(of(&["North"])))
        );
    }
    let slip = told(
        "plan = \"hot  desk\"\nopens = [\"Members\"]",
        &[plan("Hot desk", "Hot desk")],
    );
    assert_eq!(slip.rules[0].wanted, of(&[]));
    assert!(
        problems(&slip)[0].contains("one is named \"Hot desk\""),
        "{:?}",
        problems(&slip)
    );
    let group = told("plan = \"Hot desk\"\nopens = [\"Nobody\"]", &[]);
    assert!(
        problems(&group)[0].contains("no group is named"),
        "{:?}",
        problems(&group)
    );
    for selector in ["floor", "assignable", "location", "pass"] {
        let never = told(&format!("{selector} = \"*\"\nopens = [\"Members\"]"), &[]);
        let said = format!("andcards tells of no {selector}, so this can never match");
        assert!(
            problems(&never)
                .iter()
                .any(|problem| problem.contains(&said)),
            "{:?}",
            problems(&never)
        );
    }
}

#[test]
fn two_locations_may_sell_plans_of_one_name() {
    let sold = |id: &str, at: &str| {
        fact(
            id,
            What::Plan(Plan {
                name: "Hot desk".into(),
                location: Some(at.into()),
            }),
        )
    };
    let facts = [
        location("l1", "Riverside"),
        location("l2", "Harbour"),
        sold("p1", "l1"),
        sold("p2", "l2"),
    ];
    let at = resolved(
        "plan = \"Hot desk\"\nopens = \"Members\"\nat = \"Harbour\"",
        &facts,
        &members(),
        None,
    );
    assert_eq!((problems(&at), &at.rules[0].wanted), (vec![], &of(&["p2"])));
    let anywhere = resolved(
        "plan = \"Hot desk\"\nopens = \"Members\"",
        &facts,
        &members(),
        None,
    );
    assert!(
        problems(&anywhere)[0].contains("2 plans are named \"Hot desk\""),
        "{:?}",
        problems(&anywhere)
    );
}

#[test]
fn a_desk_may_be_named_by_its_number() {
    let facts = [
        room("61", "Boardroom", "l1"),
        room("desk-61", "Desk 12", "l1"),
        room("desk-62", "Desk 13", "l1"),
    ];
    let wanted = |rule: &str| {
        resolved(
            &format!("{rule}\nopens = \"Members\""),
            &facts,
            &members(),
            None,
        )
        .rules[0]
            .wanted
            .clone()
    };
    assert_eq!(
        wanted("assignable = \"61\""),
        of(&["desk-61"]),
        "it is the desk that is assigned"
    );
    assert_eq!(wanted("resource = \"61\""), of(&["61"]));
    assert_eq!(
        wanted("resource = \"62\""),
        of(&["desk-62"]),
        "there is no such room"
    );
    assert_eq!(wanted("resource = \"desk-61\""), of(&["desk-61"]));
}
