//! Reading what tells of somebody. That it was read, and by whom, is noted in the same transaction,
//! before it is given.

use doorstep_domain::ledger::Hash;
use doorstep_domain::{RecordId, Uprn, VisitId};
use zeroize::Zeroizing;

use super::Actor;
use crate::access::roles::Role;
use crate::error::CouncilError;
use crate::refused::Refused;
use crate::service::Service;
use crate::storage::{Audited, NOTES, NoteReading, Order, Page, PhotoRow, Reading, SealedRow, VisitRow};

/// Sealed notes that are listed at once.
const NOTES_AT_ONCE: usize = 50;

/// A visit with its photos. Clause 5.2.
///
/// # Errors
/// [`Refused::NotFound`] where there is none, or not for whoever asks.
pub(crate) fn visit(service: &Service, by: &Actor, visit: VisitId) -> Result<(VisitRow, Vec<PhotoRow>), CouncilError> {
    let now_ms = service.now_ms();
    service.transact(|writing| {
        let row = writing.visit(visit, by.firm())?.ok_or(Refused::NotFound)?;
        writing.audit(now_ms, by.name(), &Audited::VisitRead { visit })?;
        Ok((row, writing.photos_of(visit)?))
    })
}

/// A photo's picture, for those who may see its visit: it shows a home.
///
/// # Errors
/// [`Refused::NotFound`] where there is none, or not all of it is here, or not for whoever asks.
pub fn photo(service: &Service, by: &Actor, visit: VisitId, sha256: Hash) -> Result<Vec<u8>, CouncilError> {
    let now_ms = service.now_ms();
    service.transact(|writing| {
        let theirs = writing.visit(visit, by.firm())?.is_some();
        let here = |photo: &PhotoRow| photo.sha256 == sha256 && photo.complete;
        if !theirs || !writing.photos_of(visit)?.iter().any(here) {
            return Err(Refused::NotFound.into());
        }
        writing.audit(now_ms, by.name(), &Audited::PhotoOpened { visit, photo: sha256 })
    })?;
    Ok(service.photos.read(sha256)?.ok_or(Refused::NotFound)?)
}

/// What happened at a home where nobody got in, for a meeting, a solicitor or a court: `of` reads
/// it.
///
/// # Errors
/// [`Refused::NotFound`] where nobody was kept out.
pub(crate) fn evidence<T>(
    service: &Service,
    by: &Actor,
    uprn: &Uprn,
    mut of: impl FnMut(&Reading<'_>, i64) -> Result<Option<T>, CouncilError>,
) -> Result<T, CouncilError> {
    let now_ms = service.now_ms();
    service.transact(|writing| {
        let pack = of(writing, now_ms)?.ok_or(Refused::NotFound)?;
        writing.audit(now_ms, by.name(), &Audited::EvidenceMade { uprn })?;
        Ok(pack)
    })
}

/// A page of safeguarding notes, each with who read it, for a lead. Clause 6.2.
///
/// # Errors
/// [`Refused::NotFound`] for anybody else: they don't learn that there is such a list.
pub(crate) fn safeguarding_notes(
    service: &Service,
    by: &Actor,
    order: &Order,
    most: usize,
) -> Result<Page<(SealedRow, Vec<NoteReading>)>, CouncilError> {
    only_leads(by)?;
    service.storage.read(|reading| {
        let Page { rows, next } = reading.sealed_concerns(order, most)?;
        let with_readings = |row: SealedRow| {
            let readings = reading.readings_of(row.sealed.record)?;
            Ok((row, readings))
        };
        Ok(Page { rows: rows.into_iter().map(with_readings).collect::<Result<_, CouncilError>>()?, next })
    })
}

/// The records of all safeguarding notes, the first to come first, for a lead. Clause 6.2.
///
/// # Errors
/// As [`safeguarding_note`].
pub fn safeguarding_records(service: &Service, by: &Actor) -> Result<Vec<RecordId>, CouncilError> {
    let (mut records, mut after) = (Vec::new(), None);
    loop {
        let order = NOTES.order(None, "received", after.as_deref())?;
        let page = safeguarding_notes(service, by, &order, NOTES_AT_ONCE)?;
        records.extend(page.rows.iter().map(|(row, _)| row.sealed.record));
        after = page.next;
        if after.is_none() {
            return Ok(records);
        }
    }
}

/// Opens a safeguarding note; `None` inside when it was sealed to other keys. The reading is noted
/// where leads alone see it, before the note is opened: a reading of which nobody knows can't
/// happen. Clause 6.2.
///
/// # Errors
/// [`Refused::NotFound`] where there is none, or whoever asks is no lead.
pub fn safeguarding_note(
    service: &Service,
    by: &Actor,
    record: RecordId,
) -> Result<Option<Zeroizing<String>>, CouncilError> {
    only_leads(by)?;
    let reading = NoteReading { user_name: by.name().to_owned(), at_ms: service.now_ms() };
    let sealed = service.transact(|writing| {
        let sealed = writing.sealed_note(record)?.ok_or(Refused::NotFound)?;
        writing.keep_note_reading(record, &reading)?;
        Ok(sealed)
    })?;
    Ok(service.keys.open_note(&sealed.sealed))
}

fn only_leads(by: &Actor) -> Result<(), Refused> {
    if by.is(Role::SafeguardingLead) { Ok(()) } else { Err(Refused::NotFound) }
}
