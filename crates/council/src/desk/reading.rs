//! Reading personal data. Each reading is written to the audit log, with who read it, before the
//! data is returned. A safeguarding note has its own list of readings.

use doorstep_domain::ledger::Hash;
use doorstep_domain::{RecordId, Uprn, VisitId};
use zeroize::Zeroizing;

use super::Actor;
use crate::access::roles::Role;
use crate::error::CouncilError;
use crate::refused::Refused;
use crate::service::Service;
use crate::storage::{Audited, NOTES, NoteReading, Order, Page, PhotoRow, Reading, SealedRow, VisitRow};

/// How many sealed notes are read at a time.
const NOTES_AT_ONCE: usize = 50;

/// A visit with its photos. Clause 5.2.
///
/// # Errors
/// [`Refused::NotFound`] when there is no such visit, or this person may not see it.
pub(crate) fn visit(service: &Service, by: &Actor, visit: VisitId) -> Result<(VisitRow, Vec<PhotoRow>), CouncilError> {
    let now_ms = service.now_ms();
    service.transact(|writing| {
        let row = writing.visit(visit, by.firm())?.ok_or(Refused::NotFound)?;
        writing.audit(now_ms, by.name(), &Audited::VisitRead { visit })?;
        Ok((row, writing.photos_of(visit)?))
    })
}

/// The JPEG file of a photo, for people who may see its visit.
///
/// # Errors
/// [`Refused::NotFound`] when there is no such photo, it has not arrived in full, or this person
/// may not see it.
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

/// The evidence about a home where nobody got in, for a meeting, a solicitor or a court. `of` reads
/// it, given the time in milliseconds since 1970.
///
/// # Errors
/// [`Refused::NotFound`] when `of` finds no attempts.
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

/// A page of safeguarding notes, still sealed, each with who has read it. Only for safeguarding
/// leads. Clause 6.2.
///
/// # Errors
/// [`Refused::NotFound`] for anybody else, so that they don't learn that the list exists.
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

/// The ids of all safeguarding notes, in the order in which they arrived. Only for safeguarding
/// leads. Clause 6.2.
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

/// Opens a safeguarding note. `None` when it was sealed to other keys. The reading is noted before
/// the note is opened, so that no reading goes unrecorded. Only leads see that list. Clause 6.2.
///
/// # Errors
/// [`Refused::NotFound`] when there is no such note, or the person is not a safeguarding lead.
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
