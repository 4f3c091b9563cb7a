//! What is kept, in the ledger's own words: facts, who is due, site files, tokens.

use jiff::Timestamp;

use super::{NOON, empty};
use doorstep_cloud::store::dues::Due;
use doorstep_core::model::fact::{Fact, FactId, Holder, Kind, Plan, Profile, What};
use doorstep_core::model::ids::SiteId;
use doorstep_core::model::platform_kind::PlatformKind;
use doorstep_core::model::record::{FactRecord, Source};
use doorstep_core::model::subject::Subject;
use doorstep_core::site::route::SiteRoute;
use doorstep_vendors::secret::Secret;
use doorstep_vendors::tokens::{Token, TokenStore};

fn instant(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn read_at(minute: u8, what: What) -> FactRecord {
    let read = instant(&format!("2026-03-01T12:{minute:02}:00Z"));
    FactRecord::new(
        Fact {
            id: "1".into(),
            what,
            changed: None,
        },
        read,
        Source::Refetch,
    )
}

fn plan(minute: u8, name: &str) -> FactRecord {
    read_at(
        minute,
        What::Plan(Plan {
            name: name.into(),
            location: None,
        }),
    )
}

fn member(minute: u8, team: Option<&str>) -> FactRecord {
    let teams = team.map(Into::into).into_iter().collect();
    let (name, cards) = ("Ada".into(), Vec::new());
    let profile = Profile {
        name,
        email: None,
        teams,
        location: None,
        shares_team: true,
        active: true,
        cards,
    };
    read_at(minute, What::Member(profile))
}

#[tokio::test]
async fn a_later_read_is_never_overwritten_by_an_earlier_one() {
    let store = empty().await;
    let name = FactId::new(Kind::Plan, "1");
    for (minute, reported, known) in [
        (5, "five", "five"),
        (4, "four", "five"),
        (5, "again", "again"),
        (6, "six", "six"),
    ] {
        store
            .keep_fact(&SiteId::from("s"), &plan(minute, reported))
            .await
            .expect("it is kept, or known better");
        let fact = store
            .fact(&SiteId::from("s"), &name)
            .await
            .expect("it reads")
            .expect("it is known")
            .fact;
        assert_eq!(
            fact.what,
            What::Plan(Plan {
                name: known.into(),
                location: None
            }),
            "{minute}"
        );
    }
    let gone = FactRecord {
        gone: true,
        ..plan(7, "six")
    };
    store
        .keep_fact(&SiteId::from("s"), &gone)
        .await
        .expect("it is kept");
    store
        .keep_fact(&SiteId::from("s"), &plan(6, "back"))
        .await
        .expect("it is known better");
    assert_eq!(
        store
            .fact(&SiteId::from("s"), &name)
            .await
            .expect("it reads"),
        Some(gone)
    );
}

#[tokio::test]
async fn a_person_who_changes_teams_is_in_one_of_them_and_both_have_moved_on() {
    let store = empty().await;
    let team = |name: &str| Holder::Team(name.into());
    let ada = FactId::new(Kind::Member, "1");
    store
        .keep_fact(&SiteId::from("s"), &member(1, Some("a")))
        .await
        .expect("it is kept");
    assert_eq!(
        store
            .team_members(&SiteId::from("s"), &team("a"))
            .await
            .expect("it reads"),
        std::slice::from_ref(&ada)
    );
    store
        .keep_fact(&SiteId::from("s"), &member(2, Some("b")))
        .await
        .expect("it is kept");
    assert_eq!(
        store
            .team_members(&SiteId::from("s"), &team("a"))
            .await
            .expect("it reads"),
        []
    );
    assert_eq!(
        store
            .team_members(&SiteId::from("s"), &team("b"))
            .await
            .expect("it reads"),
        std::slice::from_ref(&ada)
    );
    let version = async |of: Holder| {
        store
            .holdings(&SiteId::from("s"), &of)
            .await
            .expect("it reads")
            .1
    };
    assert_eq!((version(team("a")).await, version(team("b")).await), (2, 1));
    store
        .keep_fact(&SiteId::from("s"), &member(3, Some("b")))
        .await
        .expect("it says the same");
    assert_eq!(
        (
            version(team("b")).await,
            version(Holder::Member("1".into())).await
        ),
        (1, 2),
        "nothing has changed"
    );
    let gone = FactRecord {
        gone: true,
        ..member(4, Some("b"))
    };
    store
        .keep_fact(&SiteId::from("s"), &gone)
        .await
        .expect("it is kept");
    assert_eq!(
        store
            .team_members(&SiteId::from("s"), &team("b"))
            .await
            .expect("it reads"),
        []
    );
    assert_eq!(
        store
            .holdings(&SiteId::from("s"), &Holder::Member("1".into()))
            .await
            .expect("it reads"),
        (vec![], 3)
    );
}

#[tokio::test]
async fn what_a_full_read_alone_took_is_remembered_until_it_is_confirmed() {
    let store = empty().await;
    let (name, team) = (FactId::new(Kind::Member, "1"), Holder::Team("a".into()));
    let known = member(1, Some("a"));
    store
        .keep_fact(&SiteId::from("s"), &known)
        .await
        .expect("it is kept");
    let unlisted = known
        .gone(member(2, None).read, Source::Read)
        .after(Some(&known));
    assert_eq!(unlisted.confirmed.as_ref(), Some(&known.fact));
    store
        .keep_fact(&SiteId::from("s"), &unlisted)
        .await
        .expect("it is kept");
    assert_eq!(
        store
            .fact(&SiteId::from("s"), &name)
            .await
            .expect("it reads"),
        Some(unlisted.clone())
    );
    assert_eq!(
        store
            .team_members(&SiteId::from("s"), &team)
            .await
            .expect("it reads"),
        std::slice::from_ref(&name),
        "still found by its team"
    );
    let again = known
        .gone(member(3, None).read, Source::Unconfirmed)
        .after(Some(&unlisted));
    assert_eq!(
        again.confirmed, unlisted.confirmed,
        "what was vouched for is what was known first"
    );
    let back = FactRecord {
        source: Source::Read,
        ..member(3, Some("a"))
    }
    .after(Some(&unlisted));
    assert_eq!(back.confirmed, None, "nothing has changed after all");
    let reported = known
        .gone(member(4, None).read, Source::Refetch)
        .after(Some(&unlisted));
    let concerned = store
        .keep_fact(&SiteId::from("s"), &reported)
        .await
        .expect("it is kept");
    assert!(
        concerned.all_people.contains(&team),
        "whom it was about must be settled"
    );
    assert_eq!(
        store
            .team_members(&SiteId::from("s"), &team)
            .await
            .expect("it reads"),
        []
    );
}

#[tokio::test]
async fn who_is_due_is_found_until_their_minute_and_crossed_out_once_served() {
    let store = empty().await;
    let due = |at: &str, who: &str| Due::at(instant(at), Subject::Person(who.into()));
    let dues = [
        due("2026-03-01T12:01:00Z", "next"),
        due("2026-03-01T12:00:59Z", "now"),
        due("2026-03-01T11:59:00Z", "before"),
        due("2026-03-01T12:00:00Z", "now"),
        due("2025-12-31T23:59:00Z", "long ago"),
    ];
    store
        .put_dues(&SiteId::from("s"), &dues)
        .await
        .expect("one minute's two are one");
    store
        .put_dues(&SiteId::from("t"), &[due(NOON, "elsewhere")])
        .await
        .expect("it writes");
    let found = store
        .due_until(&SiteId::from("s"), instant(NOON))
        .await
        .expect("it reads");
    let who: Vec<&Subject> = found.iter().map(|due| &due.subject).collect();
    let subject = |who: &str| Subject::Person(who.into());
    assert_eq!(
        who,
        [&subject("long ago"), &subject("before"), &subject("now")]
    );
    let again = due(NOON, "now");
    store
        .put_dues(&SiteId::from("s"), std::slice::from_ref(&again))
        .await
        .expect("it writes");
    store
        .cross_out(&SiteId::from("s"), &found)
        .await
        .expect("what was written down anew stays");
    assert_eq!(
        store
            .due_until(&SiteId::from("s"), instant(NOON))
            .await
            .expect("it reads"),
        std::slice::from_ref(&again)
    );
    store
        .cross_out(&SiteId::from("s"), &[again.clone(), again])
        .await
        .expect("twice is once");
    let rest = store
        .due_until(&SiteId::from("s"), instant("2026-03-01T12:01:00Z"))
        .await
        .expect("it reads");
    assert_eq!(rest.len(), 1);
}

#[tokio::test]
async fn three_hundred_are_due_at_one_minute() {
    let store = empty().await;
    let strange = |n: usize| format!("{n:03}#person#😀%{}", "x".repeat(n * 5));
    let due = |n: usize| {
        Due::at(
            instant(NOON),
            Subject::Profile(FactId::new(Kind::Visitor, strange(n))),
        )
    };
    let dues: Vec<Due> = (0..300).map(due).collect();
    store
        .put_dues(&SiteId::from("s"), &dues)
        .await
        .expect("it writes");
    let found = store
        .due_until(&SiteId::from("s"), instant(NOON))
        .await
        .expect("it reads");
    assert_eq!(found, dues, "in order");
    store
        .cross_out(&SiteId::from("s"), &found)
        .await
        .expect("it deletes");
    assert!(
        store
            .due_until(&SiteId::from("s"), instant(NOON))
            .await
            .expect("it reads")
            .is_empty()
    );
}

#[tokio::test]
async fn a_site_file_is_a_new_version_unless_it_says_the_same() {
    let store = empty().await;
    let site_route = SiteRoute {
        site: "s".into(),
        platform: PlatformKind::OfficeRnd,
        secret: "s/officernd".into(),
        doors: Default::default(),
        keep_days: 90,
    };
    for (text, n) in [
        ("one", 1),
        ("one", 1),
        ("two", 2),
        ("one", 3),
        ("", 4),
        ("😀\u{0}", 5),
    ] {
        assert_eq!(
            store.store_site(&site_route, text, instant(NOON)).await,
            Ok(n)
        );
        let active = store
            .active(&SiteId::from("s"))
            .await
            .expect("it reads")
            .expect("there is one");
        assert_eq!((active.n, active.text.as_str()), (n, text));
    }
    assert_eq!(store.site_routes().await, Ok(vec![site_route]));
}

/// A reconcile that began before must not bring it back to the list.
#[tokio::test]
async fn a_site_that_was_struck_stays_struck_and_goes_on_counting() {
    let store = empty().await;
    let site_route = |keep_days| SiteRoute {
        site: "s".into(),
        platform: PlatformKind::OfficeRnd,
        secret: "s/officernd".into(),
        doors: Default::default(),
        keep_days,
    };
    store
        .store_site(&site_route(90), "one", instant(NOON))
        .await
        .expect("it is stored");
    let stored = store
        .in_force(&SiteId::from("s"))
        .await
        .expect("it is here");
    assert_eq!(store.keep_route(&site_route(30), &stored).await, Ok(()));
    assert_eq!(store.site_routes().await, Ok(vec![site_route(30)]));
    store
        .strike_site(&SiteId::from("s"), &stored)
        .await
        .expect("it is struck");
    assert!(
        store
            .keep_route(&site_route(30), &stored)
            .await
            .is_err_and(|error| error.is_retryable())
    );
    assert_eq!(store.site_routes().await, Ok(vec![]));
    assert!(
        store
            .strike_site(&SiteId::from("s"), &stored)
            .await
            .is_err_and(|error| error.is_retryable()),
        "another writer did"
    );
    assert_eq!(
        store
            .store_site(&site_route(90), "one", instant(NOON))
            .await,
        Ok(2)
    );
    store
        .store_site(&site_route(90), "more", instant(NOON))
        .await
        .expect("it is stored");
    assert_eq!(
        store
            .last_version(&SiteId::from("s"))
            .await
            .expect("it reads")
            .map(|last| last.n),
        Some(3)
    );
    assert!(
        store
            .forget_site(&SiteId::from("s"))
            .await
            .expect("it deletes")
            >= 4
    );
    assert_eq!(
        (
            store.kept_of_site(&SiteId::from("s")).await,
            store.has_chain(&SiteId::from("s")).await
        ),
        (Ok(0), Ok(false))
    );
}

#[tokio::test]
async fn deliveries_that_could_not_be_read_are_kept_and_tokens_replaced() {
    let store = empty().await;
    let now = instant(NOON);
    store
        .keep_unreadable(&SiteId::from("s"), "hash", "no event", now)
        .await
        .expect("it writes");
    store
        .keep_unreadable(&SiteId::from("s"), "hash", "no event", now)
        .await
        .expect("a duplicate is the same one");
    let kept = store.unreadable_deliveries(&SiteId::from("s")).await;
    let kept = kept.expect("it reads");
    let told: Vec<_> = kept.iter().map(|one| (one.why.as_str(), one.at)).collect();
    assert_eq!(told, [("no event", Some(now))]);
    let token = |text: &str| Token {
        access: Secret::new(text),
        refresh: None,
        expires: now,
    };
    assert_eq!(store.token("s#officernd").await, Ok(None));
    for text in ["a", "b"] {
        store
            .keep_token("s#officernd", &token(text))
            .await
            .expect("it writes");
        assert_eq!(store.token("s#officernd").await, Ok(Some(token(text))));
    }
}
