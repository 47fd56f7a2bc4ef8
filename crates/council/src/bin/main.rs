//! `doorstep-council`: runs the council's service, and does an administrator's tasks from the
//! command line.

mod arguments;
mod configuration;
mod deciding;
mod personal_data;
mod records;
mod serve;
mod show;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use arguments::desk::OrganisationIs;
use arguments::{Arguments, Command, Data, Form, Log};
use clap::Parser;
use doorstep_council::access::token;
use doorstep_council::desk::phones::{EnrolmentOffer, PhoneRow};
use doorstep_council::desk::{self, Actor};
use doorstep_council::export::{Encoding, Exported, Format, export};
use doorstep_council::import::{self, ImportMode, Imported};
use doorstep_council::records::refold;
use doorstep_council::{Environment, Service, private_file};
use doorstep_domain::conduct::{DatedNumber, PublishedCode};
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    private_file::keep_new_files_to_owner();
    let words = match configuration::words(std::env::args_os().collect()) {
        Ok(words) => words,
        Err(error) => return fails(&error),
    };
    let arguments = Arguments::parse_from(words);
    // All TLS in this program uses one cryptography provider. None is installed before this.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let log = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info")))
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .with_target(false);
    match arguments.log {
        Log::Text => log.init(),
        Log::Json => log.json().init(),
    }
    match run(arguments.command) {
        Ok(code) => code,
        Err(error) => fails(&error),
    }
}

fn fails(error: &anyhow::Error) -> ExitCode {
    let _unsaid = say(std::io::stderr(), &format!("doorstep-council: {error:#}\n"));
    ExitCode::FAILURE
}

fn run(command: Command) -> Result<ExitCode> {
    let by = Actor::command_line();
    match command {
        Command::Init { data, name, admin_user, admin_password_file } => {
            let password = read_password(&admin_password_file)?;
            desk::council::init(&data.data, &data.database(), &name, &admin_user, &password, Environment::real())?;
            print(&format!(
                "{name} is set up in {}. Next: import-people, import-appointments, serve.\n",
                data.data.display()
            ));
        }
        Command::ImportPeople { data, only_look, file, json } => {
            let mode = if only_look { ImportMode::Preview } else { ImportMode::AllOrNothing };
            let imported = import::people(&service(&data)?, &by, &read(&file)?, mode)?;
            return Ok(tell_import(&imported, mode, json));
        }
        Command::ImportAppointments { data, only_good, only_look, json, file } => {
            let mode = match (only_good, only_look) {
                (true, _) => ImportMode::GoodRowsOnly,
                (false, true) => ImportMode::Preview,
                (false, false) => ImportMode::AllOrNothing,
            };
            let imported = import::appointments(&service(&data)?, &by, &read(&file)?, mode)?;
            return Ok(tell_import(&imported, mode, json));
        }
        Command::SetPassword { data, user, password_file, temporary } => {
            let password = read_password(&password_file)?;
            desk::people::set_password(&service(&data)?, &by, &user, &password, temporary)?;
            print(&format!("The password of {user} is set. Their sessions have ended.\n"));
        }
        Command::Organisation { data, name, kind } => {
            let of_the_council = kind == OrganisationIs::Council;
            desk::people::change_organisation(&service(&data)?, &by, &name, of_the_council)?;
            print("The organisation was changed. The sessions of its people have ended.\n");
        }
        Command::Enrol { data, user, server, qr, json } => {
            let offer = desk::phones::offer(&service(&data)?, &by, &user, server.as_deref())?;
            tell_offer(&offer, qr.as_deref(), json)?;
        }
        Command::ApiToken { data, name, may } => {
            print(&format!("{}\n", token::make(&service(&data)?, &by, &name, &may)?));
        }
        Command::RevokeToken { data, name } => {
            token::revoke(&service(&data)?, &by, &name)?;
            print("The token ends here.\n");
        }
        Command::PublishCode { data, label, from, json, file } => publish_code(&data, label, from, json, &file)?,
        Command::Case { data, case, deed } => {
            let service = service(&data)?;
            let whole = match deed.deed() {
                Some(deed) => desk::cases::act(&service, &by, case, &deed)?,
                None => desk::cases::read(&service, &by, case)?,
            };
            print(&format!("{whole}"));
        }
        Command::Appointment { data, reference, change } => {
            desk::appointments::change(&service(&data)?, &by, &reference, &change.into())?;
            print("The appointment was changed. Phones learn of it at their next contact.\n");
        }
        Command::Person { data, user, change } => {
            desk::people::change(&service(&data)?, &by, &user, &change.into())?;
            print("The person was changed.\n");
        }
        Command::Show { data, page } => print(&show::page(&service(&data)?, &by, page)?),
        Command::SavePhoto { data, visit, sha256, out } => {
            let photo = desk::visits::photo(&service(&data)?, &by, visit, sha256)?;
            whole_or_nothing(&out, |file| Ok(file.write_all(&photo)?))?;
            print(&format!("The photo is in {}.\n", out.display()));
        }
        Command::Phones { data, search, json } => {
            tell_phones(&desk::phones::all(&service(&data)?, &by, search.as_deref())?, json);
        }
        Command::RevokePhone { data, device } => {
            desk::phones::revoke(&service(&data)?, &by, device)?;
            print("The phone is revoked. It can send what it holds, but gets no more data.\n");
        }
        Command::WithdrawNumber { data, name, from } => {
            desk::settings::withdraw(&service(&data)?, &by, &name, from)?;
            print("The value was taken back.\n");
        }
        Command::EnterNumber { data, name, value, from, source } => {
            desk::settings::enter(&service(&data)?, &by, &DatedNumber { name, value, from, source })?;
            print(&format!("The value applies from {from}.\n"));
        }
        Command::Deciding(command) => deciding::run(command, &by)?,
        Command::Records(command) => return records::run(command, &by),
        Command::Serve { data, settings, check_config: true } => serve::check(&data, &settings)?,
        Command::Serve { data, settings, check_config: false } => serve::serve(&data, &settings)?,
        Command::Export { data, what, format, excel, rows, out } => {
            let format = match format {
                Form::Csv if excel => Format::Csv(Encoding::Utf8ForExcel),
                Form::Csv => Format::Csv(Encoding::Utf8),
                Form::Xlsx => Format::Xlsx,
                Form::Jsonl => Format::JsonLines,
            };
            let Exported { rows, sha256 } =
                whole_or_nothing(&out, |file| Ok(export(&service(&data)?, &by, what, format, &(*rows).into(), file)?))?;
            print(&format!("{rows} rows are in {}. SHA-256 {sha256}.\n", out.display()));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn service(data: &Data) -> Result<Service> {
    if data.data.is_dir() {
        // On some machines the folder belongs to another user, who decides who may read it.
        if let Err(error) = private_file::keep_folder_to_owner(&data.data) {
            tracing::warn!(%error, folder = %data.data.display(), "The folder can't be kept to its owner.");
        }
    }
    let service = Service::open(&data.data, &data.database(), Environment::real())?.with_photos(&data.photos())?;
    refold::after_an_older_program(&service);
    Ok(service)
}

fn publish_code(
    data: &Data,
    label: Option<String>,
    from: Option<chrono::NaiveDate>,
    json: bool,
    file: &Path,
) -> Result<()> {
    let text = String::from_utf8(read(file)?).with_context(|| format!("{} is not UTF-8", file.display()))?;
    let named = || file.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let service = service(data)?;
    let from = from.unwrap_or_else(|| desk::settings::today(&service));
    let code = PublishedCode { label: label.unwrap_or_else(named), from, text };
    let sections = desk::code::publish(&service, &Actor::command_line(), &code)?;
    if json {
        let clauses: Vec<_> =
            sections.iter().map(|section| &section.number).filter(|number| !number.is_empty()).collect();
        let said =
            serde_json::json!({ "label": code.label, "from": code.from, "sha256": code.hash(), "clauses": clauses });
        print(&format!("{said}\n"));
    } else {
        print(&format!(
            "{} binds from {}, with {} sections. SHA-256 {}. Phones pull it and ask for a signature.\n",
            code.label,
            code.from,
            sections.len(),
            code.hash()
        ));
    }
    Ok(())
}

fn read(file: &Path) -> Result<Vec<u8>> {
    fs::read(file).with_context(|| format!("{} can't be read", file.display()))
}

fn read_password(file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("{} can't be read", file.display()))
}

/// Writes a file under a temporary name, and renames it when it is complete. If that fails, the old
/// file stays as it was.
fn whole_or_nothing<T>(out: &Path, write: impl FnOnce(&mut fs::File) -> Result<T>) -> Result<T> {
    private_file::replace(out, write).with_context(|| format!("nothing was written to {}", out.display()))
}

fn open(file: &Path) -> Result<fs::File> {
    fs::File::open(file).with_context(|| format!("{} can't be read", file.display()))
}

fn tell_import(imported: &Imported, mode: ImportMode, json: bool) -> ExitCode {
    let refused = !imported.faults.is_empty() && mode != ImportMode::GoodRowsOnly;
    if json {
        print(&format!("{}\n", serde_json::json!(imported)));
    } else {
        for fault in &imported.faults {
            let what = if fault.column.is_empty() { String::new() } else { format!(", {}", fault.column) };
            let value = if fault.value.is_empty() { String::new() } else { format!(" {:?}", fault.value) };
            print(&format!("row {}{what}:{value} {}\n", fault.row, fault.fault));
        }
        if refused {
            print("Nothing was imported. Correct the rows above, then import the file again.\n");
        } else if mode == ImportMode::Preview {
            print("No row has a fault. Nothing was imported.\n");
        } else {
            print(&format!(
                "{} added, {} updated, {} unchanged.\n",
                imported.added, imported.updated, imported.unchanged
            ));
        }
    }
    if refused { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn tell_phones(phones: &[PhoneRow], json: bool) {
    if json {
        print(&format!("{}\n", serde_json::json!(phones)));
        return;
    }
    for phone in phones {
        let state = phone.revoked_at.map_or_else(
            || format!("last heard from {}", phone.contact_at.format("%Y-%m-%d %H:%M UTC")),
            |at| format!("revoked {}", at.format("%Y-%m-%d %H:%M UTC")),
        );
        let PhoneRow { device, user, user_display_name, organisation, name, .. } = phone;
        print(&format!("{device}  {user_display_name} ({user}), {organisation}: {name}, {state}\n"));
    }
}

fn tell_offer(offer: &EnrolmentOffer, qr: Option<&Path>, json: bool) -> Result<()> {
    let image = qrcode::QrCode::new(offer.qr.as_bytes()).context("the QR image can't be made")?;
    if let Some(file) = qr {
        let svg = image.render::<qrcode::render::svg::Color<'_>>().min_dimensions(320, 320).build();
        private_file::replace(file, |file| file.write_all(svg.as_bytes()))
            .with_context(|| format!("{} can't be written", file.display()))?;
    }
    if json {
        print(&format!("{}\n", serde_json::json!(offer)));
        return Ok(());
    }
    let dense = image.render::<qrcode::render::unicode::Dense1x2>().quiet_zone(true).build();
    print(&format!(
        "{dense}\n\nCode for {}: {}\nIt works once, until {}.\n",
        offer.user,
        offer.code,
        offer.expires_at.format("%H:%M UTC")
    ));
    Ok(())
}

/// Prints a text. If it can't be written, as on a full disk, the program ends with an error.
fn print(text: &str) {
    if let Err(error) = say(std::io::stdout(), text) {
        let _unsaid = say(std::io::stderr(), &format!("doorstep-council: the output can't be written: {error}\n"));
        std::process::exit(1);
    }
}

/// Writes a text. It is not an error when nobody reads it any more, as at the end of a pipe.
fn say(mut to: impl Write, text: &str) -> std::io::Result<()> {
    match to.write_all(text.as_bytes()).and_then(|()| to.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}
