//! Tells people who must act, by mail, and the council's own systems, by webhook. Each notice is
//! written in the same transaction as the change it is about (`storage/notices.rs`). This module
//! sends notices, and tries again when sending fails. If the service is killed between sending a
//! notice and noting that, the notice is sent twice. That does no harm: a mail only says that
//! something waits, and a system can recognise a notice by its id.

mod mail;
mod webhook;

use std::collections::BTreeMap;

use doorstep_domain::{UserId, england};

pub use self::mail::{Mail, MailSettings};
pub use self::webhook::{Webhook, WebhookSecret};
use crate::access::accounts;
use crate::error::CouncilError;
use crate::machine::times;
use crate::service::{NAME, Service, each_by_itself};
use crate::storage::settings;
use crate::storage::{About, CaseRow, LogsEnd, Notice, Reading};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// How long a notice belongs to the process that took it. After that, another process may send it.
const TAKEN_MS: i64 = 5 * MINUTE_MS;
/// The longest wait between two tries.
const LONGEST_WAIT_MS: i64 = 6 * HOUR_MS;
/// How long after it was made a notice is tried again. After that it is given up.
const GIVEN_UP_MS: i64 = 3 * DAY_MS;
/// How long after it was made a notice is deleted.
const KEPT_MS: i64 = 90 * DAY_MS;

/// Why something could not be sent. The text goes into the log, so it names nobody.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NotSent(String);

/// Sends the notices that wait. Several processes can each run one: only one of them takes each
/// notice.
#[derive(Debug)]
pub struct Notifier {
    service: Service,
    mail: Option<Mail>,
    webhook: Option<Webhook>,
}

impl Notifier {
    /// Makes a notifier. Where mail or the webhook is `None`, those notices wait.
    #[must_use]
    pub fn new(service: Service, mail: Option<Mail>, webhook: Option<Webhook>) -> Self {
        Self { service, mail, webhook }
    }

    /// Sends the notices that wait, writes notices for deadlines that are near or past, and
    /// deletes old ones. A failure with one notice, case or person does not hold up the others.
    ///
    /// # Errors
    /// The first [`CouncilError`], such as a failure of the database. It is not an error when a
    /// notice can't be sent: it is tried again.
    pub fn send_what_waits(&self) -> Result<(), CouncilError> {
        let parts = [Self::tell_of_deadlines, Self::send_mail, Self::send_to_systems, Self::forget_what_is_old];
        each_by_itself(parts, |part| part(self))
    }

    fn send_mail(&self) -> Result<(), CouncilError> {
        let Some(mail) = &self.mail else { return Ok(()) };
        let mut by_person: BTreeMap<UserId, Vec<Notice>> = BTreeMap::new();
        for notice in self.take(true)? {
            let Some(user) = notice.user else { continue };
            by_person.entry(user).or_default().push(notice);
        }
        each_by_itself(by_person, |(user, notices)| {
            let sent = self.mail_to(mail, user, &notices)?;
            self.note(&notices, sent)
        })
    }

    fn send_to_systems(&self) -> Result<(), CouncilError> {
        let Some(webhook) = &self.webhook else { return Ok(()) };
        let notices = self.take(false)?;
        let mut waiting = notices.as_slice();
        while let Some((first, behind)) = waiting.split_first() {
            match webhook.send(first, self.now_ms() / 1000) {
                Ok(()) => self.note(std::slice::from_ref(first), Ok(()))?,
                // The system does not answer, so the other notices are not tried now: each would
                // wait for the time limit.
                not_sent => return self.note(waiting, not_sent),
            }
            waiting = behind;
        }
        Ok(())
    }

    fn forget_what_is_old(&self) -> Result<(), CouncilError> {
        let now_ms = self.now_ms();
        self.service.storage.transact(&self.service.environment, |writing| {
            writing.forget_old_changes(now_ms - accounts::WAITS_MS)?;
            writing.forget_notices(now_ms - KEPT_MS)
        })
    }

    fn now_ms(&self) -> i64 {
        self.service.environment.clock.now_ms()
    }

    fn tell_of_deadlines(&self) -> Result<(), CouncilError> {
        let now_ms = self.now_ms();
        let Service { storage, environment, .. } = &self.service;
        let told = storage.read(|reading| reading.deadlines_to_tell(now_ms, now_ms + soon_ms(reading, now_ms)?))?;
        each_by_itself(told, |(about, case)| {
            storage.transact(environment, |writing| writing.tell_of_deadline(about, case, now_ms))
        })
    }

    fn take(&self, by_mail: bool) -> Result<Vec<Notice>, CouncilError> {
        let now_ms = self.now_ms();
        let Service { storage, environment, .. } = &self.service;
        storage.transact(environment, |writing| writing.take_notices(by_mail, now_ms, now_ms + TAKEN_MS))
    }

    /// Sends a person one mail with all their notices. Leaves out cases that have been closed in
    /// the meantime.
    fn mail_to(&self, mail: &Mail, user: UserId, notices: &[Notice]) -> Result<Result<(), NotSent>, CouncilError> {
        let (council, address, waiting) = self.service.storage.read(|reading| {
            let mut waiting: Vec<(&Notice, Option<CaseRow>)> = Vec::new();
            for notice in notices {
                let case = notice.case.map(|case| reading.case(case)).transpose()?.flatten();
                let over = notice.case.is_some() && case.as_ref().is_none_or(|case| case.closed_ms.is_some());
                let id = case.as_ref().map(|case| case.id);
                if !over {
                    // One line for each case, and one for each other thing.
                    waiting.retain(|(before, known)| match (known, id) {
                        (Some(known), Some(id)) => known.id != id,
                        (None, None) => (before.about, &before.detail) != (notice.about, &notice.detail),
                        _ => true,
                    });
                    waiting.push((notice, case));
                }
            }
            Ok((reading.meta(NAME)?, reading.email(user)?, waiting))
        })?;
        match address {
            Some(address) if !waiting.is_empty() => {
                let nothing_waits = waiting.iter().all(|(notice, _)| notice.about == About::LogsClosed);
                Ok(mail.send(&address, &council, &lines(mail, &waiting), nothing_waits))
            }
            _ => Ok(Ok(())),
        }
    }

    /// Notes that notices were sent, or when to try them again.
    fn note(&self, notices: &[Notice], sent: Result<(), NotSent>) -> Result<(), CouncilError> {
        let now_ms = self.now_ms();
        if let Err(reason) = &sent {
            tracing::warn!(%reason, notices = notices.len(), "Notices could not be sent; they are tried again.");
        }
        self.service.storage.transact(&self.service.environment, |writing| {
            notices.iter().try_for_each(|notice| match sent {
                Ok(()) => writing.notice_sent(notice.id, now_ms),
                Err(_) => writing.notice_failed(notice.id, next_try(notice, now_ms)),
            })
        })
    }
}

/// How long before a deadline people are told that it is near, in milliseconds.
fn soon_ms(reading: &Reading<'_>, now_ms: i64) -> Result<i64, CouncilError> {
    let own = reading.council_numbers()?;
    let hours = settings::of_the_desk("deadline_near_hours", times::day(now_ms), &own);
    Ok(hours.map_or(0, |number| i64::from(number.value) * HOUR_MS))
}

/// When to try a notice again: after 1 minute, 2, 4 and so on, up to [`LONGEST_WAIT_MS`]. `None`
/// when the notice is given up.
fn next_try(notice: &Notice, now_ms: i64) -> Option<i64> {
    let wait_ms = (MINUTE_MS << notice.tries.min(16)).min(LONGEST_WAIT_MS);
    (now_ms - notice.made_ms < GIVEN_UP_MS).then_some(now_ms + wait_ms)
}

/// A deadline as text, in England's local time. Midnight is written as the end of the day before.
fn deadline(by_ms: i64) -> String {
    let by = england::wall_clock(times::from_ms(by_ms));
    if by.time() == chrono::NaiveTime::MIN {
        return format!("the end of {}", times::day(by_ms.saturating_sub(1)).format("%-d %B %Y"));
    }
    by.format("%-d %B %Y, %H:%M").to_string()
}

/// One line of a mail for each thing that waits: a link and the deadline, but no names or details.
fn lines(mail: &Mail, waiting: &[(&Notice, Option<CaseRow>)]) -> Vec<String> {
    let by = |case: &CaseRow| {
        let by = case.due_ms().map(deadline);
        by.map(|by| format!(", to be dealt with by {by}")).unwrap_or_default()
    };
    let line = |(notice, case): &(&Notice, Option<CaseRow>)| {
        let about = notice.about;
        if about == About::NightlyFailed {
            return "The backup or the check of the records failed last night. The service goes on. Look at the log of \
                    doorstep-nightly, mend what it says, and start it again."
                .to_owned();
        }
        if about == About::BackupUnproven {
            return "A phone had to forget visits after 30 days, and no backup was shown to hold them. Set up the drill \
                    that restores backups, or look why it fails."
                .to_owned();
        }
        if about == About::LogsClosed {
            return end_of_the_logs(mail, notice);
        }
        if about == About::Accounts {
            let page = mail.link("/accounts");
            return format!("An account was changed, or a change to one waits for somebody to agree: {page}");
        }
        let Some(case) = case else { return format!("Something waits: {}", mail.link("/")) };
        let what = match about {
            About::Assigned => "This was given to you",
            About::Due => "A deadline is near",
            About::Late => "A deadline has passed",
            _ => "This came in",
        };
        format!("{what}{}: {}", by(case), mail.link(&format!("/cases/{}", case.id)))
    };
    waiting.iter().map(line).collect()
}

/// What an auditor is told about the end of the audit log. It is to be kept: later it shows
/// whether the log was altered.
fn end_of_the_logs(mail: &Mail, notice: &Notice) -> String {
    let at = england::wall_clock(times::from_ms(notice.made_ms)).format("%-d %B %Y, %H:%M");
    let Ok(LogsEnd { place, link }) = serde_json::from_str(&notice.detail) else {
        return format!("The audit log was closed on {at}.");
    };
    let page = mail.link("/audit");
    format!(
        "On {at} the audit log had {place} lines. The fingerprint of the last one is\n{link}\nKeep this mail. Whoever \
         alters the log changes this fingerprint: you can look for it at {page}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_day_is_said_by_its_day() {
        let at = |text| times::read(text).unwrap().timestamp_millis();
        assert_eq!(deadline(at("2026-11-27T00:00")), "the end of 26 November 2026");
        assert_eq!(deadline(at("2026-06-24T17:30")), "24 June 2026, 17:30");
    }
}
