//! Tests of the Kisi client against a scripted Kisi: every request as documented, every refusal
//! handled.

use serde_json::{Value, json};

use super::*;
use crate::doors::script::{DoorsScript, ScriptStep, on};
use doorstep_core::model::account::{AccountId, Standing};

mod cards;

fn kisi(script: &DoorsScript) -> Kisi {
    Kisi {
        client: Arc::new(KisiClient::new(script.access("kisi"))),
        place: None,
    }
}

fn account(id: &str) -> Account {
    Account {
        id: AccountId(id.into()),
        inner_id: None,
        email: None,
        name: "Ada".into(),
        standing: Standing::Active,
        mark: None,
        privileged: false,
        guest: id.starts_with("guest:"),
    }
}

fn entry(replaces: &[&str]) -> GroupAddition {
    let until = Some("2026-03-02T11:15:00Z".parse().unwrap());
    GroupAddition {
        account: account("12").into(),
        until,
        replaces: replaces.iter().map(|handle| row(handle)).collect(),
    }
}

fn row(handle: &str) -> GroupMember {
    GroupMember {
        account: AccountId("12".into()),
        handle: Some(handle.into()),
        from: None,
        until: None,
    }
}

fn group() -> GroupId {
    GroupId("5".into())
}

fn assignment(id: i64, role: &str, kind: &str, assignee: i64) -> Value {
    json!({"id": id, "role_id": role, "applies_to_type": "Group", "applies_to_id": 5, "assignee_type": kind,
           "assignee_id": assignee, "valid_from": null, "valid_until": null})
}

fn user(id: i64, email: &str) -> Value {
    json!({"id": id, "email": email, "name": "Ada", "access_enabled": true, "metadata": {"doorstep": "p1"}})
}

fn posts() -> ScriptStep {
    on("POST /role_assignments").with(json!({"role_assignment": {
        "applies_to_type": "Group", "applies_to_id": 5, "assignee_type": "User", "assignee_id": 12,
        "role_id": "group_basic", "notify": false, "valid_until": "2026-03-02T11:15:00Z"}}))
}

const OF_GROUP: &str =
    "GET /role_assignments?applies_to_type=Group&applies_to_id=5&limit=250&offset=0";
const OF_USER: &str = "GET /role_assignments?assignee_type=User&assignee_id=12&limit=250&offset=0";

async fn change(
    script: &DoorsScript,
    add: &[GroupAddition],
    remove: &[GroupMember],
) -> Vec<Result<()>> {
    let results = kisi(script).change(&group(), add, remove).await;
    script.is_over();
    results
}

#[tokio::test]
async fn groups_of_a_place_are_read_page_by_page() {
    let page = |from: i64, to: i64| {
        (from..to)
            .map(|id| json!({"id": id, "name": format!("g{id}")}))
            .collect()
    };
    let script = DoorsScript::new([
        on("GET /groups?place_id=9&limit=250&offset=0")
            .says(200, page(0, 250))
            .header("X-Collection-Range", "0-249/251"),
        on("GET /groups?place_id=9&limit=250&offset=250")
            .says(200, page(250, 251))
            .header("X-Collection-Range", "250-499/251"),
    ]);
    let doors = connect(Some("9"), script.access("kisi")).0;
    let groups = doors.groups().await.unwrap();
    assert_eq!((groups.len(), groups[250].name.as_str()), (251, "g250"));
    assert_eq!(script.header(0, "Authorization"), "KISI-LOGIN key");
    assert!(script.passed().is_empty(), "a few calls leave at once");
    script.is_over();
}

#[tokio::test]
async fn a_bad_read_is_started_over_once() {
    let list = || on("GET /groups?limit=250&offset=0");
    let one = json!([{"id": 1, "name": "a"}]);
    let bad = [
        list()
            .says(200, json!({"groups": []}))
            .header("X-Collection-Range", "0-0/0"),
        list().says(200, json!([])),
        list()
            .says(200, one.clone())
            .header("X-Collection-Range", "all of them"),
        list()
            .says(200, json!([]))
            .header("X-Collection-Range", "0-9/200"),
        list()
            .says(200, json!([{"id": 1, "name": "a"}, {"id": 1, "name": "a"}]))
            .header("X-Collection-Range", "0-1/2"),
        list()
            .says(200, json!([{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]))
            .header("X-Collection-Range", "0-0/1"),
    ];
    for step in bad {
        let script = DoorsScript::new([step, list().lists(one.clone())]);
        assert_eq!(kisi(&script).groups().await.unwrap().len(), 1);
        script.is_over();
    }
    let script = DoorsScript::new([
        list()
            .says(200, one.clone())
            .header("X-Collection-Range", "0-0/2"),
        on("GET /groups?limit=250&offset=1")
            .says(200, json!([{"id": 2, "name": "b"}]))
            .header("X-Collection-Range", "1-1/3"),
        list().says(200, json!({})),
    ]);
    assert!(kisi(&script).groups().await.unwrap_err().is_retryable());
    script.is_over();
}

#[tokio::test]
async fn rows_are_the_basic_lines_of_this_group() {
    let mut dated = assignment(1, "group_basic", "User", 12);
    dated["valid_from"] = json!("2026-03-02T10:00:00.000+01:00");
    dated["valid_until"] = json!("2026-03-02T11:15:00");
    let mut elsewhere = assignment(5, "group_basic", "User", 14);
    elsewhere["applies_to_id"] = json!(6);
    let lines = json!([
        dated,
        assignment(2, "group_basic", "Guest", 12),
        assignment(3, "group_manager", "User", 13),
        assignment(4, "group_basic", "Team", 3),
        elsewhere
    ]);
    let script = DoorsScript::new([on(OF_GROUP).lists(lines)]);
    let rows = kisi(&script).rows(&group()).await.unwrap();
    let named: Vec<_> = rows
        .iter()
        .map(|row| (row.account.0.as_str(), row.handle()))
        .collect();
    assert_eq!(named, [("12", "1"), ("guest:12", "2"), ("team:3", "4")]);
    assert_eq!(rows[0].from, Some("2026-03-02T09:00:00Z".parse().unwrap()));
    assert_eq!(rows[0].until, Some("2026-03-02T11:15:00Z".parse().unwrap()));

    let mut unreadable = assignment(1, "group_basic", "User", 12);
    unreadable["valid_until"] = json!("soon");
    let script = DoorsScript::new([on(OF_GROUP).lists(json!([unreadable]))]);
    assert!(
        kisi(&script)
            .rows(&group())
            .await
            .unwrap_err()
            .is_retryable()
    );
}

#[tokio::test]
async fn an_empty_group_is_read_before_it_is_accepted() {
    let script = DoorsScript::new([
        on(OF_GROUP).lists(json!([])),
        on("GET /groups/5").says(200, json!({"id": 5})),
    ]);
    assert!(kisi(&script).rows(&group()).await.unwrap().is_empty());
    script.is_over();
    let script = DoorsScript::new([on(OF_GROUP).lists(json!([])), on("GET /groups/5").is(404)]);
    assert!(matches!(
        kisi(&script).rows(&group()).await,
        Err(Error::Permanent(_))
    ));
    assert!(matches!(
        kisi(&script).rows(&GroupId("g1".into())).await,
        Err(Error::Permanent(_))
    ));
    script.is_over();
}

#[tokio::test]
async fn an_address_must_match_whole_and_case_does_not_matter() {
    let found = json!([
        user(1, "Ada@Example.test"),
        user(2, "ada@example.test.evil")
    ]);
    let script = DoorsScript::new([
        on("GET /users?email=ada+x@example.test&limit=100&offset=0").lists(json!([])),
        on("GET /users?email=ada@example.test&limit=100&offset=0").lists(found),
    ]);
    let kisi = kisi(&script);
    assert!(kisi.find("ada+x@example.test").await.unwrap().is_empty());
    let accounts = kisi.find("ada@example.test").await.unwrap();
    assert_eq!(accounts.len(), 1);
    assert_eq!(
        (accounts[0].id.0.as_str(), accounts[0].mark.as_deref()),
        ("1", Some("p1"))
    );
    assert!(kisi.find("nobody").await.unwrap().is_empty());
    script.is_over();
}

#[tokio::test]
async fn accounts_and_guests_are_read() {
    let guests = json!([{"id": 7, "name": "Bo", "email": null}]);
    let mut off = user(12, "a@b.test");
    off["access_enabled"] = json!(false);
    let script = DoorsScript::new([
        on("GET /users/12").says(200, off),
        on("GET /users/13").is(404),
        on("GET /users?ids=13&limit=100&offset=0").lists(json!([])),
        on("GET /users/14").is(404),
        on("GET /users?ids=14&limit=100&offset=0").lists(json!([user(14, "b@b.test")])),
        on("GET /guests?ids=7&limit=250&offset=0").lists(guests.clone()),
        on("GET /guests?ids=8&limit=250&offset=0").lists(json!([])),
        on("GET /guests?ids=9&limit=250&offset=0").says(200, json!([])),
        on("GET /guests?ids=9&limit=250&offset=0").says(200, json!([])),
        on("GET /guests?limit=250&offset=0").lists(guests),
    ]);
    let kisi = kisi(&script);
    assert_eq!(
        kisi.account(&account("12"))
            .await
            .unwrap()
            .unwrap()
            .standing,
        Standing::Suspended
    );
    assert_eq!(kisi.account(&account("13")).await.unwrap(), None);
    assert!(
        kisi.account(&account("14")).await.unwrap().is_some(),
        "one 404 is not enough"
    );
    let guest = kisi.account(&account("guest:7")).await.unwrap().unwrap();
    assert_eq!((guest.id.0.as_str(), guest.guest), ("guest:7", true));
    assert_eq!(kisi.account(&account("guest:8")).await.unwrap(), None);
    assert!(
        kisi.account(&account("guest:9"))
            .await
            .unwrap_err()
            .is_retryable(),
        "no count exists"
    );
    assert_eq!(kisi.guests().await.unwrap(), [guest]);
    script.is_over();
}

#[tokio::test]
async fn what_is_over_is_no_group_and_another_role_counts() {
    let mut over = assignment(1, "group_basic", "User", 12);
    over["valid_until"] = json!("2026-03-02T10:00:00Z");
    let mut owner = assignment(2, "organization_owner", "User", 12);
    owner["applies_to_type"] = json!("Organization");
    let script = DoorsScript::new([on(OF_USER).lists(json!([over, owner]))]);
    assert_eq!(kisi(&script).group_count(&account("12")).await.unwrap(), 1);
    script.is_over();
}

#[tokio::test]
async fn people_are_invited_or_managed_and_others_are_guests() {
    let new = |email: Option<&str>, invite| NewAccount {
        mark: "p1".into(),
        name: "Ada".into(),
        email: email.map(str::to_owned),
        invite,
        tried: false,
    };
    let base = json!({"email": "a@b.test", "name": "Ada", "access_enabled": true, "metadata": {"doorstep": "p1"}});
    let mut invited = base.clone();
    invited["send_emails"] = json!(true);
    let mut managed = base;
    managed["send_emails"] = json!(false);
    managed["confirm"] = json!(true);
    let script = DoorsScript::new([
        on("POST /users")
            .with(json!({"user": invited}))
            .says(200, user(1, "a@b.test")),
        on("POST /users")
            .with(json!({"user": managed}))
            .says(200, user(2, "a@b.test")),
        on("POST /guests")
            .with(json!({"guest": {"name": "Ada"}}))
            .says(200, json!({"id": 3, "name": "Ada"})),
    ]);
    let kisi = kisi(&script);
    assert_eq!(
        kisi.create(&new(Some("a@b.test"), true))
            .await
            .unwrap()
            .id
            .0,
        "1"
    );
    assert_eq!(
        kisi.create(&new(Some("a@b.test"), false))
            .await
            .unwrap()
            .id
            .0,
        "2"
    );
    assert_eq!(kisi.create(&new(None, true)).await.unwrap().id.0, "guest:3");
    script.is_over();
}

#[tokio::test]
async fn a_create_that_is_refused_says_what_to_do() {
    let (email, invite, tried) = (Some("a@b.test".into()), true, false);
    let new = NewAccount {
        mark: "p1".into(),
        name: "Ada".into(),
        email,
        invite,
        tried,
    };
    let sent = json!({"user": {"email": "a@b.test", "name": "Ada", "access_enabled": true, "send_emails": true,
                               "metadata": {"doorstep": "p1"}}});
    let post = |status, answer| on("POST /users").with(sent.clone()).says(status, answer);
    let taken = json!({"errors": {"email": ["a@b.test has been taken"]}});
    let search = || on("GET /users?email=a@b.test&limit=100&offset=0");

    let script = DoorsScript::new([
        post(422, taken.clone()),
        search().lists(json!([user(1, "a@b.test")])),
    ]);
    assert!(kisi(&script).create(&new).await.unwrap_err().is_retryable());
    let script = DoorsScript::new([post(422, taken), search().lists(json!([]))]);
    let error = kisi(&script).create(&new).await.unwrap_err();
    assert_eq!(error, Error::permanent("Kisi does not accept: email"));
    for (status, word) in [
        (401, "6 months"),
        (403, "owner"),
        (404, "url"),
        (400, "400"),
        (422, "which field"),
    ] {
        let script = DoorsScript::new([post(status, Value::Null)]);
        let error = kisi(&script).create(&new).await.unwrap_err();
        assert!(
            matches!(&error, Error::Permanent(why) if why.contains(word)),
            "{status}: {error}"
        );
    }
    for status in [409, 500, 200] {
        let script = DoorsScript::new([post(status, Value::Null)]);
        assert!(
            kisi(&script).create(&new).await.unwrap_err().is_retryable(),
            "{status}"
        );
        script.is_over();
    }
}

#[tokio::test]
async fn accounts_are_renamed_suspended_resumed_deleted() {
    let patch = |user: Value| on("PATCH /users/12").with(json!({ "user": user }));
    let basic = || on(OF_USER).lists(json!([assignment(1, "group_basic", "User", 12)]));
    let script = DoorsScript::new([
        patch(json!({"name": "Ada L"})).is(204),
        patch(json!({"name": "Ada L"})).is(404),
        on("GET /users/12").says(200, user(12, "a@b.test")),
        patch(json!({"access_enabled": true})).is(204),
        basic(),
        patch(json!({"access_enabled": false})).is(204),
        basic(),
        patch(json!({"access_enabled": false})).is(404),
        basic(),
        on("DELETE /users/12").is(404),
        on("GET /role_assignments?assignee_type=Guest&assignee_id=7&limit=250&offset=0")
            .lists(json!([])),
        on("DELETE /guests/7").is(204),
        on(OF_USER).lists(json!([assignment(1, "group_manager", "User", 12)])),
        on(OF_USER).lists(json!([assignment(1, "group_manager", "User", 12)])),
    ]);
    let (kisi, ada, guest) = (kisi(&script), account("12"), account("guest:7"));
    kisi.rename(&ada, "Ada L").await.unwrap();
    assert!(kisi.rename(&ada, "Ada L").await.unwrap_err().is_retryable());
    kisi.resume(&ada).await.unwrap();
    kisi.suspend(&ada).await.unwrap();
    kisi.suspend(&ada).await.unwrap();
    kisi.delete(&ada).await.unwrap();
    kisi.delete(&guest).await.unwrap();
    kisi.suspend(&guest).await.unwrap();
    kisi.resume(&guest).await.unwrap();
    assert!(matches!(
        kisi.rename(&guest, "Bo").await,
        Err(Error::Permanent(_))
    ));
    assert!(matches!(kisi.suspend(&ada).await, Err(Error::Permanent(_))));
    assert!(matches!(kisi.delete(&ada).await, Err(Error::Permanent(_))));
    script.is_over();
}

#[tokio::test]
async fn people_come_and_go() {
    let script = DoorsScript::new([
        posts().says(200, json!({"id": 1})),
        on("DELETE /role_assignments/8").is(204),
        on("DELETE /role_assignments/9").is(404),
        on("GET /role_assignments/9").is(404),
        on("DELETE /role_assignments/10").is(404),
        on("GET /role_assignments/10").says(200, json!({"id": 10})),
    ]);
    let results = change(&script, &[entry(&[])], &[row("8"), row("9"), row("10")]).await;
    assert_eq!(results[..3], [Ok(()), Ok(()), Ok(())]);
    assert!(
        matches!(results[3], Err(Error::Retry { .. })),
        "what is still there is not gone"
    );

    let endless = GroupAddition {
        account: account("guest:7").into(),
        until: None,
        replaces: Vec::new(),
    };
    let script = DoorsScript::new([on("POST /role_assignments")
        .with(json!({"role_assignment": {"applies_to_type": "Group", "applies_to_id": 5, "assignee_type": "Guest",
                     "assignee_id": 7, "role_id": "group_basic", "notify": false}}))
        .is(201)]);
    assert_eq!(change(&script, &[endless], &[]).await, [Ok(())]);
}

#[tokio::test]
async fn a_new_membership_comes_before_the_old_ones_go() {
    let script = DoorsScript::new([posts().is(200), on("DELETE /role_assignments/8").is(204)]);
    assert_eq!(change(&script, &[entry(&["8"])], &[]).await, [Ok(())]);

    let script = DoorsScript::new([
        posts().is(409),
        on("DELETE /role_assignments/8").is(204),
        posts().is(200),
    ]);
    assert_eq!(change(&script, &[entry(&["8"])], &[]).await, [Ok(())]);

    let script = DoorsScript::new([posts().is(409)]);
    assert!(
        change(&script, &[entry(&[])], &[]).await[0]
            .as_ref()
            .unwrap_err()
            .is_retryable()
    );
}

#[tokio::test]
async fn a_membership_whose_predecessor_is_gone_is_put_back() {
    let mut made = assignment(3, "group_basic", "User", 12);
    made["valid_until"] = json!("2026-03-02T11:15:00Z");
    let script = DoorsScript::new([
        posts().is(409),
        on("DELETE /role_assignments/8").is(204),
        posts().is(500),
        on(OF_USER).lists(json!([])),
        posts().lost(),
        on(OF_USER).lists(json!([made])),
    ]);
    assert_eq!(change(&script, &[entry(&["8"])], &[]).await, [Ok(())]);

    let mut script = vec![posts().is(409), on("DELETE /role_assignments/8").is(204)];
    for _ in 0..3 {
        script.extend([posts().is(500), on(OF_USER).lists(json!([]))]);
    }
    let script = DoorsScript::new(script);
    assert!(
        change(&script, &[entry(&["8"])], &[]).await[0]
            .as_ref()
            .unwrap_err()
            .is_retryable()
    );

    let script = DoorsScript::new([
        posts().is(409),
        on("DELETE /role_assignments/8").is(204),
        posts().is(401),
    ]);
    assert!(matches!(
        change(&script, &[entry(&["8"])], &[]).await[0],
        Err(Error::Permanent(_))
    ));
}

#[tokio::test]
async fn a_404_on_adding_is_the_groups_or_the_persons() {
    let script = DoorsScript::new([posts().is(404), on("GET /groups/5").is(404)]);
    assert!(matches!(
        change(&script, &[entry(&[])], &[]).await[0],
        Err(Error::Permanent(_))
    ));
    let script = DoorsScript::new([
        posts().is(404),
        on("GET /groups/5").says(200, json!({"id": 5})),
    ]);
    assert!(
        change(&script, &[entry(&[])], &[]).await[0]
            .as_ref()
            .unwrap_err()
            .is_retryable()
    );
}

#[tokio::test]
async fn one_persons_trouble_is_not_anothers_but_a_pause_is_everybodys() {
    let refused = json!({"errors": {"assignee_id": ["Ada is invalid"], "Ada Lovelace": []}});
    let script = DoorsScript::new([posts().says(422, refused), posts().is(500), posts().is(200)]);
    let results = change(&script, &[entry(&[]), entry(&[]), entry(&[])], &[]).await;
    assert_eq!(
        results[0],
        Err(Error::permanent("Kisi does not accept: assignee_id"))
    );
    assert!(results[1].as_ref().unwrap_err().is_retryable());
    assert_eq!(results[2], Ok(()));

    let script = DoorsScript::new([posts().is(429).header("Retry-After", "60")]);
    let results = change(&script, &[entry(&[]), entry(&[])], &[row("8")]).await;
    assert!(
        results
            .iter()
            .all(|result| matches!(result, Err(Error::Retry { after: Some(_), .. })))
    );
}

#[tokio::test]
async fn teams_are_not_taken_out() {
    let team = GroupMember {
        account: AccountId("team:3".into()),
        handle: Some("4".into()),
        from: None,
        until: None,
    };
    let script = DoorsScript::new([]);
    assert!(matches!(
        change(&script, &[], &[team]).await[0],
        Err(Error::Permanent(_))
    ));
}

#[tokio::test]
async fn a_missing_key_or_a_bad_address_is_reported_by_the_first_call() {
    let script = DoorsScript::new([]);
    let mut access = script.access("kisi");
    access.secrets.api_key = None;
    assert!(matches!(
        connect(None, access).0.groups().await,
        Err(Error::Invalid(_))
    ));
    let mut access = script.access("kisi");
    access.url = Some("http://api.kisi.io".into());
    assert!(matches!(
        connect(None, access).0.groups().await,
        Err(Error::Invalid(_))
    ));
}

/// The header is documented. If a proxy removes it, the first page that is not full is the last.
#[tokio::test]
async fn a_list_that_no_one_counts_is_read_until_a_page_is_not_full() {
    let page = |from: i64, to: i64| {
        (from..to)
            .map(|id| json!({"id": id, "name": format!("g{id}")}))
            .collect()
    };
    let script = DoorsScript::new([
        on("GET /groups?limit=250&offset=0").says(200, page(0, 250)),
        on("GET /groups?limit=250&offset=250").says(200, page(250, 500)),
        on("GET /groups?limit=250&offset=500").says(200, json!([])),
    ]);
    assert_eq!(kisi(&script).groups().await.unwrap().len(), 500);
    script.is_over();
    let counted_once = [
        on("GET /groups?limit=250&offset=0")
            .says(200, page(0, 250))
            .header("X-Collection-Range", "0-249/251"),
        on("GET /groups?limit=250&offset=250").says(200, page(250, 251)),
    ];
    let script = DoorsScript::new(
        counted_once
            .into_iter()
            .chain([on("GET /groups?limit=250&offset=0").lists(page(0, 1))]),
    );
    assert_eq!(
        kisi(&script).groups().await.unwrap().len(),
        1,
        "a total that comes and goes is a bad read"
    );
    script.is_over();
}

#[tokio::test]
async fn an_empty_group_that_no_one_counts_is_empty_by_its_own_count_alone() {
    let empty = || on(OF_GROUP).says(200, json!([]));
    for (count, is_accepted) in [(json!(0), true), (json!(null), true), (json!(3), false)] {
        let script = DoorsScript::new([
            empty(),
            empty(),
            on("GET /groups/5").says(200, json!({"id": 5, "users_count": count})),
        ]);
        match kisi(&script).rows(&group()).await {
            Ok(rows) => assert!(is_accepted && rows.is_empty()),
            Err(error) => assert!(!is_accepted && error.is_retryable(), "{error}"),
        }
        script.is_over();
    }
}

#[tokio::test]
async fn what_scim_switched_off_opens_nothing_and_is_not_ours_to_switch_on() {
    let mut off = user(12, "a@b.test");
    off["scim_access_enabled"] = json!(false);
    let script = DoorsScript::new([
        on("GET /users/12").says(200, off.clone()),
        on("GET /users/12").says(200, off),
    ]);
    let kisi = kisi(&script);
    assert_eq!(
        kisi.account(&account("12"))
            .await
            .unwrap()
            .unwrap()
            .standing,
        Standing::Suspended
    );
    let refused = kisi.resume(&account("12")).await;
    assert!(
        matches!(&refused, Err(Error::Permanent(why)) if why.contains("SCIM")),
        "{refused:?}"
    );
    script.is_over();
}

#[tokio::test]
async fn a_contact_goes_along_where_there_is_one() {
    let script = DoorsScript::new([on("GET /groups?limit=250&offset=0").lists(json!([]))]);
    let access = Access {
        contact: Some("ops@riverside.example".into()),
        ..script.access("kisi")
    };
    connect(None, access).0.groups().await.unwrap();
    assert_eq!(
        script.header(0, "X-Kisi-Integration-Contact"),
        "ops@riverside.example"
    );
    assert_eq!(
        script.header(0, "X-Kisi-Integration-Identifier"),
        "doorstep"
    );
}

#[tokio::test]
async fn a_group_is_gone_when_it_is_asked_for_itself() {
    let script = DoorsScript::new([
        on("GET /groups/5").is(404),
        on("GET /groups/5").says(200, json!({"id": 5})),
        on("GET /groups/5").is(403),
    ]);
    let kisi = kisi(&script);
    assert!(kisi.is_gone(&group()).await.unwrap());
    assert!(!kisi.is_gone(&group()).await.unwrap());
    assert!(kisi.is_gone(&group()).await.is_err());
}
