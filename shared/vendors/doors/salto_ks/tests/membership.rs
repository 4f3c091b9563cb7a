//! Tests of membership: changes in one call, and one by one where a single person causes a refusal.

use super::*;

fn entry(user: &str) -> GroupAddition {
    GroupAddition {
        account: Account {
            id: AccountId(user.into()),
            ..account(None)
        }
        .into(),
        until: None,
        replaces: Vec::new(),
    }
}

fn row(user: &str) -> GroupMember {
    GroupMember {
        account: AccountId(user.into()),
        handle: None,
        from: None,
        until: None,
    }
}

fn bulk(add: &[&str], remove: &[&str]) -> ScriptStep {
    on(&format!("PATCH {GROUP}")).with(json!({"add_ids": add, "remove_ids": remove}))
}

fn adds(user: &str) -> ScriptStep {
    on(&format!("POST {GROUP}")).with(json!({"user_id": user}))
}

fn takes(user: &str) -> ScriptStep {
    on(&format!("DELETE {GROUP}/{user}"))
}

fn members(users: &[&str]) -> ScriptStep {
    let members: Vec<Value> = users.iter().map(|user| json!({"id": user})).collect();
    get(GROUP).says(200, items(json!(members)))
}

async fn change(
    steps: impl IntoIterator<Item = ScriptStep>,
    add: &[&str],
    remove: &[&str],
) -> Vec<Result<()>> {
    let script = script(steps);
    let add: Vec<GroupAddition> = add.iter().map(|user| entry(user)).collect();
    let remove: Vec<GroupMember> = remove.iter().map(|user| row(user)).collect();
    let results = salto(&script).change(&group(), &add, &remove).await;
    script.is_over();
    results
}

#[tokio::test]
async fn one_is_one_call_and_several_are_one_call() {
    assert_eq!(
        change([adds("a").says(200, json!({"id": "a"}))], &["a"], &[]).await,
        [Ok(())]
    );
    assert_eq!(change([takes("a").is(204)], &[], &["a"]).await, [Ok(())]);
    assert_eq!(
        change([bulk(&["a", "b"], &["c"]).is(204)], &["a", "b"], &["c"]).await,
        [Ok(()), Ok(()), Ok(())]
    );
    let nothing = DoorsScript::new([]);
    assert!(salto(&nothing).change(&group(), &[], &[]).await.is_empty());
    nothing.is_over();
}

#[tokio::test]
async fn one_persons_trouble_is_not_anothers() {
    let steps = [
        bulk(&["a", "b", "c"], &["d"]).says(400, refusal("1100")),
        bulk(&["a", "b"], &[]).is(204),
        bulk(&["c"], &["d"]).says(403, refusal("2220")),
        adds("c").says(403, refusal("2220")),
        takes("d").is(204),
    ];
    let results = change(steps, &["a", "b", "c"], &["d"]).await;
    is_report(results[2].clone(), "pod");
    assert_eq!(
        (&results[0], &results[1], &results[3]),
        (&Ok(()), &Ok(()), &Ok(()))
    );
}

#[tokio::test]
async fn a_person_made_just_now_is_for_later() {
    for (status, code) in [(403, "2203"), (404, "2202")] {
        let found = (status == 404).then(|| members(&["z"]));
        let steps = [adds("a").says(status, refusal(code))]
            .into_iter()
            .chain(found);
        is_later(change(steps, &["a"], &[]).await.remove(0));
    }
    let steps = [
        bulk(&["a", "b"], &[]).says(404, refusal("2202")),
        members(&["z"]),
        adds("a").says(404, refusal("2202")),
        adds("b").is(200),
    ];
    let results = change(steps, &["a", "b"], &[]).await;
    is_later(results[0].clone());
    assert_eq!(results[1], Ok(()));
}

#[tokio::test]
async fn a_group_that_is_gone_is_not_taken_for_people_who_are() {
    let steps = [
        bulk(&["a", "b"], &[]).says(404, refusal("2202")),
        get(GROUP).says(404, refusal("2202")),
    ];
    for result in change(steps, &["a", "b"], &[]).await {
        // The refusal concerns everyone, so no other person is tried.
        is_report(result, "2202");
    }
}

#[tokio::test]
async fn already_so_is_what_the_list_says() {
    for status in [400, 409] {
        assert_eq!(
            change([adds("a").is(status), members(&["a"])], &["a"], &[]).await,
            [Ok(())]
        );
        is_later(
            change([adds("a").is(status), members(&["b"])], &["a"], &[])
                .await
                .remove(0),
        );
    }
    let gone = || takes("a").says(404, refusal("2202"));
    assert_eq!(
        change([gone(), members(&["z"])], &[], &["a"]).await,
        [Ok(())]
    );
    is_later(
        change([gone(), members(&["a"])], &[], &["a"])
            .await
            .remove(0),
    );
    let unread = [
        gone(),
        get(GROUP).says(200, json!({})),
        get(GROUP).says(200, json!({})),
    ];
    is_later(change(unread, &[], &["a"]).await.remove(0));
}

#[tokio::test]
async fn a_call_for_all_that_fails_is_made_for_each() {
    let steps = [
        bulk(&["a", "b"], &[]).is(500),
        adds("a").is(409),
        adds("b").is(200),
        members(&["a", "b"]),
    ];
    assert_eq!(change(steps, &["a", "b"], &[]).await, [Ok(()), Ok(())]);
    let away = [
        bulk(&["a", "b", "c", "d"], &[]).lost(),
        adds("a").lost(),
        adds("b").is(503),
        adds("c").lost(),
    ];
    for result in change(away, &["a", "b", "c", "d"], &[]).await {
        is_later(result);
    }
}

#[tokio::test]
async fn trouble_of_the_whole_site_ends_it() {
    for code in ["2210", "2212"] {
        let steps = [bulk(&["a", "b"], &[]).says(403, refusal(code))];
        for result in change(steps, &["a", "b"], &[]).await {
            is_report(result, code);
        }
    }
    for result in change([bulk(&["a", "b"], &[]).is(403)], &["a", "b"], &[]).await {
        is_report(result, "role");
    }
    let paused = [bulk(&["a", "b"], &[]).is(429).header("Retry-After", "90")];
    for result in change(paused, &["a", "b"], &[]).await {
        assert!(matches!(result, Err(Error::Retry { after: Some(_), .. })));
    }
}

#[tokio::test]
async fn a_refusal_inside_a_yes_is_a_refusal() {
    is_report(
        change([adds("a").says(400, refusal("2220"))], &["a"], &[])
            .await
            .remove(0),
        "pod",
    );
    is_report(
        change([adds("a").says(200, refusal("2220"))], &["a"], &[])
            .await
            .remove(0),
        "pod",
    );
    is_later(
        change(
            [adds("a").says(200, json!({"ErrorCode": 2203}))],
            &["a"],
            &[],
        )
        .await
        .remove(0),
    );
}

/// An error within a 200 has no status of its own. The group's list decides, as it does after a
/// lost answer.
#[tokio::test]
async fn already_so_within_a_yes_is_what_the_list_says() {
    let inside = || adds("a").says(200, refusal("1101"));
    assert_eq!(
        change([inside(), members(&["a"])], &["a"], &[]).await,
        [Ok(())]
    );
    is_later(
        change([inside(), members(&["b"])], &["a"], &[])
            .await
            .remove(0),
    );
    let environment = |answer: ScriptStep| [answer, members(&["b"])];
    for answer in [
        takes("a").says(200, refusal("2202")),
        takes("a").says(200, refusal("1101")),
        takes("a").is(409),
    ] {
        assert_eq!(change(environment(answer), &[], &["a"]).await, [Ok(())]);
    }
    let lost = [
        bulk(&["a", "b"], &[]).is(500),
        adds("a").says(200, refusal("1101")),
        adds("b").says(200, refusal("1101")),
        members(&["a", "b"]),
    ];
    assert_eq!(change(lost, &["a", "b"], &[]).await, [Ok(()), Ok(())]);
}

#[tokio::test]
async fn a_state_that_is_so_already_is_done() {
    let says = |state: &str, answer: ScriptStep| {
        [
            answer,
            get(USER).says(200, changed(ada(), "subscription_state", json!(state))),
        ]
    };
    let set = |state: &str| on(&format!("PATCH {USER}/subscription")).with(json!({"state": state}));
    let known = account(Some("i1"));
    for status in [200, 400, 409] {
        let steps = [get(USER).says(200, ada())].into_iter();
        let script = script(steps.chain(says(
            "suspended",
            set("suspended").says(status, refusal("1101")),
        )));
        salto(&script).suspend(&known).await.unwrap();
        script.is_over();
        let again = [get(USER).says(200, ada())];
        let script = self::script(
            says(
                "subscribed",
                set("subscribed").says(status, refusal("1101")),
            )
            .into_iter()
            .chain(again),
        );
        salto(&script).resume(&known).await.unwrap();
        script.is_over();
    }
}
