//! Whether the platform still tells us anything, and what a bad or forged delivery does.

use serde_json::{Value, json};

use super::{PLAN, begin, booking, contract, town};
use crate::support::{Doors, DoorsFixture, Platform, SECRET, Scenario};

fn hook(action: u64, more: Value) -> Value {
    let url = format!("https://x.lambda-url.eu-west-1.on.aws/hooks/riverside/nexudus/{action}");
    let mut hook = json!({ "Id": 900 + action, "Action": action, "URL": url });
    hook.as_object_mut()
        .expect("a hook")
        .extend(more.as_object().expect("fields").clone());
    hook
}

#[tokio::test]
async fn b12_a_webhook_that_was_silently_switched_off_is_noticed_and_said() {
    let hooks: Vec<Value> = [6, 7, 8, 61].map(|action| hook(action, json!({}))).into();
    let foreign = json!({ "Id": 990, "Action": 6, "URL": "https://elsewhere.example/hooks/harbour/nexudus/6", "Active": false });
    let hooks = [hooks, vec![foreign]].concat();
    let world = begin(
        Doors::Kisi,
        PLAN,
        json!({ "WebHooks": hooks }),
        &["Members"],
    )
    .await;
    let said = async || -> Vec<String> {
        let problems = world.reconcile().await.problems.into_iter();
        problems
            .filter(|problem| problem.contains("webhook"))
            .collect()
    };
    assert_eq!(
        said().await,
        [""; 0],
        "all is well, and others' webhooks are others' business"
    );
    let failing = json!({ "ErrorCount": 3, "LastError": "secret: 500 from ada@example.test" });
    world
        .change(json!({ "WebHooks": [{ "Id": 961, "Active": false }, hook(7, failing)] }))
        .await;
    let problems = said().await;
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(
        problems
            .iter()
            .any(|problem| problem.contains("action 61 (AccessControlUpdate) is switched off")),
        "{problems:?}"
    );
    assert!(
        problems
            .iter()
            .any(|problem| problem.contains("action 7 (BookingUpdate) failed 3 times")),
        "{problems:?}"
    );
    assert!(
        !problems.concat().contains("ada@"),
        "the vendor's error text may contain personal data"
    );
    world
        .change(json!({ "remove": { "WebHooks": [908] } }))
        .await;
    let problems = said().await;
    assert!(
        problems
            .iter()
            .any(|problem| problem.contains("missing for 8 (BookingDelete)")),
        "{problems:?}"
    );
    // The change that it would have reported is found anyway.
    world
        .change(json!({ "CoworkerContracts": [contract(13)] }))
        .await;
    world.reconcile().await;
    assert_eq!(world.inside("Members").await, ["eve"]);
    world.ends_in_order().await;
}

#[tokio::test]
async fn b12_webhooks_that_cannot_be_read_are_a_problem_and_stop_nothing() {
    let mut world = begin(
        Doors::Kisi,
        PLAN,
        json!({ "CoworkerContracts": [contract(13)] }),
        &["Members"],
    )
    .await;
    world
        .platform_faults(json!([{ "match": "GET /sys/webhooks", "status": 403, "times": -1 }]))
        .await;
    let report = world.reconcile().await;
    assert!(
        report
            .problems
            .iter()
            .any(|problem| problem.contains("WebHook-List")),
        "{report:?}"
    );
    assert!(report.reads["nexudus"].complete, "{report:?}");
    assert_eq!(world.inside("Members").await, ["eve"]);
    world.platform_faults(json!([])).await;
    world.ends_well().await;
}

#[tokio::test]
async fn n4_a_forged_path_and_a_replay_cost_a_refetch_and_no_more() {
    let things = json!({ "CoworkerContracts": [contract(13)], "Bookings": [booking(13, "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z")] });
    let world = begin(Doors::Kisi, PLAN, things, &["Members"]).await;
    let before = world.state().await;
    for action in [2, 3, 6, 7, 8, 10, 49, 50, 59, 61, 64, 72, 75, 77] {
        for body in [
            &br#"[{"Id":13,"CoworkerId":13}]"#[..],
            br#"[{"Id":113,"CoworkerId":13,"Active":false}]"#,
            br#"[{"Id":213}]"#,
        ] {
            assert_eq!(world.deliver_to(Some(action), body).await, 202, "{action}");
            assert_eq!(
                world.deliver_to(Some(action), body).await,
                202,
                "{action}, again"
            );
        }
    }
    assert_eq!(world.inside("Members").await, ["eve"]);
    world.clock("2026-03-02T08:30:00Z").await;
    assert_eq!(world.state().await, before, "nothing changed at the doors");
    world.ends_well().await;
}

#[tokio::test]
async fn n4_a_dead_id_takes_nothing_while_a_list_has_it_or_cannot_be_read() {
    let mut world = begin(
        Doors::Kisi,
        PLAN,
        json!({ "CoworkerContracts": [contract(13)] }),
        &["Members"],
    )
    .await;
    let dead =
        json!({ "match": "GET /api/billing/coworkercontracts/113", "status": 500, "times": -1 });
    world.platform_faults(json!([dead])).await;
    assert_eq!(world.deliver_to(Some(77), br#"[{"Id":113}]"#).await, 202);
    assert_eq!(world.inside("Members").await, ["eve"]);
    world
        .platform_faults(json!([dead, { "match": "GET /api/billing/coworkercontracts", "status": 500, "times": -1 }]))
        .await;
    assert_eq!(world.deliver_to(Some(77), br#"[{"Id":113}]"#).await, 202);
    world.clock("2026-03-02T08:20:00Z").await;
    assert_eq!(world.inside("Members").await, ["eve"]);
    world.platform_faults(json!([])).await;
    world.clock("2026-03-02T08:30:00Z").await;
    assert_eq!(world.inside("Members").await, ["eve"]);
    world.ends_in_order().await;
}

#[tokio::test]
async fn whatever_does_not_verify_is_refused_alike_and_an_address_without_an_action_does_not_exist()
{
    let world = begin(
        Doors::Kisi,
        PLAN,
        json!({ "CoworkerContracts": [contract(13)] }),
        &["Members"],
    )
    .await;
    let body = br#"[{"Id":113}]"#;
    let good = world.platform.sign(SECRET, 0, body);
    let (odd, long, text) = (
        good[1..].to_owned(),
        "AB".repeat(32 << 10),
        good.replace(|c: char| c.is_ascii_digit(), "Z"),
    );
    let wrong = world.platform.sign("wrong", 0, body);
    let twice = [good.as_str(), good.as_str()];
    let path = "/hooks/riverside/nexudus/60";
    for headers in [
        &[][..],
        &[""],
        &[&odd],
        &[&long],
        &[&text],
        &[&wrong],
        &twice,
    ] {
        assert_eq!(world.post_to(path, headers, body).await, 401);
    }
    assert_eq!(
        world.post_to(path, &[&good], b"[{\"Id\":114}]").await,
        401,
        "another body"
    );
    assert_eq!(
        world.post_to(path, &[&good.to_lowercase()], body).await,
        202
    );
    let none = [
        "/hooks/riverside/nexudus",
        "/hooks/riverside/nexudus/",
        "/hooks/riverside/nexudus/60/",
        "/hooks/riverside/nexudus/60/1",
    ];
    for path in none.into_iter().chain([
        "/hooks/riverside/officernd",
        "/hooks/riverside/officernd/60",
        "/hooks/nowhere/nexudus/60",
    ]) {
        assert_eq!(world.post_to(path, &[&good], body).await, 404, "{path}");
    }
    assert_eq!(
        world
            .post_to("/hooks/riverside/nexudus/16", &[&good], body)
            .await,
        202,
        "none of our business"
    );
    world.ends_well().await;
}

#[tokio::test]
async fn a_verified_body_that_cannot_be_read_is_kept_said_and_made_good() {
    let world = begin(Doors::Kisi, PLAN, json!({}), &["Members"]).await;
    world
        .change(json!({ "CoworkerContracts": [contract(13)] }))
        .await;
    let bodies: [&[u8]; 6] = [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"[{}]",
        br#"[{"Id":1,"Id":2}]"#,
    ];
    for body in bodies {
        assert_eq!(world.deliver_to(Some(60), body).await, 202);
    }
    assert_eq!(
        world.inside("Members").await,
        ["eve"],
        "the reconcile that it rings finds what it was about"
    );
    let report = world.ends_well().await;
    assert!(
        report
            .problems
            .iter()
            .any(|problem| problem.contains("6 verified deliveries could not be read")),
        "{report:?}"
    );
}

#[tokio::test]
async fn a_bad_read_revokes_nothing() {
    let things = json!({ "CoworkerContracts": (11..=13).map(contract).collect::<Vec<_>>() });
    let mut world = begin(Doors::Kisi, PLAN, things, &["Members"]).await;
    for fault in [
        json!({ "match": "GET /api/billing/coworkercontracts", "status": 200, "times": -1,
            "body": "{\"Records\":[],\"CurrentPage\":1,\"TotalItems\":0,\"TotalPages\":0,\"HasNextPage\":false}" }),
        json!({ "match": "GET /api/billing/coworkercontracts", "status": 200, "body": "{\"Status\":500,\"WasSuccessful\":false}", "times": -1 }),
        json!({ "match": "GET *", "status": 503, "times": -1 }),
        json!({ "match": "* /api/token", "status": 401, "times": -1 }),
    ] {
        world.platform_faults(json!([fault])).await;
        let report = world.reconcile().await;
        assert_eq!(report.revoked, 0, "{fault}: {report:?}");
        assert_eq!(
            world.inside("Members").await,
            ["ada", "bob", "eve"],
            "{fault}"
        );
    }
    world.platform_faults(json!([])).await;
    world.ends_in_order().await;
    assert_eq!(world.inside("Members").await, ["ada", "bob", "eve"]);
}

#[tokio::test]
async fn b12_webhooks_are_of_one_location_and_a_location_without_them_is_said() {
    let at = |business: u64, actions: &[u64]| -> Vec<Value> {
        let more = |action: &u64| json!({ "Id": business * 1000 + action, "BusinessId": business });
        actions
            .iter()
            .map(|action| hook(*action, more(action)))
            .collect()
    };
    let hooks = [at(1, &[6, 7, 8, 61]), at(2, &[6, 7, 8])].concat();
    for (limit, said) in [
        ("", 1),
        ("locations = [\"Riverside\"]\n", 0),
        ("locations = [\"2\"]\n", 1),
    ] {
        let scenario = Scenario::at(Doors::Kisi, PLAN)
            .on(Platform::Nexudus)
            .platform_says(limit);
        let world = scenario
            .begin(
                town(json!({ "WebHooks": hooks })),
                DoorsFixture::with(&["Members"]),
            )
            .await;
        let report = world.ends_well().await;
        let problems: Vec<&String> = report
            .problems
            .iter()
            .filter(|problem| problem.contains("webhook"))
            .collect();
        assert_eq!(problems.len(), said, "{limit}: {problems:?}");
        let missing = "at location Harbour (2) webhooks are missing for 61 (AccessControlUpdate)";
        assert!(
            problems.iter().all(|problem| problem.contains(missing)),
            "{problems:?}"
        );
    }
}
