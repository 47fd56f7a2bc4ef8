//! The window's commands, each one call into the core.

use doorstep_core::sync::SyncReport;
use doorstep_core::{EnrolmentView, OutboxView, Problem, StatusView, TodayView, VisitView, Vocabulary};
use doorstep_domain::conduct::{Basis, RefusalReason, Step, StepState};
use doorstep_domain::{AppointmentRef, RecordId, VisitId};
use tauri::State;

use crate::doorstep::Doorstep;

type Answer<T> = Result<T, Problem>;
type Core<'a> = State<'a, Doorstep>;

#[tauri::command]
pub(crate) async fn status(core: Core<'_>) -> Answer<StatusView> {
    core.ask(|app| app.status()).await
}

#[tauri::command]
pub(crate) fn vocabulary() -> Vocabulary {
    Vocabulary::of_the_code()
}

#[tauri::command]
pub(crate) async fn enrol(core: Core<'_>, server: String, code: String) -> Answer<EnrolmentView> {
    core.record(move |app| app.enrol(&server, &code, "Doorstep app")).await
}

#[tauri::command]
pub(crate) async fn set_pin(core: Core<'_>, pin: String) -> Answer<()> {
    core.ask(move |app| app.set_pin(&pin)).await
}

#[tauri::command]
pub(crate) async fn sign_in(core: Core<'_>, pin: String) -> Answer<()> {
    core.ask(move |app| app.sign_in(&pin)).await
}

#[tauri::command]
pub(crate) async fn lock(core: Core<'_>) -> Answer<()> {
    core.ask(|app| {
        app.lock();
        Ok(())
    })
    .await
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
pub(crate) async fn start_visit(core: Core<'_>, appointment: AppointmentRef) -> Answer<VisitView> {
    core.record(move |app| app.start_visit(&appointment)).await
}

#[tauri::command]
pub(crate) async fn record_step(core: Core<'_>, visit: VisitId, step: Step, state: StepState) -> Answer<VisitView> {
    core.record(move |app| app.record_step(visit, step, state)).await
}

#[tauri::command]
pub(crate) async fn enter(
    core: Core<'_>,
    visit: VisitId,
    basis: Option<Basis>,
    admitting: Option<String>,
) -> Answer<VisitView> {
    core.record(move |app| app.enter(visit, basis, admitting)).await
}

#[tauri::command]
pub(crate) async fn refuse_entry(core: Core<'_>, visit: VisitId, reason: RefusalReason) -> Answer<VisitView> {
    core.record(move |app| app.refuse_entry(visit, reason, None)).await
}

#[tauri::command]
pub(crate) async fn add_refusal_words(core: Core<'_>, visit: VisitId, words: String) -> Answer<VisitView> {
    core.record(move |app| app.add_refusal_words(visit, &words)).await
}

#[tauri::command]
pub(crate) async fn no_answer(core: Core<'_>, visit: VisitId) -> Answer<VisitView> {
    core.record(move |app| app.no_answer(visit)).await
}

#[tauri::command]
pub(crate) async fn flag_safeguarding(core: Core<'_>, visit: VisitId, note: String) -> Answer<VisitView> {
    core.record(move |app| app.flag_safeguarding(visit, &note)).await
}

#[tauri::command]
pub(crate) async fn leave(core: Core<'_>, visit: VisitId, further_visit_needed: bool) -> Answer<VisitView> {
    core.record(move |app| app.leave(visit, further_visit_needed)).await
}

#[tauri::command]
pub(crate) async fn strike_out(core: Core<'_>, record: RecordId, reason: String) -> Answer<VisitView> {
    core.record(move |app| app.strike_out(record, &reason)).await
}

#[tauri::command]
pub(crate) async fn outbox(core: Core<'_>) -> Answer<OutboxView> {
    core.ask(|app| app.outbox()).await
}

#[tauri::command]
pub(crate) async fn send_now(core: Core<'_>) -> Answer<SyncReport> {
    core.ask(|app| app.sync()).await
}

#[tauri::command]
pub(crate) fn came_to_front(core: Core<'_>) {
    core.ring();
}

#[tauri::command]
pub(crate) async fn reopen(core: Core<'_>) -> Answer<()> {
    core.reopen()
}

#[tauri::command]
pub(crate) async fn set_aside(core: Core<'_>) -> Answer<()> {
    core.set_aside()
}
