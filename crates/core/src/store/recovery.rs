//! Puts a database and its journal together: after a kill, after somebody wrote while the database
//! was locked, when the database is older than its journal, and when there is no database any more.

use std::collections::BTreeSet;

use doorstep_domain::VisitId;
use doorstep_domain::conduct::fold;
use doorstep_domain::ledger::Epoch;
use rusqlite::{Connection, TransactionBehavior};
use serde::{Deserialize, Serialize};

use super::database::copy_known;
use super::images::{Batch, Image, to_keep, touched};
use super::journal::{Contents, Journal};
use super::settings::{Asked, Enrolment};
use super::transaction::{Reading, Scope, StoreError, Writing};
use crate::environment::Environment;

/// How long a record stays in the journal after the council received it, by the council's clock, in
/// milliseconds.
const KEPT_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// With more transactions than this, the journal is written anew when the store is opened.
const MANY: usize = 2_000;

/// With more bytes than this, too.
const LONG: u64 = 32 * 1024 * 1024;

/// How many times of being locked a database remembers as put together.
const REMEMBERED: usize = 16;

const TOGETHER: &str = "put_together";
const BEGAN: &str = "began_when_filled";
const BEGAN_EPOCH: &str = "epoch_when_filled";
const ASK_ANEW: &str = "ask_anew";
const SALVAGED: &str = "salvaged";

/// One time of being locked: a random number, in hexadecimal.
pub(super) type Session = String;

/// What was done about a file of visits that did not open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Salvaged {
    /// Where the damaged file is now.
    pub(crate) kept: String,
    /// How many records came back from the journal.
    pub(crate) records: u64,
    /// When, by the device's clock, in milliseconds since 1970, UTC.
    pub(crate) at_ms: i64,
}

/// Brings a database up to date with its journal, and the journal with the database.
pub(super) fn put_together(
    connection: &mut Connection,
    journal: &mut Journal,
    contents: &Contents,
    environment: &Environment,
) -> Result<(), StoreError> {
    let disk = &*environment.disk;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let writing = Writing::in_transaction(&transaction, disk, Scope::All);
    let written = writing.written()?;
    let new = writing.beyond(contents)?;
    let is_older = new.iter().any(|batch| batch.session.is_none());
    let (epoch, known_up_to) = (writing.epoch_now()?, writing.last_local_id()?);
    if !new.is_empty() {
        writing.take(&new)?;
    }
    // A database that is behind its journal was put back from a copy, or lost its end: numbers that
    // come next may have been used, and appointments that came since are not in the journal.
    if is_older {
        // Where the database had lost nearly all, chains that the council has had for long are in
        // neither.
        writing.set(BEGAN, &writing.last_began()?)?;
        writing.begin_anew(environment)?;
        writing.pull_anew()?;
    } else if !new.is_empty() {
        writing.leave_older_epochs(environment, epoch, known_up_to)?;
    }
    let last = contents.batches.iter().filter(|batch| batch.session.is_none()).map(|batch| batch.number).max();
    let number = written.max(last.unwrap_or(0));
    if !new.is_empty() {
        writing.set_written(number + 1)?;
    }
    let is_behind = last.is_none_or(|last| last < written);
    let is_long = contents.batches.len() > MANY || contents.bytes > LONG;
    let is_amiss = is_behind || is_long || contents.is_damaged || !new.is_empty();
    let rows = match is_amiss && !contents.must_stay {
        true => Some(to_keep(&transaction, writing.kept_since()?)?),
        false => None,
    };
    touched(&transaction)?;
    if !new.is_empty() {
        disk.before_write()?;
    }
    transaction.commit()?;
    if let Some(rows) = rows {
        // On a full disk the old one stays, and what is missing in it is found the next time.
        let _the_next_time = journal.write_anew(environment, number + 1, rows);
    }
    Ok(())
}

/// Fills an empty database in memory with what this app knows of a newer one's, and with what the
/// journal has beyond that. The journal stays as it is.
pub(super) fn read_newer(
    from: &mut Connection,
    into: &mut Connection,
    contents: &Contents,
    environment: &Environment,
) -> Result<(), StoreError> {
    let from = from.transaction()?;
    let transaction = into.transaction_with_behavior(TransactionBehavior::Immediate)?;
    copy_known(&from, &transaction)?;
    let writing = Writing::in_transaction(&transaction, &*environment.disk, Scope::All);
    let new = writing.beyond(contents)?;
    if !new.is_empty() {
        writing.take(&new)?;
    }
    writing.set(BEGAN, &writing.last_began()?)?;
    writing.set(BEGAN_EPOCH, &writing.epoch_now()?)?;
    touched(&transaction)?;
    Ok(transaction.commit()?)
}

/// Writes the journal anew from a whole database, and gives whether it did: on a full disk the old
/// one stays.
pub(super) fn write_anew(
    connection: &mut Connection,
    journal: &mut Journal,
    environment: &Environment,
) -> Result<bool, StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let writing = Writing::in_transaction(&transaction, &*environment.disk, Scope::All);
    let (number, rows) = (writing.written()?, to_keep(&transaction, writing.kept_since()?)?);
    drop(transaction);
    Ok(journal.write_anew(environment, number, rows).is_ok())
}

/// Fills an empty database with what a journal holds. Gives how many records came back.
pub(super) fn fill(
    connection: &mut Connection,
    contents: &Contents,
    environment: &Environment,
) -> Result<u64, StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let writing = Writing::in_transaction(&transaction, &*environment.disk, Scope::All);
    let batches: Vec<&Batch> = contents.batches.iter().collect();
    writing.take(&batches)?;
    let last = contents.batches.iter().map(|batch| batch.number).max();
    writing.set_written(last.unwrap_or(0) + 1)?;
    // The part of the journal that said where the chain of version 1 ends may be lost.
    if let (Some(enrolment), None) = (writing.enrolment()?, writing.epoch_now()?) {
        writing.start_epoch(environment, enrolment.device)?;
    }
    writing.set(BEGAN, &writing.last_began()?)?;
    writing.set(BEGAN_EPOCH, &writing.epoch_now()?)?;
    let records = writing.counts()?.records;
    touched(&transaction)?;
    transaction.commit()?;
    Ok(records)
}

impl Reading<'_> {
    /// The number of the last transaction with something for the journal.
    fn written(&self) -> Result<u64, StoreError> {
        Ok(self.one("SELECT number FROM written", [], |row| row.get("number"))?.unwrap_or(0))
    }

    /// What was done about a file of visits that did not open, until somebody has read it.
    pub(crate) fn salvaged(&self) -> Result<Option<Salvaged>, StoreError> {
        Ok(self.setting::<Option<Salvaged>>(SALVAGED)?.flatten())
    }

    /// The times of being locked that this database has taken in.
    fn sessions(&self) -> Result<Vec<Session>, StoreError> {
        Ok(self.setting(TOGETHER)?.unwrap_or_default())
    }

    /// What a journal has that this database does not.
    fn beyond<'c>(&self, contents: &'c Contents) -> Result<Vec<&'c Batch>, StoreError> {
        let (written, known) = (self.written()?, self.sessions()?);
        let is_new = |batch: &&Batch| match &batch.session {
            Some(session) => !known.contains(session),
            None => batch.number > written,
        };
        Ok(contents.batches.iter().filter(is_new).collect())
    }

    /// Whether records can be added to a chain. While the database is locked, that is one that was
    /// begun since: the database may have more in an older one.
    pub(super) fn may_add_to(&self, began: u64) -> Result<bool, StoreError> {
        Ok(self.shows_all() || began > self.setting(BEGAN)?.unwrap_or(0))
    }

    /// Whether records of version 1 can be added to the epoch that is being written, as
    /// [`Self::may_add_to`] says of chains.
    pub(super) fn may_add_to_epoch(&self) -> Result<bool, StoreError> {
        Ok(self.shows_all() || self.setting::<Option<Epoch>>(BEGAN_EPOCH)?.flatten() != self.epoch_now()?)
    }

    fn epoch_now(&self) -> Result<Option<Epoch>, StoreError> {
        self.one("SELECT epoch FROM chain", [], |row| Ok(Epoch::from_bytes(row.get("epoch")?)))
    }

    /// Whether this store, or what it had lost, came from a journal.
    pub(crate) fn came_back(&self) -> Result<bool, StoreError> {
        Ok(self.setting::<u64>(BEGAN)?.is_some())
    }

    fn kept_since(&self) -> Result<i64, StoreError> {
        let contact_ms = self.enrolment()?.map_or(0, |enrolment| enrolment.last_contact_ms);
        Ok(contact_ms.saturating_sub(KEPT_MS))
    }
}

impl Writing<'_> {
    /// Counts a transaction that has something for the journal, and gives its number.
    pub(super) fn count_written(&self) -> Result<u64, StoreError> {
        self.reading
            .one("UPDATE written SET number = number + 1 RETURNING number", [], |row| row.get("number"))?
            .ok_or(StoreError::Unreadable("written"))
    }

    fn set_written(&self, number: u64) -> Result<(), StoreError> {
        self.write("UPDATE written SET number = max(number, ?1)", [number])?;
        Ok(())
    }

    pub(crate) fn set_salvaged(&self, salvaged: Option<&Salvaged>) -> Result<(), StoreError> {
        self.set(SALVAGED, &salvaged)
    }

    /// Puts the rows of these batches back, and the rows of lists that follow from them.
    fn take(&self, batches: &[&Batch]) -> Result<(), StoreError> {
        // A record may come before its receipt.
        self.reading.transaction.execute_batch("PRAGMA defer_foreign_keys = ON")?;
        let first = self.last_local_id()?;
        let mut sessions = self.sessions()?;
        let before = self.enrolment()?;
        for batch in batches {
            for image in &batch.rows {
                self.put_back(image)?;
            }
            sessions.extend(batch.session.clone().filter(|session| !sessions.contains(session)));
        }
        let forgotten = sessions.len().saturating_sub(REMEMBERED);
        self.set(TOGETHER, &sessions.split_off(forgotten))?;
        let rows = batches.iter().flat_map(|batch| &batch.rows);
        let named: BTreeSet<i64> = rows.filter_map(Image::receipt_of_a_record).collect();
        named.into_iter().try_for_each(|receipt| self.send_without_receipt(receipt))?;
        self.keep_cursor(before)?;
        self.forget_again()?;
        for visit in self.visits_written_since(first)? {
            self.save_visit(&fold(visit, &self.facts(visit)?))?;
        }
        // While the database was locked, the council was found to be put back from a copy. It is
        // asked about everything again.
        if self.setting(ASK_ANEW)?.unwrap_or(false) {
            self.offer_photos_again()?;
            self.set_asked(&Asked { first_version: true, ..Asked::default() })?;
            self.set(ASK_ANEW, &false)?;
        }
        Ok(())
    }

    /// Sends again whatever a receipt was for, if that was lost with a part of the journal: the
    /// council gives another one. What the device has forgotten it can't send, and has no need to.
    fn send_without_receipt(&self, receipt: i64) -> Result<(), StoreError> {
        if self.one("SELECT 1 FROM receipt WHERE receipt_id = ?1", [receipt], |_| Ok(()))?.is_none() {
            self.write(
                "UPDATE record SET receipt_id = NULL, reason = NULL,
                     state = iif(state = 'reissued' OR forgotten = 1, 'reissued', 'waiting')
                 WHERE receipt_id = ?1",
                [receipt],
            )?;
        }
        Ok(())
    }

    /// Whoever wrote while the database was locked took no appointments, and knew how far it had
    /// come only as well as the journal did. They may have found that it has to begin anew.
    fn keep_cursor(&self, before: Option<Enrolment>) -> Result<(), StoreError> {
        let (Some(before), Some(now)) = (before, self.enrolment()?) else { return Ok(()) };
        if now.device == before.device && now.cursor > 0 && now.cursor != before.cursor {
            self.set_enrolment(&Enrolment { cursor: before.cursor, ..now })?;
        }
        Ok(())
    }

    /// Goes on in new chains, because the numbers that come next may have been used.
    pub(crate) fn begin_anew(&self, environment: &Environment) -> Result<(), StoreError> {
        let Some(enrolment) = self.enrolment()? else { return Ok(()) };
        self.begin_epoch(environment, enrolment.device)?;
        self.begin_seals(environment, enrolment.device)?;
        self.close_chains()
    }

    /// Asks the council for everything that it gives, and about everything that it holds.
    pub(super) fn pull_anew(&self) -> Result<(), StoreError> {
        let Some(enrolment) = self.enrolment()? else { return Ok(()) };
        self.set_enrolment(&Enrolment { cursor: 0, ..enrolment })?;
        self.set_asked(&Asked { first_version: true, ..Asked::default() })
    }

    /// Notes that the council is to be asked about everything that it holds. While the database is
    /// locked, it is asked about what the journal has, and about the rest when it is open again.
    pub(crate) fn ask_anew(&self) -> Result<(), StoreError> {
        if !self.shows_all() {
            self.set(ASK_ANEW, &true)?;
        }
        self.set_asked(&Asked { first_version: true, ..Asked::default() })
    }

    fn last_local_id(&self) -> Result<i64, StoreError> {
        Ok(self.one("SELECT coalesce(max(local_id), 0) AS last FROM record", [], |row| row.get("last"))?.unwrap_or(0))
    }

    fn visits_written_since(&self, local_id: i64) -> Result<BTreeSet<VisitId>, StoreError> {
        let visits = self.many(
            "SELECT DISTINCT visit_id FROM record WHERE local_id > ?1 AND state <> 'reissued'",
            [local_id],
            |row| Ok(VisitId::from_bytes(row.get("visit_id")?)),
        )?;
        Ok(visits.into_iter().collect())
    }
}
