//! `doorstep-council show`: what a page of the console shows, as JSON.

use anyhow::{Result, bail};
use axum::extract::Query;
use doorstep_council::Service;
use doorstep_council::desk::{
    Actor, accounts, appointments, audit, cases, code, concerns, exports, no_access, people, phones, register, reports,
    set_aside, settings, today, visits,
};
use schemars::{JsonSchema, schema_for};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::arguments::show::{Filters, PageCommand};

/// What a page shows, as indented JSON.
pub(crate) fn page(service: &Service, by: &Actor, page: PageCommand) -> Result<String> {
    match page {
        PageCommand::Today => json(&today::board(service, by)?),
        PageCommand::Visits(filters) => json(&visits::list(service, by, &query(&filters)?)?),
        PageCommand::Visit { visit } => json(&visits::read(service, by, visit)?),
        PageCommand::NoAccess(filters) => json(&no_access::list(service, by, query(&filters)?)?),
        PageCommand::Evidence { uprn } => json(&no_access::evidence(service, by, &uprn)?),
        PageCommand::Reports(filters) => json(&reports::read(service, by, &query(&filters)?)?),
        PageCommand::Concerns(filters) => json(&concerns::list(service, by, query(&filters)?)?),
        PageCommand::Cases(filters) => json(&cases::list(service, by, &query(&filters)?)?),
        PageCommand::Case { case } => json(&cases::read(service, by, case)?),
        PageCommand::Appointments(filters) => json(&appointments::list(service, by, query(&filters)?)?),
        PageCommand::Phones(filters) => json(&phones::list(service, by, &query(&filters)?)?),
        PageCommand::Accounts => json(&accounts::list(service, by)?),
        PageCommand::SetAside => json(&set_aside::list(service, by)?),
        PageCommand::SetAsideOf { device } => json(&set_aside::read(service, by, device)?),
        PageCommand::People(filters) => json(&people::list(service, by, query(&filters)?)?),
        PageCommand::Register(filters) => json(&register::list(service, by, query(&filters)?)?),
        PageCommand::Codes => json(&code::list(service, by)?),
        PageCommand::Numbers => json(&settings::list(service, by)?),
        PageCommand::Dictionary => json(&exports::dictionary(by)),
        PageCommand::Organisations => json(&visits::organisations(service, by)?),
        PageCommand::Audit(filters) => json(&audit::list(service, by, query(&filters)?)?),
        PageCommand::AuditLinks(filters) => json(&audit::check(service, by, query(&filters)?)?),
    }
}

fn json(shown: &impl Serialize) -> Result<String> {
    Ok(format!("{}\n", serde_json::to_string_pretty(shown)?))
}

/// Reads filters as the console's address has them. A filter that the list does not have is an
/// error.
fn query<T: DeserializeOwned + JsonSchema>(Filters { filters }: &Filters) -> Result<T> {
    let schema = schema_for!(T);
    let has = schema.get("properties").and_then(|properties| properties.as_object());
    let has: Vec<&str> = has.into_iter().flat_map(|has| has.keys().map(String::as_str)).collect();
    if let Some((name, _)) = filters.iter().find(|(name, _)| !has.contains(&name.as_str())) {
        bail!("this list has no filter {name:?}. It has: {}", has.join(", "));
    }
    let mut address = form_urlencoded::Serializer::new("/?".to_owned());
    address.extend_pairs(filters);
    let Query(query) = Query::try_from_uri(&address.finish().parse()?)?;
    Ok(query)
}
