//! JSON from outside, parsed strictly: a body with a duplicate key is refused.
//!
//! Two parsers of one body must agree on what it says. A duplicate key lets them disagree.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Parses the JSON in `body`.
///
/// # Errors
/// What is wrong, without quoting the body: empty, not UTF-8, not JSON, nested too deep, or a
/// duplicate key.
pub fn strict(body: &[u8]) -> Result<Value, &'static str> {
    let text = std::str::from_utf8(body).map_err(|_| "the body is not UTF-8")?;
    if text.trim().is_empty() {
        return Err("the body is empty");
    }
    match serde_json::from_str::<Strict>(text) {
        Ok(Strict(value)) => Ok(value),
        Err(error) => Err(match error.to_string() {
            why if why.starts_with(TWICE) => "the body has a key twice",
            why if why.starts_with("recursion limit exceeded") => "the body is nested too deep",
            _ => "the body is not JSON",
        }),
    }
}

/// Prefix that identifies the duplicate-key error. The parser appends the position.
const TWICE: &str = "a key twice";

struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Once).map(Strict)
    }
}

struct Once;

impl<'de> Visitor<'de> for Once {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(Strict(item)) = items.next_element()? {
            all.push(item);
        }
        Ok(Value::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Value, A::Error> {
        let mut all = Map::new();
        while let Some((key, Strict(value))) = pairs.next_entry::<String, Strict>()? {
            if all.insert(key, value).is_some() {
                return Err(A::Error::custom(TWICE));
            }
        }
        Ok(Value::Object(all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_read_is_read_as_always() {
        let text = r#"{"a":[1,-2,2.5,true,null,"é"],"b":{"a":{}}}"#;
        assert_eq!(
            strict(text.as_bytes()),
            Ok(serde_json::from_str(text).expect("JSON"))
        );
    }

    #[test]
    fn what_cannot_be_read_says_why_without_quoting() {
        let deep = "[".repeat(1_000_000);
        for (body, why) in [
            (&b""[..], "the body is empty"),
            (b" \n", "the body is empty"),
            (b"\xff{}", "the body is not UTF-8"),
            (b"{\"a\":1}x", "the body is not JSON"),
            (b"{\"a\":1e999}", "the body is not JSON"),
            (b"\xef\xbb\xbf{}", "the body is not JSON"),
            (b"{\"a\":1,\"a\":1}", "the body has a key twice"),
            (
                b"[{\"a\":{\"b\":1,\"\\u0062\":2}}]",
                "the body has a key twice",
            ),
            (deep.as_bytes(), "the body is nested too deep"),
        ] {
            assert_eq!(strict(body), Err(why));
        }
    }
}
