use std::cell::Cell;

use super::*;

/// A source that counts its reads.
struct CountingSource {
    cached: Cached<u32>,
    asked: Cell<u32>,
    away: Cell<bool>,
}

impl CountingSource {
    fn new() -> Self {
        CountingSource {
            cached: Cached::default(),
            asked: Cell::new(0),
            away: Cell::new(false),
        }
    }

    async fn at(&self, second: i64, key: &str) -> Result<u32> {
        let now = Timestamp::from_second(second).expect("an instant");
        let read = || async {
            self.asked.set(self.asked.get() + 1);
            if self.away.get() {
                Err(Error::retry("away"))
            } else {
                Ok(self.asked.get())
            }
        };
        self.cached.get(key, now, read).await.map(|value| *value)
    }
}

#[tokio::test]
async fn a_value_is_read_once_a_minute_and_by_key() {
    let source = CountingSource::new();
    assert_eq!(source.at(0, "a").await, Ok(1));
    assert_eq!(source.at(59, "a").await, Ok(1));
    assert_eq!(source.at(59, "b").await, Ok(2));
    assert_eq!(source.at(60, "a").await, Ok(3));
    assert_eq!(source.asked.get(), 3);
}

#[tokio::test]
async fn a_value_outlives_its_source_for_a_quarter_of_an_hour() {
    let source = CountingSource::new();
    assert_eq!(source.at(0, "a").await, Ok(1));
    source.away.set(true);
    for second in [60, 66, 899] {
        assert_eq!(source.at(second, "a").await, Ok(1), "{second}");
    }
    assert_eq!(source.at(905, "a").await, Err(Error::retry("away")));
    source.away.set(false);
    assert_eq!(
        source.at(909, "a").await,
        Err(Error::retry("away")),
        "within five seconds it is not asked again"
    );
    assert_eq!(source.at(910, "a").await, Ok(6));
}

#[tokio::test]
async fn a_source_that_failed_is_not_asked_again_within_five_seconds() {
    let source = CountingSource::new();
    source.away.set(true);
    for second in [0, 1, 4] {
        assert_eq!(source.at(second, "a").await, Err(Error::retry("away")));
    }
    assert_eq!(source.asked.get(), 1);
    assert_eq!(source.at(4, "b").await, Err(Error::retry("away")));
    assert_eq!(source.asked.get(), 2, "another key is another source");
    assert_eq!(source.at(5, "a").await, Err(Error::retry("away")));
    assert_eq!(source.asked.get(), 3);
}

#[tokio::test]
async fn keys_that_no_one_asks_for_any_more_are_dropped() {
    let source = CountingSource::new();
    for key in 0..MOST_KEYS {
        source.at(0, &key.to_string()).await.expect("a value");
    }
    source.at(100, "one more").await.expect("a value");
    assert_eq!(source.cached.slots().len(), 1);
}
