//! The little that this machine itself needs of a site file. The library alone judges whether a file is right.

use toml::{Table, Value};

/// A site file, and the names in it that lead to secrets.
#[derive(Debug, Clone)]
pub struct SiteFile {
    /// The file.
    pub text: String,
    /// The site's name; empty where the file does not say.
    pub site: String,
    /// The platform's kind; empty where the file does not say.
    pub platform: String,
    /// The organisation at the platform; empty where the file names none.
    pub organization: String,
    /// Name of the platform's secret; empty where the file does not say.
    pub platform_secret: String,
    /// The platform is a sandbox of this run.
    pub is_sandbox: bool,
    /// Its door systems.
    pub doors: Vec<DoorsFile>,
}

/// One of its door systems; what the file does not say is empty.
#[derive(Debug, Clone)]
pub struct DoorsFile {
    /// Its name in the file.
    pub name: String,
    /// Which one.
    pub kind: String,
    /// Its place.
    pub place: String,
    /// Name of its secret.
    pub secret: String,
    /// It is a sandbox of this run.
    pub is_sandbox: bool,
}

/// What a site file says in place of a vendor's address.
const SANDBOX: &str = "sandbox";

impl SiteFile {
    /// Looks into `text`, and is content with whatever it finds.
    pub fn of(text: String) -> Self {
        let file: Table = text.parse().unwrap_or_default();
        let word = |table: Option<&Table>, key: &str| {
            table.and_then(|table| table.get(key)?.as_str()).unwrap_or_default().to_owned()
        };
        let platform = file.get("platform").and_then(Value::as_table);
        let doors = file.get("doors").and_then(Value::as_table).into_iter().flatten();
        let doors = doors.map(|(name, doors)| {
            let doors = doors.as_table();
            let (kind, place, secret) = (word(doors, "kind"), word(doors, "place"), word(doors, "secret"));
            let is_sandbox = word(doors, "url") == SANDBOX;
            DoorsFile { name: name.clone(), kind, place, secret, is_sandbox }
        });
        SiteFile {
            site: word(Some(&file), "site"),
            platform: word(platform, "kind"),
            organization: word(platform, "organization"),
            platform_secret: word(platform, "secret"),
            is_sandbox: word(platform, "url") == SANDBOX,
            doors: doors.collect(),
            text,
        }
    }
}
