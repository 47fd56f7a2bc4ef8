//! The register: who has signed the Code, and who has not. Clauses 9 and 10.

use chrono::{DateTime, Utc};
use doorstep_domain::conduct::{Acknowledgement, PublishedCode};
use serde::{Deserialize, Serialize};

use super::not_received::{MissingRecords, missing};
use super::{Actor, PAGE, said};
use crate::error::CouncilError;
use crate::machine::times;
use crate::service::Service;
use crate::storage::{NOT_SIGNED, REGISTER, RegisterFilter, RegisterRow};

/// Who has signed the Code, and who has not.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct Register {
    /// What people call the version that binds today.
    pub(crate) binding: String,
    /// Whether the council has published it. If not, Doorstep's own words bind.
    pub(crate) published: bool,
    /// How many visitors have signed the version that binds today.
    #[ts(type = "number")]
    pub(crate) have_signed: u64,
    /// How many visitors have not signed the version that binds today.
    #[ts(type = "number")]
    pub(crate) have_not_signed: u64,
    /// A page of signatures, under any version. Empty when the list of people who have not signed
    /// was asked for.
    pub(crate) signed: Vec<RegisterEntry>,
    /// A page of visitors who have not signed the version that binds today. Empty when signatures
    /// were asked for.
    pub(crate) not_signed: Vec<NotSignedRow>,
    /// Records that phones have and the council has not: there may be signatures in them.
    pub(crate) missing: Vec<MissingRecords>,
    /// What to ask for to get the next page; `null` on the last.
    pub(crate) next: Option<String>,
    /// The council's clock when this was read.
    pub(crate) as_of: DateTime<Utc>,
}

/// A signature under the Code.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct RegisterEntry {
    /// The record's id.
    pub(crate) record: String,
    /// What was signed, and how.
    pub(crate) acknowledgement: Acknowledgement,
    /// When it was signed, by the device's clock.
    pub(crate) signed_at: DateTime<Utc>,
    /// When the council received it.
    pub(crate) received_at: DateTime<Utc>,
}

impl From<RegisterRow> for RegisterEntry {
    fn from(row: RegisterRow) -> Self {
        Self {
            record: row.kept.record.to_string(),
            acknowledgement: row.kept.acknowledgement,
            signed_at: times::from_ms(row.kept.recorded_ms),
            received_at: times::from_ms(row.kept.received_ms),
        }
    }
}

/// A visitor who has not signed.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct NotSignedRow {
    /// The visitor's name.
    pub(crate) name: String,
    /// The name of the organisation that the visitor works for.
    pub(crate) organisation: String,
}

/// Which lines of the register to list, and in which order.
#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct RegisterQuery {
    /// `not_signed` for visitors who have not signed. Anything else gives signatures.
    state: Option<String>,
    organisation: Option<String>,
    q: Option<String>,
    /// For signatures: `signed`, `name`, `position` or `version`. For visitors who have not signed:
    /// `name` or `organisation`. A `-` in front reverses the order.
    sort: Option<String>,
    after: Option<String>,
}

/// A page of the register. People at a firm see only their firm's visitors.
///
/// # Errors
/// [`Refused::NoSuchPage`](crate::Refused::NoSuchPage) when the order or the place can't be read.
pub fn list(service: &Service, by: &Actor, query: RegisterQuery) -> Result<Register, CouncilError> {
    let not_signed = query.state.as_deref() == Some("not_signed");
    let (sortable, otherwise) = if not_signed { (&NOT_SIGNED, "name") } else { (&REGISTER, "-signed") };
    let order = sortable.order(query.sort.as_deref(), otherwise, query.after.as_deref())?;
    by.looked_for(service, "register", query.q.as_deref())?;
    let organisation = by.firm().map(str::to_owned).or_else(|| said(query.organisation));
    let filter = RegisterFilter { organisation, user: None, words: said(query.q) };
    let now_ms = service.now_ms();
    service.storage.read(|reading| {
        // Until the council publishes a version, phones ask people to sign Doorstep's own words.
        let in_force = reading.code_in_force(times::day(now_ms))?;
        let published = in_force.is_some();
        let binding = in_force.unwrap_or_else(PublishedCode::own_words);
        let (have_signed, have_not_signed) = reading.signed_counts(&binding.hash(), filter.organisation.as_deref())?;
        let mut register = Register {
            published,
            have_signed,
            have_not_signed,
            signed: Vec::new(),
            not_signed: Vec::new(),
            missing: missing(reading, by)?,
            next: None,
            as_of: times::from_ms(now_ms),
            binding: binding.label.clone(),
        };
        if not_signed {
            let page = reading.not_signed(&binding.hash(), &filter, &order, PAGE)?;
            let shown = |(name, organisation)| NotSignedRow { name, organisation };
            register.not_signed = page.rows.into_iter().map(shown).collect();
            register.next = page.next;
        } else {
            let page = reading.acknowledgements(&filter, &order, PAGE)?;
            register.signed = page.rows.into_iter().map(RegisterEntry::from).collect();
            register.next = page.next;
        }
        Ok(register)
    })
}
