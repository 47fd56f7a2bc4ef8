//! The service described for programs: `OpenAPI` 3.1, made from the routes themselves. What a route
//! says of what it takes and tells is held against the running service by the tests.

use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

/// Makes the schema of a type.
pub(crate) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// What a body is.
#[derive(Clone, Copy)]
pub(crate) enum Body {
    /// There is none.
    Nothing,
    /// JSON of a type.
    Json(SchemaOf),
    /// Something else, by its media type.
    Other(&'static str),
}

/// What a route takes and tells.
#[derive(Clone, Copy)]
pub(crate) struct Contract {
    pub(crate) query: Option<SchemaOf>,
    pub(crate) takes: Body,
    pub(crate) tells: Body,
    /// Whether it answers by sending whoever asks elsewhere.
    pub(crate) redirects: bool,
}

impl Default for Contract {
    fn default() -> Self {
        Self { query: None, takes: Body::Nothing, tells: Body::Nothing, redirects: false }
    }
}

/// A route as the document needs it.
pub(crate) struct Operation {
    pub(crate) method: String,
    pub(crate) path: &'static str,
    /// `anybody`, `people` or `systems`; phones speak otherwise.
    pub(crate) who: &'static str,
    pub(crate) contract: Contract,
}

/// The schema of a type.
pub(crate) fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// The document.
pub(crate) fn document(operations: impl Iterator<Item = Operation>) -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut told = settings.clone().for_serialize().into_generator();
    let mut taken = settings.for_deserialize().into_generator();
    let mut paths: Map<String, Value> = Map::new();
    for operation in operations {
        let described = described(&operation, &mut told, &mut taken);
        let of_path = paths.entry(operation.path).or_insert_with(|| Value::Object(Map::new()));
        if let Some(of_path) = of_path.as_object_mut() {
            of_path.insert(operation.method.to_lowercase(), described);
        }
    }
    let mut schemas = told.take_definitions(true);
    schemas.append(&mut taken.take_definitions(true));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Doorstep: the council's service",
            "description": "What the console and other systems ask. Phones speak a protocol of their own, see docs/sync.md. Who may ask what is \
                            in docs/roles.md.",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": { "problem": {
                "description": "Why not: RFC 9457, with a stable code",
                "content": { "application/problem+json": { "schema": {
                    "type": "object",
                    "required": ["type", "title", "status", "code"],
                    "properties": {
                        "type": { "type": "string" },
                        "title": { "type": "string" },
                        "status": { "type": "integer" },
                        "code": { "type": "string" },
                    },
                } } },
            } },
            "securitySchemes": {
                "session": { "type": "apiKey", "in": "cookie", "name": "doorstep_session" },
                "token": { "type": "http", "scheme": "bearer" },
                "token_as_password": { "type": "http", "scheme": "basic" },
            },
        },
    })
}

fn described(operation: &Operation, told: &mut SchemaGenerator, taken: &mut SchemaGenerator) -> Value {
    let Operation { method, path, who, contract } = operation;
    let mut parameters = Vec::new();
    for name in path.split('{').skip(1).filter_map(|part| part.split('}').next()) {
        parameters.push(json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }));
    }
    if let Some(query) = contract.query {
        parameters.extend(query_parameters(query));
    }
    if method != "GET" && *who != "systems" {
        let says = "Any value: a form of another site can't send it";
        parameters.push(json!({ "name": "x-doorstep", "in": "header", "required": true, "description": says,
                                "schema": { "type": "string", "pattern": "^[0-9]+$" } }));
    }
    let done = match contract.tells {
        Body::Nothing => json!({ "description": "Done" }),
        Body::Json(schema) => {
            json!({ "description": "The answer", "content": { "application/json": { "schema": schema(told) } } })
        }
        Body::Other(media) => json!({ "description": "The answer", "content": { media: {} } }),
    };
    let elsewhere = json!({ "description": "Elsewhere, by its Location" });
    let answers = match (contract.redirects, method.as_str()) {
        (true, _) => vec![("303", elsewhere)],
        // Which values are wrong is said in the form of the answer.
        (false, "PUT") => vec![("200", done.clone()), ("201", done.clone()), ("422", done)],
        (false, _) => vec![("200", done)],
    };
    let problem = json!({ "$ref": "#/components/responses/problem" });
    let responses: Map<String, Value> = answers
        .into_iter()
        .chain([("default", problem)])
        .map(|(status, response)| (status.to_owned(), response))
        .collect();
    let mut described = Map::new();
    let mut say = |name: &str, value: Value| described.insert(name.to_owned(), value);
    say("parameters", parameters.into());
    say("responses", responses.into());
    match contract.takes {
        Body::Nothing => None,
        Body::Json(schema) => {
            let content = json!({ "application/json": { "schema": schema(taken) } });
            say("requestBody", json!({ "required": true, "content": content }))
        }
        Body::Other(media) => {
            let content = json!({ media: { "schema": { "type": "string" } } });
            say("requestBody", json!({ "required": true, "content": content }))
        }
    };
    match *who {
        "people" => say("security", json!([{ "session": [] }])),
        "systems" => say("security", json!([{ "token": [] }, { "token_as_password": [] }])),
        _ => None,
    };
    described.into()
}

/// A query's parameters: the properties of its type.
fn query_parameters(schema: SchemaOf) -> Vec<Value> {
    let mut generator =
        SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true).into_generator();
    let schema = schema(&mut generator);
    let properties = schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    properties.into_iter().map(|(name, schema)| query_parameter(&name, &schema)).collect()
}

fn query_parameter(name: &str, schema: &Value) -> Value {
    // In an address what is not said is left out, and nothing is null.
    let kind = match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().find(|kind| *kind != "null"),
        kind => kind,
    };
    let mut parameter = Map::new();
    parameter.insert("name".to_owned(), name.into());
    parameter.insert("in".to_owned(), "query".into());
    parameter.insert("schema".to_owned(), json!({ "type": kind }));
    if let Some(description) = schema.get("description") {
        parameter.insert("description".to_owned(), description.clone());
    }
    parameter.into()
}
