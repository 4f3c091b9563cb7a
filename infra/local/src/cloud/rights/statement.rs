//! The statements of the policies: which calls each one allows.

use std::collections::BTreeMap;

use serde_json::Value;

use super::right::{LEADING_KEYS, RequiredAction, Right, texts};

/// An allowing statement of one role.
pub(super) struct Statement {
    /// The ARN of its role.
    pub(super) role: String,
    actions: Vec<String>,
    resources: Vec<String>,
    conditions: Vec<PolicyCondition>,
}

struct PolicyCondition {
    operator: String,
    key: String,
    values: Vec<String>,
}

impl Statement {
    /// Returns the permissions by which this statement allows `call`; `None` if it does not.
    pub(super) fn allows(&self, role: &str, call: &RequiredAction) -> Option<Vec<Right>> {
        if self.role != role || !self.actions.contains(&call.action) {
            return None;
        }
        let resource = self
            .resources
            .iter()
            .find(|pattern| matches(pattern, &call.resource))?;
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
            false => Some(
                partitions
                    .into_iter()
                    .map(|pattern| right(Some(pattern)))
                    .collect(),
            ),
        }
    }

    /// Returns every permission of the statement.
    pub(super) fn rights(&self) -> Vec<Right> {
        let of_keys = self
            .conditions
            .iter()
            .filter(|condition| condition.key == LEADING_KEYS);
        let mut partitions: Vec<Option<String>> = of_keys
            .flat_map(|one| one.values.iter().cloned().map(Some))
            .collect();
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

impl PolicyCondition {
    /// Returns the patterns that the values of a call match; `None` if the condition fails. Only
    /// the operators of the template are known. Any other operator fails.
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
        values
            .iter()
            .map(|value| self.values.iter().find(|pattern| test(pattern, value)))
            .collect()
    }
}

/// Returns the allowing statements of a policy document.
pub(super) fn of_document(role: &str, document: &Value) -> Vec<Statement> {
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

fn conditions(of: &Value) -> Vec<PolicyCondition> {
    let operators = of.as_object().into_iter().flatten();
    let each = operators.flat_map(|(operator, keys)| {
        keys.as_object()
            .into_iter()
            .flatten()
            .map(move |(key, values)| PolicyCondition {
                operator: operator.clone(),
                key: key.clone(),
                values: texts(values),
            })
    });
    each.collect()
}

/// Returns whether `text` matches `pattern`, in which `*` matches any text and `?` one character.
fn matches(pattern: &str, text: &str) -> bool {
    let (mut pattern, mut text) = (pattern, text);
    // Where to go on if the present attempt fails: behind the last `*`, one character later.
    let mut again: Option<(&str, &str)> = None;
    loop {
        let (mut wanted, mut given) = (pattern.chars(), text.chars());
        match (wanted.next(), given.next()) {
            (Some('*'), _) => {
                pattern = wanted.as_str();
                again = Some((pattern, text));
            }
            (None, None) => return true,
            (Some(one), Some(other)) if one == '?' || one == other => {
                (pattern, text) = (wanted.as_str(), given.as_str());
            }
            _ => {
                let Some((rest, from)) = again else {
                    return false;
                };
                let mut later = from.chars();
                if later.next().is_none() {
                    return false;
                }
                (pattern, text) = (rest, later.as_str());
                again = Some((rest, text));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_text() {
        for (pattern, text) in [
            ("*#push", "riverside#push"),
            ("*#attempt#*", "a#attempt#2026-03-01"),
            ("a?c", "abc"),
            ("*", ""),
            ("*ab*b", "aabab"),
            ("a**", "a"),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("*#push", "a#push#b"),
            ("*#push", "push"),
            ("sites", "site"),
            ("a?c", "ac"),
            ("*ab", "aba"),
            ("", "a"),
        ] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn a_condition_with_an_operator_that_is_not_known_never_holds() {
        let condition = |operator: &str| PolicyCondition {
            operator: operator.to_owned(),
            key: "dynamodb:LeadingKeys".to_owned(),
            values: vec!["sites".to_owned()],
        };
        let context = BTreeMap::from([(LEADING_KEYS, vec!["sites".to_owned()])]);
        assert!(
            condition("ForAllValues:StringEquals")
                .met_by(&context)
                .is_some()
        );
        assert!(
            condition("ForAnyValue:StringEquals")
                .met_by(&context)
                .is_none()
        );
        assert!(
            condition("ForAllValues:StringEquals")
                .met_by(&BTreeMap::new())
                .is_none(),
            "AWS would say yes"
        );
    }
}
