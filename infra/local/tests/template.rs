//! The template beside AWS's documents: each test holds a row of docs/aws.md.

use doorstep_local::cloud::template::Template;
use serde_json::{Value, json};

fn template() -> &'static Template {
    Template::of_the_stack().expect("a template")
}

fn of_type<'a>(kind: &'a str) -> impl Iterator<Item = (&'static str, &'static Value)> + 'a {
    template().resources().filter(move |(_, resource)| resource["Type"] == kind)
}

/// Every statement that a role has, its own and those of managed policies.
fn statements(role: &str) -> Vec<Value> {
    let own = template().properties(role)["Policies"].as_array().cloned().unwrap_or_default();
    let mut documents: Vec<Value> = own.iter().map(|policy| policy["PolicyDocument"].clone()).collect();
    for (_, policy) in of_type("AWS::IAM::ManagedPolicy") {
        let roles = policy["Properties"]["Roles"].as_array().cloned().unwrap_or_default();
        if roles.contains(&json!(format!("doorstep-{role}"))) {
            documents.push(policy["Properties"]["PolicyDocument"].clone());
        }
    }
    documents.iter().flat_map(|document| document["Statement"].as_array().cloned().unwrap_or_default()).collect()
}

fn may(role: &str, action: &str) -> bool {
    statements(role).iter().any(|statement| match &statement["Action"] {
        Value::Array(actions) => actions.contains(&json!(action)),
        one => *one == json!(action),
    })
}

#[test]
fn a_schedule_has_no_deduplication_id_so_the_queue_takes_the_hash_of_its_body() {
    let fifo: Vec<_> =
        of_type("AWS::SQS::Queue").filter(|(_, queue)| queue["Properties"]["FifoQueue"] == true).collect();
    assert!(fifo.len() >= 2, "{fifo:?}");
    for (name, queue) in fifo {
        assert_eq!(queue["Properties"]["ContentBasedDeduplication"], true, "{name}");
    }
}

#[test]
fn lambda_lets_settle_feed_its_own_queue() {
    assert_eq!(template().properties("Settle")["RecursiveLoop"], "Allow");
}

#[test]
fn a_transaction_with_a_condition_check_needs_a_right_of_its_own() {
    for role in ["SettleRole", "ReconcileRole"] {
        assert!(may(role, "dynamodb:ConditionCheckItem"), "{role}");
    }
}
