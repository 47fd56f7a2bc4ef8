//! What a phone goes through besides: it is locked and unlocked, its power is cut and its files are
//! damaged, and it is enrolled again.

use std::fs;
use std::path::Path;

use chrono::DateTime;
use doorstep_core::{AppError, SaidLocked};
use doorstep_council::desk::set_aside::{self, AsideDecide, AsideDeed};
use doorstep_council::desk::{self, Actor};
use doorstep_domain::DeviceId;
use doorstep_domain::conduct::{About, Concern, Hazard, Severity};

use super::phones::{PIN, unverified};
use super::{BOUND, World, copy_folder};

impl World {
    pub(super) fn is_locked(&self, which: usize) -> bool {
        let app = self.phones.get(which).and_then(|phone| phone.app.as_ref());
        app.is_some_and(|app| app.status().is_ok_and(|status| !status.signed_in))
    }

    pub(super) fn lock(&mut self, which: usize) {
        let Some(phone) = self.phones.get_mut(which) else { return };
        let Some(app) = &phone.app else { return };
        if let Err(error) = app.lock() {
            self.broken.push(format!("a phone can't be locked: {error}"));
        }
    }

    /// Enters the PIN. What was said meanwhile must be there.
    pub(super) fn unlock(&mut self, which: usize) {
        if !self.is_locked(which) {
            return;
        }
        let Some(phone) = self.phones.get_mut(which) else { return };
        let Some(app) = &phone.app else { return };
        let mut opened = app.sign_in(PIN);
        if opened.is_err() && phone.disk.is_filled() {
            phone.disk.empty();
            opened = app.sign_in(PIN);
        }
        if let Err(error) = opened {
            self.broken.push(format!("a phone can't be unlocked: {error}"));
            return;
        }
        for visit in std::mem::take(&mut phone.said_locked) {
            match app.visit(visit) {
                Ok(view) if view.visit.ending.is_some() => phone.model.saved(&view),
                Ok(_) => self.broken.push("somebody left while the phone was locked, and it forgot".into()),
                // It has not reached the council for days.
                Err(AppError::ContactFirst) => {}
                Err(error) => self.broken.push(format!("what was said while it was locked is gone: {error}")),
            }
        }
        if let Some(broken) = unverified(app, &phone.model) {
            self.broken.push(format!("after an unlocking the chain does not hold: {broken}"));
        }
    }

    /// Says something on a locked phone, on a disk that may fail in the middle of it.
    pub(super) fn say_locked(&mut self, which: usize, note: &str) {
        let failing = self.chance.percent(10);
        let (writes, choice) = (u64::try_from(self.chance.below(6)).unwrap_or(0), self.chance.below(3));
        let journal_fails = self.chance.percent(5);
        let Some(phone) = self.phones.get_mut(which) else { return };
        let Some(app) = &phone.app else { return };
        let status = app.status().ok();
        let under_way = status.as_ref().and_then(|status| status.under_way);
        let may_be_full = phone.disk.is_filled() && status.is_some_and(|status| status.is_full);
        if failing {
            phone.disk.fail_after(writes);
        }
        if journal_fails {
            phone.disk.fail_the_journal();
        }
        let about = About::UnsafeCondition { hazard: Hazard::Gas, severity: Severity::Emergency };
        let concern = Concern { about, words: "a smell".into(), noticed_at: DateTime::UNIX_EPOCH };
        let said = match choice {
            0 => app.flag_safeguarding_locked(note),
            1 => app.raise_concern_locked(concern),
            _ => app.say_locked(SaidLocked::LeaveNow),
        };
        let failed = failing && !phone.disk.mend();
        phone.disk.mend_the_journal();
        match said {
            Ok(_) if failed => self.broken.push("what was said was called saved on a disk that failed".into()),
            Ok(_) if choice == 0 => drop(phone.model.notes.insert(note.to_owned())),
            Ok(_) if choice == 2 => {
                phone.said_locked.extend(under_way);
                phone.model.unread.extend(under_way);
                phone.open_visits.retain(|open| Some(*open) != under_way);
            }
            Ok(_) | Err(AppError::NothingUnderWay | AppError::Refused(_)) => {}
            Err(AppError::Store(_)) if failed || journal_fails => {}
            Err(AppError::SignInFirst) if phone.had_a_hole => {}
            Err(error) if may_be_full && error.code() == "device-full" => {}
            Err(error) => self.broken.push(format!("something said on a locked phone failed: {error}")),
        }
    }

    /// The power is cut, and one of the phone's files is damaged by it.
    pub(super) fn power_cut(&mut self, which: usize) {
        let (damage, at) = (self.chance.below(7), self.chance.below(1_000_000));
        self.trace.push(format!("its files are damaged in the way {damage} at {at}"));
        let Some(phone) = self.phones.get_mut(which) else { return };
        // A fork that the phone does not know of yet is known by its own database alone.
        if phone.was_put_back || !phone.model.rotten.is_empty() {
            return;
        }
        // What was said on a locked phone is flushed: no power cut takes it away again.
        let damage = if damage == 6 && self.is_locked(which) { 5 } else { damage };
        let Some(phone) = self.phones.get_mut(which) else { return };
        let damage = if phone.journal_lacks || phone.journal_has_hole { 5 } else { damage };
        phone.journal_has_hole |= damage >= 5 && phone.disk.is_filled();
        phone.had_a_hole |= phone.journal_has_hole;
        // The files as they are while the app runs: closing it would put them in order.
        let cut = self.folder.path().join(format!("{}-cut", phone.user));
        copy_folder(&phone.folder, &cut);
        phone.app = None;
        copy_folder(&cut, &phone.folder);
        let store = current_store(&phone.folder);
        let (database, journal) = (store.join("doorstep.db"), store.join("doorstep.journal"));
        let wal = store.join("doorstep.db-wal");
        match damage {
            // There is no database, nor room for one: the journal is all.
            _ if !database.exists() => {}
            0 => drop(fs::remove_file(&wal)),
            1 => cut_off(&wal, at),
            2 => flip(&wal, at),
            3 => flip(&database, at),
            4 => drop(fs::remove_file(&database)),
            5 => flip(&journal, at),
            _ => cut_off(&journal, at % 400),
        }
        phone.clock.start();
        self.reopen(which);
        self.unlock(which);
        let Some(app) = self.phones.get(which).and_then(|phone| phone.app.as_ref()) else { return };
        if let Err(error) = app.look_over() {
            self.broken.push(format!("a damaged file can't be looked over: {error}"));
        }
    }

    /// Somebody gets a new code: they have forgotten the PIN, say, or found their phone again.
    pub(super) fn new_code(&mut self, which: usize) {
        let was_lost = self.chance.percent(40);
        let Some(phone) = self.phones.get(which) else { return };
        // In version 1 a phone has no certificate to show to a council that was put back since.
        if phone.was_put_back || !phone.model.rotten.is_empty() || !self.speaks_version_2 {
            return;
        }
        if was_lost {
            self.revoke(which);
        }
        self.enrol_again(which);
    }

    /// The phone was lost, and is revoked. It is found, and sends what it has; a supervisor takes
    /// that for what it is.
    fn revoke(&mut self, which: usize) {
        self.unlock(which);
        self.council_disk.mend();
        let Some(phone) = self.phones.get(which) else { return };
        let Some(app) = &phone.app else { return };
        let Some(enrolled) = app.status().ok().and_then(|status| status.enrolled) else { return };
        let device: DeviceId = enrolled.device.parse().expect("it is an id");
        phone.disk.empty();
        phone.line.set_trouble(0);
        let by = Actor::command_line();
        let revoked = desk::phones::revoke(&self.council, &by, device);
        self.broken.extend(revoked.err().map(|error| format!("a phone can't be revoked: {error}")));
        for _ in 0..BOUND {
            // Once it has given up its keys, it is as new.
            match app.sync() {
                Ok(report) if report.waiting > 0 || report.photos_waiting > 0 => {}
                Ok(_) if app.status().is_ok_and(|status| status.left_by_others > 0) => {}
                _ => break,
            }
        }
        self.revoked.push(device);
        if let Some(phone) = self.phones.get_mut(which) {
            phone.model.was_revoked = true;
            // Its keys are gone, and no copy of its files can be opened any more.
            phone.copy = None;
        }
        self.release();
        // It has nothing any more: a council that is put back from an older copy could not get it.
        self.back_up();
    }

    /// A supervisor takes what revoked phones have sent for what it is.
    pub(super) fn release(&mut self) {
        let by = Actor::command_line();
        for device in &self.revoked {
            let released = set_aside::read(&self.council, &by, *device).and_then(|page| {
                let page = serde_json::to_value(page).unwrap_or_default();
                let rows = page["records"].as_array().into_iter().flatten().filter(|row| row["decided"].is_null());
                let hashes: Vec<String> = rows.filter_map(|row| Some(row["hash"].as_str()?.to_owned())).collect();
                if hashes.is_empty() {
                    return Ok(());
                }
                let request = AsideDecide::new(AsideDeed::Release, hashes, "It was found".into());
                set_aside::decide(&self.council, &by, *device, &request).map(drop)
            });
            self.broken.extend(released.err().map(|error| format!("what it sent can't be released: {error}")));
        }
    }

    fn enrol_again(&mut self, which: usize) {
        let Some(phone) = self.phones.get_mut(which) else { return };
        let Some(app) = &phone.app else { return };
        phone.disk.empty();
        self.council_disk.mend();
        let offer = desk::phones::offer(&self.council, &Actor::command_line(), phone.user, None);
        phone.line.set_trouble(0);
        let enrolled = offer.map(|offer| app.enrol("sim", &offer.code, phone.user));
        if !matches!(enrolled, Ok(Ok(_))) {
            self.broken.push(format!("a phone can't be enrolled again: {enrolled:?}"));
            return;
        }
        phone.said_locked.clear();
        phone.open_visits.clear();
        phone.left_behind = Some(phone.model.records());
        // Whoever says that they leave is heard by the former store, which shows nothing.
        let left = phone.model.saved.values().map(|(visit, _)| *visit);
        phone.model.unread.extend(left);
        let signed = app.sync().and_then(|_| app.code(None)).and_then(|code| {
            app.acknowledge(&code.hash, phone.user, doorstep_domain::conduct::Signing::Typed(phone.user.to_owned()))
        });
        let has_pin = phone.has_pin;
        if let Err(error) = signed.and_then(|_| if has_pin { app.set_pin(PIN) } else { Ok(()) }) {
            self.broken.push(format!("a phone that was enrolled again can't go on: {error}"));
        }
    }
}

/// The folder of the store that a phone uses now.
fn current_store(folder: &Path) -> std::path::PathBuf {
    match fs::read_to_string(folder.join("doorstep.current")) {
        Ok(name) => folder.join("stores").join(name),
        Err(_) => folder.to_owned(),
    }
}

fn cut_off(file: &Path, by: usize) {
    let Ok(bytes) = fs::read(file) else { return };
    let left = bytes.len() - by % bytes.len().max(1);
    let _ = fs::write(file, bytes.get(..left).unwrap_or_default());
}

fn flip(file: &Path, at: usize) {
    let Ok(mut bytes) = fs::read(file) else { return };
    let place = at % bytes.len().max(1);
    if let Some(byte) = bytes.get_mut(place) {
        *byte ^= 0x10;
    }
    let _ = fs::write(file, bytes);
}
