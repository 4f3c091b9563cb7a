//! What is read comes whole, in order, and as it is at this very moment.

use super::{all, empty, put};
use doorstep_cloud::store::key::Key;
use doorstep_cloud::store::{Store, Write};

async fn with(store: &Store, keys: &[&str]) {
    store
        .write_many(keys.iter().map(|sk| put(sk, sk)).collect())
        .await
        .expect("it writes");
}

fn keys(items: Vec<doorstep_cloud::store::Item>) -> Vec<String> {
    items.into_iter().map(|item| item.sk).collect()
}

#[tokio::test]
async fn a_list_goes_by_the_bytes_of_utf_8() {
    let store = empty().await;
    // In UTF-16 the emoji would come before the ligature, and in most languages é before z and Z
    // beside z.
    let mut words = [
        "z", "Z", "é", "e\u{301}", "😀", "ﬁ", "~", "a", "aa", "a#", "a ", "0", "10", "2", "\u{7f}",
        "😀a",
    ];
    with(&store, &words).await;
    words.sort_unstable();
    assert_eq!(all(&store).await, words);
}

#[tokio::test]
async fn bounds_are_where_they_are() {
    let store = empty().await;
    with(
        &store,
        &[
            "20260301T1159#a",
            "20260301T1200",
            "20260301T1200#a",
            "20260301T1200#b",
            "20260301T1201#a",
        ],
    )
    .await;
    let below = keys(
        store
            .list_below("p", "20260301T1201")
            .await
            .expect("it lists"),
    );
    assert_eq!(
        below,
        [
            "20260301T1159#a",
            "20260301T1200",
            "20260301T1200#a",
            "20260301T1200#b"
        ]
    );
    let below = keys(
        store
            .list_below("p", "20260301T1200")
            .await
            .expect("it lists"),
    );
    assert_eq!(
        below,
        ["20260301T1159#a"],
        "the bound itself is not below it"
    );
    let from = keys(
        store
            .list_from("p", "20260301T1200#b")
            .await
            .expect("it lists"),
    );
    assert_eq!(
        from,
        ["20260301T1200#b", "20260301T1201#a"],
        "the bound itself is in"
    );
    assert!(
        store
            .list_from("p", "20260302")
            .await
            .expect("it lists")
            .is_empty()
    );
    assert!(
        store
            .list_below("p", "2025")
            .await
            .expect("it lists")
            .is_empty()
    );
}

#[tokio::test]
async fn a_prefix_is_taken_letter_by_letter() {
    let store = empty().await;
    with(
        &store,
        &[
            "a",
            "a%",
            "a%b",
            "ab",
            "a_",
            "A",
            "b",
            "é",
            "e\u{301}",
            "😀",
            "😀x",
            "\u{10ffff}",
        ],
    )
    .await;
    for (prefix, found) in [
        ("a", vec!["a", "a%", "a%b", "a_", "ab"]),
        ("a%", vec!["a%", "a%b"]),
        ("a_", vec!["a_"]),
        ("é", vec!["é"]),
        ("😀", vec!["😀", "😀x"]),
        ("\u{10ffff}", vec!["\u{10ffff}"]),
        ("c", vec![]),
    ] {
        assert_eq!(
            keys(store.list("p", prefix).await.expect("it lists")),
            found,
            "{prefix}"
        );
    }
}

#[tokio::test]
async fn partitions_are_apart() {
    let store = empty().await;
    let put = |pk: &str| {
        Write::put(
            Key {
                pk: pk.into(),
                sk: "x".into(),
            },
            pk.into(),
        )
    };
    let names = ["s", "s#", "s#fact", "S", "s ", "š", "s\u{30c}", "%"];
    store
        .write_many(names.map(put).to_vec())
        .await
        .expect("it writes");
    for name in names {
        let found = store.list(name, "").await.expect("it lists");
        assert_eq!(
            found
                .iter()
                .map(|item| item.body.as_str())
                .collect::<Vec<_>>(),
            [name]
        );
    }
    assert!(store.list("nobody", "").await.expect("it lists").is_empty());
}

#[tokio::test]
async fn a_list_longer_than_a_page_comes_whole_and_in_order() {
    let store = empty().await;
    let name = |n: usize| format!("{n:02}");
    let large = |n: usize| put(&name(n), &format!("{n} ").repeat(100_000));
    store
        .write_many((0..12).map(large).collect())
        .await
        .expect("some 3 MB");
    let wanted: Vec<String> = (0..12).map(name).collect();
    assert_eq!(all(&store).await, wanted);
    assert_eq!(
        keys(store.list_below("p", "11").await.expect("it lists")),
        wanted[..11]
    );
    assert_eq!(
        keys(store.list_from("p", "01").await.expect("it lists")),
        wanted[1..]
    );
    assert_eq!(
        keys(store.list("p", "0").await.expect("it lists")),
        wanted[..10]
    );
}

#[tokio::test]
async fn what_was_written_is_seen_at_once() {
    let store = empty().await;
    for n in 0..40 {
        store
            .write(put("a", &n.to_string()))
            .await
            .expect("it writes");
        let there = store
            .get(&super::at("a"))
            .await
            .expect("it reads")
            .expect("it is there");
        let listed = store.list("p", "").await.expect("it lists");
        let many = store.get_many(&[super::at("a")]).await.expect("it reads");
        assert_eq!(
            [&there.body, &listed[0].body, &many[0].1.body],
            [&n.to_string(); 3]
        );
    }
}
