//! Tests of the sign-in: by password or refresh token, once for all functions, without losing a
//! refresh token.

use std::time::Duration;

use super::*;
use crate::secret::Secret;
use crate::tokens::{Token, Tokens};

const LIST: &str = "/v1.2/sites/s1/access_groups";

fn lists() -> ScriptStep {
    get(LIST).says(200, json!([]))
}

fn refreshes(with: &str) -> ScriptStep {
    let form = json!({"grant_type": "refresh_token", "refresh_token": with, "scope": "user_api.full_access"});
    on("POST /connect/token").with(form)
}

fn grants(step: ScriptStep, access: &str, refresh: &str) -> ScriptStep {
    step.says(
        200,
        json!({"access_token": access, "refresh_token": refresh, "expires_in": 3600, "token_type": "Bearer"}),
    )
}

fn token(access: &str, refresh: &str, expires: &str) -> Token {
    let refresh = Some(Secret::new(refresh));
    Token {
        access: Secret::new(access),
        refresh,
        expires: expires.parse().unwrap(),
    }
}

/// Returns a client with a first refresh token in its secret and no password.
fn refreshing(script: &DoorsScript, tokens: &Tokens) -> SaltoKs {
    let mut access = script.access("salto-ks");
    access.secrets.refresh_token = Some(Secret::new("first"));
    access.secrets.password = None;
    access.tokens = tokens.clone();
    SaltoKs(Arc::new(SaltoClient::new(Some("s1"), access)))
}

async fn kept(tokens: &Tokens) -> (String, String) {
    let token = tokens.kept("riverside-main").await.unwrap().unwrap();
    (
        token.access.reveal().to_owned(),
        token.refresh.unwrap().reveal().to_owned(),
    )
}

#[tokio::test]
async fn one_token_serves_until_it_runs_out() {
    let script = script([lists(), lists(), signs_in(), lists()]);
    let salto = salto(&script);
    salto.groups().await.unwrap();
    script.move_clock(Duration::from_secs(3_500));
    salto.groups().await.unwrap();
    script.move_clock(Duration::from_secs(50));
    salto.groups().await.unwrap();
    script.is_over();
}

#[tokio::test]
async fn a_refused_token_is_replaced_once_even_for_a_change() {
    let add = |status| {
        on(&format!("POST {GROUP}"))
            .with(json!({"user_id": "u1"}))
            .is(status)
    };
    let entry = GroupAddition {
        account: account(None).into(),
        until: None,
        replaces: Vec::new(),
    };
    let again = script([add(401), signs_in(), add(200)]);
    assert_eq!(
        salto(&again).change(&group(), &[entry], &[]).await,
        [Ok(())]
    );
    again.is_over();
    let never = script([get(LIST).is(401), signs_in(), get(LIST).is(401)]);
    is_report(salto(&never).groups().await, "credentials");
    never.is_over();
}

#[tokio::test]
async fn a_token_kept_by_another_function_is_used() {
    let script = DoorsScript::new([lists()]);
    let tokens = Tokens::default();
    tokens
        .keep(
            "riverside-main",
            &token("theirs", "r", "2026-03-02T10:30:00Z"),
        )
        .await
        .unwrap();
    refreshing(&script, &tokens).groups().await.unwrap();
    assert_eq!(script.header(0, "Authorization"), "Bearer theirs");
    script.is_over();
}

#[tokio::test]
async fn a_new_refresh_token_is_kept_and_used_next() {
    let tokens = Tokens::default();
    let script = DoorsScript::new([
        grants(refreshes("first"), "t1", "second"),
        lists(),
        refreshes("second").says(200, json!({"access_token": "t2"})),
        lists(),
    ]);
    let salto = refreshing(&script, &tokens);
    salto.groups().await.unwrap();
    assert_eq!(kept(&tokens).await, ("t1".to_owned(), "second".to_owned()));
    script.move_clock(Duration::from_secs(3_600));
    salto.groups().await.unwrap();
    assert_eq!(kept(&tokens).await, ("t2".to_owned(), "second".to_owned()));
    script.is_over();
}

#[tokio::test]
async fn of_two_who_refresh_at_once_the_slower_takes_what_the_faster_kept() {
    let tokens = Tokens::default();
    tokens
        .keep(
            "riverside-main",
            &token("old", "used", "2026-03-02T09:00:00Z"),
        )
        .await
        .unwrap();
    let script = DoorsScript::new([
        refreshes("used").says(400, json!({"error": "invalid_grant"})),
        grants(refreshes("first"), "t2", "third"),
        lists(),
    ]);
    // No other function has refreshed, so the operator's own refresh token is next.
    refreshing(&script, &tokens).groups().await.unwrap();
    assert_eq!(kept(&tokens).await.1, "third");
    script.is_over();

    let conflict = Tokens::default();
    conflict
        .keep(
            "riverside-main",
            &token("old", "used", "2026-03-02T09:00:00Z"),
        )
        .await
        .unwrap();
    let script = DoorsScript::new([
        refreshes("used").says(400, json!({"error": "invalid_grant"})),
        lists(),
    ]);
    let mut access = script.access("salto-ks");
    access.tokens = conflict.clone();
    access.time = Arc::new(KeptMeanwhile(script.clone(), conflict));
    SaltoKs(Arc::new(SaltoClient::new(Some("s1"), access)))
        .groups()
        .await
        .unwrap();
    assert_eq!(script.header(1, "Authorization"), "Bearer theirs");
    script.is_over();
}

/// A store in which another function stores its new token while this one waits.
struct KeptMeanwhile(DoorsScript, Tokens);

#[async_trait]
impl crate::time::Time for KeptMeanwhile {
    fn now(&self) -> jiff::Timestamp {
        self.0.now()
    }

    async fn pass(&self, _: Duration) {
        self.1
            .keep(
                "riverside-main",
                &token("theirs", "next", "2026-03-02T11:00:00Z"),
            )
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn the_password_helps_where_no_refresh_token_does() {
    let tokens = Tokens::default();
    tokens
        .keep(
            "riverside-main",
            &token("old", "used", "2026-03-02T09:00:00Z"),
        )
        .await
        .unwrap();
    let script = DoorsScript::new([
        refreshes("used").says(400, json!({"error": "invalid_grant"})),
        signs_in(),
        lists(),
    ]);
    let mut access = script.access("salto-ks");
    access.tokens = tokens;
    SaltoKs(Arc::new(SaltoClient::new(Some("s1"), access)))
        .groups()
        .await
        .unwrap();
    script.is_over();

    let script =
        DoorsScript::new([refreshes("first").says(400, json!({"error": "invalid_grant"}))]);
    is_report(
        refreshing(&script, &Tokens::default()).groups().await,
        "sign-in",
    );
    script.is_over();
}

#[tokio::test]
async fn a_refresh_is_not_sent_twice_and_a_sign_in_is() {
    let script = DoorsScript::new([refreshes("first").is(500)]);
    is_later(refreshing(&script, &Tokens::default()).groups().await);
    script.is_over();
    let script = DoorsScript::new([signs_in().is(500), signs_in(), lists()]);
    salto(&script).groups().await.unwrap();
    script.is_over();
}

#[tokio::test]
async fn a_refused_sign_in_says_what_to_do() {
    let refused = [
        (400, "invalid_grant", "password"),
        (400, "invalid_client", "client_id"),
        (401, "", "client_id"),
        (400, "unauthorized_client", "refresh_token"),
        (400, "invalid_scope", "scope"),
        (404, "", "identity_url"),
    ];
    for (status, error, word) in refused {
        let script = DoorsScript::new([signs_in().says(status, json!({"error": error}))]);
        is_report(salto(&script).groups().await, word);
        script.is_over();
    }
}

#[tokio::test]
async fn the_identity_lives_elsewhere_where_the_site_file_says_so() {
    let script = script([lists()]);
    let mut access = script.access("salto-ks");
    access.identity_url = Some("https://identity.example".into());
    SaltoKs(Arc::new(SaltoClient::new(Some("s1"), access)))
        .groups()
        .await
        .unwrap();
    assert_eq!(script.hosts(), ["identity.example", "salto-ks"]);
    let own = self::script([lists()]);
    let mut access = own.access("salto-ks");
    access.url = None;
    SaltoKs(Arc::new(SaltoClient::new(Some("s1"), access)))
        .groups()
        .await
        .unwrap();
    assert_eq!(
        own.hosts(),
        ["identity.eu.my-clay.com", "connect.my-clay.com"]
    );
}

/// Vendors lock accounts after some wrong passwords.
#[tokio::test]
async fn a_refused_password_is_not_tried_again_for_ten_minutes() {
    let tokens = Tokens::default();
    let script = DoorsScript::new([
        signs_in().says(400, json!({"error": "invalid_grant"})),
        signs_in(),
        lists(),
    ]);
    let fresh = |word: &str| {
        let mut access = script.access("salto-ks");
        access.tokens = tokens.clone();
        access.secrets.password = Some(Secret::new(word));
        SaltoKs(Arc::new(SaltoClient::new(Some("s1"), access)))
    };
    is_report(fresh("word").groups().await, "password");
    script.move_clock(Duration::from_secs(599));
    is_report(fresh("word").groups().await, "password");
    script.move_clock(Duration::from_secs(1));
    fresh("word").groups().await.unwrap();
    script.is_over();
}

#[tokio::test]
async fn another_password_is_tried_at_once() {
    let tokens = Tokens::default();
    let other = json!({"grant_type": "password", "username": "system", "password": "new word",
        "scope": "user_api.full_access"});
    let script = DoorsScript::new([
        signs_in().says(400, json!({"error": "invalid_grant"})),
        on("POST /connect/token")
            .with(other)
            .says(200, json!({"access_token": "t", "expires_in": 3600})),
        lists(),
    ]);
    for (word, is_good) in [("word", false), ("new word", true)] {
        let mut access = script.access("salto-ks");
        access.tokens = tokens.clone();
        access.secrets.password = Some(Secret::new(word));
        assert_eq!(
            SaltoKs(Arc::new(SaltoClient::new(Some("s1"), access)))
                .groups()
                .await
                .is_ok(),
            is_good
        );
    }
    script.is_over();
    let kept = tokens
        .refused_sign_in("riverside-main")
        .await
        .unwrap()
        .unwrap();
    assert!(
        !format!("{kept:?}").contains("word"),
        "nothing of a password is kept"
    );
}
