//! Enrolling a device with a one-time code. Each enrolment has a store and keys of its own.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use doorstep_domain::PhoneId;
use doorstep_domain::ledger::SigningKey;
use doorstep_domain::protocol::EnrolmentCode;

use super::device::enrolment_view;
use super::{App, as_signing_key, set_mark};
use crate::environment::Environment;
use crate::error::{AppError, Opening};
use crate::keys::{Secret, name};
use crate::store::shelf::{self, Place};
use crate::store::{Enrolment, Locked, Store, StoreError};
use crate::sync;
use crate::view::EnrolmentView;

impl App {
    /// Enrols the device with a one-time code. On a device that is enrolled already, the new
    /// enrolment gets a store of its own, without a PIN. The former one shows nothing any more, and
    /// goes on sending to its council until nothing is left. So a code is the way on for whoever
    /// has forgotten the PIN, for another person, for another council, and for a device whose key
    /// was lost or which was revoked.
    ///
    /// # Errors
    /// [`AppError::NoAnswer`], [`AppError::BadCode`], [`AppError::BadAddress`],
    /// [`AppError::AnotherCouncil`]. Nothing has changed.
    pub fn enrol(&self, server: &str, code: &str, device_name: &str) -> Result<EnrolmentView, AppError> {
        let _no_sync_meanwhile = self.syncing.lock().unwrap_or_else(PoisonError::into_inner);
        let code: EnrolmentCode = code.parse().map_err(|_| AppError::BadCode)?;
        let former = self.store();
        let known = former.read::<_, AppError>(|reading| Ok((reading.enrolment()?.is_some(), reading.phone_id()?)))?;
        let (is_enrolled, phone) = known;
        let phone = phone.unwrap_or_else(|| PhoneId::from_bytes(self.environment.random()));
        if !is_enrolled {
            let enrolment = take_code(&former, &self.environment, (server, &code), phone, device_name)?;
            self.signed_in.store(true, Ordering::SeqCst);
            return Ok(enrolment_view(enrolment));
        }
        let place = shelf::another(&self.base, &self.environment);
        let (store, enrolment) = new_store(&place, &self.environment, (server, &code), phone, device_name)?;
        shelf::make_current(&self.base, &place).map_err(Opening::Folder)?;
        tell_of_address(&former, &self.environment, &enrolment)?;
        self.take_over(former, Arc::new(store))?;
        Ok(enrolment_view(enrolment))
    }

    /// Enrols a device whose store does not open, because its key is lost or its file is from a
    /// newer app. That store stays as it is.
    ///
    /// # Errors
    /// As [`App::enrol`].
    pub fn enrol_beside(
        folder: &Path,
        environment: Environment,
        server: &str,
        code: &str,
        device_name: &str,
    ) -> Result<Self, AppError> {
        let code: EnrolmentCode = code.parse().map_err(|_| AppError::BadCode)?;
        let place = shelf::another(folder, &environment);
        let phone = PhoneId::from_bytes(environment.random());
        let (store, _) = new_store(&place, &environment, (server, &code), phone, device_name)?;
        shelf::make_current(folder, &place).map_err(Opening::Folder)?;
        Self::with(folder, environment, store)
    }

    fn take_over(&self, former: Arc<Store>, current: Arc<Store>) -> Result<(), AppError> {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = current;
        self.pin_set.store(false, Ordering::SeqCst);
        self.signed_in.store(true, Ordering::SeqCst);
        self.former.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&former));
        former.lock_up(Locked::ForGood)?;
        Ok(())
    }
}

/// If the council of a former enrolment is the same one, it is found where the new one found it.
fn tell_of_address(former: &Store, environment: &Environment, new: &Enrolment) -> Result<(), AppError> {
    former.transact(environment, |writing| {
        let Some(enrolment) = writing.enrolment()? else { return Ok(()) };
        let knows = |key: &String| *key == enrolment.council_key || enrolment.former_council_keys.contains(key);
        if knows(&new.council_key) || new.former_council_keys.contains(&enrolment.council_key) {
            writing.set_enrolment(&Enrolment { server: new.server.clone(), ..enrolment })?;
        }
        Ok(())
    })
}

/// A new store with an enrolment in it. If the council does not give one, nothing is left of it.
fn new_store(
    place: &Place,
    environment: &Environment,
    code: (&str, &EnrolmentCode),
    phone: PhoneId,
    device_name: &str,
) -> Result<(Store, Enrolment), AppError> {
    let store = Store::open(&place.folder, &place.environment)?;
    match take_code(&store, environment, code, phone, device_name) {
        Ok(enrolment) => Ok((store, enrolment)),
        Err(error) => {
            // What can't be taken away now is an empty store, which ends by itself.
            if store.end().is_ok() {
                shelf::take_away(&place.folder);
            }
            Err(error)
        }
    }
}

/// Takes a code to the council, and keeps the enrolment that it gives in a store that has none.
fn take_code(
    store: &Store,
    environment: &Environment,
    (server, code): (&str, &EnrolmentCode),
    phone: PhoneId,
    device_name: &str,
) -> Result<Enrolment, AppError> {
    let council = environment.connect.connect(server)?;
    let key = first_signing_key(store, environment)?;
    let answer = sync::enrol(environment, &*council, code, &key, phone, device_name)?;
    let now = environment.clock.now();
    let enrolment = Enrolment {
        server: server.trim().to_owned(),
        device: answer.device,
        user: answer.user,
        user_name: answer.user_name,
        display_name: answer.display_name,
        position: answer.position,
        organisation: answer.organisation,
        council_name: answer.council_name,
        council_key: data_encoding::HEXLOWER.encode(answer.council_key.as_bytes()),
        former_council_keys: Vec::new(),
        council_epoch: answer.council_epoch,
        cursor: 0,
        last_contact_ms: answer.council_time_ms,
        last_contact_device_ms: now.unix_ms,
        last_contact_running: Some((now.monotonic_ms, now.boot)),
        safeguarding_keys: answer.safeguarding_keys,
        recovery_key: None,
        revoked: false,
        second: answer.second,
    };
    store.transact::<_, AppError>(environment, |writing| {
        writing.phone(phone)?;
        writing.set_enrolment(&enrolment)?;
        writing.begin_epoch(environment, enrolment.device)?;
        Ok(())
    })?;
    store.flush_journal();
    set_mark(store)?;
    Ok(enrolment)
}

/// The key with which an enrolment will sign. It is made before the enrolment, and read back.
fn first_signing_key(store: &Store, environment: &Environment) -> Result<SigningKey, AppError> {
    let unreadable = || AppError::Store(StoreError::Unreadable("signing key"));
    if let Some(key) = store.keys().get(name::SIGNING)? {
        return as_signing_key(&key).ok_or_else(unreadable);
    }
    store.keys().set(name::SIGNING, &Secret::new(&environment.random::<32>()))?;
    let kept = store.keys().get(name::SIGNING)?;
    kept.as_ref().and_then(as_signing_key).ok_or_else(unreadable)
}
