//! The functions that the machine runs: the production functions, or those of a test.

use async_trait::async_trait;
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};

use doorstep_cloud::environment::Environment;
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::SiteId;
use doorstep_jobs::reconcile::{DispatchInput, Report};
use doorstep_vendors::delivery::{Delivery, WebhookAnswer};

/// The four functions of the stack.
#[async_trait]
pub trait Functions: Send + Sync {
    /// Takes one delivery of a platform.
    async fn receive(&self, environment: &Environment, delivery: Delivery) -> WebhookAnswer;
    /// Takes one delivery of a door system.
    async fn entries(&self, environment: &Environment, delivery: Delivery) -> WebhookAnswer {
        doorstep_jobs::entries::entries(environment, delivery).await
    }
    /// Serves one batch of the trigger queue.
    async fn settle(&self, environment: &Environment, batch: SqsEvent) -> SqsBatchResponse;
    /// Reconciles one site.
    async fn reconcile(&self, environment: &Environment, site: &SiteId) -> Result<Report>;
    /// Sends the reconcile requests of the timer or of an event.
    async fn dispatch(&self, environment: &Environment, asked: DispatchInput) -> Result<()> {
        doorstep_jobs::reconcile::dispatch(environment, asked).await
    }
    /// Serves one batch of requests, each with [`Functions::reconcile`].
    async fn reconcile_requests(
        &self,
        environment: &Environment,
        batch: SqsEvent,
    ) -> SqsBatchResponse {
        let reconcile =
            |site: SiteId| async move { self.reconcile(environment, &site).await.map(drop) };
        doorstep_jobs::reconcile::serve(environment, batch, reconcile).await
    }
}

/// The production functions.
pub struct Doorstep;

#[async_trait]
impl Functions for Doorstep {
    async fn receive(&self, environment: &Environment, delivery: Delivery) -> WebhookAnswer {
        doorstep_jobs::receive::receive(environment, delivery).await
    }

    async fn settle(&self, environment: &Environment, batch: SqsEvent) -> SqsBatchResponse {
        doorstep_jobs::settle::settle(environment, batch).await
    }

    async fn reconcile(&self, environment: &Environment, site: &SiteId) -> Result<Report> {
        doorstep_jobs::reconcile::reconcile(environment, site).await
    }
}
