//! Calls the run through the interface of its port, without the socket.

use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use jiff::Timestamp;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::Machine;
use doorstep_core::model::ids::SiteId;

/// Calls the run's port.
pub(super) struct SampleClient<'a>(pub(super) &'a Machine);

impl SampleClient<'_> {
    /// Replaces the world of a vendor (`kisi`, `officernd?of=…`).
    pub(super) async fn put_world(&self, vendor: &str, world: &Value) -> Result<(), String> {
        let (vendor, query) = vendor.split_once('?').unwrap_or((vendor, ""));
        self.call(
            "PUT",
            &format!("/sandbox/{vendor}/_world?{query}"),
            Some(world),
        )
        .await
        .map(drop)
    }

    /// Returns the world of a door system.
    pub(super) async fn world(&self, vendor: &str) -> Result<Value, String> {
        let (vendor, query) = vendor.split_once('?').unwrap_or((vendor, ""));
        self.call("GET", &format!("/sandbox/{vendor}/_world?{query}"), None)
            .await
    }

    /// Applies a change at the platform of a site, which then posts its signed webhooks.
    pub(super) async fn change(&self, site: &str, change: &Value) -> Result<(), String> {
        let (platform, of) = self
            .0
            .platform(&SiteId::from(site))
            .ok_or_else(|| format!("there is no site {site}"))?;
        let of = of.map(|of| format!("of={of}&")).unwrap_or_default();
        self.call(
            "POST",
            &format!("/sandbox/{platform}/_change?{of}deliver={site}"),
            Some(change),
        )
        .await?;
        self.call("POST", "/sandbox/quiet", None).await.map(drop)
    }

    /// Makes a push platform send a snapshot.
    pub(super) async fn send_snapshot(&self, site: &str) -> Result<(), String> {
        let pushes = self
            .0
            .platform(&SiteId::from(site))
            .filter(|(platform, _)| matches!(platform.as_str(), "andcards" | "deskworks"));
        let Some((platform, _)) = pushes else {
            return Ok(());
        };
        self.call(
            "POST",
            &format!("/sandbox/{platform}/_roster?deliver={site}"),
            None,
        )
        .await?;
        self.call("POST", "/sandbox/quiet", None).await.map(drop)
    }

    /// Moves the clock, and runs everything that becomes due.
    pub(super) async fn move_clock(&self, to: Timestamp) -> Result<(), String> {
        self.call("PUT", "/sandbox/clock", Some(&json!({ "now": to })))
            .await
            .map(drop)
    }

    /// Reconciles a site.
    pub(super) async fn reconcile(&self, site: &str) -> Result<(), String> {
        self.call("POST", &format!("/sandbox/sites/{site}/reconcile"), None)
            .await
            .map(drop)
    }

    /// Returns the audit chain of a site.
    pub(super) async fn audit(&self, site: &str) -> Result<Value, String> {
        self.call("GET", &format!("/sandbox/sites/{site}/audit"), None)
            .await
    }

    async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, String> {
        let failed = |why: String| format!("{method} {path}: {why}");
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let request = Request::builder()
            .method(method)
            .uri(path)
            .body(body)
            .map_err(|e| failed(e.to_string()))?;
        let Ok(response) = self.0.router().oneshot(request).await;
        let status = response.status();
        let bytes = response
            .into_body()
            .collect()
            .await
            .map_err(|e| failed(e.to_string()))?
            .to_bytes();
        if !status.is_success() {
            return Err(failed(format!(
                "{status}: {}",
                String::from_utf8_lossy(&bytes)
            )));
        }
        Ok(serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }
}
