//! What an administrator does at the council: making it, letting people in, handing out enrolment codes.

use std::fs;
use std::path::Path;

use argon2::{Argon2, PasswordHasher};
use chrono::{DateTime, Utc};
use doorstep_domain::StableName;
use doorstep_domain::conduct::{CodeSection, DatedNumber, PublishedCode, Visit};
use doorstep_domain::ledger::{Epoch, Hash};
use doorstep_domain::protocol::{EnrolmentCode, Limits};
use doorstep_domain::{DeviceId, OrganisationId, UserId};
use serde::Serialize;

use crate::access::seats::Opens;
use crate::error::CouncilError;
use crate::machine::environment::Environment;
use crate::machine::keys::Keys;
use crate::machine::times;
use crate::service::Service;
use crate::service::{EPOCH, NAME};
use crate::storage::DatabaseAt;
use crate::storage::photo_store::PhotosAt;
use crate::storage::{Holdings, NOTES, Organisation, Person, Role, Storage, move_all};

/// Characters in a password, at least.
const SHORTEST_PASSWORD: usize = 12;

/// Safeguarding notes that are held in memory at once.
const NOTES_AT_ONCE: usize = 50;

/// A code that enrols one phone, once, soon.
#[derive(Debug, Clone, Serialize)]
pub struct EnrolmentOffer {
    /// The code to type.
    pub code: String,
    /// Whose phone it will be.
    pub user: String,
    /// When it stops working.
    pub expires_at: DateTime<Utc>,
    /// What a QR image of it says, for the phone's camera.
    pub qr: String,
}

/// What is held of one device, for checking against what the device has.
#[derive(Debug, Clone)]
pub struct HeldRecord {
    /// The record's number.
    pub sequence: u64,
    /// The envelope, verbatim.
    pub envelope: Vec<u8>,
    /// The body, if it has not been erased.
    pub body: Option<Vec<u8>>,
}

/// The desk at which an administrator sits: the service, and what only the machine's owner may do with it.
#[derive(Debug, Clone)]
pub struct Office {
    pub(crate) service: Service,
}

impl Office {
    /// Makes a council: its keys in the folder, its first administrator in the database. Where it was broken off, it goes on
    /// with the keys that are there.
    ///
    /// # Errors
    /// [`CouncilError::AlreadyInitialised`] when the database holds one; nothing has changed then.
    pub fn init(
        data: &Path,
        database: &DatabaseAt,
        name: &str,
        admin: &str,
        password: &str,
        environment: Environment,
    ) -> Result<Self, CouncilError> {
        let hash = hash_password(password, &environment)?;
        fs::create_dir_all(data).map_err(|source| CouncilError::File { path: data.to_owned(), source })?;
        let storage = Storage::at(data, database)?;
        if storage.read(|reading| reading.has_meta(NAME))? {
            return Err(CouncilError::AlreadyInitialised(data.to_owned()));
        }
        if !Keys::are_in(data) {
            Keys::make(data, &environment)?;
        }
        storage.transact(&environment, |writing| {
            writing.set_meta(NAME, name.trim())?;
            writing.set_meta(EPOCH, &Epoch::from_bytes(environment.random()).to_string())?;
            let organisation = Organisation {
                id: OrganisationId::from_parts(environment.unix_ms(), &environment.random()),
                name: name.trim().to_owned(),
                kind: "council".to_owned(),
            };
            writing.keep_organisation(organisation.id, &organisation.name, &organisation.kind)?;
            let person = Person {
                id: UserId::from_parts(environment.unix_ms(), &environment.random()),
                user_name: admin.to_owned(),
                display_name: admin.to_owned(),
                organisation,
                role: Role::Administrator,
                position: "Administrator".to_owned(),
            };
            writing.keep_person(&person, "")?;
            writing.set_password_hash(person.id, &hash)?;
            writing.audit(environment.clock.now_ms(), admin, "council_made", &serde_json::json!({}))
        })?;
        drop(storage);
        Self::open(data, database, environment)
    }

    /// Opens a data folder that `init` has made, and the database that goes with it.
    ///
    /// # Errors
    /// As [`Service::open`].
    pub fn open(data: &Path, database: &DatabaseAt, environment: Environment) -> Result<Self, CouncilError> {
        Ok(Self { service: Service::open(data, database, environment)? })
    }

    /// Keeps photos elsewhere than in the data folder.
    ///
    /// # Errors
    /// As [`Service::with_photos`].
    pub fn with_photos(self, photos: &PhotosAt) -> Result<Self, CouncilError> {
        Ok(Self { service: self.service.with_photos(photos)? })
    }

    /// The service of this council.
    #[must_use]
    pub fn service(&self) -> Service {
        self.service.clone()
    }

    /// Sets the password of somebody who uses the console, and ends their sessions.
    ///
    /// # Errors
    /// [`CouncilError::NoSuchUser`], [`CouncilError::WeakPassword`].
    pub fn set_password(&self, user_name: &str, password: &str) -> Result<(), CouncilError> {
        self.service.set_password(user_name, password, "command line")
    }

    /// Makes a code that enrols one phone for a person, once, within 10 minutes.
    ///
    /// # Errors
    /// [`CouncilError::NoSuchUser`].
    pub fn offer_enrolment(&self, user_name: &str, server: Option<&str>) -> Result<EnrolmentOffer, CouncilError> {
        self.service.offer_enrolment(user_name, server, "command line")
    }

    /// Makes a token by which another system of the council's signs its requests, in place of an earlier one of that name. It
    /// is shown once, and kept nowhere.
    ///
    /// # Errors
    /// [`CouncilError`] when it can't be kept.
    pub fn make_api_token(&self, name: &str, opens: &[Opens]) -> Result<String, CouncilError> {
        let may = opens.iter().map(|opens| opens.name()).collect::<Vec<_>>().join(" ");
        let environment = &self.service.environment;
        let token = data_encoding::HEXLOWER.encode(&environment.random::<32>());
        let now_ms = environment.clock.now_ms();
        self.service.storage.transact(environment, |writing| {
            writing.keep_api_token(&crate::access::token::token_hash(&token), name, &may, now_ms)?;
            writing.audit(now_ms, "command line", "api_token_made", &serde_json::json!({ "name": name, "may": may }))
        })?;
        Ok(token)
    }

    /// Moves everything to another database, which is empty, and proves that both hold the same: what each table holds. Stop the
    /// service first: what comes in meanwhile stays behind.
    ///
    /// # Errors
    /// [`CouncilError::DatabaseInUse`], [`CouncilError::NotTheSame`]; the other database is as it was then.
    pub fn move_storage(&self, data: &Path, to: &DatabaseAt) -> Result<Holdings, CouncilError> {
        move_all(&self.service.storage, &Storage::at(data, to)?, &self.service.environment)
    }

    /// The day in England.
    #[must_use]
    pub fn today(&self) -> chrono::NaiveDate {
        times::day(self.service.environment.clock.now_ms())
    }

    /// Publishes a version of the Code: phones pull it, and from its first day on nobody starts a visit before they have
    /// signed it, but in an emergency. Clause 9.
    ///
    /// # Errors
    /// [`CouncilError::NotACode`] when no clause can be found in the text.
    pub fn publish_code(&self, code: &PublishedCode, by: &str) -> Result<Vec<CodeSection>, CouncilError> {
        self.service.publish_code(code, by)
    }

    /// Enters a number that the council owns, from a day that has not begun: phones pull it at their next contact.
    ///
    /// # Errors
    /// [`CouncilError::BadNumber`] says what is wrong with it; nothing has changed then.
    pub fn enter_number(&self, number: &DatedNumber) -> Result<(), CouncilError> {
        self.service.enter_number(number, "command line")
    }

    /// Everything that is held of one device, kept or set aside.
    ///
    /// # Errors
    /// [`CouncilError`] when the database can't be read.
    pub fn held_of(&self, device: DeviceId) -> Result<Vec<HeldRecord>, CouncilError> {
        let held = self.service.storage.read(|reading| reading.held_of(device))?;
        Ok(held
            .into_iter()
            .map(|held| HeldRecord { sequence: held.sequence, envelope: held.envelope, body: held.body })
            .collect())
    }

    /// How many records are kept, and how many set aside.
    ///
    /// # Errors
    /// [`CouncilError`] when the database can't be read.
    pub fn record_counts(&self) -> Result<(u64, u64), CouncilError> {
        self.service.storage.read(|reading| reading.record_counts())
    }

    /// A visit as it folds at the council.
    ///
    /// # Errors
    /// [`CouncilError`] when the database can't be read.
    pub fn visit(&self, visit: doorstep_domain::VisitId) -> Result<Option<Visit>, CouncilError> {
        Ok(self.service.storage.read(|reading| reading.visit(visit, None))?.map(|row| row.visit))
    }

    /// A photo's picture, once all of it is here.
    ///
    /// # Errors
    /// [`CouncilError`] when the database or the file can't be read.
    pub fn photo(&self, sha256: Hash) -> Result<Option<Vec<u8>>, CouncilError> {
        match self.service.storage.read(|reading| reading.blob(sha256))? {
            Some(blob) if blob.complete => self.service.album.read(sha256),
            _ => Ok(None),
        }
    }

    /// The safeguarding notes that are held, opened, for the tests of who may read them: newest first.
    ///
    /// # Errors
    /// [`CouncilError`] when the database can't be read.
    pub fn safeguarding_notes(&self) -> Result<Vec<String>, CouncilError> {
        self.service.storage.read(|reading| {
            let mut notes = Vec::new();
            let mut after = None;
            loop {
                let order = NOTES.order(None, "-received", after.as_deref())?;
                let page = reading.sealed_concerns(&order, NOTES_AT_ONCE)?;
                for row in page.rows {
                    let sealed = reading.sealed_note(row.sealed.record)?;
                    notes.extend(
                        sealed.and_then(|note| self.service.keys.open_note(&note.sealed)).map(|note| note.to_string()),
                    );
                }
                match page.next {
                    Some(next) => after = Some(next),
                    None => return Ok(notes),
                }
            }
        })
    }
}

impl Service {
    /// Sets a password, and ends the sessions of whose it is.
    pub(crate) fn set_password(&self, user_name: &str, password: &str, by: &str) -> Result<(), CouncilError> {
        let environment = &self.environment;
        let hash = hash_password(password, environment)?;
        self.storage.transact(environment, |writing| {
            let person =
                writing.person_by_name(user_name)?.ok_or_else(|| CouncilError::NoSuchUser(user_name.to_owned()))?;
            writing.set_password_hash(person.id, &hash)?;
            writing.audit(environment.clock.now_ms(), by, "password_set", &serde_json::json!({ "of": user_name }))
        })
    }

    /// Makes a code that enrols one phone for a person, once, within 10 minutes.
    ///
    /// # Errors
    /// [`CouncilError::NoSuchUser`].
    pub(crate) fn offer_enrolment(
        &self,
        user_name: &str,
        server: Option<&str>,
        by: &str,
    ) -> Result<EnrolmentOffer, CouncilError> {
        let environment = &self.environment;
        let now_ms = environment.clock.now_ms();
        let expires_ms = now_ms + Limits::CODE_SECONDS * 1000;
        let code = EnrolmentCode::new(environment.random(), &self.public_key());
        self.storage.transact(environment, |writing| {
            let person =
                writing.person_by_name(user_name)?.ok_or_else(|| CouncilError::NoSuchUser(user_name.to_owned()))?;
            writing.keep_code(code.hash(), person.id, expires_ms)?;
            writing.audit(now_ms, by, "enrolment_offered", &serde_json::json!({ "for": user_name }))
        })?;
        let server = server.map(|server| format!("&server={server}")).unwrap_or_default();
        Ok(EnrolmentOffer {
            qr: format!("doorstep:enrol?code={code}{server}"),
            code: code.to_string(),
            user: user_name.to_owned(),
            expires_at: times::from_ms(expires_ms),
        })
    }
}

fn hash_password(password: &str, environment: &Environment) -> Result<String, CouncilError> {
    let password = password.trim_end_matches(['\r', '\n']);
    if password.chars().count() < SHORTEST_PASSWORD {
        return Err(CouncilError::WeakPassword);
    }
    let salt: [u8; 16] = environment.random();
    let hash = Argon2::default().hash_password_with_salt(password.as_bytes(), &salt);
    Ok(hash.map_err(|_| CouncilError::WeakPassword)?.to_string())
}
