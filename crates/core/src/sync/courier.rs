//! The courier sends by itself: after each record, when the app comes to the front, and when the
//! connection returns. After a failure it tries again after a while.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use doorstep_domain::protocol::NoAnswer;

use super::{Backoff, SyncReport};
use crate::{App, AppError};

/// How often the courier asks the council for changes when there is nothing to send.
const QUIET: Duration = Duration::from_secs(15 * 60);

/// A thread that sends records and photos. The thread ends when this is dropped.
#[derive(Debug)]
pub struct Courier {
    bell: Arc<Bell>,
}

#[derive(Debug, Default)]
struct Bell {
    state: Mutex<State>,
    rung: Condvar,
}

#[derive(Debug, Default)]
struct State {
    rung: bool,
    over: bool,
}

impl Courier {
    /// Starts the thread. It calls `told` with the result of each try.
    pub fn start(app: Arc<App>, told: impl Fn(&Result<SyncReport, AppError>) + Send + 'static) -> Self {
        let bell = Arc::new(Bell::default());
        let listening = Arc::clone(&bell);
        thread::spawn(move || {
            let mut backoff = Backoff::default();
            let mut wait = Duration::ZERO;
            while listening.wait(wait) {
                if !app.is_enrolled() {
                    wait = QUIET;
                    continue;
                }
                let tried = app.sync();
                wait = next_wait(&mut backoff, &tried, app.random_number());
                told(&tried);
                // What can't be looked at now is looked at after the next try.
                let _next_time = app.look_over();
            }
        });
        Self { bell }
    }

    /// Makes the courier try now, because there is something to send or the connection may be back.
    pub fn ring(&self) {
        self.bell.lock().rung = true;
        self.bell.rung.notify_one();
    }
}

impl Drop for Courier {
    fn drop(&mut self) {
        self.bell.lock().over = true;
        self.bell.rung.notify_one();
    }
}

impl Bell {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the bell rings or the time has passed; `false` when the courier was dropped.
    fn wait(&self, time: Duration) -> bool {
        let quiet = |state: &mut State| !state.rung && !state.over;
        let (mut state, _) =
            self.rung.wait_timeout_while(self.lock(), time, quiet).unwrap_or_else(PoisonError::into_inner);
        state.rung = false;
        !state.over
    }
}

fn next_wait(backoff: &mut Backoff, tried: &Result<SyncReport, AppError>, random: u64) -> Duration {
    match tried {
        Ok(_) => {
            backoff.succeeded();
            QUIET
        }
        Err(AppError::NoAnswer(NoAnswer::Busy { retry_after })) => {
            backoff.failed(random, Duration::from_secs(*retry_after))
        }
        Err(_) => backoff.failed(random, Duration::ZERO),
    }
}
