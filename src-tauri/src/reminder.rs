//! "Are you safe?": a notification when somebody who works alone is later than they expected.
//! Clause 6.1. It names no person and no place, because anybody can read it on a locked phone.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use tauri::AppHandle;
use tauri_plugin_notification::{NotificationBuilder, NotificationExt};

/// The id of the notification. There is only one, so a later one replaces an earlier one.
const ID: i32 = 61;

/// When the reminder is set for; `None` when it is not set.
#[derive(Debug, Default)]
pub(crate) struct Reminder {
    at: Mutex<Option<DateTime<Utc>>>,
}

impl Reminder {
    /// Sets the reminder for a time, or removes it with `None`. The same time again changes
    /// nothing.
    pub(crate) fn set(&self, handle: &AppHandle, at: Option<DateTime<Utc>>) {
        if self.changes(at) {
            platform::remind(handle, at);
        }
    }

    fn changes(&self, at: Option<DateTime<Utc>>) -> bool {
        let mut set = self.at.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = *set != at;
        *set = at;
        changed
    }

    #[cfg(desktop)]
    fn is_still(&self, at: DateTime<Utc>) -> bool {
        *self.at.lock().unwrap_or_else(PoisonError::into_inner) == Some(at)
    }
}

fn notification(handle: &AppHandle) -> NotificationBuilder<tauri::Wry> {
    let words = "You expected to be out by now. Open Doorstep and say that you are safe.";
    handle.notification().builder().id(ID).title("Are you safe?").body(words)
}

/// On phones the system shows the notification, even while the app sleeps.
#[cfg(mobile)]
mod platform {
    use tauri_plugin_notification::Schedule;
    use time::OffsetDateTime;

    use super::*;

    pub(super) fn remind(handle: &AppHandle, at: Option<DateTime<Utc>>) {
        // Cancelling fails if no reminder was set, which is fine. The app's own screen reminds too,
        // so it is also fine if the visitor does not allow notifications.
        let _none_pending = handle.notification().cancel(vec![ID]);
        let Some(date) = at.and_then(|at| OffsetDateTime::from_unix_timestamp(at.timestamp()).ok()) else { return };
        let _the_visitor_decides = handle.notification().request_permission();
        let schedule = Schedule::At { date, repeating: false, allow_while_idle: true };
        if let Err(error) = notification(handle).schedule(schedule).show() {
            eprintln!("doorstep: a reminder can't be set: {error}");
        }
    }
}

/// On desktop computers the app itself waits until the time has come.
#[cfg(desktop)]
mod platform {
    use std::thread;
    use std::time::Duration;

    use doorstep_core::{Clock, SystemClock};
    use tauri::Manager;

    use super::*;

    /// How often to look at the clock. It may be corrected, and the machine may sleep.
    const LOOK_AGAIN: Duration = Duration::from_secs(5);

    pub(super) fn remind(handle: &AppHandle, at: Option<DateTime<Utc>>) {
        let Some(at) = at else { return };
        let handle = handle.clone();
        thread::spawn(move || {
            while handle.state::<Reminder>().is_still(at) {
                if SystemClock.now().utc() >= at {
                    if let Err(error) = notification(&handle).show() {
                        eprintln!("doorstep: a reminder can't be shown: {error}");
                    }
                    return;
                }
                thread::sleep(LOOK_AGAIN);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_for_already_is_not_asked_for_again() {
        let reminder = Reminder::default();
        let (ten, eleven) = (DateTime::from_timestamp(36_000, 0), DateTime::from_timestamp(39_600, 0));
        assert!(!reminder.changes(None));
        assert!(reminder.changes(ten));
        assert!(!reminder.changes(ten));
        assert!(reminder.changes(eleven));
        assert!(reminder.changes(None));
    }
}
