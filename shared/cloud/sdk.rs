//! The SDKs of AWS, with the configuration that both share.

use aws_credential_types::provider::SharedCredentialsProvider;

use crate::aws::{SdkHttpClient, SdkSleep};
use crate::service::AwsCaller;
use doorstep_core::budgets::aws;
use doorstep_vendors::http::Http;
use doorstep_vendors::time::SharedTime;

/// Builds clients of the SDKs. Building one takes a quarter of a millisecond.
#[derive(Clone)]
pub struct Sdk {
    caller: AwsCaller,
    http: Http,
    time: SharedTime,
}

macro_rules! client {
    ($sdk:ident, $with:expr) => {{
        let Sdk { caller, http, time } = $with;
        let mut config = $sdk::Config::builder()
            .behavior_version($sdk::config::BehaviorVersion::latest())
            .region($sdk::config::Region::new(caller.region))
            .credentials_provider(SharedCredentialsProvider::new(caller.credentials))
            .http_client(SdkHttpClient(http))
            .retry_config(
                $sdk::config::retry::RetryConfig::standard()
                    .with_max_attempts(aws::TRIES)
                    .with_initial_backoff(aws::FIRST_PAUSE)
                    .with_max_backoff(aws::LONGEST_PAUSE),
            )
            // Bodies are complete before the SDK sees them: Doorstep's HTTP client limits their
            // time and size.
            .stalled_stream_protection($sdk::config::StalledStreamProtectionConfig::disabled())
            .sleep_impl($sdk::config::SharedAsyncSleep::new(SdkSleep(time)));
        config.set_endpoint_url(caller.endpoint);
        $sdk::Client::from_conf(config.build())
    }};
}

impl Sdk {
    /// Creates a builder of clients. Makes no call.
    pub fn new(caller: AwsCaller, http: Http, time: SharedTime) -> Self {
        Sdk { caller, http, time }
    }

    /// Builds a client of DynamoDB.
    pub fn dynamodb(self) -> aws_sdk_dynamodb::Client {
        client!(aws_sdk_dynamodb, self)
    }

    /// Builds a client of EventBridge.
    pub fn eventbridge(self) -> aws_sdk_eventbridge::Client {
        client!(aws_sdk_eventbridge, self)
    }
}
