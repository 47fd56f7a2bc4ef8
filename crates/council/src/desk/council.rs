//! The council itself: making one, and moving it to another database.

use std::fs;
use std::path::Path;

use doorstep_domain::ledger::Epoch;
use doorstep_domain::{OrganisationId, StableName, UserId};
use serde::{Deserialize, Serialize};

use super::Actor;
use crate::access::password;
use crate::error::CouncilError;
use crate::machine::environment::Environment;
use crate::machine::keys::Keys;
use crate::service::{NAME, Service, begin_epoch_in};
use crate::storage::{
    AssignedRole, Audited, DatabaseAt, Holdings, Organisation, OrganisationKind, Person, Reading, Storage, move_all,
};

/// The name under which the public half of the recovery key is kept.
const RECOVERY_KEY: &str = "recovery_key";

/// Makes a council: its keys in the folder, and its first administrator in the database. If an
/// earlier call was interrupted, it uses the keys that are already there.
///
/// # Errors
/// [`CouncilError::AlreadyInitialised`] when the database already holds a council. Then nothing has
/// changed.
pub fn init(
    data: &Path,
    database: &DatabaseAt,
    name: &str,
    admin: &str,
    admin_password: &str,
    environment: Environment,
) -> Result<Service, CouncilError> {
    let hash = password::hash(admin_password, &[admin, name], &environment)?;
    fs::create_dir_all(data).map_err(|source| CouncilError::File { path: data.to_owned(), source })?;
    let storage = Storage::at(data, database)?;
    if storage.read(|reading| reading.has_meta(NAME))? {
        return Err(CouncilError::AlreadyInitialised(data.to_owned()));
    }
    Keys::make(data, &environment)?;
    let keys = Keys::read(data)?;
    storage.transact(&environment, |writing| {
        writing.set_meta(NAME, name.trim())?;
        begin_epoch_in(writing, Epoch::from_bytes(environment.random()), environment.clock.now_ms())?;
        let organisation = Organisation {
            id: OrganisationId::from_bytes(keys.stable_id("organisation", name.trim())),
            name: name.trim().to_owned(),
            kind: OrganisationKind::Council,
        };
        writing.keep_organisation(&organisation)?;
        let person = Person {
            id: UserId::from_bytes(keys.stable_id("person", admin)),
            user_name: admin.to_owned(),
            display_name: admin.to_owned(),
            organisation,
            role: AssignedRole::Administrator,
            position: "Administrator".to_owned(),
        };
        writing.keep_person(&person, "")?;
        writing.set_password_hash(person.id, &hash, None)?;
        writing.audit(environment.clock.now_ms(), admin, &Audited::CouncilMade {})
    })?;
    drop(storage);
    Service::open(data, database, environment)
}

/// Which of the council's keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::VariantArray)]
#[serde(rename_all = "snake_case")]
pub enum KeyKind {
    /// The one that signs answers, certificates, grants and receipts.
    Signing,
    /// The one to which phones seal safeguarding notes.
    Notes,
}

/// Makes another key, on the council's own machine. The service uses it once it is started again.
///
/// # Errors
/// [`Refused::NotFound`] elsewhere, or [`CouncilError::File`] when a file can't be written. Then
/// the key until now is still in use.
pub fn change_key(service: &Service, by: &Actor, key: KeyKind) -> Result<(), CouncilError> {
    by.only(&[])?;
    match key {
        KeyKind::Signing => Keys::change_signing(&service.data, &service.environment)?,
        KeyKind::Notes => Keys::change_safeguarding(&service.data)?,
    }
    let now_ms = service.now_ms();
    service.transact(|writing| writing.audit(now_ms, by.name(), &Audited::KeyChanged { key: key.name() }))
}

/// Names the public half of the recovery key, an age recipient, or none. Phones seal the key of
/// what they keep to send to it, at their next contact: what a phone holds that has lost its own
/// keys then opens with the other half. That half is on none of the council's machines.
///
/// # Errors
/// [`Refused::NotFound`] elsewhere than on the council's own machine;
/// [`CouncilError::BadRecoveryKey`].
pub fn publish_recovery_key(service: &Service, by: &Actor, key: Option<&str>) -> Result<(), CouncilError> {
    by.only(&[])?;
    let key = key.map(str::trim).unwrap_or_default();
    if !key.is_empty() && key.parse::<age::x25519::Recipient>().is_err() {
        return Err(CouncilError::BadRecoveryKey);
    }
    let now_ms = service.now_ms();
    service.transact(|writing| {
        writing.set_meta(RECOVERY_KEY, key)?;
        writing.audit(now_ms, by.name(), &Audited::KeyChanged { key: "recovery" })
    })
}

impl Reading<'_> {
    /// The public half of the recovery key, if the council has one.
    pub(crate) fn recovery_key(&self) -> Result<Option<String>, CouncilError> {
        let key = if self.has_meta(RECOVERY_KEY)? { self.meta(RECOVERY_KEY)? } else { String::new() };
        Ok(Some(key).filter(|key| !key.is_empty()))
    }
}

/// Copies everything to another, empty database, and checks that both hold the same. Returns what
/// each table holds. Stop the service first: what arrives during the move is not copied.
///
/// # Errors
/// [`CouncilError::DatabaseInUse`] or [`CouncilError::NotTheSame`]. After an error, the other
/// database is as it was.
pub fn move_storage(service: &Service, data: &Path, to: &DatabaseAt) -> Result<Holdings, CouncilError> {
    move_all(&service.storage, &Storage::at(data, to)?, &service.environment)
}

/// Says that the database was put back from an older copy, such as a snapshot of the machine:
/// phones then send again what it lacks and fetch everything anew, and everybody signs in again.
/// `restore` does this by itself.
///
/// # Errors
/// [`CouncilError`] when the database can't be written.
pub fn put_back(service: &Service, by: &Actor) -> Result<(), CouncilError> {
    let (epoch, now_ms) = (Epoch::from_bytes(service.environment.random()), service.now_ms());
    service.transact(|writing| {
        begin_epoch_in(writing, epoch, now_ms)?;
        writing.audit(now_ms, by.name(), &Audited::CouncilPutBack { device: None })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_taken_once_and_one_of_a_time_that_has_yet_to_come_bars_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().join("council");
        let database = DatabaseAt::InTheDataFolder;
        let password = "correct horse battery";
        let service = init(&at, &database, "Melton", "admin", password, Environment::real()).unwrap();
        let user = service.storage.read(|reading| reading.person_by_name("admin")).unwrap().unwrap().id;
        let takes = |step: u64| service.transact(|writing| writing.take_second_factor(user, step, 1)).unwrap();
        assert_eq!([100, 100, 99, 101, 100].map(takes), [true, false, false, true, false]);
        // The clock was three years ahead for a moment, and somebody signed in.
        assert_eq!([3_153_700, 102, 102, 103].map(takes), [true, true, false, true]);
    }
}
