//! Opens a store. Nothing is ever deleted or overwritten in trouble, because with an encrypted file
//! a wrong key looks just like a damaged file.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use doorstep_domain::ledger::Hash;
use rusqlite::Connection;

use super::aside::{DATABASE, FILES, KEY_CHECK};
use super::database::{self, connect, in_memory, prepare};
use super::journal::{self, Contents, Journal, flush_folder};
use super::open::{Open, Shows};
use super::recovery::{Salvaged, Session, fill, put_together, read_newer};
use super::settings::Asked;
use super::transaction::{Scope, StoreError, Writing};
use super::{aside, recovery_key, reserve};
use crate::Opening;
use crate::environment::{Environment, RealDisk};
use crate::keys::{Secret, name};

/// Says that the store was ended: its keys and files are to go.
const ENDED: &str = "doorstep.ended";

/// A database that is made beside.
const NEW_DATABASE: [&str; 3] = ["doorstep.db.new", "doorstep.db.new-wal", "doorstep.db.new-shm"];

/// Why somebody who is locked out still has a store: they are there, and the PIN is not known yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Locked {
    /// The person whose store it is has not entered the PIN.
    ForNow,
    /// Another enrolment has taken its place. It only sends.
    ForGood,
}

/// Opens the database of a folder, or makes one.
pub(super) fn open(folder: &Path, environment: &Environment) -> Result<Open, Opening> {
    fs::create_dir_all(folder).map_err(Opening::Folder)?;
    finish_ending(folder, environment)?;
    let key = database_key(folder, environment)?;
    open_with(folder, environment, &key)
}

/// Opens the database with its key, and puts it together with its journal. A damaged or lost one is
/// set aside, and a new one takes what the journal holds. On a full device, it gives up the room
/// that is kept back.
pub(super) fn open_with(folder: &Path, environment: &Environment, key: &Secret) -> Result<Open, Opening> {
    let opened = with_room(folder, environment, || open_once(folder, environment, key));
    opened.or_else(|error| without_room(folder, environment, key, error))
}

/// What the journal holds, where the device is too full to open the database, or to make one in
/// place of a damaged one. Fails with `error` otherwise.
fn without_room(folder: &Path, environment: &Environment, key: &Secret, error: Opening) -> Result<Open, Opening> {
    // Of a whole database, a damaged journal would show less than there is.
    let shows_all_that_waits = || match is_there(&folder.join(DATABASE)) {
        true => journal_key(environment).and_then(|key| journal::read(folder, &key).map_err(Opening::Folder)),
        false => Ok(Contents::default()),
    };
    match error {
        Opening::Full if journal::exists(folder) && shows_all_that_waits().is_ok_and(|read| !read.is_damaged) => {
            let shows = Shows::NoRoom(session(environment), key.clone());
            from_the_journal(folder, environment, shows, Locked::ForNow)
        }
        other => Err(other),
    }
}

/// Opens a store, and keeps room back for it. If it does not open, it may be that the device is
/// full: then it gives that room up, and opens it once more.
fn with_room(
    folder: &Path,
    environment: &Environment,
    open: impl Fn() -> Result<Open, Opening>,
) -> Result<Open, Opening> {
    let opened = match open() {
        // Some of SQLite's files can't be made on a full device, and it says no more than that.
        Err(Opening::Full | Opening::Store(_) | Opening::Folder(_)) if reserve::give_up(folder, &*environment.disk) => {
            open()
        }
        opened => opened,
    };
    let opened = opened.map_err(|error| if error.is_full() { Opening::Full } else { error });
    if opened.is_ok() {
        let _there_may_be_no_room = reserve::keep(folder, environment);
    }
    opened
}

fn open_once(folder: &Path, environment: &Environment, key: &Secret) -> Result<Open, Opening> {
    let database = folder.join(DATABASE);
    let is_lost = !is_there(&database) && was_used(folder, environment)?;
    if is_lost {
        return salvage(folder, environment, key);
    }
    match connect(&database, key).and_then(|connection| prepare(connection, &database)) {
        Err(Opening::Damaged(_)) => salvage(folder, environment, key),
        Err(Opening::Newer(_)) => newer(folder, environment, key),
        Err(Opening::Store(_)) if is_damaged(folder, key) => salvage(folder, environment, key),
        Err(other) => Err(other),
        Ok(mut connection) => {
            write_key_check(folder, key)?;
            let journal_key = journal_key(environment)?;
            let (mut contents, mut journal) = read_and_open(folder, &journal_key)?;
            // It is going to be written anew without what can't be read.
            contents.must_stay = contents.is_damaged && !aside::keep_a_copy(folder, environment);
            match put_together(&mut connection, &mut journal, &contents, environment) {
                Ok(()) => Ok(Open { connection, journal, shows: Shows::Everything(key.clone()) }),
                Err(error) if error.tells_of_damage() && is_damaged(folder, key) => {
                    drop(connection);
                    salvage(folder, environment, key)
                }
                Err(error) => Err(unread(error)),
            }
        }
    }
}

/// Whether the database of a folder is damaged, by a look at all of it through a new connection.
pub(super) fn is_damaged(folder: &Path, key: &Secret) -> bool {
    connect(&folder.join(DATABASE), key).is_ok_and(|connection| database::is_damaged(&connection))
}

fn unread(error: StoreError) -> Opening {
    match error {
        StoreError::Full => Opening::Full,
        StoreError::Sqlite(error) => Opening::Store(error),
        _ => Opening::Store(rusqlite::Error::InvalidQuery),
    }
}

fn is_there(database: &Path) -> bool {
    fs::metadata(database).is_ok_and(|file| file.len() > 0)
}

/// Whether this folder had a database that was written in.
fn was_used(folder: &Path, environment: &Environment) -> Result<bool, Opening> {
    let has_mark = environment.keys.get(name::MARK)?.is_some();
    Ok(has_mark || journal::exists(folder) || fs::exists(folder.join("doorstep.db-wal")).unwrap_or(false))
}

/// Sets the database aside, as it is, and makes a new one with the same key from what the journal
/// holds.
fn salvage(folder: &Path, environment: &Environment, key: &Secret) -> Result<Open, Opening> {
    let at_ms = environment.clock.now().unix_ms;
    let kept = match FILES.iter().any(|file| folder.join(file).exists()) {
        true => aside::set_aside_with(folder, at_ms, environment).map_err(Opening::Folder)?,
        // That was done before, and what follows did not come to its end.
        false => aside::last_set_aside(folder).unwrap_or_else(|| folder.to_owned()),
    };
    build_anew(folder, environment, key, &kept, at_ms).inspect_err(|_| {
        for file in NEW_DATABASE {
            let _it_takes_no_room = remove(&folder.join(file));
        }
    })
}

fn build_anew(
    folder: &Path,
    environment: &Environment,
    key: &Secret,
    kept: &Path,
    at_ms: i64,
) -> Result<Open, Opening> {
    let journal_key = journal_key(environment)?;
    let contents = journal::read(folder, &journal_key).map_err(Opening::Folder)?;
    let database = folder.join(DATABASE);
    // It is made beside, and gets its name when it is whole: a kill leaves none, and then this
    // begins again.
    let beside = folder.join(NEW_DATABASE[0]);
    for file in NEW_DATABASE {
        remove(&folder.join(file)).map_err(Opening::Folder)?;
    }
    let mut connection = prepare(connect(&beside, key)?, &beside)?;
    let records = fill(&mut connection, &contents, environment).map_err(unread)?;
    let transaction = connection.transaction().map_err(Opening::Store)?;
    let writing = Writing::in_transaction(&transaction, &*environment.disk, Scope::All);
    let salvaged = Salvaged { kept: kept.display().to_string(), records, at_ms };
    let noted = writing.begin_anew(environment).and_then(|()| writing.pull_anew());
    noted.and_then(|()| writing.set_salvaged(Some(&salvaged))).map_err(unread)?;
    transaction.commit().map_err(Opening::Store)?;
    in_one_file(connection)?;
    fs::File::open(&beside).and_then(|file| file.sync_all()).map_err(Opening::Folder)?;
    fs::rename(&beside, &database).and_then(|()| flush_folder(folder)).map_err(Opening::Folder)?;
    write_key_check(folder, key)?;
    let mut connection = prepare(connect(&database, key)?, &database)?;
    let mut journal = Journal::open(folder, &journal_key).map_err(Opening::Folder)?;
    put_together(
        &mut connection,
        &mut journal,
        &journal::read(folder, &journal_key).map_err(Opening::Folder)?,
        environment,
    )
    .map_err(unread)?;
    Ok(Open { connection, journal, shows: Shows::Everything(key.clone()) })
}

/// Closes a database with all of it in its one file. Where there is no room for that, closing alone
/// would leave the rest in its log, and say nothing.
fn in_one_file(connection: Connection) -> Result<(), Opening> {
    let is_left: bool = connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| {
            Ok(row.get::<_, bool>(0)? || row.get::<_, i64>(1)? != row.get::<_, i64>(2)?)
        })
        .map_err(Opening::Store)?;
    connection.close().map_err(|(_, error)| Opening::Store(error))?;
    if is_left { Err(Opening::Full) } else { Ok(()) }
}

/// As [`salvage`], for a database that is open and was found to be damaged.
pub(super) fn mend(folder: &Path, environment: &Environment, open: &mut Open) -> Result<(), Opening> {
    let Shows::Everything(key) = &open.shows else { return Ok(()) };
    let key = key.clone();
    let nothing = Connection::open_in_memory().map_err(Opening::Store)?;
    drop(std::mem::replace(&mut open.connection, nothing));
    let salvaged = with_room(folder, environment, || salvage(folder, environment, &key));
    *open = salvaged.or_else(|error| without_room(folder, environment, &key, error))?;
    Ok(())
}

/// What can be sent without the database: the journal's rows, in memory.
pub(super) fn open_outbox(folder: &Path, environment: &Environment, locked: Locked) -> Result<Open, Opening> {
    with_room(folder, environment, || outbox(folder, environment, locked))
}

fn outbox(folder: &Path, environment: &Environment, locked: Locked) -> Result<Open, Opening> {
    finish_ending(folder, environment)?;
    from_the_journal(folder, environment, Shows::Outbox(session(environment)), locked)
}

/// What the journal holds, in memory.
fn from_the_journal(folder: &Path, environment: &Environment, shows: Shows, locked: Locked) -> Result<Open, Opening> {
    let journal_key = environment.keys.get(name::JOURNAL)?;
    let journal_key = journal_key.ok_or_else(|| Opening::KeyMissing(folder.join(DATABASE).display().to_string()))?;
    let (contents, journal) = read_and_open(folder, &journal_key)?;
    let mut connection = in_memory().map_err(Opening::Store)?;
    fill(&mut connection, &contents, &in_memory_alone(environment)).map_err(unread)?;
    in_memory_with(connection, journal, shows, environment, locked)
}

/// A database that a newer app wrote: what this one knows of it is read, and nothing written to it.
/// What is said meanwhile goes to the journal, and the newer app takes it in.
fn newer(folder: &Path, environment: &Environment, key: &Secret) -> Result<Open, Opening> {
    let journal_key = journal_key(environment)?;
    let (contents, journal) = read_and_open(folder, &journal_key)?;
    let unwritten = in_memory_alone(environment);
    let mut connection = in_memory().map_err(Opening::Store)?;
    let mut file = connect(&folder.join(DATABASE), key)?;
    if read_newer(&mut file, &mut connection, &contents, &unwritten).is_err() {
        // It is too new to be read. What the journal has is sent all the same.
        connection = in_memory().map_err(Opening::Store)?;
        fill(&mut connection, &contents, &unwritten).map_err(unread)?;
    }
    in_memory_with(connection, journal, Shows::Newer(session(environment)), environment, Locked::ForNow)
}

/// What a journal holds, and the journal to add to.
fn read_and_open(folder: &Path, key: &Secret) -> Result<(Contents, Journal), Opening> {
    let contents = journal::read(folder, key).map_err(Opening::Folder)?;
    Ok((contents, Journal::open(folder, key).map_err(Opening::Folder)?))
}

/// An environment for what is never written to the disk.
fn in_memory_alone(environment: &Environment) -> Environment {
    Environment { disk: Arc::new(RealDisk), ..environment.clone() }
}

/// A name for a time in which the database is not written to.
fn session(environment: &Environment) -> Session {
    data_encoding::HEXLOWER.encode(&environment.random::<16>())
}

fn in_memory_with(
    connection: Connection,
    journal: Journal,
    shows: Shows,
    environment: &Environment,
    locked: Locked,
) -> Result<Open, Opening> {
    let mut open = Open { connection, journal, shows };
    // What a phone has receipts for is asked about when it is unlocked, or if it never is. That is
    // noted in memory alone: a full device can be locked.
    let asked = open.transact(&in_memory_alone(environment), |writing| {
        let contact_ms = writing.enrolment()?.map(|enrolment| enrolment.last_contact_ms);
        // It may have begun to ask about everything again, and have been killed before the end.
        let first_version = writing.asked()?.first_version;
        let done_ms = contact_ms.filter(|_| locked == Locked::ForNow && !first_version);
        writing.set_asked(&Asked { done_ms, first_version, ..Asked::default() })
    });
    asked.gave.map_err(unread)?;
    Ok(open)
}

/// Ends a store: destroys its keys, then its files. What is left is a folder as at a first start.
/// If this breaks off, the next start goes on with it. The database must be closed.
pub(super) fn end(folder: &Path, environment: &Environment) -> Result<(), Opening> {
    let noted = fs::File::create(folder.join(ENDED)).and_then(|file| file.sync_all());
    // After a power cut it has to be there, or the next start would miss the keys.
    noted.and_then(|()| flush_folder(folder)).map_err(Opening::Folder)?;
    finish_ending(folder, environment)
}

fn finish_ending(folder: &Path, environment: &Environment) -> Result<(), Opening> {
    let ended = folder.join(ENDED);
    if !ended.exists() {
        return Ok(());
    }
    for name in name::ALL {
        environment.keys.remove(name)?;
    }
    for file in FILES.into_iter().chain(journal::FILES).chain(recovery_key::FILES).chain(reserve::FILES) {
        remove(&folder.join(file)).map_err(Opening::Folder)?;
    }
    fs::remove_file(ended).map_err(Opening::Folder)
}

fn remove(file: &Path) -> std::io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The key of the database. A new key is made only when there is no database yet, and is read back
/// from the key store before it is used.
pub(super) fn database_key(folder: &Path, environment: &Environment) -> Result<Secret, Opening> {
    let database = folder.join(DATABASE);
    match environment.keys.get(name::DATABASE)? {
        Some(key) => {
            check_key(folder, &database, &key)?;
            Ok(key)
        }
        // A locked key store may say "no such entry". That does not mean that this is a first
        // start.
        None if is_there(&database) || journal::exists(folder) => {
            Err(Opening::KeyMissing(database.display().to_string()))
        }
        None => {
            let key = made(name::DATABASE, environment)?;
            write_key_check(folder, &key)?;
            Ok(key)
        }
    }
}

/// The key of the journal, which is made when it is first asked for.
fn journal_key(environment: &Environment) -> Result<Secret, Opening> {
    match environment.keys.get(name::JOURNAL)? {
        Some(key) => Ok(key),
        None => made(name::JOURNAL, environment),
    }
}

/// Makes a key, keeps it, and reads it back.
fn made(name: &'static str, environment: &Environment) -> Result<Secret, Opening> {
    let key = Secret::new(&environment.random::<32>());
    environment.keys.set(name, &key)?;
    match environment.keys.get(name)? {
        Some(kept) if kept == key => Ok(key),
        _ => Err(Opening::UnsafeBuild("its key store does not keep what it is given")),
    }
}

/// Whether a key fits a database. A key that is not the one that was noted is tried before it is
/// refused: the note may be what is damaged.
fn check_key(folder: &Path, database: &Path, key: &Secret) -> Result<(), Opening> {
    let noted = fs::read(folder.join(KEY_CHECK)).ok();
    if !is_there(database) || noted.as_deref() == Some(&key_check(key)) {
        return Ok(());
    }
    let connection = connect(database, key)?;
    let opens = connection.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0));
    match opens {
        Ok(_) => Ok(()),
        Err(_) => Err(Opening::WrongKey(database.display().to_string())),
    }
}

fn key_check(key: &Secret) -> Vec<u8> {
    Hash::of("doorstep-key-check-v1", &[key.expose()]).as_bytes().to_vec()
}

/// Notes which key fits, and flushes the note. Does nothing if that is noted already.
fn write_key_check(folder: &Path, key: &Secret) -> Result<(), Opening> {
    let (file, beside) = (folder.join(KEY_CHECK), folder.join("doorstep.key-check.new"));
    let check = key_check(key);
    if fs::read(&file).is_ok_and(|noted| noted == check) {
        return Ok(());
    }
    let write = || {
        let mut new = fs::File::create(&beside)?;
        new.write_all(&check)?;
        new.sync_all()?;
        fs::rename(&beside, &file)?;
        flush_folder(folder)
    };
    write().map_err(|error| {
        let _it_takes_no_room = fs::remove_file(&beside);
        Opening::Folder(error)
    })
}
