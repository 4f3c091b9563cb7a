//! The few keys of a site file that this machine needs. Only the library validates the file.

use toml::{Table, Value};

use doorstep_core::model::ids::{DoorsName, SiteId};

/// A site file, and the names of its secrets.
#[derive(Debug, Clone)]
pub struct SiteFile {
    /// The text of the file.
    pub text: String,
    /// The site's name; empty if the file has none.
    pub site: SiteId,
    /// The platform's kind; empty if the file has none.
    pub platform: String,
    /// The organisation at the platform; empty if the file has none.
    pub organization: String,
    /// Name of the platform's secret; empty if the file has none.
    pub platform_secret: String,
    /// Whether the platform is a sandbox of this run.
    pub is_sandbox: bool,
    /// Its door systems.
    pub doors: Vec<DoorsFile>,
}

/// One door system of the file. Missing keys are empty.
#[derive(Debug, Clone)]
pub struct DoorsFile {
    /// Its name in the file.
    pub name: DoorsName,
    /// Its kind.
    pub kind: String,
    /// Its place.
    pub place: String,
    /// Name of its secret.
    pub secret: String,
    /// Whether it is a sandbox of this run.
    pub is_sandbox: bool,
}

/// The value of a vendor's address that means the sandbox.
const SANDBOX: &str = "sandbox";

impl SiteFile {
    /// Reads `text` and accepts whatever it finds.
    pub fn of(text: String) -> Self {
        let file: Table = text.parse().unwrap_or_default();
        let word = |table: Option<&Table>, key: &str| {
            table
                .and_then(|table| table.get(key)?.as_str())
                .unwrap_or_default()
                .to_owned()
        };
        let platform = file.get("platform").and_then(Value::as_table);
        let doors = file
            .get("doors")
            .and_then(Value::as_table)
            .into_iter()
            .flatten();
        let doors = doors.map(|(name, doors)| {
            let doors = doors.as_table();
            let (kind, place, secret) = (
                word(doors, "kind"),
                word(doors, "place"),
                word(doors, "secret"),
            );
            let is_sandbox = word(doors, "url") == SANDBOX;
            DoorsFile {
                name: name.as_str().into(),
                kind,
                place,
                secret,
                is_sandbox,
            }
        });
        SiteFile {
            site: word(Some(&file), "site").into(),
            platform: word(platform, "kind"),
            organization: word(platform, "organization"),
            platform_secret: word(platform, "secret"),
            is_sandbox: word(platform, "url") == SANDBOX,
            doors: doors.collect(),
            text,
        }
    }
}
