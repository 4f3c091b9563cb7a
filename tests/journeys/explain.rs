//! Explains why a person can or cannot open a door, in the past, now and in the future; and lists
//! who can.

use serde_json::json;

use super::{PLAN, ROOM, booking, hot_desk, town};
use crate::support::{Doors, DoorsFixture, SITE, Scenario, World, address, at_both};
use doorstep_cloud::store::site_version::Paused;
use doorstep_core::decide::guard::{Hold, Scope, UnconfirmedChange, WaitingChange};
use doorstep_core::model::fact::{FactId, Kind};
use doorstep_core::model::ids::{PersonId, SiteId};
use doorstep_core::model::record::Source;
use doorstep_core::model::subject::Subject;
use doorstep_operator::explain::shape::{
    Answer, Evidence, Explained, GroupExplained, Lack, Missing, Tense,
};
use doorstep_operator::explain::who::{self, Whose};
use doorstep_operator::explain::{self, ExplainQuery, Reach};

at_both!(
    b16_an_answer_begins_with_one_sentence,
    b16_an_answer_from_the_table_alone_calls_no_vendor,
    b3_a_grant_is_explained_by_claim_facts_rule_and_delivery,
    b3_before_between_and_after_a_window_each_instant_is_explained,
    b3_what_was_is_reported_by_records_and_what_should_have_been_by_facts,
    b3_a_person_without_access_gets_the_reason,
    b3_what_the_mode_and_the_vendor_keep_back_is_said,
    b3_what_the_guard_holds_is_said_with_its_checksum,
    b3_a_pause_and_a_platform_that_cannot_be_read_are_said,
    b3_everyone_in_a_group_is_distinguished,
);

/// Explains one person's group.
async fn group(
    world: &World,
    who: &str,
    name: &str,
    at: Option<&str>,
) -> (Explained, GroupExplained) {
    world.machine.quiet().await;
    let wanted = ExplainQuery {
        email: Some(address(who)),
        at: at.map(str::to_owned),
        ..ExplainQuery::default()
    };
    let explained = explain::explain(world.machine.environment(), &SiteId::from(SITE), &wanted)
        .await
        .expect("an answer");
    let explained = explained.expect("a person");
    let group = explained
        .groups
        .iter()
        .find(|group| group.name.as_deref() == Some(name))
        .expect("the group")
        .clone();
    (explained, group)
}

fn missing(lacks: &[Lack]) -> Vec<Missing> {
    lacks.iter().map(|lack| lack.what).collect()
}

/// Returns the answer from the table alone.
async fn from_table(world: &World, who: &str, at: Option<&str>) -> Explained {
    world.machine.quiet().await;
    let wanted = ExplainQuery {
        email: Some(address(who)),
        at: at.map(str::to_owned),
        ..ExplainQuery::default()
    };
    let (environment, site) = (world.machine.environment(), SiteId::from(SITE));
    let answer = explain::explain_within(environment, &site, &wanted, Reach::Table).await;
    answer.expect("an answer").expect("a person")
}

async fn b16_an_answer_begins_with_one_sentence(at: Doors) {
    let things =
        json!({ "bookings": [booking("eve", "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z")] });
    let world = Scenario::at(at, ROOM)
        .begin(town(things), DoorsFixture::with(&["Meeting"]))
        .await;
    let (store, site) = (&world.machine.environment().store, SiteId::from(SITE));
    let text = store.in_force(&site).await.expect("a site").text;
    let line = 1 + text
        .lines()
        .position(|line| line == "[[rule]]")
        .expect("a rule");
    let said = async |at: Option<&str>| {
        let explained = from_table(&world, "eve", at).await;
        explained.sentence(explained.first().expect("a group"))
    };
    let because = format!("because booking b-eve, rule 1, line {line}");
    assert_eq!(
        said(None).await,
        format!("Eve Curie may not open Meeting: it opens at 09:45, {because}.")
    );
    assert_eq!(
        said(Some("2026-03-02 10:30")).await,
        format!("Eve Curie will be able to open Meeting until 11:15, {because}.")
    );
    world.clock("2026-03-02T10:30:00Z").await;
    assert_eq!(
        said(None).await,
        format!("Eve Curie may open Meeting until 11:15, {because}.")
    );
    world.clock("2026-03-03T12:00:00Z").await;
    assert_eq!(
        said(None).await,
        format!(
            "Eve Curie may not open Meeting: the access ended at 11:15 on 2026-03-02, booking b-eve, rule 1, line {line}."
        )
    );
    assert_eq!(
        said(Some("2026-03-02 10:00")).await,
        format!("Eve Curie could open Meeting until 11:15, {because}.")
    );
    world.ends_well().await;
}

async fn b16_an_answer_from_the_table_alone_calls_no_vendor(at: Doors) {
    let fixture = DoorsFixture::with(&["Members"]).person("bob");
    let mut world = Scenario::at(at, PLAN).begin(town(json!({})), fixture).await;
    let bob = world.account("bob").await["id"].clone();
    world
        .by_hand(|fixture| fixture["groups"][0]["members"] = json!([{ "user": bob }]))
        .await;
    world
        .change_and_deliver(json!({ "memberships": [hot_desk("bob")] }))
        .await;
    let vendor = at.word();
    let calls = [world.calls(vendor).await, world.calls("officernd").await];
    let unseen = from_table(&world, "bob", None).await;
    let group = &unseen.groups[0];
    let seen = group.seen.expect("the first reconcile read the doors");
    assert_eq!(
        (group.has, group.may, group.managed, seen.inside),
        (false, true, true, false),
        "Bob was added after the last reconcile"
    );
    assert!(
        group.why.iter().any(|why| why
            == "the last reconcile, at 2026-03-02 08:00, saw no membership that was added by hand"),
        "{:?}",
        group.why
    );
    world.clock("2026-03-02T08:10:00Z").await;
    let before_reconcile = [world.calls(vendor).await, world.calls("officernd").await];
    assert_eq!(calls, before_reconcile, "no vendor is called");
    world.reconcile().await;
    let told = from_table(&world, "bob", None).await;
    let group = &told.groups[0];
    assert_eq!(
        (group.has, group.evidence, group.verdict.answer),
        (true, Evidence::Observed, Answer::Opens)
    );
    assert_eq!(
        told.sentence(group),
        "Bob Noyce may open Members, because the membership was added by hand; facts and rules give it too."
    );
    world.ends_well().await;
}

async fn b3_a_grant_is_explained_by_claim_facts_rule_and_delivery(at: Doors) {
    let world = Scenario::at(at, PLAN)
        .begin(town(json!({})), DoorsFixture::with(&["Members"]))
        .await;
    world
        .change_and_deliver(json!({ "memberships": [hot_desk("ada")] }))
        .await;
    let (explained, group) = group(&world, "ada", "Members", None).await;
    assert_eq!(
        (explained.tense, group.has, group.may, group.evidence),
        (Tense::Present, true, true, Evidence::Claim)
    );
    assert_eq!(explained.person.name.as_deref(), Some("Ada Byron"));
    let because = &group.because[0];
    assert!(because.open);
    assert_eq!(
        (because.rule, because.facts[0].fact.as_str()),
        (1, "membership s-ada")
    );
    let file = world
        .machine
        .environment()
        .store
        .in_force(&SiteId::from(SITE))
        .await
        .expect("a site")
        .text;
    assert_eq!(
        file.lines().nth(because.line - 1),
        Some("[[rule]]"),
        "the line of its rule"
    );
    assert!(because.facts[0].version.is_some() && because.facts[0].known.is_some());
    let Some(Source::Delivery(id)) = &because.facts[0].source else {
        panic!("not by a delivery: {because:?}")
    };
    let claim = group.claim.as_ref().expect("a claim");
    assert_eq!(
        claim.cause.as_deref(),
        Some(format!("delivery {id}").as_str())
    );
    assert_eq!(
        (claim.facts[0].fact.as_str(), claim.facts[0].version),
        ("membership s-ada", because.facts[0].version)
    );
    assert_eq!(group.done.len(), 1);
    // A read that says the same does not take the delivery's place.
    world.reconcile().await;
    let again = super::explain::group(&world, "ada", "Members", None)
        .await
        .1;
    assert_eq!(again.because[0].facts[0].source, because.facts[0].source);
    let text = explained.to_string();
    for word in [
        "Ada Byron <ada@example.test>",
        "has main/Members",
        "membership s-ada",
        "rule 1",
        id,
    ] {
        assert!(text.contains(word), "{word} in {text}");
    }
    world.ends_well().await;
}

async fn b3_before_between_and_after_a_window_each_instant_is_explained(at: Doors) {
    let things =
        json!({ "bookings": [booking("eve", "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z")] });
    let world = Scenario::at(at, ROOM)
        .begin(town(things), DoorsFixture::with(&["Meeting"]))
        .await;
    let (_, before) = group(&world, "eve", "Meeting", None).await;
    assert_eq!(
        (before.has, before.may, missing(&before.lacks)),
        (false, false, vec![Missing::NotYet])
    );
    assert_eq!(
        before.lacks[0].at.map(|at| at.to_string()).as_deref(),
        Some("2026-03-02T09:45:00Z")
    );
    let (explained, then) =
        group(&world, "eve", "Meeting", Some("2026-03-02T10:30:00+00:00")).await;
    assert_eq!(
        (explained.tense, then.has, then.evidence),
        (Tense::Future, true, Evidence::Facts)
    );
    let (_, after) = group(&world, "eve", "Meeting", Some("2026-03-02T11:15:00Z")).await;
    assert_eq!(
        (after.has, missing(&after.lacks)),
        (false, vec![Missing::Over])
    );
    world.at("2026-03-02T10:30:00Z", "Meeting", &["eve"]).await;
    world.at("2026-03-02T12:00:00Z", "Meeting", &[]).await;
    let (_, over) = group(&world, "eve", "Meeting", None).await;
    assert_eq!(
        (over.has, missing(&over.lacks)),
        (false, vec![Missing::Over])
    );
    let (explained, past) = group(&world, "eve", "Meeting", Some("2026-03-02T10:00:00Z")).await;
    assert_eq!(
        (explained.tense, past.has, past.may, past.evidence),
        (Tense::Past, true, true, Evidence::Records)
    );
    assert!(
        past.why[0].contains("booking b-eve by rule 1"),
        "{:?}",
        past.why
    );
    assert_eq!(past.done.len(), 1, "what was done later is not shown of it");
    let (_, early) = group(&world, "eve", "Meeting", Some("2026-03-02T09:00:00Z")).await;
    assert_eq!((early.has, early.lacks[0].what), (false, Missing::NotYet));
    world.ends_well().await;
}

/// Ada's membership is gone; what she had is still told by what was written down.
async fn b3_what_was_is_reported_by_records_and_what_should_have_been_by_facts(at: Doors) {
    let things = json!({ "memberships": [hot_desk("ada")] });
    let world = Scenario::at(at, PLAN)
        .begin(town(things), DoorsFixture::with(&["Members"]))
        .await;
    world.clock("2026-03-02T09:00:00Z").await;
    world
        .change_and_deliver(json!({ "remove": { "memberships": ["s-ada"] } }))
        .await;
    world.clock("2026-03-02T10:00:00Z").await;
    let (_, now) = group(&world, "ada", "Members", None).await;
    assert_eq!(
        (now.has, missing(&now.lacks)),
        (false, vec![Missing::Gone, Missing::NoRule]),
        "{now:?}"
    );
    assert!(
        now.lacks[0].text.contains("membership s-ada is gone")
            && now.lacks[0].text.contains("delivery ")
    );
    assert!(
        now.lacks[1].text.contains("rule 1") && now.lacks[1].text.contains("plan \"Hot desk\"")
    );
    let (_, then) = group(&world, "ada", "Members", Some("2026-03-02T08:30:00Z")).await;
    assert_eq!(
        (then.has, then.may, then.evidence),
        (true, false, Evidence::Records)
    );
    assert!(
        then.why
            .iter()
            .any(|why| why.contains("the person had no access then")),
        "{:?}",
        then.why
    );
    let (_, first) = group(&world, "ada", "Members", Some("2026-03-02T07:00:00Z")).await;
    assert!(!first.has);
    world.ends_well().await;
}

async fn b3_a_person_without_access_gets_the_reason(at: Doors) {
    let things = json!({ "memberships": [hot_desk("ada")] });
    let world = Scenario::at(at, PLAN)
        .begin(town(things), DoorsFixture::with(&["Members"]))
        .await;
    let (explained, eve) = group(&world, "eve", "Members", None).await;
    assert_eq!(
        (eve.has, missing(&eve.lacks)),
        (false, vec![Missing::NoRule])
    );
    assert_eq!(explained.person.profiles, ["member m-eve"]);
    let environment = world.machine.environment();
    let ask = async |wanted: ExplainQuery| {
        explain::explain(environment, &SiteId::from(SITE), &wanted).await
    };
    let by = |profile: &str| ExplainQuery {
        profile: Some(profile.to_owned()),
        ..ExplainQuery::default()
    };
    let known = ask(by("member:m-ada"))
        .await
        .expect("an answer")
        .expect("Ada");
    let id = known.person.id.clone();
    assert!(known.groups[0].has);
    let again = ask(ExplainQuery {
        person: id,
        group: Some("main/members".into()),
        ..ExplainQuery::default()
    })
    .await;
    assert_eq!(again.expect("an answer").expect("Ada").groups, known.groups);
    assert_eq!(ask(by("member:nobody")).await, Ok(None));
    let email = |email: &str| ExplainQuery {
        email: Some(email.into()),
        ..ExplainQuery::default()
    };
    assert_eq!(ask(email("nobody@example.test")).await, Ok(None));
    for wrong in [
        ExplainQuery::default(),
        email("nobody"),
        by("m-ada"),
        by("plan:p-hot"),
        ExplainQuery {
            at: Some("yesterday".into()),
            ..email("ada@example.test")
        },
        ExplainQuery {
            group: Some("Nowhere".into()),
            ..email("ada@example.test")
        },
        ExplainQuery {
            person: Some("p".into()),
            ..email("ada@example.test")
        },
    ] {
        assert!(ask(wrong.clone()).await.is_err(), "{wrong:?}");
    }
    world.ends_well().await;
}

async fn b3_what_the_mode_and_the_vendor_keep_back_is_said(at: Doors) {
    let things = json!({ "memberships": [hot_desk("ada")] });
    let fixture = || DoorsFixture::with(&["Members"]);
    let world = Scenario::at(at, PLAN)
        .mode("observe")
        .begin(town(things.clone()), fixture())
        .await;
    world
        .change_and_deliver(
            json!({ "members": [{ "_id": "m-ada", "name": "Ada Lovelace", "email": "ada@example.test" }] }),
        )
        .await;
    let (_, ada) = group(&world, "ada", "Members", None).await;
    assert!(
        !ada.has && ada.may && missing(&ada.lacks).contains(&Missing::Mode),
        "{ada:?}"
    );

    let mut world = Scenario::at(at, PLAN).start(town(things), fixture()).await;
    let writes = match at {
        Doors::SaltoKs => "POST /v1*",
        Doors::Kisi => "POST *",
    };
    world
        .faults(json!([{ "match": writes, "status": 422, "times": -1 }]))
        .await;
    world.reconcile().await;
    let (explained, ada) = group(&world, "ada", "Members", None).await;
    assert!(!ada.has && ada.may, "{ada:?}");
    let said = missing(&ada.lacks);
    assert!(
        said.contains(&Missing::NotLinked) || said.contains(&Missing::Refused),
        "{ada:?}"
    );
    assert!(!explained.problems.is_empty());
    let refused = world
        .audit()
        .await
        .into_iter()
        .filter(|record| record["what"] == "refused")
        .count();
    assert!(refused >= 1, "a refusal is written down");
    world.faults(json!([])).await;
    world.clock("2026-03-02T08:30:00Z").await;
    assert!(group(&world, "ada", "Members", None).await.1.has);
    let (_, before) = group(&world, "ada", "Members", Some("2026-03-02T08:00:30Z")).await;
    assert!(
        !before.has && missing(&before.lacks).contains(&Missing::Refused),
        "{before:?}"
    );
    let last = world
        .audit()
        .await
        .into_iter()
        .rfind(|record| record["what"] == "granted")
        .expect("a grant");
    assert_eq!(last["due"], "2026-03-02T08:00:00Z", "since then she waited");
    assert!(
        last["delay"]
            .as_str()
            .is_some_and(|delay| delay.starts_with("main: ")),
        "{last}"
    );
    world.ends_in_order().await;
}

async fn b3_everyone_in_a_group_is_distinguished(at: Doors) {
    let things = json!({ "memberships": [hot_desk("ada")],
        "bookings": [{ "_id": "b-x", "resource": "r-board", "member": "m-bob", "location": "l-riverside",
            "start": "2026-03-02T10:00:00Z", "end": "2026-03-02T11:00:00Z", "timezone": "Europe/London" }] });
    let rules = format!("{PLAN}\n[[rule]]\nresource = \"Boardroom\"\nopens = [\"Members\"]\n");
    let fixture = DoorsFixture::with(&["Members"])
        .person("zoe")
        .inside("zoe", "Members")
        .inside("owner", "Members");
    let mut world = Scenario::at(at, &rules).begin(town(things), fixture).await;
    let ask = async |world: &World, at: Option<&str>| {
        let wanted = who::WhoQuery {
            group: "members".into(),
            at: at.map(str::to_owned),
        };
        let told = who::who(world.machine.environment(), &SiteId::from(SITE), &wanted)
            .await
            .expect("an answer");
        let text = told.to_string();
        assert!(
            told.people
                .iter()
                .all(|one| text.contains(one.email.as_deref().unwrap_or("?"))),
            "{text}"
        );
        let who = |email: &str| email.split('@').next().unwrap_or_default().to_owned();
        told.people
            .iter()
            .map(|one| (one.whose, who(one.email.as_deref().unwrap_or_default())))
            .collect::<Vec<_>>()
    };
    let some = |told: &[(Whose, &str)]| {
        told.iter()
            .map(|(whose, who)| (*whose, (*who).to_owned()))
            .collect::<Vec<_>>()
    };
    let now = [
        (Whose::Ours, "ada"),
        (Whose::Protected, "owner"),
        (Whose::Foreign, "zoe"),
    ];
    assert_eq!(ask(&world, None).await, some(&now));
    let later = [(Whose::Ours, "ada"), (Whose::Expected, "bob")];
    assert_eq!(
        ask(&world, Some("2026-03-02T10:30:00Z")).await,
        some(&later)
    );
    world.clock("2026-03-02T12:00:00Z").await;
    assert_eq!(
        ask(&world, Some("2026-03-02T10:30:00Z")).await,
        some(&[(Whose::Ours, "ada"), (Whose::Ours, "bob")])
    );
    assert_eq!(
        ask(&world, Some("2026-03-02T09:00:00Z")).await,
        some(&[(Whose::Ours, "ada")])
    );
    world
        .by_hand(|fixture| fixture["groups"][0]["members"] = json!([]))
        .await;
    assert_eq!(ask(&world, None).await, some(&[(Whose::Missing, "ada")]));
    let wanted = who::WhoQuery {
        group: "Nowhere".into(),
        at: None,
    };
    assert!(
        who::who(world.machine.environment(), &SiteId::from(SITE), &wanted)
            .await
            .is_err()
    );
    world.ends_in_order().await;
}

/// A person keeps a group without an entitlement, because the revoke waits for an approval.
async fn b3_what_the_guard_holds_is_said_with_its_checksum(at: Doors) {
    let things = json!({ "memberships": [hot_desk("ada")] });
    let world = Scenario::at(at, PLAN)
        .begin(town(things), DoorsFixture::with(&["Members"]))
        .await;
    let (environment, now) = (world.machine.environment(), world.machine.now());
    let name = FactId::new(Kind::Membership, "s-ada");
    let known = environment
        .store
        .fact(&SiteId::from(SITE), &name)
        .await
        .expect("it reads")
        .expect("a fact");
    environment
        .store
        .keep_fact(&SiteId::from(SITE), &known.gone(now, Source::Read))
        .await
        .expect("it writes");
    let (_, ada) = group(&world, "ada", "Members", None).await;
    assert!(
        ada.has
            && !ada.may
            && ada
                .why
                .iter()
                .any(|why| why.contains("settle revokes it at the person's next evaluation")),
        "{ada:?}"
    );
    let claim = ada.claim.as_ref().expect("a claim");
    let leaves = UnconfirmedChange::Leaves {
        doors: "main".into(),
        group: ada.group.clone(),
        account: claim.account.clone(),
    };
    let hold = Hold {
        checksum: "0123456789abcdef".into(),
        site: SITE.into(),
        scope: Scope::Site,
        revokes: 1,
        accounts: 0,
        cards: 0,
        rests: 0,
        moves: 0,
        version: 0,
        reason: "half of all people".into(),
        since: now,
        reported: now,
        approved: None,
        pieces: 0,
    };
    let who = Subject::Person(PersonId::from(String::new()));
    let waiting = WaitingChange::new(leaves, who);
    environment
        .store
        .put_hold(&hold, &[waiting])
        .await
        .expect("it writes");
    let (_, ada) = group(&world, "ada", "Members", None).await;
    let said = ada
        .why
        .iter()
        .find(|why| why.contains("the guard holds"))
        .expect("it is said");
    assert!(
        said.contains("half of all people") && said.contains("0123456789abcdef"),
        "{said}"
    );
}

async fn b3_a_pause_and_a_platform_that_cannot_be_read_are_said(at: Doors) {
    let things =
        json!({ "bookings": [booking("eve", "2026-03-03T10:00:00Z", "2026-03-03T11:00:00Z")] });
    let mut scenario = Scenario::at(at, ROOM);
    scenario.cadence = Some(std::time::Duration::from_secs(3600));
    let mut world = scenario
        .begin(town(things), DoorsFixture::with(&["Meeting"]))
        .await;
    world
        .platform_faults(json!([{ "match": "*", "status": 500, "times": -1 }]))
        .await;
    world.clock("2026-03-03T10:30:00Z").await;
    let (explained, eve) = group(&world, "eve", "Meeting", None).await;
    assert!(
        !eve.has && eve.may && missing(&eve.lacks).contains(&Missing::Unread),
        "{eve:?}"
    );
    assert!(
        explained
            .remarks
            .iter()
            .any(|remark| remark.contains("could not be read for a day"))
    );
    let store = &world.machine.environment().store;
    let stored = store.in_force(&SiteId::from(SITE)).await.expect("a site");
    let paused = Paused {
        at: world.machine.now(),
        why: Some("the fair".into()),
    };
    store
        .pause_site(&SiteId::from(SITE), &stored, Some(paused))
        .await
        .expect("it writes");
    let (explained, eve) = group(&world, "eve", "Meeting", None).await;
    assert!(missing(&eve.lacks).contains(&Missing::Paused), "{eve:?}");
    assert!(
        explained
            .remarks
            .iter()
            .any(|remark| remark.contains("the fair")),
        "{:?}",
        explained.remarks
    );
}

#[tokio::test]
async fn b3_a_seat_that_is_missing_is_said_and_who_was_let_in_by_hand() {
    let things = json!({ "memberships": [hot_desk("ada")] });
    let fixture = DoorsFixture::with(&["Members"]).says("seats", json!(2));
    let world = Scenario::at(Doors::SaltoKs, PLAN)
        .begin(town(things), fixture)
        .await;
    let (explained, ada) = group(&world, "ada", "Members", None).await;
    assert!(!ada.has && ada.may && ada.claim.is_some(), "{ada:?}");
    assert_eq!(missing(&ada.lacks), [Missing::Seat]);
    assert!(!explained.person.accounts[0].active);

    let world = Scenario::at(Doors::SaltoKs, PLAN)
        .begin(
            town(json!({})),
            DoorsFixture::with(&["Members"]).person("bob"),
        )
        .await;
    let mut world = world;
    world
        .by_hand(|fixture| {
            let bob = fixture["users"]
                .as_array()
                .expect("users")
                .iter()
                .find(|user| user["email"] == "bob@example.test");
            fixture["groups"][0]["members"] = json!([{ "user": bob.expect("Bob")["id"] }]);
        })
        .await;
    world
        .change_and_deliver(json!({ "memberships": [hot_desk("bob")] }))
        .await;
    let (_, bob) = group(&world, "bob", "Members", None).await;
    assert!(
        bob.claim.is_none() && bob.has && bob.evidence == Evidence::Doors,
        "{bob:?}"
    );
    world.ends_well().await;
}

#[tokio::test]
async fn v2_a_closed_day_is_said_with_what_would_be_open_otherwise() {
    let rules = format!("{PLAN}[[closed]]\ndays = \"2026-03-02\"\n");
    let things = json!({ "memberships": [hot_desk("ada")] });
    let world = Scenario::at(Doors::Kisi, &rules)
        .begin(town(things), DoorsFixture::with(&["Members"]))
        .await;
    let (_, told) = group(&world, "ada", "Members", None).await;
    assert_eq!(missing(&told.lacks), [Missing::Closed]);
    let text = &told.lacks[0].text;
    let (says, of) = (
        "closed since 2026-03-02 00:00 until 2026-03-03 00:00 (line ",
        "otherwise open by membership s-ada",
    );
    assert!(text.starts_with(says) && text.contains(of), "{text}");
    let (_, tomorrow) = group(&world, "ada", "Members", Some("2026-03-03T00:00:00Z")).await;
    assert!(tomorrow.has);
    world.ends_well().await;
}
