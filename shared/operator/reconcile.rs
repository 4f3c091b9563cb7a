//! Requests a reconcile of a site at once. The stack carries it out.

use crate::nearest::in_force;
use crate::push::compare_soon;
use doorstep_cloud::environment::Environment;
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::SiteId;

/// Requests a reconcile of a site at once. A reconcile that is running does not count: another one
/// follows it.
///
/// # Errors
/// [`doorstep_core::model::error::Error::Invalid`] for an unknown site.
pub async fn request(environment: &Environment, site: &SiteId) -> Result<()> {
    in_force(environment, site).await?;
    compare_soon(environment, site).await;
    Ok(())
}
