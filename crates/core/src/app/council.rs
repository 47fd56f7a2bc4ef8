//! What waits to be sent to the council, and sending it.

use std::sync::{Arc, PoisonError};

use doorstep_domain::VisitId;
use doorstep_domain::conduct::fold;

use super::{App, set_mark, signing_key, time};
use crate::error::AppError;
use crate::store::{Reading, Store, StoreError, Unopened, UnopenedStanding, shelf};
use crate::sync::{Contact, Piece, SyncReport, enrolled, most_pieces, round, send_piece, send_unopened};
use crate::view::{OutboxGroup, OutboxView, PhotosView, SetAsideView};

/// The most rounds of one sync. Anything left after that is sent with the next sync.
const MOST_ROUNDS: usize = 1_000;

/// How often a former enrolment that has nothing to send asks its council whether it still holds
/// everything, in milliseconds.
const FORMER_EVERY_MS: u64 = 24 * 60 * 60 * 1000;

impl App {
    /// What waits to be sent, and what was set aside.
    ///
    /// # Errors
    /// [`AppError::SignInFirst`], [`AppError::Store`].
    pub fn outbox(&self) -> Result<OutboxView, AppError> {
        self.signed_in()?;
        self.store().read(|reading| {
            let waiting = reading.waiting_by_visit()?;
            let set_aside = reading.set_aside_records()?;
            let address_of = |visit: VisitId| match self.may_go_on(reading, Some(visit)) {
                Ok(()) => address_of(reading, visit),
                Err(AppError::Revoked | AppError::ContactFirst) => Ok(None),
                Err(error) => Err(error),
            };
            Ok(OutboxView {
                waiting: waiting
                    .into_iter()
                    .map(|group| {
                        Ok(OutboxGroup {
                            visit: group.visit,
                            address: address_of(group.visit)?,
                            records: group.records,
                            oldest: time(group.oldest_ms),
                        })
                    })
                    .collect::<Result<_, AppError>>()?,
                set_aside: set_aside
                    .into_iter()
                    .map(|(visit, recorded_at_ms, reason)| {
                        Ok(SetAsideView {
                            visit,
                            address: address_of(visit)?,
                            recorded_at: time(recorded_at_ms),
                            reason,
                        })
                    })
                    .collect::<Result<_, AppError>>()?,
                photos: self.photos_view(reading)?,
                unopened: self.unopened(reading)?,
                last_contact: reading.enrolment()?.map(|enrolment| time(enrolment.last_contact_device_ms)),
            })
        })
    }

    /// Sends the records that wait and asks for changes, until there is no more of either. Then it
    /// sends photos, if they may go on this network.
    ///
    /// # Errors
    /// [`AppError::NoAnswer`] when there is no answer that the device can believe. Nothing is lost.
    pub fn sync(&self) -> Result<SyncReport, AppError> {
        self.sync_with(self.photos_may_go()?)
    }

    /// As [`App::sync`], but sends photos on any network.
    ///
    /// # Errors
    /// As [`App::sync`].
    pub fn sync_with_photos(&self) -> Result<SyncReport, AppError> {
        self.sync_with(true)
    }

    fn sync_with(&self, photos: bool) -> Result<SyncReport, AppError> {
        let _one_at_a_time = self.syncing.lock().unwrap_or_else(PoisonError::into_inner);
        self.keep_running();
        let report = self.sync_store(&self.store(), photos);
        if report.is_ok() {
            self.end_if_revoked()?;
        }
        if photos && report.is_ok() {
            // What this store had is sent. The rest goes on with the next sync.
            let _the_next_time = self.send_unopened();
        }
        // Their councils may be others, so neither waits for the other.
        self.sync_former(photos);
        report
    }

    fn sync_store(&self, store: &Store, photos: bool) -> Result<SyncReport, AppError> {
        let enrolment = store.read(enrolled)?;
        let council = self.environment.connect.connect(&enrolment.server)?;
        let key = signing_key(store)?;
        let contact = Contact { store, environment: &self.environment, council: &*council, key: &key };
        // Whatever a request says is in the journal before it goes out, if there is room for it: no
        // number is used twice.
        store.flush_journal();
        let mut report = SyncReport::default();
        send_records(&contact, &mut report)?;
        // A mark that can't be written now, on a full device, is written the next time.
        let _the_next_time = set_mark(store);
        store.seal_to_recovery_key();
        store.keep_room();
        if photos {
            send_photos(&contact, &mut report)?;
        }
        (report.waiting, report.photos_waiting) = still_waiting(store)?;
        store.flush_journal();
        // Everything was sent: a full disk that keeps the device from forgetting takes none of that
        // back. The next sync tries again.
        if store.forget(&self.environment).is_ok() {
            let _the_next_time = set_mark(store);
        }
        Ok(report)
    }

    /// Sends what earlier enrolments of this device left, each to its own council, and ends a store
    /// of which nobody can ask for anything more.
    fn sync_former(&self, photos: bool) {
        for store in self.former_stores() {
            // One that can't be reached or read now is tried again with the next sync.
            let is_over = self.sync_one_former(&store, photos).unwrap_or(false);
            if is_over && store.end().is_ok() {
                shelf::take_away(store.folder());
                let mut former = self.former.lock().unwrap_or_else(PoisonError::into_inner);
                former.retain(|other| !Arc::ptr_eq(other, &store));
            }
        }
    }

    /// Sends what a former enrolment left, if it is time, and gives whether its store is over.
    fn sync_one_former(&self, store: &Store, photos: bool) -> Result<bool, AppError> {
        let now_ms = self.environment.clock.now().unix_ms;
        let is_due = store.read::<_, AppError>(|reading| {
            let Some(enrolment) = reading.enrolment()? else { return Ok(false) };
            let is_long_ago = now_ms.abs_diff(enrolment.last_contact_device_ms) >= FORMER_EVERY_MS;
            Ok(is_long_ago || left_in(reading)? > 0 || !reading.unsealed(enrolment.device, 1)?.is_empty())
        })?;
        if is_due {
            self.sync_store(store, photos)?;
        }
        store.read(|reading| {
            let Some(enrolment) = reading.enrolment()? else { return Ok(true) };
            let is_sent = left_in(reading)? == 0 && reading.unsealed(enrolment.device, 1)?.is_empty();
            Ok(is_sent && (enrolment.revoked || reading.is_all_safe()?) && reading.alone()?.is_none())
        })
    }

    /// Sends what this device can't open any more, as the person who carries it now.
    fn send_unopened(&self) -> Result<(), AppError> {
        let store = self.store();
        let Some(enrolment) = store.read::<_, AppError>(|reading| Ok(reading.enrolment()?))? else { return Ok(()) };
        let council = self.environment.connect.connect(&enrolment.server)?;
        let key = signing_key(&store)?;
        let contact = Contact { store: &store, environment: &self.environment, council: &*council, key: &key };
        send_unopened(&contact, &self.base)
    }

    /// What became of what this device can't open any more.
    fn unopened(&self, reading: &Reading<'_>) -> Result<Vec<UnopenedStanding>, AppError> {
        let recovery_key = reading.enrolment()?.and_then(|enrolment| enrolment.recovery_key);
        let sent = reading.unopened_sent()?;
        let all = Unopened::all(&self.base, recovery_key.as_deref(), &self.environment);
        let all = all.map_err(|_| StoreError::Failed)?;
        Ok(all.iter().map(|unopened| unopened.standing(&sent)).collect())
    }

    /// How many records and photos earlier enrolments of this device still have to send.
    pub(super) fn left_by_others(&self) -> Result<u64, AppError> {
        self.former_stores().iter().map(|store| store.read(left_in)).sum()
    }

    fn photos_view(&self, reading: &Reading<'_>) -> Result<PhotosView, AppError> {
        let waiting = reading.waiting_photos()?;
        let refused = reading.refused_photos()?.into_iter();
        Ok(PhotosView {
            waiting: waiting.len(),
            bytes: waiting.iter().map(|photo| photo.size.saturating_sub(photo.held)).sum(),
            on_wifi_only: self.on_wifi_only(reading)?,
            refused: refused
                .map(|(visit, reason)| Ok((address_of(reading, visit)?, reason)))
                .collect::<Result<_, AppError>>()?,
        })
    }

    /// A random number, by which the courier chooses how long to wait.
    #[must_use]
    pub fn random_number(&self) -> u64 {
        u64::from_be_bytes(self.environment.random())
    }
}

/// Sends photos piece by piece. If a record is made meanwhile, it is sent before the next piece.
fn send_photos(contact: &Contact<'_>, report: &mut SyncReport) -> Result<(), AppError> {
    let photos = contact.store.read::<_, AppError>(|reading| Ok(reading.waiting_photos()?))?;
    for photo in photos {
        for _ in 0..most_pieces(&photo) {
            match send_piece(contact, photo.id)? {
                Piece::Another => {}
                Piece::Complete => {
                    report.photos += 1;
                    break;
                }
                Piece::Refused | Piece::NotNow => break,
            }
            if still_waiting(contact.store)?.0 > 0 {
                send_records(contact, report)?;
            }
        }
    }
    Ok(())
}

fn still_waiting(store: &Store) -> Result<(u64, usize), AppError> {
    store.read(|reading| Ok((reading.counts()?.waiting, reading.waiting_photos()?.len())))
}

fn left_in(reading: &Reading<'_>) -> Result<u64, AppError> {
    let photos = u64::try_from(reading.waiting_photos()?.len()).unwrap_or(u64::MAX);
    Ok(reading.counts()?.waiting.saturating_add(photos))
}

fn send_records(contact: &Contact<'_>, report: &mut SyncReport) -> Result<(), AppError> {
    for _ in 0..MOST_ROUNDS {
        let round = round(contact)?;
        report.received += round.received;
        report.set_aside += round.set_aside;
        report.changes += round.changes;
        if !round.more {
            break;
        }
    }
    Ok(())
}

fn address_of(reading: &Reading<'_>, visit: VisitId) -> Result<Option<String>, AppError> {
    let Some(reference) = fold(visit, &reading.facts(visit)?).appointment else { return Ok(None) };
    Ok(reading.appointment(&reference)?.map(|appointment| appointment.address_line()))
}
