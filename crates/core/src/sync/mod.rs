//! Sync: reads what waits, makes one request, checks the answer, and applies it in one transaction.
//!
//! The promises in docs/sync.md rest on three rules. A record counts as received only by a verified
//! receipt for a hash that this device holds. The council's own high-water mark decides what is
//! sent again, no matter what the device believed before. No code here deletes a record.

mod backoff;
mod courier;
mod enrol;
mod enrolled;
mod judge;
mod photos;
mod plan;
mod round;
mod salvage;
mod second;

pub use backoff::Backoff;
pub use courier::Courier;
pub(crate) use enrol::enrol;
pub(crate) use enrolled::enrolled;
pub(crate) use photos::{Piece, most_pieces, send_piece};
pub(crate) use round::Round;
pub(crate) use salvage::send_unopened;

use doorstep_domain::ledger::SigningKey;
use doorstep_domain::protocol::{Council, NoAnswer, ProblemCode};
use serde::Serialize;

use crate::environment::Environment;
use crate::error::AppError;
use crate::store::{Asked, Enrolment, Store};

/// What a contact with the council needs.
pub(crate) struct Contact<'a> {
    pub(crate) store: &'a Store,
    pub(crate) environment: &'a Environment,
    pub(crate) council: &'a dyn Council,
    pub(crate) key: &'a SigningKey,
}

/// One round: sends what fits, and takes what is new. A device goes on in version 1 until its
/// council has given it a certificate. Records of version 1 that still wait then go in version 1.
pub(crate) fn round(contact: &Contact<'_>) -> Result<Round, AppError> {
    let Contact { store, environment, .. } = *contact;
    let (enrolment, first_waits) = store.read::<_, AppError>(|reading| {
        let enrolment = enrolled(reading)?;
        Ok((enrolment, reading.any_waits(1)? || reading.asked()?.first_version))
    })?;
    if enrolment.second.is_none() {
        let first = Round::first(contact)?;
        if first.more {
            return Ok(first);
        }
        return match second::introduce(contact) {
            Ok(()) => Ok(Round { more: true, ..first }),
            // A council of an older version, or a line that broke off.
            Err(AppError::NoAnswer(_)) => Ok(first),
            Err(error) => Err(error),
        };
    }
    let second = send_former(contact, &enrolment)?;
    if !first_waits {
        return Ok(second.and(second::run(contact, enrolment)?));
    }
    // A council that does not answer in version 1 any more stops nothing of version 2.
    let first = match Round::first(contact) {
        Err(AppError::NoAnswer(_)) => Round::default(),
        first => {
            let first = first?;
            store.transact::<_, AppError>(environment, |writing| {
                let asked = writing.asked()?;
                Ok(writing.set_asked(&Asked { first_version: false, ..asked })?)
            })?;
            first
        }
    };
    Ok(first.and(second).and(second::run(contact, enrolment)?))
}

/// Sends what earlier enrolments of this device left, each as that enrolment. A council that does
/// not know one any more, because it was put back, gets its records as the same person's of today.
fn send_former(contact: &Contact<'_>, enrolment: &Enrolment) -> Result<Round, AppError> {
    let Contact { store, environment, .. } = *contact;
    let mut sent = Round::default();
    let waiting = store.read::<_, AppError>(|reading| {
        let mut left = Vec::new();
        for former in reading.former()? {
            if reading.any_waits_of(former.device)? || !reading.unsealed(former.device, 1)?.is_empty() {
                left.push(former);
            }
        }
        Ok(left)
    })?;
    for former in waiting {
        match second::run(contact, former.clone()) {
            Ok(round) => sent = sent.and(round),
            Err(AppError::NoAnswer(NoAnswer::Refused(ProblemCode::DeviceNotKnown))) => {
                if former.user == enrolment.user {
                    store.transact::<_, AppError>(environment, |writing| {
                        Ok(writing.take_over(environment, enrolment, former.device)?)
                    })?;
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(sent)
}

/// The result of one sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, ts_rs::TS)]
pub struct SyncReport {
    /// Records that the council now holds.
    pub received: usize,
    /// Records that the council set aside.
    pub set_aside: usize,
    /// Appointments that came or went.
    pub changes: usize,
    /// Records that still wait.
    #[ts(type = "number")]
    pub waiting: u64,
    /// Photos that the council now holds.
    pub photos: usize,
    /// Photos that still wait.
    pub photos_waiting: usize,
}
