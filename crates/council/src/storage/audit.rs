//! The audit log: who did what, and when. Lines are only added, except that erasing a person
//! replaces their user name, and a retention rule erases old lines.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use doorstep_domain::conduct::DatedNumber;
use doorstep_domain::ledger::Hash;
use doorstep_domain::{AppointmentRef, DeviceId, Uprn, VisitId};
use serde::{Deserialize, Serialize};
use strum::{EnumDiscriminants, VariantArray};

use super::accounts::AccountMatter;
use super::database::{Conditions, Row, params};
use super::people::OrganisationKind;
use super::transaction::{Reading, Writing};
use crate::error::CouncilError;

/// What was done, and to what: ids, stable names and counts. The only personal data is user names.
/// [`AuditAction`] has the stable names, for which the console has words.
#[derive(Debug, Serialize, EnumDiscriminants)]
#[strum_discriminants(
    name(AuditAction),
    doc = "What the audit log says was done, by its stable name.",
    derive(Serialize, Deserialize, VariantArray),
    derive(ts_rs::TS),
    serde(rename_all = "snake_case")
)]
#[serde(rename_all = "snake_case", tag = "action", content = "detail")]
pub(crate) enum Audited<'a> {
    AccountChangeAgreed {
        of: &'a str,
        matter: AccountMatter,
    },
    AccountChangeAsked {
        of: &'a str,
        matter: AccountMatter,
    },
    AccountChangeRefused {
        of: &'a str,
        matter: AccountMatter,
    },
    ApiTokenMade {
        name: &'a str,
        may: &'a str,
    },
    ApiTokenRevoked {
        name: &'a str,
    },
    AppointmentCancelled {
        appointment: &'a AppointmentRef,
    },
    AppointmentPut {
        appointment: &'a str,
    },
    AppointmentReassigned {
        appointment: &'a AppointmentRef,
    },
    AppointmentsImported {
        added: usize,
        updated: usize,
    },
    BackedUp {
        photos: u64,
    },
    BackupVerified {
        backup: &'a str,
    },
    CaseChanged {
        case: String,
    },
    CaseRead {
        case: String,
    },
    CodePublished {
        code: String,
        label: &'a str,
        from: NaiveDate,
    },
    CouncilMade {},
    CouncilPutBack {
        /// The phone whose receipts showed it; `None` if somebody said so.
        #[serde(skip_serializing_if = "Option::is_none")]
        device: Option<DeviceId>,
    },
    DeviceEnrolled {
        device: DeviceId,
    },
    DeviceFoundAgain {
        device: DeviceId,
    },
    DeviceRevoked {
        device: DeviceId,
    },
    EnrolmentOffered {
        r#for: &'a str,
    },
    ErasedByRule {
        rule: &'a str,
        keep_years: Option<u32>,
        items: u64,
    },
    ErasedOnRequest {
        held: serde_json::Value,
        because: &'a str,
    },
    EvidenceMade {
        uprn: &'a Uprn,
    },
    ExportBegun {
        what: &'a str,
        format: &'a str,
        filter: &'a serde_json::Value,
    },
    Exported {
        what: &'a str,
        format: &'a str,
        filter: &'a serde_json::Value,
        rows: u64,
        sha256: &'a str,
    },
    FeedRead {
        rows: usize,
    },
    KeyChanged {
        key: &'static str,
    },
    /// A retention rule has erased the lines up to a place.
    LogBegins {
        after: i64,
        link: String,
    },
    LogsClosed {
        day: NaiveDate,
        /// Commits to the end of the leads' own log.
        leads: String,
    },
    NightlyFailed {},
    NotFound {
        asked: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        address: Option<String>,
    },
    NumberEntered(&'a DatedNumber),
    NumberWithdrawn {
        name: &'a str,
        from: NaiveDate,
    },
    OrganisationKindChanged {
        organisation: &'a str,
        kind: OrganisationKind,
    },
    PasskeyMade {},
    PasskeyRemoved {},
    PasswordSet {
        of: &'a str,
    },
    PeopleImported {
        added: usize,
        updated: usize,
        waiting: usize,
    },
    PersonLeft {
        of: &'a str,
    },
    PersonReturned {
        of: &'a str,
    },
    /// A phone had kept visits for as long as it may, and no backup mark ever came over them.
    PhoneForgot {
        device: DeviceId,
        visits: u32,
    },
    PhotoOpened {
        visit: VisitId,
        photo: Hash,
    },
    PutToRest {
        device: DeviceId,
        matter: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        chain: Option<String>,
        because: &'a str,
    },
    RoleChanged {
        of: &'a str,
        before: Option<&'static str>,
        after: &'static str,
        organisation: &'a str,
    },
    RoleRefused {
        route: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        address: Option<String>,
    },
    /// A phone sent a file that it can't open any more.
    SealedFileReceived {
        device: DeviceId,
        file: Hash,
        bytes: u64,
    },
    SealedFileTaken {
        device: DeviceId,
        file: Hash,
    },
    SealedFileErased {
        device: DeviceId,
        file: Hash,
    },
    Searched {
        list: &'static str,
        words: &'a str,
    },
    SecondFactorForgotten {
        of: &'a str,
    },
    SessionEnded {},
    SessionsEnded {
        of: &'a str,
    },
    SetAsideDecided {
        device: DeviceId,
        deed: &'static str,
        records: usize,
        visits: BTreeSet<VisitId>,
        because: &'a str,
    },
    SetAsideRead {
        device: DeviceId,
    },
    SignatureRefused {
        device: DeviceId,
    },
    SignInFailed {
        #[serde(skip_serializing_if = "Option::is_none")]
        by: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        address: Option<String>,
    },
    SignedIn {
        by: SignedInBy,
        #[serde(skip_serializing_if = "Option::is_none")]
        address: Option<String>,
    },
    SignedOut {},
    SubjectAccess(serde_json::Value),
    TokenRefused {
        #[serde(skip_serializing_if = "Option::is_none")]
        address: Option<String>,
    },
    VisitDecided {
        visit: VisitId,
        decision: &'static str,
        because: &'a str,
    },
    VisitRead {
        visit: VisitId,
    },
}

/// By which way somebody signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SignedInBy {
    /// With a password alone, where the council has turned the second factor off.
    Password,
    /// With a password and a code from an authenticator.
    PasswordAndCode,
    /// With a password and a passkey.
    PasswordAndPasskey,
    /// With the council's own accounts.
    Openid,
}

/// A line of the audit log.
#[derive(Debug, Clone)]
pub(crate) struct AuditLine {
    /// Its place in the log, for paging.
    pub(crate) number: i64,
    pub(crate) at_ms: i64,
    pub(crate) user_name: String,
    /// An [`AuditAction`], by its stable name; one that a newer program wrote is shown as it is.
    pub(crate) action: String,
    /// JSON. The only personal data in it is user names, the addresses from which people sign in,
    /// and the reason given for erasing on request.
    pub(crate) detail: String,
}

/// Which lines to list, and where to begin.
#[derive(Debug, Default)]
pub(crate) struct AuditFilter {
    pub(crate) user_name: Option<String>,
    pub(crate) action: Option<String>,
    pub(crate) oldest_first: bool,
    /// The list continues after the line with this number.
    pub(crate) after: Option<i64>,
}

impl AuditFilter {
    /// The conditions for user and action, without the place in the list.
    fn conditions(&self) -> Conditions {
        let mut which = Conditions::default();
        which.and_if("user_name = ?", self.user_name.as_deref());
        which.and_if("action = ?", self.action.as_deref());
        which
    }
}

/// The lines of the log that are shown. Only safeguarding leads may learn that a note exists
/// (clause 6.2), so who read one has had its own table since schema 11. Lines about it from earlier
/// versions are left out.
const LINES: &str =
    "(SELECT audit_id, at_ms, user_name, action, detail FROM audit WHERE action <> 'safeguarding_note_read') AS line";

fn line(row: &Row<'_>) -> Result<AuditLine, CouncilError> {
    Ok(AuditLine {
        number: row.get("audit_id")?,
        at_ms: row.get("at_ms")?,
        user_name: row.get("user_name")?,
        action: row.get("action")?,
        detail: row.get("detail")?,
    })
}

impl Reading<'_> {
    /// Calls `each` for every line that fits the filter, the oldest first.
    pub(crate) fn each_audit_line(
        &self,
        filter: &AuditFilter,
        mut each: impl FnMut(AuditLine) -> Result<(), CouncilError>,
    ) -> Result<(), CouncilError> {
        let which = filter.conditions();
        let sql = format!("SELECT * FROM {LINES}{} ORDER BY audit_id", which.text());
        self.connection.query_at_length(&sql, which.values(), &mut |row| {
            each(line(row)?)?;
            Ok(true)
        })
    }

    /// A page of lines, the newest first unless the filter says otherwise.
    pub(crate) fn audit_page(&self, filter: &AuditFilter, most: usize) -> Result<Vec<AuditLine>, CouncilError> {
        let mut which = filter.conditions();
        let (way, behind) = if filter.oldest_first { ("ASC", "audit_id > ?") } else { ("DESC", "audit_id < ?") };
        which.and_if(behind, filter.after);
        let most = which.placeholder(most);
        let which_lines = which.text();
        let sql = format!("SELECT * FROM {LINES}{which_lines} ORDER BY audit_id {way} LIMIT {most}");
        self.many(&sql, which.values(), line)
    }

    /// The stable names of all actions that are in the log.
    pub(crate) fn audit_actions(&self) -> Result<Vec<String>, CouncilError> {
        self.many(&format!("SELECT DISTINCT action FROM {LINES} ORDER BY action"), params![], |row| row.get("action"))
    }
}

impl Writing<'_> {
    /// Writes a line: `by` (a user name) did `what`.
    pub(crate) fn audit(&self, at_ms: i64, by: &str, what: &Audited<'_>) -> Result<(), CouncilError> {
        let said = serde_json::to_value(what).map_err(|_| CouncilError::Unreadable("audit"))?;
        let detail = said.get("detail").map_or_else(|| "{}".to_owned(), ToString::to_string);
        self.write(
            "INSERT INTO audit (at_ms, user_name, action, detail) VALUES (?1, ?2, ?3, ?4)",
            params![at_ms, by, said.get("action").and_then(serde_json::Value::as_str), detail],
        )?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_keeps_its_released_name_and_detail() {
        let said = |what: &Audited<'_>| serde_json::to_value(what).unwrap();
        let code = said(&Audited::EnrolmentOffered { r#for: "melton-2" });
        assert_eq!(code, serde_json::json!({ "action": "enrolment_offered", "detail": { "for": "melton-2" } }));
        assert_eq!(
            said(&Audited::SignInFailed { by: None, name: None, address: None })["detail"],
            serde_json::json!({})
        );
        assert_eq!(said(&Audited::CouncilMade {})["detail"], serde_json::json!({}));
        let number =
            DatedNumber { name: "a".into(), value: 1, from: "2026-12-01".parse().unwrap(), source: "b".into() };
        assert_eq!(said(&Audited::NumberEntered(&number))["detail"], serde_json::to_value(&number).unwrap());
    }
}
