//! The open store behind the window, and the courier that sends by itself.

use std::sync::{Arc, PoisonError, RwLock};

use doorstep_core::http::HttpConnect;
use doorstep_core::keys::{KeyStore, SystemKeyStore};
use doorstep_core::sync::Courier;
use doorstep_core::{App, AppError, EnrolmentView, Environment, OsRandomness, Problem, RealDisk, SignIn, SystemClock};
use tauri::{AppHandle, Emitter, Manager};

use crate::reminder::Reminder;
use crate::start::Start;

/// The event that tells the window to load again, after the courier has tried to send.
const CHANGED: &str = "changed";

/// What the council's list of phones calls this one.
const DEVICE_NAME: &str = "Doorstep app";

/// The open store, or why it is not open.
pub(crate) struct Doorstep {
    handle: AppHandle,
    start: Start,
    open: RwLock<Result<Open, Problem>>,
}

struct Open {
    app: Arc<App>,
    courier: Courier,
}

impl Doorstep {
    /// Opens the store. If it does not open, the window says why. Nothing is deleted.
    pub(crate) fn open(handle: AppHandle, start: Start) -> Self {
        let open = open(&handle, &start);
        Self { handle, start, open: RwLock::new(open) }
    }

    /// Calls into the core, on a thread where waiting is allowed.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&App) -> Result<T, AppError> + Send + 'static,
    ) -> Result<T, Problem> {
        let app = match &*self.open.read().unwrap_or_else(PoisonError::into_inner) {
            Ok(open) => Arc::clone(&open.app),
            Err(problem) => return Err(problem.clone()),
        };
        let done = tauri::async_runtime::spawn_blocking(move || work(&app)).await;
        done.unwrap_or(Err(AppError::Crashed)).map_err(Problem::from)
    }

    /// As [`Doorstep::ask`], for a call that saves something. Afterwards it makes the courier try
    /// to send, and sets the reminder for somebody who works alone.
    pub(crate) async fn record<T: Send + 'static>(
        &self,
        work: impl FnOnce(&App) -> Result<T, AppError> + Send + 'static,
    ) -> Result<T, Problem> {
        let done = self
            .ask(|app| {
                let done = work(app)?;
                // If this can't be read now, saving has still worked. The next call sets the
                // reminder.
                Ok((done, app.remind_at()))
            })
            .await;
        self.ring();
        let (done, remind_at) = done?;
        if let Ok(remind_at) = remind_at {
            self.handle.state::<Reminder>().set(&self.handle, remind_at);
        }
        Ok(done)
    }

    /// Makes the courier try to send now.
    pub(crate) fn ring(&self) {
        if let Ok(open) = &*self.open.read().unwrap_or_else(PoisonError::into_inner) {
            open.courier.ring();
        }
    }

    /// The window is not in front any more.
    pub(crate) fn rest(&self) {
        let app = match &*self.open.read().unwrap_or_else(PoisonError::into_inner) {
            Ok(open) => Arc::clone(&open.app),
            Err(_) => return,
        };
        drop(tauri::async_runtime::spawn_blocking(move || app.rest()));
    }

    /// Tries again to open a store that did not open. The key store may have been unlocked since
    /// then.
    pub(crate) fn reopen(&self) -> Result<(), Problem> {
        let mut open_now = self.open.write().unwrap_or_else(PoisonError::into_inner);
        if open_now.is_err() {
            *open_now = open(&self.handle, &self.start);
        }
        open_now.as_ref().map(|_| ()).map_err(Clone::clone)
    }

    /// Enrols this device. If its store does not open, the new enrolment gets one beside it.
    pub(crate) async fn enrol(&self, server: String, code: String) -> Result<EnrolmentView, Problem> {
        if self.open.read().unwrap_or_else(PoisonError::into_inner).is_ok() {
            return self.record(move |app| app.enrol(&server, &code, DEVICE_NAME)).await;
        }
        let (folder, environment) = (self.start.store.clone(), environment(&self.start));
        let enrolling = move || App::enrol_beside(&folder, environment, &server, &code, DEVICE_NAME);
        let enrolled = tauri::async_runtime::spawn_blocking(enrolling).await;
        let app = Arc::new(enrolled.unwrap_or(Err(AppError::Crashed))?);
        let enrolment = app.status()?.enrolled.ok_or(AppError::NotEnrolled)?;
        *self.open.write().unwrap_or_else(PoisonError::into_inner) = Ok(with_courier(&self.handle, app));
        Ok(enrolment)
    }
}

fn environment(start: &Start) -> Environment {
    let _made_when_opened = std::fs::create_dir_all(&start.store);
    let whole = start.store.canonicalize().unwrap_or_else(|_| start.store.clone());
    let keys: Arc<dyn KeyStore> = match start.file_keys() {
        Some(keys) => Arc::new(keys),
        None => Arc::new(SystemKeyStore::new(&whole)),
    };
    Environment {
        clock: Arc::new(SystemClock),
        randomness: Arc::new(OsRandomness),
        keys,
        disk: Arc::new(RealDisk),
        connect: Arc::new(HttpConnect),
        sign_in: SignIn::WithPin,
    }
}

fn open(handle: &AppHandle, start: &Start) -> Result<Open, Problem> {
    let app = Arc::new(App::open(&start.store, environment(start))?);
    Ok(with_courier(handle, app))
}

fn with_courier(handle: &AppHandle, app: Arc<App>) -> Open {
    let handle = handle.clone();
    let courier = Courier::start(Arc::clone(&app), move |_| {
        // A window that is closing has nobody to tell.
        let _nobody_there = handle.emit(CHANGED, ());
    });
    Open { app, courier }
}
