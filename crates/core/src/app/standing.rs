//! What the device may still show and begin. A device that the council has revoked, or that has not
//! reached it for long, shows no tenants. Whoever carries it finishes the visit that they are in,
//! and what waits is sent. Once a revoked device has sent everything, its keys and files are
//! destroyed.

use doorstep_domain::VisitId;
use doorstep_domain::conduct::VisitKind;
use serde::{Deserialize, Serialize};

use super::App;
use crate::Moment;
use crate::error::AppError;
use crate::store::{Enrolment, Reading, Scope, StoreError};
use crate::view::DeviceStanding;

/// How long the device has been running since the last contact, over its starts. The time for which
/// it was off does not count: nothing but its clock could tell it, and a clock that is set forward
/// must not take a visitor's day away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Running {
    /// The contact: when it was, by the council's clock.
    contact_ms: i64,
    /// In earlier starts, in milliseconds.
    before_ms: u64,
    /// The start in which the device was seen last.
    boot: u64,
    /// How long it had been running then, of which `from_ms` was before the contact.
    seen_ms: u64,
    from_ms: u64,
}

/// How long after the last tap a file counts as being written in, in milliseconds.
const WRITTEN_IN_MS: u64 = 10 * 60 * 1000;

const RUNNING: &str = "running_since_contact";
const ENDED: &str = "ended";

/// What is left to say of a device that the council has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ended {
    /// The council's name.
    pub(super) council_name: String,
    /// When everything was sent and destroyed, by the device's clock.
    pub(super) at_ms: i64,
}

impl Running {
    /// As it was at the contact itself. An earlier app did not keep that: then it counts from now
    /// on.
    fn since(enrolment: &Enrolment, now: Moment) -> Self {
        let (from_ms, boot) = enrolment.last_contact_running.unwrap_or((now.monotonic_ms, now.boot));
        Self { contact_ms: enrolment.last_contact_ms, before_ms: 0, boot, seen_ms: from_ms, from_ms }
    }

    /// As it is at a moment.
    fn at(self, now: Moment) -> Self {
        if self.boot == now.boot {
            return Self { seen_ms: self.seen_ms.max(now.monotonic_ms), ..self };
        }
        Self { before_ms: self.passed_ms(), boot: now.boot, seen_ms: now.monotonic_ms, from_ms: 0, ..self }
    }

    fn passed_ms(self) -> u64 {
        self.before_ms.saturating_add(self.seen_ms.saturating_sub(self.from_ms))
    }
}

impl App {
    fn running(&self, reading: &Reading<'_>, enrolment: &Enrolment) -> Result<Running, StoreError> {
        let now = self.environment.clock.now();
        let kept = reading.setting::<Running>(RUNNING)?.filter(|kept| kept.contact_ms == enrolment.last_contact_ms);
        Ok(kept.unwrap_or_else(|| Running::since(enrolment, now)).at(now))
    }

    /// Keeps how long the device has been running, so that its next start can add to it. On a full
    /// disk it is not kept, and everything else goes on: then the hours are fewer.
    pub(super) fn keep_running(&self) {
        let _kept = self.store().transact_as_it_is::<_, AppError>(&self.environment, |writing| {
            let Some(enrolment) = writing.enrolment()? else { return Ok(()) };
            let running = self.running(writing, &enrolment)?;
            Ok(writing.set(RUNNING, &running)?)
        });
    }

    pub(super) fn standing(&self, reading: &Reading<'_>) -> Result<DeviceStanding, StoreError> {
        let Some(enrolment) = reading.enrolment()? else { return Ok(DeviceStanding::Open) };
        if enrolment.revoked {
            return Ok(DeviceStanding::Revoked);
        }
        let most_ms = u64::from(self.numbers(reading)?.offline_hours) * 60 * 60 * 1000;
        let is_long = self.running(reading, &enrolment)?.passed_ms() > most_ms;
        Ok(if is_long { DeviceStanding::LongWithoutContact } else { DeviceStanding::Open })
    }

    /// Whether the device may still show this visit and record in it. `None` is a visit that would
    /// begin now.
    ///
    /// # Errors
    /// [`AppError::Revoked`] or [`AppError::ContactFirst`].
    pub(super) fn may_go_on(&self, reading: &Reading<'_>, visit: Option<VisitId>) -> Result<(), AppError> {
        let standing = self.standing(reading)?;
        if let Some(visit) = visit
            && (reading.is_under_way(visit)? || self.is_written_in(reading)? == Some(visit))
        {
            return Ok(());
        }
        match standing {
            DeviceStanding::Open => Ok(()),
            DeviceStanding::Revoked => Err(AppError::Revoked),
            DeviceStanding::LongWithoutContact => Err(AppError::ContactFirst),
        }
    }

    /// The file in which something was recorded a moment ago: somebody may still be writing down
    /// how a visit ended, such as what a tenant said who refused.
    fn is_written_in(&self, reading: &Reading<'_>) -> Result<Option<VisitId>, StoreError> {
        let now_ms = self.environment.clock.now().unix_ms;
        let last = reading.last_recorded()?;
        Ok(last.filter(|(_, at_ms)| now_ms.abs_diff(*at_ms) < WRITTEN_IN_MS).map(|(visit, _)| visit))
    }

    /// Opens a file for which there was no room, if there is by now and no sync is under way.
    pub(super) fn look_for_room(&self) {
        let store = self.store();
        if let (false, Ok(_no_sync_begins)) = (store.shows_all(), self.syncing.try_lock()) {
            store.keep_room();
        }
    }

    /// Whether a visit may begin now.
    ///
    /// # Errors
    /// [`AppError::OlderApp`]; [`StoreError::Full`] where the file is damaged and there is no room
    /// for another one; or as [`App::may_go_on`].
    pub(super) fn may_start(&self, reading: &Reading<'_>) -> Result<(), AppError> {
        self.may_go_on(reading, None)?;
        // Whoever gets here is signed in, so the store is not merely locked.
        match reading.scope() {
            Scope::All => Ok(()),
            Scope::NoRoom => Err(StoreError::Full.into()),
            Scope::Newer | Scope::Outbox => Err(AppError::OlderApp),
        }
    }

    /// As [`App::may_start`], for a visit without an appointment: without contact, with an app that
    /// is too old, or without room for a new file, an emergency can still begin.
    pub(super) fn may_begin(&self, reading: &Reading<'_>, kind: VisitKind) -> Result<(), AppError> {
        match self.may_start(reading) {
            Err(AppError::ContactFirst | AppError::OlderApp | AppError::Store(StoreError::Full))
                if kind == VisitKind::EmergencyRepair =>
            {
                Ok(())
            }
            may => may,
        }
    }

    pub(super) fn ended(&self, reading: &Reading<'_>) -> Result<Option<Ended>, StoreError> {
        reading.setting(ENDED)
    }

    /// After the council has said that this device is revoked: takes away what nobody needs any
    /// more, and everything once nothing waits, no visit is under way, and nobody is writing.
    pub(super) fn end_if_revoked(&self) -> Result<(), AppError> {
        let revoked = self.store().transact::<_, AppError>(&self.environment, |writing| {
            let revoked = writing.enrolment()?.filter(|enrolment| enrolment.revoked);
            if revoked.is_some() {
                writing.keep_only_what_waits()?;
            }
            Ok(revoked)
        })?;
        let Some(Enrolment { device, council_name, .. }) = revoked else { return Ok(()) };
        let has_ended = self.store().end_if::<AppError>(|reading| {
            let waits = reading.counts()?.waiting > 0 || !reading.waiting_photos()?.is_empty();
            let is_used = reading.under_way()?.is_some() || self.is_written_in(reading)?.is_some();
            Ok(!waits && !is_used && reading.unsealed(device, 1)?.is_empty())
        })?;
        if !has_ended {
            return Ok(());
        }
        let ended = Ended { council_name, at_ms: self.environment.clock.now().unix_ms };
        self.store().transact(&self.environment, |writing| Ok(writing.set(ENDED, &ended)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_MS: u64 = 60 * 60 * 1000;

    fn moment(boot: u64, hours: u64, clock_ms: i64) -> Moment {
        Moment { unix_ms: clock_ms, utc_offset_minutes: 0, monotonic_ms: hours * HOUR_MS, boot }
    }

    #[test]
    fn what_passes_since_the_contact_is_counted_over_starts_and_never_by_the_clock() {
        let at_contact = Running { contact_ms: 7, before_ms: 0, boot: 1, seen_ms: 5 * HOUR_MS, from_ms: 5 * HOUR_MS };
        let same_start = at_contact.at(moment(1, 25, i64::MAX));
        assert_eq!(same_start.passed_ms(), 20 * HOUR_MS);
        let next_start = same_start.at(moment(2, 3, 0));
        assert_eq!(next_start.passed_ms(), 23 * HOUR_MS);
        assert_eq!(next_start.at(moment(2, 10, -5)).passed_ms(), 30 * HOUR_MS);
        assert_eq!(next_start.at(moment(3, 1, 5)).passed_ms(), 24 * HOUR_MS);
    }
}
