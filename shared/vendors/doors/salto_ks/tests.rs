//! Tests of the SALTO KS client against a scripted SALTO KS: every request as documented, every
//! refusal handled.

use serde_json::{Value, json};

use super::*;
use crate::doors::script::{DoorsScript, ScriptStep, on};
use doorstep_core::model::account::AccountId;

mod membership;
mod tags;
mod tokens;

const USERS: &str = "/v1.2/sites/s1/users";
const USER: &str = "/v1.1/sites/s1/users/i1";
const GROUP: &str = "/v1.1/sites/s1/access_groups/g1/users";

fn signs_in() -> ScriptStep {
    let form = json!({"grant_type": "password", "username": "system", "password": "word", "scope": "user_api.full_access"});
    on("POST /connect/token")
        .with(form)
        .says(200, json!({"access_token": "t1", "expires_in": 3600}))
}

/// Returns a script that begins with a sign-in.
fn script(steps: impl IntoIterator<Item = ScriptStep>) -> DoorsScript {
    DoorsScript::new([signs_in()].into_iter().chain(steps))
}

fn salto(script: &DoorsScript) -> SaltoKs {
    SaltoKs(Arc::new(SaltoClient::new(
        Some("s1"),
        script.access("salto-ks"),
    )))
}

fn account(inner: Option<&str>) -> Account {
    Account {
        id: AccountId("u1".into()),
        inner_id: inner.map(str::to_owned),
        email: None,
        name: "Ada".into(),
        standing: Standing::Active,
        mark: None,
        privileged: false,
        guest: false,
    }
}

fn group() -> GroupId {
    GroupId("g1".into())
}

fn site_user(inner: &str, user: &str, email: Value) -> Value {
    json!({"id": inner, "alias": "Ada Lovelace", "blocked": false, "subscription_state": "subscribed",
           "roles": [{"id": "r1", "code": "site_user"}],
           "user": {"id": user, "email": email, "first_name": "Ada", "last_name": "L", "has_profile": false}})
}

fn ada() -> Value {
    site_user("i1", "u1", json!("ada@b.test"))
}

fn changed(mut user: Value, key: &str, value: Value) -> Value {
    user[key] = value;
    user
}

fn items(items: Value) -> Value {
    json!({"items": items, "next_page_link": null, "count": null})
}

fn refusal(code: &str) -> Value {
    json!({"ErrorCode": code, "Message": "Ada Lovelace did it"})
}

fn get(path: &str) -> ScriptStep {
    on(&format!("GET {path}"))
}

fn finds(email: &str, found: Value) -> ScriptStep {
    get(&format!("{USERS}?$filter=user/email eq '{email}'")).says(200, items(found))
}

#[track_caller]
fn is_later<T: std::fmt::Debug>(result: Result<T>) {
    assert!(matches!(result, Err(Error::Retry { .. })), "{result:?}");
}

/// Asserts a permanent error that contains `word`, and nothing that SALTO KS wrote.
#[track_caller]
fn is_report<T: std::fmt::Debug>(result: Result<T>, word: &str) {
    assert!(
        matches!(&result, Err(Error::Permanent(why)) if why.contains(word) && !why.contains("Ada")),
        "{result:?}"
    );
}

#[tokio::test]
async fn lists_are_read_to_their_end_in_either_form() {
    let groups = "/v1.2/sites/s1/access_groups";
    let page = json!({"items": [{"id": "g1", "customer_reference": "Members"}], "count": 2,
                      "next_page_link": "/v1.2/sites/s1/access_groups?$skip=1"});
    let script = script([
        get(groups).says(200, page),
        get(&format!("{groups}?$skip=1")).says(
            200,
            items(json!([{"id": "g2", "customer_reference": null}])),
        ),
        get(groups).says(200, json!([{"id": "g3", "customer_reference": "Bare"}])),
        get(groups).says(200, json!({"items": null, "next_page_link": ""})),
    ]);
    let salto = salto(&script);
    let names: Vec<String> = salto
        .groups()
        .await
        .unwrap()
        .into_iter()
        .map(|group| group.name)
        .collect();
    assert_eq!(names, ["Members", ""]);
    assert_eq!(salto.groups().await.unwrap()[0].name, "Bare");
    assert!(salto.groups().await.unwrap().is_empty());
    assert_eq!(script.header(0, "Authorization"), "Basic aWQ6aHVzaA==");
    assert_eq!(script.header(1, "Authorization"), "Bearer t1");
    script.is_over();
}

#[tokio::test]
async fn a_bad_read_is_started_over_once() {
    let list = || get("/v1.2/sites/s1/access_groups");
    let one = || json!([{"id": "g1"}]);
    let bad = [
        json!({}),
        json!("no list"),
        json!([{"id": "g1"}, {"id": "g1"}]),
        json!({"items": one(), "count": 2}),
        json!({"items": one(), "next_page_link": "/v1.2/sites/s1/access_groups"}),
    ];
    for page in bad {
        let script = script([
            list().says(200, page.clone()),
            list().says(200, items(one())),
        ]);
        assert_eq!(salto(&script).groups().await.unwrap().len(), 1, "{page}");
        script.is_over();
        let script = self::script([list().says(200, page.clone()), list().says(200, page)]);
        is_later(salto(&script).groups().await);
        script.is_over();
    }
}

/// Behind a gateway a vendor may name another host, or `http`. The token goes to no other host.
#[tokio::test]
async fn the_next_page_is_asked_of_the_host_that_was_asked_first() {
    let next = "http://evil.example/v1.2/sites/s1/access_groups?$skip=1";
    let script = script([
        get("/v1.2/sites/s1/access_groups").says(
            200,
            json!({"items": [{"id": "g1"}], "next_page_link": next}),
        ),
        get("/v1.2/sites/s1/access_groups?$skip=1").says(200, items(json!([{"id": "g2"}]))),
    ]);
    assert_eq!(salto(&script).groups().await.unwrap().len(), 2);
    script.is_over();
    assert_eq!(script.hosts(), ["salto-ks"; 3]);
}

#[tokio::test]
async fn a_group_is_gone_when_it_is_asked_for_itself() {
    let one = || get("/v1.1/sites/s1/access_groups/g1");
    let script = script([
        one().says(404, refusal("2202")),
        one().says(200, json!({"id": "g1"})),
        one().is(403),
    ]);
    let salto = salto(&script);
    assert!(salto.is_gone(&group()).await.unwrap());
    assert!(!salto.is_gone(&group()).await.unwrap());
    assert!(salto.is_gone(&group()).await.is_err());
    script.is_over();
}

#[tokio::test]
async fn an_empty_list_of_a_group_that_counts_people_is_rejected() {
    let group_itself = "/v1.1/sites/s1/access_groups/g1";
    let script = script([
        get(GROUP).says(200, json!([])),
        get(group_itself).says(200, json!({"id": "g1", "user_count": 2})),
        get(GROUP).says(200, json!([])),
        get(group_itself).says(200, json!({"id": "g1", "user_count": 0})),
    ]);
    let salto = salto(&script);
    assert!(matches!(
        salto.rows(&group()).await,
        Err(Error::Retry { .. })
    ));
    assert!(salto.rows(&group()).await.unwrap().is_empty());
    script.is_over();
}

#[tokio::test]
async fn groups_have_members_and_need_a_schedule() {
    let schedules = "/v1.1/sites/s1/access_groups/g1/time_schedules";
    let script = script([
        get(GROUP).says(200, items(json!([{"id": "u1", "first_name": "Ada"}]))),
        get(GROUP).says(404, refusal("2202")),
        get(schedules).says(200, items(json!([]))),
        get(schedules).says(200, items(json!([{"id": "t1"}]))),
    ]);
    let salto = salto(&script);
    let rows = salto.rows(&group()).await.unwrap();
    assert_eq!(
        (rows[0].account.0.as_str(), rows[0].handle(), rows[0].until),
        ("u1", "u1", None)
    );
    is_report(salto.rows(&group()).await, "2202");
    assert!(
        salto
            .group_problem(&group())
            .await
            .unwrap()
            .unwrap()
            .contains("schedule")
    );
    assert_eq!(salto.group_problem(&group()).await.unwrap(), None);
    script.is_over();
}

#[tokio::test]
async fn an_address_is_asked_for_exactly() {
    let other = site_user("i2", "u2", json!("ada@b.test.evil"));
    let script = script([
        finds("o''neil@b.test", json!([])),
        finds("ada@b.test", json!([ada(), other])),
        finds("ADA@b.test", json!([])),
        finds("ada@b.test", json!([ada()])),
    ]);
    let salto = salto(&script);
    assert!(salto.find("o'neil@b.test").await.unwrap().is_empty());
    let found = salto.find("ada@b.test").await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].id.0.as_str(), found[0].inner_id.as_deref()),
        ("u1", Some("i1"))
    );
    assert_eq!(salto.find(" ADA@b.test ").await.unwrap(), found);
    assert!(salto.find("nobody").await.unwrap().is_empty());
    script.is_over();
}

#[tokio::test]
async fn an_account_is_what_its_seat_and_roles_make_it() {
    let admin = json!([{"id": "r1", "code": "site_user"}, {"id": "r2", "code": "site_admin"}]);
    let guest = changed(
        site_user("i3", "u3", Value::Null),
        "roles",
        json!([{"id": "r3", "code": "site_guest"}]),
    );
    let all_accounts = json!([ada(), guest, {"id": "i4", "user": null}]);
    let script = script([
        get(USER).says(200, ada()),
        get(USER).says(
            200,
            changed(ada(), "subscription_state", json!("suspended")),
        ),
        get(USER).says(200, changed(ada(), "subscription_state", Value::Null)),
        get(USER).says(
            200,
            changed(changed(ada(), "blocked", json!(true)), "alias", json!("")),
        ),
        get(USER).says(200, changed(ada(), "roles", admin)),
        get(USER).is(404),
        get(USERS).says(200, items(json!([]))),
        get(USER).says(400, refusal("2202")),
        get(USERS).says(200, items(json!([ada()]))),
        get(USER).says(403, refusal("2203")),
        get(USERS).says(200, items(all_accounts.clone())),
        get(USERS).says(200, items(all_accounts)),
    ]);
    let salto = salto(&script);
    let known = account(Some("i1"));
    let fetch = async || salto.account(&known).await.unwrap();
    let first = fetch().await.unwrap();
    assert_eq!(
        (first.standing, first.privileged, first.guest),
        (Standing::Active, false, false)
    );
    assert_eq!(fetch().await.unwrap().standing, Standing::Suspended);
    assert_eq!(fetch().await.unwrap().standing, Standing::Suspended);
    let blocked = fetch().await.unwrap();
    assert_eq!(
        (blocked.standing, blocked.name.as_str()),
        (Standing::Suspended, "Ada L")
    );
    assert!(fetch().await.unwrap().privileged);
    assert_eq!(fetch().await, None);
    assert!(fetch().await.is_some(), "one 404 is not enough");
    is_later(salto.account(&known).await);
    assert_eq!(
        salto
            .account(&account(None))
            .await
            .unwrap()
            .unwrap()
            .inner_id
            .as_deref(),
        Some("i1")
    );
    let guests = salto.guests().await.unwrap();
    assert_eq!(
        (guests.len(), guests[0].id.0.as_str(), guests[0].guest),
        (1, "u3", true)
    );
    script.is_over();
}

#[tokio::test]
async fn seats_and_groups_are_counted() {
    let site = "/v1.2/sites/s1";
    let said = |paid: Value, valid: bool, state: &str| {
        json!({"id": "s1", "active_user_amount": 20, "subscribed_user_amount": paid, "subscription_valid": valid,
               "installation_state": state})
    };
    let script = script([
        get(site).says(200, said(json!(25), true, "released")),
        get(site).says(200, said(Value::Null, true, "self_installed")),
        get(site).says(200, said(json!(0), true, "released")),
        get(site).says(200, said(json!(25), false, "released")),
        get(site).says(200, said(json!(25), true, "installation")),
        get(&format!("{USER}/access_groups")).says(200, items(json!([{"id": "g1"}, {"id": "g2"}]))),
    ]);
    let salto = salto(&script);
    assert_eq!(
        salto.seats().await.unwrap(),
        Some(Seats {
            used: 20,
            paid: Some(25)
        })
    );
    assert_eq!(
        salto.seats().await.unwrap(),
        Some(Seats {
            used: 20,
            paid: None
        })
    );
    is_report(salto.seats().await, "subscription");
    is_report(salto.seats().await, "subscription");
    is_report(salto.seats().await, "released");
    assert_eq!(salto.group_count(&account(Some("i1"))).await.unwrap(), 2);
    script.is_over();
}

fn new(email: Option<&str>, invite: bool) -> NewAccount {
    let email = email.map(str::to_owned);
    NewAccount {
        mark: "p1".into(),
        name: "Ada Lovelace King".into(),
        email,
        invite,
        tried: false,
    }
}

fn roles() -> ScriptStep {
    get("/v1.2/sites/s1/roles").says(
        200,
        items(json!([{"id": "r9", "code": "site_admin"}, {"id": "r1", "code": "site_user"}])),
    )
}

fn makes(email: Option<&str>) -> ScriptStep {
    let alias = if email.is_some() {
        "Ada Lovelace King"
    } else {
        "Doorstep p1"
    };
    let mut body = json!({"first_name": "Ada", "last_name": "Lovelace King", "alias": alias,
        "role_ids": ["r1"], "use_pin": false, "blocked": false, "toggle_easy_office_mode": false,
        "toggle_manual_office_mode": false, "override_privacy_mode": false});
    if let Some(email) = email {
        body["email"] = json!(email);
    }
    on(&format!("POST {USERS}")).with(body)
}

#[tokio::test]
async fn an_invited_user_is_made_with_an_address() {
    let seatless = changed(ada(), "subscription_state", json!("suspended"));
    let script = script([
        finds("ada@b.test", json!([])),
        roles(),
        makes(Some("ada@b.test")).says(201, ada()),
        finds("ada@b.test", json!([])),
        makes(Some("ada@b.test")).says(201, seatless),
        finds("ada@b.test", json!([ada()])),
    ]);
    let salto = salto(&script);
    assert_eq!(
        salto
            .create(&new(Some("ada@b.test"), true))
            .await
            .unwrap()
            .standing,
        Standing::Active
    );
    assert_eq!(
        salto
            .create(&new(Some("ada@b.test"), true))
            .await
            .unwrap()
            .standing,
        Standing::Suspended
    );
    is_later(salto.create(&new(Some("ada@b.test"), true)).await);
    script.is_over();
}

#[tokio::test]
async fn a_user_who_is_not_invited_gets_the_address_afterwards() {
    let nameless = site_user("i1", "u1", Value::Null);
    let takes_back = || on(&format!("DELETE {USERS}/i1"));
    let address = || {
        on(&format!("PATCH {USER}"))
            .with(json!({"email": "ada@b.test", "alias": "Ada Lovelace King"}))
    };
    let script = script([
        finds("ada@b.test", json!([])),
        roles(),
        makes(None).says(201, nameless.clone()),
        address().says(200, ada()),
        finds("ada@b.test", json!([])),
        makes(None).says(201, nameless.clone()),
        address().is(500),
        takes_back().is(202),
        finds("ada@b.test", json!([])),
        makes(None).says(201, nameless),
        address().lost(),
        takes_back().lost(),
    ]);
    let salto = salto(&script);
    let made = salto.create(&new(Some("ada@b.test"), false)).await.unwrap();
    assert_eq!(
        (made.email.as_deref(), made.guest),
        (Some("ada@b.test"), false)
    );
    is_later(salto.create(&new(Some("ada@b.test"), false)).await);
    let left = salto
        .create(&new(Some("ada@b.test"), false))
        .await
        .unwrap_err();
    assert!(left.is_retryable() && left.to_string().contains("seat"));
    script.is_over();
}

#[tokio::test]
async fn a_guest_is_made_for_ten_years() {
    let guest = changed(site_user("i3", "u3", Value::Null), "roles", Value::Null);
    let body = json!({"alias": "Ada Lovelace King", "expires_at": "2036-02-28T10:00:00Z"});
    let script = script([on("POST /v1.2/sites/s1/guests").with(body).says(201, guest)]);
    assert!(salto(&script).create(&new(None, true)).await.unwrap().guest);
    script.is_over();
}

#[tokio::test]
async fn a_create_that_is_refused_says_what_to_do() {
    let refused = [
        (401, "1500", "credentials"),
        (400, "1101", "1101"),
        (404, "2202", "place"),
        (403, "2210", "released"),
        (403, "2212", "subscription"),
        (200, "2212", "subscription"),
        (403, "2220", "pod"),
        (400, "1102", "filter"),
        (400, "odd", "400"),
    ];
    for (status, code, word) in refused {
        let steps = [
            finds("ada@b.test", json!([])),
            roles(),
            makes(Some("ada@b.test")).says(status, refusal(code)),
        ];
        let again = match status {
            401 => vec![
                signs_in(),
                makes(Some("ada@b.test")).says(status, refusal(code)),
            ],
            400 => vec![finds("ada@b.test", json!([]))],
            _ => vec![],
        };
        let script = script(steps.into_iter().chain(again));
        is_report(
            salto(&script).create(&new(Some("ada@b.test"), true)).await,
            word,
        );
        script.is_over();
    }
    for (status, code) in [(200, "2201"), (403, "2203"), (201, "")] {
        let answer = if code.is_empty() {
            json!({})
        } else {
            refusal(code)
        };
        let steps = [
            finds("ada@b.test", json!([])),
            roles(),
            makes(Some("ada@b.test")).says(status, answer),
        ];
        let script = script(steps);
        is_later(salto(&script).create(&new(Some("ada@b.test"), true)).await);
        script.is_over();
    }
    let there = script([
        finds("ada@b.test", json!([])),
        roles(),
        makes(Some("ada@b.test")).says(409, Value::Null),
        finds("ada@b.test", json!([ada()])),
    ]);
    is_later(salto(&there).create(&new(Some("ada@b.test"), true)).await);
    there.is_over();
    let roleless = script([
        finds("ada@b.test", json!([])),
        get("/v1.2/sites/s1/roles").says(200, items(json!([]))),
    ]);
    is_report(
        salto(&roleless)
            .create(&new(Some("ada@b.test"), true))
            .await,
        "site_user",
    );
}

#[tokio::test]
async fn a_name_is_changed_as_far_as_it_is_ours() {
    let patch = |body: Value| on(&format!("PATCH {USER}")).with(body);
    let whole = || json!({"first_name": "Bo", "last_name": "-", "alias": "Bo"});
    let mut profiled = ada();
    profiled["user"]["has_profile"] = json!(true);
    let script = script([
        get(USER).says(200, ada()),
        patch(whole()).says(200, ada()),
        get(USER).says(200, profiled),
        patch(json!({"alias": "Bo"})).says(200, ada()),
        get(USER).says(200, ada()),
        patch(whole()).is(403),
        patch(json!({"alias": "Bo"})).says(200, ada()),
        get(USER).is(404),
    ]);
    let salto = salto(&script);
    for _ in 0..3 {
        salto.rename(&account(Some("i1")), "Bo").await.unwrap();
    }
    is_later(salto.rename(&account(Some("i1")), "Bo").await);
    script.is_over();
}

#[tokio::test]
async fn a_seat_is_accepted_when_it_is_seen() {
    let subscribe =
        || on(&format!("PATCH {USER}/subscription")).with(json!({"state": "subscribed"}));
    let script = script([
        subscribe().is(204),
        get(USER).says(200, ada()),
        subscribe().is(204),
        get(USER).says(
            200,
            changed(ada(), "subscription_state", json!("suspended")),
        ),
        subscribe().is(204),
        get(USER).says(200, changed(ada(), "blocked", json!(true))),
        subscribe().says(404, refusal("2202")),
        subscribe().says(403, refusal("2212")),
    ]);
    let (salto, known) = (salto(&script), account(Some("i1")));
    salto.resume(&known).await.unwrap();
    is_report(salto.resume(&known).await, "seat");
    is_report(salto.resume(&known).await, "blocked");
    is_later(salto.resume(&known).await);
    is_report(salto.resume(&known).await, "subscription");
    script.is_over();
}

#[tokio::test]
async fn only_those_without_another_role_are_suspended_or_deleted() {
    let admin = || {
        get(USER).says(
            200,
            changed(ada(), "roles", json!([{"id": "r9", "code": null}])),
        )
    };
    let suspend = || on(&format!("PATCH {USER}/subscription")).with(json!({"state": "suspended"}));
    let script = script([
        get(USER).says(200, ada()),
        suspend().is(204),
        get(USER).says(200, ada()),
        suspend().is(404),
        get(USER).says(200, ada()),
        on(&format!("DELETE {USERS}/i1")).is(202),
        get(USER).is(404),
        get(USERS).says(200, items(json!([]))),
        admin(),
        admin(),
    ]);
    let (salto, known) = (salto(&script), account(Some("i1")));
    salto.suspend(&known).await.unwrap();
    salto.suspend(&known).await.unwrap();
    salto.delete(&known).await.unwrap();
    salto.delete(&known).await.unwrap();
    is_report(salto.suspend(&known).await, "role");
    is_report(salto.delete(&known).await, "role");
    script.is_over();
}

#[tokio::test]
async fn what_is_missing_is_reported_by_the_first_call() {
    let script = DoorsScript::new([]);
    let doors = connect(None, script.access("salto-ks")).0;
    assert!(matches!(doors.groups().await, Err(Error::Invalid(_))));
    let mut access = script.access("salto-ks");
    access.secrets.client_id = None;
    assert!(matches!(
        connect(Some("s1"), access).0.groups().await,
        Err(Error::Invalid(_))
    ));
    script.is_over();
}
