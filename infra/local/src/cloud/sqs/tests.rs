use std::sync::Arc;

use super::*;
use crate::clock::Clock;
use crate::cloud::template::{TEXT, TemplateError};

fn line(template: &Template) -> FifoQueue {
    let clock = Arc::new(Clock::standing(Timestamp::UNIX_EPOCH));
    FifoQueue::new(
        "https://sqs.local.amazonaws.com/1/line.fifo",
        QueueConfig::of(template, "TriggerQueue", "Settle"),
        Keep::memory(),
        clock,
        Changes::default(),
    )
}

#[test]
fn without_hashes_of_bodies_the_queue_refuses_a_message_without_an_id() -> Result<(), TemplateError>
{
    let before = Template::parse(&TEXT.replace(
        "ContentBasedDeduplication: true",
        "ContentBasedDeduplication: false",
    ))?;
    assert!(
        line(&before).send("a", None, "x").is_err(),
        "as every schedule's"
    );
    assert!(line(&before).send("a", Some("1"), "x").is_ok());
    assert!(line(&Template::parse(TEXT)?).send("a", None, "x").is_ok());
    Ok(())
}
