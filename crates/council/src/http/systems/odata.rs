//! A read-only `OData` 4.0 feed of visits, for Excel and Power BI. It has the columns of the
//! exported table of visits, and pages by key, as the console's list does. It refuses query options
//! that it does not support, and Excel or Power BI then does that work itself.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::DateTime;
use doorstep_domain::VisitId;
use serde_json::{Map, Value, json};

use crate::desk::feed::{self, FeedPage, FeedPart};
use crate::error::CouncilError;
use crate::export::{Column, ColumnKind, ExportTable, visit_values};
use crate::http::authorize::By;
use crate::http::blocking::ask;
use crate::http::problem::WebProblem;
use crate::machine::times;
use crate::service::Service;
use crate::storage::{Filter, FoldedVisit};

/// The path of the feed.
const ROOT: &str = "/odata/v4";
/// The most visits on a page.
const PAGE: usize = 1_000;
const VERSION: (HeaderName, &str) = (HeaderName::from_static("odata-version"), "4.0");

/// The options in a request's query.
#[derive(Debug, Default, PartialEq, Eq)]
struct FeedQuery {
    top: Option<usize>,
    count: bool,
    columns: Option<Vec<String>>,
    filter: String,
    after: Option<String>,
}

/// Why the feed refuses a request, in the form that the specification asks for: 501 for an option
/// that it does not support, 400 for one that makes no sense.
struct FeedRefusal(StatusCode, String);

impl IntoResponse for FeedRefusal {
    fn into_response(self) -> Response {
        let code = if self.0 == StatusCode::NOT_IMPLEMENTED { "not-implemented" } else { "bad-request" };
        (self.0, [VERSION], Json(json!({ "error": { "code": code, "message": self.1 } }))).into_response()
    }
}

fn not_done(what: &str) -> FeedRefusal {
    FeedRefusal(StatusCode::NOT_IMPLEMENTED, format!("this feed does not support {what}"))
}

fn nonsense(what: &str) -> FeedRefusal {
    FeedRefusal(StatusCode::BAD_REQUEST, format!("{what} can't be read"))
}

/// The `OData` type of a column. Yes and no are texts, as in every exported table.
fn edm(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Id => "Edm.Guid",
        ColumnKind::Number => "Edm.Int64",
        ColumnKind::Moment => "Edm.DateTimeOffset",
        ColumnKind::Day => "Edm.Date",
        ColumnKind::Text | ColumnKind::YesNo | ColumnKind::OneOf(_) => "Edm.String",
    }
}

/// A value in its column's JSON type. An empty value is `null`.
fn value(column: Column, text: String) -> Value {
    match (column.kind, text.as_str()) {
        (_, "") => Value::Null,
        // A phone can send a year of five digits, which `Edm.Date` here can't hold.
        (ColumnKind::Day, day) if day.len() != "2026-11-24".len() => Value::Null,
        (ColumnKind::Number, number) => number.parse::<i64>().map_or(Value::Null, Value::from),
        _ => Value::String(text),
    }
}

/// The feed's full address, from the public address or else from the request's `Host`.
fn root(service: &Service, headers: &HeaderMap) -> String {
    let host = || headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let public = service.public_address.as_deref().map(|address| address.trim_end_matches('/').to_owned());
    format!("{}{ROOT}", public.unwrap_or_else(|| format!("http://{}", host())))
}

/// The service document: the feed's list of tables, which has only `Visits`.
pub(crate) async fn service(State(service): State<Service>, headers: HeaderMap) -> Response {
    let root = root(&service, &headers);
    let body = json!({
        "@odata.context": format!("{root}/$metadata"),
        "value": [{ "name": "Visits", "kind": "EntitySet", "url": "Visits" }],
    });
    ([VERSION], Json(body)).into_response()
}

/// The description of the columns, in CSDL.
pub(crate) async fn metadata() -> Response {
    ([(header::CONTENT_TYPE, "application/xml; charset=utf-8")], [VERSION], csdl()).into_response()
}

/// The columns in CSDL, with what each means.
fn csdl() -> String {
    let property = |column: &Column| {
        let nullable = if column.name == "visit" { " Nullable=\"false\"" } else { "" };
        format!(
            "<Property Name=\"{}\" Type=\"{}\"{nullable}><Annotation Term=\"Core.Description\" String=\"{}\"/></Property>",
            column.name,
            edm(column.kind),
            escaped(&column.whole_meaning())
        )
    };
    let properties: String = ExportTable::Visits.columns().iter().map(property).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<edmx:Edmx Version=\"4.0\" xmlns:edmx=\"http://docs.oasis-open.org/odata/ns/edmx\">\
         <edmx:Reference Uri=\"https://docs.oasis-open.org/odata/odata-vocabularies/v4.0/vocabularies/Org.OData.Core.V1.xml\">\
         <edmx:Include Namespace=\"Org.OData.Core.V1\" Alias=\"Core\"/></edmx:Reference><edmx:DataServices>\
         <Schema Namespace=\"Doorstep\" xmlns=\"http://docs.oasis-open.org/odata/ns/edm\"><EntityType Name=\"Visit\"><Key>\
         <PropertyRef Name=\"visit\"/></Key>{properties}</EntityType><EntityContainer Name=\"Container\">\
         <EntitySet Name=\"Visits\" EntityType=\"Doorstep.Visit\"/></EntityContainer></Schema></edmx:DataServices></edmx:Edmx>\n"
    )
}

/// Reads the place after which a page begins: the start of a visit and its id.
fn place(text: &str) -> Option<(i64, VisitId)> {
    let (at, id) = text.split_once('.')?;
    Some((at.parse().ok()?, id.parse().ok()?))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

/// A visit as JSON, with the chosen columns or all of them.
fn entity(visit: FoldedVisit, wanted: Option<&[String]>) -> Result<Map<String, Value>, CouncilError> {
    let wanted = |column: &Column| wanted.is_none_or(|names| names.iter().any(|name| name == column.name));
    let values = visit_values(visit, wanted)?.into_iter();
    Ok(values.map(|(column, text)| (column.name.to_owned(), value(column, text))).collect())
}

/// A page of visits, newest first.
pub(crate) async fn visits(
    State(service): State<Service>,
    By(by): By,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, WebProblem> {
    let (asked, part) = match understood(query.as_deref().unwrap_or_default(), &headers) {
        Ok(understood) => understood,
        Err(not) => return Ok(not.into_response()),
    };
    let root = root(&service, &headers);
    let page = ask(service, move |service| asked.answer(&root, feed::read(service, &by, &part)?)).await?;
    let json = (header::CONTENT_TYPE, "application/json;odata.metadata=minimal");
    Ok(([json, (header::CACHE_CONTROL, "no-store")], [VERSION], page.to_string()).into_response())
}

/// What a request asks for, and which part of the feed that is.
fn understood(query: &str, headers: &HeaderMap) -> Result<(FeedQuery, FeedPart), FeedRefusal> {
    let asked = read(query)?;
    let part = asked.part(preferred_page(headers))?;
    Ok((asked, part))
}

impl FeedQuery {
    /// Which part of the feed this asks for, with at most `page` visits on a page.
    fn part(&self, page: usize) -> Result<FeedPart, FeedRefusal> {
        let mut filter = filter(&self.filter)?;
        if let Some(after) = &self.after {
            filter.after = Some(place(after).ok_or_else(|| nonsense("$skiptoken"))?);
        }
        Ok(FeedPart { filter, page, total: self.top.unwrap_or(usize::MAX), counted: self.count })
    }

    /// A page as JSON, with the address of the next one.
    fn answer(&self, root: &str, page: FeedPage) -> Result<Value, CouncilError> {
        let rows = page.rows.into_iter().map(|visit| entity(visit, self.columns.as_deref()));
        let rows = rows.collect::<Result<Vec<_>, CouncilError>>()?;
        let selected = self.columns.as_ref().map(|names| format!("({})", names.join(","))).unwrap_or_default();
        let mut body = Map::new();
        body.insert("@odata.context".to_owned(), format!("{root}/$metadata#Visits{selected}").into());
        if let Some(count) = page.count {
            body.insert("@odata.count".to_owned(), count.into());
        }
        if let Some((started_ms, visit)) = page.next {
            let left = self.top.map(|top| top.saturating_sub(rows.len()));
            let after = format!("{started_ms}.{visit}");
            body.insert("@odata.nextLink".to_owned(), format!("{root}/Visits?{}", self.next(left, &after)).into());
        }
        body.insert("value".to_owned(), rows.into());
        Ok(Value::Object(body))
    }

    /// The query for the next page.
    fn next(&self, left: Option<usize>, after: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if !self.filter.is_empty() {
            query.append_pair("$filter", &self.filter);
        }
        if let Some(columns) = &self.columns {
            query.append_pair("$select", &columns.join(","));
        }
        if let Some(left) = left {
            query.append_pair("$top", &left.to_string());
        }
        query.append_pair("$skiptoken", after);
        query.finish()
    }
}

/// How many visits the caller wants on a page, from a header such as
/// `Prefer: odata.maxpagesize=100`.
fn preferred_page(headers: &HeaderMap) -> usize {
    let said = headers.get("prefer").and_then(|said| said.to_str().ok()).unwrap_or_default();
    let size = said.split([',', ';']).find_map(|one| {
        let one = one.trim();
        one.strip_prefix("odata.maxpagesize=").or_else(|| one.strip_prefix("maxpagesize="))?.parse().ok()
    });
    size.unwrap_or(PAGE).clamp(1, PAGE)
}

/// Reads the options of a query.
fn read(query: &str) -> Result<FeedQuery, FeedRefusal> {
    let mut asked = FeedQuery::default();
    for (name, said) in form_urlencoded::parse(query.as_bytes()) {
        match name.strip_prefix('$').unwrap_or(&name) {
            "top" => asked.top = Some(said.parse().map_err(|_| nonsense("$top"))?),
            "count" => asked.count = said.parse().map_err(|_| nonsense("$count"))?,
            "skiptoken" => asked.after = Some(said.into_owned()),
            "filter" => asked.filter = said.trim().to_owned(),
            "select" => {
                let names: Vec<String> = said.split(',').map(|name| name.trim().to_owned()).collect();
                let known = |name: &String| ExportTable::Visits.columns().iter().any(|column| column.name == name);
                if let Some(other) = names.iter().find(|name| name.as_str() != "*" && !known(name)) {
                    return Err(FeedRefusal(StatusCode::BAD_REQUEST, format!("there is no column {other:?}")));
                }
                asked.columns = (!names.iter().any(|name| name == "*")).then_some(names);
            }
            "format" if said.contains("json") => {}
            "skip" | "orderby" | "expand" | "search" | "apply" | "compute" | "format" => return Err(not_done(&name)),
            _ if name.starts_with('$') => return Err(nonsense(&name)),
            _ => {}
        }
    }
    Ok(asked)
}

/// Reads a `$filter`: comparisons joined by `and`. They compare `started_at` with a time, or a few
/// other columns with a text.
fn filter(text: &str) -> Result<Filter, FeedRefusal> {
    let mut filter = Filter::default();
    let mut rest = text;
    while !rest.trim().is_empty() {
        let (comparison, behind) = comparison(rest)?;
        match comparison {
            ("started_at", "ge", moment) => filter.from_ms = filter.from_ms.max(Some(read_moment(&moment)?)),
            ("started_at", "gt", moment) => filter.from_ms = filter.from_ms.max(Some(read_moment(&moment)? + 1)),
            ("started_at", "lt", moment) => filter.to_ms = sooner(filter.to_ms, read_moment(&moment)?),
            ("started_at", "le", moment) => filter.to_ms = sooner(filter.to_ms, read_moment(&moment)? + 1),
            ("organisation", "eq", name) => filter.organisation = Some(name),
            ("outcome", "eq", name) => filter.outcome = Some(name),
            ("entry_basis", "eq", name) => filter.entry = Some(name),
            (column, operator, _) => return Err(not_done(&format!("{column} {operator}"))),
        }
        rest = behind;
    }
    Ok(filter)
}

fn sooner(one: Option<i64>, other: i64) -> Option<i64> {
    Some(one.map_or(other, |one| one.min(other)))
}

fn read_moment(text: &str) -> Result<i64, FeedRefusal> {
    let moment = DateTime::parse_from_rfc3339(text).map(|moment| moment.timestamp_millis());
    moment.ok().or_else(|| times::start_of(text)).ok_or_else(|| nonsense("a moment"))
}

/// The first comparison of a filter, and the rest after its `and`.
fn comparison(text: &str) -> Result<((&str, &str, String), &str), FeedRefusal> {
    let unread = || not_done("that $filter");
    let text = text.trim_start_matches(['(', ' ']);
    let (column, rest) = text.split_once(' ').ok_or_else(unread)?;
    let (operator, rest) = rest.trim_start().split_once(' ').ok_or_else(unread)?;
    let rest = rest.trim_start();
    let (value, behind) = match rest.strip_prefix('\'') {
        Some(quoted) => quoted_text(quoted).ok_or_else(|| nonsense("a text in $filter"))?,
        None => {
            let end = rest.find([' ', ')']).unwrap_or(rest.len());
            let (value, behind) = rest.split_at_checked(end).ok_or_else(unread)?;
            (value.to_owned(), behind)
        }
    };
    let behind = behind.trim_start_matches([')', ' ']);
    match behind.strip_prefix("and ") {
        Some(next) => Ok(((column, operator, value), next)),
        None if behind.is_empty() => Ok(((column, operator, value), "")),
        None => Err(unread()),
    }
}

/// A text up to its closing quote, and the rest after it. Two quotes stand for one.
fn quoted_text(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut rest = text;
    loop {
        let (part, behind) = rest.split_once('\'')?;
        value.push_str(part);
        match behind.strip_prefix('\'') {
            Some(more) => {
                value.push('\'');
                rest = more;
            }
            None => return Some((value, behind)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_as_power_bi_writes_it_is_read() {
        let read = |text: &str| filter(text).map_err(|not| not.1);
        let year = read("started_at ge 2026-01-01T00:00:00Z and started_at lt 2027-01-01T00:00:00Z").unwrap();
        assert_eq!((year.from_ms, year.to_ms), (Some(1_767_225_600_000), Some(1_798_761_600_000)));
        let firm = read("(outcome eq 'entry_refused') and (organisation eq 'O''Neill & Sons')").unwrap();
        assert_eq!(firm.organisation.as_deref(), Some("O'Neill & Sons"));
        assert_eq!(firm.outcome.as_deref(), Some("entry_refused"));
        assert!(read("").is_ok());
        for not in [
            "contains(address,'x')",
            "outcome ne 'open'",
            "tenant_name eq 'Ivan'",
            "outcome eq 'open' or outcome eq 'completed'",
            "started_at ge yesterday",
            "outcome eq 'open",
            "outcome",
        ] {
            assert!(read(not).is_err(), "{not}");
        }
    }

    #[test]
    fn what_is_asked_for_is_read_and_what_is_not_done_is_said() {
        let asked = |query: &str| read(query).map_err(|not| not.0.as_u16());
        let said = asked("$top=5&%24count=true&$select=visit,outcome&$skiptoken=1.x").unwrap();
        assert_eq!((said.top, said.count, said.after.as_deref()), (Some(5), true, Some("1.x")));
        assert_eq!(said.next(Some(2), "9.y"), "%24select=visit%2Coutcome&%24top=2&%24skiptoken=9.y");
        for (query, status) in
            [("$skip=10", 501), ("$orderby=visit", 501), ("$top=x", 400), ("$select=x", 400), ("$made=up", 400)]
        {
            assert_eq!(asked(query), Err(status), "{query}");
        }
    }
}
