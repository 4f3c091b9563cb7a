//! What a test does inside the account, beside what the functions do there: secrets, queues,
//! deliveries, the table.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_sqs::types::{MessageSystemAttributeName, QueueAttributeName};
use base64::Engine;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde_json::json;
use sha2::Sha256;

use crate::PATIENCE;
use crate::cloud::{Cloud, REGION, STACK};
use crate::site::{HARBOUR, KISI_SECRET, LOFT, RIVERSIDE, Site};
use doorstep_cloud::aws::SdkHttpClient;
use doorstep_cloud::environment::{Environment, Settings};
use doorstep_cloud::parameters::SSM;
use doorstep_cloud::service::{AwsCaller, AwsService};
use doorstep_core::model::platform_kind::PlatformKind;
use doorstep_core::site::route::SiteRoute;
use doorstep_vendors::network;
use doorstep_vendors::time::WallClock;

fn tag(secret: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("any length");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().to_vec()
}

/// A client of one service of the account.
macro_rules! client {
    ($sdk:ident, $cloud:expr) => {
        $sdk::Client::from_conf(
            $sdk::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::new(REGION))
                .credentials_provider(Credentials::new("test", "test", None, None, "test"))
                .http_client(SdkHttpClient(network::client(None).expect("a client")))
                .endpoint_url(&$cloud.endpoint)
                .build(),
        )
    };
}

impl Cloud {
    /// Puts every secret where the template expects it.
    pub async fn put_secrets(&self) {
        self.put(
            "riverside/kisi/webhook",
            json!({ "webhook_secrets": [KISI_SECRET] }),
        )
        .await;
        self.put(
            "loft/andcards/webhook",
            json!({ "webhook_secrets": [LOFT.secret] }),
        )
        .await;
        self.put("loft/kisi/api", json!({ "api_key": "sandbox" }))
            .await;
        for site in [RIVERSIDE, HARBOUR] {
            self.put(
                &format!("{}/officernd/webhook", site.id),
                json!({ "webhook_secrets": [site.secret] }),
            )
            .await;
            let platform = json!({ "client_id": "sandbox", "client_secret": "sandbox" });
            self.put(&format!("{}/officernd/api", site.id), platform)
                .await;
            self.put(
                &format!("{}/kisi/api", site.id),
                json!({ "api_key": "sandbox" }),
            )
            .await;
        }
    }

    async fn put(&self, name: &str, secret: serde_json::Value) {
        let ssm = AwsService::new(
            &SSM,
            self.caller(),
            network::client(None).expect("a client"),
            Arc::new(WallClock),
        );
        let parameter = json!({
            "Name": format!("/{STACK}/{name}"), "Value": secret.to_string(), "Type": "SecureString",
        });
        ssm.order("PutParameter", &parameter)
            .await
            .expect("a secret");
    }

    fn caller(&self) -> AwsCaller {
        AwsCaller {
            region: REGION.to_owned(),
            credentials: Credentials::new("test", "test", None, None, "test"),
            endpoint: Some(self.endpoint.clone()),
        }
    }

    /// Lets reconcile send batches. AWS asks for `sqs:SendMessage` alone and knows no right of this
    /// name (SQS, "Amazon SQS API permissions: actions and resource reference"); this account asks
    /// for it.
    pub async fn allow_batches(&self) {
        let roles = self.iam(&[("Action", "ListRoles")]).await;
        let names = roles
            .split("<RoleName>")
            .skip(1)
            .filter_map(|rest| rest.split_once("</RoleName>"));
        let name = names
            .map(|(name, _)| name)
            .find(|name| name.contains("ReconcileRole"))
            .expect("a role");
        let statement =
            json!({ "Effect": "Allow", "Action": "sqs:SendMessageBatch", "Resource": "*" });
        let policy = json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string();
        let put = [
            ("Action", "PutRolePolicy"),
            ("RoleName", name),
            ("PolicyName", "batches"),
            ("PolicyDocument", &policy),
        ];
        self.iam(&put).await;
    }

    async fn iam(&self, form: &[(&str, &str)]) -> String {
        let form = [&[("Version", "2010-05-08")], form].concat();
        let credential =
            format!("AWS4-HMAC-SHA256 Credential=test/20260101/{REGION}/iam/aws4_request");
        let request = http::Request::post(&self.endpoint).header("authorization", credential);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let body = serde_urlencoded::to_string(form).expect("a form");
        let answer = network::client(None)
            .expect("a client")
            .send(request.body(body.into()).expect("whole"))
            .await;
        let answer = answer.expect("an answer");
        let text = String::from_utf8_lossy(answer.body()).into_owned();
        assert!(answer.status().is_success(), "iam: {text}");
        text
    }

    /// Everything outside, as the functions reach it.
    pub async fn environment(&self) -> Environment {
        let http = network::client(None).expect("a client");
        let settings = Settings::of_stack(STACK, self.caller(), &http)
            .await
            .expect("the stack's names");
        Environment::new(settings, http, Arc::new(WallClock))
    }

    /// Stores a site file without looking at it.
    pub async fn store(&self, site: Site, text: &str) {
        let secret = format!("{}/officernd", site.id);
        let site_route = SiteRoute {
            site: site.id.into(),
            platform: PlatformKind::OfficeRnd,
            secret,
            doors: Default::default(),
            keep_days: 90,
        };
        self.environment()
            .await
            .store
            .store_site(&site_route, text, Timestamp::now())
            .await
            .expect("stored");
    }

    /// Posts one delivery to the Function URL, signed as OfficeRnD signs. `[D]`
    pub async fn post(&self, site: Site, body: &[u8], secret: &str) -> u16 {
        let at = Timestamp::now().as_second();
        let tag = tag(secret.as_bytes(), &[body, format!(".{at}").as_bytes()]);
        let header = format!("t={at},signature={}", hex::encode(tag));
        let address = self.output("OfficeRndWebhook").replace("SITE", site.id);
        self.post_to(&address, &[("officernd-signature", &header)], body)
            .await
    }

    /// Posts one letter to the Function URL, signed as Standard Webhooks has it. `[D]`
    pub async fn post_webhook(&self, site: Site, delivery: &serde_json::Value) -> u16 {
        let (body, at) = (
            delivery.to_string(),
            Timestamp::now().as_second().to_string(),
        );
        let engine = base64::engine::general_purpose::STANDARD;
        let key = engine
            .decode(site.secret.trim_start_matches("whsec_"))
            .expect("base64");
        let id = format!("msg-{}", hex::encode(tag(b"id", &[body.as_bytes()])));
        let tag = tag(
            &key,
            &[id.as_bytes(), b".", at.as_bytes(), b".", body.as_bytes()],
        );
        let signature = format!("v1,{}", engine.encode(tag));
        let headers = [
            ("webhook-id", id.as_str()),
            ("webhook-timestamp", &at),
            ("webhook-signature", &signature),
        ];
        let address = self.output("AndcardsWebhook").replace("SITE", site.id);
        self.post_to(&address, &headers, body.as_bytes()).await
    }

    /// Posts one event to the other Function URL, signed as Kisi signs. `[D]`
    pub async fn post_event(&self, site: Site, event: &serde_json::Value) -> u16 {
        let body = event.to_string();
        let header = format!(
            "sha256={}",
            hex::encode(tag(KISI_SECRET.as_bytes(), &[body.as_bytes()]))
        );
        let address = self
            .output("KisiWebhook")
            .replace("SITE", site.id)
            .replace("DOORS", "main");
        self.post_to(&address, &[("x-signature", &header)], body.as_bytes())
            .await
    }

    async fn post_to(&self, address: &str, headers: &[(&str, &str)], body: &[u8]) -> u16 {
        let (host, path) = address
            .strip_prefix("https://")
            .and_then(|rest| rest.split_once('/'))
            .expect("an address");
        let request = http::Request::post(format!("{}/{path}", self.endpoint)).header("host", host);
        let request = request.header("content-type", "application/json");
        let request = headers.iter().fold(request, |request, (name, text)| {
            request.header(*name, *text)
        });
        let request = request
            .body(bytes::Bytes::copy_from_slice(body))
            .expect("whole");
        network::client(None)
            .expect("a client")
            .send(request)
            .await
            .expect("an answer")
            .status()
            .as_u16()
    }

    /// Puts a message into a site's line.
    pub async fn send(&self, site: &str, body: &str) {
        let send = client!(aws_sdk_sqs, self)
            .send_message()
            .queue_url(self.output("TriggerQueue"))
            .message_body(body);
        send.message_group_id(site)
            .message_deduplication_id(body)
            .send()
            .await
            .expect("taken");
    }

    /// Returns the number of dead letters.
    pub async fn dead_letters(&self) -> usize {
        let count = QueueAttributeName::ApproximateNumberOfMessages;
        let asked = client!(aws_sdk_sqs, self)
            .get_queue_attributes()
            .queue_url(self.output("DeadLetters"));
        let answer = asked
            .attribute_names(count.clone())
            .send()
            .await
            .expect("an answer");
        answer
            .attributes()
            .and_then(|found| found.get(&count))
            .and_then(|n| n.parse().ok())
            .expect("a number")
    }

    /// Waits until there are so many.
    pub async fn until_dead_letters(&self, count: usize) {
        let done = async {
            while self.dead_letters().await != count {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        };
        tokio::time::timeout(PATIENCE, done)
            .await
            .unwrap_or_else(|_| panic!("there never were {count} dead letters"));
    }

    /// Gives the dead letters back to the line, one by one: what AWS's `StartMessageMoveTask` does,
    /// which this AWS has not.
    pub async fn redrive(&self) {
        let sqs = client!(aws_sdk_sqs, self);
        let (dead, line) = (self.output("DeadLetters"), self.output("TriggerQueue"));
        loop {
            let asked = sqs
                .receive_message()
                .queue_url(dead)
                .max_number_of_messages(10);
            let group = MessageSystemAttributeName::MessageGroupId;
            let found = asked
                .message_system_attribute_names(group.clone())
                .send()
                .await
                .expect("an answer");
            if found.messages().is_empty() {
                return;
            }
            for delivery in found.messages() {
                let (receipt, body) = (
                    delivery.receipt_handle().expect("a receipt"),
                    delivery.body().expect("a body"),
                );
                let site = delivery
                    .attributes()
                    .and_then(|all| all.get(&group))
                    .expect("a group");
                let again = format!("again-{}", delivery.message_id().expect("an id"));
                let send = sqs
                    .send_message()
                    .queue_url(line)
                    .message_group_id(site)
                    .message_body(body);
                send.message_deduplication_id(again)
                    .send()
                    .await
                    .expect("taken");
                sqs.delete_message()
                    .queue_url(dead)
                    .receipt_handle(receipt)
                    .send()
                    .await
                    .expect("deleted");
            }
        }
    }
}
