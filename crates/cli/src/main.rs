//! `doorstep`: the same core without a window, for support staff, scripts and tests.
//!
//! Exit codes: 0 when it is done, 1 when it failed, 2 when a rule of the Code refused it or the
//! arguments are wrong.

mod arguments;
mod salvage;
mod visit;
mod words;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Parser;
use doorstep_core::http::HttpConnect;
use doorstep_core::keys::{FileKeyStore, KeyStore, MemoryKeyStore, SystemKeyStore};
use doorstep_core::{App, AppError, Environment, Opening, OsRandomness, RealDisk, SignIn, SystemClock};
use doorstep_domain::conduct::Signing;
use serde::Serialize;
use serde_json::json;

use arguments::{Arguments, Code, Command, PhotosOver};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let as_json = arguments.json;
    match run(arguments) {
        Ok(code) => code,
        Err(error) => tell_failure(&error, as_json),
    }
}

/// Prints why it failed. When a rule of the Code refused the command, the exit code is 2, not 1.
fn tell_failure(error: &anyhow::Error, as_json: bool) -> ExitCode {
    match error.downcast_ref::<AppError>() {
        Some(AppError::Refused(refused)) => {
            let body =
                json!({ "refused": { "clause": refused.clause, "missing": refused.missing, "rule": refused.rule } });
            if as_json {
                print(&format!("{body}\n"));
            } else {
                complain(&words::refused(refused));
            }
            ExitCode::from(2)
        }
        known => {
            if as_json {
                let code = known.map_or("failed", AppError::code);
                print(&format!("{}\n", json!({ "error": { "code": code, "message": format!("{error:#}") } })));
            }
            complain(&format!("doorstep: {error:#}\n"));
            if matches!(known, Some(AppError::Opening(Opening::Keys(_)))) {
                complain(
                    "On a machine without a key store, keep the keys in a file: --key-file FILE --passphrase-file FILE.\n",
                );
            }
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<ExitCode> {
    if let Command::SetAside = arguments.command {
        let now_ms = doorstep_core::Clock::now(&SystemClock).unix_ms;
        let kept = doorstep_core::set_aside(&arguments.store, now_ms)
            .context("the files can't be moved; they are where they were")?;
        print(&format!(
            "The visits that were on this device are kept, whole, in {}. Enrol again to go on.\n",
            kept.display()
        ));
        return Ok(ExitCode::SUCCESS);
    }
    if let Command::Salvage { folder, recovery_key, out } = &arguments.command {
        let environment = if recovery_key.is_some() {
            with_keys(Arc::new(MemoryKeyStore::default()))
        } else {
            environment(&arguments)?
        };
        let folder = folder.as_ref().unwrap_or(&arguments.store);
        let salvaged = salvage::run(folder, &environment, recovery_key.as_deref(), out)?;
        tell(arguments.json, &salvaged.counted, || salvaged.told);
        return Ok(ExitCode::SUCCESS);
    }
    let json = arguments.json;
    let app = match (App::open(&arguments.store, environment(&arguments)?), &arguments.command) {
        // A store that does not open stays as it is: the new enrolment has one beside it.
        (
            Err(AppError::Opening(Opening::KeyMissing(_) | Opening::WrongKey(_) | Opening::Newer(_))),
            Command::Enrol { server, code, device_name },
        ) => {
            let environment = environment(&arguments)?;
            let app = App::enrol_beside(&arguments.store, environment, server, code, device_name)?;
            let status = app.status()?;
            tell(json, &status.enrolled, || words::status(&status));
            return Ok(ExitCode::SUCCESS);
        }
        (opened, _) => opened?,
    };
    match arguments.command {
        Command::Enrol { server, code, device_name } => {
            let enrolment = app.enrol(&server, &code, &device_name)?;
            tell(json, &enrolment, || {
                format!("This device is enrolled for {} ({}).\n", enrolment.display_name, enrolment.council_name)
            });
        }
        Command::Appointments => {
            let appointments = app.appointments()?;
            tell(json, &appointments, || appointments.iter().map(words::appointment).collect());
        }
        Command::Visits => {
            let visits = app.visits()?;
            tell(json, &visits, || visits.iter().map(words::summary).collect());
        }
        Command::Visit(said) => visit::visit(&app, said, json)?,
        Command::Concern { concern } => visit::raise(&app, None, &concern, json)?,
        Command::ToDo => {
            let to_do = app.today()?.to_do;
            tell(json, &to_do, || words::to_do(&to_do));
        }
        Command::Code(Code::Show { clause }) => {
            let mut code = app.code(None)?;
            if let Some(clause) = clause {
                code.sections.retain(|section| section.number == clause);
            }
            tell(json, &code, || words::code(&code));
        }
        Command::Code(Code::Search { words: searched }) => {
            let code = app.code(Some(&searched))?;
            tell(json, &code, || words::code(&code));
        }
        Command::Acknowledge { name } => {
            let hash = app.code(None)?.hash;
            let code = app.acknowledge(&hash, &name, Signing::Typed(name.clone()))?;
            tell(json, &code, || format!("{name} has signed {} (SHA-256 {}).\n", code.label, code.hash));
        }
        Command::Outbox => {
            let outbox = app.outbox()?;
            tell(json, &outbox, || words::outbox(&outbox));
        }
        Command::Sync { photos_now } => {
            let report = if photos_now { app.sync_with_photos()? } else { app.sync()? };
            tell(json, &report, || words::report(&report));
        }
        Command::Photos { over } => {
            app.send_photos_on_wifi_only(over == PhotosOver::WifiOnly)?;
            let photos = app.outbox()?.photos;
            tell(json, &photos, || words::photos(&photos));
        }
        Command::Status => {
            let status = app.status()?;
            tell(json, &status, || words::status(&status));
        }
        Command::Verify => match app.verify()? {
            Ok(verified) => {
                tell(json, &json!({ "holds": true, "records": verified.records, "seals": verified.seals }), || {
                    format!("The chain holds: {} records, {} seals.\n", verified.records, verified.seals)
                })
            }
            Err(fault) => {
                tell(json, &json!({ "holds": false, "fault": fault.to_string() }), || {
                    format!("The chain does not hold: {fault}.\n")
                });
                return Ok(ExitCode::FAILURE);
            }
        },
        Command::SetAside | Command::Salvage { .. } => {}
    }
    Ok(ExitCode::SUCCESS)
}

fn environment(arguments: &Arguments) -> Result<Environment> {
    let keys: Arc<dyn KeyStore> = match (&arguments.key_file, &arguments.passphrase_file) {
        (Some(file), Some(passphrase)) => {
            let passphrase = fs::read_to_string(passphrase)
                .with_context(|| format!("the passphrase file {} can't be read", passphrase.display()))?;
            Arc::new(FileKeyStore::new(file, passphrase.trim_end_matches(['\r', '\n'])))
        }
        _ => Arc::new(SystemKeyStore::new(&whole(&arguments.store))),
    };
    Ok(with_keys(keys))
}

fn with_keys(keys: Arc<dyn KeyStore>) -> Environment {
    Environment {
        clock: Arc::new(SystemClock),
        randomness: Arc::new(OsRandomness),
        keys,
        disk: Arc::new(RealDisk),
        connect: Arc::new(HttpConnect),
        sign_in: SignIn::ByKeyStore,
    }
}

/// The whole path of the store's folder, by which the key store names its entries.
fn whole(store: &Path) -> std::path::PathBuf {
    let _made_when_opened = fs::create_dir_all(store);
    store.canonicalize().unwrap_or_else(|_| store.to_owned())
}

fn tell(as_json: bool, value: &impl Serialize, human: impl FnOnce() -> String) {
    if as_json {
        print(&format!("{}\n", json!(value)));
    } else {
        print(&human());
    }
}

/// Prints to standard output. If nobody reads it any more, that is not an error: everything is
/// saved.
fn print(text: &str) {
    let mut out = std::io::stdout();
    let _gone = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

fn complain(text: &str) {
    let _gone = std::io::stderr().write_all(text.as_bytes());
}
