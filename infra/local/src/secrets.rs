//! The secrets of a run: from the operator's file, or the sandbox's own. They leave this module
//! only as parameters and signatures.
//!
//! Without a secrets file, every secret name in the loaded site files gets the sandbox's own
//! values, which are public. The webhook secret is `sandbox-webhook-secret`. For Spacebring,
//! andcards and Deskworks it is `sandbox-webhook-secret-32-bytes!` in base64 behind `whsec_`,
//! because theirs have at least 24 bytes. `client_id`, `client_secret`, `username`, `password` and `api_key` are
//! `sandbox`.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use toml::{Table, Value};

use crate::sites::SiteFile;

/// The sandbox's own webhook secret.
pub const SANDBOX_WEBHOOK_SECRET: &str = "sandbox-webhook-secret";
/// The bytes of the sandbox's webhook secret for platforms whose secrets are `whsec_` and the
/// base64 of 24 to 64 bytes.
pub const SANDBOX_WEBHOOK_KEY: &str = "sandbox-webhook-secret-32-bytes!";
/// The sandbox's own value of every other secret.
pub const SANDBOX_SECRET: &str = "sandbox";
const WEBHOOK_SECRETS: &str = "webhook_secrets";

/// One table per secret name.
#[derive(Default)]
pub struct LocalSecrets {
    tables: BTreeMap<String, Table>,
    /// Whether they are the sandbox's own. A new site then gets its secrets too.
    own: bool,
}

/// The reason why a secrets file cannot be used. It quotes nothing of the file.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// The file is not TOML.
    #[error("the secrets file is not TOML (near byte {0})")]
    NotToml(usize),
    /// A value at the top of the file is not a table.
    #[error("the secrets file holds something that is not a table per secret name")]
    NotATable,
    /// `webhook_secrets` is not a list of texts.
    #[error("webhook_secrets must be a list of texts")]
    WebhookSecrets,
    /// A new site needs secrets that the file lacks.
    #[error("the secrets file has no table {0}: add it, and start again")]
    Missing(String),
}

impl LocalSecrets {
    /// Parses a secrets file.
    ///
    /// # Errors
    /// See [`SecretsError`].
    pub fn parse(text: &str) -> Result<Self, SecretsError> {
        let file: Table = text.parse().map_err(|e: toml::de::Error| {
            SecretsError::NotToml(e.span().map_or(0, |span| span.start))
        })?;
        let mut tables = BTreeMap::new();
        for (name, value) in file {
            let Value::Table(table) = value else {
                return Err(SecretsError::NotATable);
            };
            let texts = |list: &Vec<Value>| list.iter().all(Value::is_str);
            if table
                .get(WEBHOOK_SECRETS)
                .is_some_and(|list| !list.as_array().is_some_and(texts))
            {
                return Err(SecretsError::WebhookSecrets);
            }
            tables.insert(name, table);
        }
        Ok(LocalSecrets { tables, own: false })
    }

    /// Returns the sandbox's own secrets, for every name in `sites`.
    pub fn sandbox(sites: &[SiteFile]) -> Self {
        let mut secrets = LocalSecrets {
            tables: BTreeMap::new(),
            own: true,
        };
        sites.iter().for_each(|site| secrets.make(site));
        secrets
    }

    /// Adds the secrets of a new site if they are the sandbox's own. Otherwise checks that the file
    /// has them.
    ///
    /// # Errors
    /// [`SecretsError::Missing`] if the file lacks them.
    pub fn learn(&mut self, site: &SiteFile) -> Result<(), SecretsError> {
        if self.own {
            self.make(site);
            return Ok(());
        }
        let names = site
            .doors
            .iter()
            .map(|doors| &doors.secret)
            .chain([&site.platform_secret]);
        let missing: Vec<String> = names
            .filter(|name| !self.tables.contains_key(*name))
            .map(|name| format!("[\"{name}\"]"))
            .collect();
        if missing.is_empty() {
            Ok(())
        } else {
            Err(SecretsError::Missing(missing.join(", ")))
        }
    }

    fn make(&mut self, site: &SiteFile) {
        let webhook = match site.platform.as_str() {
            "spacebring" | "andcards" | "deskworks" => own_key(),
            _ => SANDBOX_WEBHOOK_SECRET.to_owned(),
        };
        let platform = self.tables.entry(site.platform_secret.clone()).or_default();
        platform.insert(WEBHOOK_SECRETS.into(), Value::Array(vec![webhook.into()]));
        // Kisi posts access attempts, so it has a webhook secret.
        for doors in site.doors.iter().filter(|doors| doors.kind == "kisi") {
            let table = self.tables.entry(doors.secret.clone()).or_default();
            let secrets = Value::Array(vec![SANDBOX_WEBHOOK_SECRET.into()]);
            table.entry(WEBHOOK_SECRETS).or_insert(secrets);
        }
        for name in site
            .doors
            .iter()
            .map(|doors| &doors.secret)
            .chain([&site.platform_secret])
        {
            let table = self.tables.entry(name.clone()).or_default();
            for key in [
                "client_id",
                "client_secret",
                "username",
                "password",
                "api_key",
            ] {
                table.insert(key.into(), SANDBOX_SECRET.into());
            }
        }
    }

    /// Returns the first webhook secret under `name`, for a sandbox to sign with. An operator's
    /// secret of a real vendor never signs. For a real vendor only the sandbox's own secret is
    /// returned, if the file has it.
    pub(crate) fn signing(&self, name: &str, is_sandbox: bool) -> Option<&str> {
        let secrets = self.tables.get(name)?.get(WEBHOOK_SECRETS)?.as_array()?;
        let mut secrets = secrets.iter().filter_map(Value::as_str);
        if self.own || is_sandbox {
            secrets.next()
        } else {
            secrets.find(|secret| is_own(secret))
        }
    }

    /// Returns parameter names and values: `/{stack}/{secret}/webhook` and `/{stack}/{secret}/api`.
    /// An empty one is left out.
    pub(crate) fn parameters(&self, stack: &str) -> BTreeMap<String, String> {
        let mut parameters = BTreeMap::new();
        for (name, table) in &self.tables {
            let (webhook, api): (Table, Table) = table
                .clone()
                .into_iter()
                .partition(|(key, _)| key == WEBHOOK_SECRETS);
            for (half, values) in [("webhook", webhook), ("api", api)] {
                if !values.is_empty() {
                    let json = serde_json::to_string(&values).unwrap_or_default();
                    parameters.insert(format!("/{stack}/{name}/{half}"), json);
                }
            }
        }
        parameters
    }
}

/// Returns the sandbox's own webhook secret in the format of the push platforms.
fn own_key() -> String {
    format!("whsec_{}", STANDARD.encode(SANDBOX_WEBHOOK_KEY))
}

fn is_own(secret: &str) -> bool {
    secret == SANDBOX_WEBHOOK_SECRET || secret == own_key()
}
