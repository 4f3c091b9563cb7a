//! Lists from the first page to the last, and ids without a record.

use serde_json::{Value, json};

use crate::platform::Span;
use crate::platform::found::Lookup;
use crate::platform::script::{PlatformScript, ScriptedAnswer, answer};
use doorstep_core::model::error::Error;
use doorstep_core::model::fact::{Fact, FactId, Holder, Kind, What};

fn span() -> Span {
    Span {
        changed_since: None,
        checkins_from: "2026-01-10T00:00:00Z".parse().expect("an instant"),
    }
}

fn ids(facts: &[Fact]) -> Vec<&str> {
    facts.iter().map(|fact| fact.id.as_str()).collect()
}

fn page(ids: &[u64], number: u64, total: u64, more: bool) -> ScriptedAnswer {
    let records: Vec<Value> = ids
        .iter()
        .map(|id| json!({ "Id": id, "Name": id.to_string() }))
        .collect();
    answer(
        200,
        json!({ "Records": records, "CurrentPage": number, "TotalItems": total, "HasNextPage": more }),
    )
}

fn list(records: Value) -> ScriptedAnswer {
    let total = records.as_array().map_or(0, Vec::len);
    answer(
        200,
        json!({ "Records": records, "CurrentPage": 1, "TotalItems": total, "TotalPages": 1, "HasNextPage": false }),
    )
}

async fn plans(script: PlatformScript) -> Result<Vec<Fact>, Error> {
    script
        .reader()
        .read(Kind::Plan, &span())
        .await
        .map(|list| list.facts)
}

#[tokio::test]
async fn all_pages_are_read_in_the_order_of_their_ids() {
    let script = PlatformScript::nexudus("").on(
        "billing/tariffs",
        [page(&[1, 2], 1, 3, true), page(&[3], 2, 3, false)],
    );
    assert_eq!(
        ids(&plans(script.clone()).await.expect("a list")),
        ["1", "2", "3"]
    );
    let asked = script.asked();
    assert!(
        asked[1].contains("/api/billing/tariffs?page=1&size=1000&orderBy=Id&dir=1"),
        "{asked:?}"
    );
    assert!(asked[2].contains("page=2"));
}

#[tokio::test]
async fn a_page_may_leave_out_everything_but_its_records() {
    let bare = |ids: &[u64]| {
        answer(
            200,
            json!({ "Records": ids.iter().map(|id| json!({ "Id": id })).collect::<Vec<_>>() }),
        )
    };
    let script = PlatformScript::nexudus("").on("billing/tariffs", [bare(&[1, 2])]);
    assert_eq!(ids(&plans(script).await.expect("a list")), ["1", "2"]);
    let pages = |number: u64| {
        answer(
            200,
            json!({ "Records": [{ "Id": number }], "CurrentPage": number, "TotalPages": 2 }),
        )
    };
    let script = PlatformScript::nexudus("").on("billing/tariffs", [pages(1), pages(2)]);
    assert_eq!(ids(&plans(script).await.expect("a list")), ["1", "2"]);
}

#[tokio::test]
async fn a_list_that_moves_is_read_again_and_then_given_up() {
    let first = || page(&[1, 2], 1, 3, true);
    for moved in [
        page(&[2], 2, 3, false),
        page(&[3], 2, 4, false),
        page(&[], 2, 3, false),
    ] {
        let again = [first(), moved.clone(), page(&[1, 2], 1, 2, false)];
        assert_eq!(
            ids(
                &plans(PlatformScript::nexudus("").on("billing/tariffs", again))
                    .await
                    .expect("a list")
            ),
            ["1", "2"]
        );
        let twice = [first(), moved.clone(), first(), moved];
        assert!(matches!(
            plans(PlatformScript::nexudus("").on("billing/tariffs", twice)).await,
            Err(Error::Retry { .. })
        ));
    }
}

#[tokio::test]
async fn a_bad_page_costs_the_whole_list() {
    for bad in [
        answer(200, "[]"),
        answer(200, "{}"),
        answer(200, r#"{"Records":null}"#),
        answer(200, r#"{"Records":[{"Id":"#),
        page(&[], 2, 3, true),
        page(&[3], 7, 3, false),
        answer(500, "{}"),
        answer(503, "{}"),
        answer(
            200,
            r#"{"Status":500,"Message":"x","Value":null,"WasSuccessful":false,"Errors":[]}"#,
        ),
        answer(200, r#"{"WasSuccessful":false}"#),
    ] {
        let script =
            PlatformScript::nexudus("").on("billing/tariffs", [page(&[1, 2], 1, 3, true), bad]);
        assert!(matches!(plans(script).await, Err(Error::Retry { .. })));
    }
}

#[tokio::test]
async fn one_malformed_record_costs_only_itself() {
    let records = json!([7, { "Name": "nobody" }, { "Id": 1, "CoworkerId": 9, "StartDate": "2026-01-01", "CancellationDate": "soon" },
        { "Id": 2, "CoworkerId": 9, "StartDate": "2026-01-01" }]);
    let script = PlatformScript::nexudus("")
        .on("coworkercontracts", [list(records)])
        .on("contractpausedperiods", [list(json!([]))]);
    let read = script
        .reader()
        .read(Kind::Membership, &span())
        .await
        .expect("a list");
    let unreadable: Vec<String> = read
        .unreadable
        .iter()
        .map(|one| format!("{} {}", one.name, one.field))
        .collect();
    assert_eq!(
        (ids(&read.facts), unreadable),
        (vec!["2"], vec!["membership 1 CancellationDate".to_owned()])
    );
}

#[tokio::test]
async fn a_dead_id_is_gone_only_when_a_good_list_leaves_it_out_too() {
    let booking = FactId::new(Kind::Booking, "5");
    let dead = || answer(500, r#"{"Message":"An error has occurred."}"#);
    let of = |script: PlatformScript| async move {
        script
            .reader()
            .fetch(&FactId::new(Kind::Booking, "5"))
            .await
    };
    for gone in [
        dead(),
        answer(404, "{}"),
        answer(200, r#"{"Status":500,"WasSuccessful":false}"#),
    ] {
        let script = PlatformScript::nexudus("")
            .on("spaces/bookings", [list(json!([]))])
            .on("spaces/bookings/5", [gone]);
        assert_eq!(script.reader().fetch(&booking).await, Ok(Lookup::Missing));
        assert!(
            script
                .asked()
                .iter()
                .any(|asked| asked.contains("Booking_Id=5")),
            "{:?}",
            script.asked()
        );
    }
    let ignored = PlatformScript::nexudus("")
        .on("spaces/bookings", [list(json!([{ "Id": 4 }]))])
        .on("spaces/bookings/5", [dead()]);
    assert_eq!(
        of(ignored).await,
        Ok(Lookup::Missing),
        "a list that ignores the filter and has others"
    );
    let alive = PlatformScript::nexudus("")
        .on("spaces/bookings", [list(json!([{ "Id": 5 }]))])
        .on("spaces/bookings/5", [dead()]);
    assert!(matches!(of(alive).await, Err(Error::Retry { .. })));
    let broken = PlatformScript::nexudus("")
        .on("spaces/bookings", [answer(200, "{}")])
        .on("spaces/bookings/5", [dead()]);
    assert!(matches!(of(broken).await, Err(Error::Retry { .. })));
    let back = answer(
        200,
        r#"{"Id":5,"CoworkerId":9,"FromTime":"2026-03-02T10:00:00Z","ToTime":"2026-03-02T11:00:00Z"}"#,
    );
    let back = PlatformScript::nexudus("")
        .on("spaces/bookings", [list(json!([{ "Id": 5 }]))])
        .on("bookingvisitors", [list(json!([]))])
        .on("spaces/bookings/5", [dead(), back]);
    assert!(of(back).await.expect("an answer").fact().is_some());
    let other = PlatformScript::nexudus("").on("spaces/bookings/5", [answer(200, r#"{"Id":6}"#)]);
    assert!(matches!(of(other).await, Err(Error::Retry { .. })));
}

#[tokio::test]
async fn only_our_businesses_count() {
    let tariffs =
        json!([{ "Id": 1, "BusinessId": 10 }, { "Id": 2, "BusinessId": 20 }, { "Id": 3 }]);
    let both = |organization| {
        PlatformScript::nexudus(organization).on("billing/tariffs", [list(tariffs.clone())])
    };
    assert_eq!(ids(&plans(both("10")).await.expect("a list")), ["1", "3"]);
    assert_eq!(
        ids(&plans(both("10,20")).await.expect("a list")),
        ["1", "2", "3"]
    );
    assert_eq!(
        ids(&plans(both("")).await.expect("a list")),
        ["1", "2", "3"]
    );
    let booked = |id: u64, resource: u64| {
        json!({ "Id": id, "ResourceId": resource, "CoworkerId": 9,
            "FromTime": "2026-03-02T10:00:00Z", "ToTime": "2026-03-02T11:00:00Z" })
    };
    let script = PlatformScript::nexudus("10")
        .on(
            "spaces/bookings",
            [list(json!([booked(1, 5), booked(2, 6)]))],
        )
        .on("bookingvisitors", [list(json!([]))])
        .on(
            "spaces/resources",
            [list(
                json!([{ "Id": 5, "BusinessId": 10 }, { "Id": 6, "BusinessId": 20 }]),
            )],
        )
        .on("sys/floorplandesks", [list(json!([]))]);
    let reader = script.reader();
    assert_eq!(
        ids(&reader
            .read(Kind::Resource, &span())
            .await
            .expect("a list")
            .facts),
        ["5"]
    );
    assert_eq!(
        ids(&reader
            .read(Kind::Booking, &span())
            .await
            .expect("a list")
            .facts),
        ["1"]
    );
}

#[tokio::test]
async fn a_team_shares_the_passes_of_a_person_who_pays() {
    let team = |more: Value| {
        let mut team = json!({ "Id": 3, "TeamMembers": [8, 9], "ShareTimePasses": true });
        team.as_object_mut()
            .expect("a team")
            .extend(more.as_object().expect("fields").clone());
        team
    };
    let holders = async |team: Value| {
        let script = PlatformScript::nexudus("")
            .on(
                "coworkertimepasses",
                [list(json!([{ "Id": 1, "CoworkerId": 9, "TimePassId": 4 }]))],
            )
            .on(
                "billing/timepasses",
                [list(json!([{ "Id": 4, "Name": "Day" }]))],
            )
            .on("spaces/teams", [list(json!([{ "Id": 3 }]))])
            .on("spaces/teams/3", [answer(200, team)]);
        let facts = script
            .reader()
            .read(Kind::Pass, &span())
            .await
            .expect("a list")
            .facts;
        let Some(What::Pass(pass)) = facts.into_iter().next().map(|fact| fact.what) else {
            panic!("a pass")
        };
        assert_eq!(pass.name.as_deref(), Some("Day"));
        pass.holders
    };
    let (own, shared) = (Holder::Member("9".into()), Holder::Team("3".into()));
    assert_eq!(
        holders(team(json!({}))).await,
        [own.clone(), shared.clone()],
        "no shared plan"
    );
    assert_eq!(
        holders(team(json!({ "PayingMemberId": 9 }))).await,
        [own.clone(), shared.clone()]
    );
    assert_eq!(
        holders(team(json!({ "PayingMemberId": 8 }))).await,
        std::slice::from_ref(&own)
    );
    let pooled = json!({ "PayingMemberId": 8, "TransferCreditsToPayingMember": true });
    assert_eq!(holders(team(pooled)).await, [own.clone(), shared]);
    assert_eq!(
        holders(team(json!({ "ShareTimePasses": false }))).await,
        std::slice::from_ref(&own)
    );
    assert_eq!(holders(team(json!({ "TeamMembers": [8] }))).await, [own]);
}
