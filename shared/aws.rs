//! The AWS SDKs on our own way out: one HTTP client and one TLS stack for everything.

use std::fmt;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body_util::BodyExt;

use crate::http::{Http, Request};

/// Hands the SDKs' requests to [`Http`].
#[derive(Clone)]
pub struct Seam(pub Http);

impl fmt::Debug for Seam {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seam")
    }
}

impl HttpClient for Seam {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Seam {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let http = self.0.clone();
        HttpConnectorFuture::new(async move {
            let request = whole(request).await?;
            let answer = http.send(request).await.map_err(|none| ConnectorError::io(none.into()))?;
            answer.map(SdkBody::from).try_into().map_err(|error| ConnectorError::other(Box::new(error), None))
        })
    }
}

async fn whole(request: HttpRequest) -> Result<Request, ConnectorError> {
    let request = request.try_into_http1x().map_err(|error| ConnectorError::user(Box::new(error)))?;
    let (head, body) = request.into_parts();
    let body: Bytes = body.collect().await.map_err(ConnectorError::user)?.to_bytes();
    Ok(Request::from_parts(head, body))
}
