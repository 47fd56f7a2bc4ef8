//! The commands that work on everything that the council holds.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use doorstep_council::desk::sealed_files::SealedFile;
use doorstep_council::desk::{self, Actor};
use doorstep_council::records::backup::{self, BackedUp, BackupKey};
use doorstep_council::records::drill_report::DrillReports;
use doorstep_council::records::nightly;
use doorstep_council::records::refold::refold;
use doorstep_council::records::restore;
use doorstep_council::records::verify;
use doorstep_council::{DatabaseAt, Environment, Holdings, Service, private_file};

use crate::arguments::RecordsCommand;
use crate::{open, personal_data, print, read_password, service, whole_or_nothing};

/// Does one of these commands.
pub(crate) fn run(command: RecordsCommand, by: &Actor) -> Result<ExitCode> {
    match command {
        RecordsCommand::MigrateStorage { data, to, json } => {
            let service = Service::open(&data, &DatabaseAt::InTheDataFolder, Environment::real())?;
            let holdings = desk::council::move_storage(&service, &data, &DatabaseAt::Server(to))?;
            tell_moved(&holdings, json);
        }
        RecordsCommand::ChangeKey { data, key } => {
            desk::council::change_key(&service(&data)?, by, key)?;
            print(
                "There is a new key. Make a backup, copy the folder \"keys\" to every machine that runs the service, and \
                 start the service again: until then it uses the old one.\n",
            );
        }
        RecordsCommand::BackupKey { out } | RecordsCommand::RecoveryKey { out } => make_key(&out)?,
        RecordsCommand::PublishRecoveryKey { data, key, none: _ } => {
            desk::council::publish_recovery_key(&service(&data)?, by, key.as_deref())?;
            print("Phones learn of it at their next contact.\n");
        }
        RecordsCommand::SealedFiles { data, take, out, erase, json } => {
            let service = service(&data)?;
            match (take, out, erase) {
                (Some(file), Some(out), _) => {
                    anyhow::ensure!(!out.exists(), "{} is there already: name another file", out.display());
                    whole_or_nothing(&out, |to| Ok(desk::sealed_files::take(&service, by, file, to)?))?;
                    print(&format!(
                        "It is in {}. Take it to a machine that is on no network, and open it there: \
                         doorstep salvage FILE --recovery-key KEY. Then erase it here, with --erase.\n",
                        out.display()
                    ));
                }
                (_, _, Some(file)) => {
                    desk::sealed_files::erase(&service, by, file)?;
                    print("It is erased here. Backups that were made before still hold it.\n");
                }
                _ => tell_sealed(&desk::sealed_files::list(&service, by)?, json),
            }
        }
        RecordsCommand::Backup { data, recipient, out } => {
            let service = service(&data)?;
            let held = whole_or_nothing(&out, |file| Ok(backup::back_up(&service, by, &recipient, file)?))?;
            let what_now = format!("are in {}. It opens with the other half of the key.", out.display());
            return Ok(tell_backup(&held, &what_now));
        }
        RecordsCommand::CheckBackup { identity, scratch, database, tell, token_file, file } => {
            let council = match (tell, token_file) {
                (Some(address), Some(token)) => Some(DrillReports::new(&address, &read_password(&token)?)?),
                _ => None,
            };
            let database = database.map_or(DatabaseAt::InTheDataFolder, DatabaseAt::Server);
            let scratch =
                scratch.unwrap_or_else(|| std::env::temp_dir().join(format!("doorstep-drill-{}", std::process::id())));
            let identity = read_password(&identity)?;
            let drilled = restore::check_backup(&scratch, &database, Environment::real(), &identity, open(&file)?)?;
            for fault in &drilled.checked.faults {
                print(&format!("{fault}\n"));
            }
            let faults = drilled.checked.faults.len();
            let said = format!(
                "are in it. It was restored and taken away again: {} records and {} photos were checked, {faults} faults.",
                drilled.checked.records, drilled.checked.photos
            );
            let whole = tell_backup(&drilled.held, &said);
            if faults > 0 || !drilled.held.bad_photos.is_empty() {
                return Ok(ExitCode::FAILURE);
            }
            let name = &drilled.held.id;
            match council.filter(|_| !name.is_empty()) {
                Some(council) => {
                    council.verified(name)?;
                    print("The council was told that it restores.\n");
                }
                None => print(&format!("Tell the council with `backup-verified {name}` that it restores.\n")),
            }
            return Ok(whole);
        }
        RecordsCommand::BackupVerified { data, name } => {
            backup::note_verified(&service(&data)?, by, &name)?;
            print("The council knows that this backup restores.\n");
        }
        RecordsCommand::Restore { data, identity, file } => {
            let identity = read_password(&identity)?;
            let (_, held) = restore::restore(
                &data.data,
                &data.database(),
                &data.photos(),
                Environment::real(),
                &identity,
                open(&file)?,
            )?;
            let what_now = "are back, and the council holds what the backup held. Start it with `serve`.";
            return Ok(tell_backup(&held, what_now));
        }
        RecordsCommand::Retention { data, apply, json } => {
            personal_data::retention(&service(&data)?, by, apply, json)?;
        }
        RecordsCommand::SubjectAccess { data, subject, out } => {
            personal_data::subject_access(&service(&data)?, by, &subject.read(), &out)?;
        }
        RecordsCommand::Erase { data, subject, because, apply } => {
            personal_data::erase(&service(&data)?, by, &subject.read(), &because, apply)?;
        }
        RecordsCommand::CheckRecords { data, json } => return personal_data::check_records(&service(&data)?, json),
        RecordsCommand::PutBack { data } => {
            desk::council::put_back(&service(&data)?, by)?;
            print(
                "The phones are told with their next contact, and send again what this database lacks. Everybody signs in \
                 again.\n",
            );
        }
        RecordsCommand::NightlyFailed { data } => {
            nightly::tell_of_failure(&service(&data)?, by)?;
            print("The administrators who have a mail address are told.\n");
        }
        RecordsCommand::Refold { data, all } => {
            print(&format!("{} visits were folded again.\n", refold(&service(&data)?, all)?));
        }
        RecordsCommand::Counts { data, json } => {
            let (records, set_aside) = verify::counts(&service(&data)?)?;
            let said = serde_json::json!({ "records": records, "set_aside": set_aside });
            print(&if json { format!("{said}\n") } else { format!("{records} records, {set_aside} set aside.\n") });
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Makes a pair of keys: writes the secret half to a file, and prints the public one.
fn make_key(out: &Path) -> Result<()> {
    let key = BackupKey::new();
    let written = private_file::write_new(out, key.identity.as_bytes());
    written.with_context(|| format!("{} can't be written", out.display()))?;
    print(&format!("{}\n", key.recipient));
    Ok(())
}

/// Tells which files phones could not open any more.
fn tell_sealed(files: &[SealedFile], json: bool) {
    if json {
        print(&format!("{}\n", serde_json::json!(files)));
        return;
    }
    for sealed in files {
        let standing = match (sealed.taken_at, sealed.erased_at) {
            (_, Some(at)) => format!("erased on {}", at.format("%Y-%m-%d")),
            (Some(at), None) => format!("taken on {}", at.format("%Y-%m-%d")),
            (None, None) => "nobody has taken it yet".to_owned(),
        };
        let SealedFile { file, bytes, received_at, user, .. } = sealed;
        let came = received_at.format("%Y-%m-%d %H:%M UTC");
        print(&format!("{file}: {bytes} bytes, came on {came} from the phone of {user}, {standing}\n"));
    }
    if files.is_empty() {
        print("No phone has sent any.\n");
    }
}

/// Tells what a backup holds, and which photos are not in it. Those are a failure of the command,
/// although the rest is whole.
fn tell_backup(held: &BackedUp, what_now: &str) -> ExitCode {
    for bad in &held.bad_photos {
        print(&format!("{bad}. It is not among what follows.\n"));
    }
    // How many rows there are would tell of a safeguarding note (clause 6.2).
    print(&format!("{} tables and {} photos {what_now}\n", held.tables.len(), held.photos));
    if held.bad_photos.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn tell_moved(holdings: &Holdings, json: bool) {
    // How many rows these have would tell of a safeguarding note (clause 6.2).
    let holdings: Holdings = holdings
        .iter()
        .filter(|(table, _)| !doorstep_council::OF_NOTES.contains(&table.as_str()))
        .map(|(table, holding)| (table.clone(), holding.clone()))
        .collect();
    if json {
        print(&format!("{}\n", serde_json::json!(holdings)));
        return;
    }
    for (table, holding) in holdings {
        print(&format!("{table}: {} rows, {}\n", holding.rows, holding.digest));
    }
    print("Both databases hold the same. Name the new one to `serve` with --database; the old file stays as it is.\n");
}
