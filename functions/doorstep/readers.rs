//! Readers of both vendors with the secrets of a file, without a stack.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use doorstep_core::model::error::{Error, Result};
use doorstep_core::site::{Site, line_at};
use doorstep_operator::survey::DoorsReaders;
use doorstep_vendors::access::{Access, ApiSecrets, Extras, Share};
use doorstep_vendors::doors::DoorsVendor;
use doorstep_vendors::http::Http;
use doorstep_vendors::platform::push::reader::PushReader as Told;
use doorstep_vendors::platform::{PlatformVendor, ReadPlatform};
use doorstep_vendors::time::WallClock;
use doorstep_vendors::tokens::Tokens;
use doorstep_vendors::vendor_http::RateGate;

/// Reads a file of secrets.
///
/// # Errors
/// [`Error::Invalid`] for a file that is missing or is not one. It names only the line, because the
/// text of the line may contain a secret.
pub fn secrets(path: &Path) -> Result<BTreeMap<String, ApiSecrets>> {
    let file = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Error::invalid(format!("{file}: {error}")))?;
    toml::from_str(&text).map_err(|error| {
        let line = error
            .span()
            .map_or(1, |span| line_at(text.as_bytes(), span.start));
        Error::invalid(format!(
            "{file}:{line}: not a secrets file: write one TOML table for each secret, with text values"
        ))
    })
}

/// The readers of one site.
pub struct Readers {
    /// The reader of its platform.
    pub platform: Box<dyn ReadPlatform>,
    /// The readers of its door systems.
    pub doors: DoorsReaders,
}

/// Returns the readers of the vendors that `site` names. It makes no call.
///
/// # Errors
/// [`Error::Invalid`] for a sandbox vendor, and for a secret that the file of secrets does not have.
pub fn connect(
    site: &Site,
    secrets: &BTreeMap<String, ApiSecrets>,
    http: &Http,
) -> Result<Readers> {
    let access = |of: &str, secret: &str, url: &Option<String>, identity_url: &Option<String>| {
        if url.as_deref() == Some("sandbox") {
            return Err(Error::invalid(format!(
                "{of}: only `make run` has a sandbox: leave out --secrets, and check this file with --offline"
            )));
        }
        let found = secrets.get(secret).cloned();
        Ok(Access {
            http: http.clone(),
            time: Arc::new(WallClock),
            url: url.clone(),
            identity_url: identity_url.clone(),
            secrets: found.ok_or_else(|| {
                Error::invalid(format!(
                    "{of}: the secrets file has no table [\"{secret}\"]: add it"
                ))
            })?,
            tokens: Tokens::default(),
            token_name: format!("{}#{of}", site.id),
            turn: RateGate::default(),
            card_property: None,
            contact: None,
            region: None,
            share: Share::Reconcile,
            others: None,
            extras: Extras::default(),
        })
    };
    let config = &site.platform;
    let platform: Box<dyn ReadPlatform> = match config.kind.vendor().contract() {
        // It has no read API, so its names cannot be checked.
        Some(contract) => Box::new(Told::of_nothing(contract)),
        None => {
            let to_platform = access(
                "[platform]",
                &config.secret,
                &config.url,
                &config.identity_url,
            )?;
            let to_platform = Access {
                region: config.region.clone(),
                extras: Extras::of(site),
                ..to_platform
            };
            config.kind.api().reader(
                config.organization.as_deref().unwrap_or_default(),
                to_platform,
            )
        }
    };
    let mut doors = DoorsReaders::new();
    for (name, config) in &site.doors {
        let to_doors = access(
            &format!("[doors.{name}]"),
            &config.secret,
            &config.url,
            &config.identity_url,
        )?;
        let to_doors = Access {
            contact: config.contact.clone(),
            ..to_doors
        };
        let (reader, _writer) = config.kind.connect(config.place.as_deref(), to_doors);
        doors.insert(name.clone(), reader);
    }
    Ok(Readers { platform, doors })
}
