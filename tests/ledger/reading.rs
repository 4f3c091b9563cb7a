//! What is read comes whole, in order, and as it is at this very moment.

use super::{all, empty, put};
use doorstep_cloud::ledger::key::Key;
use doorstep_cloud::ledger::{Store, Write};

async fn with(ledger: &Store, keys: &[&str]) {
    ledger.write_many(keys.iter().map(|sk| put(sk, sk)).collect()).await.expect("it writes");
}

fn keys(items: Vec<doorstep_cloud::ledger::Item>) -> Vec<String> {
    items.into_iter().map(|item| item.sk).collect()
}

#[tokio::test]
async fn a_list_goes_by_the_bytes_of_utf_8() {
    let ledger = empty().await;
    // In UTF-16 the emoji would come before the ligature, and in most languages é before z and Z beside z.
    let mut words = ["z", "Z", "é", "e\u{301}", "😀", "ﬁ", "~", "a", "aa", "a#", "a ", "0", "10", "2", "\u{7f}", "😀a"];
    with(&ledger, &words).await;
    words.sort_unstable();
    assert_eq!(all(&ledger).await, words);
}

#[tokio::test]
async fn bounds_are_where_they_are() {
    let ledger = empty().await;
    with(&ledger, &["20260301T1159#a", "20260301T1200", "20260301T1200#a", "20260301T1200#b", "20260301T1201#a"]).await;
    let below = keys(ledger.list_below("p", "20260301T1201").await.expect("it lists"));
    assert_eq!(below, ["20260301T1159#a", "20260301T1200", "20260301T1200#a", "20260301T1200#b"]);
    let below = keys(ledger.list_below("p", "20260301T1200").await.expect("it lists"));
    assert_eq!(below, ["20260301T1159#a"], "the bound itself is not below it");
    let from = keys(ledger.list_from("p", "20260301T1200#b").await.expect("it lists"));
    assert_eq!(from, ["20260301T1200#b", "20260301T1201#a"], "the bound itself is in");
    assert!(ledger.list_from("p", "20260302").await.expect("it lists").is_empty());
    assert!(ledger.list_below("p", "2025").await.expect("it lists").is_empty());
}

#[tokio::test]
async fn a_prefix_is_taken_letter_by_letter() {
    let ledger = empty().await;
    with(&ledger, &["a", "a%", "a%b", "ab", "a_", "A", "b", "é", "e\u{301}", "😀", "😀x", "\u{10ffff}"]).await;
    for (prefix, found) in [
        ("a", vec!["a", "a%", "a%b", "a_", "ab"]),
        ("a%", vec!["a%", "a%b"]),
        ("a_", vec!["a_"]),
        ("é", vec!["é"]),
        ("😀", vec!["😀", "😀x"]),
        ("\u{10ffff}", vec!["\u{10ffff}"]),
        ("c", vec![]),
    ] {
        assert_eq!(keys(ledger.list("p", prefix).await.expect("it lists")), found, "{prefix}");
    }
}

#[tokio::test]
async fn partitions_are_apart() {
    let ledger = empty().await;
    let put = |pk: &str| Write::put(Key { pk: pk.into(), sk: "x".into() }, pk.into());
    let names = ["s", "s#", "s#fact", "S", "s ", "š", "s\u{30c}", "%"];
    ledger.write_many(names.map(put).to_vec()).await.expect("it writes");
    for name in names {
        let found = ledger.list(name, "").await.expect("it lists");
        assert_eq!(found.iter().map(|item| item.body.as_str()).collect::<Vec<_>>(), [name]);
    }
    assert!(ledger.list("nobody", "").await.expect("it lists").is_empty());
}

#[tokio::test]
async fn a_list_longer_than_a_page_comes_whole_and_in_order() {
    let ledger = empty().await;
    let name = |n: usize| format!("{n:02}");
    let large = |n: usize| put(&name(n), &format!("{n} ").repeat(100_000));
    ledger.write_many((0..12).map(large).collect()).await.expect("some 3 MB");
    let wanted: Vec<String> = (0..12).map(name).collect();
    assert_eq!(all(&ledger).await, wanted);
    assert_eq!(keys(ledger.list_below("p", "11").await.expect("it lists")), wanted[..11]);
    assert_eq!(keys(ledger.list_from("p", "01").await.expect("it lists")), wanted[1..]);
    assert_eq!(keys(ledger.list("p", "0").await.expect("it lists")), wanted[..10]);
}

#[tokio::test]
async fn what_was_written_is_seen_at_once() {
    let ledger = empty().await;
    for n in 0..40 {
        ledger.write(put("a", &n.to_string())).await.expect("it writes");
        let there = ledger.get(&super::at("a")).await.expect("it reads").expect("it is there");
        let listed = ledger.list("p", "").await.expect("it lists");
        let many = ledger.get_many(&[super::at("a")]).await.expect("it reads");
        assert_eq!([&there.body, &listed[0].body, &many[0].1.body], [&n.to_string(); 3]);
    }
}
