//! The way in for a site file.

use crate::error::{Error, Result};
use crate::ledger::sites::Doorplate;
use crate::outside::Outside;
use crate::site::Site;

/// Stores a site file and puts it in force. No vendor is asked: names resolve when they are first needed, and one that
/// does not is a problem of its rule. Gives the site's id.
///
/// # Errors
/// [`Error::Refused`] with every line that is wrong.
pub async fn load(outside: &Outside, text: &str) -> Result<String> {
    let site = Site::parse(text).map_err(|error| Error::refused(error.to_string()))?;
    let plate = Doorplate { site: site.id.clone(), platform: site.platform.kind, secret: site.platform.secret.clone() };
    outside.ledger.store_site(&plate, text).await?;
    Ok(site.id)
}
