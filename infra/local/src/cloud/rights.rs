//! IAM: what the roles of the template allow, and which of it was used.
//!
//! Every call of a function is judged as AWS judges it: by the statements of the function's role in
//! the template.

mod request;
mod right;
mod services;
mod statement;

use std::collections::BTreeSet;
use std::sync::Mutex;

use super::template::{Template, role_arn};
use super::wire::ServiceError;
use crate::locked::locked;
use doorstep_vendors::http::Request;
pub(super) use request::calls;
pub(super) use right::RequiredAction;
pub use right::Right;
use right::{LEADING_KEYS, texts};
use services::services;
use statement::{Statement, of_document};

/// The permissions of every role.
pub struct Rights {
    template: &'static Template,
    statements: Vec<Statement>,
    used: Mutex<BTreeSet<Right>>,
    missing: Mutex<BTreeSet<String>>,
}

impl Rights {
    /// Reads the permissions from `template`.
    pub fn of(template: &'static Template) -> Self {
        let mut statements = Vec::new();
        for (name, resource) in template.resources() {
            let properties = &resource["Properties"];
            match resource["Type"].as_str() {
                Some("AWS::IAM::Role") => {
                    let role = role_arn(name);
                    let policies = properties["Policies"].as_array().into_iter().flatten();
                    policies.for_each(|policy| {
                        statements.extend(of_document(&role, &policy["PolicyDocument"]))
                    });
                }
                Some("AWS::IAM::ManagedPolicy") => {
                    for role in texts(&properties["Roles"]) {
                        let role = super::arn_anywhere("iam", &format!("role/{role}"));
                        statements.extend(of_document(&role, &properties["PolicyDocument"]));
                    }
                }
                _ => {}
            }
        }
        Rights {
            template,
            statements,
            used: Mutex::default(),
            missing: Mutex::default(),
        }
    }

    /// Checks whether the function with this logical id may make `request`.
    ///
    /// # Errors
    /// The service's refusal, if the function's role does not allow the call.
    pub(super) fn judge_request(
        &self,
        function: &str,
        request: &Request,
    ) -> Result<(), ServiceError> {
        let role = self.template.properties(function)["Role"]
            .as_str()
            .unwrap_or_default();
        calls(request)
            .iter()
            .try_for_each(|call| self.judge(role, call))
    }

    /// Returns every role that allows all of `requests`.
    pub fn roles_for(&self, requests: &[Request]) -> Vec<String> {
        let calls: Vec<RequiredAction> = requests.iter().flat_map(calls).collect();
        let roles: BTreeSet<&String> = self
            .statements
            .iter()
            .map(|statement| &statement.role)
            .collect();
        let may = |role: &str, call: &RequiredAction| {
            self.statements
                .iter()
                .any(|one| one.allows(role, call).is_some())
        };
        roles
            .into_iter()
            .filter(|role| calls.iter().all(|call| may(role, call)))
            .cloned()
            .collect()
    }

    /// Returns whether `role` may make `request`, and records the permissions that this uses.
    pub fn allows(&self, role: &str, request: &Request) -> bool {
        calls(request)
            .iter()
            .all(|call| self.judge(role, call).is_ok())
    }

    /// Checks whether `role` may make `call`.
    ///
    /// # Errors
    /// The service's refusal, if it may not.
    pub(super) fn judge(&self, role: &str, call: &RequiredAction) -> Result<(), ServiceError> {
        let rights = self
            .statements
            .iter()
            .find_map(|statement| statement.allows(role, call));
        match rights {
            Some(rights) => {
                let mut used = locked(&self.used);
                for right in rights
                    .into_iter()
                    .filter(|right| !used.contains(right))
                    .collect::<Vec<_>>()
                {
                    used.insert(right);
                }
                Ok(())
            }
            None => {
                tracing::error!(
                    role,
                    call.action,
                    call.resource,
                    "the template does not allow this call"
                );
                let of = call
                    .context
                    .get(LEADING_KEYS)
                    .map_or_else(String::new, |keys| format!(" {keys:?}"));
                locked(&self.missing)
                    .insert(format!("{role}: {} on {}{of}", call.action, call.resource));
                let why = format!(
                    "{role} is not authorized to perform {} on {}",
                    call.action, call.resource
                );
                Err(ServiceError::new("AccessDeniedException", why))
            }
        }
    }

    /// Returns every permission of the template.
    pub fn given(&self) -> BTreeSet<Right> {
        self.statements.iter().flat_map(Statement::rights).collect()
    }

    /// Returns every permission that a call has used.
    pub fn used(&self) -> BTreeSet<Right> {
        locked(&self.used).clone()
    }

    /// Returns every call that was refused, because the role lacks the permission.
    pub fn missing(&self) -> BTreeSet<String> {
        locked(&self.missing).clone()
    }

    /// Checks the calls that AWS itself makes with the roles of the template: it writes logs, polls
    /// queues, invokes the targets of schedules and stores undelivered messages.
    ///
    /// # Errors
    /// The first call that a role does not allow.
    pub fn let_services_work(&self) -> Result<(), String> {
        services(self.template).iter().try_for_each(|(role, call)| {
            self.judge(role, call)
                .map_err(|refusal| refusal.to_string())
        })
    }
}
