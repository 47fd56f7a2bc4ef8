//! Roles: what somebody is at the council or at a firm, and what another system's token opens.

use serde::{Deserialize, Serialize};

use crate::storage::{AssignedRole, OrganisationKind, Person};

/// What somebody is: the role that the table of people gives them, at the council or at a firm.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::VariantArray,
    schemars::JsonSchema,
    ts_rs::TS,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Works for a firm, visits tenants; has a phone and no desk.
    Contractor,
    /// Works for the council, visits tenants; has a phone and no desk.
    Officer,
    /// A firm's supervisor: sees that firm's visits and nothing else.
    FirmSupervisor,
    /// The council's supervisor.
    Supervisor,
    /// Is shown safeguarding notes, and is the only one who is.
    SafeguardingLead,
    /// Reads, and checks that nothing was altered.
    Auditor,
    /// Enrols phones and runs the service.
    Administrator,
}

impl Role {
    /// The role of a person. At a firm there is one desk: whoever a firm calls its auditor or
    /// administrator sees what its supervisor sees.
    pub(crate) fn of(person: &Person) -> Self {
        match (person.role, person.organisation.kind) {
            (AssignedRole::Contractor, _) => Self::Contractor,
            (AssignedRole::Officer, _) => Self::Officer,
            (_, OrganisationKind::Contractor) => Self::FirmSupervisor,
            (AssignedRole::Supervisor, OrganisationKind::Council) => Self::Supervisor,
            (AssignedRole::SafeguardingLead, OrganisationKind::Council) => Self::SafeguardingLead,
            (AssignedRole::Auditor, OrganisationKind::Council) => Self::Auditor,
            (AssignedRole::Administrator, OrganisationKind::Council) => Self::Administrator,
        }
    }
}

/// What a token of another system opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::VariantArray)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Putting appointments.
    Appointments,
    /// How the service does.
    Metrics,
    /// Reading every visit, as a feed.
    Feed,
}
