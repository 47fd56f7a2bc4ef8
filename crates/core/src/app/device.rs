//! This device: its state, its enrolment, its PIN and its chain.

use std::collections::BTreeMap;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use chrono::{DateTime, TimeDelta, Utc};
use doorstep_domain::PhoneId;
use doorstep_domain::conduct::{CodeSigned, TextKind};
use doorstep_domain::protocol::EnrolmentCode;

use super::code::code_signed;
use super::{App, PIN, signing_key, stored_pin, time};
use crate::environment::SignIn;
use crate::error::AppError;
use crate::keys::name;
use crate::pin::PinRefused;
use crate::pin::StoredPin;
use crate::store::{Enrolment, Reading};
use crate::sync;
use crate::verify::{self, Fault, Verified};
use crate::view::{EnrolmentView, Overdue, StatusView};

impl App {
    /// The state of this device.
    ///
    /// # Errors
    /// [`AppError::Store`] when the store can't be read.
    pub fn status(&self) -> Result<StatusView, AppError> {
        self.store.read(|reading| self.status_of(reading))
    }

    /// When to remind somebody who works alone that they are not out yet, in UTC; `None` if nobody
    /// is alone.
    ///
    /// # Errors
    /// As [`App::status`].
    pub fn remind_at(&self) -> Result<Option<DateTime<Utc>>, AppError> {
        self.store.read(|reading| {
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
            pin_set: stored_pin(reading)?.is_some(),
            signed_in: self.signed_in.load(Ordering::SeqCst),
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
        self.store.read::<_, AppError>(|reading| Ok(reading.enrolment()?.is_some())).unwrap_or(false)
    }

    /// Enrols the device with a one-time code. A visitor who has forgotten the PIN enrols again,
    /// which removes it. Records that wait to be sent are kept, and sent as the new device.
    ///
    /// # Errors
    /// [`AppError::NoAnswer`], [`AppError::BadCode`], [`AppError::BadAddress`],
    /// [`AppError::AnotherCouncil`], or [`AppError::UnsentRecords`] when records for another
    /// council still wait. Nothing has changed.
    pub fn enrol(&self, server: &str, code: &str, device_name: &str) -> Result<EnrolmentView, AppError> {
        let _no_sync_meanwhile = self.syncing.lock().unwrap_or_else(PoisonError::into_inner);
        let code: EnrolmentCode = code.parse().map_err(|_| AppError::BadCode)?;
        let council = self.environment.connect.connect(server)?;
        let before = self.store.read::<_, AppError>(|reading| Ok((reading.enrolment()?, reading.counts()?.waiting)))?;
        let key = self.signing_key()?;
        let made = PhoneId::from_bytes(self.environment.random());
        let phone = self.store.transact::<_, AppError>(&self.environment, |writing| Ok(writing.phone(made)?))?;
        let answer = sync::enrol(&self.environment, &*council, &code, &key, phone, device_name)?;
        let council_key = data_encoding::HEXLOWER.encode(answer.council_key.as_bytes());
        if let (Some(before), 1..) = &before
            && before.council_key != council_key
            && !before.former_council_keys.contains(&council_key)
        {
            return Err(AppError::UnsentRecords);
        }
        let now = self.environment.clock.now();
        let enrolment = Enrolment {
            server: server.trim().to_owned(),
            device: answer.device,
            user: answer.user,
            user_name: answer.user_name,
            display_name: answer.display_name,
            position: answer.position,
            organisation: answer.organisation,
            council_name: answer.council_name,
            council_key,
            former_council_keys: Vec::new(),
            council_epoch: answer.council_epoch,
            cursor: 0,
            last_contact_ms: answer.council_time_ms,
            last_contact_device_ms: now.unix_ms,
            last_contact_running: Some((now.monotonic_ms, now.boot)),
            safeguarding_keys: answer.safeguarding_keys,
            revoked: false,
            second: answer.second,
        };
        self.store.transact::<_, AppError>(&self.environment, |writing| {
            writing.set_enrolment(&enrolment)?;
            writing.set(PIN, &None::<StoredPin>)?;
            // What was said in version 2 stays its enrolment's, and goes as such.
            if let Some(before) = before.0.as_ref().filter(|before| before.second.is_some()) {
                writing.keep_former(before)?;
            }
            writing.begin_epoch(&self.environment, enrolment.device)?;
            Ok(())
        })?;
        self.set_mark()?;
        self.signed_in.store(true, Ordering::SeqCst);
        Ok(enrolment_view(enrolment))
    }

    /// Sets the PIN.
    ///
    /// # Errors
    /// [`AppError::Pin`] when it can't be a PIN or is too easy; [`AppError::SignInFirst`].
    pub fn set_pin(&self, pin: &str) -> Result<(), AppError> {
        self.signed_in()?;
        let stored = StoredPin::new(pin, &self.environment.random())?;
        self.store.transact(&self.environment, |writing| Ok(writing.set(PIN, &Some(stored))?))
    }

    /// Signs in with the PIN.
    ///
    /// # Errors
    /// [`AppError::Pin`] when the PIN is wrong, or the visitor has to wait after too many wrong
    /// ones. A wrong PIN never erases anything.
    pub fn sign_in(&self, pin: &str) -> Result<(), AppError> {
        let tried = self.store.transact::<_, AppError>(&self.environment, |writing| {
            let Some(mut stored) = stored_pin(writing)? else {
                return Ok(Err(PinRefused::Wrong));
            };
            let tried = stored.try_pin(pin, self.environment.clock.now());
            writing.set(PIN, &Some(stored))?;
            Ok(tried)
        })?;
        tried?;
        self.signed_in.store(true, Ordering::SeqCst);
        Ok(())
    }

    /// Locks the device until the PIN is entered. The screen first has to save half-typed text with
    /// [`App::keep_draft`]. Does nothing for the command line.
    pub fn lock(&self) {
        if self.environment.sign_in == SignIn::WithPin {
            self.signed_in.store(false, Ordering::SeqCst);
        }
    }

    /// The texts that are half typed, by the name of their field.
    ///
    /// # Errors
    /// [`AppError::SignInFirst`], [`AppError::Store`].
    pub fn drafts(&self) -> Result<BTreeMap<String, String>, AppError> {
        self.signed_in()?;
        self.store.read(|reading| Ok(reading.drafts()?))
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
        self.store.transact(&self.environment, |writing| Ok(writing.keep_draft(name, text, at_ms)?))
    }

    /// Checks the whole chain on this device. A fault in the chain is an answer, not an error.
    ///
    /// # Errors
    /// [`AppError::Store`] when the store can't be read.
    pub fn verify(&self) -> Result<Result<Verified, Fault>, AppError> {
        let key = self.environment.keys.get(name::SIGNING)?.and_then(|secret| signing_key(&secret));
        let public = key.map(|key| key.public());
        self.store.read(|reading| verify::verify(reading, public.as_ref()))
    }
}

fn enrolment_view(enrolment: Enrolment) -> EnrolmentView {
    EnrolmentView {
        user_name: enrolment.user_name,
        display_name: enrolment.display_name,
        position: enrolment.position,
        organisation: enrolment.organisation,
        council_name: enrolment.council_name,
        device: enrolment.device.to_string(),
    }
}
