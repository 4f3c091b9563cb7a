//! Teams whose people only a read by id tells, where several can be read together and where they
//! cannot.

use serde_json::json;

use super::{PASSES, pass, town};
use crate::support::{Doors, DoorsFixture, Platform, Scenario};

#[tokio::test]
async fn n3_people_of_teams_are_read_whether_several_ids_can_be_asked_for_or_not() {
    for quirks in [
        &[][..],
        &["no-id-lists"],
        &["ignore-filters"],
        &["no-id-lists", "error-in-200"],
    ] {
        let teams = json!([
            { "Id": 31, "ShareTimePasses": true },
            { "Id": 32, "Name": "Nobody", "BusinessId": 1 },
            { "Id": 33, "Name": "Alone", "BusinessId": 1, "TeamMembers": [13] },
        ]);
        let mut things = town(json!({ "CoworkerTimePasses": [pass(11, 51)] }));
        things["quirks"] = json!(quirks);
        let scenario = Scenario::at(Doors::Kisi, PASSES).on(Platform::Nexudus);
        let world = scenario
            .begin(things, DoorsFixture::with(&["Members"]))
            .await;
        world.change(json!({ "Teams": teams })).await;
        let report = world.reconcile().await;
        assert!(report.reads["nexudus"].complete, "{quirks:?}: {report:?}");
        assert_eq!(world.inside("Members").await, ["ada", "bob"], "{quirks:?}");
        world
            .change(json!({ "Teams": [{ "Id": 31, "TeamMembers": [11] }] }))
            .await;
        assert_eq!(world.reconcile().await.revoked, 1, "{quirks:?}");
        assert_eq!(world.inside("Members").await, ["ada"], "{quirks:?}");
        world.ends_well().await;
    }
}
