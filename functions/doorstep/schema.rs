//! `doorstep schema`: the JSON Schema of a site file, for editors.

use crate::{VerbOutcome, print};
use doorstep_core::model::error::Result;
use doorstep_core::site::schema::schema;

/// The arguments of `doorstep schema`.
#[derive(clap::Args)]
pub struct SchemaArgs {
    /// Prints JSON, as it does without.
    #[arg(long)]
    json: bool,
}

/// Prints the schema.
pub async fn run(_asked: &SchemaArgs) -> Result<VerbOutcome> {
    print::json(&schema())?;
    Ok(VerbOutcome::Fine)
}
