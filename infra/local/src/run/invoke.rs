//! One call of one function, as Lambda makes it: with its own environment, a time limit, and a
//! possible crash.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::Runner;
use super::functions::Functions;
use crate::function_role::FunctionRole;
use crate::spent::{Part, counted};
use doorstep_cloud::environment::Environment;
use doorstep_cloud::routes::is_address;
use doorstep_vendors::delivery::{Delivery, WebhookAnswer};

/// The real-time limit of each function, as in the stack's template.
pub(crate) mod limit {
    use super::{Duration, FunctionRole};

    /// A delivery.
    pub(crate) const RECEIVE: Duration = Duration::from_secs(30);
    /// A batch of the trigger queue.
    pub(crate) const SETTLE: Duration = Duration::from_secs(60);
    /// A complete site.
    pub(crate) const RECONCILE: Duration = Duration::from_secs(900);

    /// Returns the limit of a function.
    pub(crate) fn of(role: FunctionRole) -> Duration {
        match role {
            FunctionRole::Receive | FunctionRole::Entries => RECEIVE,
            FunctionRole::Settle => SETTLE,
            FunctionRole::Reconcile => RECONCILE,
        }
    }
}

/// How a call ended.
pub(crate) enum InvocationEnd<T> {
    /// With an answer.
    Done(T),
    /// With a crash; the text says how.
    Crashed(&'static str),
}

impl Runner {
    /// Calls a function. Its environment is kept only if the function returned.
    pub(super) async fn invoke<T, F>(
        &self,
        role: FunctionRole,
        limit: Duration,
        call: impl FnOnce(Arc<dyn Functions>, Environment) -> F,
    ) -> InvocationEnd<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let environment = self.pool.take(role);
        environment.begin(limit);
        let mut function = JoinSet::new();
        function.spawn(counted(
            Part::Functions,
            call(self.functions.clone(), environment.environment.clone()),
        ));
        let death = tokio::select! {
            biased;
            () = environment.crashed.notified() => "crashed as ordered",
            end = function.join_next() => match end {
                Some(Ok(answer)) => {
                    self.pool.give_back(environment);
                    return InvocationEnd::Done(answer);
                }
                Some(Err(_)) | None => "panicked",
            },
            () = tokio::time::sleep(limit) => "exceeded its time limit",
        };
        // The message may return only after the future is gone. Until then the future might still
        // write.
        function.shutdown().await;
        tracing::warn!(?role, "the function {death}");
        InvocationEnd::Crashed(death)
    }

    /// Passes a delivery to the function of its address, as the two Function URLs do on AWS. If the
    /// function crashed, the sender gets an error and tries again.
    pub(crate) async fn deliver(&self, delivery: Delivery) -> WebhookAnswer {
        let role = if is_address(&delivery.path) {
            FunctionRole::Entries
        } else {
            FunctionRole::Receive
        };
        let call = |functions: Arc<dyn Functions>, environment: Environment| async move {
            match role {
                FunctionRole::Entries => functions.entries(&environment, delivery).await,
                _ => functions.receive(&environment, delivery).await,
            }
        };
        match self.invoke(role, limit::RECEIVE, call).await {
            InvocationEnd::Done(answer) => answer,
            InvocationEnd::Crashed(_) => WebhookAnswer {
                status: 500,
                body: r#"{"error":"the function crashed: try again"}"#.into(),
            },
        }
    }
}
