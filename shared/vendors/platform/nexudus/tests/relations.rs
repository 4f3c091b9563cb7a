//! References and relations, where a list or a lookup by id shows less than exists.

use serde_json::{Value, json};

use crate::platform::found::Lookup;
use crate::platform::relation::Relation;
use crate::platform::script::{PlatformScript, ScriptedAnswer, answer};
use crate::platform::{ReadPlatform, Span};
use doorstep_core::model::error::Error;
use doorstep_core::model::fact::{FactId, Holder, Kind, What};

fn span() -> Span {
    Span {
        changed_since: None,
        checkins_from: "2026-01-10T00:00:00Z".parse().expect("an instant"),
    }
}

fn list(records: Value) -> ScriptedAnswer {
    answer(
        200,
        json!({ "Records": records, "CurrentPage": 1, "HasNextPage": false }),
    )
}

fn team(id: u64, people: &[u64]) -> Value {
    json!({ "Id": id, "TeamMembers": people })
}

/// Returns the teams of coworker 9, from the list of coworkers.
async fn teams(reader: &dyn ReadPlatform) -> Vec<String> {
    let listed = reader.read(Kind::Member, &span()).await.expect("a list");
    let Some(What::Member(profile)) = listed.facts.into_iter().next().map(|fact| fact.what) else {
        return Vec::new();
    };
    profile.teams.iter().map(ToString::to_string).collect()
}

fn two_teams() -> PlatformScript {
    PlatformScript::nexudus("")
        .on("spaces/coworkers", [list(json!([{ "Id": 9 }]))])
        .on(
            "spaces/teams?page",
            [list(json!([{ "Id": 3 }, { "Id": 4 }]))],
        )
        .on("spaces/teams/3", [answer(200, team(3, &[9]))])
        .on("spaces/teams/4", [answer(200, team(4, &[9]))])
}

#[tokio::test]
async fn teams_are_read_together_where_that_is_answered_and_else_one_by_one() {
    let both = json!([team(3, &[9]), team(4, &[9])]);
    let together = two_teams().on("id=%5B3%2C4%5D", [list(both.clone())]);
    assert_eq!(teams(together.reader().as_ref()).await, ["3", "4"]);
    assert!(
        together.requests("spaces/teams/").is_empty(),
        "{:?}",
        together.asked()
    );
    let bare = list(json!([{ "Id": 3 }, { "Id": 4 }]));
    let empty = list(json!([team(3, &[]), team(4, &[])]));
    let another = list(json!([team(5, &[9])]));
    let twice = list(json!([team(3, &[]), team(3, &[])]));
    for refusal in [
        answer(400, "{}"),
        answer(500, "{}"),
        answer(200, "[]"),
        bare,
        empty,
        another,
        twice,
    ] {
        let script = two_teams().on("id=%5B3%2C4%5D", [refusal]);
        assert_eq!(teams(script.reader().as_ref()).await, ["3", "4"]);
        assert_eq!(script.requests("spaces/teams/").len(), 2);
    }
    // A team that is missing from the response, or that seems to be empty, is fetched by its id.
    for one in [json!([team(3, &[9])]), json!([team(3, &[9]), team(4, &[])])] {
        let script = two_teams().on("id=%5B3%2C4%5D", [list(one)]);
        assert_eq!(teams(script.reader().as_ref()).await, ["3", "4"]);
        assert_eq!(
            (
                script.requests("spaces/teams/3").len(),
                script.requests("spaces/teams/4").len()
            ),
            (0, 1)
        );
    }
}

#[tokio::test]
async fn what_teams_that_were_read_together_remove_is_confirmed_by_the_id() {
    let both = json!([team(3, &[8]), team(4, &[8])]);
    let script = two_teams().on("id=%5B3%2C4%5D", [list(both)]);
    let reader = script.reader();
    assert_eq!(teams(reader.as_ref()).await, [""; 0]);
    let member = |team: &str| Relation::TeamMember {
        team: team.into(),
        member: "9".into(),
    };
    assert_eq!(reader.confirms(&member("3")).await, Ok(true));
    assert_eq!(reader.confirms(&member("3")).await, Ok(true));
    assert_eq!(script.requests("spaces/teams/3").len(), 1, "once");
}

#[tokio::test]
async fn a_team_that_does_not_say_its_people_is_no_word_on_them() {
    let relation = Relation::TeamMember {
        team: "3".into(),
        member: "9".into(),
    };
    for bad in [
        answer(200, "{}"),
        answer(200, r#"{"Id":3}"#),
        answer(200, r#"{"Id":4,"TeamMembers":[]}"#),
    ] {
        let script = PlatformScript::nexudus("").on("spaces/teams/3", [bad]);
        let reader = script.reader();
        assert!(matches!(
            reader.confirms(&relation).await,
            Err(Error::Retry { .. })
        ));
        assert!(
            reader.confirms(&relation).await.is_err(),
            "it is asked for once"
        );
        assert_eq!(script.requests("spaces/teams/3").len(), 1);
    }
    let none = PlatformScript::nexudus("").on("spaces/teams/3", [answer(200, team(3, &[]))]);
    assert_eq!(none.reader().confirms(&relation).await, Ok(false));
    let there = PlatformScript::nexudus("").on("spaces/teams/3", [answer(200, team(3, &[9]))]);
    assert_eq!(there.reader().confirms(&relation).await, Ok(true));
    let bare = PlatformScript::nexudus("").on(
        "spaces/coworkers/9",
        [answer(200, r#"{"Id":9,"FullName":"Ada"}"#)],
    );
    let found = bare.reader().fetch(&FactId::new(Kind::Member, "9")).await;
    assert!(matches!(found, Ok(Lookup::Unreadable(what)) if what.field == "Teams"));
}

#[tokio::test]
async fn what_a_list_leaves_out_is_asked_for_by_whatever_refers_to_it() {
    let contract =
        json!([{ "Id": 1, "CoworkerId": 9, "TariffId": 7, "StartDate": "2026-01-01T00:00:00Z" }]);
    let script = |tariff: ScriptedAnswer| {
        PlatformScript::nexudus("10")
            .on("coworkercontracts", [list(contract.clone())])
            .on("contractpausedperiods", [list(json!([]))])
            .on("billing/tariffs?page", [list(json!([]))])
            .on("billing/tariffs/7", [tariff])
    };
    let read = async |tariff: ScriptedAnswer| {
        let script = script(tariff);
        let reader = script.reader();
        reader.read(Kind::Plan, &span()).await.expect("a list");
        reader
            .read(Kind::Membership, &span())
            .await
            .expect("a list")
    };
    let listed = read(answer(200, r#"{"Id":7,"BusinessId":10}"#)).await;
    let Some(What::Membership(membership)) = listed.facts.first().map(|fact| fact.what.clone())
    else {
        panic!("one")
    };
    assert_eq!(membership.location.as_deref(), Some("10"));
    assert!(
        read(answer(200, r#"{"Id":7,"BusinessId":20}"#))
            .await
            .facts
            .is_empty(),
        "another business's"
    );
    let unread = read(answer(200, "{}")).await;
    assert!(
        unread.facts.is_empty() && unread.unreadable.len() == 1,
        "{unread:?}"
    );
}

#[tokio::test]
async fn a_pass_keeps_the_name_of_its_kind_when_the_kinds_are_not_listed() {
    let script = |kind: ScriptedAnswer| {
        PlatformScript::nexudus("")
            .on(
                "coworkertimepasses",
                [list(json!([{ "Id": 1, "CoworkerId": 9, "TimePassId": 4 }]))],
            )
            .on("spaces/teams?page", [list(json!([]))])
            .on("billing/timepasses?page", [list(json!([]))])
            .on("billing/timepasses/4", [kind])
    };
    let read = async |kind: ScriptedAnswer| {
        script(kind)
            .reader()
            .read(Kind::Pass, &span())
            .await
            .expect("a list")
    };
    let listed = read(answer(200, r#"{"Id":4,"Name":"Day"}"#)).await;
    let Some(What::Pass(pass)) = listed.facts.first().map(|fact| fact.what.clone()) else {
        panic!("a pass")
    };
    assert_eq!(
        (pass.name.as_deref(), pass.holders),
        (Some("Day"), vec![Holder::Member("9".into())])
    );
    assert_eq!(read(answer(200, "{}")).await.unreadable.len(), 1);
}

#[tokio::test]
async fn guests_pauses_and_desks_are_asked_for_by_the_thing_that_says_it() {
    let script = || {
        PlatformScript::nexudus("")
            .on(
                "bookingvisitors/7",
                [answer(200, r#"{"Id":7,"BookingId":5}"#)],
            )
            .on(
                "contractpausedperiods/8",
                [answer(200, r#"{"Id":8,"CoworkerContractId":1}"#)],
            )
            .on(
                "coworkercontracts/1",
                [answer(200, r#"{"Id":1,"Desks":[61]}"#)],
            )
    };
    let guest = |booking: &str| Relation::Guest {
        booking: booking.into(),
        visitor: "7".into(),
    };
    let paused = |membership: &str| Relation::Paused {
        membership: membership.into(),
        pause: "8".into(),
    };
    let desk = |desk: &str| Relation::Assigned {
        membership: "1".into(),
        assignment: format!("1-{desk}").into(),
        resource: format!("desk-{desk}").into(),
    };
    for (relation, holds) in [
        (guest("5"), true),
        (guest("6"), false),
        (paused("1"), true),
        (paused("2"), false),
        (desk("61"), true),
        (desk("62"), false),
    ] {
        assert_eq!(
            script().reader().confirms(&relation).await,
            Ok(holds),
            "{relation:?}"
        );
    }
    let bare = PlatformScript::nexudus("").on("coworkercontracts/1", [answer(200, r#"{"Id":1}"#)]);
    assert!(
        bare.reader().confirms(&desk("61")).await.is_err(),
        "it does not say which desks it has"
    );
}
