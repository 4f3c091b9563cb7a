//! What a vendor client needs to get in: address, secrets, tokens, time. Secrets never print.

use serde::{Deserialize, Serialize};

use crate::http::Http;
use crate::secret::Secret;
use crate::time::SharedTime;
use crate::tokens::Tokens;
use crate::vendor_http::RateGate;

/// What proves a platform's deliveries. Any one of several proves, so that secrets can be rotated without loss.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct WebhookSecrets {
    /// The secrets in force; none: the site is not served.
    #[serde(default)]
    pub webhook_secrets: Vec<Secret>,
}

impl WebhookSecrets {
    /// Whether there is any secret to prove with.
    pub fn prove_anything(&self) -> bool {
        self.webhook_secrets.iter().any(|secret| !secret.reveal().is_empty())
    }
}

/// What opens a vendor's interface. Which fields count is the vendor's business.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ApiSecrets {
    /// OAuth client.
    pub client_id: Option<Secret>,
    /// OAuth client's secret.
    pub client_secret: Option<Secret>,
    /// User of a password grant.
    pub username: Option<Secret>,
    /// Password of a password grant.
    pub password: Option<Secret>,
    /// First refresh token, where the operator signed in by hand.
    pub refresh_token: Option<Secret>,
    /// A single key.
    pub api_key: Option<Secret>,
}

/// Everything one vendor client is built from.
#[derive(Clone)]
pub struct Access {
    /// The way out.
    pub http: Http,
    /// For rate limits and token life.
    pub time: SharedTime,
    /// Base address from the site file, without a slash at its end; `None`: the vendor's own.
    pub url: Option<String>,
    /// Base address of the vendor's token service, where it has a separate one and the site file names it.
    pub identity_url: Option<String>,
    /// The vendor's region, where the site file names one.
    pub region: Option<String>,
    /// What opens the interface.
    pub secrets: ApiSecrets,
    /// Tokens already fetched, shared by every function.
    pub tokens: Tokens,
    /// Name under which this client's tokens are kept: site, platform or doors, and the secret that bought them.
    pub token_name: String,
    /// Whose turn it is to call this vendor.
    pub turn: RateGate,
    /// The property of a member in which their card numbers stand, where the site file names one.
    pub card_property: Option<String>,
    /// Whom the vendor may write to about this integration, where the site file says so.
    pub contact: Option<String>,
    /// How much of the vendor's rate limit this client may use.
    pub share: Share,
}

/// How a vendor's rate limit is divided: whoever settles must never wait for whoever reads everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Share {
    /// For settling: 60 %.
    #[default]
    Settle,
    /// For reading everything: 40 %.
    Reconcile,
}
