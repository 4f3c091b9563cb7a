//! The stack's template, as CloudFormation would apply it to the account of this cloud.
//!
//! The local cloud takes its rules from here. A property or a permission that the template lacks is
//! therefore missing on one machine too.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Map, Value, json};
use yaml_serde::Value as Yaml;

/// The template that `make deploy` deploys.
pub(super) const TEXT: &str = include_str!("../../../../template.yaml");

/// The key that encrypts the secrets of this account.
pub(super) const SECRETS_KEY: &str = "arn:aws:kms:local:000000000000:key/secrets";

/// Parameters without a default, and the key, so that the permissions for the key are judged too.
const PARAMETERS: [(&str, &str); 2] = [
    ("AlertEmail", "ops@example.test"),
    ("SecretsKeyArn", SECRETS_KEY),
];

/// Pseudo parameters of the account.
const ACCOUNT: [(&str, &str); 4] = [
    ("AWS::StackName", "doorstep"),
    ("AWS::Region", "local"),
    ("AWS::AccountId", super::ACCOUNT),
    ("AWS::Partition", "aws"),
];

/// Longest chain of references.
const DEEPEST: usize = 24;

/// A template with every reference resolved.
#[derive(Debug)]
pub struct Template {
    resources: BTreeMap<String, Value>,
}

/// The reason why a text is not a template.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The text is not YAML.
    #[error("the template is not YAML: {0}")]
    NotYaml(#[from] yaml_serde::Error),
    /// The template has no resources.
    #[error("the template has no resources")]
    NoResources,
}

impl Template {
    /// Returns the template of this stack.
    ///
    /// # Errors
    /// The text is not a template.
    pub fn of_the_stack() -> Result<&'static Template, &'static TemplateError> {
        static STACK: LazyLock<Result<Template, TemplateError>> =
            LazyLock::new(|| Template::parse(TEXT));
        STACK.as_ref()
    }

    /// Parses a template and resolves its references for this account.
    ///
    /// # Errors
    /// The text is not a template.
    pub fn parse(text: &str) -> Result<Template, TemplateError> {
        let root: Yaml = yaml_serde::from_str(text)?;
        let resources = root
            .get("Resources")
            .and_then(Yaml::as_mapping)
            .ok_or(TemplateError::NoResources)?;
        let account = ReferenceResolver { root: &root };
        let resolved = resources.iter().filter_map(|(name, resource)| {
            Some((
                name.as_str()?.to_owned(),
                account.value(resource, 0).unwrap_or(Value::Null),
            ))
        });
        Ok(Template {
            resources: resolved.collect(),
        })
    }

    /// Returns every resource by its logical id.
    pub fn resources(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.resources
            .iter()
            .map(|(name, resource)| (name.as_str(), resource))
    }

    /// Returns the properties of a resource; null if the template has no such resource.
    pub fn properties(&self, resource: &str) -> &Value {
        self.resources
            .get(resource)
            .map_or(&Value::Null, |resource| &resource["Properties"])
    }
}

/// Resolves references.
struct ReferenceResolver<'a> {
    root: &'a Yaml,
}

impl ReferenceResolver<'_> {
    /// Returns the JSON of a value; `None` for `AWS::NoValue`.
    fn value(&self, yaml: &Yaml, depth: usize) -> Option<Value> {
        if depth > DEEPEST {
            return None;
        }
        match yaml {
            Yaml::Tagged(tagged) => {
                self.function(&tagged.tag.to_string(), &tagged.value, depth + 1)
            }
            Yaml::Sequence(list) => Some(Value::Array(
                list.iter()
                    .filter_map(|one| self.value(one, depth + 1))
                    .collect(),
            )),
            Yaml::Mapping(map) => {
                let entries = map.iter().filter_map(|(key, value)| {
                    Some((key.as_str()?.to_owned(), self.value(value, depth + 1)?))
                });
                Some(Value::Object(entries.collect::<Map<_, _>>()))
            }
            plain => Some(serde_json::to_value(plain).unwrap_or(Value::Null)),
        }
    }

    fn function(&self, tag: &str, argument: &Yaml, depth: usize) -> Option<Value> {
        let arguments = argument
            .as_sequence()
            .map(Vec::as_slice)
            .unwrap_or_default();
        match (tag.trim_start_matches('!'), arguments) {
            ("Ref", _) => self.reference(argument.as_str()?, depth),
            ("GetAtt", _) => self.attribute(argument.as_str()?, depth).map(Value::String),
            ("Sub", _) => Some(Value::String(self.filled(argument.as_str()?, depth))),
            ("If", [condition, yes, no]) => {
                let taken = if self.holds(condition.as_str()?, depth) {
                    yes
                } else {
                    no
                };
                self.value(taken, depth)
            }
            ("Not", [condition]) => Some(json!(!self.is_true(condition, depth))),
            ("Equals", [one, other]) => {
                let text = |side| self.value(side, depth).map(|value| text_of(&value));
                Some(json!(text(one) == text(other)))
            }
            _ => None,
        }
    }

    fn holds(&self, condition: &str, depth: usize) -> bool {
        let condition = self
            .root
            .get("Conditions")
            .and_then(|conditions| conditions.get(condition));
        condition.is_some_and(|condition| self.is_true(condition, depth))
    }

    fn is_true(&self, condition: &Yaml, depth: usize) -> bool {
        self.value(condition, depth)
            .and_then(|value| value.as_bool())
            .unwrap_or_default()
    }

    fn reference(&self, name: &str, depth: usize) -> Option<Value> {
        if name == "AWS::NoValue" {
            return None;
        }
        let given = ACCOUNT
            .iter()
            .chain(&PARAMETERS)
            .find(|(known, _)| *known == name);
        if let Some((_, value)) = given {
            return Some(json!(value));
        }
        if let Some(parameter) = self
            .root
            .get("Parameters")
            .and_then(|parameters| parameters.get(name))
        {
            return self.value(parameter.get("Default")?, depth);
        }
        Some(json!(self.made(name, depth)?.name))
    }

    fn attribute(&self, path: &str, depth: usize) -> Option<String> {
        let (resource, attribute) = path.split_once('.')?;
        let made = self.made(resource, depth)?;
        match attribute {
            "Arn" => Some(made.arn),
            "QueueName" => made.arn.rsplit(':').next().map(str::to_owned),
            _ => Some(format!("{resource}.{attribute}")),
        }
    }

    /// Returns a text with `${…}` replaced.
    fn filled(&self, text: &str, depth: usize) -> String {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, (name, after))) = rest
            .split_once("${")
            .and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
        {
            filled.push_str(before);
            let value = match name.contains('.') {
                true => self.attribute(name, depth),
                false => self.reference(name, depth).map(|value| text_of(&value)),
            };
            filled.push_str(&value.unwrap_or_default());
            rest = after;
        }
        filled + rest
    }

    fn made(&self, resource: &str, depth: usize) -> Option<CreatedResource> {
        let resource_of = self.root.get("Resources")?.get(resource)?;
        let kind = resource_of.get("Type")?.as_str()?;
        let property = |name: &str| {
            let value = resource_of.get("Properties")?.get(name)?;
            self.value(value, depth + 1).map(|value| text_of(&value))
        };
        let named = |service: &str, prefix: &str, name: Option<String>| {
            let name = name.unwrap_or_else(|| format!("doorstep-{resource}"));
            CreatedResource {
                arn: super::arn(service, &format!("{prefix}{name}")),
                name,
            }
        };
        Some(match kind {
            "AWS::DynamoDB::Table" => named("dynamodb", "table/", Some("doorstep".to_owned())),
            "AWS::SQS::Queue" => {
                let CreatedResource { arn, name } = named("sqs", "", property("QueueName"));
                CreatedResource {
                    arn,
                    name: format!("https://sqs.local.amazonaws.com/{}/{name}", super::ACCOUNT),
                }
            }
            "AWS::Events::EventBus" => named("events", "event-bus/", property("Name")),
            "AWS::Events::Rule" => named("events", "rule/", None),
            "AWS::Scheduler::ScheduleGroup" => {
                named("scheduler", "schedule-group/", property("Name"))
            }
            "AWS::Serverless::Function" => named("lambda", "function:", property("FunctionName")),
            "AWS::Logs::LogGroup" => {
                let CreatedResource { arn, name } =
                    named("logs", "log-group:", property("LogGroupName"));
                CreatedResource {
                    arn: arn + ":*",
                    name,
                }
            }
            "AWS::IAM::Role" => CreatedResource {
                arn: role_arn(resource),
                name: format!("doorstep-{resource}"),
            },
            _ => named("unknown", "", Some(resource.to_owned())),
        })
    }
}

/// A resource as CloudFormation creates it.
struct CreatedResource {
    /// The value of `Ref`.
    name: String,
    arn: String,
}

/// Returns the ARN of the role with this logical id.
pub(super) fn role_arn(resource: &str) -> String {
    super::arn_anywhere("iam", &format!("role/doorstep-{resource}"))
}

fn text_of(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
