//! What happens to the council: imports, restarts, backups that are put back.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use doorstep_council::desk::Actor;
use doorstep_council::desk::set_aside::{self, Matter, RestRequest};
use doorstep_council::import::{self, ImportMode};
use doorstep_council::records::subject_access::{self, Subject};
use doorstep_council::records::{backup, restore, retention, verify};
use doorstep_council::{CouncilError, DatabaseAt, PhotosAt, Refused, Service};
use doorstep_domain::VisitId;

use super::{CouncilCopy, LEAD, PHONES, USERS, World, copy_folder};

impl World {
    /// Imports the appointments, each with its present visitor.
    pub(super) fn import(&mut self) {
        let header = "appointment_ref,uprn,address_line_1,address_line_2,town,postcode,tenant_name,tenant_phone,visit_kind,purpose,window_start,window_end,organisation,assigned_to,notice_given_at,notice_method,told_who_and_why,support_needs,hazard_note\n";
        let table = self.appointments.iter().fold(header.to_owned(), |table, (number, user)| {
            let user = USERS.get(*user).copied().unwrap_or("harriet");
            format!(
                "{table}WO-{number},1{number:03},{number} High St,,Melton,LE13 9ZZ,Tenant {number},,other,Visit,2026-11-24T09:00,2026-11-24T10:00,Melton,{user},,,yes,,\n"
            )
        });
        self.council_disk.mend();
        if let Err(error) =
            import::appointments(&self.council, &Actor::command_line(), table.as_bytes(), ImportMode::AllOrNothing)
        {
            self.broken.push(format!("appointments could not be imported: {error}"));
        }
    }

    pub(super) fn reassign(&mut self) {
        let number = self.chance.below(self.appointments.len() + 1);
        let user = self.chance.below(PHONES);
        match self.appointments.get_mut(number) {
            Some(appointment) => appointment.1 = user,
            None => self.appointments.push((number, user)),
        }
        self.import();
    }

    pub(super) fn council_data(&self) -> PathBuf {
        self.folder.path().join("council")
    }

    /// Copies the council's database on the server. Copies nothing if the database is embedded:
    /// then it is copied with the council's folder.
    fn database_like(&self, database: &DatabaseAt) -> DatabaseAt {
        match (&self.server, database) {
            (Some(server), DatabaseAt::Server(address)) => DatabaseAt::Server(server.copy_of(address)),
            _ => DatabaseAt::InTheDataFolder,
        }
    }

    /// Stops the council, does `between`, and starts the council again.
    pub(super) fn council_down(&mut self, between: impl FnOnce(&mut Self)) {
        for phone in &self.phones {
            phone.line.lead_to(Vec::new());
        }
        // Only the old service still has the database open, and it is replaced below.
        self.second = None;
        between(self);
        self.council_disk.mend();
        match Service::open(&self.council_data(), &self.database, self.council_environment.clone()) {
            Ok(council) => self.council = council,
            Err(error) => self.broken.push(format!("the council does not open: {error}")),
        }
        self.second = self.starts_another();
        for phone in &self.phones {
            phone.line.lead_to(self.processes());
        }
    }

    /// The processes of the council: any of them answers.
    pub(super) fn processes(&self) -> Vec<Service> {
        std::iter::once(&self.council).chain(&self.second).cloned().collect()
    }

    /// Starts the second process, where the world has one.
    pub(super) fn starts_another(&mut self) -> Option<Service> {
        if !self.has_two {
            return None;
        }
        let opened = Service::open(&self.council_data(), &self.database, self.council_environment.clone());
        opened.map_err(|error| self.broken.push(format!("the council does not open twice: {error}"))).ok()
    }

    pub(super) fn restart_council(&mut self) {
        self.council_down(|_| ());
    }

    /// The council's machine starts again, perhaps with a clock that is hours or a day wrong.
    pub(super) fn restart_with_another_clock(&mut self) {
        let hours = [0, 0, -3, 5, -30, 26][self.chance.below(6)];
        self.council_clock.set(hours * 3_600_000);
        self.restart_council();
    }

    /// Makes a backup while the council runs, and says that it restores: phones may forget what is
    /// in it, so from then on the council is put back from it, or from something newer.
    pub(super) fn back_up(&mut self) {
        self.council_disk.mend();
        let to = self.folder.path().join("council.backup");
        let by = Actor::command_line();
        let made = File::create(&to)
            .map_err(CouncilError::Write)
            .and_then(|mut file| backup::back_up(&self.council, &by, &self.backup_key.recipient, &mut file))
            .and_then(|held| match held.bad_photos.as_slice() {
                [] => backup::note_verified(&self.council, &by, &held.id),
                _ => Err(CouncilError::BadBackup("a photo is missing")),
            });
        match made {
            Ok(()) => self.council_copy = Some(CouncilCopy::Backup(to)),
            Err(error) => self.broken.push(format!("a backup can't be made: {error}")),
        }
    }

    /// Erases what the council holds of a home, on request.
    pub(super) fn erase_a_home(&mut self) {
        let number = self.chance.below(12);
        let of_home: Vec<BTreeSet<VisitId>> =
            self.phones.iter().map(|phone| phone.model.visits_to(&format!("WO-{number}"))).collect();
        let is_held = |visit: &VisitId| verify::listed_visit(&self.council, *visit).is_ok_and(|held| held.is_some());
        let held: Vec<BTreeSet<VisitId>> =
            of_home.into_iter().map(|visits| visits.into_iter().filter(is_held).collect()).collect();
        self.council_disk.mend();
        let home = Subject::Home { uprn: format!("1{number:03}"), from: None, to: None };
        match subject_access::erase(&self.council, &Actor::command_line(), &home, "Asked for") {
            Ok(_) => {
                for (phone, erased) in self.phones.iter_mut().zip(held) {
                    phone.model.erased.extend(erased);
                }
            }
            Err(CouncilError::Refused(Refused::CasesAreOpen)) => {}
            Err(error) => self.broken.push(format!("a home can't be erased: {error}")),
        }
    }

    /// What the council does each night: it erases what has been kept for long enough, by its own
    /// clock. Nothing here is as old as that, whatever a phone's clock says.
    pub(super) fn night(&mut self) {
        self.council_disk.mend();
        match retention::retain(&self.council, &Actor::command_line(), true) {
            Ok(dues) => {
                let due = dues.iter().filter(|due| due.items.is_some_and(|items| items > 0));
                self.broken.extend(due.map(|due| format!("erased on its first day: {:?}", due.rule)));
            }
            Err(error) => self.broken.push(format!("the council's nightly erasing failed: {error}")),
        }
    }

    pub(super) fn council_copy(&mut self) {
        if self.chance.percent(60) {
            return self.back_up();
        }
        let copy = self.folder.path().join("council-copy");
        self.council_down(|world| {
            let opened = rusqlite::Connection::open(world.council_data().join("council.db"));
            let checkpoint = opened.and_then(|db| db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())));
            drop(checkpoint);
            copy_folder(&world.council_data(), &copy);
            world.council_copy = Some(CouncilCopy::Snapshot(copy, world.database_like(&world.database)));
        });
    }

    /// Puts the council's database back from its copy. The council loses what came since, and the
    /// phones send it again.
    pub(super) fn put_council_back(&mut self) {
        let Some(copy) = self.council_copy.clone() else { return };
        // Do not do this after a phone was put back: it may have lost records that only the council
        // still has.
        if self.phones.iter().any(|phone| phone.was_put_back) {
            return;
        }
        for phone in &mut self.phones {
            phone.model.council_put_back();
        }
        let (folder, database) = match copy {
            CouncilCopy::Snapshot(folder, database) => (folder, database),
            CouncilCopy::Backup(file) => {
                self.council_down(|world| world.restore(&file));
                return self.import();
            }
        };
        self.council_down(|world| {
            copy_folder(&folder, &world.council_data());
            world.database = world.database_like(&database);
        });
        // A snapshot of its machine is put back without a word: then it has to find out by itself.
        // In version 1 phones show it no receipts.
        let is_told = self.chance.percent(50) || self.updated_at > 0;
        if is_told && let Err(error) = self.council.clone().begin_epoch() {
            self.broken.push(format!("the restored council has no new epoch: {error}"));
        }
        self.import();
    }

    /// A person confirms the phones that a council which was put back has found again: until then
    /// they are given no homes.
    pub(super) fn confirm_those_found_again(&mut self) {
        let by = Actor::command_line();
        let confirmed = set_aside::list(&self.council, &by).and_then(|list| {
            let list = serde_json::to_value(list).unwrap_or_default();
            let matters = list["matters"].as_array().cloned().unwrap_or_default();
            for matter in matters.iter().filter(|matter| matter["matter"] == "found_again") {
                let device = matter["device_id"].as_str().and_then(|id| id.parse().ok()).expect("it is an id");
                let up_to = matter["up_to"].as_i64().unwrap_or(i64::MAX);
                let request = RestRequest::new(Matter::FoundAgain, device, None, up_to, "It is hers".into());
                set_aside::put_to_rest(&self.council, &by, &request)?;
            }
            Ok(())
        });
        if let Err(error) = confirmed {
            self.broken.push(format!("a phone that was found again can't be confirmed: {error}"));
        }
    }

    /// Restores a backup into an empty folder and an empty database.
    fn restore(&mut self, from: &Path) {
        self.council_disk.mend();
        let data = self.council_data();
        let _ = fs::remove_dir_all(&data);
        if let Some(server) = &self.server {
            self.database = DatabaseAt::Server(server.database());
        }
        let restored = File::open(from).map_err(CouncilError::Write).and_then(|file| {
            let environment = self.council_environment.clone();
            let photos = PhotosAt::InTheDataFolder;
            restore::restore(&data, &self.database, &photos, environment, &self.backup_key.identity, file)
        });
        if let Err(error) = restored {
            self.broken.push(format!("a backup can't be restored: {error}"));
        }
    }

    /// The safeguarding notes that the council holds, as its lead reads them.
    pub(super) fn safeguarding_notes(&self) -> Vec<String> {
        self.council_disk.mend();
        crate::safeguarding::notes(&self.council, LEAD)
    }
}
