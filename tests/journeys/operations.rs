//! What docs/operations.md tells the operator to do, done.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;

use super::{PLAN, hot_desk, town};
use crate::support::{Doors, DoorsFixture, Item, Scenario, Table, World, at_both};

at_both!(
    a_restored_table_knows_again_who_came_since,
    without_taking_the_groups_over_again_who_came_since_stays,
);

impl Table {
    async fn delete(&self, pk: &AttributeValue, sk: &AttributeValue) {
        let delete = self
            .client
            .delete_item()
            .table_name(&self.name)
            .key("pk", pk.clone())
            .key("sk", sk.clone());
        delete.send().await.expect("it deletes");
    }

    /// What infra/restore.sh does: everything is as it was but what happened; and with `read` what
    /// was known of the doors as well.
    async fn restore(&self, then: Vec<Item>, read: bool) {
        let part = |item: &Item, name: &str| item[name].as_s().expect("a key").clone();
        let goes = |item: &Item| {
            let (pk, sk) = (part(item, "pk"), part(item, "sk"));
            let happened =
                pk.ends_with("#audit") || sk.starts_with("records#") || pk.ends_with("#site");
            !happened && sk != "token" && pk != "sites"
        };
        for now in self.items().await.iter().filter(|item| goes(item)) {
            self.delete(&now["pk"], &now["sk"]).await;
        }
        let comes_back = |item: &Item| goes(item) && (read || !part(item, "pk").ends_with("#read"));
        for item in then.into_iter().filter(comes_back) {
            self.client
                .put_item()
                .table_name(&self.name)
                .set_item(Some(item))
                .send()
                .await
                .expect("it writes");
        }
    }
}

/// Ada and Bob are in. Since the table was copied Bob has left and Eve has come.
async fn restored(at: Doors, read: bool) -> World {
    let things = json!({ "memberships": [hot_desk("ada"), hot_desk("bob")] });
    let world = Scenario::at(at, PLAN)
        .begin(town(things), DoorsFixture::with(&["Members"]))
        .await;
    let table = Table::of(&world);
    let then = table.items().await;
    world.clock("2026-03-02T09:00:00Z").await;
    world
        .change_and_deliver(
            json!({ "memberships": [hot_desk("eve")], "remove": { "memberships": ["s-bob"] } }),
        )
        .await;
    assert_eq!(world.inside("Members").await, ["ada", "eve"]);
    world.clock("2026-03-02T10:00:00Z").await;
    table.restore(then, read).await;
    world
}

async fn a_restored_table_knows_again_who_came_since(at: Doors) {
    let world = restored(at, false).await;
    let before = world.state().await;
    world.reconcile().await;
    assert_eq!(world.state().await, before, "nothing changes at the doors");
    world
        .change_and_deliver(json!({ "remove": { "memberships": ["s-eve"] } }))
        .await;
    assert_eq!(world.inside("Members").await, ["ada"]);
    assert_eq!(world.ends_well().await.foreign, 0);
}

/// Why the script forgets what was read of the doors.
async fn without_taking_the_groups_over_again_who_came_since_stays(at: Doors) {
    let world = restored(at, true).await;
    world.reconcile().await;
    assert_eq!(
        world.reconcile().await.foreign,
        1,
        "she looks like a person added by hand"
    );
    world
        .change_and_deliver(json!({ "remove": { "memberships": ["s-eve"] } }))
        .await;
    assert_eq!(world.inside("Members").await, ["ada", "eve"]);
}
