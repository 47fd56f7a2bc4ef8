//! The window's commands, each one call into the core.

use std::collections::BTreeMap;

use data_encoding::BASE64;
use doorstep_core::sync::SyncReport;
use doorstep_core::{
    Acted, CodeView, EnrolmentView, Network, OutboxView, Problem, SaidLocked, StatusView, TodayView, Unplanned,
    VisitSummary, VisitView, Vocabulary,
};
use doorstep_domain::conduct::{Command, Concern, NotAPhoto, PhotoPurpose, Signing, VisitKind};
use doorstep_domain::ledger::Hash;
use doorstep_domain::{AppointmentRef, RecordId, Uprn, VisitId};
use serde::Serialize;
use tauri::ipc::Response;
use tauri::{AppHandle, State};

use crate::doorstep::Doorstep;
use crate::outside::Link;
use crate::reminder::Reminder;
use crate::{camera, outside};

type Answer<T> = Result<T, Problem>;
type Core<'a> = State<'a, Doorstep>;

#[tauri::command]
pub(crate) async fn status(handle: AppHandle, core: Core<'_>, reminder: State<'_, Reminder>) -> Answer<StatusView> {
    let status = core.ask(|app| app.status()).await?;
    reminder.set(&handle, status.remind_at);
    Ok(status)
}

#[tauri::command]
pub(crate) fn vocabulary() -> Vocabulary {
    Vocabulary::of_the_code()
}

#[tauri::command]
pub(crate) async fn enrol(core: Core<'_>, server: String, code: String) -> Answer<EnrolmentView> {
    core.enrol(server, code).await
}

#[tauri::command]
pub(crate) async fn set_pin(core: Core<'_>, pin: String) -> Answer<()> {
    core.ask(move |app| app.set_pin(&pin)).await
}

#[tauri::command]
pub(crate) async fn sign_in(core: Core<'_>, pin: String) -> Answer<()> {
    // While the device was locked, it took nothing new.
    core.record(move |app| app.sign_in(&pin)).await
}

#[tauri::command]
pub(crate) async fn lock(core: Core<'_>) -> Answer<()> {
    core.ask(|app| app.lock()).await
}

#[tauri::command]
pub(crate) async fn used(core: Core<'_>) -> Answer<()> {
    core.ask(|app| {
        app.used();
        Ok(())
    })
    .await
}

#[tauri::command]
pub(crate) async fn lock_if_unused(core: Core<'_>, busy_elsewhere: bool) -> Answer<bool> {
    core.ask(move |app| app.lock_if_unused(busy_elsewhere)).await
}

#[tauri::command]
pub(crate) async fn say_locked(core: Core<'_>, said: SaidLocked) -> Answer<StatusView> {
    core.record(move |app| app.say_locked(said)).await
}

#[tauri::command]
pub(crate) async fn raise_concern_locked(core: Core<'_>, concern: Concern) -> Answer<StatusView> {
    core.record(move |app| app.raise_concern_locked(concern)).await
}

#[tauri::command]
pub(crate) async fn flag_safeguarding_locked(core: Core<'_>, note: String) -> Answer<StatusView> {
    core.record(move |app| app.flag_safeguarding_locked(&note)).await
}

#[tauri::command]
pub(crate) async fn read_salvaged(core: Core<'_>) -> Answer<()> {
    core.ask(|app| app.read_salvaged()).await
}

#[tauri::command]
pub(crate) async fn today(core: Core<'_>) -> Answer<TodayView> {
    core.ask(|app| app.today()).await
}

#[tauri::command]
pub(crate) async fn visit(core: Core<'_>, visit: VisitId) -> Answer<VisitView> {
    core.ask(move |app| app.visit(visit)).await
}

#[tauri::command]
pub(crate) async fn start_visit(core: Core<'_>, appointment: AppointmentRef) -> Answer<Acted> {
    core.record(move |app| app.start_visit(&appointment)).await
}

#[tauri::command]
pub(crate) async fn open_visit(core: Core<'_>, appointment: AppointmentRef) -> Answer<Acted> {
    core.record(move |app| app.open_visit(&appointment)).await
}

#[tauri::command]
pub(crate) async fn start_unplanned(
    core: Core<'_>,
    visit_kind: VisitKind,
    purpose: String,
    uprn: Option<Uprn>,
    address: Option<String>,
) -> Answer<Acted> {
    core.record(move |app| app.start_unplanned(Unplanned { visit_kind, purpose, uprn, address })).await
}

#[tauri::command]
pub(crate) async fn act(core: Core<'_>, visit: VisitId, command: Command) -> Answer<Acted> {
    core.record(move |app| app.act(visit, command)).await
}

#[tauri::command]
pub(crate) async fn raise_concern(core: Core<'_>, visit: Option<VisitId>, concern: Concern) -> Answer<Acted> {
    core.record(move |app| app.raise_concern(visit, concern)).await
}

#[tauri::command]
pub(crate) async fn flag_safeguarding(core: Core<'_>, visit: Option<VisitId>, note: String) -> Answer<Acted> {
    core.record(move |app| app.flag_safeguarding(visit, &note)).await
}

/// The file comes as base 64 text. On Android a request can't carry its body in any other way.
#[tauri::command]
pub(crate) async fn add_photo(
    handle: AppHandle,
    core: Core<'_>,
    visit: VisitId,
    purpose: PhotoPurpose,
    file: String,
) -> Answer<Acted> {
    let added = core
        .record(move |app| {
            let file = BASE64.decode(file.as_bytes()).map_err(|_| NotAPhoto::NotAPicture)?;
            app.add_photo(visit, purpose, &file)
        })
        .await;
    camera::purge(&handle);
    added
}

#[tauri::command]
pub(crate) async fn photo(core: Core<'_>, sha256: Hash) -> Answer<Response> {
    core.ask(move |app| app.photo(sha256)).await.map(Response::new)
}

#[tauri::command]
pub(crate) async fn photos_on_wifi_only(core: Core<'_>, only: bool) -> Answer<()> {
    core.record(move |app| app.send_photos_on_wifi_only(only)).await
}

/// The webview tells the core whether the network charges for data.
#[tauri::command]
pub(crate) async fn network(core: Core<'_>, unmetered: bool) -> Answer<()> {
    core.record(move |app| {
        app.set_network(if unmetered { Network::Unmetered } else { Network::MeteredOrUnknown });
        Ok(())
    })
    .await
}

#[tauri::command]
pub(crate) async fn past_visits(core: Core<'_>) -> Answer<Vec<VisitSummary>> {
    core.ask(|app| app.visits()).await
}

#[tauri::command]
pub(crate) async fn code(core: Core<'_>, search: Option<String>) -> Answer<CodeView> {
    core.ask(move |app| app.code(search.as_deref())).await
}

#[tauri::command]
pub(crate) async fn acknowledge(
    core: Core<'_>,
    hash: String,
    name: String,
    strokes: Vec<Vec<(u16, u16)>>,
) -> Answer<CodeView> {
    core.record(move |app| app.acknowledge(&hash, &name, Signing::of(&name, strokes))).await
}

#[tauri::command]
pub(crate) async fn drafts(core: Core<'_>) -> Answer<BTreeMap<String, String>> {
    core.ask(|app| app.drafts()).await
}

#[tauri::command]
pub(crate) async fn keep_draft(core: Core<'_>, name: String, text: String) -> Answer<()> {
    core.ask(move |app| app.keep_draft(&name, &text)).await
}

#[tauri::command]
pub(crate) async fn strike_out(core: Core<'_>, record: RecordId, reason: String) -> Answer<Acted> {
    core.record(move |app| app.strike_out(record, &reason)).await
}

#[tauri::command]
pub(crate) async fn outbox(core: Core<'_>) -> Answer<OutboxView> {
    core.ask(|app| app.outbox()).await
}

#[tauri::command]
pub(crate) async fn send_now(core: Core<'_>, photos: bool) -> Answer<SyncReport> {
    core.ask(move |app| if photos { app.sync_with_photos() } else { app.sync() }).await
}

#[tauri::command]
pub(crate) fn came_to_front(core: Core<'_>) {
    core.ring();
}

#[tauri::command]
pub(crate) async fn call(handle: AppHandle, number: String) -> Answer<()> {
    outside::open(&handle, Link::call(&number))
}

#[tauri::command]
pub(crate) async fn text(handle: AppHandle, number: String, words: String) -> Answer<()> {
    outside::open(&handle, Link::text(&number, &words))
}

#[tauri::command]
pub(crate) async fn directions(handle: AppHandle, address: String) -> Answer<()> {
    outside::open(&handle, Some(Link::directions(&address)))
}

/// Features that only some devices have.
#[derive(Serialize)]
pub(crate) struct Abilities {
    /// Whether the device can scan a QR code.
    scan: bool,
}

#[tauri::command]
pub(crate) fn abilities() -> Abilities {
    Abilities { scan: cfg!(mobile) }
}

#[tauri::command]
pub(crate) async fn reopen(core: Core<'_>) -> Answer<()> {
    core.reopen()
}
