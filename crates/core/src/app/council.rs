//! The council: what waits to be sent, and sending it.

use std::sync::PoisonError;

use doorstep_domain::VisitId;
use doorstep_domain::conduct::fold;

use super::{App, time};
use crate::AppError;
use crate::store::Reading;
use crate::sync::{Round, SyncReport};
use crate::view::{OutboxGroup, OutboxView, SetAsideView};

/// Rounds of one sync, at most: what is left then goes with the next.
const MOST_ROUNDS: usize = 1_000;

impl App {
    /// What waits to be sent, and what was set aside.
    ///
    /// # Errors
    /// [`AppError::SignInFirst`], [`AppError::Store`].
    pub fn outbox(&self) -> Result<OutboxView, AppError> {
        self.signed_in()?;
        self.store.read(|reading| {
            let waiting = reading.waiting_by_visit()?;
            let set_aside = reading.set_aside_records()?;
            Ok(OutboxView {
                waiting: waiting
                    .into_iter()
                    .map(|group| {
                        Ok(OutboxGroup {
                            visit: group.visit,
                            address: address_of(reading, group.visit)?,
                            records: group.records,
                            oldest: time(group.oldest_ms),
                        })
                    })
                    .collect::<Result<_, AppError>>()?,
                set_aside: set_aside
                    .into_iter()
                    .map(|(visit, recorded_at_ms, reason)| {
                        Ok(SetAsideView {
                            visit,
                            address: address_of(reading, visit)?,
                            recorded_at: time(recorded_at_ms),
                            reason,
                        })
                    })
                    .collect::<Result<_, AppError>>()?,
                last_contact: reading.enrolment()?.map(|enrolment| time(enrolment.last_contact_device_ms)),
            })
        })
    }

    /// Sends what waits and asks for changes, until there is no more of either.
    ///
    /// # Errors
    /// [`AppError::NoAnswer`] when there is no answer to believe; nothing is lost then.
    pub fn sync(&self) -> Result<SyncReport, AppError> {
        let _one_at_a_time = self.syncing.lock().unwrap_or_else(PoisonError::into_inner);
        let enrolment = self.store.read(|reading| reading.enrolment()?.ok_or(AppError::NotEnrolled))?;
        let council = self.environment.connect.connect(&enrolment.server)?;
        let key = self.signing_key()?;
        let mut report = SyncReport::default();
        for _ in 0..MOST_ROUNDS {
            let round = Round::run(&self.store, &self.environment, &*council, &key)?;
            report.received += round.received;
            report.set_aside += round.set_aside;
            report.changes += round.changes;
            if !round.more {
                break;
            }
        }
        report.waiting = self.store.read::<_, AppError>(|reading| Ok(reading.counts()?.waiting))?;
        self.set_mark()?;
        Ok(report)
    }

    /// A random number, for a wait.
    #[must_use]
    pub fn random_number(&self) -> u64 {
        u64::from_be_bytes(self.environment.random())
    }
}

fn address_of(reading: &Reading<'_>, visit: VisitId) -> Result<Option<String>, AppError> {
    let Some(reference) = fold(visit, &reading.facts(visit)?).appointment else { return Ok(None) };
    Ok(reading.appointment(&reference)?.map(|appointment| appointment.address_line()))
}
