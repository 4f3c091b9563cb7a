//! The calls that AWS itself makes with the roles of the template.

use serde_json::Value;

use super::right::{RequiredAction, text};
use crate::cloud::arn;
use crate::cloud::template::Template;

/// Returns the calls that AWS itself makes, with their roles.
pub(super) fn services(template: &Template) -> Vec<(String, RequiredAction)> {
    let mut made = Vec::new();
    for (_, resource) in template.resources() {
        let properties = &resource["Properties"];
        match resource["Type"].as_str() {
            Some("AWS::Serverless::Function") => {
                let role = text(&properties["Role"]);
                let logs = arn(
                    "logs",
                    &format!(
                        "log-group:{}:*",
                        text(&properties["LoggingConfig"]["LogGroup"])
                    ),
                );
                let mut call = |action: &str, resource: &str| {
                    made.push((role.clone(), RequiredAction::new(action, resource)))
                };
                call("logs:CreateLogStream", &logs);
                call("logs:PutLogEvents", &logs);
                for source in properties["Events"]
                    .as_object()
                    .into_iter()
                    .flat_map(serde_json::Map::values)
                {
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
                let (role, target) = (
                    text(&properties["Target"]["RoleArn"]),
                    &properties["Target"],
                );
                let mut to = |arn: &Value| {
                    let arn = text(arn);
                    let action = match arn.split(':').nth(2) {
                        Some("sqs") => "sqs:SendMessage",
                        Some("lambda") => "lambda:InvokeFunction",
                        _ => return,
                    };
                    made.push((role.clone(), RequiredAction::new(action, arn)));
                };
                to(&target["Arn"]);
                to(&target["DeadLetterConfig"]["Arn"]);
            }
            _ => {}
        }
    }
    made
}
