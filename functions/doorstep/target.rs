//! Where the sites are: a stack on AWS, or a run on this machine.

use std::sync::Arc;

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::provider::ProvideCredentials;

use crate::local::Local;
use doorstep_cloud::aws::Seam;
use doorstep_cloud::environment::{Environment, Settings};
use doorstep_cloud::stack::Asker;
use doorstep_core::model::error::{Error, Result};
use doorstep_vendors::http::Http;
use doorstep_vendors::network::{self, Sandbox};
use doorstep_vendors::time::WallClock;

/// Options that say where the sites are.
#[derive(clap::Args)]
pub struct Target {
    /// The stack's name.
    #[arg(long, env = "DOORSTEP_STACK", default_value = "doorstep")]
    stack: String,
    /// AWS region; left out: that of the profile or the environment.
    #[arg(long)]
    region: Option<String>,
    /// Profile of the AWS configuration; left out: that of the environment, or the default one.
    #[arg(long)]
    profile: Option<String>,
    /// Instead of a stack, what `make run` runs on this machine, at http://127.0.0.1:8080 or at this address.
    #[arg(long, value_name = "URL", num_args = 0..=1, require_equals = true,
          default_missing_value = "http://127.0.0.1:8080", conflicts_with_all = ["region", "profile"])]
    local: Option<String>,
    /// A run on this machine that stands in for the vendors of sites with url = "sandbox".
    #[arg(long, value_name = "URL", env = "DOORSTEP_SANDBOX")]
    sandbox: Option<String>,
}

/// Where the sites are, ready to be asked.
pub enum Reached {
    /// A stack.
    Stack(Box<Environment>),
    /// A run on this machine.
    Local(Local),
}

impl Target {
    /// Reaches the stack or the run.
    ///
    /// # Errors
    /// What is missing: credentials, a region, a stack of this name.
    pub async fn reach(&self) -> Result<Reached> {
        if let Some(address) = &self.local {
            return Ok(Reached::Local(Local::at(address)?));
        }
        let given = self.sandbox.as_deref().filter(|address| !address.is_empty());
        let http = network::client(given.map(Sandbox::at).transpose()?)?;
        let asker = self.asker(&http).await?;
        let settings = Settings::of_stack(&self.stack, asker, &http).await?;
        Ok(Reached::Stack(Box::new(Environment::new(settings, http, Arc::new(WallClock)))))
    }

    /// Who the operator is to AWS, as every AWS command finds out: environment, profile, single sign-on, role.
    async fn asker(&self, http: &Http) -> Result<Asker> {
        let mut chain = aws_config::defaults(BehaviorVersion::latest()).http_client(Seam(http.clone()));
        if let Some(profile) = &self.profile {
            chain = chain.profile_name(profile);
        }
        if let Some(region) = &self.region {
            chain = chain.region(Region::new(region.clone()));
        }
        let found = chain.load().await;
        let region = found.region().map(ToString::to_string);
        let region = region.ok_or_else(|| Error::invalid("no AWS region: write --region, or set AWS_REGION"))?;
        let provider = found.credentials_provider().ok_or_else(|| Error::invalid("no AWS credentials are set up"))?;
        let credentials = provider.provide_credentials().await;
        // Only its own words: what is behind them may quote what was read.
        let credentials = credentials.map_err(|error| {
            Error::invalid(format!("no AWS credentials: sign in, or choose another --profile ({error})"))
        })?;
        Ok(Asker { region, credentials, endpoint: found.endpoint_url().map(str::to_owned) })
    }
}
