//! The answer about one group as one sentence.

use jiff::Timestamp;
use jiff::civil::Date;

use super::shape::{Answer, Evidence, Explained, GroupExplained, Missing, Tense};
use crate::zone::Zone;
use doorstep_core::model::reasons::Reason;
use doorstep_core::model::shown::shown;

/// The most reasons that a sentence names.
const MOST_REASONS: usize = 2;

impl Explained {
    /// Returns the group with which an answer begins: one that does not open as it should, else one
    /// that opens, else one that opened or will open.
    pub fn first(&self) -> Option<&GroupExplained> {
        self.groups.iter().min_by_key(|group| {
            let unlike = group.verdict.missing == Some(Missing::NoRule);
            (group.verdict.answer, unlike)
        })
    }

    /// Returns the answer about one group as a sentence.
    pub fn sentence(&self, group: &GroupExplained) -> String {
        let zone = Zone::named(&self.timezone);
        let sentence = Sentence {
            explained: self,
            group,
            today: zone.day(self.at),
            zone,
        };
        sentence.text()
    }

    /// Returns the name by which sentences call the person.
    pub fn called(&self) -> &str {
        let who = &self.person;
        let profile = || who.profiles.first().map(String::as_str);
        let name = who.name.as_deref().or(who.email.as_deref());
        name.or_else(profile).unwrap_or("this person")
    }
}

impl GroupExplained {
    /// Returns the name of the group, or its id.
    pub fn called(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.group.0)
    }
}

/// One sentence in the making.
struct Sentence<'a> {
    explained: &'a Explained,
    group: &'a GroupExplained,
    zone: Zone,
    today: Date,
}

impl Sentence<'_> {
    fn text(&self) -> String {
        // A name must not turn the direction of the rest of the sentence.
        let (who, group) = (shown(self.explained.called()), shown(self.group.called()));
        let [may, may_not] = self.words();
        let (until, because) = (self.until(), self.because());
        match self.group.verdict.answer {
            Answer::Opens if self.group.claim.is_none() && self.is_by_hand() => {
                format!(
                    "{who} {may} {group}{until}, because the membership was added by hand; facts and rules give it too."
                )
            }
            Answer::Opens => format!("{who} {may} {group}{until}{because}."),
            Answer::StillOpens => format!("{who} {may} {group}, although {}.", self.no_longer()),
            Answer::Fails => self.fails(&format!("{group}{until}{because}")),
            Answer::Shut => format!("{who} {may_not} {group}: {}.", self.shut()),
        }
    }

    fn words(&self) -> [&'static str; 2] {
        match self.explained.tense {
            Tense::Past => ["could open", "could not open"],
            Tense::Present => ["may open", "may not open"],
            Tense::Future => ["will be able to open", "will not be able to open"],
        }
    }

    fn is_by_hand(&self) -> bool {
        matches!(self.group.evidence, Evidence::Doors | Evidence::Observed)
    }

    fn until(&self) -> String {
        let until = self.group.verdict.until;
        let written = until.map(|until| format!(" until {}", self.short(until)));
        written.unwrap_or_default()
    }

    fn because(&self) -> String {
        let reasons = self.reasons();
        match reasons.is_empty() {
            true => String::new(),
            false => format!(", because {reasons}"),
        }
    }

    fn reasons(&self) -> String {
        let all = &self.group.verdict.reasons;
        let named: Vec<String> = all.iter().take(MOST_REASONS).map(reason).collect();
        let more = match all.len().saturating_sub(MOST_REASONS) {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        format!("{}{more}", named.join("; and "))
    }

    /// Explains a group that does not open and should. `what` is the access that the person lacks.
    fn fails(&self, what: &str) -> String {
        let [should, but] = match self.explained.tense {
            Tense::Past => ["should have been able to open", "could not"],
            Tense::Present => ["should be able to open", "cannot"],
            Tense::Future => ["should be able to open", "will not be"],
        };
        let who = shown(self.explained.called());
        format!("{who} {should} {what}, but {but}: {}.", self.detail())
    }

    /// Explains a group that opens and should not.
    fn no_longer(&self) -> String {
        let held = match &self.group.hold {
            Some(checksum) => format!(": the removal waits for the approval of {checksum}"),
            None => String::new(),
        };
        match self.explained.tense {
            Tense::Past => "the facts and rules known today do not give this access".to_owned(),
            _ => format!("facts and rules no longer give this access{held}"),
        }
    }

    /// Explains a group that does not open and should not.
    fn shut(&self) -> String {
        let verdict = &self.group.verdict;
        let reasons = self.reasons();
        match (verdict.missing, verdict.at) {
            (Some(Missing::NotYet), Some(at)) => {
                format!("it opens at {}, because {reasons}", self.short(at))
            }
            (Some(Missing::Over), Some(at)) => {
                format!("the access ended at {}, {reasons}", self.short(at))
            }
            _ => self.detail(),
        }
    }

    /// Returns the first missing thing, or else the first reason, without its full stop.
    fn detail(&self) -> String {
        let lacks = self.group.lacks.first().map(|lack| lack.text.as_str());
        let why = || self.group.why.first().map(String::as_str);
        let text = lacks.or_else(why).unwrap_or("no record says why");
        text.trim_end_matches('.').to_owned()
    }

    fn short(&self, at: Timestamp) -> String {
        self.zone.short(at, self.today)
    }
}

fn reason(reason: &Reason) -> String {
    let facts: Vec<String> = reason.facts.iter().map(ToString::to_string).collect();
    format!(
        "{}, rule {}, line {}",
        facts.join(" with "),
        reason.rule,
        reason.line
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// Explains Front door to Ada at 09:30 in New York, with changes of the group's keys.
    fn said(tense: &str, answer: &str, more: Value) -> String {
        let mut group = json!({
            "doors": "main", "group": "5", "name": "Front door", "has": true, "evidence": "claim", "may": true,
            "why": [], "lacks": [], "claim": null, "because": [], "rules": [], "done": [],
            "verdict": { "answer": answer, "until": "2026-03-02T17:45:00Z", "missing": null, "at": null,
                "reasons": [{ "facts": [{ "kind": "booking", "id": "b1" }], "rule": 2, "line": 27 }] },
        });
        for (key, value) in more.as_object().expect("an object") {
            match value.as_object() {
                Some(changes) => changes.iter().for_each(|(inner, value)| {
                    group[key][inner] = value.clone();
                }),
                None => group[key] = value.clone(),
            }
        }
        let explained: Explained = serde_json::from_value(json!({
            "site": "riverside", "timezone": "America/New_York", "at": "2026-03-02T14:30:00Z", "tense": tense,
            "mode": "full", "remarks": [], "problems": [], "next": null, "groups": [group],
            "person": { "id": "p", "email": null, "name": "Ada", "profiles": [], "accounts": [] },
        }))
        .expect("an explanation");
        explained.sentence(&explained.groups[0])
    }

    #[test]
    fn an_answer_is_one_sentence_with_local_times() {
        let because = "because booking b1, rule 2, line 27";
        assert_eq!(
            said("present", "opens", json!({})),
            format!("Ada may open Front door until 12:45, {because}.")
        );
        let tomorrow = json!({ "verdict": { "until": "2026-03-03T05:00:00Z" } });
        assert_eq!(
            said("future", "opens", tomorrow),
            format!("Ada will be able to open Front door until 00:00 on 2026-03-03, {because}.")
        );
        let refused = json!({ "lacks": [{ "what": "refused", "text": "main: no", "at": null }] });
        assert_eq!(
            said("present", "fails", refused.clone()),
            format!(
                "Ada should be able to open Front door until 12:45, {because}, but cannot: main: no."
            )
        );
        assert_eq!(
            said("past", "fails", refused),
            format!(
                "Ada should have been able to open Front door until 12:45, {because}, but could not: main: no."
            )
        );
        let held = json!({ "hold": "0123" });
        assert_eq!(
            said("present", "still-opens", held),
            "Ada may open Front door, although facts and rules no longer give this access: the removal waits for the approval of 0123."
        );
        let soon = json!({ "verdict": { "until": null, "missing": "not-yet", "at": "2026-03-02T20:00:00Z" } });
        assert_eq!(
            said("present", "shut", soon),
            format!("Ada may not open Front door: it opens at 15:00, {because}.")
        );
    }

    #[test]
    fn many_reasons_are_counted_and_no_name_turns_the_text_around() {
        let reason =
            |id: &str| json!({ "facts": [{ "kind": "booking", "id": id }], "rule": 1, "line": 9 });
        let more = json!({ "name": "Front\u{202e}door", "verdict": { "until": null,
            "reasons": [reason("a"), reason("b"), reason("c"), reason("d")] } });
        assert_eq!(
            said("present", "opens", more),
            "Ada may open Front\\u{202e}door, because booking a, rule 1, line 9; and booking b, rule 1, line 9, and 2 more."
        );
    }
}
