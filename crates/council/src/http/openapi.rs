//! The `OpenAPI` 3.1 description of the service, made from the types that handlers take and return.
//! The tests compare it with the running service.

use std::sync::Arc;

use aide::axum::ApiRouter;
use aide::axum::routing::ApiMethodRouter;
use aide::generate::{GenContext, in_context};
use aide::openapi::{
    ApiKeyLocation, HeaderStyle, Info, License, MediaType, OpenApi, Operation, Parameter, ParameterData,
    ParameterSchemaOrContent, PathItem, PathStyle, Paths, ReferenceOr, RequestBody, Response, Responses, SchemaObject,
    SecurityScheme, StatusCode,
};
use aide::operation::{
    OperationInput, OperationOutput, ParamLocation, add_parameters, parameters_from_schema, set_body,
};
use axum::Extension;
use axum::http::Method;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, json_schema};
use serde_json::Value;

use super::authorize::{By, SignedIn};
use super::cookies::{self, FromBrowser};
use super::devices::Received;
use super::extract::{Json, Path, Query, Table};
use super::problem::{Problem, WebProblem};
use crate::service::Service;

/// How to describe a handler's answer in the document.
#[derive(Clone, Copy)]
pub(crate) enum AnswerDescription {
    /// The handler's return type describes it.
    ByItsType,
    /// JSON with this schema, for each of these statuses.
    Json(&'static [u16], fn(&mut GenContext) -> Schema),
    /// Another media type, with status 200.
    Media(&'static str),
    /// A redirect, with status 303.
    Elsewhere,
}

/// A route to describe in the document.
pub(crate) struct RouteDescription {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    /// `anybody`, `people` or `systems`. The routes for phones are not in the document.
    pub(crate) who: &'static str,
    pub(crate) answers: ApiMethodRouter<Service>,
    pub(crate) told: AnswerDescription,
}

/// The schema of a type.
pub(crate) fn schema_of<T: JsonSchema>(context: &mut GenContext) -> Schema {
    context.schema.subschema_for::<T>()
}

/// The document for some routes. `routes` must run in here: making a route is what adds its types'
/// schemas to the document.
pub(crate) fn document(over_tls: bool, routes: impl FnOnce() -> Vec<RouteDescription>) -> OpenApi {
    in_context(|context| {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        });
        context.schema = settings.into_generator();
    });
    let mut document = OpenApi {
        info: Info {
            title: "Doorstep: the council's service".to_owned(),
            description: Some(
                "The console's and other systems' requests. Phones use another protocol: see docs/sync.md. \
                 Who may use which address is in docs/roles.md."
                    .to_owned(),
            ),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            license: Some(License {
                name: "MIT OR Apache-2.0".to_owned(),
                identifier: Some("MIT OR Apache-2.0".to_owned()),
                ..License::default()
            }),
            ..Info::default()
        },
        ..OpenApi::default()
    };
    let mut described = ApiRouter::new();
    let mut rest = Vec::new();
    for RouteDescription { method, path, who, answers, told } in routes() {
        described = described.api_route(path, answers);
        rest.push((method, path, who, told));
    }
    let _router = described.finish_api_with(&mut document, |mut document| {
        for (method, path, who, told) in rest {
            let paths = document.inner_mut().paths.get_or_insert_with(Paths::default);
            let Some(ReferenceOr::Item(item)) = paths.paths.get_mut(path) else { continue };
            if let Some(operation) = operation_of(item, &method) {
                in_context(|context| complete(context, operation, &method, path, who, told));
            }
        }
        let token = |scheme: &str| SecurityScheme::Http {
            scheme: scheme.to_owned(),
            bearer_format: None,
            description: None,
            extensions: Default::default(),
        };
        let session = SecurityScheme::ApiKey {
            location: ApiKeyLocation::Cookie,
            name: cookies::session_name(over_tls),
            description: None,
            extensions: Default::default(),
        };
        document
            .security_scheme("session", session)
            .security_scheme("token", token("bearer"))
            .security_scheme("token_as_password", token("basic"))
    });
    document
}

/// Answers with the document, which was made when the service started.
pub(crate) async fn show(Extension(document): Extension<Arc<OpenApi>>) -> Result<Json<Value>, WebProblem> {
    serde_json::to_value(document.as_ref()).map(Json).map_err(|_| WebProblem::Internal)
}

fn operation_of<'a>(item: &'a mut PathItem, method: &Method) -> Option<&'a mut Operation> {
    match method.as_str() {
        "GET" => item.get.as_mut(),
        "POST" => item.post.as_mut(),
        "PUT" => item.put.as_mut(),
        "DELETE" => item.delete.as_mut(),
        _ => None,
    }
}

/// Adds what a handler's types can't describe: the parts of the address, who may use it, and
/// answers that the handler builds by hand.
fn complete(
    context: &mut GenContext,
    operation: &mut Operation,
    method: &Method,
    path: &str,
    who: &str,
    told: AnswerDescription,
) {
    for name in path.split('{').skip(1).filter_map(|part| part.split('}').next()) {
        let known = operation.parameters.iter().any(|parameter| {
            matches!(parameter, ReferenceOr::Item(parameter) if parameter.parameter_data_ref().name == name)
        });
        if !known {
            let parameter_data = text_parameter(name, None, json_schema!({ "type": "string" }));
            let parameter = Parameter::Path { parameter_data, style: PathStyle::Simple };
            operation.parameters.push(ReferenceOr::Item(parameter));
        }
    }
    if *method != Method::GET && who != "systems" {
        let says = "Any number. A form on another site can't send this header";
        let schema = json_schema!({ "type": "string", "pattern": "^[0-9]+$" });
        let parameter_data = text_parameter("x-doorstep", Some(says), schema);
        let parameter = Parameter::Header { parameter_data, style: HeaderStyle::Simple };
        operation.parameters.push(ReferenceOr::Item(parameter));
    }
    let problem = WebProblem::operation_response(context, operation);
    let answers: Vec<(u16, Response)> = match told {
        AnswerDescription::ByItsType => Vec::new(),
        AnswerDescription::Json(statuses, schema) => {
            let answer = answer("application/json", Some(schema(context)));
            statuses.iter().map(|status| (*status, answer.clone())).collect()
        }
        AnswerDescription::Media(media) => vec![(200, answer(media, None))],
        AnswerDescription::Elsewhere => {
            vec![(303, Response { description: "A redirect to its Location".to_owned(), ..Response::default() })]
        }
    };
    let responses = operation.responses.get_or_insert_with(Responses::default);
    responses.default.get_or_insert_with(|| ReferenceOr::Item(problem.unwrap_or_default()));
    for (status, answer) in answers {
        responses.responses.insert(StatusCode::Code(status), ReferenceOr::Item(answer));
    }
    let ways: &[&str] = match who {
        "people" => &["session"],
        "systems" => &["token", "token_as_password"],
        _ => &[],
    };
    operation.security.extend(ways.iter().map(|way| [((*way).to_owned(), Vec::new())].into_iter().collect()));
}

fn text_parameter(name: &str, description: Option<&str>, json_schema: Schema) -> ParameterData {
    ParameterData {
        name: name.to_owned(),
        description: description.map(str::to_owned),
        required: true,
        deprecated: None,
        format: ParameterSchemaOrContent::Schema(schema_object(json_schema)),
        example: None,
        examples: Default::default(),
        explode: None,
        extensions: Default::default(),
    }
}

fn schema_object(json_schema: Schema) -> SchemaObject {
    SchemaObject { json_schema, external_docs: None, example: None }
}

fn content(media: &str, schema: Option<Schema>) -> (String, MediaType) {
    (media.to_owned(), MediaType { schema: schema.map(schema_object), ..MediaType::default() })
}

fn answer(media: &str, schema: Option<Schema>) -> Response {
    Response {
        description: "The answer".to_owned(),
        content: [content(media, schema)].into_iter().collect(),
        ..Response::default()
    }
}

fn body(context: &mut GenContext, operation: &mut Operation, media: &str, schema: Schema) {
    let content = [content(media, Some(schema))].into_iter().collect();
    set_body(context, operation, RequestBody { content, required: true, ..RequestBody::default() });
}

impl OperationInput for By {}

impl OperationInput for SignedIn {}

impl OperationInput for FromBrowser {}

impl OperationInput for Received {}

impl<T> OperationInput for Path<T> {}

impl<T: JsonSchema> OperationInput for Query<T> {
    fn operation_input(context: &mut GenContext, operation: &mut Operation) {
        let schema = schema_of::<T>(context);
        let parameters = parameters_from_schema(context, schema, ParamLocation::Query);
        add_parameters(context, operation, parameters);
    }
}

impl<T: JsonSchema> OperationInput for Json<T> {
    fn operation_input(context: &mut GenContext, operation: &mut Operation) {
        let schema = schema_of::<T>(context);
        body(context, operation, "application/json", schema);
    }
}

impl OperationInput for Table {
    fn operation_input(context: &mut GenContext, operation: &mut Operation) {
        body(context, operation, "text/csv", json_schema!({ "type": "string" }));
    }
}

impl<T: JsonSchema> OperationOutput for Json<T> {
    type Inner = T;

    fn operation_response(context: &mut GenContext, _: &mut Operation) -> Option<Response> {
        Some(answer("application/json", Some(schema_of::<T>(context))))
    }

    fn inferred_responses(context: &mut GenContext, operation: &mut Operation) -> Vec<(Option<StatusCode>, Response)> {
        Self::operation_response(context, operation)
            .map(|answer| (Some(StatusCode::Code(200)), answer))
            .into_iter()
            .collect()
    }
}

impl OperationOutput for WebProblem {
    type Inner = Problem<'static>;

    fn operation_response(context: &mut GenContext, _: &mut Operation) -> Option<Response> {
        let schema = schema_of::<Problem<'static>>(context);
        Some(Response {
            description: "Why the request was refused: RFC 9457, with a stable code".to_owned(),
            content: [content("application/problem+json", Some(schema))].into_iter().collect(),
            ..Response::default()
        })
    }

    fn inferred_responses(context: &mut GenContext, operation: &mut Operation) -> Vec<(Option<StatusCode>, Response)> {
        Self::operation_response(context, operation).map(|answer| (None, answer)).into_iter().collect()
    }
}
