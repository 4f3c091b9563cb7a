//! Faults: the failures that a test sets at a sandbox. They are read from `_faults` and applied
//! in their order, each as often as its `times` allow. A call meets at most one fault, the first
//! that matches.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::answer::{self, Answer};

/// One fault, as written.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InjectedFault {
    #[serde(rename = "match")]
    pattern: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    headers: Option<Map<String, Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    #[serde(default = "once")]
    times: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<After>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    delay_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lie: Option<Lie>,
}

/// A field that has one value in every answer, whatever the world says.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lie {
    field: String,
    value: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum After {
    Apply,
    /// The answer of a success, although nothing is done.
    Nothing,
}

fn once() -> i64 {
    1
}

/// The effect of a fault on a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Course {
    /// The real answer comes late.
    Late,
    /// The work is done, and the answer is a failure.
    DoneThenFails,
    /// The real answer comes, and nothing is done.
    Lost,
    /// The real answer comes with one field changed everywhere.
    Lies,
    /// Nothing is done, and the answer is a failure.
    Fails,
}

impl InjectedFault {
    /// Parses a list of faults.
    ///
    /// # Errors
    /// A message for the author of the list.
    pub fn read(body: &[u8]) -> Result<Vec<InjectedFault>, String> {
        let faults: Vec<InjectedFault> =
            serde_json::from_slice(body).map_err(|wrong| format!("faults: {wrong}"))?;
        for fault in &faults {
            fault.judge()?;
        }
        Ok(faults
            .into_iter()
            .filter(|fault| fault.times != 0)
            .collect())
    }

    fn judge(&self) -> Result<(), String> {
        if self.times < -1 {
            return Err("faults: times must be -1 (for ever) or a number of calls".into());
        }
        if self
            .status
            .is_some_and(|status| !(100..=599).contains(&status))
        {
            return Err("faults: status must be between 100 and 599".into());
        }
        for (name, value) in self.headers.iter().flatten() {
            let sound = header(name, value).is_some();
            if !sound {
                return Err("faults: headers must be names with a text each".into());
            }
        }
        Ok(())
    }

    /// Returns what happens to a call that meets this fault.
    pub fn course(&self) -> Course {
        let says_nothing = self.status.is_none() && self.body.is_none() && self.headers.is_none();
        match self.after {
            Some(After::Apply) => Course::DoneThenFails,
            Some(After::Nothing) => Course::Lost,
            None if self.lie.is_some() => Course::Lies,
            None if says_nothing && self.delay_ms.is_some() => Course::Late,
            None => Course::Fails,
        }
    }

    /// Returns the real answer with the lie in it.
    pub fn falsified(&self, mut answer: Answer) -> Answer {
        if let Some(lie) = &self.lie
            && let Ok(mut body) = serde_json::from_slice::<Value>(answer.body())
        {
            lie.tell(&mut body);
            *answer.body_mut() = Bytes::from(body.to_string());
        }
        answer
    }

    /// Returns the delay of the answer, in real time.
    pub fn delay(&self) -> Duration {
        Duration::from_millis(self.delay_ms.unwrap_or(0))
    }

    /// Returns the answer that replaces the real one. The default status is 200, or 500 after the
    /// work was done.
    pub fn answer(&self) -> Answer {
        let usual = if self.after.is_some() && self.body.is_none() {
            500
        } else {
            200
        };
        let body = self.body.clone().unwrap_or_default();
        let has_body = !body.is_empty();
        let mut answer = answer::verbatim(self.status.unwrap_or(usual), Bytes::from(body));
        if has_body {
            answer
                .headers_mut()
                .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        for (name, value) in self
            .headers
            .iter()
            .flatten()
            .filter_map(|(name, value)| header(name, value))
        {
            answer.headers_mut().insert(name, value);
        }
        answer
    }
}

impl Lie {
    /// Gives the field its value in every object that has it.
    fn tell(&self, body: &mut Value) {
        match body {
            Value::Object(fields) => {
                for (name, value) in fields {
                    match *name == self.field {
                        true => value.clone_from(&self.value),
                        false => self.tell(value),
                    }
                }
            }
            Value::Array(all) => all.iter_mut().for_each(|one| self.tell(one)),
            _ => {}
        }
    }
}

/// Returns the first of `faults` that matches `line` ("METHOD /path"), and uses up one of its
/// times.
pub fn meet(faults: &mut Vec<InjectedFault>, line: &str) -> Option<InjectedFault> {
    let place = faults
        .iter()
        .position(|fault| matches(&fault.pattern, line))?;
    let fault = faults.get_mut(place)?;
    if fault.times > 0 {
        fault.times -= 1;
    }
    let met = fault.clone();
    if met.times == 0 {
        faults.remove(place);
    }
    Some(met)
}

/// Returns whether `text` matches `pattern`, where `*` matches any text, including an empty one.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    true
}

fn header(name: &str, value: &Value) -> Option<(HeaderName, HeaderValue)> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    Some((
        HeaderName::try_from(name).ok()?,
        HeaderValue::try_from(text).ok()?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_stretch() {
        assert!(matches("*", "GET /users"));
        assert!(matches("GET /users", "GET /users"));
        assert!(!matches("GET /users", "GET /users/1"));
        assert!(matches("PATCH *", "PATCH /users/1"));
        assert!(matches("* /users/*/keys", "GET /users/7/keys"));
        assert!(!matches("* /users/*/keys", "GET /users/7/pins"));
        assert!(!matches("GET *s/s", "GET /s"));
    }

    #[test]
    fn unknown_keys_and_values_are_refused() {
        assert!(InjectedFault::read(br#"[{"match":"*","stauts":500}]"#).is_err());
        assert!(InjectedFault::read(br#"[{"status":500}]"#).is_err());
        assert!(InjectedFault::read(br#"[{"match":"*","after":"lunch"}]"#).is_err());
        assert!(InjectedFault::read(br#"[{"match":"*","status":42}]"#).is_err());
        assert!(InjectedFault::read(br#"[{"match":"*","times":-2}]"#).is_err());
        assert!(InjectedFault::read(b"[]").is_ok_and(|faults| faults.is_empty()));
    }

    #[test]
    fn a_lie_is_in_every_object_that_has_the_field() {
        let faults = InjectedFault::read(br#"[{"match":"*","lie":{"field":"a","value":null}}]"#)
            .unwrap_or_default();
        let answer = answer::verbatim(200, Bytes::from(r#"{"l":[{"a":1,"b":2},{"c":{"a":3}}]}"#));
        let lies: Vec<_> = faults
            .iter()
            .filter(|fault| fault.course() == Course::Lies)
            .map(|fault| fault.falsified(answer.clone()).into_body())
            .collect();
        assert_eq!(lies, [r#"{"l":[{"a":null,"b":2},{"c":{"a":null}}]}"#]);
    }

    #[test]
    fn each_lasts_its_times_in_order() {
        let mut faults = InjectedFault::read(
            br#"[{"match":"GET *","status":429,"times":2},{"match":"*","status":500},{"match":"*","delay_ms":1,"times":-1}]"#,
        )
        .unwrap_or_default();
        let statuses: Vec<_> = (0..5)
            .map(|_| meet(&mut faults, "GET /users").map(|fault| fault.status.unwrap_or(0)))
            .collect();
        assert_eq!(
            statuses,
            [Some(429), Some(429), Some(500), Some(0), Some(0)]
        );
        assert_eq!(faults.len(), 1);
    }
}
