//! Worlds that were mapped by hand, and the files that follow from them.

use std::collections::BTreeMap;

use doorstep_core::model::account::{DoorsKind, Group, GroupId};
use doorstep_core::model::fact::{FactId, Id, Kind, Location, Plan, Resource};
use doorstep_core::model::ids::DoorsName;
use doorstep_core::model::platform_kind::PlatformKind;
use doorstep_core::site::Site;
use doorstep_core::site::catalogue::Catalogue;
use doorstep_vendors::platform::bridge::{BridgedGroup, BridgedUse};

use super::new_site::NewSite;
use super::proposal::{Proposal, proposal};
use super::write::written;
use crate::check::against_survey;
use crate::survey::Survey;

fn new_site() -> NewSite {
    NewSite {
        site: "wharf".to_owned(),
        timezone: None,
        platform: PlatformKind::Spacebring,
        organization: None,
        doors: DoorsKind::Kisi,
        place: Some("33".to_owned()),
        is_sandbox: false,
    }
}

fn plan(id: &str, name: &str) -> (Id, Plan) {
    let plan = Plan {
        name: name.to_owned(),
        location: None,
    };
    (id.into(), plan)
}

fn resource(id: &str, name: &str) -> (Id, Resource) {
    let resource = Resource {
        name: name.to_owned(),
        location: None,
        floor: None,
        parent: None,
    };
    (id.into(), resource)
}

fn group(id: &str, name: &str) -> Group {
    Group {
        id: GroupId(id.to_owned()),
        name: name.to_owned(),
        problem: None,
    }
}

fn bridged(kind: Kind, id: &str, opens_for: BridgedUse, group: &str) -> BridgedGroup {
    BridgedGroup {
        thing: FactId::new(kind, id),
        name: Some(id.to_owned()),
        opens_for,
        doors: Some(DoorsKind::Kisi),
        group: group.to_owned(),
    }
}

/// Two plans, two rooms, an office, a pass and five groups.
fn world(bridged: Vec<BridgedGroup>) -> Survey {
    let location = Location {
        name: "Wharf".to_owned(),
        timezone: Some("Europe/London".to_owned()),
    };
    Survey {
        catalogue: Catalogue {
            locations: BTreeMap::from([("l".into(), location)]),
            plans: BTreeMap::from([plan("p1", "Resident"), plan("p2", "Virtual")]),
            resources: BTreeMap::from([
                resource("r1", "Atelier"),
                resource("r2", "Boardroom"),
                resource("r3", "Office 1"),
            ]),
            passes: Some(["Day pass".to_owned()].into()),
            ..Catalogue::default()
        },
        groups: BTreeMap::from([(
            DoorsName::from("main"),
            vec![
                group("1", "Wharf"),
                group("2", "Rooms"),
                group("3", "Offices"),
                group("4", "Roof"),
                group("5", "Resident"),
            ],
        )]),
        bridged,
    }
}

fn moved(survey: &Survey) -> (String, Proposal) {
    let text = new_site().text(Some(survey));
    let site = Site::parse(&text).expect("a valid file");
    let proposal = proposal(&site, survey);
    let text = written(&text, &proposal, false).expect("a file");
    (text, proposal)
}

/// Returns the rules of a file in one line each, and asserts that the check has no findings.
fn rules(text: &str, survey: &Survey) -> Vec<String> {
    let site = Site::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let findings = against_survey(&site, survey).findings;
    assert_eq!(findings, [], "{text}");
    let rule = |rule: &doorstep_core::site::Rule| {
        format!(
            "{} {:?} {:?}",
            rule.selector.word(),
            rule.wanted,
            rule.opens
        )
    };
    site.rules.iter().map(rule).collect()
}

#[test]
fn v4_the_mapping_of_the_bridge_becomes_rules() {
    let survey = world(vec![
        bridged(Kind::Plan, "p1", BridgedUse::Plan, "1"),
        bridged(Kind::Resource, "r1", BridgedUse::Booking, "2"),
        bridged(Kind::Resource, "r2", BridgedUse::Booking, "2"),
        bridged(Kind::Resource, "r3", BridgedUse::Assignment, "3"),
        bridged(Kind::Pass, "Day pass", BridgedUse::Pass, "1"),
    ]);
    let (text, proposal) = moved(&survey);
    assert_eq!(
        rules(&text, &survey),
        [
            "plan Named([\"Resident\"]) [\"Wharf\"]",
            "resource Named([\"Atelier\", \"Boardroom\"]) [\"Rooms\"]",
            "assignable Named([\"Office 1\"]) [\"Offices\"]",
            "pass Named([\"Day pass\"]) [\"Wharf\"]",
        ]
    );
    assert_eq!(proposal.left_out, []);
    assert_eq!(
        text.matches("# Guess:").count(),
        2,
        "the minutes and the office: {text}"
    );
    assert!(text.contains("# plan = [\"Virtual\"]"), "{text}");
    assert!(
        text.contains("# No rule opens these groups of [doors.main]: \"Resident\", \"Roof\"\n"),
        "{text}"
    );
    assert!(text.contains("timezone = \"Europe/London\"\n"), "{text}");
}

#[test]
fn v4_what_every_membership_on_a_plan_opens_is_a_guess_about_the_plan() {
    let of = |id: &str, group: &str| {
        let opens_for = BridgedUse::Membership(Some("p1".into()));
        bridged(Kind::Membership, id, opens_for, group)
    };
    let survey = world(vec![of("s1", "1"), of("s2", "1")]);
    let (text, _) = moved(&survey);
    assert_eq!(
        rules(&text, &survey),
        ["plan Named([\"Resident\"]) [\"Wharf\"]"]
    );
    assert!(text.contains("# Guess: the platform's own bridge says it at each membership"));
    let (text, proposal) = moved(&world(vec![of("s1", "1"), of("s2", "3")]));
    assert_eq!(proposal.rules, []);
    assert!(
        text.contains("# membership \"s1\" opens group \"1\" by itself."),
        "{text}"
    );
}

#[test]
fn v4_a_membership_that_opens_what_its_plan_opens_adds_nothing() {
    let opens_for = BridgedUse::Membership(Some("p1".into()));
    let survey = world(vec![
        bridged(Kind::Plan, "p1", BridgedUse::Plan, "1"),
        bridged(Kind::Membership, "s1", opens_for.clone(), "1"),
        bridged(Kind::Membership, "s2", opens_for, "3"),
    ]);
    let (text, proposal) = moved(&survey);
    assert_eq!(
        rules(&text, &survey),
        ["plan Named([\"Resident\"]) [\"Wharf\"]"]
    );
    let left_out: Vec<String> = proposal.left_out.iter().map(ToString::to_string).collect();
    assert_eq!(left_out.len(), 1, "{left_out:?}");
    assert!(
        left_out
            .iter()
            .all(|said| said.contains("\"s2\" opens group \"3\""))
    );
}

#[test]
fn v4_a_group_or_a_thing_that_is_not_there_is_said_in_a_comment() {
    let survey = world(vec![
        bridged(Kind::Plan, "p1", BridgedUse::Plan, "77"),
        bridged(Kind::Resource, "gone", BridgedUse::Booking, "2"),
    ]);
    let (text, proposal) = moved(&survey);
    assert_eq!(proposal.rules, []);
    assert!(
        text.contains("# plan \"p1\" opens group \"77\", which these doors do not have."),
        "{text}"
    );
    assert!(
        text.contains(
            "# resource \"gone\" opens group \"2\", but the platform lists no such thing"
        ),
        "{text}"
    );
}

#[test]
fn v4_equal_names_are_guesses_where_there_is_no_bridge() {
    let survey = world(Vec::new());
    let (text, _) = moved(&survey);
    assert_eq!(
        rules(&text, &survey),
        ["plan Named([\"Resident\"]) [\"Resident\"]"]
    );
    assert!(
        text.contains("# Guess: a group has the same name.\n[[rule]]"),
        "{text}"
    );
}

#[test]
fn v4_a_name_that_is_not_clear_is_written_as_an_id_beside_the_name() {
    let mut survey = world(vec![bridged(Kind::Plan, "p1", BridgedUse::Plan, "1")]);
    survey.catalogue.plans.extend([plan("p3", "Resident")]);
    let (text, _) = moved(&survey);
    assert_eq!(rules(&text, &survey), ["plan Named([\"p1\"]) [\"Wharf\"]"]);
    assert!(text.contains("plan = \"p1\"   # \"Resident\"\n"), "{text}");
}

#[test]
fn v4_a_second_import_adds_nothing() {
    let survey = world(vec![bridged(Kind::Plan, "p1", BridgedUse::Plan, "1")]);
    let (text, _) = moved(&survey);
    let site = Site::parse(&text).expect("a valid file");
    let again = written(&text, &proposal(&site, &survey), false).expect("a file");
    assert_eq!(again, text);
}

#[test]
fn v4_comments_and_order_of_a_file_stay() {
    let survey = world(vec![
        bridged(Kind::Plan, "p1", BridgedUse::Plan, "1"),
        bridged(Kind::Resource, "r1", BridgedUse::Booking, "2"),
    ]);
    let head = new_site().text(Some(&survey));
    let own = "\n# Residents, since 2019\n[[rule]]\nopens   = ['Wharf']   # the front\nplan = \"Resident\"\n\n[guard]\nshare = 0.3 # by hand\n# the end\n";
    let text = format!("{head}{own}");
    let site = Site::parse(&text).expect("a valid file");
    let after = written(&text, &proposal(&site, &survey), false).expect("a file");
    for line in text.lines() {
        assert!(
            after.lines().any(|kept| kept == line),
            "{line} is gone: {after}"
        );
    }
    let place = |what: &str| after.find(what).expect("it is there");
    assert!(
        place("# Residents, since 2019") < place("\"Atelier\""),
        "{after}"
    );
    assert!(place("\"Atelier\"") < place("[guard]"), "{after}");
    assert!(
        place("share = 0.3 # by hand") < place("# the end"),
        "{after}"
    );
    assert_eq!(rules(&after, &survey).len(), 2);
}

#[test]
fn v4_a_hostile_name_stays_a_name() {
    let mut survey = world(vec![bridged(Kind::Plan, "p1", BridgedUse::Plan, "1")]);
    let name = "Hot\"\"\"desk\n[[rule]]\nplan = '*' # \\ \u{7f}\u{1}";
    survey
        .catalogue
        .plans
        .extend([plan("p1", name), plan("p9", name), plan("p8", "a\nb = 1")]);
    let (text, _) = moved(&survey);
    assert_eq!(rules(&text, &survey), ["plan Named([\"p1\"]) [\"Wharf\"]"]);
    survey.catalogue.plans.remove("p9");
    let (text, _) = moved(&survey);
    let site = Site::parse(&text).expect("a valid file");
    assert_eq!(site.rules.len(), 1, "{text}");
}

#[test]
fn v4_rules_that_are_one_value_are_refused() {
    let survey = world(vec![bridged(Kind::Plan, "p1", BridgedUse::Plan, "1")]);
    let text = new_site().text(None);
    let site = Site::parse(&text).expect("a valid file");
    let proposal = proposal(&site, &survey);
    let refused = written(&format!("rule = []\n{text}"), &proposal, false);
    assert!(refused.is_err_and(|error| error.to_string().contains("[[rule]]")));
}

#[test]
fn v4_only_the_locations_of_the_file_are_moved_in() {
    let mut survey = world(vec![
        bridged(Kind::Plan, "p1", BridgedUse::Plan, "1"),
        bridged(Kind::Plan, "p3", BridgedUse::Plan, "2"),
        bridged(Kind::Resource, "r9", BridgedUse::Booking, "2"),
    ]);
    let elsewhere = Some("far".into());
    let far = Location {
        name: "Far".to_owned(),
        timezone: None,
    };
    survey.catalogue.locations.insert("far".into(), far);
    let (id, mut plan) = plan("p3", "Resident");
    plan.location.clone_from(&elsewhere);
    survey.catalogue.plans.insert(id, plan);
    let (id, mut room) = resource("r9", "Far room");
    room.location = elsewhere;
    survey.catalogue.resources.insert(id, room);
    let head = new_site().text(Some(&survey));
    let text = head.replace("[platform]\n", "[platform]\nlocations = [\"Wharf\"]\n");
    let site = Site::parse(&text).expect("a valid file");
    let proposal = proposal(&site, &survey);
    assert_eq!(proposal.left_out, []);
    let text = written(&text, &proposal, false).expect("a file");
    assert!(!text.contains("Far room"), "{text}");
    assert_eq!(proposal.rules.len(), 1, "{text}");
}
