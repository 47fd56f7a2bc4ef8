//! A planned visit. The housing system gives it to the council, and the council to the phone.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Attempt, Notice, NoticeMethod, Numbers, Started, VisitKind};
use crate::{AppointmentRef, Uprn};

/// A planned visit. Times are UTC here; the screens show Europe/London.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, schemars::JsonSchema)]
pub struct Appointment {
    /// The housing system's reference.
    #[serde(rename = "ref")]
    pub reference: AppointmentRef,
    /// The home.
    pub uprn: Uprn,
    /// The lines of the address, without the postcode.
    pub address: Vec<String>,
    /// The postcode; empty when the housing system has none.
    pub postcode: String,
    /// The tenant's name, as they write it.
    pub tenant_name: String,
    /// The tenant's telephone number, where known.
    pub tenant_phone: Option<String>,
    /// The kind of visit. It decides how much notice the tenant must have. Clause 3.1.
    pub visit_kind: VisitKind,
    /// Why somebody comes, in words.
    pub purpose: String,
    /// The earliest time at which the visitor comes, in UTC. Notice is counted up to it.
    pub window_start: DateTime<Utc>,
    /// The latest time at which the visitor comes, in UTC.
    pub window_end: DateTime<Utc>,
    /// The name of the organisation that makes the visit.
    pub organisation: String,
    /// The user name of the person who makes the visit.
    pub assigned_to: String,
    /// When the tenant was given notice; `None` when they were not.
    pub notice_given_at: Option<DateTime<Utc>>,
    /// How the tenant was given notice; `None` when they were not.
    pub notice_method: Option<NoticeMethod>,
    /// Whether the tenant was told who comes and why. Clause 3.1.
    pub told_who_and_why: bool,
    /// What the tenant needs from a visitor, such as a trusted adult with them.
    pub support_needs: Option<String>,
    /// Dangers that a visitor should know about before they are at the door.
    pub hazard_note: Option<String>,
    /// Visits to the property in which nobody got in, as far as the council knows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub known_attempts: Vec<Attempt>,
}

impl Appointment {
    /// The notice that the tenant had of the visit. Clause 3.1.
    #[must_use]
    pub fn notice(&self, numbers: &Numbers) -> Notice {
        let given = self.notice_given_at.zip(self.notice_method);
        Notice::of(self.visit_kind, self.window_start, given, self.told_who_and_why, numbers)
    }

    /// What the visit's first event says.
    #[must_use]
    pub fn plan(&self, numbers: &Numbers) -> Started {
        Started {
            appointment: Some(self.reference.clone()),
            uprn: Some(self.uprn.clone()),
            visit_kind: self.visit_kind,
            address: None,
            purpose: None,
            notice: Some(self.notice(numbers)),
        }
    }

    /// The address and postcode on one line.
    #[must_use]
    pub fn address_line(&self) -> String {
        let mut line = self.address.join(", ");
        if !self.postcode.is_empty() {
            line.push_str(", ");
            line.push_str(&self.postcode);
        }
        line
    }
}
