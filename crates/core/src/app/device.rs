//! This device: its state, its enrolment, its PIN and its chain.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use chrono::{DateTime, TimeDelta, Utc};
use doorstep_domain::conduct::{CodeSigned, TextKind};

use super::code::code_signed;
use super::{App, as_signing_key, time};
use crate::error::AppError;
use crate::keys::name;
use crate::store::{Enrolment, Reading, Scope, StoreError};
use crate::verify::{self, Fault, Verified};
use crate::view::{EnrolmentView, Overdue, SalvagedView, StatusView};

impl App {
    /// The state of this device.
    ///
    /// # Errors
    /// [`AppError::Store`] when the store can't be read.
    pub fn status(&self) -> Result<StatusView, AppError> {
        self.store().read(|reading| self.status_of(reading))
    }

    /// When to remind somebody who works alone that they are not out yet, in UTC; `None` if nobody
    /// is alone.
    ///
    /// # Errors
    /// As [`App::status`].
    pub fn remind_at(&self) -> Result<Option<DateTime<Utc>>, AppError> {
        self.store().read(|reading| {
            let remind_after = TimeDelta::minutes(i64::from(self.numbers(reading)?.safe_reminder_minutes));
            Ok(reading.alone()?.and_then(|(_, ends_ms)| time(ends_ms).checked_add_signed(remind_after)))
        })
    }

    pub(super) fn status_of(&self, reading: &Reading<'_>) -> Result<StatusView, AppError> {
        let now = self.environment.clock.now().utc();
        let numbers = self.numbers(reading)?;
        let phone_after = TimeDelta::minutes(i64::from(numbers.phone_it_in_minutes));
        let remind_after = TimeDelta::minutes(i64::from(numbers.safe_reminder_minutes));
        let enrolment = reading.enrolment()?;
        let counts = reading.counts()?;
        let alone = reading.alone()?.map(|(visit, ends_ms)| Overdue { visit, expected_end: time(ends_ms) });
        Ok(StatusView {
            pin_set: self.pin_set.load(Ordering::SeqCst),
            signed_in: self.signed_in.load(Ordering::SeqCst),
            left_by_others: self.left_by_others()?,
            is_full: self.store().is_full(),
            is_newer: reading.scope() == Scope::Newer,
            salvaged: reading.salvaged()?.map(|salvaged| SalvagedView {
                kept: salvaged.kept,
                records: salvaged.records,
                at: time(salvaged.at_ms),
            }),
            records: counts.records,
            unsent: counts.waiting,
            oldest_unsent: counts.oldest_waiting_ms.map(time),
            set_aside: counts.set_aside,
            photos_waiting: reading.waiting_photos()?.len(),
            phone_it_in: counts.oldest_urgent_ms.map(time).filter(|since| now - *since >= phone_after),
            overdue: alone.clone().filter(|alone| now - alone.expected_end >= remind_after),
            remind_at: alone.and_then(|alone| alone.expected_end.checked_add_signed(remind_after)),
            under_way: reading.under_way()?,
            sign_the_code: match &enrolment {
                Some(enrolment) => code_signed(reading, enrolment)? == CodeSigned::No,
                None => false,
            },
            last_contact: enrolment.as_ref().map(|enrolment| time(enrolment.last_contact_device_ms)),
            now,
            standing: self.standing(reading)?,
            ended_by: self.ended(reading)?.map(|ended| ended.council_name),
            enrolled: enrolment.map(enrolment_view),
            numbers,
        })
    }

    /// Whether the device is enrolled.
    #[must_use]
    pub fn is_enrolled(&self) -> bool {
        self.store().read::<_, AppError>(|reading| Ok(reading.enrolment()?.is_some())).unwrap_or(false)
    }

    /// The texts that are half typed, by the name of their field.
    ///
    /// # Errors
    /// [`AppError::SignInFirst`], [`AppError::Store`].
    pub fn drafts(&self) -> Result<BTreeMap<String, String>, AppError> {
        self.signed_in()?;
        self.store().read(|reading| Ok(reading.drafts()?))
    }

    /// Keeps a half-typed text, encrypted. An empty text removes it.
    ///
    /// # Errors
    /// As [`App::drafts`]; [`AppError::TooLong`].
    pub fn keep_draft(&self, name: &str, text: &str) -> Result<(), AppError> {
        self.signed_in()?;
        TextKind::Short.check(name)?;
        TextKind::Words.check(text)?;
        let at_ms = self.environment.clock.now().unix_ms;
        self.store().transact(&self.environment, |writing| Ok(writing.keep_draft(name, text, at_ms)?))
    }

    /// Checks the whole chain on this device. A fault in the chain is an answer, not an error.
    ///
    /// # Errors
    /// [`AppError::SignInFirst`] while the store is locked; [`AppError::OlderApp`], and
    /// [`StoreError::Full`], where not all of it is open; [`AppError::Store`] when it can't be
    /// read.
    pub fn verify(&self) -> Result<Result<Verified, Fault>, AppError> {
        let store = self.store();
        let key = store.keys().get(name::SIGNING)?.as_ref().and_then(as_signing_key);
        let public = key.map(|key| key.public());
        store.read(|reading| match reading.scope() {
            Scope::All => verify::verify(reading, public.as_ref()),
            Scope::Outbox => Err(AppError::SignInFirst),
            Scope::Newer => Err(AppError::OlderApp),
            Scope::NoRoom => Err(StoreError::Full.into()),
        })
    }
}

pub(super) fn enrolment_view(enrolment: Enrolment) -> EnrolmentView {
    EnrolmentView {
        user_name: enrolment.user_name,
        display_name: enrolment.display_name,
        position: enrolment.position,
        organisation: enrolment.organisation,
        council_name: enrolment.council_name,
        device: enrolment.device.to_string(),
    }
}
