//! What a site file would change is known before it does: looked at, nothing is written; pushed, it
//! is in force at once.

use serde_json::{Value, json};

use super::{PLAN, ROOM, booking, hot_desk, town};
use crate::support::{Doors, DoorsFixture, SITE, Scenario, World, at_both};
use doorstep_cloud::store::site_version::SiteVersion;
use doorstep_core::model::ids::SiteId;
use doorstep_local::{Data, Machine, Setup};
use doorstep_operator::push::PushPreview;

at_both!(
    b2_the_diff_says_what_would_change_and_why_and_changes_nothing,
    b2_what_was_pushed_is_done_and_then_the_diff_is_empty,
    b2_people_who_are_inside_already_are_shown_as_adopted,
    b2_in_observe_the_diff_is_that_of_full_and_says_so,
    b2_in_grant_only_the_diff_takes_nothing,
    b2_accounts_that_would_be_suspended_are_shown,
    b2_a_person_whose_account_is_ambiguous_is_shown_as_a_problem,
    b2_findings_name_their_line_and_nothing_is_stored,
    b2_a_vendor_that_cannot_be_read_refuses_the_push,
    b2_a_site_can_be_paused_while_a_vendor_is_away,
);

/// Ada has access and loses her membership, Bob gets one, and no webhook was sent.
async fn unlinked(at: Doors, doors_say: &str) -> (World, Scenario) {
    let scenario = || Scenario::at(at, PLAN).doors_say(doors_say);
    let fixture = DoorsFixture::with(&["Members", "Meeting"])
        .person("mallory")
        .inside("mallory", "Members");
    let world = scenario()
        .begin(town(json!({ "memberships": [hot_desk("ada")] })), fixture)
        .await;
    assert!(world.inside("Members").await.contains(&"ada".to_owned()));
    world
        .change(json!({ "memberships": [hot_desk("bob")], "remove": { "memberships": ["s-ada"] } }))
        .await;
    (world, scenario())
}

/// The group of this name in a diff.
fn group<'a>(shown: &'a Value, name: &str) -> &'a Value {
    let groups = shown["diff"]["groups"].as_array().expect("groups");
    groups
        .iter()
        .find(|group| group["name"] == name)
        .unwrap_or(&Value::Null)
}

/// Whose addresses are in a list of changes.
fn whose(changes: &Value) -> Vec<String> {
    let who = |change: &Value| {
        let email = change
            .pointer("/who/email")
            .or(change.get("email"))
            .and_then(Value::as_str);
        email.map(|email| email.split('@').next().unwrap_or_default().to_owned())
    };
    changes
        .as_array()
        .map(|changes| changes.iter().filter_map(who).collect())
        .unwrap_or_default()
}

async fn diff(world: &World, text: &str) -> Value {
    let shown = world.machine.diff(text).await.expect("a diff");
    // What is sent is what is read again by the operator's command.
    let value = serde_json::to_value(&shown).expect("JSON");
    let read: PushPreview = serde_json::from_value(value.clone()).expect("the same again");
    assert_eq!(read.diff, shown.diff);
    value
}

async fn printed(world: &World, text: &str) -> String {
    world
        .machine
        .diff(text)
        .await
        .expect("a diff")
        .diff
        .expect("one")
        .to_string()
}

async fn version(world: &World) -> Option<u64> {
    world
        .machine
        .environment()
        .store
        .active(&SiteId::from(SITE))
        .await
        .expect("the table")
        .map(|stored| stored.n)
}

async fn b2_the_diff_says_what_would_change_and_why_and_changes_nothing(at: Doors) {
    let (world, scenario) = unlinked(at, "").await;
    let text = scenario.text() + ROOM;
    let (state, table) = (world.state().await, world.table().await);
    world.forget_calls(at.word()).await;
    let shown = diff(&world, &text).await;
    let members = group(&shown, "Members");
    assert_eq!(whose(&members["opens"]), ["bob"]);
    let rule = text
        .lines()
        .position(|line| line == "[[rule]]")
        .expect("a rule")
        + 1;
    assert_eq!(
        members["opens"][0]["because"],
        format!("membership s-bob by rule 1 (line {rule})")
    );
    assert_eq!(members["opens"][0]["who"]["name"], "Bob Noyce");
    assert_eq!(whose(&members["closes"]), ["ada"]);
    assert_eq!(
        members["closes"][0]["because"],
        format!("no longer so: membership s-ada by rule 1 (line {rule})")
    );
    assert_eq!(
        whose(&members["foreign"]),
        ["mallory"],
        "who is not ours is shown, and stays"
    );
    let accounts = shown["diff"]["accounts"].as_array().expect("accounts");
    assert_eq!(
        (accounts.len(), &accounts[0]["what"]),
        (1, &json!("made")),
        "for Bob, who has none: {accounts:?}"
    );
    let counts = &shown["diff"]["counts"];
    assert_eq!(
        (&counts["opens"], &counts["closes"], &counts["foreign"]),
        (&json!(1), &json!(1), &json!(1))
    );
    let printed = printed(&world, &text).await;
    for line in [
        "  + Bob Noyce <bob@example.test>: membership s-bob",
        "  - Ada Byron <ada@example.test>: no longer so",
    ] {
        assert!(printed.contains(line), "{printed}");
    }
    assert_eq!(world.state().await, state, "nothing changes at the doors");
    assert_eq!(world.table().await, table, "nor in the table");
    let writes: Vec<String> = world
        .calls(at.word())
        .await
        .into_keys()
        .filter(|call| is_change(call))
        .collect();
    assert_eq!(writes, [""; 0], "they are only read");
}

fn is_change(call: &str) -> bool {
    !call.starts_with("GET ") && !call.ends_with("/token")
}

async fn b2_what_was_pushed_is_done_and_then_the_diff_is_empty(at: Doors) {
    let (world, scenario) = unlinked(at, "foreign = \"remove\"").await;
    world
        .change(
            json!({ "bookings": [booking("eve", "2026-03-02T07:30:00Z", "2026-03-02T09:00:00Z")] }),
        )
        .await;
    let text = scenario.text() + ROOM;
    let shown = world.machine.push(&text).await.expect("a push");
    assert_eq!(
        (shown.stored, shown.version, shown.findings.len()),
        (true, Some(2), 0)
    );
    let said = serde_json::to_value(&shown).expect("JSON");
    assert_eq!(whose(&group(&said, "Meeting")["opens"]), ["eve"]);
    assert_eq!(whose(&group(&said, "Members")["opens"]), ["bob"]);
    assert_eq!(
        world.inside("Meeting").await,
        ["eve"],
        "a reconcile was asked for, which does what the diff said"
    );
    assert_eq!(world.inside("Members").await, ["bob"]);
    world.reconcile().await;
    let after = world
        .machine
        .drift(&SiteId::from(SITE))
        .await
        .expect("a diff")
        .diff
        .expect("one");
    assert!(after.is_empty(), "{after}");
    assert!(
        after.to_string().contains("nothing would change"),
        "{after}"
    );
    let same = world.machine.push(&text).await.expect("the same again");
    assert_eq!(
        (same.stored, same.version, same.diff),
        (false, Some(2), None),
        "it is in force already"
    );
    world.ends_well().await;
}

async fn b2_people_who_are_inside_already_are_shown_as_adopted(at: Doors) {
    let fixture = DoorsFixture::with(&["Members"])
        .person("ada")
        .inside("ada", "Members");
    let fixture = fixture
        .person("mallory")
        .inside("mallory", "Members")
        .inside("ops", "Members");
    let scenario = || Scenario::at(at, PLAN).doors_say("foreign = \"remove\"");
    let observing = scenario().mode("observe");
    let world = observing
        .start(
            town(json!({ "memberships": [hot_desk("ada"), hot_desk("bob")] })),
            fixture,
        )
        .await;
    let text = scenario().text();
    let shown = diff(&world, &text).await;
    let members = group(&shown, "Members");
    assert_eq!(whose(&members["adopts"]), ["ada"]);
    assert_eq!(whose(&members["opens"]), ["bob"]);
    assert_eq!(whose(&members["closes"]), ["mallory"], "the protected stay");
    assert_eq!(
        whose(&shown["diff"]["accounts"]),
        ["bob"],
        "Ada has an account"
    );
    let report = world.reconcile().await;
    assert_eq!(
        (report.granted, report.foreign),
        (1, 1),
        "reconcile counts the same in observe: {report:?}"
    );
    world.machine.push(&text).await.expect("a push");
    assert_eq!(world.inside("Members").await, ["ada", "bob", "ops"]);
    assert_eq!(
        world.actions("ada").await,
        [""; 0],
        "nothing was done to her"
    );
    world.ends_well().await;
}

async fn b2_in_observe_the_diff_is_that_of_full_and_says_so(at: Doors) {
    let (world, scenario) = unlinked(at, "").await;
    let (full, observing) = (scenario.text(), scenario.mode("observe").text());
    let (full, observed) = (diff(&world, &full).await, diff(&world, &observing).await);
    assert_eq!(observed["diff"]["groups"], full["diff"]["groups"]);
    assert_eq!(
        (&observed["diff"]["mode"], &full["diff"]["mode"]),
        (&json!("observe"), &json!("full"))
    );
    let printed = printed(&world, &observing).await;
    assert!(
        printed.contains("mode observe would change nothing"),
        "{printed}"
    );
    world.machine.push(&observing).await.expect("a push");
    assert_eq!(
        world.inside("Members").await,
        ["ada", "mallory"],
        "nor is it"
    );
}

async fn b2_in_grant_only_the_diff_takes_nothing(at: Doors) {
    let (world, scenario) = unlinked(at, "foreign = \"remove\"").await;
    let shown = diff(&world, &scenario.mode("grant-only").text()).await;
    let members = group(&shown, "Members");
    assert_eq!(
        (whose(&members["opens"]), whose(&members["closes"])),
        (vec!["bob".to_owned()], vec![])
    );
}

async fn b2_accounts_that_would_be_suspended_are_shown(at: Doors) {
    let (world, scenario) = unlinked(at, "").await;
    let text = scenario.doors_say("without_access = \"suspend\"").text();
    let shown = diff(&world, &text).await;
    let accounts = shown["diff"]["accounts"].as_array().expect("accounts");
    let ada = accounts
        .iter()
        .find(|account| account["who"]["email"] == "ada@example.test")
        .expect("hers");
    assert_eq!(ada["what"], "suspended", "she leaves her last group");
    world.machine.push(&text).await.expect("a push");
    assert_eq!(
        world.account("ada").await["state"],
        "suspended",
        "and so it is"
    );
    assert!(
        world
            .machine
            .drift(&SiteId::from(SITE))
            .await
            .expect("a diff")
            .diff
            .expect("one")
            .is_empty()
    );
}

async fn b2_a_person_whose_account_is_ambiguous_is_shown_as_a_problem(at: Doors) {
    let mut world = Scenario::at(at, PLAN)
        .begin(
            town(json!({})),
            DoorsFixture::with(&["Members"]).person("bob"),
        )
        .await;
    world
        .by_hand(|world| {
            let users = world["users"].as_array_mut().expect("users");
            let mut twin = users
                .iter()
                .find(|user| user["name"] == "bob")
                .expect("his")
                .clone();
            let id = if at == Doors::Kisi {
                "999"
            } else {
                "00000000-0000-4000-8000-000000000999"
            };
            twin["id"] = json!(id);
            if at == Doors::SaltoKs {
                twin["site_user"] = json!("00000000-0000-4000-8000-000000000998");
            }
            users.push(twin);
        })
        .await;
    world
        .change(json!({ "memberships": [hot_desk("bob")] }))
        .await;
    let text = Scenario::at(at, PLAN).text();
    let shown = diff(&world, &text).await;
    let problems = shown["diff"]["problems"].to_string();
    assert!(
        problems.contains("Bob Noyce")
            && problems.contains("several accounts could be this person's"),
        "{shown}"
    );
    assert_eq!(whose(&group(&shown, "Members")["opens"]), [""; 0]);
}

async fn b2_findings_name_their_line_and_nothing_is_stored(at: Doors) {
    let (world, scenario) = unlinked(at, "").await;
    let table = world.table().await;
    let text = scenario
        .text()
        .replace("Hot desk", "Hot dek")
        .replace("[\"Members\"]", "[\"Members\", \"Mebmers\"]");
    let rule = text
        .lines()
        .position(|line| line == "[[rule]]")
        .expect("a rule")
        + 1;
    let shown = world.machine.push(&text).await.expect("an answer");
    assert_eq!((shown.stored, shown.version), (false, Some(1)));
    assert!(
        shown.findings.iter().all(|finding| finding.line == rule),
        "{:?}",
        shown.findings
    );
    let said: Vec<&str> = shown
        .findings
        .iter()
        .map(|finding| finding.message.as_str())
        .collect();
    assert!(
        said[0].contains("no plan is named \"Hot dek\"")
            && said[1].contains("no group is named \"Mebmers\"")
    );
    let broken = world
        .machine
        .push(&scenario.text().replace("[[rule]]", "[[rool]]"))
        .await
        .expect("an answer");
    assert!(
        broken.findings[0].message.contains("no key `rool`") && broken.findings[0].line == rule
    );
    let unprotected = scenario
        .text()
        .replace("owner@example.test", "nobody@example.test");
    let shown = world.machine.push(&unprotected).await.expect("an answer");
    assert!(
        shown.findings[0]
            .message
            .contains("address 2 has no account there"),
        "{:?}",
        shown.findings
    );
    assert!(
        !serde_json::to_string(&shown.findings)
            .expect("JSON")
            .contains("nobody@")
    );
    assert_eq!(world.table().await, table, "nothing is stored");
}

async fn b2_a_vendor_that_cannot_be_read_refuses_the_push(at: Doors) {
    let (mut world, scenario) = unlinked(at, "").await;
    let text = scenario.text() + ROOM;
    let list = "GET /api/v2/organizations/riverside/memberships";
    world
        .platform_faults(json!([{ "match": list, "status": 503, "times": -1 }]))
        .await;
    let shown = diff(&world, &text).await;
    assert!(
        shown["diff"]["problems"]
            .to_string()
            .contains("the list of memberships"),
        "{shown}"
    );
    assert_eq!(
        whose(&group(&shown, "Members")["closes"]),
        [""; 0],
        "what is known goes on"
    );
    let refused = world
        .machine
        .push(&text)
        .await
        .expect_err("not everything could be read");
    assert!(
        refused.is_retryable() && refused.to_string().contains("the list of memberships"),
        "{refused}"
    );
    world
        .platform_faults(json!([{ "match": "*", "status": 503, "times": -1 }]))
        .await;
    assert!(
        world.machine.diff(&text).await.is_err(),
        "names cannot be resolved"
    );
    world.platform_faults(json!([])).await;
    world
        .faults(json!([{ "match": "*", "status": 503, "times": -1 }]))
        .await;
    let refused = world
        .machine
        .push(&text)
        .await
        .expect_err("the doors are away");
    assert!(refused.to_string().contains("main: "), "{refused}");
    assert_eq!(version(&world).await, Some(1), "nothing is stored");
}

async fn b2_a_site_can_be_paused_while_a_vendor_is_away(at: Doors) {
    let (mut world, scenario) = unlinked(at, "").await;
    world
        .faults(json!([{ "match": "*", "status": 503, "times": -1 }]))
        .await;
    let shown = world
        .machine
        .push(&scenario.mode("observe").text())
        .await
        .expect("it is stored");
    assert_eq!((shown.stored, shown.version), (true, Some(2)));
    world.faults(json!([])).await;
    world.reconcile().await;
    assert_eq!(
        world.inside("Members").await,
        ["ada", "mallory"],
        "nothing is done any more"
    );
}

#[tokio::test]
async fn b2_what_opens_within_a_day_is_shown() {
    let world = Scenario::at(Doors::Kisi, ROOM)
        .begin(town(json!({})), DoorsFixture::with(&["Meeting"]))
        .await;
    let soon = booking("eve", "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z");
    let later = booking("ada", "2026-03-04T10:00:00Z", "2026-03-04T11:00:00Z");
    world.change(json!({ "bookings": [soon, later] })).await;
    let text = Scenario::at(Doors::Kisi, ROOM).text();
    let shown = diff(&world, &text).await;
    assert_eq!(whose(&shown["diff"]["soon"]), ["eve"]);
    let first = &shown["diff"]["soon"][0];
    assert_eq!(
        (&first["from"], &first["until"]),
        (
            &json!("2026-03-02T09:45:00Z"),
            &json!("2026-03-02T11:15:00Z")
        )
    );
    assert_eq!(shown["diff"]["counts"]["opens"], 0);
    let printed = printed(&world, &text).await;
    assert!(
        printed.contains("2026-03-02 09:45 main: Meeting for Eve Curie"),
        "{printed}"
    );
}

/// One file gives the group's name, the other its id.
#[tokio::test]
async fn b2_a_push_says_which_other_site_rules_a_group_and_is_stored() {
    let at = Doors::SaltoKs;
    let by_id = PLAN.replace("Members", "00000000-0000-4000-8000-000000000001");
    let mut scenario = Scenario::at(at, PLAN);
    scenario.neighbours = vec![
        Scenario::at(at, &by_id)
            .doors_say("foreign = \"remove\"")
            .named("harbour"),
    ];
    let world = scenario
        .begin(
            town(json!({ "memberships": [hot_desk("ada")] })),
            DoorsFixture::with(&["Members"]),
        )
        .await;
    let text = Scenario::at(at, PLAN)
        .doors_say("foreign = \"remove\"")
        .text();
    let shown = world.machine.push(&text).await.expect("an answer");
    assert_eq!(
        (shown.stored, shown.findings.len()),
        (true, 0),
        "{:?}",
        shown.findings
    );
    let said = serde_json::to_value(&shown).expect("JSON");
    assert!(
        said["diff"]["problems"]
            .to_string()
            .contains("site \\\"harbour\\\" also rules group \\\"Members\\\""),
        "{said}"
    );
    assert_eq!(version(&world).await, Some(2));
}

/// Another SALTO KS site under the same name: nothing that is known of the first counts there, and
/// who was let in at the first stays, which is said.
#[tokio::test]
async fn b2_doors_that_become_others_are_taken_over_anew() {
    let at = Doors::SaltoKs;
    let fixture = DoorsFixture::with(&["Members", "Meeting"]);
    let world = Scenario::at(at, PLAN)
        .start(
            town(json!({ "memberships": [hot_desk("ada")] })),
            fixture.clone(),
        )
        .await;
    world.put_at("5e0c", fixture.world(at)).await;
    world
        .put_at(
            "0ther",
            DoorsFixture::with(&["Members"])
                .person("bob")
                .inside("bob", "Members")
                .world(at),
        )
        .await;
    world.reconcile().await;
    world
        .change_and_deliver(json!({ "memberships": [hot_desk("bob")] }))
        .await;
    let moved = Scenario::at(at, PLAN).text().replace("5e0c", "0ther");
    let shown = world.machine.push(&moved).await.expect("a push");
    let said = serde_json::to_value(&shown).expect("JSON");
    assert!(
        said["diff"]["problems"]
            .to_string()
            .contains("2 memberships that Doorstep granted"),
        "{said}"
    );
    let members = group(&said, "Members");
    assert_eq!(
        whose(&members["opens"]),
        ["ada", "bob"],
        "what is ours there begins anew"
    );
    world.reconcile().await;
    assert_eq!(
        world.lines(&world.get_at("0ther").await, "Members").len(),
        2
    );
    assert_eq!(
        world.lines(&world.get_at("5e0c").await, "Members").len(),
        2,
        "no removal was requested"
    );
    let after = world
        .machine
        .drift(&SiteId::from(SITE))
        .await
        .expect("a diff")
        .diff
        .expect("one");
    assert!(after.is_empty(), "{after}");
}

#[tokio::test]
async fn b2_a_version_is_stored_only_over_the_one_that_was_read() {
    let world = Scenario::at(Doors::Kisi, PLAN)
        .begin(town(json!({})), DoorsFixture::with(&["Members", "Meeting"]))
        .await;
    let store = &world.machine.environment().store;
    let site_route = store
        .site_routes()
        .await
        .expect("the table")
        .pop()
        .expect("a site");
    let before = store.active(&SiteId::from(SITE)).await.expect("the table");
    let text = Scenario::at(Doors::Kisi, &format!("{PLAN}{ROOM}")).text();
    let over = |text: &str| SiteVersion::after(before.as_ref(), text, world.machine.now());
    assert_eq!(
        store
            .store_site_over(before.as_ref(), &site_route, &over(&text))
            .await,
        Ok(2)
    );
    let other = over(&Scenario::at(Doors::Kisi, ROOM).text());
    let late = store
        .store_site_over(before.as_ref(), &site_route, &other)
        .await;
    assert!(
        late.is_err_and(|error| error.is_retryable()),
        "conflict: the item changed since it was read; retrying"
    );
    assert_eq!(version(&world).await, Some(2));
}

/// A deployed stack says of itself what it holds; the one machine does so too.
#[tokio::test]
async fn b2_a_stack_is_found_by_its_name() {
    use doorstep_cloud::environment::Settings;
    use doorstep_cloud::service::AwsCaller;
    let clock = "2026-03-02T08:00:00Z".parse().ok();
    let sites = vec![Scenario::at(Doors::Kisi, PLAN).text()];
    let setup = Setup {
        sites,
        secrets: None,
        clock,
        reconcile: None,
        data: Data::Memory,
    };
    let machine = Machine::start(setup).await.expect("it starts");
    let environment = machine.environment();
    let caller = || {
        let Settings {
            region,
            credentials,
            endpoint,
            ..
        } = environment.settings.clone();
        AwsCaller {
            region,
            credentials,
            endpoint,
        }
    };
    let found = Settings::of_stack("doorstep", caller(), &environment.http)
        .await
        .expect("it is there");
    assert_eq!(found.names(), environment.settings.names());
    assert_eq!(
        (found.stack.as_str(), found.region),
        ("doorstep", environment.settings.region.clone())
    );
    let none = Settings::of_stack("other", caller(), &environment.http)
        .await
        .expect_err("there is none");
    let said = format!(
        "there is no stack \"other\" in {}",
        environment.settings.region
    );
    assert!(none.to_string().contains(&said), "{none}");
}
