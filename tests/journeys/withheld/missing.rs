//! An id that is not known for a while, while its list is fine.

use serde_json::{Value, json};

use super::{full, hot_desk, member, names, who};
use crate::support::{Doors, at_both};

at_both!(
    b4_six_minutes_of_404_revoke_nothing_while_the_list_is_fine,
    b4_what_is_missing_by_its_id_and_in_its_list_is_judged_by_the_guard,
    b4_one_that_is_missing_by_its_id_and_in_its_list_goes,
);

async fn b4_six_minutes_of_404_revoke_nothing_while_the_list_is_fine(at: Doors) {
    let cases = [
        (
            "memberships",
            (0..25).map(|n| hot_desk(&who(n))).collect::<Vec<Value>>(),
        ),
        ("members", (0..25).map(member).collect()),
    ];
    for (kind, things) in cases {
        let mut world = full(at, 25).await;
        let by_id = format!("GET */{kind}/*");
        world
            .platform_faults(json!([{ "match": by_id, "status": 404, "times": -1 }]))
            .await;
        world.change_and_deliver(json!({ kind: things })).await;
        world.clock("2026-03-02T08:20:00Z").await;
        assert_eq!(world.inside("Members").await, names(0..25), "{kind}");
        let report = world.reconcile().await;
        assert_eq!(
            (report.revoked, report.untagged, report.held),
            (0, 0, 0),
            "{kind}: {report:?}"
        );
        world.platform_faults(json!([])).await;
        world.ends_well().await;
    }
}

/// Memberships that the platform has no more, and of which it says only that they changed.
fn touched(n: usize) -> Vec<u8> {
    let thing = hot_desk(&who(n));
    let event = json!({ "event": "membership.updated", "eventType": "membership.updated",
        "createdAt": "2026-03-02T08:00:00Z", "data": { "object": thing } });
    event.to_string().into_bytes()
}

async fn b4_what_is_missing_by_its_id_and_in_its_list_is_judged_by_the_guard(at: Doors) {
    let world = full(at, 12).await;
    let gone: Vec<String> = (0..5).map(|n| format!("s-{}", who(n))).collect();
    world
        .change(json!({ "remove": { "memberships": gone } }))
        .await;
    for n in 0..5 {
        assert_eq!(world.deliver(&touched(n)).await, 202);
    }
    world.clock("2026-03-02T08:20:00Z").await;
    assert_eq!(world.inside("Members").await, names(0..12));
    world.reconcile().await;
    assert_eq!(world.holds().await[0].hold.revokes, 5);
    world.approve_all().await;
    assert_eq!(world.inside("Members").await, names(5..12));
    world.ends_well().await;
}

async fn b4_one_that_is_missing_by_its_id_and_in_its_list_goes(at: Doors) {
    let world = full(at, 12).await;
    world
        .change(json!({ "remove": { "memberships": ["s-p00"] } }))
        .await;
    assert_eq!(world.deliver(&touched(0)).await, 202);
    world.clock("2026-03-02T08:20:00Z").await;
    world.reconcile().await;
    assert_eq!(world.inside("Members").await, names(1..12));
    world.ends_well().await;
}
