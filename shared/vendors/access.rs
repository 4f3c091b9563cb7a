//! The input of a vendor client: address, secrets, tokens and time. Secrets never print.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::http::Http;
use crate::secret::Secret;
use crate::time::SharedTime;
use crate::tokens::Tokens;
use crate::vendor_http::{OtherCallers, RateGate};
use doorstep_core::model::fact::Kind;
use doorstep_core::site::{MemberUnpaid, Rule, Selector, Site};

/// What proves a platform's deliveries. Any one of several proves, so that secrets can be rotated
/// without loss.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct WebhookSecrets {
    /// The secrets in force. Without any, the site is not served.
    #[serde(default)]
    pub webhook_secrets: Vec<Secret>,
}

impl WebhookSecrets {
    /// Decides whether there is a secret that is not empty.
    pub fn verify_anything(&self) -> bool {
        self.webhook_secrets
            .iter()
            .any(|secret| !secret.reveal().is_empty())
    }
}

/// The credentials of a vendor's API. Each vendor reads the fields that it needs.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ApiSecrets {
    /// The id of the OAuth client.
    pub client_id: Option<Secret>,
    /// The secret of the OAuth client.
    pub client_secret: Option<Secret>,
    /// The user of a password grant.
    pub username: Option<Secret>,
    /// The password of a password grant.
    pub password: Option<Secret>,
    /// The first refresh token, where the operator signed in by hand.
    pub refresh_token: Option<Secret>,
    /// An API key.
    pub api_key: Option<Secret>,
}

/// The input from which one vendor client is built.
#[derive(Clone)]
pub struct Access {
    /// The HTTP client.
    pub http: Http,
    /// The clock, for rate limits and token expiry.
    pub time: SharedTime,
    /// The base address from the site file, without a slash at its end; `None`: the vendor's own.
    pub url: Option<String>,
    /// The base address of the vendor's token service, where it has a separate one and the site
    /// file names it.
    pub identity_url: Option<String>,
    /// The vendor's region, where the site file names one.
    pub region: Option<String>,
    /// The credentials of the API.
    pub secrets: ApiSecrets,
    /// The tokens fetched so far, shared by every function.
    pub tokens: Tokens,
    /// The name under which this client's tokens are stored: site, platform or doors, and the
    /// secret that bought them.
    pub token_name: String,
    /// The rate gate of this vendor.
    pub turn: RateGate,
    /// The property of a member that lists the member's card numbers, where the site file names
    /// one.
    pub card_property: Option<String>,
    /// The contact that the vendor may write to about this integration, where the site file names
    /// one.
    pub contact: Option<String>,
    /// The part of the vendor's rate limit that this client may use.
    pub share: Share,
    /// The callers that have the other part. Without them, this client uses no more than its own.
    pub others: Option<Arc<dyn OtherCallers>>,
    /// The optional lists that the site file makes necessary.
    pub extras: Extras,
}

impl Access {
    /// Returns what a client needs at the least: the vendor's own addresses, nothing that a site
    /// file may name, and tokens and a rate gate of its own.
    pub fn new(http: Http, time: SharedTime, secrets: ApiSecrets, token_name: String) -> Self {
        Access {
            http,
            time,
            url: None,
            identity_url: None,
            region: None,
            secrets,
            tokens: Tokens::default(),
            token_name,
            turn: RateGate::default(),
            card_property: None,
            contact: None,
            share: Share::default(),
            others: None,
            extras: Extras::default(),
        }
    }
}

/// Lists of a platform that need a right of their own. They are read only if the site file says
/// something about them, so that a site without such a word never fails because of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Extras {
    /// Expected visits without a booking: a rule is about them.
    pub visits: bool,
    /// Unpaid invoices: members who have not paid get no access, at once or after some days.
    pub invoices: bool,
}

impl Extras {
    /// Returns the lists that a site file makes necessary.
    pub fn of(site: &Site) -> Extras {
        let visits = |rule: &Rule| rule.selector == Selector::Visitor;
        let closes = |unpaid| matches!(unpaid, MemberUnpaid::Wait | MemberUnpaid::Grace(_));
        Extras {
            visits: site.rules.iter().any(visits),
            invoices: site.members_unpaid.is_some_and(closes),
        }
    }

    /// Returns the kinds that are read of `all` that a platform has.
    pub(crate) fn kinds(self, all: &[Kind]) -> Vec<Kind> {
        let is_read = |kind: &Kind| self.visits || *kind != Kind::Visit;
        all.iter().copied().filter(is_read).collect()
    }
}

/// The division of a vendor's rate limit. Settle must never wait for a reconcile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Share {
    /// For settle: 60 %, and all of it while no reconcile of the site runs.
    #[default]
    Settle,
    /// For reconcile: 40 %.
    Reconcile,
}
