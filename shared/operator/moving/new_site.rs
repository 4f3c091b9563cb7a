//! The beginning of a new site file: the site, its platform and its door system.

use std::collections::BTreeSet;
use std::fmt::Write;

use doorstep_core::model::account::DoorsKind;
use doorstep_core::model::platform_kind::PlatformKind;

use super::quoted::quoted;
use crate::survey::Survey;

/// What a new site file says above its rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSite {
    /// The site's name.
    pub site: String,
    /// The time zone; `None`: the platform's locations say it.
    pub timezone: Option<String>,
    /// The platform.
    pub platform: PlatformKind,
    /// The platform's own name of the operator.
    pub organization: Option<String>,
    /// The door system.
    pub doors: DoorsKind,
    /// The place there.
    pub place: Option<String>,
    /// Whether both vendors are those of the sandbox.
    pub is_sandbox: bool,
}

/// The zone of a file whose locations have none.
const NO_ZONE: &str = "UTC";

impl NewSite {
    /// Returns the file without rules. It is valid, and it only observes. Without a survey it has
    /// no guesses and can be used to read the vendors.
    pub fn text(&self, survey: Option<&Survey>) -> String {
        let (zone, guess) = self.zone(survey);
        let mut text = format!(
            "# Written by Doorstep. Read every line that begins with \"# Guess\".\n\
             site     = {}\n\
             timezone = {}{guess}\n\
             # Doorstep changes no door in mode \"observe\". The modes grant-only and full act.\n\
             mode     = \"observe\"\n",
            quoted(&self.site),
            quoted(&zone)
        );
        let platform = [
            ("kind", Some(self.platform.word())),
            ("organization", self.organization.as_deref()),
            ("secret", Some(&*self.secret(self.platform.word()))),
            ("url", self.is_sandbox.then_some("sandbox")),
        ];
        table(&mut text, "platform", &platform);
        let doors = [
            ("kind", Some(self.doors.word())),
            ("place", self.place.as_deref()),
            ("secret", Some(&*self.secret(self.doors.word()))),
            ("url", self.is_sandbox.then_some("sandbox")),
        ];
        table(&mut text, "doors.main", &doors);
        text.push_str(
            "# Their access is never revoked. Mode \"full\" needs at least two addresses.\n\
             protected = []\n\n[bookings]\n\
             # Guess: no bridge says how long before and after a booking it opens.\n\
             before = \"15m\"\nafter  = \"15m\"\n",
        );
        text
    }

    /// Returns the name of the secret of one vendor.
    pub fn secret(&self, vendor: &str) -> String {
        format!("{}/{vendor}", self.site)
    }

    /// Returns the zone, and the comment where it was guessed.
    fn zone(&self, survey: Option<&Survey>) -> (String, &'static str) {
        if let Some(zone) = &self.timezone {
            return (zone.clone(), "");
        }
        let locations = survey.map(|survey| survey.catalogue.locations.values());
        let zones: BTreeSet<&String> = locations
            .into_iter()
            .flatten()
            .filter_map(|location| location.timezone.as_ref())
            .collect();
        match (zones.len(), zones.first()) {
            (1, Some(zone)) => ((*zone).clone(), ""),
            (_, Some(zone)) => (
                (*zone).clone(),
                "   # Guess: the locations have several zones. Each one's own zone comes first.",
            ),
            (_, None) => (
                NO_ZONE.to_owned(),
                "   # Guess: the platform names no zone. Write yours, such as \"Europe/London\".",
            ),
        }
    }
}

fn table(text: &mut String, name: &str, keys: &[(&str, Option<&str>)]) {
    let longest = keys.iter().filter(|(_, value)| value.is_some());
    let longest = longest.map(|(key, _)| key.len()).max().unwrap_or_default();
    // Writing to a string cannot fail.
    writeln!(text, "\n[{name}]").ok();
    for (key, value) in keys {
        let Some(value) = value else { continue };
        writeln!(text, "{key:longest$} = {}", quoted(value)).ok();
    }
}
