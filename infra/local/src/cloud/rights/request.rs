//! The actions and resources that an SDK request needs permission for.

use http::Method;
use serde_json::Value;

use super::right::{LEADING_KEYS, RequiredAction};
use crate::cloud::{arn, wire};
use doorstep_vendors::http::Request;

/// Returns every action that `request` needs. An unknown request needs an action that no role has.
pub(in crate::cloud) fn calls(request: &Request) -> Vec<RequiredAction> {
    let body = || serde_json::from_slice::<Value>(request.body()).unwrap_or_default();
    match wire::target(request) {
        Some(("DynamoDB_20120810", operation)) => of_table(operation, &body()),
        Some(("AmazonSQS", operation)) => vec![of_queue(operation, &body())],
        Some(("AWSEvents", operation)) => of_bus(operation, &body()),
        Some(("AmazonSSM", operation)) => of_parameters(operation, &body()),
        Some((service, operation)) => vec![RequiredAction::new(
            format!("{service}:{operation}"),
            "unknown",
        )],
        None => of_scheduler(request, &body()),
    }
}

/// Returns the actions of a table operation. A transaction needs the permission of each of its
/// parts, a batch only that for batches. [IAM with DynamoDB transactions]
fn of_table(operation: &str, body: &Value) -> Vec<RequiredAction> {
    let table = |body: &Value| arn("dynamodb", &format!("table/{}", text(&body["TableName"])));
    let call = |action: &str, table: String, keys: Vec<String>| {
        RequiredAction::new(format!("dynamodb:{action}"), table).with(LEADING_KEYS, keys)
    };
    match operation {
        "TransactWriteItems" | "TransactGetItems" => list(&body["TransactItems"])
            .iter()
            .flat_map(|item| item.as_object().into_iter().flatten())
            .map(|(part, of)| {
                let action = if part == "ConditionCheck" {
                    "ConditionCheckItem".to_owned()
                } else {
                    format!("{part}Item")
                };
                call(&action, table(of), keys_of(of))
            })
            .collect(),
        "BatchGetItem" | "BatchWriteItem" => body["RequestItems"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, items)| {
                call(
                    operation,
                    arn("dynamodb", &format!("table/{name}")),
                    keys_of(items),
                )
            })
            .collect(),
        "Query" => vec![call(operation, table(body), vec![partition_of(body)])],
        _ => vec![call(operation, table(body), keys_of(body))],
    }
}

/// Returns every partition that a part of a request names.
fn keys_of(body: &Value) -> Vec<String> {
    match body {
        Value::Object(object) => match &body["pk"]["S"] {
            Value::String(partition) => vec![partition.clone()],
            _ => object
                .iter()
                .filter(|(name, _)| !name.starts_with("Expression"))
                .flat_map(|(_, of)| keys_of(of))
                .collect(),
        },
        Value::Array(items) => items.iter().flat_map(keys_of).collect(),
        _ => Vec::new(),
    }
}

/// Returns the partition that a query reads; the empty name, which no partition has, if it cannot
/// be found.
fn partition_of(query: &Value) -> String {
    let condition = query["KeyConditionExpression"].as_str().unwrap_or_default();
    let value = condition
        .split("pk = ")
        .nth(1)
        .and_then(|rest| rest.split([' ', ')']).next())
        .unwrap_or_default();
    text(&query["ExpressionAttributeValues"][value]["S"])
}

fn of_queue(operation: &str, body: &Value) -> RequiredAction {
    let url = text(&body["QueueUrl"]);
    let name = url.rsplit('/').next().unwrap_or_default();
    RequiredAction::new(
        format!("sqs:{}", operation.trim_end_matches("Batch")),
        arn("sqs", name),
    )
}

fn of_bus(operation: &str, body: &Value) -> Vec<RequiredAction> {
    let buses = list(&body["Entries"])
        .iter()
        .map(|entry| text(&entry["EventBusName"]));
    buses
        .map(|bus| {
            RequiredAction::new(
                format!("events:{operation}"),
                arn("events", &format!("event-bus/{bus}")),
            )
        })
        .collect()
}

/// Returns the actions of a parameter read. Decrypting a secret also calls the key, with the
/// caller's permission and the parameter as encryption context.
fn of_parameters(operation: &str, body: &Value) -> Vec<RequiredAction> {
    let one = text(&body["Name"]);
    let names = list(&body["Names"])
        .iter()
        .map(text)
        .chain(Some(one).filter(|name| !name.is_empty()));
    let mut calls = Vec::new();
    for name in names {
        let parameter = arn("ssm", &format!("parameter{name}"));
        calls.push(RequiredAction::new(format!("ssm:{operation}"), &parameter));
        if body["WithDecryption"] == true {
            let decrypt = RequiredAction::new("kms:Decrypt", crate::cloud::template::SECRETS_KEY);
            calls.push(decrypt.with("kms:EncryptionContext:PARAMETER_ARN", vec![parameter]));
        }
    }
    calls
}

/// Returns the actions of a Scheduler call. Creating a schedule passes its role to Scheduler, which
/// needs its own permission.
fn of_scheduler(request: &Request, body: &Value) -> Vec<RequiredAction> {
    let Some(name) = request.uri().path().strip_prefix("/schedules") else {
        return vec![RequiredAction::new("unknown", request.uri().path())];
    };
    let query = request.uri().query().unwrap_or_default();
    let query: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap_or_default();
    let asked = query
        .iter()
        .find(|(key, _)| key == "groupName" || key == "ScheduleGroup")
        .map(|(_, group)| group.clone());
    let group = body["GroupName"]
        .as_str()
        .map(str::to_owned)
        .or(asked)
        .unwrap_or_else(|| "default".to_owned());
    let schedule = arn(
        "scheduler",
        &format!("schedule/{group}/{}", name.trim_start_matches('/')),
    );
    match (request.method(), name.len() > 1) {
        (&Method::POST, _) => {
            let role = RequiredAction::new("iam:PassRole", text(&body["Target"]["RoleArn"]));
            let role = role.with(
                "iam:PassedToService",
                vec!["scheduler.amazonaws.com".to_owned()],
            );
            vec![
                RequiredAction::new("scheduler:CreateSchedule", schedule),
                role,
            ]
        }
        (&Method::GET, true) => vec![RequiredAction::new("scheduler:GetSchedule", schedule)],
        (&Method::GET, false) => vec![RequiredAction::new("scheduler:ListSchedules", schedule)],
        (&Method::DELETE, _) => vec![RequiredAction::new("scheduler:DeleteSchedule", schedule)],
        (method, _) => vec![RequiredAction::new(format!("scheduler:{method}"), schedule)],
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
