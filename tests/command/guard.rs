//! `doorstep approve`, against a stack and against a machine.

use serde_json::{Value, json};

use super::Desk;
use super::trust::{run, ways};
use crate::journeys::{PLAN, hot_desk, town};
use crate::support::{Doors, DoorsFixture, SITE, Scenario, address};

/// Twelve people, of whom five vanished from the list.
async fn held() -> Desk {
    let who = |n: usize| format!("p{n:02}");
    let member = |n: usize| json!({ "_id": format!("m-{}", who(n)), "name": who(n), "email": address(&who(n)) });
    let members: Vec<Value> = (0..12).map(member).collect();
    let memberships: Vec<Value> = (0..12).map(|n| hot_desk(&who(n))).collect();
    let things = town(json!({ "members": members, "memberships": memberships }));
    let desk = Desk::at(
        Scenario::at(Doors::Kisi, PLAN)
            .begin(things, DoorsFixture::with(&["Members"]))
            .await,
    )
    .await;
    let gone: Vec<String> = (0..5).map(|n| format!("s-{}", who(n))).collect();
    desk.world
        .change(json!({ "remove": { "memberships": gone } }))
        .await;
    assert_eq!(desk.world.reconcile().await.held, 5);
    desk
}

#[tokio::test(flavor = "multi_thread")]
async fn b4_the_command_shows_what_is_held_and_approves_exactly_that() {
    for one in 0..2 {
        let desk = held().await;
        let way = &ways(&desk)[one];
        let run =
            async |arguments: &[&str]| run(&desk, &[&["approve"], arguments].concat(), way).await;
        let (said, error, code) = run(&[]).await;
        assert_eq!(
            (code, error.as_str()),
            (Some(1), ""),
            "that something waits is a finding: {said}"
        );
        assert!(
            said.contains("- p00 <p00@example.test> leaves main: Members"),
            "{said}"
        );
        let (said, _, code) = run(&["--json", "--site", SITE]).await;
        let held: Value = serde_json::from_str(&said).expect("one JSON document");
        assert_eq!(
            (
                code,
                held[0]["revokes"].as_u64(),
                held[0]["waiting"].as_array().map(Vec::len)
            ),
            (Some(1), Some(5), Some(5))
        );
        let checksum = held[0]["checksum"].as_str().expect("a checksum");
        let (_, error, code) = run(&["0123456789abcdef"]).await;
        assert_eq!(code, Some(2));
        assert!(
            error.contains("no hold has the checksum 0123456789abcdef"),
            "{error}"
        );
        assert_eq!(desk.world.inside("Members").await.len(), 12);
        let (said, error, code) = run(&[checksum]).await;
        assert_eq!((code, error.as_str()), (Some(0), ""), "{said}");
        desk.world.machine.quiet().await;
        assert_eq!(desk.world.inside("Members").await.len(), 7);
        let (said, _, code) = run(&[]).await;
        assert_eq!((code, said.as_str()), (Some(0), "no hold is open\n"));
        desk.world.ends_well().await;
    }
}
