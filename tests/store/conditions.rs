//! What must hold for a write, and what happens where it does not.

use super::{all, at, body, empty, put};
use doorstep_cloud::store::{Write, WriteCondition, WriteStep, conflict};
use doorstep_core::model::error::Error;

#[tokio::test]
async fn a_new_item_is_put_once() {
    let store = empty().await;
    store
        .write(put("a", "first").only_if(WriteCondition::New))
        .await
        .expect("nothing is there");
    assert_eq!(
        store
            .write(put("a", "second").only_if(WriteCondition::New))
            .await,
        Err(conflict())
    );
    let both = vec![
        put("b", "b"),
        put("a", "third").only_if(WriteCondition::New),
    ];
    assert_eq!(
        store.write_all(WriteStep::Keep, both).await,
        Err(conflict())
    );
    assert_eq!(body(&store, "a").await.as_deref(), Some("first"));
    assert_eq!(all(&store).await, ["a"]);
}

#[tokio::test]
async fn a_version_is_met_exactly() {
    let store = empty().await;
    let next = |was: u64, now: u64| {
        put("a", &now.to_string())
            .version(now)
            .only_if(WriteCondition::Version(was))
    };
    assert_eq!(
        store.write(next(3, 4)).await,
        Err(conflict()),
        "what is not there has version 0"
    );
    store.write(next(0, 7)).await.expect("nothing is there");
    for (was, met) in [(0, false), (6, false), (8, false), (7, true)] {
        let written = store.write_all(WriteStep::Keep, vec![next(was, 8)]).await;
        assert_eq!(written.is_ok(), met, "{was}: {written:?}");
    }
    assert_eq!(
        store
            .get(&at("a"))
            .await
            .expect("it reads")
            .map(|item| item.version),
        Some(8)
    );
}

#[tokio::test]
async fn what_is_reported_is_put_over_what_ranks_below_it_alone() {
    let store = empty().await;
    let reported = |version: &str| {
        put("a", version)
            .versioned(version.to_owned())
            .only_if(WriteCondition::Below(version.to_owned()))
    };
    store
        .write(reported("2#b"))
        .await
        .expect("nothing is there");
    for (version, met) in [
        ("1#z", false),
        ("2#a", false),
        ("2#b", false),
        ("2#c", true),
        ("2#b", false),
        ("3", true),
    ] {
        let written = store.write(reported(version)).await;
        assert_eq!(written.is_ok(), met, "{version}: {written:?}");
        assert!(met || written == Err(conflict()));
    }
    let both = vec![reported("2"), put("b", "b")];
    assert_eq!(
        store.write_all(WriteStep::Keep, both).await,
        Err(conflict()),
        "in a transaction too"
    );
    assert_eq!(body(&store, "a").await.as_deref(), Some("3"));
}

#[tokio::test]
async fn an_item_without_a_version_has_version_0() {
    let store = empty().await;
    store.write(put("a", "none")).await.expect("it writes");
    store
        .write(
            put("a", "one")
                .version(1)
                .only_if(WriteCondition::Version(0)),
        )
        .await
        .expect("it has none");
    assert_eq!(
        store
            .write(put("a", "two").only_if(WriteCondition::Version(0)))
            .await,
        Err(conflict())
    );
}

#[tokio::test]
async fn an_instant_in_microseconds_is_a_version() {
    let store = empty().await;
    let version = 253_402_207_200_999_999;
    store
        .write(put("a", "9999").version(version))
        .await
        .expect("it writes");
    store
        .write_all(WriteStep::Keep, vec![Write::bump(at("a"))])
        .await
        .expect("it counts");
    let item = store
        .get(&at("a"))
        .await
        .expect("it reads")
        .expect("it is there");
    assert_eq!((item.version, item.body.as_str()), (version + 1, "9999"));
    let met = put("a", "later").only_if(WriteCondition::Version(version + 1));
    store.write(met).await.expect("to the last digit");
}

#[tokio::test]
async fn a_content_is_met_exactly() {
    let store = empty().await;
    for text in ["", " ", "\u{0}", "naïve 👩‍🔧 עברית", "{\"a\":1.50}"] {
        store.write(put("a", text)).await.expect("it writes");
        let other = Write::delete(at("a")).only_if(WriteCondition::Body(format!("{text} ")));
        assert_eq!(store.write(other).await, Err(conflict()), "{text:?}");
        assert_eq!(body(&store, "a").await.as_deref(), Some(text));
        let same = Write::delete(at("a")).only_if(WriteCondition::Body(text.into()));
        store.write(same).await.expect("it is the same");
        assert_eq!(body(&store, "a").await, None);
    }
    let missing = Write::delete(at("a")).only_if(WriteCondition::Body(String::new()));
    assert_eq!(
        store.write(missing).await,
        Err(conflict()),
        "nothing is not the empty text"
    );
}

#[tokio::test]
async fn a_bump_makes_what_it_counts_and_leaves_the_rest() {
    let store = empty().await;
    store
        .write(put("b", "kept").version(4))
        .await
        .expect("it writes");
    for n in 1..=3 {
        let bumps = vec![Write::bump(at("a")), Write::bump(at("b"))];
        store
            .write_all(WriteStep::Read, bumps)
            .await
            .expect("it counts");
        let items = store.list("p", "").await.expect("it lists");
        let seen: Vec<_> = items
            .iter()
            .map(|item| (item.body.as_str(), item.version))
            .collect();
        assert_eq!(seen, [("", n), ("kept", 4 + n)]);
    }
}

#[tokio::test]
async fn a_check_writes_nothing_and_stops_everything() {
    let store = empty().await;
    store
        .write(put("a", "there").version(2))
        .await
        .expect("it writes");
    let with = |check: WriteCondition| vec![put("b", "new"), Write::check(at("a"), check)];
    for wrong in [
        WriteCondition::New,
        WriteCondition::Version(3),
        WriteCondition::Version(0),
        WriteCondition::Body("gone".into()),
    ] {
        assert_eq!(
            store.write_all(WriteStep::Intend, with(wrong)).await,
            Err(conflict())
        );
        assert_eq!(all(&store).await, ["a"]);
    }
    store
        .write_all(WriteStep::Intend, with(WriteCondition::Version(2)))
        .await
        .expect("it holds");
    let absent = vec![
        put("c", "new"),
        Write::check(at("never"), WriteCondition::Version(0)),
    ];
    store
        .write_all(WriteStep::Intend, absent)
        .await
        .expect("what was never there has version 0");
    assert_eq!(all(&store).await, ["a", "b", "c"], "a check makes nothing");
}

#[tokio::test]
async fn all_or_nothing() {
    let store = empty().await;
    store.write(put("gone", "")).await.expect("it writes");
    let stopped = |at_all: bool| {
        let check = if at_all {
            WriteCondition::New
        } else {
            WriteCondition::Version(0)
        };
        let mut writes: Vec<Write> = (0..50).map(|n| put(&format!("{n:02}"), "x")).collect();
        writes.extend([
            Write::delete(at("gone")),
            Write::bump(at("v")),
            put("last", "").only_if(check),
        ]);
        writes
    };
    store
        .write(put("last", "there").version(1))
        .await
        .expect("it writes");
    for at_all in [true, false] {
        assert_eq!(
            store.write_all(WriteStep::Commit, stopped(at_all)).await,
            Err(conflict())
        );
    }
    assert_eq!(all(&store).await, ["gone", "last"]);
    store
        .write(Write::delete(at("last")))
        .await
        .expect("it deletes");
    store
        .write_all(WriteStep::Commit, stopped(true))
        .await
        .expect("it holds");
    assert_eq!(all(&store).await.len(), 52);
}

#[tokio::test]
async fn what_is_deleted_is_deleted_already() {
    let store = empty().await;
    store.write(Write::delete(at("a"))).await.expect("alone");
    store
        .write_all(WriteStep::Keep, vec![Write::delete(at("a")), put("b", "")])
        .await
        .expect("in a transaction");
    store
        .write_many(vec![Write::delete(at("a"))])
        .await
        .expect("among many");
    store
        .write_all(WriteStep::Keep, Vec::new())
        .await
        .expect("nothing at all");
    store.write_many(Vec::new()).await.expect("nothing at all");
    assert_eq!(all(&store).await, ["b"]);
}

#[tokio::test]
async fn a_put_leaves_nothing_of_what_was_there() {
    let store = empty().await;
    let long_ago = "2026-02-01T00:00:00Z".parse().expect("an instant");
    store
        .write(put("a", "old").version(5).expires(long_ago))
        .await
        .expect("it writes");
    store.write(put("a", "new")).await.expect("it writes");
    let item = store
        .get(&at("a"))
        .await
        .expect("it reads")
        .expect("it is there");
    assert_eq!((item.body.as_str(), item.version), ("new", 0));
}

#[tokio::test]
async fn what_has_expired_is_there_until_the_table_forgets_it() {
    let store = empty().await;
    let long_ago = "2026-02-01T00:00:00Z".parse().expect("an instant");
    store
        .write(put("a", "old").expires(long_ago))
        .await
        .expect("it writes");
    assert_eq!(body(&store, "a").await.as_deref(), Some("old"));
    assert_eq!(
        store
            .write(put("a", "new").only_if(WriteCondition::New))
            .await,
        Err(conflict())
    );
    assert_eq!(all(&store).await, ["a"]);
}

#[tokio::test]
async fn checking_needs_a_transaction_and_counting_cannot_be_one_of_many() {
    let store = empty().await;
    let check = Write::check(at("a"), WriteCondition::New);
    assert!(matches!(
        store.write(check.clone()).await,
        Err(Error::Permanent(_))
    ));
    for write in [Write::bump(at("a")), check] {
        assert!(matches!(
            store.write_many(vec![write]).await,
            Err(Error::Permanent(_))
        ));
    }
    assert!(all(&store).await.is_empty());
    store
        .write(Write::bump(at("a")))
        .await
        .expect("it counts alone");
    store
        .write_as(
            WriteStep::Commit,
            put("a", "").only_if(WriteCondition::Version(1)),
        )
        .await
        .expect("from nought");
}
