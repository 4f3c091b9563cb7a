//! Prints what happened at the doors since the last call: one line for each grant and revoke, with
//! its reason.
//!
//! A record that only changes the end of a membership is neither. The set of members tells them
//! apart.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::client::SampleClient;
use super::zone;

/// The door systems of the sample sites: site, name in its file, and its name in the sandbox.
const DOORS: [(&str, &str, &str); 7] = [
    ("riverside", "main", "kisi"),
    (
        "harbour",
        "main",
        "salto-ks?of=5a170000-0000-4000-8000-00000000da7e",
    ),
    ("quay", "house", "kisi?of=31"),
    (
        "quay",
        "studios",
        "salto-ks?of=5a170000-0000-4000-8000-0000000000aa",
    ),
    (
        "loft",
        "main",
        "salto-ks?of=5a170000-0000-4000-8000-0000000000bb",
    ),
    ("mill", "main", "kisi?of=32"),
    ("wharf", "main", "kisi?of=33"),
];

/// What was already printed, and who is a member.
#[derive(Default)]
pub(super) struct Printer {
    seen: BTreeMap<(&'static str, &'static str), u64>,
    inside: BTreeSet<(&'static str, &'static str, String, String)>,
}

/// One record of the audit chain.
#[derive(Deserialize)]
struct PrintedRecord {
    seq: u64,
    at: Timestamp,
    what: String,
    doors: String,
    account: String,
    group: Option<String>,
    because: String,
}

/// A line of output.
struct OutputLine {
    at: Timestamp,
    site: &'static str,
    word: &'static str,
    door: String,
    who: String,
    because: String,
}

impl Printer {
    /// Prints what is new at every sample site, in order of time.
    ///
    /// # Errors
    /// A message that says what failed.
    pub(super) async fn print(
        &mut self,
        run: &SampleClient<'_>,
        out: &mut (dyn Write + Send),
    ) -> Result<(), String> {
        let mut lines = Vec::new();
        for (site, doors, vendor) in DOORS {
            let chain = run.audit(site).await?;
            let chain: Vec<PrintedRecord> =
                serde_json::from_value(chain).map_err(|error| error.to_string())?;
            let seen = self.seen.get(&(site, doors)).copied().unwrap_or(0);
            self.seen.insert(
                (site, doors),
                chain.last().map_or(seen, |record| record.seq),
            );
            let is_new = |record: &PrintedRecord| record.seq > seen && record.doors == doors;
            let new: Vec<PrintedRecord> = chain.into_iter().filter(is_new).collect();
            if !new.is_empty() {
                let world = run.world(vendor).await?;
                let mut here: Vec<OutputLine> = new
                    .into_iter()
                    .filter_map(|record| self.line(site, doors, &world, record))
                    .collect();
                // The audit order of people in one minute follows their random ids.
                here.sort_by(|a, b| (a.at, &a.who).cmp(&(b.at, &b.who)));
                lines.append(&mut here);
            }
        }
        lines.sort_by_key(|line| line.at);
        lines
            .iter()
            .try_for_each(|line| line.print(out))
            .map_err(|error| error.to_string())
    }

    fn line(
        &mut self,
        site: &'static str,
        doors: &'static str,
        world: &Value,
        record: PrintedRecord,
    ) -> Option<OutputLine> {
        let group = record.group?;
        let place = (site, doors, record.account.clone(), group.clone());
        let word = match record.what.as_str() {
            "granted" => self.inside.insert(place).then_some("opens")?,
            "revoked" => {
                self.inside.remove(&place);
                "closes"
            }
            _ => return None,
        };
        Some(OutputLine {
            at: record.at,
            site,
            word,
            door: name(world, "groups", &group),
            who: name(world, "users", &record.account),
            because: record.because,
        })
    }
}

impl OutputLine {
    fn print(&self, out: &mut (dyn Write + Send)) -> std::io::Result<()> {
        let OutputLine {
            site,
            word,
            door,
            who,
            because,
            ..
        } = self;
        let at = self.at.to_zoned(zone()).strftime("%H:%M").to_string();
        writeln!(
            out,
            "{at}  {site:<9}  {word:<6}  {door:<13}  for {who:<12}  {because}"
        )
    }
}

/// Returns the name of a group or a person, or the id if the world no longer has it.
fn name(world: &Value, list: &str, id: &str) -> String {
    let bare = id.strip_prefix("guest:").unwrap_or(id);
    let things = world
        .get(list)
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let mut found = things.filter(|thing| thing.get("id").and_then(Value::as_str) == Some(bare));
    let named = found.find_map(|thing| {
        thing
            .get("name")
            .or(thing.get("alias"))?
            .as_str()
            .filter(|n| !n.is_empty())
    });
    named.unwrap_or(id).to_owned()
}
