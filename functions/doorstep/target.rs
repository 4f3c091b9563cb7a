//! The options that select the backend of a verb, and the connection to it.

use std::sync::Arc;

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::provider::ProvideCredentials;

use crate::backend::{Backend, Local, Stack};
use crate::progress;
use doorstep_cloud::aws::SdkHttpClient;
use doorstep_cloud::environment::{Environment, Settings};
use doorstep_cloud::service::AwsCaller;
use doorstep_core::model::error::{Error, Result};
use doorstep_vendors::http::Http;
use doorstep_vendors::network::{self, Sandbox};
use doorstep_vendors::time::WallClock;

/// The name of a stack that was not named.
const USUAL_STACK: &str = "doorstep";
/// The address of `make run`.
const USUAL_LOCAL: &str = "http://127.0.0.1:8080";

/// The options that select the target.
#[derive(clap::Args)]
pub struct TargetOptions {
    /// The name of the stack.
    #[arg(long, global = true, env = "DOORSTEP_STACK", default_value = USUAL_STACK)]
    stack: String,
    /// The AWS region; left out: the region of the profile or the environment.
    #[arg(long, global = true)]
    region: Option<String>,
    /// The profile of the AWS configuration; left out: the profile of the environment, or the
    /// default one.
    #[arg(long, global = true)]
    profile: Option<String>,
    /// Uses the one-machine run of `make run` instead of a stack, at http://127.0.0.1:8080 or at
    /// this address.
    #[arg(long, global = true, env = "DOORSTEP_LOCAL", value_name = "URL", num_args = 0..=1, require_equals = true,
          default_missing_value = USUAL_LOCAL, conflicts_with_all = ["region", "profile"])]
    local: Option<String>,
    /// The address of a run on this machine that serves sandbox vendors, for sites with url =
    /// "sandbox".
    #[arg(long, global = true, value_name = "URL", env = "DOORSTEP_SANDBOX")]
    sandbox: Option<String>,
}

impl TargetOptions {
    /// Connects to the backend, and asks it. Shows `what` as progress while this lasts.
    ///
    /// # Errors
    /// As [`TargetOptions::connect`], and the error of the answer.
    pub async fn ask<T>(
        &self,
        what: &str,
        ask: impl AsyncFnOnce(&dyn Backend) -> Result<T>,
    ) -> Result<T> {
        progress::wait(what, async { ask(self.connect().await?.as_ref()).await }).await
    }

    /// Returns whether the backend is the one-machine run.
    pub fn is_local(&self) -> bool {
        self.local.is_some()
    }

    /// Returns these options as the operator would repeat them behind another verb, each with a
    /// space before it.
    pub fn repeated(&self) -> String {
        match self.local.as_deref() {
            Some(USUAL_LOCAL) => return " --local".to_owned(),
            Some(address) => return format!(" --local={address}"),
            None => {}
        }
        let options = [
            (
                "stack",
                Some(&self.stack).filter(|stack| *stack != USUAL_STACK),
            ),
            ("region", self.region.as_ref()),
            ("profile", self.profile.as_ref()),
        ];
        let given = options
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        given
            .map(|(name, value)| format!(" --{name} {value}"))
            .collect()
    }

    /// Connects to the stack or the one-machine run.
    ///
    /// # Errors
    /// [`Error::Invalid`] for missing credentials, a missing region or an unknown stack, and the
    /// errors of [`Settings::of_stack`].
    pub async fn connect(&self) -> Result<Box<dyn Backend>> {
        if let Some(address) = &self.local {
            return Ok(Box::new(Local::at(address)?));
        }
        Ok(Box::new(Stack(self.environment().await?)))
    }

    /// Connects to the stack, and returns the environment of the operator.
    ///
    /// # Errors
    /// As [`TargetOptions::connect`].
    pub async fn environment(&self) -> Result<Environment> {
        let given = self
            .sandbox
            .as_deref()
            .filter(|address| !address.is_empty());
        let http = network::client(given.map(Sandbox::at).transpose()?)?;
        let caller = self.caller(&http).await?;
        let settings = Settings::of_stack(&self.stack, caller, &http).await?;
        Ok(Environment::new(settings, http, Arc::new(WallClock)))
    }

    /// Resolves the operator's AWS identity in the same way as every AWS command: environment,
    /// profile, single sign-on, role.
    async fn caller(&self, http: &Http) -> Result<AwsCaller> {
        let mut chain = aws_config::defaults(BehaviorVersion::latest())
            .http_client(SdkHttpClient(http.clone()));
        if let Some(profile) = &self.profile {
            chain = chain.profile_name(profile);
        }
        if let Some(region) = &self.region {
            chain = chain.region(Region::new(region.clone()));
        }
        let found = chain.load().await;
        let region = found.region().map(ToString::to_string);
        let region = region
            .ok_or_else(|| Error::invalid("no AWS region: use --region, set AWS_REGION, or use --local for a run on this machine"))?;
        let provider = found
            .credentials_provider()
            .ok_or_else(|| Error::invalid("no AWS credentials: configure a profile, or sign in"))?;
        let credentials = provider.provide_credentials().await;
        // Only the error's own text: its source may quote a secret.
        let credentials = credentials.map_err(|error| {
            Error::invalid(format!(
                "no AWS credentials: sign in, or choose another --profile ({error})"
            ))
        })?;
        Ok(AwsCaller {
            region,
            credentials,
            endpoint: found.endpoint_url().map(str::to_owned),
        })
    }
}
