//! What waits to be sent to the council, and sending it.

use std::sync::PoisonError;

use doorstep_domain::VisitId;
use doorstep_domain::conduct::fold;

use super::{App, time};
use crate::error::AppError;
use crate::store::Reading;
use crate::sync::{Contact, Piece, SyncReport, most_pieces, round, send_piece};
use crate::view::{OutboxGroup, OutboxView, PhotosView, SetAsideView};

/// The most rounds of one sync. Anything left after that is sent with the next sync.
const MOST_ROUNDS: usize = 1_000;

impl App {
    /// What waits to be sent, and what was set aside.
    ///
    /// # Errors
    /// [`AppError::SignInFirst`], [`AppError::Store`].
    pub fn outbox(&self) -> Result<OutboxView, AppError> {
        self.signed_in()?;
        self.store.read(|reading| {
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
        let enrolment = self.store.read(|reading| reading.enrolment()?.ok_or(AppError::NotEnrolled))?;
        let council = self.environment.connect.connect(&enrolment.server)?;
        let key = self.signing_key()?;
        let contact = Contact { store: &self.store, environment: &self.environment, council: &*council, key: &key };
        let mut report = SyncReport::default();
        send_records(&contact, &mut report)?;
        self.set_mark()?;
        if photos {
            self.send_photos(&contact, &mut report)?;
        }
        (report.waiting, report.photos_waiting) = self.still_waiting()?;
        self.set_mark()?;
        self.end_if_revoked()?;
        Ok(report)
    }

    /// Sends photos piece by piece. If a record is made meanwhile, it is sent before the next
    /// piece.
    fn send_photos(&self, contact: &Contact<'_>, report: &mut SyncReport) -> Result<(), AppError> {
        let photos = self.store.read::<_, AppError>(|reading| Ok(reading.waiting_photos()?))?;
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
                if self.still_waiting()?.0 > 0 {
                    send_records(contact, report)?;
                }
            }
        }
        Ok(())
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

    fn still_waiting(&self) -> Result<(u64, usize), AppError> {
        self.store.read(|reading| Ok((reading.counts()?.waiting, reading.waiting_photos()?.len())))
    }

    /// A random number, by which the courier chooses how long to wait.
    #[must_use]
    pub fn random_number(&self) -> u64 {
        u64::from_be_bytes(self.environment.random())
    }
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
