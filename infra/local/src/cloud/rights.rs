//! IAM: what the roles of the template allow, and which of it was used.
//!
//! Every call of a function is judged as AWS judges it: by the statements of the function's role in the template.

mod request;
mod services;
mod statement;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use serde_json::Value;

use super::template::Template;
use super::wire::ServiceError;
use crate::locked::locked;
use doorstep_vendors::http::Request;
pub(super) use request::calls;
use services::services;
use statement::{Statement, of_document};

/// The condition key for the partitions that a call accesses.
const LEADING_KEYS: &str = "dynamodb:LeadingKeys";

/// One permission of one role: an action on a resource, and one pattern of partitions if the statement names
/// partitions.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Right {
    /// The role's ARN.
    pub role: String,
    /// The action, such as `dynamodb:PutItem`.
    pub action: String,
    /// The pattern of the resource's ARN.
    pub resource: String,
    /// The pattern of the partition, if the statement names partitions.
    pub partition: Option<String>,
}

/// One action that a request needs.
#[derive(Debug, Clone)]
pub(super) struct RequiredAction {
    /// The action.
    pub(super) action: String,
    /// The resource's ARN.
    pub(super) resource: String,
    /// Condition keys with their values.
    pub(super) context: BTreeMap<&'static str, Vec<String>>,
}

impl RequiredAction {
    pub(super) fn new(action: impl Into<String>, resource: impl Into<String>) -> Self {
        RequiredAction { action: action.into(), resource: resource.into(), context: BTreeMap::new() }
    }

    pub(super) fn with(mut self, key: &'static str, values: Vec<String>) -> Self {
        self.context.insert(key, values);
        self
    }
}

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
                    policies.for_each(|policy| statements.extend(of_document(&role, &policy["PolicyDocument"])));
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
        Rights { template, statements, used: Mutex::default(), missing: Mutex::default() }
    }

    /// Checks whether the function with this logical id may make `request`.
    ///
    /// # Errors
    /// The service's refusal, if the function's role does not allow the call.
    pub(super) fn judge_request(&self, function: &str, request: &Request) -> Result<(), ServiceError> {
        let role = self.template.properties(function)["Role"].as_str().unwrap_or_default();
        calls(request).iter().try_for_each(|call| self.judge(role, call))
    }

    /// Returns every role that allows all of `requests`.
    pub fn roles_for(&self, requests: &[Request]) -> Vec<String> {
        let calls: Vec<RequiredAction> = requests.iter().flat_map(calls).collect();
        let roles: BTreeSet<&String> = self.statements.iter().map(|statement| &statement.role).collect();
        let may =
            |role: &str, call: &RequiredAction| self.statements.iter().any(|one| one.allows(role, call).is_some());
        roles.into_iter().filter(|role| calls.iter().all(|call| may(role, call))).cloned().collect()
    }

    /// Returns whether `role` may make `request`, and records the permissions that this uses.
    pub fn allows(&self, role: &str, request: &Request) -> bool {
        calls(request).iter().all(|call| self.judge(role, call).is_ok())
    }

    /// Checks whether `role` may make `call`.
    ///
    /// # Errors
    /// The service's refusal, if it may not.
    pub(super) fn judge(&self, role: &str, call: &RequiredAction) -> Result<(), ServiceError> {
        let rights = self.statements.iter().find_map(|statement| statement.allows(role, call));
        match rights {
            Some(rights) => {
                let mut used = locked(&self.used);
                for right in rights.into_iter().filter(|right| !used.contains(right)).collect::<Vec<_>>() {
                    used.insert(right);
                }
                Ok(())
            }
            None => {
                tracing::error!(role, call.action, call.resource, "the template does not allow this call");
                let of = call.context.get(LEADING_KEYS).map_or_else(String::new, |keys| format!(" {keys:?}"));
                locked(&self.missing).insert(format!("{role}: {} on {}{of}", call.action, call.resource));
                let why = format!("{role} is not authorized to perform {} on {}", call.action, call.resource);
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

    /// Checks the calls that AWS itself makes with the roles of the template: it writes logs, polls queues, invokes the
    /// targets of schedules and stores undelivered messages.
    ///
    /// # Errors
    /// The first call that a role does not allow.
    pub fn let_services_work(&self) -> Result<(), String> {
        services(self.template)
            .iter()
            .try_for_each(|(role, call)| self.judge(role, call).map_err(|refusal| refusal.to_string()))
    }
}

/// Returns the ARN of the role with this logical id.
pub(super) fn role_arn(resource: &str) -> String {
    super::arn_anywhere("iam", &format!("role/doorstep-{resource}"))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(list) => list.iter().map(text).collect(),
        Value::String(one) => vec![one.clone()],
        _ => Vec::new(),
    }
}
