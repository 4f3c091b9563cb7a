//! IAM: what the roles of the template allow, and which of it was used.
//!
//! Every call of a function is judged as AWS judges it: by the statements of the function's role in the template.

mod request;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use serde_json::Value;

use super::template::Template;
use super::wire::Refusal;
use crate::locked::locked;
use doorstep_vendors::http::Request;
pub(super) use request::calls;

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
pub(super) struct Call {
    /// The action.
    pub(super) action: String,
    /// The resource's ARN.
    pub(super) resource: String,
    /// Condition keys with their values.
    pub(super) context: BTreeMap<&'static str, Vec<String>>,
}

impl Call {
    pub(super) fn new(action: impl Into<String>, resource: impl Into<String>) -> Self {
        Call { action: action.into(), resource: resource.into(), context: BTreeMap::new() }
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

struct Statement {
    role: String,
    actions: Vec<String>,
    resources: Vec<String>,
    conditions: Vec<Condition>,
}

struct Condition {
    operator: String,
    key: String,
    values: Vec<String>,
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
    pub(super) fn judge_request(&self, function: &str, request: &Request) -> Result<(), Refusal> {
        let role = self.template.properties(function)["Role"].as_str().unwrap_or_default();
        calls(request).iter().try_for_each(|call| self.judge(role, call))
    }

    /// Returns every role that allows all of `requests`.
    pub fn roles_for(&self, requests: &[Request]) -> Vec<String> {
        let calls: Vec<Call> = requests.iter().flat_map(calls).collect();
        let roles: BTreeSet<&String> = self.statements.iter().map(|statement| &statement.role).collect();
        let may = |role: &str, call: &Call| self.statements.iter().any(|one| one.allows(role, call).is_some());
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
    pub(super) fn judge(&self, role: &str, call: &Call) -> Result<(), Refusal> {
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
                Err(Refusal::new("AccessDeniedException", why))
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

impl Statement {
    /// Returns the permissions by which this statement allows `call`; `None` if it does not.
    fn allows(&self, role: &str, call: &Call) -> Option<Vec<Right>> {
        if self.role != role || !self.actions.contains(&call.action) {
            return None;
        }
        let resource = self.resources.iter().find(|pattern| matches(pattern, &call.resource))?;
        let right = |partition: Option<&String>| Right {
            role: role.to_owned(),
            action: call.action.clone(),
            resource: resource.clone(),
            partition: partition.cloned(),
        };
        let mut partitions = Vec::new();
        for condition in &self.conditions {
            let patterns = condition.met_by(&call.context)?;
            if condition.key == LEADING_KEYS {
                partitions.extend(patterns);
            }
        }
        match partitions.is_empty() {
            true => Some(vec![right(None)]),
            false => Some(partitions.into_iter().map(|pattern| right(Some(pattern))).collect()),
        }
    }

    fn rights(&self) -> Vec<Right> {
        let of_keys = self.conditions.iter().filter(|condition| condition.key == LEADING_KEYS);
        let mut partitions: Vec<Option<String>> =
            of_keys.flat_map(|one| one.values.iter().cloned().map(Some)).collect();
        if partitions.is_empty() {
            partitions.push(None);
        }
        let mut rights = Vec::new();
        for action in &self.actions {
            for resource in &self.resources {
                rights.extend(partitions.iter().map(|partition| Right {
                    role: self.role.clone(),
                    action: action.clone(),
                    resource: resource.clone(),
                    partition: partition.clone(),
                }));
            }
        }
        rights
    }
}

impl Condition {
    /// Returns the patterns that the values of a call match; `None` if the condition fails. Only the operators of the
    /// template are known. Any other operator fails.
    fn met_by(&self, context: &BTreeMap<&'static str, Vec<String>>) -> Option<Vec<&String>> {
        let values = context.get(self.key.as_str())?;
        let (each, test): (bool, fn(&str, &str) -> bool) = match self.operator.as_str() {
            "StringEquals" => (false, |pattern, value| pattern == value),
            "StringLike" | "ArnLike" => (false, matches),
            "ForAllValues:StringEquals" => (true, |pattern, value| pattern == value),
            "ForAllValues:StringLike" => (true, matches),
            _ => return None,
        };
        if !each && values.len() != 1 {
            return None;
        }
        values.iter().map(|value| self.values.iter().find(|pattern| test(pattern, value))).collect()
    }
}

fn of_document(role: &str, document: &Value) -> Vec<Statement> {
    let statements = document["Statement"].as_array().into_iter().flatten();
    let allowing = statements.filter(|statement| statement["Effect"] == "Allow");
    allowing
        .map(|statement| Statement {
            role: role.to_owned(),
            actions: texts(&statement["Action"]),
            resources: texts(&statement["Resource"]),
            conditions: conditions(&statement["Condition"]),
        })
        .collect()
}

fn conditions(of: &Value) -> Vec<Condition> {
    let operators = of.as_object().into_iter().flatten();
    let each = operators.flat_map(|(operator, keys)| {
        keys.as_object().into_iter().flatten().map(move |(key, values)| Condition {
            operator: operator.clone(),
            key: key.clone(),
            values: texts(values),
        })
    });
    each.collect()
}

/// Returns the calls that AWS itself makes, with their roles.
fn services(template: &Template) -> Vec<(String, Call)> {
    let mut made = Vec::new();
    for (_, resource) in template.resources() {
        let properties = &resource["Properties"];
        match resource["Type"].as_str() {
            Some("AWS::Serverless::Function") => {
                let role = text(&properties["Role"]);
                let logs =
                    super::arn("logs", &format!("log-group:{}:*", text(&properties["LoggingConfig"]["LogGroup"])));
                let mut call = |action: &str, resource: &str| made.push((role.clone(), Call::new(action, resource)));
                call("logs:CreateLogStream", &logs);
                call("logs:PutLogEvents", &logs);
                for source in properties["Events"].as_object().into_iter().flat_map(serde_json::Map::values) {
                    let queue = text(&source["Properties"]["Queue"]);
                    if source["Type"] == "SQS" {
                        ["ReceiveMessage", "DeleteMessage", "GetQueueAttributes"]
                            .iter()
                            .for_each(|action| call(&format!("sqs:{action}"), &queue));
                    }
                }
                let failed = &properties["EventInvokeConfig"]["DestinationConfig"]["OnFailure"];
                if failed["Type"] == "SQS" {
                    call("sqs:SendMessage", &text(&failed["Destination"]));
                }
            }
            Some("AWS::Scheduler::Schedule") => {
                let (role, target) = (text(&properties["Target"]["RoleArn"]), &properties["Target"]);
                let mut to = |arn: &Value| {
                    let arn = text(arn);
                    let action = match arn.split(':').nth(2) {
                        Some("sqs") => "sqs:SendMessage",
                        Some("lambda") => "lambda:InvokeFunction",
                        _ => return,
                    };
                    made.push((role.clone(), Call::new(action, arn)));
                };
                to(&target["Arn"]);
                to(&target["DeadLetterConfig"]["Arn"]);
            }
            _ => {}
        }
    }
    made
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

/// Returns whether `text` matches `pattern`, in which `*` matches any text and `?` one character.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    // The positions in the pattern that the text so far can reach.
    let mut places = BTreeSet::from([0]);
    let spread = |places: &mut BTreeSet<usize>| {
        let mut at = places.clone();
        while let Some(place) = at.pop_first() {
            if pattern.get(place) == Some(&'*') && places.insert(place + 1) {
                at.insert(place + 1);
            }
        }
    };
    spread(&mut places);
    for letter in text {
        let next = places.iter().filter_map(|place| match pattern.get(*place) {
            Some('*') => Some(*place),
            Some('?') => Some(place + 1),
            Some(one) if *one == letter => Some(place + 1),
            _ => None,
        });
        places = next.collect();
        spread(&mut places);
    }
    places.contains(&pattern.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_text() {
        for (pattern, text) in
            [("*#push", "riverside#push"), ("*#attempt#*", "a#attempt#2026-03-01"), ("a?c", "abc"), ("*", "")]
        {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("*#push", "a#push#b"), ("*#push", "push"), ("sites", "site"), ("a?c", "ac")] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn a_condition_with_an_operator_that_is_not_known_never_holds() {
        let condition = |operator: &str| Condition {
            operator: operator.to_owned(),
            key: "dynamodb:LeadingKeys".to_owned(),
            values: vec!["sites".to_owned()],
        };
        let context = BTreeMap::from([(LEADING_KEYS, vec!["sites".to_owned()])]);
        assert!(condition("ForAllValues:StringEquals").met_by(&context).is_some());
        assert!(condition("ForAnyValue:StringEquals").met_by(&context).is_none());
        assert!(condition("ForAllValues:StringEquals").met_by(&BTreeMap::new()).is_none(), "AWS would say yes");
    }
}
