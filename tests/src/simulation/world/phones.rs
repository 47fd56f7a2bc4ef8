//! What happens to a phone: taps, syncs, kills, clocks that jump, copies, and bits that flip on its
//! disk.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use doorstep_core::keys::{KeyStore, MemoryKeyStore};
use doorstep_core::{App, AppError, Environment, Opening, SignIn};
use doorstep_council::desk::{self, Actor};
use doorstep_domain::conduct::Signing;
use doorstep_domain::ledger::Hash;

use super::super::line::{Line, OneLine};
use super::super::model::Model;
use super::super::outside::{Chance, FaultyDisk, VirtualClock};
use super::{Phone, World, copy_folder};

/// The PIN of every phone that has one.
pub(super) const PIN: &str = "493817";

impl World {
    pub(super) fn phone(&self, user: &'static str, has_pin: bool) -> Phone {
        // In millionths: as good clocks and as broken ones are.
        let drift = [0, 20, -80, 1_000, -20_000, 50_000][self.chance.below(6)];
        let clock = Arc::new(VirtualClock::new(Arc::clone(&self.truth), drift));
        let disk = Arc::new(FaultyDisk::default());
        let keys = Arc::new(MemoryKeyStore::default());
        let line = Arc::new(Line::new(self.processes(), Arc::clone(&self.chance)));
        line.speak_version_2(self.updated_at == 0);
        let environment = Environment {
            clock: Arc::clone(&clock) as Arc<dyn doorstep_core::Clock>,
            // Its own: how many pieces a journal is written in depends on how long `age` makes a
            // sealed note, which no seed decides. It changes nothing of the world.
            randomness: Arc::new(Chance::new(self.chance.number())),
            keys: Arc::clone(&keys) as Arc<dyn KeyStore>,
            disk: Arc::clone(&disk) as Arc<dyn doorstep_core::Disk>,
            connect: Arc::new(OneLine(Arc::clone(&line))),
            sign_in: if has_pin { SignIn::WithPin } else { SignIn::ByKeyStore },
        };
        let folder = self.folder.path().join(user);
        let app = App::open(&folder, environment.clone()).expect("a new phone opens");
        let offer =
            desk::phones::offer(&self.council, &Actor::command_line(), user, None).expect("the council offers a code");
        app.enrol("sim", &offer.code, user).expect("a phone enrols");
        app.sync().expect("a phone pulls");
        let code = app.code(None).expect("the Code can be read").hash;
        app.acknowledge(&code, user, Signing::Typed(user.to_owned())).expect("the Code can be signed");
        if has_pin {
            app.set_pin(PIN).expect("a PIN can be set");
        }
        Phone {
            user,
            folder,
            app: Some(app),
            environment,
            keys,
            clock,
            disk,
            line,
            model: Model::default(),
            copy: None,
            was_put_back: false,
            open_visits: Vec::new(),
            set_aside_expected: false,
            has_pin,
            said_locked: Vec::new(),
            journal_lacks: false,
            journal_has_hole: false,
            had_a_hole: false,
            left_behind: None,
        }
    }

    pub(super) fn sync(&mut self, which: usize) {
        let trouble = self.chance.below(90);
        let locked = self.is_locked(which);
        let Some(phone) = self.phones.get_mut(which) else { return };
        let Some(app) = &phone.app else { return };
        phone.line.set_trouble(trouble);
        let synced = app.sync();
        self.trace.push(match &synced {
            Ok(report) => format!("synced: {} and {} photos wait", report.waiting, report.photos_waiting),
            Err(error) => format!("synced: {error}"),
        });
        phone.journal_lacks = phone.disk.is_filled();
        // A former enrolment of the phone may have been lied to, and not this one.
        let dishonest = phone.line.was_dishonest() && phone.left_behind.is_none();
        match synced {
            Ok(_) if dishonest => self.broken.push("an answer that is not the council's was believed".into()),
            // A former enrolment of the phone asks its council once a day. A journal that a kill
            // cut short lacks what the database has: that is sent when it is unlocked.
            Ok(_) if phone.left_behind.is_some() || locked => {}
            Ok(report) if report.waiting == 0 => {
                // The phone says that the council has everything, so check that at once.
                let mut differences = phone.model.differences(&self.council);
                if report.photos_waiting == 0 {
                    differences.extend(phone.model.missing_pictures(&self.council));
                }
                self.broken
                    .extend(differences.into_iter().map(|difference| format!("said to be received, and {difference}")));
            }
            Ok(_) | Err(AppError::NoAnswer(_)) => {}
            Err(error) if phone.disk.is_filled() && error.code() == "device-full" => {}
            // A locked phone has its journal alone, and it is mended when somebody unlocks it.
            Err(AppError::SignInFirst) if locked && phone.had_a_hole => {}
            Err(error) => self.broken.push(format!("a sync failed: {error} ({error:?})")),
        }
    }

    /// The phone dies, perhaps in the middle of a sync, and starts again.
    pub(super) fn kill(&mut self, which: usize) {
        let in_a_sync = self.chance.percent(60);
        let writes = u64::try_from(self.chance.below(12)).unwrap_or(0);
        let Some(phone) = self.phones.get_mut(which) else { return };
        if let Some(app) = phone.app.take()
            && in_a_sync
        {
            phone.line.set_trouble(0);
            phone.disk.fail_after(writes);
            let _it_dies_in_here = app.sync();
            phone.disk.mend();
        }
        phone.clock.start();
        self.reopen(which);
    }

    pub(super) fn reopen(&mut self, which: usize) {
        let Some(phone) = self.phones.get_mut(which) else { return };
        let open = || App::open(&phone.folder, phone.environment.clone());
        let opened = match open() {
            // There is no room that was kept back: its user frees some.
            Err(AppError::Opening(Opening::Full)) if phone.disk.is_filled() => {
                phone.disk.empty();
                open()
            }
            opened => opened,
        };
        match opened {
            Ok(app) => {
                phone.journal_lacks = phone.disk.is_filled();
                phone.journal_has_hole &= phone.disk.is_filled();
                if let Some(broken) = unverified(&app, &phone.model) {
                    self.broken.push(format!("after a restart the chain does not hold: {broken}"));
                }
                phone.app = Some(app);
            }
            Err(error) => self.broken.push(format!("a phone does not open: {error:?}")),
        }
    }

    /// Something else fills the phone.
    pub(super) fn fill(&mut self, which: usize) {
        if let Some(phone) = self.phones.get(which) {
            phone.disk.fill();
        }
    }

    /// Sooner or later somebody makes room on a full phone.
    pub(super) fn make_room(&mut self) {
        let full = self.phones.iter().filter(|phone| phone.disk.is_filled());
        full.filter(|_| self.chance.percent(4)).for_each(|phone| phone.disk.empty());
    }

    pub(super) fn clock_jumps(&mut self, which: usize) {
        let years = i64::try_from(self.chance.below(21)).unwrap_or(0) - 10;
        if let Some(phone) = self.phones.get(which) {
            phone.clock.set(years * 365 * 86_400_000);
            phone.clock.travel([0, 60, -600, 345, 825][self.chance.below(5)]);
        }
    }

    /// Copies the phone's files, without its key store.
    pub(super) fn copy_phone(&mut self, which: usize) {
        let Some(phone) = self.phones.get_mut(which) else { return };
        phone.app = None;
        let copy = self.folder.path().join(format!("{}-copy", phone.user));
        copy_folder(&phone.folder, &copy);
        phone.copy = Some((copy, phone.model.clone()));
        self.reopen(which);
    }

    pub(super) fn put_phone_back(&mut self, which: usize) {
        let notes: BTreeSet<String> = self.safeguarding_notes().into_iter().collect();
        let Some(phone) = self.phones.get_mut(which) else { return };
        let Some((copy, model)) = phone.copy.clone() else { return };
        phone.app = None;
        phone.said_locked.clear();
        copy_folder(&copy, &phone.folder);
        phone.model.put_back(&model, &self.council, &notes);
        phone.was_put_back = true;
        self.reopen(which);
        let Some(phone) = self.phones.get_mut(which) else { return };
        if let Some(app) = &phone.app {
            phone.open_visits = app
                .visits()
                .unwrap_or_default()
                .into_iter()
                .filter(|visit| visit.outcome.is_none())
                .map(|visit| visit.visit)
                .collect();
        }
        // What only the phone had is lost. The phone can be put back from the same copy again.
        phone.copy = Some((copy, model));
    }

    /// Flips a bit of one record and of one picture that wait to be sent, on the phone's disk.
    pub(super) fn rot(&mut self, which: usize) {
        let Some(phone) = self.phones.get_mut(which) else { return };
        // A sealed key opens nothing here, and what a former enrolment left is in its journal.
        if phone.copy.is_some() || !phone.model.rotten.is_empty() || phone.has_pin || phone.left_behind.is_some() {
            return;
        }
        phone.app = None;
        let rotten = rot_one_record(&phone.folder, &phone.keys);
        if let Some(record) = rotten.filter(|record| phone.model.saved.contains_key(record)) {
            phone.model.rotten.insert(record);
            phone.set_aside_expected = true;
        }
        if let Some(picture) = rot_one_picture(&phone.folder, &phone.keys) {
            phone.model.rotten_pictures.insert(picture);
        }
        self.reopen(which);
    }
}

/// Why the chain of a phone does not hold, if it does not.
pub(super) fn unverified(app: &App, model: &Model) -> Option<String> {
    let verified = match app.verify() {
        // A damaged page that nothing has read yet is mended when it is met, and that is said.
        Err(AppError::Store(_)) => app.verify(),
        verified => verified,
    };
    match verified {
        Ok(Ok(_)) | Err(AppError::SignInFirst) => None,
        // Not all of it is open: there is no room.
        Err(error) if error.code() == "device-full" && is_full(app) => None,
        Ok(Err(_)) if !model.rotten.is_empty() => None,
        other => Some(format!("{other:?}")),
    }
}

pub(super) fn is_full(app: &App) -> bool {
    app.status().is_ok_and(|status| status.is_full)
}

fn opened(folder: &Path, keys: &MemoryKeyStore) -> Option<rusqlite::Connection> {
    let key = keys.get("database-key").ok().flatten()?;
    let database = rusqlite::Connection::open(folder.join("doorstep.db")).ok()?;
    let hex: String = key.expose().iter().map(|byte| format!("{byte:02x}")).collect();
    database.pragma_update(None, "key", format!("x'{hex}'")).ok()?;
    Some(database)
}

/// Flips a bit in the image data of one waiting picture, so that the file is still a picture, but
/// another one.
fn rot_one_picture(folder: &Path, keys: &MemoryKeyStore) -> Option<Hash> {
    let database = opened(folder, keys)?;
    let (sha256, mut file): ([u8; 32], Vec<u8>) = database
        .query_row("SELECT sha256, file FROM photo JOIN photo_file USING (photo_id) WHERE state = 'waiting' AND held = 0 LIMIT 1", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .ok()?;
    let scan = file.windows(2).position(|pair| pair == [0xFF, 0xDA])?;
    let at = (scan + 40..file.len() - 2).find(|&at| file[at - 1] != 0xFF && !matches!(file[at], 0xFF | 0xFE | 0))?;
    file[at] ^= 1;
    let photo = "(SELECT photo_id FROM photo WHERE sha256 = ?2)";
    database.execute(&format!("UPDATE photo_file SET file = ?1 WHERE photo_id IN {photo}"), (file, sha256)).ok()?;
    Some(Hash::from_bytes(sha256))
}

/// Flips a bit in the body of one waiting record and encrypts it again, as if the memory was faulty
/// before encryption.
fn rot_one_record(folder: &Path, keys: &MemoryKeyStore) -> Option<doorstep_domain::RecordId> {
    let database = opened(folder, keys)?;
    let (local_id, record, mut body): (i64, [u8; 16], Vec<u8>) = database
        .query_row(
            "SELECT local_id, record_id, body FROM record WHERE state = 'waiting' AND sequence > 1 AND urgent = 0
             AND record_id NOT IN (SELECT record_id FROM record GROUP BY visit_id HAVING local_id = min(local_id))
             ORDER BY local_id LIMIT 1",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .ok()?;
    *body.last_mut()? ^= 1;
    database.execute("UPDATE record SET body = ?1 WHERE local_id = ?2", (body, local_id)).ok()?;
    Some(doorstep_domain::RecordId::from_bytes(record))
}
