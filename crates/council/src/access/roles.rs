//! What people may do, by their role at the council or at a firm, and what another system may do,
//! by its token.

use serde::{Deserialize, Serialize};

use crate::storage::{AssignedRole, OrganisationKind, Person};

/// A person's role, from the table of people and from whether they work for the council or a firm.
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
    /// Works for a firm and visits tenants. Has a phone and no desk.
    Contractor,
    /// Works for the council and visits tenants. Has a phone and no desk.
    Officer,
    /// A firm's supervisor, who sees only that firm's data.
    FirmSupervisor,
    /// The council's supervisor, who deals with cases.
    Supervisor,
    /// The only role that can read safeguarding notes.
    SafeguardingLead,
    /// Reads what is held and the audit log, and changes nothing.
    Auditor,
    /// Enrols phones and runs the service.
    Administrator,
}

impl Role {
    /// The role of a person. A firm has only one kind of desk: its supervisors, auditors and
    /// administrators all have the role of a firm's supervisor.
    pub(crate) fn of(person: &Person) -> Self {
        Self::at(person.role, person.organisation.kind)
    }

    /// Whether people with this role sign in to the console. The others have a phone.
    pub(crate) fn has_a_desk(self) -> bool {
        DESKS.contains(&self)
    }

    /// What a role of the table of people comes to at the council or at a firm.
    pub(crate) fn at(assigned: AssignedRole, kind: OrganisationKind) -> Self {
        match (assigned, kind) {
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

/// All people who use the console.
pub(crate) const DESKS: &[Role] =
    &[Role::FirmSupervisor, Role::Supervisor, Role::SafeguardingLead, Role::Auditor, Role::Administrator];
/// People who see cases.
pub(crate) const CASES: &[Role] = &[Role::Supervisor, Role::SafeguardingLead, Role::Auditor];
/// People who do something about cases.
pub(crate) const SUPERVISORS: &[Role] = &[Role::Supervisor];
/// People who import appointments.
pub(crate) const PLANNERS: &[Role] = &[Role::Supervisor, Role::Administrator];
/// People who give appointments to visitors, and call them off.
pub(crate) const SENDERS: &[Role] = &[Role::FirmSupervisor, Role::Supervisor];
/// People who see the lists of phones and people.
pub(crate) const ROSTER: &[Role] = &[Role::Auditor, Role::Administrator];
/// People who see the audit log.
pub(crate) const AUDIT: &[Role] = &[Role::Auditor, Role::Administrator];
/// The safeguarding leads.
pub(crate) const LEADS: &[Role] = &[Role::SafeguardingLead];
/// People who enrol phones, change people and numbers, and publish the Code.
pub(crate) const ADMINISTRATORS: &[Role] = &[Role::Administrator];

/// People who see which changes to accounts wait.
pub(crate) const ACCOUNTS: &[Role] = &[Role::SafeguardingLead, Role::Auditor, Role::Administrator];
/// People who agree to changes to accounts. Leads do about those of leads and administrators.
pub(crate) const ACCOUNT_DECIDERS: &[Role] = &[Role::SafeguardingLead, Role::Administrator];

/// People who see what was set aside, and what phones leave open.
pub(crate) const ASIDE: &[Role] = &[Role::Supervisor, Role::SafeguardingLead, Role::Auditor, Role::Administrator];
/// People who decide about it. Leads decide about notes alone, and nobody else does.
pub(crate) const ASIDE_DECIDERS: &[Role] = &[Role::Supervisor, Role::SafeguardingLead, Role::Administrator];

/// What another system may do with its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::VariantArray)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Adding and updating appointments.
    Appointments,
    /// Reading the service's metrics.
    Metrics,
    /// Reading all visits, as an `OData` feed.
    Feed,
    /// Saying that a backup was restored in a drill.
    Backups,
}
