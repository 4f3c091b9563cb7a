//! The JSON Schema of a site file. Editors use it to complete and to check what is typed. `doorstep
//! check` knows more: it also checks what belongs together.

use serde_json::{Map, Value, json};

use super::keys::{FILE, Key, TableKeys, Takes};

/// Returns the schema.
pub fn schema() -> Value {
    let mut schema = of_table(&FILE);
    let draft = "https://json-schema.org/draft/2020-12/schema";
    schema.insert("$schema".to_owned(), json!(draft));
    schema.insert("title".to_owned(), json!("Site file of Doorstep"));
    Value::Object(schema)
}

fn of_table(table: &TableKeys) -> Map<String, Value> {
    let property = |key: &Key| {
        let mut schema = of_values(&key.takes);
        schema.insert("description".to_owned(), json!(key.meaning));
        (key.name.to_owned(), Value::Object(schema))
    };
    let properties: Map<String, Value> = table.keys.iter().map(property).collect();
    let required = table.keys.iter().filter(|key| key.required);
    let required: Vec<&str> = required.map(|key| key.name).collect();
    object([
        ("type", json!("object")),
        ("properties", Value::Object(properties)),
        ("required", json!(required)),
        ("additionalProperties", json!(false)),
    ])
}

fn of_values(takes: &Takes) -> Map<String, Value> {
    let text = || json!({ "type": "string", "minLength": 1 });
    match takes {
        Takes::Text => object([("type", json!("string")), ("minLength", json!(1))]),
        Takes::Word(words) => object([("enum", json!(words))]),
        Takes::Pattern(pattern) => object([
            ("type", json!("string")),
            ("pattern", json!(pattern)),
            ("minLength", json!(1)),
        ]),
        Takes::Flag => object([("type", json!("boolean"))]),
        Takes::Whole => object([("type", json!("integer")), ("minimum", json!(0))]),
        Takes::Share => object([
            ("type", json!("number")),
            ("minimum", json!(0)),
            ("maximum", json!(1)),
        ]),
        Takes::Texts => one_or_many(&text()),
        Takes::List => object([("type", json!("array")), ("items", text())]),
        Takes::Numbers => one_or_many(&json!({ "type": "integer", "minimum": 1 })),
        Takes::Table(table) => of_table(table),
        Takes::Named(table) => object([
            ("type", json!("object")),
            ("additionalProperties", Value::Object(of_table(table))),
            ("minProperties", json!(1)),
        ]),
        Takes::Tables(table) => object([
            ("type", json!("array")),
            ("items", Value::Object(of_table(table))),
        ]),
    }
}

fn one_or_many(one: &Value) -> Map<String, Value> {
    let many = json!({ "type": "array", "items": one, "minItems": 1 });
    object([("anyOf", json!([one, many]))])
}

fn object<const N: usize>(fields: [(&str, Value); N]) -> Map<String, Value> {
    let named = fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value));
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::keys::{
        BOOKINGS, CLOSED, DOORS, ENTRIES, GUARD, MEMBERS, PASSES, PLATFORM, RULE,
    };

    /// `DOORSTEP_WRITE=1` writes the schema.
    #[test]
    fn the_published_schema_is_what_the_parser_reads() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../docs/site-file.schema.json"
        );
        let text = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
        if std::env::var_os("DOORSTEP_WRITE").is_some() {
            std::fs::write(path, &text).unwrap();
        }
        let published = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            published == text,
            "{path} is old: run this test with DOORSTEP_WRITE=1"
        );
    }

    #[test]
    fn every_key_is_on_the_page_of_the_site_file() {
        let page = include_str!("../../../docs/site-file.md");
        let tables = [
            &FILE, &PLATFORM, &DOORS, &BOOKINGS, &MEMBERS, &PASSES, &GUARD, &ENTRIES, &RULE,
            &CLOSED,
        ];
        for key in tables.iter().flat_map(|table| table.keys) {
            let is_there = [
                format!("`{}`", key.name),
                format!(".{}`", key.name),
                format!("[{}]", key.name),
            ];
            assert!(
                is_there.iter().any(|text| page.contains(text)),
                "{}",
                key.name
            );
        }
    }
}
