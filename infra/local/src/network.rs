//! Routes every outgoing request: to a sandbox vendor, to the cloud on this machine, or to the real
//! network.

use std::sync::Arc;

use http::Uri;

use crate::cloud::Cloud;
use crate::function_role::FunctionRole;
use crate::sandbox::Sandboxes;
use crate::spent::{Part, counted};
use doorstep_vendors::http::{Http, NoAnswer, Request, Response};

/// The network of every function.
#[derive(Clone)]
pub(crate) struct Network {
    pub(crate) cloud: Arc<Cloud>,
    pub(crate) sandboxes: Sandboxes,
    pub(crate) network: Http,
}

impl Network {
    /// Sends a request of the operator, who has all permissions.
    pub(crate) async fn send(self, request: Request) -> Result<Response, NoAnswer> {
        match Cloud::is_for(&request) {
            true => counted(Part::Cloud, self.cloud.answer(&request)).await,
            false => self.send_outside(request).await,
        }
    }

    /// Sends a request of a function, with the permissions of its role in the template.
    pub(crate) async fn send_as(
        self,
        function: FunctionRole,
        request: Request,
    ) -> Result<Response, NoAnswer> {
        match Cloud::is_for(&request) {
            true => {
                let answer = self.cloud.answer_function(function.logical_id(), &request);
                counted(Part::Cloud, answer).await
            }
            false => self.send_outside(request).await,
        }
    }

    async fn send_outside(self, request: Request) -> Result<Response, NoAnswer> {
        if request.uri().scheme_str() == Some("sandbox") {
            return self.sandbox(request).await;
        }
        self.network.send(request).await
    }

    /// Sends a request to `sandbox://{vendor}/…`, or to `sandbox://{of}.{vendor}/…` for one of
    /// several organisations or places.
    async fn sandbox(&self, request: Request) -> Result<Response, NoAnswer> {
        let host = request.uri().host().unwrap_or_default().to_owned();
        let (of, vendor) = host
            .rsplit_once('.')
            .map_or((None, host.as_str()), |(of, vendor)| (Some(of), vendor));
        let (mut parts, body) = request.into_parts();
        let path = parts
            .uri
            .path_and_query()
            .map_or("/", http::uri::PathAndQuery::as_str);
        parts.uri = path
            .parse::<Uri>()
            .map_err(|_| NoAnswer::Lost("not an address of a sandbox".into()))?;
        let answer = self
            .sandboxes
            .vendor(vendor, of, Request::from_parts(parts, body));
        Ok(counted(Part::Sandboxes, answer).await)
    }
}
