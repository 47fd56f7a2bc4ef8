//! Notices that wait to be sent, by email to people or to the council's other systems. A notice is
//! written in the same transaction as the change that it reports: both are kept, or neither is.

use doorstep_domain::ledger::Hash;
use doorstep_domain::{Named, StableName, UserId};
use serde::{Deserialize, Serialize};

use super::case_id::CaseId;
use super::cases::{CaseAction, CaseRow};
use super::database::{Value, params};
use super::people::AssignedRole;
use super::transaction::{Reading, Writing};
use crate::error::CouncilError;
use crate::machine::times;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::VariantArray)]
pub(crate) enum About {
    /// A case was opened.
    #[serde(rename = "case.opened")]
    Opened,
    /// A case was given to somebody.
    #[serde(rename = "case.assigned")]
    Assigned,
    /// The deadline of a case is close.
    #[serde(rename = "case.due")]
    Due,
    /// The deadline of a case has passed.
    #[serde(rename = "case.late")]
    Late,
    /// A step of a case was done.
    #[serde(rename = "case.step_done")]
    StepDone,
    /// A case was closed.
    #[serde(rename = "case.closed")]
    Closed,
    /// A case was reopened.
    #[serde(rename = "case.reopened")]
    Reopened,
    /// The nightly backup or check of the records failed.
    #[serde(rename = "nightly.failed")]
    NightlyFailed,
    /// A phone had to forget visits that are in no backup that was shown to restore.
    #[serde(rename = "backup.unproven")]
    BackupUnproven,
    /// A change to an account waits for somebody to agree, or was made.
    #[serde(rename = "accounts.changed")]
    Accounts,
    /// The audit log's newest link, once a day.
    #[serde(rename = "logs.closed")]
    LogsClosed,
    /// A sealed note waits. The email does not say what it is about (clause 6.2).
    #[serde(rename = "something_waits")]
    SomethingWaits,
}

impl About {
    fn of(action: &CaseAction) -> Option<Self> {
        match action {
            CaseAction::Opened => Some(Self::Opened),
            CaseAction::Assigned(..) => Some(Self::Assigned),
            CaseAction::Done(_) => Some(Self::StepDone),
            CaseAction::Closed(_) => Some(Self::Closed),
            CaseAction::Reopened => Some(Self::Reopened),
            CaseAction::Noted => None,
        }
    }
}

/// Where the audit log ended on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LogsEnd {
    /// The last line's place, from 1.
    pub(crate) place: i64,
    /// Its link, which commits to it and to all before it, in hexadecimal.
    pub(crate) link: String,
}

/// A notice that waits to be sent.
#[derive(Debug, Clone)]
pub(crate) struct Notice {
    pub(crate) id: Hash,
    /// The person who gets it by email; `None` for the council's other systems.
    pub(crate) user: Option<UserId>,
    pub(crate) about: About,
    pub(crate) case: Option<CaseId>,
    /// The JSON for other systems: ids, stable names and times. By email [`LogsEnd`],
    /// or empty.
    pub(crate) detail: String,
    pub(crate) made_ms: i64,
    pub(crate) tries: u64,
}

impl Reading<'_> {
    /// The email address of a person; `None` if they have none or have left.
    pub(crate) fn email(&self, user: UserId) -> Result<Option<String>, CouncilError> {
        let email = self.one(
            "SELECT email FROM person WHERE user_id = ?1 AND left_ms IS NULL",
            params![user.as_bytes()],
            |row| row.get::<String>("email"),
        )?;
        Ok(email.filter(|email| !email.is_empty()))
    }

    /// The council's own people with this role who have an email address and have not left.
    fn reached_by_mail(&self, role: AssignedRole) -> Result<Vec<UserId>, CouncilError> {
        self.many(
            "SELECT user_id FROM person JOIN organisation USING (organisation_id)
             WHERE role = ?1 AND kind = 'council' AND left_ms IS NULL AND email <> '' ORDER BY user_name",
            params![role.name()],
            |row| Ok(UserId::from_bytes(row.get("user_id")?)),
        )
    }

    /// Who has to act on a case: its owner, or all supervisors if it has none.
    fn who_acts(&self, case: &CaseRow) -> Result<Vec<UserId>, CouncilError> {
        match case.owner.as_deref().map(|owner| self.person_by_name(owner)).transpose()?.flatten() {
            Some(owner) => Ok(vec![owner.id]),
            None => self.reached_by_mail(AssignedRole::Supervisor),
        }
    }

    /// At most 100 open cases whose deadline is in this span and has not been notified yet. `told`
    /// is the column that says so.
    fn cases_to_tell(&self, told: &'static str, from_ms: i64, before_ms: i64) -> Result<Vec<CaseId>, CouncilError> {
        let sql = format!(
            "SELECT case_id FROM case_file WHERE closed_ms IS NULL AND due_ms >= ?1 AND due_ms < ?2
             AND ({told} IS NULL OR {told} <> due_ms) ORDER BY due_ms, case_id LIMIT 100"
        );
        self.many(&sql, params![from_ms, before_ms], |row| Ok(CaseId::from_bytes(row.get("case_id")?)))
    }

    /// Cases whose deadline is close or has passed, and for which no notice was written yet.
    pub(crate) fn deadlines_to_tell(&self, now_ms: i64, soon_ms: i64) -> Result<Vec<(About, CaseId)>, CouncilError> {
        let due = self.cases_to_tell("told_due_ms", now_ms, soon_ms)?.into_iter().map(|case| (About::Due, case));
        let late = self.cases_to_tell("told_late_ms", 1, now_ms)?.into_iter().map(|case| (About::Late, case));
        Ok(due.chain(late).collect())
    }

    /// How many notices wait to be sent, and how many were given up. Those that tell of a sealed
    /// note are not counted: only leads may know that there is one (clause 6.2).
    pub(crate) fn notice_counts(&self) -> Result<(u64, u64), CouncilError> {
        self.one(
            "SELECT (SELECT count(*) FROM notice WHERE next_ms IS NOT NULL AND about <> 'something_waits') AS waiting,
                    (SELECT count(*) FROM notice WHERE next_ms IS NULL AND sent_ms IS NULL
                     AND about <> 'something_waits') AS given_up",
            params![],
            |row| Ok((row.get("waiting")?, row.get("given_up")?)),
        )?
        .ok_or(CouncilError::Unreadable("notice"))
    }

    /// At most 200 notices that are due to be sent, the longest due first: either by email, or to
    /// other systems.
    fn notices_to_try(&self, by_mail: bool, now_ms: i64) -> Result<Vec<Notice>, CouncilError> {
        let whose = if by_mail { "IS NOT NULL" } else { "IS NULL" };
        let sql = format!(
            "SELECT * FROM notice WHERE next_ms IS NOT NULL AND (next_ms <= ?1 OR next_ms > ?2) AND user_id {whose}
             ORDER BY next_ms, notice_id LIMIT 200"
        );
        // None waits for longer than a day: such a time is from when the clock was wrong.
        let found = self.many(&sql, params![now_ms, now_ms + DAY_MS], |row| {
            // A newer program wrote this one and will send it.
            let Some(about) = About::from_name(&row.get::<String>("about")?) else { return Ok(None) };
            Ok(Some(Notice {
                id: Hash::from_bytes(row.get("notice_id")?),
                user: row.get::<Option<[u8; 16]>>("user_id")?.map(UserId::from_bytes),
                about,
                case: row.get::<Option<[u8; 16]>>("case_id")?.map(CaseId::from_bytes),
                detail: row.get("detail")?,
                made_ms: row.get("made_ms")?,
                tries: row.get("tries")?,
            }))
        })?;
        Ok(found.into_iter().flatten().collect())
    }
}

impl Writing<'_> {
    /// Writes a notice, unless the same one was written before.
    fn keep_notice(
        &self,
        about: About,
        case: Option<CaseId>,
        user: Option<UserId>,
        detail: &str,
        at_ms: i64,
    ) -> Result<(), CouncilError> {
        let (case, user) = (case.map(|case| *case.as_bytes()), user.map(|user| *user.as_bytes()));
        let of = |part: &Option<[u8; 16]>| part.map(|bytes| bytes.to_vec()).unwrap_or_default();
        let at = at_ms.to_be_bytes();
        let id =
            Hash::of("doorstep-notice-v1", &[about.name().as_bytes(), &of(&case), &of(&user), &at, detail.as_bytes()]);
        self.write(
            "INSERT INTO notice (notice_id, user_id, about, case_id, detail, made_ms, next_ms, tries)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, 0) ON CONFLICT (notice_id) DO NOTHING",
            params![id.as_bytes(), user, about.name(), case, detail, at_ms],
        )?;
        Ok(())
    }

    /// Writes the notices about what was done to a case. Other systems are told everything except
    /// notes. By email, the people who now have to act are told, unless they did it themselves.
    pub(super) fn tell_of_case(
        &self,
        id: CaseId,
        action: &CaseAction,
        by: &str,
        at_ms: i64,
    ) -> Result<(), CouncilError> {
        let (Some(about), Some(case)) = (About::of(action), self.case(id)?) else { return Ok(()) };
        self.keep_notice(about, Some(id), None, &detail(about, &case, at_ms), at_ms)?;
        let told = match action {
            CaseAction::Opened => self.reached_by_mail(AssignedRole::Supervisor)?,
            CaseAction::Assigned(owner, name) if name != by => vec![*owner],
            CaseAction::Reopened if case.owner.as_deref() != Some(by) => self.who_acts(&case)?,
            _ => Vec::new(),
        };
        told.into_iter().try_for_each(|user| self.keep_notice(about, Some(id), Some(user), "", at_ms))
    }

    /// Tells the safeguarding leads by email that something waits, without saying what. Nobody else
    /// and no other system is told (clause 6.2).
    pub(super) fn tell_leads(&self, at_ms: i64) -> Result<(), CouncilError> {
        let leads = self.reached_by_mail(AssignedRole::SafeguardingLead)?;
        leads.into_iter().try_for_each(|lead| self.keep_notice(About::SomethingWaits, None, Some(lead), "", at_ms))
    }

    /// Tells the administrators by email, and other systems, that the nightly backup or check
    /// failed.
    pub(crate) fn tell_of_nightly_failure(&self, at_ms: i64) -> Result<(), CouncilError> {
        self.tell_administrators(About::NightlyFailed, at_ms)
    }

    /// Tells them, once a day at most, that phones forget visits although no backup was shown to
    /// hold them.
    pub(crate) fn tell_of_unproven_backups(&self, at_ms: i64) -> Result<(), CouncilError> {
        let about = About::BackupUnproven;
        let told = self.one(
            "SELECT 1 FROM notice WHERE about = ?1 AND made_ms > ?2 LIMIT 1",
            params![about.name(), at_ms.saturating_sub(DAY_MS)],
            |_| Ok(()),
        )?;
        if told.is_some() { Ok(()) } else { self.tell_administrators(about, at_ms) }
    }

    fn tell_administrators(&self, about: About, at_ms: i64) -> Result<(), CouncilError> {
        let timestamp = times::written(times::from_ms(at_ms));
        let detail = serde_json::json!({ "type": about.name(), "timestamp": timestamp, "data": {} }).to_string();
        self.keep_notice(about, None, None, &detail, at_ms)?;
        let administrators = self.reached_by_mail(AssignedRole::Administrator)?;
        administrators.into_iter().try_for_each(|user| self.keep_notice(about, None, Some(user), "", at_ms))
    }

    /// Tells the council's people of a role by email that a change to an account waits, or was
    /// made.
    pub(crate) fn tell_of_accounts(&self, role: AssignedRole, at_ms: i64) -> Result<(), CouncilError> {
        let told = self.reached_by_mail(role)?;
        told.into_iter().try_for_each(|user| self.keep_notice(About::Accounts, None, Some(user), "", at_ms))
    }

    /// Tells the council's auditors by email the audit log's newest link, and other systems too.
    pub(super) fn tell_auditors(&self, place: i64, link: Hash, at_ms: i64) -> Result<(), CouncilError> {
        let about = About::LogsClosed;
        let timestamp = times::written(times::from_ms(at_ms));
        let said = LogsEnd { place, link: link.to_string() };
        let detail = serde_json::json!({ "type": about.name(), "timestamp": timestamp, "data": said }).to_string();
        self.keep_notice(about, None, None, &detail, at_ms)?;
        let said = serde_json::to_string(&said).map_err(|_| CouncilError::Unreadable("notice"))?;
        let auditors = self.reached_by_mail(AssignedRole::Auditor)?;
        auditors.into_iter().try_for_each(|user| self.keep_notice(about, None, Some(user), &said, at_ms))
    }

    /// Tells the people who have to act, and other systems, that a deadline is close or has passed.
    pub(crate) fn tell_of_deadline(&self, about: About, id: CaseId, at_ms: i64) -> Result<(), CouncilError> {
        let Some(case) = self.case(id)?.filter(|case| case.closed_ms.is_none()) else { return Ok(()) };
        self.keep_notice(about, Some(id), None, &detail(about, &case, at_ms), at_ms)?;
        for user in self.who_acts(&case)? {
            self.keep_notice(about, Some(id), Some(user), "", at_ms)?;
        }
        let told = if about == About::Late { "told_late_ms" } else { "told_due_ms" };
        self.write(&format!("UPDATE case_file SET {told} = due_ms WHERE case_id = ?1"), params![id.as_bytes()])?;
        Ok(())
    }

    /// Takes notices to send them. Nobody else can take them until `again_ms`.
    pub(crate) fn take_notices(&self, by_mail: bool, now_ms: i64, again_ms: i64) -> Result<Vec<Notice>, CouncilError> {
        let notices = self.notices_to_try(by_mail, now_ms)?;
        for notice in &notices {
            self.write(
                "UPDATE notice SET next_ms = ?2, tries = tries + 1 WHERE notice_id = ?1",
                params![notice.id.as_bytes(), again_ms],
            )?;
        }
        Ok(notices)
    }

    /// Notes that a notice was sent.
    pub(crate) fn notice_sent(&self, id: Hash, at_ms: i64) -> Result<(), CouncilError> {
        self.write(
            "UPDATE notice SET next_ms = NULL, sent_ms = ?2 WHERE notice_id = ?1",
            params![id.as_bytes(), at_ms],
        )?;
        Ok(())
    }

    /// Notes that a notice could not be sent, and when to try again; `None` gives it up.
    pub(crate) fn notice_failed(&self, id: Hash, again_ms: Option<i64>) -> Result<(), CouncilError> {
        let again = again_ms.map_or(Value::Null, Value::from);
        self.write("UPDATE notice SET next_ms = ?2 WHERE notice_id = ?1", params![id.as_bytes(), again])?;
        Ok(())
    }

    /// Deletes notices that were made before this moment, sent or not.
    pub(crate) fn forget_notices(&self, before_ms: i64) -> Result<(), CouncilError> {
        self.write("DELETE FROM notice WHERE made_ms < ?1", params![before_ms])?;
        Ok(())
    }
}

/// The JSON that tells other systems about a case: ids, stable names and times, and no personal
/// data.
fn detail(about: About, case: &CaseRow, at_ms: i64) -> String {
    let written = |ms: Option<i64>| ms.map(|ms| times::written(times::from_ms(ms)));
    serde_json::json!({
        "type": about.name(),
        "timestamp": times::written(times::from_ms(at_ms)),
        "data": {
            "case": case.id.to_string(),
            "kind": case.kind.name(),
            "visit": case.visit,
            "opened_at": written(Some(case.opened_ms)),
            "due_step": case.due_step.as_ref().map(Named::name),
            "due_by": written(case.due_ms()),
            "closed_at": written(case.closed_ms),
            "outcome": case.outcome,
        }
    })
    .to_string()
}
