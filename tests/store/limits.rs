//! How much goes into one call, one item and one key, and what happens to more.

use super::{LARGEST, NOON, all, at, body, empty, filling, is_for_nothing, put};
use doorstep_cloud::store::key::Key;
use doorstep_cloud::store::{MOST_IN_ONE, Write, WriteCondition, WriteStep, conflict};
use doorstep_core::model::fact::{Booking, Fact, FactId, Holder, Id, Kind, Plan, What};
use doorstep_core::model::ids::SiteId;
use doorstep_core::model::record::{FactRecord, Source};

fn numbered(count: usize) -> Vec<Write> {
    (0..count).map(|n| put(&format!("{n:04}"), "x")).collect()
}

#[tokio::test]
async fn a_transaction_holds_100_items_and_no_more() {
    let store = empty().await;
    let error = store
        .write_all(WriteStep::Keep, numbered(MOST_IN_ONE + 1))
        .await
        .expect_err("too many");
    assert!(is_for_nothing(&error), "{error}");
    assert!(all(&store).await.is_empty());
    store
        .write_all(WriteStep::Keep, numbered(MOST_IN_ONE))
        .await
        .expect("as many as it takes");
    assert_eq!(all(&store).await.len(), MOST_IN_ONE);
}

#[tokio::test]
async fn a_transaction_touches_an_item_once() {
    let store = empty().await;
    // A check that fails would do as well; DynamoDB Local reports that first.
    for twice in [
        Write::bump(at("0000")),
        Write::delete(at("0000")),
        Write::check(at("0000"), WriteCondition::Version(0)),
    ] {
        let error = store
            .write_all(WriteStep::Keep, [numbered(2), vec![twice]].concat())
            .await
            .expect_err("twice");
        assert!(is_for_nothing(&error), "{error}");
    }
    assert!(all(&store).await.is_empty());
}

#[tokio::test]
async fn many_are_written_25_at_a_time_and_read_100_at_a_time() {
    let store = empty().await;
    store.write_many(numbered(260)).await.expect("it writes");
    let mut wanted: Vec<Key> = (0..300).map(|n| at(&format!("{n:04}"))).collect();
    wanted.extend_from_within(..150);
    let mut found = store.get_many(&wanted).await.expect("it reads");
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let found: Vec<&str> = found
        .iter()
        .map(|(key, item)| {
            assert_eq!((key.pk.as_str(), &key.sk), ("p", &item.sk));
            key.sk.as_str()
        })
        .collect();
    assert_eq!(
        found,
        (0..260).map(|n| format!("{n:04}")).collect::<Vec<_>>(),
        "each once, those that are there"
    );
    let changes = (0..260).map(|n| Write::delete(at(&format!("{n:04}"))));
    store
        .write_many(changes.chain([put("new", "")]).collect())
        .await
        .expect("it deletes");
    assert_eq!(all(&store).await, ["new"]);
}

#[tokio::test]
async fn large_items_come_back_however_many_pages_it_takes() {
    let store = empty().await;
    let large: Vec<Write> = (0..60)
        .map(|n| put(&format!("{n:04}"), &n.to_string().repeat(190_000)))
        .collect();
    store
        .write_many(large)
        .await
        .expect("more than 16 MB in all");
    let wanted: Vec<Key> = (0..60).map(|n| at(&format!("{n:04}"))).collect();
    let found = store
        .get_many(&wanted)
        .await
        .expect("more than one answer holds");
    assert_eq!(found.len(), 60);
    for (key, item) in found {
        let n: usize = key.sk.parse().expect("a number");
        assert!(
            item.body == n.to_string().repeat(190_000),
            "{n} is as it was"
        );
    }
}

#[tokio::test]
async fn an_item_holds_400_kb_and_no_more() {
    let store = empty().await;
    store
        .write(put("a", &filling("a", LARGEST)))
        .await
        .expect("exactly as much as it takes");
    store
        .write_all(WriteStep::Keep, vec![put("b", &filling("b", LARGEST))])
        .await
        .expect("in a transaction too");
    store
        .write_many(vec![put("c", &filling("c", LARGEST))])
        .await
        .expect("and among many");
    for sk in ["a", "b", "c"] {
        assert_eq!(
            body(&store, sk).await.map(|text| text.len()),
            Some(filling(sk, LARGEST).len())
        );
    }
    let more = |sk: &str| put(sk, &filling(sk, LARGEST + 1));
    let alone = store.write(more("d")).await.expect_err("too large");
    let together = store
        .write_all(WriteStep::Keep, vec![put("e", ""), more("d")])
        .await
        .expect_err("too large");
    let many = store
        .write_many(vec![put("e", ""), more("d")])
        .await
        .expect_err("too large");
    for error in [alone, together, many] {
        assert!(is_for_nothing(&error), "{error}");
    }
    assert_eq!(
        all(&store).await,
        ["a", "b", "c"],
        "nothing of it was written"
    );
    store.write(put("a", "small")).await.expect("it shrinks");
    assert_eq!(body(&store, "a").await.as_deref(), Some("small"));
}

#[tokio::test]
async fn an_item_that_would_outgrow_400_kb_by_its_version_is_left_as_it_was() {
    let store = empty().await;
    store
        .write(put("a", &filling("a", LARGEST)))
        .await
        .expect("exactly as much as it takes");
    let counted = store
        .write_all(WriteStep::Keep, vec![put("b", ""), Write::bump(at("a"))])
        .await
        .expect_err("too large");
    assert!(is_for_nothing(&counted), "{counted}");
    assert_eq!(all(&store).await, ["a"]);
}

#[tokio::test]
async fn letters_of_several_bytes_count_as_several() {
    let store = empty().await;
    let text = filling("a", LARGEST);
    let wide = "é".repeat(text.len() / 2) + if text.len() % 2 == 1 { "x" } else { "" };
    store
        .write(put("a", &wide))
        .await
        .expect("exactly as much as it takes");
    let error = store
        .write(put("a", &(wide + "x")))
        .await
        .expect_err("too large");
    assert!(is_for_nothing(&error), "{error}");
}

#[tokio::test]
async fn a_transaction_holds_4_mb_and_no_more() {
    let store = empty().await;
    let large = |count: usize| -> Vec<Write> {
        (0..count)
            .map(|n| put(&format!("{n:04}"), &"x".repeat(400_000)))
            .collect()
    };
    let error = store
        .write_all(WriteStep::Keep, large(11))
        .await
        .expect_err("too large together");
    assert!(is_for_nothing(&error), "{error}");
    assert!(all(&store).await.is_empty());
    store
        .write_all(WriteStep::Keep, large(10))
        .await
        .expect("it takes these");
    assert_eq!(all(&store).await.len(), 10);
}

#[tokio::test]
async fn keys_are_as_long_as_dynamodb_takes() {
    let store = empty().await;
    let key = |pk: usize, sk: usize| Key {
        pk: "p".repeat(pk),
        sk: "s".repeat(sk),
    };
    let longest = key(2048, 1024);
    store
        .write(Write::put(longest.clone(), "x".into()))
        .await
        .expect("as long as it takes");
    assert!(store.get(&longest).await.expect("it reads").is_some());
    for wrong in [key(2049, 1), key(1, 1025), key(0, 1), key(1, 0)] {
        let written = store
            .write(Write::put(wrong.clone(), "x".into()))
            .await
            .expect_err("no such key");
        let read = store.get(&wrong).await.expect_err("no such key");
        assert!(
            is_for_nothing(&written) && is_for_nothing(&read),
            "{written} {read}"
        );
    }
}

fn kept(fact: Fact) -> FactRecord {
    FactRecord::new(fact, NOON.parse().expect("an instant"), Source::Refetch)
}

fn plan(id: &str, name: &str) -> FactRecord {
    kept(Fact {
        id: id.into(),
        what: What::Plan(Plan {
            name: name.into(),
            location: None,
        }),
        changed: None,
    })
}

fn booking(id: &str, visitors: Vec<Id>) -> FactRecord {
    let start = NOON.parse().expect("an instant");
    let what = What::Booking(Box::new(Booking {
        resource: None,
        location: None,
        booker: None,
        members: Vec::new(),
        visitors,
        start,
        end: start,
        timezone: None,
        series: None,
        alias: None,
        cancelled: false,
        tentative: false,
        unpaid: false,
        teams: Vec::new(),
    }));
    kept(Fact {
        id: id.into(),
        what,
        changed: None,
    })
}

#[tokio::test]
async fn an_id_of_any_length_and_any_letters_has_a_place_of_its_own() {
    let store = empty().await;
    let long = "x".repeat(3000);
    let ids = [
        "",
        " ",
        "#",
        "%",
        "%23",
        "~version",
        "~",
        "a\u{0}b",
        "a%00b",
        "\n",
        "😀",
        "ﬁ",
        "é",
        "e\u{301}",
        "member#1",
        "1#member",
        "🔑".repeat(300).as_str(),
        "#".repeat(1024).as_str(),
        long.as_str(),
        &format!("{long}y"),
    ]
    .map(Id::from);
    for (n, id) in ids.iter().enumerate() {
        store
            .keep_fact(&SiteId::from("s"), &plan(id, &n.to_string()))
            .await
            .unwrap_or_else(|error| panic!("{id:.40}: {error}"));
        let guest = Holder::Visitor(id.clone());
        store
            .keep_fact(
                &SiteId::from("s"),
                &booking(&format!("b{n}"), vec![id.clone()]),
            )
            .await
            .expect("it is kept");
        let (about, version) = store
            .holdings(&SiteId::from("s"), &guest)
            .await
            .expect("it reads");
        assert_eq!(
            (about, version),
            (vec![FactId::new(Kind::Booking, format!("b{n}"))], 1),
            "{id:.40}"
        );
    }
    for (n, id) in ids.iter().enumerate() {
        let found = store
            .fact(&SiteId::from("s"), &FactId::new(Kind::Plan, id.clone()))
            .await
            .expect("it reads");
        assert_eq!(found, Some(plan(id, &n.to_string())), "{id:.40}");
    }
    assert_eq!(
        store
            .facts_of(&SiteId::from("s"), Kind::Plan)
            .await
            .expect("it lists")
            .len(),
        ids.len()
    );
}

#[tokio::test]
async fn a_fact_about_more_people_than_a_transaction_holds_is_whole_in_the_end() {
    let store = empty().await;
    let guests = |range: std::ops::Range<usize>| {
        range.map(|n| Id::from(format!("g{n}"))).collect::<Vec<_>>()
    };
    let concerned = store
        .keep_fact(&SiteId::from("s"), &booking("b", guests(0..250)))
        .await
        .expect("it is kept");
    assert_eq!(
        (concerned.all_people.len(), concerned.some_left),
        (250, false)
    );
    let concerned = store
        .keep_fact(&SiteId::from("s"), &booking("b", guests(100..300)))
        .await
        .expect("it is kept");
    assert_eq!(
        (concerned.all_people.len(), concerned.some_left),
        (300, true)
    );
    for (guest, invited) in [("g0", 0), ("g99", 0), ("g100", 1), ("g249", 1), ("g299", 1)] {
        let (about, version) = store
            .holdings(&SiteId::from("s"), &Holder::Visitor(guest.into()))
            .await
            .expect("it reads");
        assert_eq!(about.len(), invited, "{guest}");
        assert!(
            version > 0,
            "{guest}: the version shows that something changed"
        );
    }
}

#[tokio::test]
async fn a_fact_that_no_item_holds_is_refused_and_what_was_known_stays() {
    let store = empty().await;
    store
        .keep_fact(&SiteId::from("s"), &plan("p", "Hot desk"))
        .await
        .expect("it is kept");
    let error = store
        .keep_fact(&SiteId::from("s"), &plan("p", &"x".repeat(LARGEST)))
        .await
        .expect_err("too large");
    assert!(is_for_nothing(&error), "{error}");
    assert_ne!(error, conflict());
    let known = store
        .fact(&SiteId::from("s"), &FactId::new(Kind::Plan, "p"))
        .await
        .expect("it reads");
    assert_eq!(known, Some(plan("p", "Hot desk")));
}
