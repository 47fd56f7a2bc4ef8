//! Sends the stores of earlier enrolments that this phone can't open any more, in pieces. The
//! council says how much of each it has, and the phone goes on from there.

use std::path::Path;

use doorstep_domain::ledger::Hash;
use doorstep_domain::protocol::{Bytes, Limits, NoAnswer};
use doorstep_domain::v2::{Attested, Exchange, Held, Nonce, PROTOCOL, SalvageAnswer, SalvageRequest};

use super::Contact;
use super::enrolled::enrolled;
use super::round::CouncilKeys;
use crate::error::AppError;
use crate::store::{Enrolment, SecondVersion, Sent, StoreError, Unopened, UnopenedStanding};

/// Sends what is below the folder of visits `base` and was not sent yet. It goes to the council
/// that the phone has now, if its recovery key is the one to which it is sealed: no other can open
/// it.
///
/// # Errors
/// What was sent so far stays sent; the next sync goes on.
pub(crate) fn send_unopened(contact: &Contact<'_>, base: &Path) -> Result<(), AppError> {
    let Contact { store, environment, .. } = *contact;
    let (enrolment, sent) = store.read::<_, AppError>(|reading| Ok((enrolled(reading)?, reading.unopened_sent()?)))?;
    if enrolment.second.is_none() {
        return Ok(());
    }
    let unreadable = |_| AppError::Store(StoreError::Failed);
    let all = Unopened::all(base, enrolment.recovery_key.as_deref(), environment).map_err(unreadable)?;
    for unopened in all.iter().filter(|unopened| unopened.standing(&sent) == UnopenedStanding::Waits) {
        // One that can't be read now keeps no other from being sent.
        let Ok(file) = unopened.file() else { continue };
        if let Some(sent) = send(contact, &enrolment, &file)? {
            store.transact_as_it_is::<_, AppError>(environment, |writing| {
                Ok(writing.note_unopened_sent(&unopened.name, sent)?)
            })?;
        }
    }
    Ok(())
}

/// Sends a file, and gives what became of it; `None` if it is to be gone on with another time.
fn send(contact: &Contact<'_>, enrolment: &Enrolment, file: &[u8]) -> Result<Option<Sent>, AppError> {
    let size = u64::try_from(file.len()).unwrap_or(u64::MAX);
    let sha256 = Hash::of_file(file);
    let (mut from, mut piece): (u64, &[u8]) = (0, &[]);
    // Twice as many as it needs, and four.
    for _ in 0..2 * file.len().div_ceil(Limits::BLOB_CHUNK) + 4 {
        let request = SalvageRequest {
            protocol: PROTOCOL,
            enrolment: enrolment.device,
            certificate: enrolment.second.as_ref().and_then(SecondVersion::certificate),
            nonce: Nonce::from_bytes(contact.environment.random()),
            sha256,
            size,
            offset: from,
            piece: Bytes(piece.to_vec()),
        };
        let answer = ask(contact, enrolment, &request)?;
        match answer.state {
            Held::WHOLE => return Ok(Some(Sent::Whole)),
            Held::REFUSED => return Ok(Some(Sent::Refused)),
            Held::PART => {}
            // A word that only a newer council knows.
            _ => return Ok(None),
        }
        from = answer.held.min(size);
        let left = usize::try_from(from).ok().and_then(|from| file.get(from..)).unwrap_or_default();
        piece = left.get(..Limits::BLOB_CHUNK).unwrap_or(left);
    }
    Ok(None)
}

fn ask(contact: &Contact<'_>, enrolment: &Enrolment, request: &SalvageRequest) -> Result<SalvageAnswer, AppError> {
    let bytes = Attested::new(request, contact.key).to_bytes();
    let answer = contact.council.ask(Exchange::Salvage(request.sha256), &bytes).map_err(AppError::NoAnswer)?;
    let council = CouncilKeys::of(enrolment)?;
    let heard = Attested::<SalvageAnswer>::from_bytes(&answer).and_then(|signed| council.open(|key| signed.hear(key)));
    let answer = heard.map_err(|_| AppError::NoAnswer(NoAnswer::NotTheCouncil))?;
    if (answer.enrolment, answer.nonce, answer.sha256) == (request.enrolment, request.nonce, request.sha256) {
        Ok(answer)
    } else {
        Err(AppError::NoAnswer(NoAnswer::NotTheCouncil))
    }
}
