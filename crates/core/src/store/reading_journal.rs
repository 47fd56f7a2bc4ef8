//! Reading the journal of a store that does not open: what it had to send, for a person to see.
//! Nothing in the folder is changed.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use age::x25519::{Identity, Recipient};
use doorstep_domain::conduct::{Event, Happened, Visit, fold};
use doorstep_domain::ledger::Hash;
use doorstep_domain::v2::SealedStore;
use doorstep_domain::{DeviceId, VisitId};
use serde::Serialize;

use super::journal::Contents;
use super::recovery::fill;
use super::recovery_key::{self, Opened};
use super::transaction::{Reading, Scope, StoreError};
use super::{database, journal, shelf};
use crate::environment::Environment;
use crate::keys::{KeyStore, KeyStoreError, Secret, name};

/// What is sealed for the leads has a multiple of this length, in bytes: more notes than a phone
/// ever had.
const NOTES: usize = 512 * 1024;

/// What opens a journal.
#[derive(Clone, Copy)]
pub enum OpenedWith<'a> {
    /// The phone's own key store.
    KeyStore(&'a dyn KeyStore),
    /// The secret half of the council's recovery key, `AGE-SECRET-KEY-1...`.
    RecoveryKey(&'a str),
}

/// Why a journal could not be read. The folder is as it was.
#[derive(Debug, thiserror::Error)]
pub enum NotSalvaged {
    /// There is no journal.
    #[error("there is no journal in that folder. Name the folder of visits, or one that was set aside.")]
    NoJournal,
    /// The text is no secret half of a recovery key.
    #[error("that is not the secret half of a recovery key: it begins with AGE-SECRET-KEY-1")]
    BadKey,
    /// The key of the journal is not in the key store.
    #[error("the key store has no key for that journal. Use the council's recovery key: --recovery-key FILE.")]
    NoKey,
    /// A PIN keeps the store, and nobody has asked for it here.
    #[error("a PIN keeps that store. Open it in the app, or use the council's recovery key: --recovery-key FILE.")]
    PinFirst,
    /// The phone never sealed the key of that journal.
    #[error("the phone has sealed that journal to no recovery key: when it last reached the council, there was none")]
    NotSealed,
    /// The recovery key does not open it.
    #[error("that is not the recovery key to which that journal is sealed, which is {0}. Nothing was changed.")]
    AnotherKey(String),
    /// The file is none that a phone sent to its council.
    #[error(
        "that is no whole file that a phone sent to its council. Take it again with `doorstep-council sealed-files --take`."
    )]
    NotSealedHere,
    /// The sealed key is damaged.
    #[error(
        "the phone's sealed key, beside the journal, is damaged, so this journal can't be opened. Keep the folder: the \
         phone's own keys open it, if they are found."
    )]
    SealDamaged,
    /// Nothing in the journal can be read.
    #[error("nothing in that journal can be read with its key: it is empty, or all of it is damaged")]
    Nothing,
    /// The key store can't be used.
    #[error(transparent)]
    Keys(#[from] KeyStoreError),
    /// The folder can't be read.
    #[error("the folder can't be read: {0}")]
    Folder(#[from] std::io::Error),
    /// What was read does not fit together.
    #[error("what the journal holds can't be put together: {0}")]
    Store(#[from] StoreError),
}

/// What a journal holds.
#[derive(Debug, Serialize)]
pub struct SalvagedJournal {
    /// Whose it is, once the device was enrolled: the enrolment, the person and the council.
    pub enrolled: Option<SalvagedEnrolment>,
    /// Whether a part of the journal could not be read.
    pub is_damaged: bool,
    /// How many records of the visits the council has not confirmed. Safeguarding notes and
    /// breaches don't count.
    pub waiting: usize,
    /// The visits, in the order of what was last recorded in them, newest first.
    pub visits: Vec<SalvagedVisit>,
    /// Breaches of the Code that were reported, and in which visit. The visitor's own firm never
    /// sees them. Clause 8.2.
    #[serde(skip)]
    pub breaches: Vec<(VisitId, Happened)>,
    /// The pictures that wait to be sent, by their SHA-256.
    #[serde(skip)]
    pub pictures: Vec<(Hash, Vec<u8>)>,
    /// What was said to the safeguarding leads alone, sealed to them. It is there, and about as
    /// long, whether anything was said or not. Clause 6.2. Where the journal has lost the leads'
    /// keys, the notes are sealed one by one alone.
    #[serde(skip)]
    pub for_the_leads: Vec<u8>,
}

/// Whose a journal is.
#[derive(Debug, Serialize)]
pub struct SalvagedEnrolment {
    /// The enrolment's id at the council.
    pub device: DeviceId,
    /// The visitor's user name.
    pub user_name: String,
    /// The visitor's name.
    pub display_name: String,
    /// The name of the council.
    pub council_name: String,
}

/// A visit that a journal holds.
#[derive(Debug, Serialize)]
pub struct SalvagedVisit {
    /// What was recorded.
    #[serde(flatten)]
    pub visit: Visit,
    /// How many of its records the council has not confirmed. Safeguarding notes and breaches don't
    /// count.
    pub waiting: usize,
}

/// Reads what the journal in a folder holds: the folder of a store, or one into which a store was
/// set aside.
///
/// # Errors
/// [`NotSalvaged`].
pub fn salvage(folder: &Path, with: OpenedWith<'_>, environment: &Environment) -> Result<SalvagedJournal, NotSalvaged> {
    if !journal::exists(folder) {
        return Err(NotSalvaged::NoJournal);
    }
    let key = match with {
        OpenedWith::KeyStore(keys) => {
            if keys.get(&shelf::name_of(folder, name::LOCKED))?.is_some() {
                return Err(NotSalvaged::PinFirst);
            }
            keys.get(&shelf::name_of(folder, name::JOURNAL))?.ok_or(NotSalvaged::NoKey)?
        }
        OpenedWith::RecoveryKey(text) => opened(recovery_key::open(folder, &identity(text)?)?)?,
    };
    put_together(&journal::read(folder, &key)?, environment)
}

/// Reads a file that a phone sent to its council because it could not open it any more, with the
/// secret half of the council's recovery key, `AGE-SECRET-KEY-1...`.
///
/// # Errors
/// [`NotSalvaged`].
pub fn salvage_sealed(file: &[u8], with: &str, environment: &Environment) -> Result<SalvagedJournal, NotSalvaged> {
    let SealedStore { sealed_key, journal, .. } = SealedStore::from_bytes(file).ok_or(NotSalvaged::NotSealedHere)?;
    let key = opened(recovery_key::open_bytes(&sealed_key.0, &identity(with)?))?;
    put_together(&journal::read_bytes(&journal.0, &key)?, environment)
}

fn identity(text: &str) -> Result<Identity, NotSalvaged> {
    // A file of a key may have lines about it.
    let key = text.lines().map(str::trim).find(|line| line.starts_with("AGE-SECRET-KEY-"));
    Identity::from_str(key.unwrap_or_default()).map_err(|_| NotSalvaged::BadKey)
}

fn opened(sealed: Opened) -> Result<Secret, NotSalvaged> {
    match sealed {
        Opened::Key(key) => Ok(key),
        Opened::NoFile => Err(NotSalvaged::NotSealed),
        Opened::ToAnother(named) => Err(NotSalvaged::AnotherKey(named)),
        Opened::Damaged => Err(NotSalvaged::SealDamaged),
    }
}

fn put_together(contents: &Contents, environment: &Environment) -> Result<SalvagedJournal, NotSalvaged> {
    if contents.batches.is_empty() {
        return Err(NotSalvaged::Nothing);
    }
    let mut connection = database::in_memory().map_err(StoreError::from)?;
    fill(&mut connection, contents, environment)?;
    let transaction = connection.transaction().map_err(StoreError::from)?;
    let reading = Reading::in_transaction(&transaction, Scope::All);
    let enrolment = reading.enrolment()?;
    let waiting = reading.waiting_records()?;
    let (mut visits, mut apart) = (Vec::new(), Vec::new());
    for visit in reading.all_visits()? {
        let mut facts = reading.facts(visit)?;
        apart.extend(facts.extract_if(.., |fact| fact.event.is_apart()).map(|fact| (visit, fact)));
        // Nor does the order tell of what is apart.
        if let Some(last) = facts.iter().map(|fact| fact.order).max() {
            let waiting = facts.iter().filter(|fact| waiting.contains(&fact.record)).count();
            visits.push((last, SalvagedVisit { visit: fold(visit, &facts), waiting }));
        }
    }
    visits.sort_by_key(|(last, _)| std::cmp::Reverse(*last));
    let visits: Vec<SalvagedVisit> = visits.into_iter().map(|(_, visit)| visit).collect();
    let (notes, breaches) = apart.into_iter().partition(|(_, fact)| matches!(fact.event, Event::ConcernSealed(_)));
    let leads = enrolment.iter().flat_map(|enrolment| &enrolment.safeguarding_keys);
    Ok(SalvagedJournal {
        for_the_leads: sealed_together(notes, leads.filter_map(|key| key.parse().ok()).collect())?,
        is_damaged: contents.is_damaged,
        waiting: visits.iter().map(|visit| visit.waiting).sum(),
        visits,
        breaches,
        pictures: reading.unsent_pictures()?,
        enrolled: enrolment.map(|enrolment| SalvagedEnrolment {
            device: enrolment.device,
            user_name: enrolment.user_name,
            display_name: enrolment.display_name,
            council_name: enrolment.council_name,
        }),
    })
}

/// The folders below this one, and itself, that have a journal of their own: each enrolment of a
/// phone has one, and so has what was set aside.
#[must_use]
pub fn journals_in(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> =
        Some(folder.to_owned()).filter(|folder| journal::exists(folder)).into_iter().collect();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            found.extend(journals_in(&entry.path()));
        }
    }
    found
}

/// Seals notes, each of which is sealed already, so that nobody else can tell how many there are.
/// Opened, it is a list of the notes in CBOR and then zeros.
fn sealed_together(notes: Vec<(VisitId, Happened)>, leads: Vec<Recipient>) -> io::Result<Vec<u8>> {
    let notes = notes.into_iter().filter_map(|(_, note)| match note.event {
        Event::ConcernSealed(note) => Some(note.sealed.into()),
        _ => None,
    });
    let mut plain = minicbor::to_vec(notes.collect::<Vec<minicbor::bytes::ByteVec>>()).map_err(io::Error::other)?;
    plain.resize(plain.len().max(1).next_multiple_of(NOTES), 0);
    if leads.is_empty() {
        return Ok(plain);
    }
    let encryptor = age::Encryptor::with_recipients(leads.iter().map(|lead| lead as &dyn age::Recipient));
    let mut sealed = Vec::new();
    let mut writer = encryptor.map_err(io::Error::other)?.wrap_output(&mut sealed)?;
    writer.write_all(&plain)?;
    writer.finish()?;
    Ok(sealed)
}
