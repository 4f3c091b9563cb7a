//! The groups of Nexudus' own bridges.

use serde_json::{Value, json};

use crate::platform::script::{PlatformScript, ScriptedAnswer, answer};
use doorstep_core::model::error::Error;

fn list(records: Value) -> ScriptedAnswer {
    let page = json!({ "Records": records, "CurrentPage": 1, "HasNextPage": false });
    answer(200, page)
}

fn empty_but(path: &'static str, answer: ScriptedAnswer) -> PlatformScript {
    let others = [
        "/billing/tariffs",
        "/billing/timepasses",
        "/spaces/resources",
        "/sys/floorplandesks",
    ];
    let others = others.into_iter().filter(|other| *other != path);
    let script = PlatformScript::nexudus("1").on(path, [answer]);
    others.fold(script, |script, other| script.on(other, [list(json!([]))]))
}

#[tokio::test]
async fn v4_groups_of_passes_resources_and_desks_are_read() {
    let script = PlatformScript::nexudus("1")
        .on("/billing/tariffs", [list(json!([{ "Id": 1, "Name": "Hot desk" }]))])
        .on(
            "/billing/timepasses",
            [list(json!([
                { "Id": 2, "Name": "Day", "KisiGroupId": "7", "AccessControlGroupId": "8", "AccessControlGroupIds": "8, 9" },
            ]))],
        )
        .on(
            "/spaces/resources",
            [list(json!([
                { "Id": 3, "Name": "Boardroom", "BusinessId": 1, "AccessControlGroupId": "g" },
                { "Id": 4, "Name": "Elsewhere", "BusinessId": 2, "AccessControlGroupId": "g" },
                { "Id": 5, "Name": "Blank", "KisiGroupId": "", "AccessControlGroupId": null },
            ]))],
        )
        .on(
            "/sys/floorplandesks",
            [list(json!([{ "Id": 3, "Name": "Desk 1", "FloorPlanBusinessId": 1, "AccessControlGroupId": "d" }]))],
        );
    let bridged = script.reader().bridged().await.expect("an answer");
    let said: Vec<String> = bridged
        .iter()
        .map(|one| {
            let doors = one.doors.map_or("any", |doors| doors.word());
            format!("{} {doors} {} {:?}", one.thing, one.group, one.opens_for)
        })
        .collect();
    assert_eq!(
        said,
        [
            "pass kind-2 kisi 7 Pass",
            "pass kind-2 any 8 Pass",
            "pass kind-2 any 9 Pass",
            "resource 3 any g Booking",
            "resource desk-3 any d Assignment",
        ]
    );
}

#[tokio::test]
async fn v4_a_list_that_cannot_be_read_is_an_error_and_not_an_empty_mapping() {
    for path in [
        "/billing/tariffs",
        "/billing/timepasses",
        "/spaces/resources",
        "/sys/floorplandesks",
    ] {
        let script = empty_but(path, answer(403, "{}"));
        let error = script.reader().bridged().await.err();
        assert!(
            matches!(error, Some(Error::Permanent(_))),
            "{path}: {error:?}"
        );
    }
}
