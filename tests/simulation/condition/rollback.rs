//! The operator deploys the version before, and some time later this one again.
//!
//! There is no older binary to run. What an older version leaves behind is played instead: every
//! stored item gets the form that it had before the last changes of stored formats, at the begin and
//! again at the end, as if the older version had written each. All functions start anew, as after a
//! deployment.
//!
//! Nothing is widened.

use serde_json::{Map, Value};

use crate::reference_model::Minute;
use crate::simulation::stage::{Stage, Task};

impl Stage<'_> {
    pub async fn roll_back(&mut self, lasts: Minute) {
        self.put_off(self.play.now() + lasts, Task::RollsForward);
        self.write_earlier_forms().await;
    }

    pub async fn write_earlier_forms(&mut self) {
        let rewritten = self.play.machine.rewrite_items(before);
        let rewritten = rewritten.expect("the table is here");
        self.play
            .note(format!("{rewritten} items have their earlier form"));
    }
}

/// Gives an item the form that the versions before the last two changes of stored formats wrote, by
/// the history of `tests/golden/stored.txt`. Returns whether it differs.
fn before(item: &mut Map<String, Value>) -> bool {
    let of = |name: &str| {
        let text = item.get(name).and_then(|value| value["S"].as_str());
        text.unwrap_or_default().to_owned()
    };
    if !of("pk").ends_with("#read") {
        return false;
    }
    let Ok(mut body) = serde_json::from_str::<Value>(&of("body")) else {
        return false;
    };
    let now = body.clone();
    if let Some(fields) = body.as_object_mut() {
        // c389b89: the kinds of a large site are read whole in turn.
        fields.remove("whole_of");
    }
    let doors = body.get_mut("doors").and_then(Value::as_object_mut);
    let removed = doors.into_iter().flatten();
    let removed = removed.filter_map(|(_, doors)| doors.get_mut("removed")?.as_array_mut());
    for one in removed.flatten().filter_map(Value::as_object_mut) {
        // 8d797ab: the number of the audit record instead of the instant of the claim.
        if one.remove("record").is_some() {
            one.insert("claimed".to_owned(), one["since"].clone());
        }
    }
    item["body"]["S"] = Value::String(body.to_string());
    body != now
}
