//! The template beside AWS's documents: each test holds a row of docs/aws.md.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use doorstep_core::model::log_event;
use doorstep_local::cloud::template::Template;

const TEXT: &str = include_str!("../../../template.yaml");
const WATCH: &str = include_str!("../../../infra/watch.yaml");

fn template() -> &'static Template {
    Template::of_the_stack().expect("a template")
}

fn of_type<'a>(kind: &'a str) -> impl Iterator<Item = (&'static str, &'static Value)> + 'a {
    template()
        .resources()
        .filter(move |(_, resource)| resource["Type"] == kind)
}

/// Every statement that a role has, its own and those of managed policies.
fn statements(role: &str) -> Vec<Value> {
    let own = template().properties(role)["Policies"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let mut documents: Vec<Value> = own
        .iter()
        .map(|policy| policy["PolicyDocument"].clone())
        .collect();
    for (_, policy) in of_type("AWS::IAM::ManagedPolicy") {
        let roles = policy["Properties"]["Roles"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        if roles.contains(&json!(format!("doorstep-{role}"))) {
            documents.push(policy["Properties"]["PolicyDocument"].clone());
        }
    }
    documents
        .iter()
        .flat_map(|document| {
            document["Statement"]
                .as_array()
                .cloned()
                .unwrap_or_default()
        })
        .collect()
}

fn may(role: &str, action: &str) -> bool {
    statements(role)
        .iter()
        .any(|statement| match &statement["Action"] {
            Value::Array(actions) => actions.contains(&json!(action)),
            one => *one == json!(action),
        })
}

#[test]
fn a_schedule_has_no_deduplication_id_so_the_queue_takes_the_hash_of_its_body() {
    assert!(fifo().count() >= 2);
    for (name, queue) in fifo() {
        assert_eq!(queue["ContentBasedDeduplication"], true, "{name}");
    }
}

#[test]
fn lambda_lets_settle_feed_its_own_queue() {
    assert_eq!(template().properties("Settle")["RecursiveLoop"], "Allow");
}

#[test]
fn a_transaction_with_a_condition_check_needs_a_right_of_its_own() {
    assert!(may("ReconcileRole", "dynamodb:ConditionCheckItem"));
    assert!(
        may("SettleRole", "dynamodb:ConditionCheckItem"),
        "two sites may rule one group"
    );
}

#[test]
fn equal_ids_of_two_sites_are_two_messages() {
    for (name, queue) in fifo() {
        assert_eq!(queue["DeduplicationScope"], "messageGroup", "{name}");
        assert_eq!(queue["FifoThroughputLimit"], "perMessageGroupId", "{name}");
    }
}

#[test]
fn dead_letters_of_a_fifo_queue_are_fifo() {
    let redriven: Vec<_> = fifo()
        .filter(|(_, queue)| !queue["RedrivePolicy"].is_null())
        .collect();
    assert!(!redriven.is_empty());
    for (name, queue) in redriven {
        let target = queue["RedrivePolicy"]["deadLetterTargetArn"]
            .as_str()
            .expect("an ARN");
        assert!(target.ends_with(".fifo"), "{name}: {target}");
        assert!(
            fifo().any(|(_, other)| target.ends_with(other["QueueName"].as_str().expect("a name"))),
            "{name}"
        );
    }
}

/// The properties of every FIFO queue.
fn fifo() -> impl Iterator<Item = (&'static str, &'static Value)> {
    let queues = of_type("AWS::SQS::Queue").map(|(name, queue)| (name, &queue["Properties"]));
    queues.filter(|(_, queue)| queue["FifoQueue"] == true)
}

/// Every function that a queue invokes: its name and properties, the event, and the queue's
/// properties.
fn invoked_by_queues() -> Vec<(&'static str, &'static Value, &'static Value, &'static Value)> {
    let mut found = Vec::new();
    for (name, function) in of_type("AWS::Serverless::Function") {
        let function = &function["Properties"];
        for event in function["Events"]
            .as_object()
            .into_iter()
            .flat_map(|events| events.values())
        {
            let arn = event["Properties"]["Queue"].as_str().unwrap_or_default();
            let queue = of_type("AWS::SQS::Queue").map(|(_, queue)| &queue["Properties"]);
            let mut queue = queue.filter(|queue| {
                queue["QueueName"]
                    .as_str()
                    .is_some_and(|name| arn.ends_with(name))
            });
            if event["Type"] == "SQS" {
                found.push((
                    name,
                    function,
                    &event["Properties"],
                    queue.next().expect("a queue of the template"),
                ));
            }
        }
    }
    assert!(
        found.iter().any(|(name, ..)| *name == "Settle"),
        "{found:?}"
    );
    found
}

#[test]
fn settle_reports_failed_messages_one_by_one() {
    for (name, _, event, _) in invoked_by_queues() {
        assert_eq!(
            event["FunctionResponseTypes"],
            json!(["ReportBatchItemFailures"]),
            "{name}"
        );
        assert!(
            event["BatchSize"]
                .as_u64()
                .is_some_and(|size| (1..=10).contains(&size)),
            "{name}: a FIFO batch has 1 to 10"
        );
        assert!(
            event["MaximumBatchingWindowInSeconds"].is_null(),
            "{name}: FIFO queues have no window"
        );
    }
}

#[test]
fn a_message_stays_invisible_for_six_times_the_timeout() {
    for (name, function, _, queue) in invoked_by_queues() {
        let timeout = function["Timeout"].as_u64().expect("a number");
        assert!(
            queue["VisibilityTimeout"].as_u64().expect("a number") >= 6 * timeout,
            "{name}"
        );
    }
}

#[test]
fn what_cannot_be_delivered_is_kept() {
    let standard = |arn: &Value| {
        let arn = arn.as_str().unwrap_or_default();
        !arn.ends_with(".fifo") && arn.starts_with("arn:aws:sqs:")
    };
    let most = |policy: &Value| policy["MaximumEventAgeInSeconds"].as_u64().expect("an age");
    for (name, schedule) in of_type("AWS::Scheduler::Schedule") {
        let target = &schedule["Properties"]["Target"];
        assert!(
            standard(&target["DeadLetterConfig"]["Arn"]) && most(&target["RetryPolicy"]) <= 900,
            "{name}"
        );
    }
    for (name, rule) in of_type("AWS::Events::Rule") {
        for target in rule["Properties"]["Targets"].as_array().expect("targets") {
            assert!(
                standard(&target["DeadLetterConfig"]["Arn"]) && most(&target["RetryPolicy"]) <= 900,
                "{name}"
            );
        }
    }
    for (name, function) in of_type("AWS::Serverless::Function") {
        let config = &function["Properties"]["EventInvokeConfig"];
        if !config.is_null() {
            assert!(
                most(config) <= 900
                    && config["MaximumRetryAttempts"]
                        .as_u64()
                        .is_some_and(|most| most <= 2),
                "{name}"
            );
            assert!(
                standard(&config["DestinationConfig"]["OnFailure"]["Destination"]),
                "{name}"
            );
        }
    }
}

#[test]
fn dead_letters_are_kept_for_longer_than_messages() {
    for (name, queue) in fifo().filter(|(_, queue)| !queue["RedrivePolicy"].is_null()) {
        let target = queue["RedrivePolicy"]["deadLetterTargetArn"]
            .as_str()
            .expect("an ARN");
        let dead = fifo()
            .find(|(_, other)| target.ends_with(other["QueueName"].as_str().expect("a name")));
        let kept = |queue: &Value| queue["MessageRetentionPeriod"].as_u64().expect("seconds");
        assert!(
            kept(dead.expect("a queue of the template").1) > kept(queue),
            "{name}"
        );
        assert!(
            queue["RedrivePolicy"]["maxReceiveCount"]
                .as_u64()
                .is_some_and(|most| most >= 5),
            "{name}"
        );
    }
}

#[test]
fn eventbridge_may_invoke_its_target_and_write_to_its_dead_letters() {
    for (name, rule) in of_type("AWS::Events::Rule") {
        let arn = |value: &Value| value.as_str().expect("an ARN").to_owned();
        for target in rule["Properties"]["Targets"].as_array().expect("targets") {
            let of_rule = |condition: &Value| arn(condition).ends_with(name);
            let may_invoke = of_type("AWS::Lambda::Permission")
                .map(|(_, given)| &given["Properties"])
                .any(|given| {
                    let function = arn(&given["FunctionName"]);
                    given["Principal"] == "events.amazonaws.com"
                        && given["Action"] == "lambda:InvokeFunction"
                        && arn(&target["Arn"]).ends_with(&function)
                        && of_rule(&given["SourceArn"])
                });
            assert!(may_invoke, "{name}");
            let policies = of_type("AWS::SQS::QueuePolicy")
                .map(|(_, policy)| &policy["Properties"]["PolicyDocument"]);
            let may_write = policies
                .filter_map(|policy| policy["Statement"].as_array())
                .flatten()
                .any(|statement| {
                    statement["Principal"]["Service"] == "events.amazonaws.com"
                        && statement["Action"] == "sqs:SendMessage"
                        && statement["Resource"] == target["DeadLetterConfig"]["Arn"]
                        && of_rule(&statement["Condition"]["ArnEquals"]["aws:SourceArn"])
                });
            assert!(may_write, "{name}");
        }
    }
}

#[test]
fn scheduler_takes_a_role_for_this_account_and_for_no_single_schedule() {
    let mut taken = 0;
    for (name, role) in of_type("AWS::IAM::Role") {
        let trust = &role["Properties"]["AssumeRolePolicyDocument"]["Statement"][0];
        if trust["Principal"]["Service"] == "scheduler.amazonaws.com" {
            let condition = &trust["Condition"]["StringEquals"];
            assert!(condition["aws:SourceAccount"].is_string(), "{name}");
            let source = condition["aws:SourceArn"].as_str();
            assert!(
                source.is_none_or(|arn| arn.contains(":schedule-group/")),
                "{name}: {source:?}"
            );
            taken += 1;
        }
    }
    assert_eq!(taken, 2);
}

#[test]
fn no_right_names_a_batch_of_messages() {
    for (role, _) in of_type("AWS::IAM::Role") {
        let actions = statements(role)
            .into_iter()
            .flat_map(|statement| texts(&statement["Action"]));
        let batches: Vec<_> = actions
            .filter(|one| one.starts_with("sqs:") && one.ends_with("Batch"))
            .collect();
        assert!(batches.is_empty(), "{role}: {batches:?} is no action");
    }
}

#[test]
fn a_key_decrypts_for_a_role_what_the_role_may_read_and_nothing_else() {
    let mut keys = 0;
    for (role, _) in of_type("AWS::IAM::Role") {
        let all = statements(role);
        let with = |action: &str| {
            all.iter()
                .filter(|one| texts(&one["Action"]).contains(&action.to_owned()))
                .collect()
        };
        let (reads, decrypts): (Vec<&Value>, Vec<&Value>) =
            (with("ssm:GetParameter"), with("kms:Decrypt"));
        assert_eq!(reads.len(), decrypts.len(), "{role}");
        for (read, decrypt) in reads.into_iter().zip(decrypts) {
            let bound = &decrypt["Condition"]["StringLike"]["kms:EncryptionContext:PARAMETER_ARN"];
            assert_eq!(*bound, read["Resource"], "{role}");
            assert!(
                bound
                    .as_str()
                    .is_some_and(|arn| arn.ends_with("/webhook") || arn.ends_with("/api")),
                "{role}"
            );
            keys += 1;
        }
    }
    assert_eq!(keys, 4);
}

#[test]
fn only_public_functions_reserve_concurrency_and_need_not() {
    for (name, function) in of_type("AWS::Serverless::Function") {
        let public = !function["Properties"]["FunctionUrlConfig"].is_null();
        let reserved = &function["Properties"]["ReservedConcurrentExecutions"];
        assert_eq!(!reserved.is_null(), public, "{name}");
    }
    let none = TEXT
        .replace("Default: 10\n", "Default: 0\n")
        .replace("Default: 5\n", "Default: 0\n");
    let none = Template::parse(&none).expect("a template");
    for name in ["Receive", "Entries"] {
        assert!(
            none.properties(name)["ReservedConcurrentExecutions"].is_null(),
            "{name}: 0 reserves nothing"
        );
    }
}

#[test]
fn function_urls_are_public_and_sam_gives_the_right_to_call_them() {
    let urls = of_type("AWS::Serverless::Function")
        .map(|(_, function)| &function["Properties"]["FunctionUrlConfig"]);
    let urls: Vec<_> = urls.filter(|url| !url.is_null()).collect();
    assert_eq!(urls.len(), 2);
    assert!(
        urls.iter()
            .all(|url| **url == json!({ "AuthType": "NONE" })),
        "of another type SAM gives no right: {urls:?}"
    );
}

#[test]
fn items_expire_by_the_attribute_that_is_written() {
    let expiry = &template().properties("Table")["TimeToLiveSpecification"];
    assert_eq!(
        *expiry,
        json!({ "AttributeName": "expires", "Enabled": true })
    );
}

#[test]
fn no_right_is_to_everything() {
    for (role, _) in of_type("AWS::IAM::Role") {
        let statements = statements(role);
        assert!(!statements.is_empty(), "{role}");
        for statement in statements {
            assert_eq!(
                statement["Effect"], "Allow",
                "{role}: only these are judged on one machine"
            );
            let both = [texts(&statement["Resource"]), texts(&statement["Action"])].concat();
            assert!(
                both.iter()
                    .all(|text| text.contains(':') && !text.ends_with(":*")
                        || text.contains(":log-group:")),
                "{both:?}"
            );
        }
    }
}

#[test]
fn a_right_to_some_partitions_is_to_actions_that_name_one() {
    let mut bound = 0;
    for (role, _) in of_type("AWS::IAM::Role") {
        for statement in statements(role) {
            let operators = statement["Condition"].as_object().into_iter().flatten();
            if operators
                .into_iter()
                .any(|(_, keys)| !keys["dynamodb:LeadingKeys"].is_null())
            {
                let naming = ["GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem"]
                    .map(|one| format!("dynamodb:{one}"));
                let actions = texts(&statement["Action"]);
                assert!(
                    actions.iter().all(|action| naming.contains(action)),
                    "{role}: {actions:?}"
                );
                bound += 1;
            }
        }
    }
    assert_eq!(bound, 6, "three of receive, three of entries");
}

fn texts(value: &Value) -> Vec<String> {
    let list = value
        .as_array()
        .cloned()
        .unwrap_or_else(|| vec![value.clone()]);
    list.iter()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

#[test]
fn reconcile_serves_one_site_at_a_time_and_a_bounded_number_of_sites() {
    let event = &template().properties("Reconcile")["Events"]["Reconciles"]["Properties"];
    assert_eq!(event["BatchSize"], 1);
    assert_eq!(
        event["FunctionResponseTypes"],
        json!(["ReportBatchItemFailures"])
    );
    let most = event["ScalingConfig"]["MaximumConcurrency"]
        .as_u64()
        .expect("a number");
    assert!((2..=1000).contains(&most), "{most}");
    assert_eq!(
        template().properties("Reconciles")["DeduplicationScope"],
        "messageGroup"
    );
}

/// Without a bound Lambda would fetch messages that the account's concurrency cannot serve, and each
/// throttled fetch counts towards the dead letters.
#[test]
fn settle_serves_a_bounded_number_of_batches_and_leaves_concurrency_to_the_others() {
    let event = &template().properties("Settle")["Events"]["TriggerQueue"]["Properties"];
    let most = event["ScalingConfig"]["MaximumConcurrency"]
        .as_u64()
        .expect("a number");
    assert!((2..1000).contains(&most), "{most}");
}

/// A queue that feeds a function is watched by the age of its oldest message, and the one that
/// takes its dead letters by their number.
#[test]
fn every_queue_has_its_alarm() {
    let watch = Template::parse(WATCH).expect("a template");
    let alarms: Vec<&Value> = watch
        .resources()
        .map(|(_, alarm)| &alarm["Properties"])
        .filter(|alarm| alarm["Namespace"] == "AWS/SQS")
        .collect();
    let parameters = WATCH
        .lines()
        .filter(|line| line.contains("Description: Queue }"))
        .count();
    assert_eq!(alarms.len(), of_type("AWS::SQS::Queue").count());
    assert_eq!(
        alarms.len(),
        parameters,
        "each of them watches a queue of its own"
    );
    for (name, queue) in of_type("AWS::SQS::Queue") {
        assert!(
            TEXT.contains(&format!("        {name}: !GetAtt {name}.QueueName\n")),
            "{name} is not handed over"
        );
        let metric = match queue["Properties"]["RedrivePolicy"].is_object() {
            true => "ApproximateAgeOfOldestMessage",
            false => "ApproximateNumberOfMessagesVisible",
        };
        let of_queue = format!(
            "MetricName: {metric}\n      Dimensions: [{{ Name: QueueName, Value: !Ref {name} }}]"
        );
        assert!(WATCH.contains(&of_queue), "{name} has no alarm on {metric}");
    }
}

/// A metric filter and a query of the operations page match the field `event`, never the wording of
/// a message. Each event is one that the code logs, and each that the code logs is matched.
#[test]
fn every_filter_of_the_log_matches_an_event_that_is_logged() {
    let watch = Template::parse(WATCH).expect("a template");
    let filters = watch
        .resources()
        .filter(|(_, resource)| resource["Type"] == "AWS::Logs::MetricFilter");
    let patterns = filters.map(|(_, filter)| {
        filter["Properties"]["FilterPattern"]
            .as_str()
            .expect("a pattern")
    });
    let page = include_str!("../../../docs/operations.md");
    let queries = page
        .split("--filter-pattern '")
        .skip(1)
        .filter_map(|rest| rest.split('\'').next());
    let matched: BTreeSet<&str> = patterns
        .chain(queries)
        .map(|pattern| {
            let event = pattern
                .strip_prefix("{ $.fields.event = \"")
                .and_then(|rest| rest.strip_suffix("\" }"));
            event.unwrap_or_else(|| panic!("{pattern} matches something else than an event"))
        })
        .collect();
    assert_eq!(matched, BTreeSet::from(log_event::ALL));
    let jobs = [
        include_str!("../../../shared/jobs/webhook.rs"),
        include_str!("../../../shared/jobs/reconcile.rs"),
        include_str!("../../../shared/jobs/reconcile/dispatch.rs"),
    ];
    for constant in ["DELIVERY_REFUSED", "RECONCILES_DISPATCHED", "RECONCILED"] {
        let logged = format!("event = log_event::{constant},");
        assert!(
            jobs.iter().any(|text| text.contains(&logged)),
            "{constant} is not logged"
        );
    }
}
